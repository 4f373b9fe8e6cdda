"""Customers as the window shows them: rows of the list, everything of one, and the models over both.

The list is read a page at a time, in the order of names, and goes on where it ended. A customer's history is read the same
way, newest first; two moments of the same microsecond are told apart by what they are, so that none falls between pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.kernel import clock
from app.people import commands as people
from app.people.queries import CustomerProfile, CustomerRow, customer, customer_count, customer_rows, living_customer
from app.surveys.queries import ResponseInfo
from app.surveys.queries import for_customer as survey_answers
from app.tickets.queries.people import TicketFigures, figures_of, first_reply_times, organisation_figures
from app.timeline.queries import KINDS, Moment, customer_timeline, timeline_counts
from ui.text import ago, ago_text, count_text, month_text, tr

PAGE = 100
LINE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


# -- the list


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """One row of the list."""

    row: CustomerRow
    figures: TicketFigures

    @property
    def name(self) -> str:
        """The name, or the address of somebody who gave none."""
        return self.row.name or self.row.address or tr("Unknown")


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Some rows of the list, and how many there are in all."""

    lines: tuple[CustomerLine, ...]
    total: int


def read_customers(db: Any, typed: str, limit: int, after: tuple[str, UUID] | None) -> CustomerPage:
    """The next `limit` customers by name whose name or address contains what was typed."""
    rows = customer_rows(db, typed, limit, after)
    figures = figures_of(db, [row.id for row in rows])
    nothing = TicketFigures()
    lines = tuple(CustomerLine(row, figures.get(row.id, nothing)) for row in rows)
    return CustomerPage(lines, customer_count(db, typed))


class CustomerModel(QAbstractTableModel):
    """The customers read so far."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[CustomerLine] = []
        self.total = 0

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return (tr("Customer"), tr("Address"), tr("Organisation"), tr("Tickets"), tr("Last contact"))[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == LINE_ROLE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return _cells(line)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken_customer(line) if index.column() == 0 else _cells(line)[index.column()]
        return None

    def canFetchMore(self, parent: _Index, /) -> bool:
        return not parent.isValid() and len(self._lines) < self.total

    def fetchMore(self, parent: _Index, /) -> None:
        """Ask the page for the next rows."""
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    @property
    def last(self) -> tuple[str, UUID] | None:
        """Where the next page begins."""
        return (self._lines[-1].row.name, self._lines[-1].row.id) if self._lines else None

    def line_at(self, place: int) -> CustomerLine:
        """One row."""
        return self._lines[place]

    def place_of(self, key: UUID) -> int:
        """The row of a customer, -1 if they are not among those read."""
        return next((place for place, line in enumerate(self._lines) if line.row.id == key), -1)

    def show(self, page: CustomerPage) -> None:
        """Show these rows alone; the same people in the same order only get their figures."""
        self.total = page.total
        if [line.row.id for line in page.lines] == [line.row.id for line in self._lines]:
            self._lines = list(page.lines)
            if self._lines:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, 4))
            return
        self.beginResetModel()
        self._lines = list(page.lines)
        self.endResetModel()

    def append(self, page: CustomerPage) -> None:
        """Show the next rows below."""
        self.total = page.total if page.lines else len(self._lines)
        known = {line.row.id for line in self._lines}
        fresh = [line for line in page.lines if line.row.id not in known]
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._lines), len(self._lines) + len(fresh) - 1)
            self._lines += fresh
            self.endInsertRows()


def _cells(line: CustomerLine) -> tuple[str, str, str, str, str]:
    last = line.figures.last_at
    return (
        line.name,
        line.row.address,
        line.row.organisation_name,
        tickets_text(line.figures),
        ago(last, clock.now()) if last is not None else "",
    )


def spoken_customer(line: CustomerLine) -> str:
    """A row as a screen reader says it."""
    last = line.figures.last_at
    said = tr("last contact {when}", when=ago_text(last, clock.now())) if last is not None else ""
    parts = [line.name, line.row.address, line.row.organisation_name, tickets_text(line.figures), said]
    return ". ".join(part for part in parts if part)


def tickets_text(figures: TicketFigures) -> str:
    """How many tickets somebody has: "31, 2 open"."""
    if not figures.unfinished:
        return count_text(figures.tickets)
    return tr("{all}, {open} open", all=count_text(figures.tickets), open=count_text(figures.unfinished))


# -- one customer


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything of one customer but the history. `answers`: newest first; `reply`: median seconds, over how many."""

    profile: CustomerProfile
    figures: TicketFigures
    answers: tuple[ResponseInfo, ...]
    reply: tuple[float, int] | None
    colleagues: int
    organisation: TicketFigures
    counts: dict[str, int]


def read_dossier(db: Any, key: UUID) -> Dossier | None:
    """One customer (merges followed); None if there is no such one any more."""
    living = living_customer(db, key)
    profile = customer(db, living)
    if profile is None:
        return None
    colleagues, company = (0, TicketFigures())
    if profile.organisation is not None:
        colleagues, company = organisation_figures(db, profile.organisation)
    return Dossier(
        profile=profile,
        figures=figures_of(db, [living]).get(living, TicketFigures()),
        answers=tuple(answer for answer in survey_answers(db, living) if answer.latest and answer.score is not None),
        reply=first_reply_times(db, living),
        colleagues=colleagues,
        organisation=company,
        counts=timeline_counts(db, living),
    )


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit gives back, for the toast's Undo."""

    action: UUID


