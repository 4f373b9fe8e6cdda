"""Toasts: what was just done, with Undo.

One is shown at a time at the bottom of the window, where lists end: in the middle it covered the tools of whoever writes an
answer. Others queue. A toast waits while the mouse or the focus is on it, is
announced to screen readers, and never takes the focus. An error stays until it is read or dismissed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui.text import tr
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import set_box
from ui.widgets.paint import draw_shadow

UNDO_KEYS, REDO_KEYS = "Ctrl+Z", "Ctrl+Shift+Z"
_MARGIN = 24  # room around the frame for its shadow
_GAP = 20  # from the edges, enough for the shadow
_LEAST, _MOST = 240, 320
"""Pixels, as wide as a list beside the rail: further right are the tools of whoever writes an answer."""
_NUMBER = re.compile(r"(?<=\d) (?=\w)")
_SHOWN_MS = {"ok": 6000, "info": 6000, "bad": 12000}
_ICONS = {"ok": "check", "info": "information-outline", "bad": "alert-circle-outline"}


@dataclass(frozen=True)
class Toast:
    """One message. `act` runs when `words` is pressed ("Undo"); `shortcut` is shown beside it."""

    text: str
    tone: str = "ok"
    words: str = ""
    act: Callable[[], object] | None = None
    shortcut: str = ""


class ToastHost(QWidget):
    """Shows toasts at the bottom of its parent where lines begin, one after the other; beside the rail, if there is one."""

    shown = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self._queue: deque[Toast] = deque()
        self._now: Toast | None = None
        self._frame: QFrame | None = None
        self._beside: QWidget | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.dismiss)
        parent.installEventFilter(self)
        self.hide()

    def stand_beside(self, rail: QWidget) -> None:
        """Leave this widget, which is at the edge, free."""
        self._beside = rail

    @property
    def current(self) -> Toast | None:
        """The toast shown."""
        return self._now

    def show_toast(self, toast: Toast) -> None:
        """Show a toast; one that offers nothing gives way at once, others are finished first."""
        if self._now is not None and (self._now.act is not None or self._now.tone == "bad"):
            self._queue.append(toast)
            self._timer.start(min(2500, max(1, self._timer.remainingTime())))
        else:
            self._present(toast)

    def say(self, text: str, tone: str = "ok") -> None:
        """Only words."""
        self.show_toast(Toast(text, tone))

    def offer_undo(self, text: str, undo: Callable[[], object]) -> None:
        """What was done, and the way back."""
        self.offer(text, tr("Undo"), undo, UNDO_KEYS)

    def offer_redo(self, text: str, redo: Callable[[], object]) -> None:
        """What was undone, and the way forth again."""
        self.offer(text, tr("Do again"), redo, REDO_KEYS)

    def offer(self, text: str, words: str, act: Callable[[], object], keys: str) -> None:
        """What was done, and one thing to do about it. A newer offer takes the place of an older one at once."""
        toast = Toast(text, "ok", words, act, keys)
        self._queue = deque(t for t in self._queue if t.tone == "bad")
        if self._now is not None and self._now.tone == "bad":
            self.show_toast(toast)
        else:
            self._present(toast)

    def act(self, keys: str = "") -> bool:
        """Do what the toast offers; False when there is nothing to do, or nothing that goes by these keys."""
        toast = self._now
        if toast is None or toast.act is None or (keys and toast.shortcut != keys):
            return False
        self.dismiss()
        toast.act()
        return True

    def dismiss(self) -> None:
        """Close the toast and show the next."""
        self._timer.stop()
        self._now = None
        if self._frame is not None:
            self._frame.hide()
            self._frame.deleteLater()
            self._frame = None
        self.hide()
        if self._queue:
            self._present(self._queue.popleft())

    def _present(self, toast: Toast) -> None:
        if self._frame is not None:
            self._frame.hide()
            self._frame.deleteLater()
        self._now = toast
        self._frame = self._build(toast)
        self._frame.setParent(self)
        self._place()
        self._frame.show()
        self.show()
        self.raise_()
        self._timer.start(_SHOWN_MS.get(toast.tone, 6000))
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, toast.text))
        self.shown.emit(toast.text)

    def _build(self, toast: Toast) -> QFrame:
        frame = QFrame()
        set_box(frame, "toast")
        frame.setAccessibleName(toast.text)
        layout = QHBoxLayout(frame)
        layout.setContentsMargins(16, 6, 12, 6)
        layout.setSpacing(12)
        layout.addWidget(IconView(_ICONS.get(toast.tone, "check"), "canvas", 16))
        text = Label(_NUMBER.sub("\u00a0", toast.text), wrap=True)  # no line ends between a number and what it counts
        text.setMinimumHeight(32)
        layout.addWidget(text, 1)
        if toast.act is not None:
            layout.addWidget(Button(toast.words, clicked=lambda: self.act()))  # noqa: PLW0108 - a click brings a bool
        if toast.shortcut:
            layout.addWidget(Label(toast.shortcut))
        if toast.tone == "bad":
            layout.addWidget(Button(tr("Close"), clicked=self.dismiss))
        return frame

    def _place(self) -> None:
        frame, parent = self._frame, self._page
        if frame is None:
            return
        edge = _GAP + (self._beside.width() if self._beside is not None and self._beside.isVisible() else 0)
        text = frame.findChildren(Label)[0]
        wish = text.fontMetrics().horizontalAdvance(text.text()) + 4
        rest = frame.sizeHint().width() - text.sizeHint().width()
        width = max(_LEAST, min(wish + rest, parent.width() - edge - _GAP, _MOST))
        height = max(44, frame.heightForWidth(width))
        left = parent.width() - edge - width if self.isRightToLeft() else edge
        whole = QRect(left, parent.height() - height - _GAP, width, height).adjusted(-_GAP, -_MARGIN, _MARGIN, _GAP)
        frame.setGeometry(_GAP, _MARGIN, width, height)
        self.setGeometry(whole)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        if self._frame is not None:
            with QPainter(self) as painter:
                draw_shadow(painter, QRectF(self._frame.geometry()), radius=8, blur=16, drop=4)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if watched is self._page and event.type() is QEvent.Type.Resize:
            self._place()
        return False

    def enterEvent(self, event: QEnterEvent, /) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent, /) -> None:
        if self._now is not None:
            self._timer.start(3000)
