"""The list of tickets: ids in memory, rows on demand.

A hundred thousand tickets are 1.6 MB of ids in one block of bytes; finding one in it is a search in bytes. The first 2,000
ids are asked for at once, the rest in the background. Rows are read by pages of 64 in a thread into a cache that the board
shares; a row that changed is shown as it was until the new one is there, so nothing flickers. Changes become moves and
insertions of single rows, which keep the selection and the place; only a list that changed beyond that is replaced.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from app.kernel import clock
from app.kernel.changes import Changes
from app.tickets.queries import TicketRow, View, ticket_ids, ticket_keys, ticket_rows
from ui.tasks import Tasks
from ui.text import ago_text, tr

PAGE = 64
FIRST = 2000
KEPT = 4096
MOST_STEPS = 12
"""More single steps than this cost more than replacing what differs: each moves the view's 100,000 sections."""

CALM_MS = 200
ID_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW_ROLE = ID_ROLE + 1
_WIDTH = 16
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TicketCache(QObject):
    """Rows of tickets by id, the least recently used ones dropped. In the window's thread."""

    arrived = Signal(object)  # frozenset[UUID]

    def __init__(self, tasks: Tasks, me: Callable[[], UUID | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._me = tasks, me
        self._rows: OrderedDict[UUID, TicketRow | None] = OrderedDict()
        self._stale: set[UUID] = set()
        self._asked: set[UUID] = set()

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
        if not wanted:
            return
        self._asked.update(wanted)

        def failed(_error: Exception) -> bool:
            self._asked.difference_update(wanted)
            return False

        def take(rows: tuple[TicketRow, ...]) -> None:
            self.put(wanted, rows)

        self._tasks.ask(ticket_rows, wanted, self._me(), then=take, owner=self, failed=failed)

    def put(self, asked: Sequence[UUID], rows: Iterable[TicketRow]) -> None:
        """Take rows in; those asked for that did not come do not exist."""
        self._asked.difference_update(asked)
        found = {row.id: row for row in rows}
        for key in asked:
            self._rows[key] = found.get(key)
            self._rows.move_to_end(key)
            self._stale.discard(key)
        while len(self._rows) > KEPT:
            dropped, _ = self._rows.popitem(last=False)
            self._stale.discard(dropped)
        self.arrived.emit(frozenset(asked))

    def apply(self, changes: Changes) -> None:
        """Mark what changed as old."""
        ids = changes.of("ticket")
        people = changes.of("customer")
        if ids is None or people is None or changes.touches("agent"):
            self._stale.update(self._rows)
            return
        self._stale.update(ids & self._rows.keys())
        if people:
            self._stale.update(key for key, row in self._rows.items() if row is not None and row.customer in people)


class TicketModel(QAbstractTableModel):
    """One list of tickets in one column; `ID_ROLE` is the id, `ROW_ROLE` the row or None while it is being read."""

    loaded = Signal()  # the first ids of a list are here
    failed = Signal(object)  # Exception

    def __init__(self, tasks: Tasks, cache: TicketCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._cache = tasks, cache
        self._ids = b""
        self._known: set[bytes] = set()
        self._waiting: frozenset[UUID] | None = frozenset()
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._ask_waiting)
        self._view = View()
        self._key = f"tickets-{id(self)}"
        self.is_loaded = False
        cache.arrived.connect(self._arrived)

    # -- what Qt asks

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._ids) // _WIDTH

    def columnCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < self.rowCount():
            return None
        key = self.id_at(index.row())
        if role == ID_ROLE:
            return key
        if role not in (ROW_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self._row(index.row(), key)
        if role == ROW_ROLE:
            return row
        if row is None:
            return ""
        return row.subject if role == Qt.ItemDataRole.DisplayRole else spoken(row)

    # -- what the page asks

    @property
    def view(self) -> View:
        """The list shown."""
        return self._view

    def id_at(self, row: int) -> UUID:
        """The ticket in a row."""
        return UUID(bytes=self._ids[row * _WIDTH : row * _WIDTH + _WIDTH])

    def place_of(self, key: UUID) -> int:
        """The row of a ticket, -1 if it is not in the list."""
        return _find(self._ids, key.bytes)

    def show_view(self, view: View) -> None:
        """Show another list; `loaded` follows."""
        self._view = view
        self.is_loaded = False
        self._ask_head(None)

    def start_with(self, ids: Sequence[UUID], rows: Iterable[TicketRow], view: View) -> None:
        """Show a list whose first ids and rows were read together (the first screen)."""
        self._view = view
        self._cache.put([*ids[:PAGE]], rows)
        self._take_head(list(ids), None)

    def apply(self, changes: Changes) -> None:
        """Follow what changed, at most five times a second. The cache must have been told before."""
        if not changes.touches("ticket", "customer", "agent"):
            return
        ids = changes.of("ticket")
        if ids is None or ids:
            self._waiting = None if ids is None or self._waiting is None else self._waiting | ids
            if not self._calm.isActive():
                self._ask_waiting()
        self._refresh_all()

    def reload(self) -> None:
        """Read the whole list again (a page that was hidden; the hour moved on)."""
        self._ask_head(None)

    # -- how it is done

    def _row(self, place: int, key: UUID) -> TicketRow | None:
        if self._cache.lacks(key):
            start = place - place % PAGE
            self._cache.want(self._page(start))
        elif place % PAGE == PAGE // 2:  # the reader is half through this page: have the neighbours ready
            self._cache.want((*self._page(place // PAGE * PAGE + PAGE), *self._page(place // PAGE * PAGE - PAGE)))
        return self._cache.row(key)

    def _page(self, start: int) -> list[UUID]:
        return [self.id_at(n) for n in range(max(0, start), min(start + PAGE, self.rowCount()))]

    def _arrived(self, keys: frozenset[UUID]) -> None:
        places = sorted(place for key in keys if (place := self.place_of(key)) >= 0)
        for first, last in _runs(places):
            self.dataChanged.emit(self.index(first, 0), self.index(last, 0))

    def _refresh_all(self) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 0))

    def _ask_waiting(self) -> None:
        """Ask for what has changed since the last time; again after a while if more comes."""
        if self._waiting is None or self._waiting:
            changed, self._waiting = self._waiting, frozenset()
            self._calm.start()
            self._ask_head(changed)

    def _ask_head(self, changed: frozenset[UUID] | None) -> None:
        view = self._view

        def take(ids: list[UUID]) -> None:
            if view == self._view:
                self._take_head(ids, changed)

        def failed(error: Exception) -> bool:
            self.failed.emit(error)
            return True

        self._tasks.ask(ticket_ids, view, limit=FIRST, then=take, owner=self, failed=failed)

    def _take_head(self, ids: list[UUID], changed: frozenset[UUID] | None) -> None:
        head = b"".join(key.bytes for key in ids)
        whole = len(ids) < FIRST
        fresh = not self.is_loaded
        if fresh:
            self._reset(head)
        else:
            self._follow(head, changed, whole=whole)
        if not whole and (fresh or changed is None or self._went_deeper(head, changed)):
            self._ask_rest(ids[-1])
        if not self.is_loaded:
            self.is_loaded = True
            self.loaded.emit()

    def _went_deeper(self, head: bytes, changed: frozenset[UUID]) -> bool:
        """May a ticket that changed be behind the first ids now?"""
        return any(_find(head, key.bytes) < 0 for key in changed)

    def _follow(self, head: bytes, changed: frozenset[UUID] | None, *, whole: bool) -> None:
        """Make the list begin like `head`, by single steps where these are few."""
        if changed is not None:
            steps = self._steps(head, changed, whole=whole)
            if len(steps) <= MOST_STEPS:
                self._take_steps(steps)
        if not self._ids.startswith(head) or (whole and len(self._ids) != len(head)):
            self._replace(head if whole else head + self._behind(head))

    def _behind(self, head: bytes) -> bytes:
        """What of the list stays behind a new head."""
        place = _find(self._ids, head[-_WIDTH:])
        rest = self._ids[(place + 1) * _WIDTH :] if place >= 0 else self._ids
        some = {_at(head, n) for n in range(len(head) // _WIDTH)}
        before = {_at(self._ids, n) for n in range(place + 1)} if place >= 0 else set()
        for raw in (some & self._known) - before:  # they were further down and have come up
            at = _find(rest, raw)
            if at >= 0:
                rest = rest[: at * _WIDTH] + rest[(at + 1) * _WIDTH :]
        return rest

    def _ask_rest(self, after: UUID) -> None:
        view = self._view

        def take(rest: bytes) -> None:
            place = self.place_of(after)
            if view == self._view and place >= 0:
                self._replace(self._ids[: (place + 1) * _WIDTH] + rest)

        self._tasks.ask(ticket_keys, view, after=after, then=take, owner=self, key=f"{self._key}-rest")

    def _reset(self, block: bytes) -> None:
        self.beginResetModel()
        self._ids = block
        self._known = {_at(block, n) for n in range(len(block) // _WIDTH)}
        self.endResetModel()

    def _steps(self, head: bytes, changed: frozenset[UUID], *, whole: bool) -> list[tuple[int, list[bytes]]]:
        """(place, ids to insert there or one to move there) from the top; place -1: take it out."""
        steps: list[tuple[int, list[bytes]]] = []
        for place, raw in sorted((_find(head, key.bytes), key.bytes) for key in changed):
            known = raw in self._known
            if place < 0:
                if known and (whole or _find(self._ids, raw) * _WIDTH < len(head)):
                    steps.append((place, [raw]))
            elif (
                not known and steps and steps[-1][0] + len(steps[-1][1]) == place and steps[-1][1][0] not in self._known
            ):
                steps[-1][1].append(raw)
            else:
                steps.append((place, [raw]))
        return steps

    def _take_steps(self, steps: list[tuple[int, list[bytes]]]) -> None:
        for place, some in steps:
            now = _find(self._ids, some[0]) if some[0] in self._known else -1
            if place < 0:
                self._remove(now, now)
            elif now < 0 and place <= self.rowCount():
                self._insert(place, b"".join(some))
            elif now >= 0 and place != now and place < self.rowCount():
                self._shift(now, place, some[0])

    def _shift(self, now: int, place: int, raw: bytes) -> None:
        below = place + 1 if place > now else place
        if not self.beginMoveRows(QModelIndex(), now, now, QModelIndex(), below):
            return
        without = self._ids[: now * _WIDTH] + self._ids[(now + 1) * _WIDTH :]
        self._ids = without[: place * _WIDTH] + raw + without[place * _WIDTH :]
        self.endMoveRows()

    def _insert(self, place: int, block: bytes) -> None:
        if block:
            self.beginInsertRows(QModelIndex(), place, place + len(block) // _WIDTH - 1)
            self._known.update(_at(block, n) for n in range(len(block) // _WIDTH))
            self._ids = self._ids[: place * _WIDTH] + block + self._ids[place * _WIDTH :]
            self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        if last >= first:
            self.beginRemoveRows(QModelIndex(), first, last)
            self._known.difference_update(_at(self._ids, n) for n in range(first, last + 1))
            self._ids = self._ids[: first * _WIDTH] + self._ids[(last + 1) * _WIDTH :]
            self.endRemoveRows()

    def _replace(self, block: bytes) -> None:
        """Make the list this one, leaving what both begin and end with untouched."""
        old, new = len(self._ids) // _WIDTH, len(block) // _WIDTH
        same = _common(self._ids, block)
        if same == old == new:
            return
        tail = _common_end(self._ids, block, min(old, new) - same)
        self._remove(same, old - tail - 1)
        self._insert(same, block[same * _WIDTH : (new - tail) * _WIDTH])


def spoken(row: TicketRow) -> str:
    """A row as a screen reader says it."""
    parts = [row.customer_name, row.subject, status_word(row.status)]
    if row.unread:
        parts.append(tr("unread"))
    if row.priority in ("high", "urgent"):
        parts.append(tr("urgent") if row.priority == "urgent" else tr("high priority"))
    if row.due_at is not None and row.status in ("new", "open"):
        parts.append(tr("overdue") if row.due_at <= clock.now() else tr("due soon"))
    parts.append(ago_text(row.last_message_at, clock.now()))
    return ". ".join(part for part in parts if part)


def status_word(status: str) -> str:
    """A status in a word."""
    return {
        "new": tr("New"),
        "open": tr("Open"),
        "waiting": tr("Waiting"),
        "solved": tr("Solved"),
        "closed": tr("Closed"),
    }.get(status, status)


def _at(block: bytes, place: int) -> bytes:
    return block[place * _WIDTH : place * _WIDTH + _WIDTH]


def _find(block: bytes, raw: bytes) -> int:
    """The place of an id in a block, -1 without; a hit across two ids does not count."""
    at = block.find(raw)
    while at >= 0 and at % _WIDTH:
        at = block.find(raw, at + 1)
    return -1 if at < 0 else at // _WIDTH


def _common(one: bytes, other: bytes) -> int:
    """How many ids both begin with (halving, because comparing bytes is quick)."""
    low, high = 0, min(len(one), len(other)) // _WIDTH
    while low < high:
        middle = (low + high + 1) // 2
        if one[: middle * _WIDTH] == other[: middle * _WIDTH]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: bytes, other: bytes, most: int) -> int:
    """How many ids both end with, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[-middle * _WIDTH :] == other[-middle * _WIDTH :]:
            low = middle
        else:
            high = middle - 1
    return low


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs, first and last of each."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and place == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs
