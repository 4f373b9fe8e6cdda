"""What a list row or a board card paints, and everything of one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.database.types import Id
from app.outbox.rules import TRIES_OF_THE_FIRST_HOUR, TROUBLE
from app.outbox.tables import Draft, Outbox
from app.people.queries import living_customer
from app.people.tables import Agent, Customer, Identity, Organisation
from app.states.queries import StateNames, state_names
from app.tickets.queries.wordless import Preview, previews
from app.tickets.rules import NOWHERE, TO_DO
from app.tickets.tables import ChecklistItem, Seen, Tag, Ticket, TicketLink, TicketRef, TicketTag

_CHUNK = 500

# Made once and on the plain tables, and one statement for all that a row paints: a page of a list must not pay for building
# queries, for naming its ids again and again, or for making objects of rows.
_t, _c, _a, _s = Ticket.__table__.c, Customer.__table__.c, Agent.__table__.c, Seen.__table__.c
_o, _i, _k = Outbox.__table__.c, Identity.__table__.c, ChecklistItem.__table__.c
_g, _n, _d = TicketTag.__table__.c, Tag.__table__.c, Draft.__table__.c
_BETWEEN = "\x1f"
_TAGS = (
    select(func.aggregate_strings(_n.name, _BETWEEN))
    .join_from(TicketTag.__table__, Tag.__table__, _n.id == _g.tag)
    .where(_g.ticket == _t.id, _g.deleted_at.is_(None))
)
_own = select(_t.id.label("id")).correlate(Ticket.__table__).cte("part", recursive=True, nesting=True)
_m = Ticket.__table__.alias("merged").c
_part = _own.union(select(_m.id).where(_m.merged_into == _own.c.id))
_DRAFT = exists().where(_d.ticket == _part.c.id, _d.agent == bindparam("agent", type_=Id), _d.deleted_at.is_(None))
_PROBLEM = (
    select(_o.state)
    .where(
        _o.ticket == _part.c.id,
        or_(
            _o.state.in_([str(state) for state in TROUBLE]),
            and_(_o.state == "retry", _o.attempts > TRIES_OF_THE_FIRST_HOUR),
        ),
    )
    .order_by(_o.id.desc())
    .limit(1)
)
_ITEMS = select(func.count()).where(_k.ticket == _t.id, _k.deleted_at.is_(None))
# The kind is not said plainly: by it SQLite would read every address there is to find a few.
_ADDRESS = (
    select(_i.shown)
    .where(_i.customer == _t.customer, _i.kind.concat("") == "email")
    .order_by(_i.dead_at.isnot(None), _i.created_at, _i.id)
    .limit(1)
)
_ROWS = (
    select(
        _t.id, _t.number, _t.subject, _t.status, _t.state, _t.priority, _t.channel, _t.customer, _t.assignee, _t.team, _t.snippet,
        _t.message_count, _t.has_attachment, _t.follow_up, _t.created_at, _t.last_message_at, _t.last_incoming_at,
        _t.due_at, _t.snooze_until, _t.deleted_at,
        _c.name.label("customer_name"), _a.name.label("assignee_name"), _s.at.label("seen_at"),
        _ADDRESS.scalar_subquery().label("address"), _TAGS.scalar_subquery().label("tags"),
        _PROBLEM.scalar_subquery().label("problem"), _ITEMS.scalar_subquery().label("items"),
        _ITEMS.where(_k.done_at.isnot(None)).scalar_subquery().label("done"),
        _DRAFT.label("draft"),
    )
    .select_from(
        Ticket.__table__.outerjoin(Customer.__table__, _c.id == _t.customer)
        .outerjoin(Agent.__table__, _a.id == _t.assignee)
        .outerjoin(Seen.__table__, (_s.ticket == _t.id) & (_s.agent == bindparam("agent", type_=Id)))
    )
    .where(_t.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket in a list. `customer_name` is the address where there is no name; `problem`: an outbox state, or empty."""

    id: UUID
    number: int
    subject: str
    status: str
    priority: str
    channel: str
    customer: UUID | None
    customer_name: str
    customer_address: str
    assignee: UUID | None
    assignee_name: str
    team: str
    tags: tuple[str, ...]
    snippet: str
    messages: int
    has_attachment: bool
    unread: bool
    follow_up: bool
    problem: str
    created_at: datetime
    last_message_at: datetime
    due_at: datetime | None
    snooze_until: datetime | None
    deleted_at: datetime | None
    state: UUID | None = None
    """The desk's own status within `status`, None the built-in one; `state_name` and `state_colour`: "" where it has its own."""
    state_name: str = ""
    state_colour: str = ""
    checklist: tuple[int, int] = (0, 0)
    """(done, all)."""
    draft: bool = False
    """Has the agent who asks begun something here that is not sent?"""
    encrypted: bool = False
    """Can nobody read here what was written last?"""


