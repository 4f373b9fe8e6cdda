"""The board: active tickets in columns, newest message first. Counts are exact; ids come as far as they are wanted.

There are two ways to read it. Columns by a field of the ticket are read each from an index, as far as they are looked at, so
that a large desk costs what a small one does (`board`). Where a card's place depends on more than that (tags, lanes, a filter),
all active tickets are gone through once (`sweep`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal_column, select, text, true, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from app.kernel.database.tables import Counter
from app.people.queries import agents
from app.states.queries import states
from app.tickets.rules import BOARD, NOBODY, BoardBy, LaneBy, Priority
from app.tickets.tables import Tag, Ticket, TicketTag


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column: its key (a status, an id in hex, a priority, a team, or ""), the count, its tickets in order.

    With lanes, `ids` go lane by lane, and `cells` says how many lie in each. Without, `cells` is empty.
    """

    key: str
    count: int
    ids: tuple[UUID, ...]
    cells: tuple[int, ...] = ()


Cells = dict[tuple[str, str], list[bytes]]
"""The tickets of each (column, lane), newest message first."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A condition on tickets: SQL on the alias `t`, as `app.search.filters` makes it, and its values."""

    where: str
    values: Mapping[str, object]


_RAW_ID: Any = type_coerce(Ticket.id, NullType()).label("id")
_PRESENT = and_(Ticket.deleted_at.is_(None), Ticket.merged_into.is_(None))
_ACTIVE = and_(_PRESENT, Ticket.status != literal_column("'closed'"))
_NEWEST = (Ticket.last_message_at.desc(), Ticket.id.desc())
_FIELDS: dict[str, Any] = {
    "assignee": Ticket.assignee,
    "priority": Ticket.priority,
    "team": Ticket.team,
}
_t = Ticket.__table__.alias("t")
_SWEPT: dict[str, Any] = {
    **{name: _t.c[name] for name in ("assignee", "priority", "team", "customer", "organisation")},
    "status": func.coalesce(type_coerce(_t.c.state, NullType()), _t.c.status),
    "tag": TicketTag.tag,
}


def board(
    db: Session,
    by: BoardBy | str = BoardBy.STATUS,
    *,
    keys: Sequence[str] | None = None,
    limit: int | None = None,
    counted: Mapping[str, int] | None = None,
) -> tuple[BoardColumn, ...]:
    """The columns with these `keys` (default: all there are by this field). `limit`: ids a column; the count stays whole.

    Not for tags, of which a ticket has several: see `sweep`. Counts are exact, also where ids are cut off. `counted`: what
    `card_counts` said in this reading.
    """
    kind = BoardBy(by)
    known = card_counts(db, kind) if counted is None else counted
    wanted = column_keys(db, kind, known) if keys is None else keys
    return tuple(_column(db, kind, key, known.get(key, 0), limit) for key in wanted)