def update_customer(tx: Any, key: UUID, **fields: Any) -> Edited:
    """Change what is known of a customer."""
    return Edited(people.update_customer(tx, key, **fields))


def read_moments(db: Any, key: UUID, kind: str, before: datetime | None, limit: int = PAGE) -> tuple[Moment, ...]:
    """The next moments of a history at or before `before`; `kind` is one of the timeline's, or empty for all."""
    kinds = (kind,) if kind in KINDS else KINDS
    edge = before + timedelta(microseconds=1) if before is not None else None
    return customer_timeline(db, key, kinds=kinds, before=edge, limit=limit)


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """A line of the history: a heading, or a moment. `last`: nothing follows it under its heading."""

    heading: str = ""
    moment: Moment | None = None
    show_status: bool = False
    last: bool = False


class TimelineModel(QAbstractListModel):
    """A history under headings: "This week", then months."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._moments: list[Moment] = []
        self._lines: list[TimelineLine] = []
        self._whole = True

    @property
    def moments(self) -> Sequence[Moment]:
        """What is shown, newest first."""
        return tuple(self._moments)

    @property
    def next_limit(self) -> int:
        """How many to ask for at or before the last moment: a page, and those of its very instant that are here."""
        return PAGE + sum(one.at == self._moments[-1].at for one in self._moments)

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == LINE_ROLE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if line.moment is None:
                return line.heading
            title, text = words_of(line.moment)
            said = ago_text(line.moment.at, clock.now())
            return title if role == Qt.ItemDataRole.DisplayRole else ". ".join(w for w in (title, text, said) if w)
        return None

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._lines[index.row()].moment is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def canFetchMore(self, parent: _Index, /) -> bool:
        return not parent.isValid() and not self._whole

    def fetchMore(self, parent: _Index, /) -> None:
        """Ask the page for older moments."""
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    def show(self, moments: Iterable[Moment], *, whole: bool) -> None:
        """Show another history, or the same one read again."""
        fresh = list(moments)
        self._whole = whole
        if fresh == self._moments:
            return
        self.beginResetModel()
        self._moments = fresh
        self._lines = lay_out(fresh, clock.now())
        self.endResetModel()

    def append(self, moments: Iterable[Moment], *, whole: bool) -> None:
        """Show older moments below; those that are here already are left out."""
        known = set(self._moments)
        fresh = [moment for moment in moments if moment not in known]
        self._whole = whole or not fresh
        if not fresh:
            return
        self._moments += fresh
        lines = lay_out(self._moments, clock.now())
        before = len(self._lines)
        self._lines[-1:] = lines[before - 1 : before]  # it is not the last of its month any more, perhaps
        self.dataChanged.emit(self.index(before - 1), self.index(before - 1))
        self.beginInsertRows(QModelIndex(), before, len(lines) - 1)
        self._lines = lines
        self.endInsertRows()


def lay_out(moments: Sequence[Moment], now: datetime) -> list[TimelineLine]:
    """Moments, newest first, under headings; a ticket's status stands beside its newest mail alone."""
    lines: list[TimelineLine] = []
    heading, told = "", set[UUID | None]()
    for place, moment in enumerate(moments):
        wanted = _heading(moment.at, now)
        if wanted != heading:
            heading = wanted
            lines.append(TimelineLine(heading=heading))
        follows = place + 1 < len(moments) and _heading(moments[place + 1].at, now) == heading
        fresh = moment.kind == "mail" and moment.ticket not in told
        if fresh:
            told.add(moment.ticket)
        lines.append(TimelineLine(moment=moment, show_status=fresh and bool(moment.status), last=not follows))
    return lines


def _heading(at: datetime, now: datetime) -> str:
    day, today = at.astimezone().date(), now.astimezone().date()
    if day >= today - timedelta(days=today.weekday()):
        return tr("This week")
    return month_text(at)


def words_of(moment: Moment) -> tuple[str, str]:
    """The title of a moment and the line beneath it."""
    quoted = tr("“{text}”", text=moment.line) if moment.line else ""
    title = moment.title or tr("No subject")
    who = moment.who
    if moment.kind == "mail":
        if moment.what == "in":
            return title, quoted
        return title, tr("{who}: {text}", who=who, text=moment.line) if who else moment.line
    if moment.kind == "note":
        return (tr("Note by {who}", who=who) if who else tr("Note")), moment.line
    if moment.kind == "survey":
        if moment.what == "answered":
            return tr("Scored {score} for “{title}”", score=moment.score, title=title), quoted
        return tr("Asked how we did"), title
    return _ticket_words(moment), title


def _ticket_words(moment: Moment) -> str:
    number, who = moment.number, moment.who
    said = {
        "created": tr("Ticket #{number} began", number=number),
        "solved": tr("Ticket #{number} solved", number=number),
        "closed": tr("Ticket #{number} closed", number=number),
        "reopened": tr("Ticket #{number} opened again", number=number),
    }.get(moment.what, tr("Ticket #{number}", number=number))
    return tr("{what} by {who}", what=said, who=who) if who and moment.what != "created" else said