@dataclass(frozen=True, slots=True)
class LinkView:
    """Another ticket that may belong to this one; `message` is the mail that said so."""

    kind: str
    ticket: UUID
    number: int
    subject: str
    status: str
    message: UUID | None


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """Everything of one ticket but its messages and history. `numbers`: this one's and those merged into it."""

    row: TicketRow
    organisation: UUID | None
    organisation_name: str
    mailbox: UUID | None
    outcome: str
    first_reply_at: datetime | None
    solved_at: datetime | None
    closed_at: datetime | None
    last_incoming_at: datetime | None
    merged_into: UUID | None
    numbers: tuple[int, ...]
    links: tuple[LinkView, ...]
    custom: dict[str, Any]

    @property
    def id(self) -> UUID:
        """The ticket's id."""
        return self.row.id

    @property
    def number(self) -> int:
        """The ticket's number."""
        return self.row.number


def ticket_rows(db: Session, ids: Sequence[UUID], agent: UUID | None = None) -> tuple[TicketRow, ...]:
    """The rows of these tickets, in this order; what does not exist is left out. `agent`: who has (not) read them."""
    found: dict[UUID, TicketRow] = {}
    for start in range(0, len(ids), _CHUNK):
        found |= _rows(db, ids[start : start + _CHUNK], agent)
    return tuple(found[key] for key in ids if key in found)


def _rows(db: Session, ids: Sequence[UUID], agent: UUID | None) -> dict[UUID, TicketRow]:
    rows = db.connection().execute(_ROWS, {"ids": list(ids), "agent": agent}).all()
    states = state_names(db)
    silent = previews(db, rows)
    return {row.id: _row(row, states, silent.get(row.id)) for row in rows}


def _row(row: Any, states: StateNames, preview: Preview | None) -> TicketRow:
    (
        key, number, subject, status, state, priority, channel, customer, assignee, team, snippet, messages, has_attachment,
        follow_up, created_at, last_message_at, last_incoming_at, due_at, snooze_until, deleted_at, customer_name,
        assignee_name, seen_at, address, tags, problem, items, done, draft,
    ) = row  # fmt: skip
    is_news = status in TO_DO and last_incoming_at is not None
    state_name, state_colour = states.get(state) or states.get(status) or ("", "")
    return TicketRow(
        key,
        number,
        subject,
        status,
        priority,
        channel,
        customer,
        customer_name or address or "",
        address or "",
        assignee,
        assignee_name or "",
        team,
        tuple(sorted(tags.split(_BETWEEN))) if tags else (),
        preview.words if preview else snippet,
        messages,
        has_attachment,
        is_news and (seen_at is None or last_incoming_at > seen_at),
        follow_up,
        problem or "",
        created_at,
        last_message_at,
        due_at,
        snooze_until,
        deleted_at,
        state if state in states else None,
        state_name,
        state_colour,
        (done, items),
        bool(draft),
        preview is not None and preview.encrypted,
    )


