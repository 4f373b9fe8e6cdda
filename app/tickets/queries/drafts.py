"""What is being written in a ticket: begun in itself, or in one that has become part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.outbox.drafts import DraftView, drafts_in
from app.outbox.tables import Draft
from app.tickets.queries.conversation import conversation_ids
from app.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft, and the number of the ticket in which it was begun."""

    draft: DraftView
    number: int


def begun_in(db: Session, ticket: UUID, agent: UUID | None) -> tuple[Begun, ...]:
    """What an agent is writing in a ticket as it is now: what was begun in itself first, else the newest first."""
    found = drafts_in(db, conversation_ids(db, ticket), agent)
    homes = select(Ticket.id, Ticket.number).where(Ticket.id.in_({one.ticket for one in found}))
    numbers = dict(db.execute(homes).all()) if found else {}
    return tuple(Begun(one, numbers[one.ticket]) for one in found if one.ticket is not None)


def numbers_with_drafts(db: Session, tickets: Sequence[UUID]) -> tuple[int, ...]:
    """The numbers of those of these tickets in which somebody is writing something, their parts included."""
    having = {
        ticket: select(Draft.id).where(Draft.ticket.in_(conversation_ids(db, ticket)), Draft.deleted_at.is_(None))
        for ticket in tickets
    }
    found = [ticket for ticket, query in having.items() if db.execute(query.limit(1)).first() is not None]
    return tuple(db.scalars(select(Ticket.number).where(Ticket.id.in_(found)).order_by(Ticket.number)))
