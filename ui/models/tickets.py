"""The list of tickets: ids in memory, rows on demand.

A hundred thousand tickets are 1.6 MB of ids in one block of bytes (`blocks`). The first 512 ids are asked for at once, the
rest once these are painted; rows come by pages of 64 from the cache that the board shares. Few changes become moves and
insertions of single rows; many become three steps in all. Either way rows that stay keep being chosen and keep their place.

Of each question one is under way at most, and what changes meanwhile goes into the next one: the list is read as often as
it can be, never as often as there is mail. What lies behind the first ids is read again once a second at most, and at
once if it is there that something changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from app.kernel.database.changes import Changes
from app.tickets.queries import TicketRow, View
from app.views.grouping import Heading
from ui.models import blocks
from ui.models.cache import TicketCache
from ui.models.sources import Have, Ids, Source, heading_places, is_heading, read_again
from ui.models.words import spoken
from ui.tasks import Tasks
from ui.text import count_text

PAGE = 64
FIRST = 512
MOST_STEPS = 12
"""More single steps than this cost more than putting everything in order at once: each copies the block."""

MOST_RUNS = 8
"""Rows that arrive are told to the view in so many pieces, else as one stretch."""

MOST_SOUGHT = 32
"""Rows that are old, of which so many are looked for in the list; for more, all of it may be."""

MOST_CLAIMED = 8
"""Old rows that are read with the list: what a person does is shown by one answer, mail that pours in is not slowed down."""

REST_MS = 1000
PAINTED_MS = 50
"""So long after the first ids of another list the rest is read: what is painted then needs the processor."""

ID_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW_ROLE = ID_ROLE + 1
HEADING_ROLE = ROW_ROLE + 10
NO_HEADINGS: tuple[list[int], list[int]] = ([], [])
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TicketModel(QAbstractTableModel):
    """One list of tickets in one column; `ID_ROLE` is the id, `ROW_ROLE` the row or None while it is being read.

    Headings of a grouped list are rows too, which cannot be chosen: `HEADING_ROLE` is theirs.
    """

    loaded = Signal()  # the first ids of a list are here
    followed = Signal()  # the list is as it was read just now, changed or not
    failed = Signal(object)  # Exception

    def __init__(self, tasks: Tasks, cache: TicketCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._cache = tasks, cache
        self._ids = b""
        self._known: blocks.Known = {}
        self._waiting: frozenset[UUID] | None = frozenset()
        self._turn = 0  # a question of an earlier turn is void
        self._under_way = self._deeper = False
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._ask_waiting)
        self._view: Source = View()
        self._heads: Mapping[bytes, Heading] = {}
        self._gone: Mapping[bytes, Heading] = {}  # shown for a moment yet
        self._placed: tuple[bytes, tuple[list[int], list[int]]] = (b"", NO_HEADINGS)
        self.heading_height = 36
        self.is_loaded = False
        self.all_chosen = False
        """Is every row chosen? Then no choice gets lost by taking rows out and in again, and that is far cheaper."""
        cache.arrived.connect(self._arrived)
        cache.aged.connect(self._aged)

    # -- what Qt asks

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else blocks.count(self._ids)

    def columnCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < self.rowCount():
            return None
        raw = blocks.at(self._ids, index.row())
        if is_heading(raw):
            return self._heading_data(raw, role)
        key = UUID(bytes=raw)
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

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        if index.isValid() and is_heading(blocks.at(self._ids, index.row())):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return super().flags(index)

    def _heading_data(self, raw: bytes, role: int) -> Any:
        heading = self._heads.get(raw) or self._gone.get(raw)
        if role == HEADING_ROLE:
            return heading
        if heading is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        return f"{heading.label}, {count_text(heading.count)}"

    # -- what the page asks

    @property
    def answers_soon(self) -> bool:
        """Is the list being read, by a question that takes no time? Then `followed` comes at once."""
        return self._under_way and isinstance(self._view, View)

    @property
    def view(self) -> Source:
        """The list shown."""
        return self._view

    def headings(self) -> tuple[list[int], list[int]]:
        """The rows that are headings and how high each is (px); the same object while the list is the same."""
        if not self._heads:
            return NO_HEADINGS
        if self._placed[0] is not self._ids:
            places = heading_places(self._ids)
            self._placed = (self._ids, (places, [self.heading_height] * len(places)))
        return self._placed[1]

    def ticket_near(self, row: int, by: int = 1) -> UUID | None:
        """The ticket in a row or, where a heading stands, the next one in this direction."""
        while 0 <= row < self.rowCount():
            if not is_heading(raw := blocks.at(self._ids, row)):
                return UUID(bytes=raw)
            row += by
        return None

    def id_at(self, row: int) -> UUID:
        """The ticket in a row."""
        return UUID(bytes=blocks.at(self._ids, row))

    def place_of(self, key: UUID) -> int:
        """The row of a ticket, -1 if it is not in the list."""
        return blocks.find(self._ids, key.bytes)

    def clear(self) -> None:
        """Nothing, until another list is there (`start_with`)."""
        self.is_loaded = False
        self._begin_anew()

    def start_with(self, ids: Ids, rows: Iterable[TicketRow], view: Source) -> None:
        """Show a list whose first ids and rows were read together (the first screen)."""
        self._view = view
        since, self.is_loaded = self._waiting, False
        self._begin_anew()
        self._waiting = since  # what changed after the first screen was read
        self._cache.put([UUID(bytes=raw) for raw in _tickets(blocks.part(ids.block or b"", 0, PAGE))], rows)
        self._take(ids, None)
        self.followed.emit()
        self._ask_waiting()

    def apply(self, changes: Changes) -> None:
        """Follow what changed. The rows themselves are the cache's business, which must have been told before."""
        ids = changes.of("ticket")
        if ids is None or ids:
            self._waiting = None if ids is None or self._waiting is None else self._waiting | ids
            self._ask_waiting()

    def reload(self) -> None:
        """Read the whole list again (a page that was hidden; the hour moved on)."""
        self._waiting = None
        self._ask_waiting()

    # -- rows

    def _row(self, place: int, key: UUID) -> TicketRow | None:
        if self._cache.lacks(key):
            start = place - place % PAGE
            self._cache.want(self._page(start))
        elif place % PAGE == PAGE // 2:  # the reader is half through this page: have the neighbours ready
            self._cache.want((*self._page(place // PAGE * PAGE + PAGE), *self._page(place // PAGE * PAGE - PAGE)))
        return self._cache.row(key)

    def _page(self, start: int) -> list[UUID]:
        some = blocks.part(self._ids, max(0, start), max(0, start + PAGE))
        return [UUID(bytes=raw) for raw in _tickets(some)]

    def _arrived(self, keys: Iterable[UUID]) -> None:
        here = (raw for key in keys if (raw := key.bytes) in self._known)  # what is not here would be sought to the end
        runs = blocks.runs(blocks.places(self._ids, here))
        if len(runs) > MOST_RUNS:
            runs = [(runs[0][0], runs[-1][1])]
        for first, last in runs:
            self.dataChanged.emit(self.index(first, 0), self.index(last, 0))

    def _aged(self, keys: frozenset[UUID] | None) -> None:
        """Rows are old: whoever paints them asks for them anew. Where many of them stand is not looked for."""
        if keys is not None and len(keys) <= MOST_SOUGHT:
            self._arrived(keys)
        elif self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 0))

    # -- ids: when they are read

    def _begin_anew(self) -> None:
        self._turn += 1
        self._under_way = self._deeper = False
        self._waiting = frozenset()
        self._rest.stop()

    def _ask_waiting(self) -> None:
        """Ask for what has changed since the last time, unless an answer is awaited, which does so itself.

        Before there is a list, its first screen is awaited (`start_with`): it may have been read before the change.
        """
        if self._under_way or not self.is_loaded:
            return
        changed, self._waiting = self._waiting, frozenset()
        rested = not self._rest.isActive()
        if rested and self._is_far_down(changed):
            self._rest.start(REST_MS)
            self._ask(changed, whole=True)
        elif rested and self._deeper:
            self._ask(changed, whole=True)
        elif changed is None or changed:
            self._ask(changed)

    def _is_far_down(self, changed: frozenset[UUID] | None) -> bool:
        """Does a ticket that changed stand behind the first ids? It may be the one that somebody works on there."""
        if changed is None or len(changed) > MOST_SOUGHT or self.rowCount() <= FIRST:
            return False
        return any(one.bytes in self._known and self.place_of(one) >= FIRST for one in changed)

    def _ask(self, changed: frozenset[UUID] | None, *, whole: bool = False) -> None:
        turn, self._under_way = self._turn, True
        limit = None if whole else FIRST
        self._deeper = self._deeper and not whole
        old = self._old_rows(changed) if not whole else ()

        def take(found: tuple[Ids, tuple[TicketRow, ...]]) -> None:
            ids, rows = found
            if turn == self._turn:
                self._under_way = False
                self._take(ids, changed)
            self._cache.bring(old, rows)
            if turn == self._turn:
                self.followed.emit()
                self._ask_waiting()

        def failed(error: Exception) -> bool:
            self._cache.release(old)
            if turn == self._turn:
                self._under_way, self._waiting = False, None  # what was asked for is wanted still, the next time
                self.failed.emit(error)
                self.followed.emit()
            return True

        have = Have(self._ids, self._known, self._heads)
        self._tasks.ask(
            read_again, self._view, limit, have, old, self._cache.me(), then=take, owner=self, failed=failed
        )

    def _old_rows(self, changed: frozenset[UUID] | None) -> tuple[UUID, ...]:
        """Rows that changed, to be read with the ids: what leaves the list need not be read, what stays is painted once. Not
        where ids take long to read, by a condition of one's own.
        """
        if changed is None or len(changed) > MOST_CLAIMED or not isinstance(self._view, View):
            return ()
        return self._cache.claim(key for key in changed if key.bytes in self._known)

    def _take(self, ids: Ids, changed: frozenset[UUID] | None) -> None:
        fresh, self.is_loaded = not self.is_loaded, True
        changed = self._take_headings(ids, changed, fresh=fresh)
        if ids.block is not None:
            if fresh:
                self._reset(ids.block, ids.known)
            else:
                self._follow(ids, changed)
            if not ids.whole and (
                fresh or changed is None or self._went_deeper(blocks.part(ids.block, 0, FIRST), changed)
            ):
                self._want_rest(fresh=fresh)
        if fresh:
            self.loaded.emit()

    def _take_headings(self, ids: Ids, changed: frozenset[UUID] | None, *, fresh: bool) -> frozenset[UUID] | None:
        """Other headings, other numbers beside them; those that come and go count as changed, like tickets."""
        if ids.heads is self._heads:
            return changed
        before, self._heads, self._gone = self._heads, ids.heads, self._heads
        if fresh:
            return changed
        if len(ids.other_heads) > MOST_RUNS:
            self._aged(None)
        else:
            self._arrived(UUID(bytes=raw) for raw in ids.other_heads)
        if changed is None:
            return None
        return changed | {UUID(bytes=raw) for raw in ids.other_heads if (raw in before) != (raw in ids.heads)}

    def _went_deeper(self, head: bytes, changed: frozenset[UUID]) -> bool:
        """May a ticket that changed be behind the first ids now?"""
        return not set(blocks.each(head)).issuperset(key.bytes for key in changed)

    def _want_rest(self, *, fresh: bool) -> None:
        """Read the whole list soon: the first time when its beginning is painted, then once a second at most."""
        self._deeper = True
        if fresh or not self._rest.isActive():
            self._rest.start(PAINTED_MS if fresh else REST_MS)

    # -- ids: how the list becomes what was read

    def _follow(self, ids: Ids, changed: frozenset[UUID] | None) -> None:
        """Make the list what was read, by single steps where these are few."""
        block = ids.block or b""
        if block == self._ids:
            return
        stepped: set[bytes] = set()
        if changed is not None and len(changed) <= 4 * MOST_STEPS:
            head = blocks.part(block, 0, FIRST)
            if ids.whole and head == block:
                changed |= _come_and_gone(ids)
            steps = self._steps(head, changed, set(blocks.each(ids.gone)))
            if len(steps) <= MOST_STEPS:
                stepped = self._take_steps(steps)
        self._become(ids, stepped)

    def _reset(self, block: bytes, known: blocks.Known) -> None:
        self.beginResetModel()
        self._ids = block
        self._known = known or blocks.known(block)
        self.endResetModel()

    def _steps(self, head: bytes, changed: frozenset[UUID], gone: set[bytes]) -> list[tuple[int, list[bytes]]]:
        """(place, ids to insert there or one to move there) from the top; place -1: take it out."""
        steps: list[tuple[int, list[bytes]]] = []
        for place, raw in sorted((blocks.find(head, key.bytes), key.bytes) for key in changed):
            known = raw in self._known
            if place < 0:
                if raw in gone:
                    steps.append((place, [raw]))
            elif (
                not known and steps and steps[-1][0] + len(steps[-1][1]) == place and steps[-1][1][0] not in self._known
            ):
                steps[-1][1].append(raw)
            else:
                steps.append((place, [raw]))
        return steps

    def _take_steps(self, steps: list[tuple[int, list[bytes]]]) -> set[bytes]:
        """Which ids came or went by them."""
        stepped: set[bytes] = set()
        for place, some in steps:
            now = blocks.find(self._ids, some[0]) if some[0] in self._known else -1
            if place < 0:
                self._remove(now, now)
                del self._known[some[0]]
                stepped.update(some)
            elif now < 0 and place <= self.rowCount():
                self._insert(place, b"".join(some))
                self._known.update(dict.fromkeys(some))
                stepped.update(some)
            elif now >= 0 and place != now and place < self.rowCount():
                self._shift(now, place)
        return stepped

    def _shift(self, now: int, place: int) -> None:
        below = place + 1 if place > now else place
        if not self.beginMoveRows(QModelIndex(), now, now, QModelIndex(), below):
            return
        self._ids = blocks.moved(self._ids, now, place)
        self.endMoveRows()

    def _insert(self, place: int, block: bytes) -> None:
        if block:
            self.beginInsertRows(QModelIndex(), place, place + blocks.count(block) - 1)
            self._ids = blocks.replaced(self._ids, place, place, block)
            self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        if last >= first:
            self.beginRemoveRows(QModelIndex(), first, last)
            self._ids = blocks.replaced(self._ids, first, last + 1, b"")
            self.endRemoveRows()

    def _become(self, ids: Ids, stepped: set[bytes]) -> None:
        """Make the list this one. What both begin and end with is left untouched; of what is between, what comes is put
        behind, then all of it is put in order, then what is gone is taken from its end.

        What comes and goes was worked out where it was read; `stepped` came or went since, by single steps.
        """
        block = ids.block or b""
        if block == self._ids:
            return
        old, new = blocks.count(self._ids), blocks.count(block)
        same = blocks.common(self._ids, block)
        tail = blocks.common_end(self._ids, block, min(old, new) - same)
        between = blocks.part(block, same, new - tail)
        come, gone = blocks.without(ids.come, stepped), blocks.without(ids.gone, stepped)
        if ids.known:
            self._known = ids.known
        else:
            self._known.update(blocks.known(come))
            for raw in blocks.each(gone):
                del self._known[raw]
        if self.all_chosen or same == old - tail or not between:
            self._remove(same, old - tail - 1)
            self._insert(same, between)
            return
        self._insert(old - tail, come)
        self._order(same, between + gone)
        self._remove(new - tail, new - tail + blocks.count(gone) - 1)

    def _order(self, place: int, block: bytes) -> None:
        """From this place on stand these ids, which all stand there already in another order."""
        if blocks.part(self._ids, place, place + blocks.count(block)) == block:
            return
        self.layoutAboutToBeChanged.emit()
        before, kept = self._ids, self.persistentIndexList()
        self._ids = blocks.replaced(before, place, place + blocks.count(block), block)
        for index in kept:
            if place <= index.row() < place + blocks.count(block):
                now = place + blocks.find(block, blocks.at(before, index.row()))
                self.changePersistentIndex(index, self.index(now, 0))
        self.layoutChanged.emit()


def _tickets(block: bytes) -> list[bytes]:
    """The ids of tickets in a block."""
    return [raw for raw in blocks.each(block) if not is_heading(raw)]


def _come_and_gone(ids: Ids) -> frozenset[UUID]:
    """Tickets that a read already knows to have come or gone, whose change will only be told in a moment."""
    differing = ids.come + ids.gone
    if blocks.count(differing) > MOST_STEPS:
        return frozenset()
    return frozenset(UUID(bytes=raw) for raw in blocks.each(differing))
