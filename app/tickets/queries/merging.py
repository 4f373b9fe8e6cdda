"""What merging would give, and what was merged: for looking before doing, and for taking apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.tables import Message
from app.people.tables import Agent
from app.tickets.queries.conversation import message_ids
from app.tickets.tables import Ticket

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
    """`count` messages in all; `lines` the first of them, in order of time."""

    count: int
    lines: tuple[MergedLine, ...]


@dataclass(frozen=True, slots=True)
class MergedPart:
    """A ticket that is part of another one."""

    ticket: UUID
    number: int
    subject: str
    messages: int


def merge_preview(db: Session, tickets: Sequence[UUID], limit: int = 200) -> MergePreview:
    """The conversation that these tickets would be together."""
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
    return MergePreview(len(found), lines)


def merged_parts(db: Session, ticket: UUID) -> tuple[MergedPart, ...]:
    """The tickets that were merged into this one and can be taken out again, by number."""
    query = select(Ticket.id, Ticket.number, Ticket.subject).where(Ticket.merged_into == ticket).order_by(Ticket.number)
    return tuple(
        MergedPart(row.id, row.number, row.subject, len(message_ids(db, row.id))) for row in db.execute(query).all()
    )
