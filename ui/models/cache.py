"""The rows of tickets that are in memory: one cache for the whole window, whichever page paints them.

A row that changed is shown as it was until the new one is there, so nothing flickers, and is read again only when somebody
looks at it. All that is wanted while a question is under way goes into the next one: while mail pours in, the window asks
for rows as often as it gets answers, not as often as there is mail. A list that is being read again anyway brings those of
its rows along that are old (`claim`): one question, one answer, painted once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from app.kernel.database.changes import Changes
from app.tickets.queries import TicketRow, ticket_rows
from ui.tasks import Tasks

KEPT = 4096
TOGETHER = 256
"""Rows of one question, at most: about four screens."""


class TicketCache(QObject):
    """Rows of tickets by id, the least recently used ones dropped. In the window's thread."""

    arrived = Signal(object)  # tuple[UUID, ...], in the order in which they were wanted
    aged = Signal(object)  # frozenset[UUID]: rows here that are old now; None: all

    def __init__(self, tasks: Tasks, me: Callable[[], UUID | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self.me = tasks, me
        self._rows: OrderedDict[UUID, TicketRow | None] = OrderedDict()
        self._stale: set[UUID] = set()
        self._asked: dict[UUID, None] = {}  # wanted or under way
        self._waiting: list[UUID] = []
        self._under_way: frozenset[UUID] = frozenset()
        self._claimed: set[UUID] = set()  # under way in somebody else's question
        self._overtaken: set[UUID] = set()  # changed while they were being read
        self._of: dict[UUID, set[UUID]] = {}  # the rows of each customer

    def row(self, key: UUID) -> TicketRow | None:
        """The row if it is here, perhaps a little old; never waits."""
        found = self._rows.get(key)
        if found is not None:
            self._rows.move_to_end(key)
        return found

    def lacks(self, key: UUID) -> bool:
        """Must this row be asked for?"""
        return (key not in self._rows or key in self._stale) and key not in self._asked

    def want(self, keys: Iterable[UUID]) -> None:
        """Read those of these rows that are missing or old, in the background; `arrived` follows."""
        wanted = [key for key in keys if self.lacks(key)]
        if wanted:
            self._asked.update(dict.fromkeys(wanted))
            self._waiting += wanted
            self._ask()

    def claim(self, keys: Iterable[UUID]) -> tuple[UUID, ...]:
        """Those of these rows that are old. Whoever claims them reads them: nobody else does until `bring` or `release`."""
        claimed = tuple(key for key in keys if key in self._stale and key not in self._asked)
        self._asked.update(dict.fromkeys(claimed))
        self._claimed.update(claimed)
        return claimed

    def bring(self, claimed: Iterable[UUID], rows: Sequence[TicketRow]) -> None:
        """What was claimed, as far as it was read."""
        brought = tuple(row.id for row in rows)
        self.release(set(claimed).difference(brought))
        self._claimed.difference_update(brought)
        self._came(brought, rows)

    def release(self, claimed: Iterable[UUID]) -> None:
        """These were not read after all: they are as old as they were."""
        for key in claimed:
            self._claimed.discard(key)
            self._asked.pop(key, None)

    def put(self, asked: Sequence[UUID], rows: Iterable[TicketRow]) -> None:
        """Take rows in; those asked for that did not come do not exist."""
        found = {row.id: row for row in rows}
        for key in asked:
            self._asked.pop(key, None)
            self._forget_customer(key, self._rows.get(key))
            row = self._rows[key] = found.get(key)
            if row is not None and row.customer is not None:
                self._of.setdefault(row.customer, set()).add(key)
            self._rows.move_to_end(key)
            self._stale.discard(key)
        while len(self._rows) > KEPT:
            dropped, row = self._rows.popitem(last=False)
            self._forget_customer(dropped, row)
            self._stale.discard(dropped)
        self.arrived.emit(tuple(asked))

    def apply(self, changes: Changes) -> None:
        """Mark what changed as old."""
        ids = changes.of("ticket")
        people = changes.of("customer")
        if ids is None or people is None or changes.touches("agent", "state"):
            self._stale.update(self._rows)
            self._overtaken |= self._under_way | self._claimed
            self.aged.emit(None)
            return
        old = ids & self._rows.keys()
        if people:
            old = old.union(*(self._of.get(one, ()) for one in people))
        reading = self._under_way | self._claimed
        self._overtaken |= reading if people else ids & reading
        if old:
            self._stale |= old
            self.aged.emit(frozenset(old))

    def _forget_customer(self, key: UUID, row: TicketRow | None) -> None:
        if row is not None and row.customer in self._of:
            self._of[row.customer].discard(key)
            if not self._of[row.customer]:
                del self._of[row.customer]

    def _came(self, asked: Sequence[UUID], rows: Iterable[TicketRow]) -> None:
        """Take in what was read; what changed meanwhile is old already."""
        overtaken = self._overtaken.intersection(asked)
        self._overtaken -= overtaken
        self.put(asked, rows)
        if overtaken:
            self._stale |= overtaken
            self.aged.emit(frozenset(overtaken))

    def _ask(self) -> None:
        """Ask for what is wanted, newest wish first, unless a question is under way."""
        if self._under_way or not self._waiting:
            return
        some, self._waiting = self._waiting[-TOGETHER:], self._waiting[:-TOGETHER]
        self._under_way = frozenset(some)

        def take(rows: tuple[TicketRow, ...]) -> None:
            self._under_way = frozenset()
            self._came(some, rows)
            self._ask()

        def failed(_error: Exception) -> bool:
            self._under_way = frozenset()
            self._overtaken.difference_update(some)
            for key in some:
                self._asked.pop(key, None)
            self._ask()
            return False

        self._tasks.ask(ticket_rows, some, self.me(), then=take, owner=self, failed=failed)