def column_keys(db: Session, by: BoardBy, counted: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """All columns there are by a field, in their own order; agents without a ticket have one too. Tags: see `usual_tags`."""
    if by is BoardBy.PRIORITY:
        return tuple(str(level) for level in reversed(list(Priority)))
    if counted is None:
        counted = card_counts(db, by)
    if by is BoardBy.STATUS:
        on_board = [one for one in states(db) if one.category in BOARD]
        return tuple(one.key for one in on_board if one.id is not None or one.is_default or counted.get(one.key))
    if by is BoardBy.TEAM:
        return (NOBODY, *sorted((key for key in counted if key), key=str.casefold))
    known = [one.id.hex for one in agents(db)]
    return (NOBODY, *known, *sorted(counted.keys() - {NOBODY, *known}))


def sweep(
    db: Session, by: BoardBy, lanes: LaneBy, *, tags: Collection[str] = (), fitting: Fitting | None = None
) -> Cells:
    """Every active ticket by column and lane, in one pass. `tags`: ids (in hex) of those that count.

    A ticket with several of the tags is in several places; one with none of them is under "".
    """
    column, lane = _SWEPT[by], _SWEPT.get(lanes)
    raw = [type_coerce(one, NullType()) for one in (column, lane) if one is not None]
    active = and_(_t.c.deleted_at.is_(None), _t.c.merged_into.is_(None), _t.c.status != literal_column("'closed'"))
    query = select(type_coerce(_t.c.id, NullType()), *raw).select_from(_t).where(active)
    if "tag" in (by, lanes):
        shown = [UUID(hex=tag) for tag in tags]
        living = and_(TicketTag.ticket == _t.c.id, TicketTag.deleted_at.is_(None), TicketTag.tag.in_(shown))
        query = query.outerjoin(TicketTag, living)
    if fitting is not None:
        query = query.where(text(fitting.where))
    column_key, lane_key = _said(), _said()
    found: Cells = {}
    values = {} if fitting is None else dict(fitting.values)
    rows: Any = db.connection().execute(query.order_by(_t.c.last_message_at.desc(), _t.c.id.desc()), values)
    for row in rows:
        place = (column_key(row[1]), lane_key(row[2]) if lane is not None else NOBODY)
        found.setdefault(place, []).append(_bytes(row[0]))
    return found


def usual_tags(db: Session, most: int) -> tuple[UUID, ...]:
    """The tags that were used most, by name. Unused ones count too: a column must not go because its last card does."""
    used = func.count(TicketTag.id)
    query = (
        select(Tag.id, Tag.name)
        .outerjoin(TicketTag, and_(TicketTag.tag == Tag.id, TicketTag.deleted_at.is_(None)))
        .group_by(Tag.id)
        .order_by(used.desc(), Tag.name)
        .limit(most)
    )
    return tuple(key for key, _name in sorted(db.execute(query), key=lambda one: one[1].casefold()))


def card_counts(db: Session, by: BoardBy) -> dict[str, int]:
    """How many active tickets each column by a field holds, by its key; empty ones are left out or 0."""
    if by is BoardBy.STATUS:
        return _counts_of_states(db)
    column = _FIELDS[by]
    if by is BoardBy.TEAM:  # the index holds only those that have one
        counted = select(column, func.count()).where(_ACTIVE, column != literal_column("''")).group_by(column)
        found = {str(team): int(count) for team, count in db.execute(counted)}
        whole = db.execute(select(func.count()).select_from(Ticket).where(_ACTIVE)).scalar_one()
        return {NOBODY: whole - sum(found.values()), **found}
    counted = select(column, func.count()).where(_ACTIVE).group_by(column)
    return {_key(value): count for value, count in db.execute(counted)}


def _counts_of_states(db: Session) -> dict[str, int]:
    """The kept number of each status, less those that have one of the desk's own within it."""
    kept = select(Counter.name, Counter.value).where(Counter.name.in_([f"status:{status}" for status in BOARD]))
    found = {name.partition(":")[2]: int(count) for name, count in db.execute(kept)}
    own = select(Ticket.state, Ticket.status, func.count()).where(_PRESENT, Ticket.state.isnot(None))
    for state, status, count in db.execute(own.group_by(Ticket.state, Ticket.status)):
        if status in found:
            found[status] -= count
            found[_key(state)] = found.get(_key(state), 0) + count
    return found


def _key(value: UUID | str | None) -> str:
    return NOBODY if value is None else value.hex if isinstance(value, UUID) else str(value)


def _column(db: Session, by: BoardBy, key: str, count: int, limit: int | None) -> BoardColumn:
    if not count:
        return BoardColumn(key, 0, ())
    query = select(_RAW_ID).where(_within(by, key)).order_by(*_NEWEST)
    rows = db.connection().execute(query if limit is None else query.limit(limit))
    return BoardColumn(key, count, ids_of([_bytes(row[0]) for row in rows.all()]))


def _within(by: BoardBy, key: str) -> ColumnElement[bool]:
    if by is BoardBy.STATUS:
        if key in set(BOARD):
            return and_(_PRESENT, Ticket.status == key, Ticket.state.is_(None))
        return and_(_PRESENT, Ticket.state == UUID(hex=key), Ticket.state.isnot(None), Ticket.status.in_(BOARD))
    if by is BoardBy.PRIORITY:
        return and_(_ACTIVE, Ticket.priority == key)
    if by is BoardBy.ASSIGNEE:
        return and_(_ACTIVE, Ticket.assignee == UUID(hex=key) if key else Ticket.assignee.is_(None))
    return and_(_ACTIVE, Ticket.team == key, Ticket.team != literal_column("''") if key else true())


def ids_of(raws: Iterable[bytes]) -> tuple[UUID, ...]:
    """Ids as objects."""
    return tuple(UUID(bytes=raw) for raw in raws)


def _bytes(value: bytes | UUID) -> bytes:
    return value.bytes if isinstance(value, UUID) else value


def _said() -> Callable[[Any], str]:
    """A raw value as the key of a column or lane; each is made once."""
    known: dict[Any, str] = {None: NOBODY}

    def said(value: Any) -> str:
        key = known.get(value)
        if key is None:
            key = value.hex() if isinstance(value, bytes) else _key(value)
            known[value] = key
        return key

    return said


def tag_names(db: Session, keys: Iterable[str]) -> dict[str, str]:
    """The names of tags by their ids in hex."""
    found = db.execute(select(Tag.id, Tag.name).where(Tag.id.in_([UUID(hex=key) for key in keys])))
    return {key.hex: name for key, name in found}


def tag_choices(db: Session) -> tuple[tuple[str, str, int], ...]:
    """(id in hex, name, how many active tickets) of every tag, by name."""
    used = select(TicketTag.tag, func.count()).join(Ticket, Ticket.id == TicketTag.ticket)
    used = used.where(_ACTIVE, TicketTag.deleted_at.is_(None)).group_by(TicketTag.tag)
    counts = {row[0]: int(row[1]) for row in db.execute(used)}
    rows = db.execute(select(Tag.id, Tag.name).order_by(Tag.name))
    return tuple((key.hex, name, counts.get(key, 0)) for key, name in rows)
