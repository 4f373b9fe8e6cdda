"""The history of a ticket: who changed what, when.

A change of status is one line: the desk's own status that went along with it is told as its name. Lines of a feature's own
rows (`EventKind.ROW`) are told as what the row is called, with `field` its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.fields.queries import FieldInfo, fields
from app.people.rules import HIDDEN, EventKind
from app.people.tables import Agent, Customer, Event
from app.states.tables import State
from app.tickets.commands.rows import CUSTOM
from app.tickets.queries.conversation import conversation_ids
from app.tickets.tables import Ticket

_UNTOLD = frozenset({"id", "about", "deleted_at", "done_by"})
_HIDDEN = [str(kind) for kind in HIDDEN]
_WENT_ALONG = and_(Event.kind == EventKind.SIDE, Event.field == "state")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of history. `old` and `new` are ready to show: names for agents, customers and statuses, numbers for tickets.

    `field` is a column, `custom:` and the name of a field of the desk's own, or the table of a row.
    """

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
        .where(Event.ticket.in_(conversation_ids(db, ticket)), or_(Event.kind.notin_(_HIDDEN), _WENT_ALONG))
        .order_by(Event.occurred_at, Event.id)
    )
    rows = db.execute(query).all()
    states = {(event.action, event.ticket): event for event, _ in rows if _is_side(event)}
    shown = [(event, agent) for event, agent in rows if not _is_side(event)]
    names = _names(db, [event for event, _ in rows])
    words = Words(names, {CUSTOM + one.key: one for one in fields(db)}, _categories(db))
    lines: list[HistoryLine] = []
    for event, agent in shown:
        field, old, new = words.of(event, states.get((event.action, event.ticket)))
        lines.append(
            HistoryLine(
                id=event.id,
                at=event.occurred_at,
                kind=event.kind,
                field=field,
                old=old,
                new=new,
                agent=event.agent,
                agent_name=agent or "",
                command=event.name,
                action=event.action,
                ticket=event.ticket,
            )
        )
    return tuple(lines)


def _is_side(event: Event) -> bool:
    return event.kind == EventKind.SIDE


@dataclass(frozen=True, slots=True)
class Words:
    """What ids and keys in the lines are called."""

    names: dict[str, str]
    fields: dict[str, FieldInfo]
    categories: dict[str, str]
    """Of the desk's own statuses: what a change among them began or ended with, where it was the built-in one."""

    def of(self, event: Event, state: Event | None) -> tuple[str, Any, Any]:
        """(field, old, new) of a line, ready to show; `state`: the status of the desk's own that went along with it."""
        if event.kind == EventKind.ROW:
            return event.field, _row_words(event.old), _row_words(event.new)
        if event.field.startswith(CUSTOM):
            info = self.fields.get(event.field)
            if info is None:
                return CUSTOM, event.old, event.new
            return f"custom:{info.name}", info.shown(event.old) or None, info.shown(event.new) or None
        old, new = self._name(event.old), self._name(event.new)
        if event.field == "state":
            return event.field, old or self.categories.get(event.new), new or self.categories.get(event.old)
        if event.field == "status" and state is not None:
            old, new = self._name(state.old) or old, self._name(state.new) or new
        return event.field, old, new

    def _name(self, value: Any) -> Any:
        return self.names.get(value, value) if isinstance(value, str) else value


def _categories(db: Session) -> dict[str, str]:
    return {str(key): category for key, category in db.execute(select(State.id, State.category))}


def _row_words(row: Any) -> Any:
    """What a row is called (`name`) and the columns that changed; None where it is not there."""
    if not isinstance(row, dict) or row.get("deleted_at") is not None or "absent" in row:
        return None
    told = {name: value for name, value in row.items() if name not in _UNTOLD}
    if "done_at" in told:
        told["done_at"] = told["done_at"] is not None
    return {"name": row.get("about", ""), **told}


def _names(db: Session, events: list[Event]) -> dict[str, str]:
    """What the ids in the lines are called."""
    wanted: dict[str, set[UUID]] = {name: set() for name in ("assignee", "customer", "merged_into", "merged", "state")}
    for event in events:
        if event.field in wanted:
            wanted[event.field].update(UUID(value) for value in (event.old, event.new) if value)
    found: dict[str, str] = {}
    for model, keys in ((Agent, wanted["assignee"]), (Customer, wanted["customer"]), (State, wanted["state"])):
        rows = db.execute(select(model.id, model.name).where(model.id.in_(keys))) if keys else ()
        found.update({str(key): name for key, name in rows if name})
    merged = wanted["merged_into"] | wanted["merged"]
    numbers = db.execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(merged))) if merged else ()
    found.update({str(key): f"#{number}" for key, number in numbers})
    return found
