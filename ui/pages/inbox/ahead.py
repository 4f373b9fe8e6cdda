"""The neighbours of the ticket shown, read before anybody asks for them.

A person goes through a list from row to row. While one ticket is looked at, the ones above and below are read in the
background, so that the next key shows them at once. Whatever changes throws away what was read: nothing here is ever old.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from app.kernel.changes import Changes
from ui.pages.inbox.loading import Opened, opened
from ui.tasks import Tasks

_PAUSE_MS = 80
_KINDS = ("ticket", "message", "draft", "customer", "agent", "mailbox", "setting", "survey", "outbox")


class Ahead(QObject):
    """A few tickets, read ahead."""

    def __init__(self, tasks: Tasks, me: Callable[[], UUID | None], parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._me = tasks, me
        self._read: dict[UUID, Opened] = {}
        self._wanted: list[UUID] = []
        self._age = 0
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._next)

    def take(self, ticket: UUID) -> Opened | None:
        """A ticket that was read and has not changed since."""
        return self._read.get(ticket)

    def want(self, tickets: Sequence[UUID]) -> None:
        """Read these when there is time, and forget all others."""
        self._read = {key: found for key, found in self._read.items() if key in tickets}
        self._wanted = [key for key in tickets if key not in self._read]
        self._pause.start()

    def apply(self, changes: Changes) -> None:
        """Something changed: what was read may be old."""
        if changes.touches(*_KINDS):
            self._age += 1
            self._read.clear()

    def _next(self) -> None:
        if not self._wanted:
            return
        key, age = self._wanted.pop(0), self._age

        def take(found: Opened | None) -> None:
            if found is not None and age == self._age:
                self._read[key] = found
            self._next()

        self._tasks.ask(opened, key, self._me(), then=take, owner=self, key="inbox-ahead")
