"""What merging would give, and what was merged: for looking before doing, and for taking apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.conversations.queries import messages_by_ref
from app.conversations.tables import Message
from app.fields.queries import fields
from app.people.rules import EventKind
from app.people.tables import Agent, Event
from app.tickets.queries.conversation import message_ids
from app.tickets.queries.drafts import numbers_with_drafts
from app.tickets.tables import Placement, Ticket

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class MergedLine:
    """One message of a conversation to come, and the number of the ticket that it comes from."""

    message: UUID
    number: int
    who: str
    kind: str
    direction: str
    at: datetime
    snippet: str


@dataclass(frozen=True, slots=True)
class MergePreview:
    """`count` messages in all; `lines` the first of them, in order of time. `filled`: the desk's own fields that are empty in
    the first ticket and filled by another one, each as its name and what it will say. `begun`: the numbers of the others in which
    a letter is begun; it can be gone on with in the first one.
    """

    count: int
    lines: tuple[MergedLine, ...]
    filled: tuple[tuple[str, str], ...] = ()
    begun: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What was written in the whole conversation since a ticket became part of it, apart from what came to its own number.

    `follow`: mails that answer (RFC 5322, In-Reply-To) what is the part's own, or one another of these, oldest first: they
    belong to it. `replies` of them are ours. `staying`: so many replies and notes of ours do not, or nobody can tell.
    """

    follow: tuple[UUID, ...] = ()
    replies: int = 0
    staying: int = 0


@dataclass(frozen=True, slots=True)
class MergedPart:
    """A ticket that is part of another one."""

    ticket: UUID
    number: int
    subject: str
    messages: int
    since: Meanwhile
    whole: int
    """The number of the ticket that it is part of."""


def merge_preview(db: Session, tickets: Sequence[UUID], limit: int = 200) -> MergePreview:
    """The conversation that these tickets would be together; the first of them stays."""
    numbers = dict(db.execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(tickets))).all())
    home = {message: numbers[ticket] for ticket in tickets if ticket in numbers for message in message_ids(db, ticket)}
    found: list[Any] = []
    keys = list(home)
    columns = (Message.id, Message.kind, Message.direction, Message.sender, Message.snippet, Message.occurred_at)
    for start in range(0, len(keys), _CHUNK):
        query = select(*columns, Agent.name).outerjoin(Agent, Agent.id == Message.agent)
        found += db.execute(query.where(Message.id.in_(keys[start : start + _CHUNK]))).all()
    found.sort(key=lambda row: (row.occurred_at, row.id))
    lines = tuple(
        MergedLine(
            row.id,
            home[row.id],
            row.name or next((part for part in row.sender if part), ""),
            row.kind,
            row.direction,
            row.occurred_at,
            row.snippet,
        )
        for row in found[:limit]
    )
    return MergePreview(len(found), lines, _filled(db, tickets), numbers_with_drafts(db, tickets[1:]))


def _filled(db: Session, tickets: Sequence[UUID]) -> tuple[tuple[str, str], ...]:
    custom: dict[UUID, Any] = dict(db.execute(select(Ticket.id, Ticket.custom).where(Ticket.id.in_(tickets))).all())
    held = [custom.get(key) or {} for key in tickets]
    if not any(held[1:]):
        return ()
    filled = {key: value for one in reversed(held[1:]) for key, value in one.items() if key not in held[0]}
    return tuple((one.name, one.shown(filled[one.key])) for one in fields(db) if one.key in filled)


def merged_parts(db: Session, ticket: UUID) -> tuple[MergedPart, ...]:
    """The tickets that were merged into this one and can be taken out again, by number."""
    whole = db.scalar(select(Ticket.number).where(Ticket.id == ticket)) or 0
    parts = (Ticket.merged_into == ticket, Ticket.deleted_at.is_(None))  # a split that was undone is a mere number
    query = select(Ticket.id, Ticket.number, Ticket.subject).where(*parts).order_by(Ticket.number)
    return tuple(
        MergedPart(row.id, row.number, row.subject, len(message_ids(db, row.id)), meanwhile(db, row.id), whole)
        for row in db.execute(query).all()
    )


def merge_line(db: Session, ticket: UUID, into: UUID) -> Event | None:
    """The line of history that tells of the merge that holds now."""
    merged = select(Event).where(Event.ticket == ticket, Event.kind == EventKind.MERGED).order_by(Event.id.desc())
    return next((line for line in db.scalars(merged) if line.new == str(into)), None)


def meanwhile(db: Session, ticket: UUID) -> Meanwhile:
    """What was written since this ticket became part of another one. Nothing for one that is not."""
    row = db.get(Ticket, ticket)
    merged = merge_line(db, ticket, row.merged_into) if row is not None and row.merged_into is not None else None
    if row is None or merged is None:
        return Meanwhile()
    whole = row
    while whole.merged_into is not None:
        whole = db.get_one(Ticket, whole.merged_into)
    own = set(message_ids(db, ticket))
    others = [key for key in message_ids(db, whole.id) if key not in own]
    written = _written_since(db, others, merged.occurred_at)
    answered = messages_by_ref(db, [one.in_reply_to for one in written if one.in_reply_to])
    follow: list[UUID] = []
    for one in written:
        if not one.placed and answered.get(one.in_reply_to) in own:
            own.add(one.id)
            follow.append(one.id)
    ours = [one.id for one in written if one.direction != "in"]
    return Meanwhile(
        tuple(follow), len([key for key in ours if key in own]), len([key for key in ours if key not in own])
    )


def _written_since(db: Session, messages: Sequence[UUID], at: datetime) -> list[Any]:
    """Of these messages those written after a moment, oldest first; `placed`: a person has said where it belongs."""
    found: list[Any] = []
    placed = and_(Placement.id == Message.id, Placement.deleted_at.is_(None))
    columns = (Message.id, Message.direction, Message.in_reply_to, Message.occurred_at, Placement.id.label("placed"))
    for start in range(0, len(messages), _CHUNK):
        query = select(*columns).outerjoin(Placement, placed).where(Message.id.in_(messages[start : start + _CHUNK]))
        found += db.execute(query.where(Message.occurred_at > at)).all()
    return sorted(found, key=lambda one: (one.occurred_at, one.id))
