"""The lists: which tickets, in which order. How many: see `app.views.tally`. Every first page is read from an index of its own.

The conditions repeat the words of the partial indexes as literals: SQLite uses such an index only for a query that
says the same.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    false,
    func,
    literal_column,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.tickets.rules import TO_DO, Status
from app.tickets.tables import Seen, Ticket


class Pile(enum.StrEnum):
    """The lists there are."""

    ACTIVE = "active"  # neither closed nor deleted
    TO_DO = "to_do"  # new and open, not snoozed: somebody has to do something now
    UNASSIGNED = "unassigned"
    MINE = "mine"
    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"
    OVERDUE = "overdue"
    FOLLOW_UP = "follow_up"
    UNREAD = "unread"
    SNOOZED = "snoozed"
    ALL = "all"
    BIN = "bin"


@dataclass(frozen=True, slots=True)
class View:
    """A list. Unassigned, mine, overdue and unread are parts of what is to do. `agent`: whose, for `mine` and `unread`. `customer`: only this one's tickets (any pile but those)."""

    pile: Pile = Pile.ACTIVE
    agent: UUID | None = None
    customer: UUID | None = None


_RAW_ID: Any = type_coerce(Ticket.id, NullType()).label("id")
_PRESENT = and_(Ticket.deleted_at.is_(None), Ticket.merged_into.is_(None))
_ACTIVE = and_(_PRESENT, Ticket.status != literal_column("'closed'"))
_IN_BIN = and_(Ticket.deleted_at.isnot(None), Ticket.merged_into.is_(None))  # a merged one is part of another
_AWAKE = Ticket.snooze_until.is_(None)
_UNANSWERED = and_(
    _ACTIVE, _AWAKE, Ticket.status != literal_column("'waiting'"), Ticket.status != literal_column("'solved'")
)


def ticket_ids(
    db: Session, view: View | None = None, limit: int | None = None, after: UUID | None = None
) -> list[UUID]:
    """The ids of a list, newest message first (overdue: most overdue first; snoozed: next to wake first; Bin: last deleted first).

    `after`: go on behind this ticket. With `limit=None` it is the whole list.
    """
    block = ticket_keys(db, view, limit, after)
    return [UUID(bytes=block[at : at + 16]) for at in range(0, len(block), 16)]


def ticket_keys(db: Session, view: View | None = None, limit: int | None = None, after: UUID | None = None) -> bytes:
    """The same ids as one block, 16 bytes each: where many are wanted, making an object of every one takes longest.

    SQLite itself joins them: every row it hands over takes Python's lock, which the window's thread wants at that moment.
    """
    if db.get_bind().dialect.name != "sqlite":
        return b"".join(_keys(db, _listed(db, view or View(), limit, after)))
    ordered = _listed(db, view or View(), -1 if limit is None else limit, after).subquery()  # a limit keeps the order
    joined = db.connection().execute(select(func.group_concat(func.hex(ordered.c.id), ""))).scalar()
    return bytes.fromhex(joined or "")


def _listed(db: Session, view: View, limit: int | None, after: UUID | None) -> Select[Any] | CompoundSelect[Any]:
    if view.pile in _MERGED:
        return _merged(db, view, limit, after)
    condition, order, ascending = _of(view)
    query = select(_RAW_ID).where(condition)
    if view.customer is not None:
        query = query.where(Ticket.customer == view.customer)
    if after is not None and (place := db.execute(select(order, Ticket.id).where(Ticket.id == after)).first()):
        key = tuple_(order, Ticket.id)
        query = query.where(key > tuple(place) if ascending else key < tuple(place))
    query = query.order_by(*((order, Ticket.id) if ascending else (order.desc(), Ticket.id.desc())))
    return query.limit(limit) if limit is not None else query


def _keys(db: Session, query: Select[Any] | CompoundSelect[Any]) -> list[bytes]:
    """The ids that a query on `_RAW_ID` gives, as the database has them: nothing is made of them but bytes."""
    found = [row[0] for row in db.connection().execute(query)]
    return [key.bytes for key in found] if found and isinstance(found[0], UUID) else found


