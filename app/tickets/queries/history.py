"""The history of a ticket: who changed what, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.rules import HIDDEN
from app.people.tables import Agent, Customer, Event
from app.tickets.queries.conversation import conversation_ids
from app.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of history. `old` and `new` are ready to show: names for agents and customers, numbers for tickets."""

    id: UUID
    at: datetime
    kind: str
    field: str
    old: Any
    new: Any
    agent: UUID | None
    agent_name: str
    command: str
    action: UUID
    ticket: UUID | None


def history(db: Session, ticket: UUID) -> tuple[HistoryLine, ...]:
    """What happened to a ticket and to what was merged into it, oldest first."""
    query = (
        select(Event, Agent.name)
        .outerjoin(Agent, Agent.id == Event.agent)
        .where(Event.ticket.in_(conversation_ids(db, ticket)), Event.kind.notin_([str(kind) for kind in HIDDEN]))
        .order_by(Event.occurred_at, Event.id)
    )
    rows = db.execute(query).all()
    names = _names(db, [event for event, _ in rows])
    return tuple(
        HistoryLine(
            id=event.id,
            at=event.occurred_at,
            kind=event.kind,
            field=event.field,
            old=_shown(event.old, names),
            new=_shown(event.new, names),
            agent=event.agent,
            agent_name=agent or "",
            command=event.name,
            action=event.action,
            ticket=event.ticket,
        )
        for event, agent in rows
    )


def _shown(value: Any, names: dict[str, str]) -> Any:
    return names.get(value, value) if isinstance(value, str) else value


def _names(db: Session, events: list[Event]) -> dict[str, str]:
    """What the ids in the lines are called."""
    wanted: dict[str, set[UUID]] = {"assignee": set(), "customer": set(), "merged_into": set(), "merged": set()}
    for event in events:
        if event.field in wanted:
            wanted[event.field].update(UUID(value) for value in (event.old, event.new) if value)
    found: dict[str, str] = {}
    for model, keys in ((Agent, wanted["assignee"]), (Customer, wanted["customer"])):
        rows = db.execute(select(model.id, model.name).where(model.id.in_(keys))) if keys else ()
        found.update({str(key): name for key, name in rows if name})
    merged = wanted["merged_into"] | wanted["merged"]
    numbers = db.execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(merged))) if merged else ()
    found.update({str(key): f"#{number}" for key, number in numbers})
    return found
