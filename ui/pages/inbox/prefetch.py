"""The neighbours of the ticket shown, read before anybody asks for them.

A person goes through a list from row to row. While one ticket is looked at, the ones above and below are read in the
background, so that the next key shows them at once. What changes throws away what was read of it: nothing here is ever old.
Solving one ticket leaves its neighbour ready, and so does mail for others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from app.kernel.database.changes import Changes
from app.surveys.rules import Kind, invite_id
from ui.pages.inbox.loading import Opened, opened
from ui.tasks import Tasks

_PAUSE_MS = 80
_ALL_OF_IT = (
    *("draft", "agent", "mailbox", "setting", "outbox", "state", "field"),
    *("tag", "ticket_link", "placement", "identity", "organisation"),
)
"""Whose change may concern any ticket: then all is read again."""

_ITS_OWN = ("ticket", "message", "customer")


class Prefetch(QObject):
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
        """Something changed: what was read of it is old, and so may be what is being read."""
        if changes.touches(*_ALL_OF_IT, *_ITS_OWN, "survey"):
            self._age += 1
            is_sweeping = changes.touches(*_ALL_OF_IT) or _asks_others(changes)
            self._read = {
                key: found for key, found in self._read.items() if not (is_sweeping or _concern(changes, found))
            }

    def _next(self) -> None:
        if not self._wanted:
            return
        key, age = self._wanted.pop(0), self._age

        def take(found: Opened | None) -> None:
            if found is not None and age == self._age:
                self._read[key] = found
            self._next()

        self._tasks.ask(opened, key, self._me(), then=take, owner=self, key="inbox-ahead")


def _concern(changes: Changes, found: Opened) -> bool:
    """Do these changes concern the ticket, one that it is linked with, its customer or one of its messages? New messages change
    their ticket too.
    """
    detail = found.detail
    shown: dict[str, set[UUID | None]] = {
        "ticket": {detail.id, *(link.ticket for link in detail.links)},
        "customer": {detail.row.customer},
        "message": {one.id for one in found.messages},
    }
    return any((ids := changes.of(kind)) is None or not shown[kind].isdisjoint(ids) for kind in _ITS_OWN)


def _asks_others(changes: Changes) -> bool:
    """Are there news of surveys beyond the invitations of tickets that changed too? (Who solves a ticket invites its customer.)"""
    surveys, tickets = changes.of("survey"), changes.of("ticket")
    if surveys is None or tickets is None:
        return True
    return not surveys <= {invite_id(ticket, kind) for ticket in tickets for kind in Kind} if surveys else False