_MERGED: Final = {
    Pile.TO_DO: (TO_DO, (_PRESENT, _AWAKE)),
    Pile.ACTIVE: (tuple(one for one in Status if one is not Status.CLOSED), (_PRESENT,)),
}
"""Lists of several statuses: each has an index in order. Asked for all of them together, SQLite looks at closed tickets, too."""


def _merged(db: Session, view: View, limit: int | None, after: UUID | None) -> CompoundSelect[Any]:
    """Lists in order, merged by the database as far as they are wanted: nothing is sorted as a whole."""
    place = db.execute(select(Ticket.last_message_at, Ticket.id).where(Ticket.id == after)).first() if after else None
    parts: list[Select[Any]] = []
    statuses, where = _MERGED[view.pile]
    for status in statuses:
        one = Ticket.status == literal_column(f"'{status}'")
        part = select(_RAW_ID, Ticket.last_message_at).where(*where, one)
        if view.customer is not None:
            part = part.where(Ticket.customer == view.customer)
        if place is not None:
            part = part.where(tuple_(Ticket.last_message_at, Ticket.id) < tuple(place))
        parts.append(part)
    both = union_all(*parts)
    ordered = both.order_by(both.selected_columns.last_message_at.desc(), both.selected_columns.id.desc())
    return ordered.limit(limit) if limit is not None else ordered


def _of(view: View) -> tuple[ColumnElement[bool], InstrumentedAttribute[Any], bool]:
    """(condition, the column that orders, whether ascending) of a list."""
    newest: InstrumentedAttribute[Any] = Ticket.last_message_at
    pile = view.pile
    if str(pile) in set(Status):
        return and_(_PRESENT, Ticket.status == str(pile)), newest, False
    if pile is Pile.BIN:
        return _IN_BIN, Ticket.deleted_at, False
    if pile is Pile.OVERDUE:
        return _overdue(clock.now()), Ticket.due_at, True
    if pile is Pile.SNOOZED:
        return and_(_ACTIVE, Ticket.snooze_until.isnot(None)), Ticket.snooze_until, True
    if pile is Pile.UNREAD:
        return _news_for(view.agent), Ticket.last_incoming_at, False
    conditions: dict[Pile, ColumnElement[bool]] = {
        Pile.ACTIVE: _ACTIVE,
        Pile.TO_DO: _UNANSWERED,
        Pile.UNASSIGNED: and_(_UNANSWERED, Ticket.assignee.is_(None)),
        Pile.MINE: and_(_UNANSWERED, Ticket.assignee == view.agent) if view.agent else false(),  # nobody has none
        Pile.FOLLOW_UP: and_(_PRESENT, Ticket.follow_up == true()),
        Pile.ALL: _PRESENT,
    }
    return conditions[pile], newest, False


def _overdue(now: datetime) -> ColumnElement[bool]:
    return and_(_UNANSWERED, Ticket.due_at.isnot(None), Ticket.due_at <= now)


def _news_for(agent: UUID | None) -> ColumnElement[bool]:
    seen = select(Seen.at).where(Seen.ticket == Ticket.id, Seen.agent == agent).scalar_subquery()
    return and_(_UNANSWERED, Ticket.last_incoming_at.isnot(None), Ticket.last_incoming_at > func.coalesce(seen, 0))


def view_named(name: str, agent: UUID | None = None) -> View:
    """The list that a name means. Raises UserError."""
    try:
        return View(Pile(name), agent)
    except ValueError:
        msg = said("There is no list “{name}”.", name=name)
        raise UserError(msg) from None


@dataclass(frozen=True, slots=True)
class BinRow:
    """A deleted ticket."""

    id: UUID
    number: int
    subject: str
    status: str
    deleted_at: datetime
    messages: int


def bin_rows(db: Session, limit: int | None = None) -> tuple[BinRow, ...]:
    """What is in the Bin, last deleted first."""
    query = select(Ticket).where(_IN_BIN).order_by(Ticket.deleted_at.desc(), Ticket.id.desc()).limit(limit)
    return tuple(
        BinRow(row.id, row.number, row.subject, row.status, row.deleted_at, row.message_count)
        for row in db.scalars(query)
        if row.deleted_at is not None
    )
