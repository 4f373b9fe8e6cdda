"""The work on a ticket: its checklist, the time spent, who follows it. What was merged into it counts along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.database.types import Id
from app.people.tables import Agent
from app.tickets.queries.conversation import conversation_ids
from app.tickets.tables import ChecklistItem, Follower, Ticket, TimeEntry


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a checklist."""

    id: UUID
    title: str
    done_at: datetime | None
    done_by: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Time spent, from `begun_at`, `seconds` long; None while the timer runs. `agent_name` is empty for the program."""

    id: UUID
    agent: UUID | None
    agent_name: str
    begun_at: datetime
    seconds: int | None
    note: str


@dataclass(frozen=True, slots=True)
class FollowerInfo:
    """An agent who is told of news."""

    agent: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """What is done for a ticket: checklist in order, times oldest first, followers by name."""

    checklist: tuple[Item, ...]
    times: tuple[Spent, ...]
    followers: tuple[FollowerInfo, ...]

    @property
    def seconds(self) -> int:
        """The sum of what is logged; a running timer is not in it yet."""
        return sum(one.seconds or 0 for one in self.times)

    @property
    def done(self) -> int:
        """How many lines of the checklist are ticked."""
        return sum(one.done_at is not None for one in self.checklist)

    def running(self, agent: UUID | None) -> Spent | None:
        """The timer of an agent that runs on this ticket."""
        return next((one for one in self.times if one.seconds is None and one.agent == agent), None)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that runs, and on which ticket."""

    entry: UUID
    ticket: UUID
    number: int
    begun_at: datetime


# Made once: all of them are asked whenever a ticket is opened.
_TIMER = (
    select(TimeEntry.id, Ticket.id, Ticket.number, TimeEntry.begun_at)
    .join(Ticket, Ticket.id == TimeEntry.ticket)
    .where(TimeEntry.seconds.is_(None), TimeEntry.deleted_at.is_(None))
    .where(TimeEntry.agent.is_not_distinct_from(bindparam("agent", type_=Id)))
    .order_by(TimeEntry.id.desc())
)
_ITEMS = (
    select(ChecklistItem.id, ChecklistItem.ticket, ChecklistItem.title, ChecklistItem.done_at, Agent.name)
    .outerjoin(Agent, Agent.id == ChecklistItem.done_by)
    .where(ChecklistItem.ticket.in_(bindparam("tickets")), ChecklistItem.deleted_at.is_(None))
    .order_by(ChecklistItem.position, ChecklistItem.id)
)
_TIMES = (
    select(TimeEntry.id, TimeEntry.agent, Agent.name, TimeEntry.begun_at, TimeEntry.seconds, TimeEntry.note)
    .outerjoin(Agent, Agent.id == TimeEntry.agent)
    .where(TimeEntry.ticket.in_(bindparam("tickets")), TimeEntry.deleted_at.is_(None))
    .order_by(TimeEntry.begun_at, TimeEntry.id)
)
_FOLLOWERS = (
    select(Agent.id, Agent.name)
    .join(Follower, Follower.agent == Agent.id)
    .where(Follower.ticket.in_(bindparam("tickets")), Follower.deleted_at.is_(None))
    .distinct()
    .order_by(Agent.name, Agent.id)
)


def work(db: Session, ticket: UUID) -> Work:
    """The work on a ticket and on what was merged into it."""
    tickets = conversation_ids(db, ticket)
    return Work(_checklist(db, tickets), _times(db, tickets), _followers(db, tickets))


def running_timer(db: Session, agent: UUID | None) -> Timer | None:
    """The timer of an agent, wherever it runs."""
    row = db.execute(_TIMER, {"agent": agent}).first()
    return None if row is None else Timer(*row)


def _checklist(db: Session, tickets: Sequence[UUID]) -> tuple[Item, ...]:
    rows = sorted(db.execute(_ITEMS, {"tickets": tickets}), key=lambda row: tickets.index(row.ticket))
    return tuple(Item(row.id, row.title, row.done_at, row.name or "") for row in rows)


def _times(db: Session, tickets: Sequence[UUID]) -> tuple[Spent, ...]:
    rows = db.execute(_TIMES, {"tickets": tickets})
    return tuple(Spent(row[0], row[1], row[2] or "", row[3], row[4], row[5]) for row in rows)


def _followers(db: Session, tickets: Sequence[UUID]) -> tuple[FollowerInfo, ...]:
    return tuple(FollowerInfo(*row) for row in db.execute(_FOLLOWERS, {"tickets": tickets}))
