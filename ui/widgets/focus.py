"""The keyboard is never nowhere: where it gets lost (what had it has gone), it is given to a sensible place.

Qt passes the focus on when a widget is hidden, but drops it when the widget is deleted or a page changes under it. Then
keys would seem dead until somebody clicks.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from ui.widgets.overlay import Overlay, first_control


class FocusKeeper(QObject):
    """Watches one window: an open sheet comes first, else `give()` says who gets the keyboard."""

    def __init__(self, window: QWidget, overlay: Overlay, give: Callable[[], object]) -> None:
        super().__init__(window)
        self._window, self._overlay, self._give = window, overlay, give
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.look)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._changed)

    def look(self) -> None:
        """Give the keyboard to somebody if nobody has it."""
        if not self._window.isActiveWindow() or QApplication.activePopupWidget() is not None:
            return
        focus = QApplication.focusWidget()
        if focus is not None and focus is not self._window and focus.isVisible():
            return
        sheet = self._overlay.current()
        if sheet is None:
            self._give()
        elif (control := first_control(sheet)) is not None:
            control.setFocus()

    def _changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or now is self._window:
            self._soon.start()
