"""What is new in the tickets that an agent follows: what customers wrote, and what colleagues did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.people.rules import EventKind
from app.people.tables import Agent, Customer, Event
from app.tickets.tables import Follower, Ticket

_FIELDS: Final = ("status", "state", "assignee", "priority", "due_at", "merged_into", "deleted_at")
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class FollowedNews:
    """Something new in a followed ticket. `what`: in (the customer wrote), replied, noted, changed; `who` did it."""

    ticket: UUID
    number: int
    subject: str
    what: str
    who: str
    at: datetime


def followed_news(db: Session, agent: UUID, since: datetime) -> tuple[FollowedNews, ...]:
    """What happened after `since` in tickets that `agent` follows, but for what they did themselves; oldest first."""
    mine = and_(Follower.agent == agent, Follower.deleted_at.is_(None))
    wrote = (
        select(Ticket.id, Ticket.number, Ticket.subject, Customer.name, Ticket.last_incoming_at)
        .join(Follower, Follower.ticket == Ticket.id)
        .outerjoin(Customer, Customer.id == Ticket.customer)
        .where(mine, Ticket.last_incoming_at > since)
        .limit(_MOST)
    )
    told = or_(Event.kind.in_((EventKind.REPLIED, EventKind.NOTED)), Event.field.in_(_FIELDS))
    did = (
        select(Ticket.id, Ticket.number, Ticket.subject, Event.kind, Agent.name, Event.occurred_at)
        .join(Follower, Follower.ticket == Ticket.id)
        .join(Event, Event.ticket == Ticket.id)
        .join(Agent, Agent.id == Event.agent)
        .where(mine, Event.occurred_at > since, Event.agent != agent, told)
        .order_by(Event.id)
        .limit(_MOST)
    )
    found = [
        FollowedNews(row[0], row[1], row[2], "in", row[3] or "", row[4])
        for row in db.execute(wrote)
        if row[4] is not None
    ]
    for row in db.execute(did):
        what = {"replied": "replied", "noted": "noted"}.get(row[3], "changed")
        found.append(FollowedNews(row[0], row[1], row[2], what, row[4], row[5]))
    return tuple(sorted(found, key=lambda one: one.at))
