"""When the ticket that is shown counts as read.

A ticket that somebody opens is read once it has been in sight for a moment, in a window that has the keyboard. One that opened
itself, so that the window is not empty (when the program starts, when another list is shown), was chosen by nobody: it is read
when somebody turns to it: clicks its row, scrolls it, or puts the keyboard into it. One that is marked unread while it is shown
stays so until it is opened again, or the customer writes.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ui.pages.inbox.loading import Opened

_MOMENT_MS = 400


class MarkRead(QObject):
    """Watches one page. `seen(ticket)`: somebody has looked at it."""

    def __init__(self, page: QWidget, talk: QScrollArea, writer: QWidget, seen: Callable[[UUID], object]) -> None:
        super().__init__(page)
        self._page, self._parts, self._seen = page, (talk, writer), seen
        self._shown: Opened | None = None
        self._newest: UUID | None = None
        self._unasked: UUID | None = None
        self._due = False
        self._moment = QTimer(self, singleShot=True, interval=_MOMENT_MS)
        self._moment.timeout.connect(self._look)
        talk.verticalScrollBar().actionTriggered.connect(self.turn_to)
        if isinstance(app := QApplication.instance(), QApplication):
            app.focusChanged.connect(self._focus_moved)

    def begin(self, ticket: UUID, *, by_itself: bool) -> None:
        """This ticket is being opened; `by_itself`: nobody chose it."""
        self._unasked = ticket if by_itself else None
        if self._shown is not None and self._shown.detail.id == ticket:
            self._wait()

    def take(self, opened: Opened, *, other: bool) -> None:
        """It is shown; `other`: it was not before."""
        newest = next((one.id for one in reversed(opened.messages) if one.direction == "in"), None)
        if other or newest != self._newest:
            self._due = True
        self._shown, self._newest = opened, newest
        self._wait()

    def turn_to(self, *_: object) -> None:
        """Somebody turns to the ticket that is shown."""
        self._unasked = None
        self._wait()

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or not self._due:
            return
        if any(part is now or part.isAncestorOf(now) for part in self._parts):
            self.turn_to()
        else:
            self._wait()

    def _wait(self) -> None:
        if self._due and self._shown is not None and self._shown.detail.id != self._unasked:
            self._moment.start()

    def _look(self) -> None:
        shown = self._shown
        if shown is None or not (self._due and self._page.isVisible() and self._page.window().isActiveWindow()):
            return
        self._due = False
        if shown.detail.row.unread:
            self._seen(shown.detail.id)
