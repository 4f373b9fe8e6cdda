"""What remains when the last window is closed: nothing, or the icon in the tray.

Whoever wants Deskbell to go on in the background wants to hear of mail then, too: the program stays, without a window, and
comes back by a click on the icon, a link, or being started again. Quit ends it. Without a tray there would be no way back,
so it ends with its last window.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from ui.desk_window import Windows


class Staying(QObject):
    """Decides it anew each time the last window of `app` is closed.

    `is_wanted`: shall it stay now? `stayed` is called when it does, `leave` when the program is to end.
    """

    def __init__(
        self,
        app: QApplication,
        windows: Windows,
        *,
        is_wanted: Callable[[], bool],
        stayed: Callable[[], object],
        leave: Callable[[], object],
    ) -> None:
        super().__init__(windows)
        self._app, self._windows = app, windows
        self._is_wanted, self._stayed, self._leave = is_wanted, stayed, leave
        app.setQuitOnLastWindowClosed(False)
        app.lastWindowClosed.connect(self._closed)
        windows.ended.connect(self._end)

    def end(self) -> None:
        """The desk is closed: from now on the last window ends the program by itself."""
        self._app.lastWindowClosed.disconnect(self._closed)
        self._app.setQuitOnLastWindowClosed(True)

    def _closed(self) -> None:
        if self._windows.is_ending:
            return
        if self._is_wanted():
            self._stayed()
        else:
            self._end()

    def _end(self) -> None:
        """When whoever closed the window has finished."""
        QTimer.singleShot(0, self, self._leave)
