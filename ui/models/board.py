"""The cards of the board: one item model a column, and what columns and lanes are called.

A column never changes its own cards: a move is a command, and the card changes its place when the change comes back. So
what is shown is always what is stored, and a move that fails needs no repair. Ids are read up to a limit that grows while
somebody scrolls; the count beside the title is always the whole one. Rows come from the cache that the inbox uses too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.boards.queries import ColumnView, Named
from app.tickets.queries import TicketRow
from app.tickets.rules import BoardBy
from ui.models.blocks import runs
from ui.models.cache import TicketCache
from ui.models.tickets import ID_ROLE, ROW_ROLE
from ui.models.words import spoken
from ui.text import tr

PAGE = 24
"""Cards that are read together: a little more than a column shows, so that the first ones come soon."""
AHEAD = 8
"""So far before one gets there the next ones are read."""
MOST_STEPS = 60
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

Card = tuple[str, UUID]
"""A card: the key of its lane ("" where there are none) and its ticket. A ticket with two tags may be in two lanes."""


class ColumnModel(QAbstractListModel):
    """The cards of one column; roles as in the list of tickets."""

    def __init__(self, cache: TicketCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._cards: list[Card] = []
        self._places: dict[UUID, int] | None = {}
        self.lane_names: dict[str, str] = {}
        """What the lanes are called, for screen readers."""
        cache.arrived.connect(self._arrived)
        cache.aged.connect(self._aged)

    # -- what Qt asks

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._cards):
            return None
        key = self._cards[index.row()][1]
        if role == ID_ROLE:
            return key
        if role not in (ROW_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self.row_at(index.row())
        if role == ROW_ROLE:
            return row
        if row is None:
            return ""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.subject
        lane = self.lane_names.get(self._cards[index.row()][0], "")
        return f"#{row.number}. {spoken(row)}" + (f". {lane}" if lane else "")

    # -- what the page asks

    @property
    def ids(self) -> Sequence[UUID]:
        """The tickets in order, as far as they were read."""
        return tuple(key for _lane, key in self._cards)

    def card_at(self, place: int) -> Card | None:
        """The card at a place, None where there is none (or none yet)."""
        return self._cards[place] if 0 <= place < len(self._cards) else None

    def place_of(self, key: UUID, lane: str | None = None) -> int:
        """Where a ticket is (in this lane, if one is given and it is there), -1 if it is not here."""
        if self._places is None:
            places: dict[UUID, int] = {}
            for place, (_lane, ticket) in enumerate(self._cards):
                places.setdefault(ticket, place)
            self._places = places
        place = self._places.get(key, -1)
        if place < 0 or lane in (None, self._cards[place][0]):
            return place
        same = (other for other in range(place, len(self._cards)) if self._cards[other] == (lane, key))
        return next(same, place)

    def row_at(self, place: int) -> TicketRow | None:
        """What the card at a place shows; None until it is read, which it is from now on."""
        for near in {place, min(place + AHEAD, len(self._cards) - 1)}:
            if self._cache.lacks(self._cards[near][1]):
                start = near - near % PAGE
                self._cache.want(ticket for _lane, ticket in self._cards[start : start + PAGE])
        return self._cache.row(self._cards[place][1])

    def show(self, column: ColumnView, lanes: Sequence[Named]) -> None:
        """Take the column over as it is stored now, by as few steps as keep what is current in its place."""
        cells = zip(lanes, column.cells, strict=True) if column.cells else ()
        keys = chain.from_iterable(repeat(lane.key, count) for lane, count in cells) if column.cells else repeat("")
        cards: list[Card] = list(zip(keys, column.ids, strict=False))
        if cards == self._cards:
            return
        wanted, known = set(cards), set(self._cards)
        gone = [place for place, card in enumerate(self._cards) if card not in wanted]
        new = [place for place, card in enumerate(cards) if card not in known]
        if not self._cards or len(runs(gone)) + len(runs(new)) > MOST_STEPS:
            self.beginResetModel()
            self._set(cards)
            self.endResetModel()
            return
        self._remove(gone)
        self._insert(new, cards)
        self._reorder(cards)

    # -- how it is done

    def _set(self, cards: list[Card]) -> None:
        self._cards, self._places = cards, None

    def _remove(self, places: list[int]) -> None:
        for first, last in reversed(runs(places)):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._set(self._cards[:first] + self._cards[last + 1 :])
            self.endRemoveRows()

    def _insert(self, places: list[int], cards: list[Card]) -> None:
        for first, last in runs(places):
            at = min(first, len(self._cards))
            self.beginInsertRows(QModelIndex(), at, at + last - first)
            self._set(self._cards[:at] + cards[first : last + 1] + self._cards[at:])
            self.endInsertRows()

    def _reorder(self, cards: list[Card]) -> None:
        if cards == self._cards:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [self._cards[index.row()] for index in before]
        self._set(cards)
        places = {card: place for place, card in enumerate(cards)}
        self.changePersistentIndexList(before, [self.index(places[card]) for card in held])
        self.layoutChanged.emit()

    def _arrived(self, keys: Iterable[UUID]) -> None:
        places = sorted(place for key in keys if (place := self.place_of(key)) >= 0)
        if places:
            self.dataChanged.emit(self.index(places[0]), self.index(places[-1]))

    def _aged(self, keys: frozenset[UUID] | None) -> None:
        """Rows are old: whoever paints them asks for them anew."""
        if keys is not None:
            self._arrived(keys)
        elif self._cards:
            self.dataChanged.emit(self.index(0), self.index(len(self._cards) - 1))


def named(by: str, one: Named) -> tuple[str, str]:
    """The title of a column or lane, and the tone of its pill."""
    if by == BoardBy.STATUS:
        word, tone = _statuses()[one.category or one.key]
        return one.name or word, one.colour or tone
    if by == BoardBy.PRIORITY:
        return _priorities()[one.key]
    if one.key:
        return one.name or {BoardBy.ASSIGNEE.value: tr("Former colleague")}.get(by, tr("Unknown")), "plain"
    return {
        "assignee": tr("Nobody"),
        "team": tr("No team"),
        "tag": tr("Without these tags"),
        "customer": tr("No customer"),
        "organisation": tr("No organisation"),
    }[by], "plain"


def _statuses() -> dict[str, tuple[str, str]]:
    return {
        "new": (tr("New"), "info"),
        "open": (tr("Open"), "warn"),
        "waiting": (tr("Waiting on customer"), "plain"),
        "solved": (tr("Solved"), "ok"),
        "closed": (tr("Closed"), "plain"),
    }


def _priorities() -> dict[str, tuple[str, str]]:
    return {
        "urgent": (tr("Urgent"), "bad"),
        "high": (tr("High"), "warn"),
        "normal": (tr("Normal"), "plain"),
        "low": (tr("Low"), "plain"),
    }


def grouping_word(by: str) -> str:
    """What columns or lanes can stand for, in a word."""
    return {
        "none": tr("None"),
        "status": tr("Status"),
        "assignee": tr("Assignee"),
        "priority": tr("Priority"),
        "team": tr("Team"),
        "tag": tr("Tag"),
        "customer": tr("Customer"),
        "organisation": tr("Organisation"),
    }[by]


def empty_words(by: BoardBy, key: str, *, filtered: bool) -> str:
    """What a column without cards says."""
    if filtered:
        return tr("No card matches here")
    words = {
        "new": tr("Nothing new"),
        "open": tr("Nobody waits for an answer"),
        "waiting": tr("No customer owes an answer"),
        "solved": tr("Nothing solved lately"),
    }
    return words.get(key, tr("No tickets here")) if by is BoardBy.STATUS else tr("No tickets here")