_MERGED_INTO = select(Ticket.merged_into).where(Ticket.id == bindparam("key"))
_other = aliased(Ticket)
_LINKS = (
    select(TicketLink.kind, _other.id, _other.number, _other.subject, _other.status, TicketLink.message)
    .join(_other, _other.id == TicketLink.other)
    .where(TicketLink.ticket == bindparam("key"), TicketLink.deleted_at.is_(None), _other.deleted_at.is_(None))
    .where(or_(_other.merged_into.is_(None), _other.merged_into != bindparam("key")))
    .order_by(_other.number)
)


def ticket_id(db: Session, number: int) -> UUID | None:
    """The ticket that a number means today: merges are followed. None for one never given, or given to what was undone."""
    found = db.execute(select(TicketRef.ticket).where(TicketRef.number == number)).scalar()
    living = None if found is None else living_ticket(db, found)
    return None if living == NOWHERE else living


def living_ticket(db: Session, ticket: UUID) -> UUID:
    """The ticket that `ticket` was merged into, in however many steps; else itself."""
    for _ in range(20):
        following = db.scalar(_MERGED_INTO, {"key": ticket})
        if following is None:
            break
        ticket = following
    return ticket


def ticket(db: Session, key: UUID | int, agent: UUID | None = None) -> TicketDetail | None:
    """One ticket by id (as it is, merged or not) or by number (merges followed). None if there is none."""
    found = ticket_id(db, key) if isinstance(key, int) else key
    row = None if found is None else db.get(Ticket, found)
    if row is None:
        return None
    company = db.get(Organisation, row.organisation) if row.organisation else None
    return TicketDetail(
        row=ticket_rows(db, [row.id], agent)[0],
        organisation=row.organisation,
        organisation_name=company.name if company else "",
        mailbox=row.mailbox,
        outcome=row.outcome,
        first_reply_at=row.first_reply_at,
        solved_at=row.solved_at,
        closed_at=row.closed_at,
        last_incoming_at=row.last_incoming_at,
        merged_into=row.merged_into,
        numbers=_numbers(db, row),
        links=links(db, row.id),
        custom=dict(row.custom),
    )


def _numbers(db: Session, row: Ticket) -> tuple[int, ...]:
    from app.tickets.queries.conversation import conversation_ids

    parts = conversation_ids(db, row.id)[1:]
    if not parts:
        return (row.number,)
    query = select(Ticket.number).where(Ticket.id.in_(parts), Ticket.deleted_at.is_(None))  # see `merged_parts`
    return (row.number, *db.scalars(query.order_by(Ticket.number)))


def links(db: Session, key: UUID) -> tuple[LinkView, ...]:
    """Tickets that are linked with this one."""
    return tuple(LinkView(*row) for row in db.execute(_LINKS, {"key": key}))


_BELONGING = select(Customer.id).where(Customer.merged_into == bindparam("owner"))
_THEIRS = (
    select(Ticket.id)
    .where(Ticket.customer.in_(bindparam("owners")), Ticket.deleted_at.is_(None), Ticket.merged_into.is_(None))
    .order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
    .limit(bindparam("most", type_=Integer))
)


def tickets_of(db: Session, customer: UUID, limit: int | None = 200) -> tuple[UUID, ...]:
    """The tickets of a customer and of whom was merged into it, newest message first; not those in the Bin."""
    owner = living_customer(db, customer)
    owners = [owner, *db.scalars(_BELONGING, {"owner": owner})]
    return tuple(db.scalars(_THEIRS, {"owners": owners, "most": -1 if limit is None else limit}))


def tag_list(db: Session) -> tuple[tuple[str, int], ...]:
    """Every tag in use with how many tickets carry it, most used first."""
    query = (
        select(Tag.name, func.count(TicketTag.id))
        .join(TicketTag, TicketTag.tag == Tag.id)
        .where(TicketTag.deleted_at.is_(None))
        .group_by(Tag.id)
        .order_by(func.count(TicketTag.id).desc(), Tag.name)
    )
    return tuple((name, count) for name, count in db.execute(query))
