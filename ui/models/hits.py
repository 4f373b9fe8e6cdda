"""What the search found, as a list: customers first, then tickets, each under a heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.search.queries import Hit, search, words_of
from app.tickets.queries import TicketRow, ticket_rows
from ui.models.tickets import ID_ROLE, ROW_ROLE, spoken
from ui.text import tr

HIT_ROLE = ROW_ROLE + 1
MOST = 100
_BEFORE = 10
_HEIGHTS = {"heading": 32, "customer": 56, "ticket": 84}
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Found:
    """One line: a heading, a customer (`key`) or a ticket (`key`, `row`). `words` are to be marked."""

    kind: str
    title: str
    key: UUID | None = None
    snippet: str = ""
    row: TicketRow | None = None
    words: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Pixels."""
        return _HEIGHTS[self.kind]


def find(db: Any, typed: str, me: UUID | None) -> tuple[Found, ...]:
    """Search and read the rows to show, in one view of the desk. Raises QueryError."""
    hits = search(db, typed, limit=MOST, me=me)
    words = words_of(typed)
    rows = {row.id: row for row in ticket_rows(db, [hit.ticket for hit in hits if hit.ticket is not None], me)}
    return lines(hits, rows, words)


def lines(hits: Sequence[Hit], rows: dict[UUID, TicketRow], words: tuple[str, ...]) -> tuple[Found, ...]:
    """Hits under their headings."""
    people = [Found("customer", hit.title, hit.customer, hit.who, words=words) for hit in hits if hit.ticket is None]
    tickets = [
        Found("ticket", hit.title, hit.ticket, near(hit.snippet, words), rows[hit.ticket], words)
        for hit in hits
        if hit.ticket is not None and hit.ticket in rows
    ]
    made: list[Found] = []
    for title, some in ((tr("Customers"), people), (tr("Tickets"), tickets)):
        if some:
            made += [Found("heading", title), *some]
    return tuple(made)


def near(text: str, words: Sequence[str]) -> str:
    """A snippet that begins shortly before the first of the words, since a row shows only its first few."""
    folded = text.casefold()
    places = [place for word in words if (place := folded.find(word.casefold())) >= 0]
    start = min(places, default=0)
    if start <= _BEFORE * 2:
        return text
    cut = text.rfind(" ", 0, start - _BEFORE) + 1
    return f"… {text[cut:].lstrip('… ')}"


class HitModel(QAbstractTableModel):
    """The lines of one search in one column."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Found, ...] = ()

    @property
    def found(self) -> tuple[Found, ...]:
        """The lines shown."""
        return self._lines

    def show(self, found: tuple[Found, ...]) -> None:
        """Show what another search found."""
        self.beginResetModel()
        self._lines = found
        self.endResetModel()

    def tickets(self) -> int:
        """How many tickets are among the lines."""
        return sum(line.kind == "ticket" for line in self._lines)

    def place_of(self, key: UUID) -> int:
        """The row of a ticket or customer, -1 if it is not here."""
        return next((n for n, line in enumerate(self._lines) if line.key == key), -1)

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == HIT_ROLE:
            return line
        if role == ID_ROLE:
            return line.key if line.kind == "ticket" else None
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(line.row) if line.row is not None else f"{line.title}. {line.snippet}".rstrip(". ")
        return None

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        if not index.isValid() or self._lines[index.row()].kind == "heading":
            return Qt.ItemFlag.ItemIsEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
