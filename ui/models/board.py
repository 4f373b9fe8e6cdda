"""The board's data: which cards each column holds, and one item model per column.

A column never changes its own cards: a move is a command, and the card changes its place when the change comes back. So
what is shown is always what is stored, and a move that fails needs no repair. Ids are read up to a limit that grows while
somebody scrolls; the count beside the title is always the whole one. Rows come from the cache that the inbox uses too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.people.queries import agents
from app.search import queries as search
from app.tickets.queries import BoardBy, BoardColumn, TicketRow, board
from ui.models.blocks import block_of, runs
from ui.models.cache import TicketCache
from ui.models.tickets import ID_ROLE, ROW_ROLE, spoken
from ui.text import tr

MIME = "application/x-deskbell-tickets"
PAGE = 64
FIRST = 500
MOST_STEPS = 60
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class BoardView:
    """All columns as they are now. `names`: agents by id as text; `filtered`: only the cards that fit were kept."""

    by: BoardBy
    columns: tuple[BoardColumn, ...]
    names: dict[str, str]
    filtered: bool

    @property
    def count(self) -> int:
        """How many cards there are in all columns."""
        return sum(column.count for column in self.columns)


def read_board(db: Any, by: BoardBy, limit: int, typed: str, me: UUID | None) -> BoardView:
    """The columns; with something `typed`, only the tickets that the search finds for it, counted exactly.

    A single letter is in nearly every ticket and filters nothing. Raises UserError for words that the search does not
    understand.
    """
    names = {one.id.hex: one.name for one in agents(db)}
    words = typed.strip()
    if not words or (len(words) == 1 and words.isascii()):
        return BoardView(by, board(db, by, limit=limit), names, False)
    fitting = set(search.ticket_ids(db, f"-is:closed {words}", me=me))  # closed ones are most, and have no card
    kept = tuple(_only(column, fitting) for column in board(db, by))
    return BoardView(by, kept, names, True)


def _only(column: BoardColumn, fitting: set[UUID]) -> BoardColumn:
    ids = tuple(key for key in column.ids if key in fitting)
    return replace(column, count=len(ids), ids=ids)


class ColumnModel(QAbstractListModel):
    """The cards of one column; roles as in the list of tickets."""

    more_wanted = Signal()

    def __init__(self, cache: TicketCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._ids: list[UUID] = []
        self._places: dict[UUID, int] = {}
        self._total = 0
        cache.arrived.connect(self._arrived)
        cache.aged.connect(self._aged)

    # -- what Qt asks

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        key = self._ids[index.row()]
        if role == ID_ROLE:
            return key
        if role not in (ROW_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self._row(index.row(), key)
        if role == ROW_ROLE:
            return row
        if row is None:
            return ""
        return row.subject if role == Qt.ItemDataRole.DisplayRole else f"#{row.number}. {spoken(row)}"

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags | Qt.ItemFlag.ItemIsDropEnabled

    def canFetchMore(self, parent: _Index, /) -> bool:
        return not parent.isValid() and len(self._ids) < self._total

    def fetchMore(self, parent: _Index, /) -> None:
        """Ask the page for more ids; they come in as every change does."""
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex], /) -> QMimeData:
        made = QMimeData()
        made.setData(MIME, pack([self._ids[index.row()] for index in indexes]))
        return made

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index, /) -> bool:
        return data.hasFormat(MIME)

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index, /) -> bool:
        return False  # the view hands a drop to the page; a model that changed itself would tell a lie for a moment

    # -- what the page asks

    @property
    def ids(self) -> Sequence[UUID]:
        """The cards in order, as far as they were read."""
        return tuple(self._ids)

    def place_of(self, key: UUID) -> int:
        """The row of a card, -1 if it is not here."""
        return self._places.get(key, -1)

    def rows(self) -> list[TicketRow]:
        """The rows that are in the cache."""
        found = (self._cache.row(key) for key in self._ids)
        return [row for row in found if row is not None]

    def show(self, column: BoardColumn) -> None:
        """Take the column over as it is stored now, by as few steps as keep selection and place."""
        ids = list(column.ids)
        self._total = column.count
        if ids == self._ids:
            return
        wanted = set(ids)
        gone = [place for place, key in enumerate(self._ids) if key not in wanted]
        new = [key for key in ids if key not in self._places]
        if not self._ids or len(gone) + len(new) > MOST_STEPS + self._grown(ids):
            self.beginResetModel()
            self._set(ids)
            self.endResetModel()
            return
        self._remove(gone)
        self._insert(new, ids)
        self._reorder(ids)

    def refresh_all(self) -> None:
        """Paint every card again: rows are read anew where they changed."""
        if self._ids:
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    # -- how it is done

    def _grown(self, ids: list[UUID]) -> int:
        """How many of `ids` only follow behind what is shown: those cost one insertion."""
        return len(ids) - len(self._ids) if ids[: len(self._ids)] == self._ids else 0

    def _set(self, ids: list[UUID]) -> None:
        self._ids = ids
        self._places = {key: place for place, key in enumerate(ids)}

    def _remove(self, places: list[int]) -> None:
        for first, last in reversed(runs(places)):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._set(self._ids[:first] + self._ids[last + 1 :])
            self.endRemoveRows()

    def _insert(self, new: list[UUID], ids: list[UUID]) -> None:
        places = {key: place for place, key in enumerate(ids)}
        for first, last in runs([places[key] for key in new]):
            at = min(first, len(self._ids))
            self.beginInsertRows(QModelIndex(), at, at + last - first)
            self._set(self._ids[:at] + ids[first : last + 1] + self._ids[at:])
            self.endInsertRows()

    def _reorder(self, ids: list[UUID]) -> None:
        if ids == self._ids:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self._ids[index.row()] for index in before]
        self._set(ids)
        self.changePersistentIndexList(before, [self.index(self._places[key]) for key in keys])
        self.layoutChanged.emit()

    def _row(self, place: int, key: UUID) -> TicketRow | None:
        if self._cache.lacks(key):
            start = place - place % PAGE
            self._cache.want(self._ids[start : start + PAGE])
        return self._cache.row(key)

    def _arrived(self, keys: Iterable[UUID]) -> None:
        for first, last in runs(sorted(place for key in keys if (place := self.place_of(key)) >= 0)):
            self.dataChanged.emit(self.index(first), self.index(last))

    def _aged(self, keys: frozenset[UUID] | None) -> None:
        """Rows are old: whoever paints them asks for them anew."""
        if keys is None:
            self.refresh_all()
        else:
            self._arrived(keys)


def pack(keys: Sequence[UUID]) -> bytes:
    """Tickets as they are carried by a drag."""
    return block_of(keys)


def unpack(data: QMimeData) -> tuple[UUID, ...]:
    """The tickets that a drag carries."""
    raw = bytes(data.data(MIME).data())
    return tuple(UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw) - 15, 16))


def column_name(by: BoardBy, key: str, names: dict[str, str]) -> tuple[str, str]:
    """The title of a column and the tone of its pill."""
    if by is BoardBy.ASSIGNEE:
        return (names.get(key) or tr("Former colleague"), "plain") if key else (tr("Nobody"), "plain")
    words: dict[str, tuple[Callable[[], str], str]] = {
        "new": (lambda: tr("New"), "info"),
        "open": (lambda: tr("Open"), "warn"),
        "waiting": (lambda: tr("Waiting on customer"), "plain"),
        "solved": (lambda: tr("Solved"), "ok"),
        "urgent": (lambda: tr("Urgent"), "bad"),
        "high": (lambda: tr("High"), "warn"),
        "normal": (lambda: tr("Normal"), "plain"),
        "low": (lambda: tr("Low"), "plain"),
    }
    word, tone = words[key]
    return word(), tone


def empty_words(by: BoardBy, key: str, *, filtered: bool) -> str:
    """What a column without cards says."""
    if filtered:
        return tr("No card fits here")
    if by is BoardBy.STATUS:
        return {
            "new": tr("Nothing new"),
            "open": tr("Nobody waits for an answer"),
            "waiting": tr("No customer owes an answer"),
            "solved": tr("Nothing solved lately"),
        }[key]
    return tr("No tickets here")
