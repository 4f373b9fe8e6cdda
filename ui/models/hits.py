"""What the search found, as a list: customers first, then tickets, each under a heading; it grows as one scrolls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.search.marking import first_place, marked_words
from app.search.queries import PAGE, After, Hit, Question, page
from app.tickets.queries import TicketRow, ticket_rows
from ui.models.tickets import ID_ROLE, ROW_ROLE
from ui.models.words import spoken
from ui.text import tr

HIT_ROLE = ROW_ROLE + 1
_BEFORE = 10
_HEIGHTS = {"heading": 32, "customer": 56, "ticket": 84}
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Found:
    """One line: a heading, a customer (`key`) or a ticket (`key`, `row`). `words` are to be marked, `phrases` are those of
    them that were quoted; `at`: when the `message` was written that fits.
    """

    kind: str
    title: str
    key: UUID | None = None
    snippet: str = ""
    row: TicketRow | None = None
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    at: datetime | None = None
    message: UUID | None = None
    within: bool = False
    """Does a word stand only within another one?"""

    @property
    def height(self) -> int:
        """Pixels."""
        return _HEIGHTS[self.kind]


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of what was found, as lines without headings. `after`: where the next one begins, if there is one."""

    customers: tuple[Found, ...]
    tickets: tuple[Found, ...]
    after: After | None
    words: tuple[str, ...]
    phrases: tuple[str, ...]


def find(db: Any, asked: Question, after: After | None = None, limit: int = PAGE) -> Batch:
    """Search and read the rows to show, in one view of the desk. Raises QueryError."""
    found = page(db, asked, after=after, limit=limit)
    keys = [hit.ticket for hit in found.tickets if hit.ticket is not None]
    rows = {row.id: row for row in ticket_rows(db, keys, asked.me)}
    words, phrases = found.words, found.phrases
    customers = tuple(
        Found("customer", hit.title, hit.customer, hit.who, words=words, phrases=phrases) for hit in found.customers
    )
    tickets = tuple(
        _ticket(hit, rows[hit.ticket], words, phrases)
        for hit in found.tickets
        if hit.ticket is not None and hit.ticket in rows
    )
    return Batch(customers, tickets, found.after, words, phrases)


def _ticket(hit: Hit, row: TicketRow, words: tuple[str, ...], phrases: tuple[str, ...]) -> Found:
    words = marked_words(words, within=hit.within)
    snippet = near(hit.snippet, words, phrases)
    if hit.file:
        snippet = f"{hit.file} · {snippet}" if snippet and snippet != hit.file else hit.file
    return Found("ticket", hit.title, hit.ticket, snippet, row, words, phrases, hit.at, hit.message, hit.within)


def lines(customers: Sequence[Found], tickets: Sequence[Found]) -> tuple[Found, ...]:
    """What was found under its headings."""
    made: list[Found] = []
    if customers:
        made += [Found("heading", tr("Customers")), *customers]
    return (*made, *_headed(tickets, ()))


def _headed(tickets: Sequence[Found], before: Sequence[Found]) -> Iterator[Found]:
    """Tickets behind those `before`, with a heading where it changes what they are."""
    last = before[-1].within if before and before[-1].kind == "ticket" else None
    for one in tickets:
        if one.within is not last:
            yield Found("heading", tr("Within other words") if one.within else tr("Tickets"))
            last = one.within
        yield one


def near(text: str, words: Sequence[str], phrases: Sequence[str] = ()) -> str:
    """A snippet that begins shortly before the first of the words, since a row shows only its first few."""
    start = max(0, first_place(text, words, phrases))
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
        """Show what another search found; the same is left alone."""
        if found == self._lines:
            return
        self.beginResetModel()
        self._lines = found
        self.endResetModel()

    def add(self, tickets: Sequence[Found]) -> None:
        """Add the tickets of the next page at the end."""
        if not tickets:
            return
        more = tuple(_headed(tickets, self._lines))
        self.beginInsertRows(QModelIndex(), len(self._lines), len(self._lines) + len(more) - 1)
        self._lines = (*self._lines, *more)
        self.endInsertRows()

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
