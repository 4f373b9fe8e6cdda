"""Status, assignment, priority and the other fields of tickets; the state machine at work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.people.commands import mark_action, organisation_of
from app.people.rules import EventKind
from app.people.tables import Agent, Customer
from app.states.queries import StateInfo, default_states, offered_states, state_named
from app.tickets.commands.custom import need_fields
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row, reindex
from app.tickets.facts import TicketClosed, TicketReopened, TicketSolved
from app.tickets.rules import DONE, Status, as_priority, tidy_subject
from app.tickets.tables import Ticket

CLOSE_STEP: Final = 100
FIELDS: Final = ("subject", "team", "due_at", "snooze_until", "follow_up", "custom", "mailbox", "customer")


def set_status(tx: Tx, tickets: Tickets, status: str) -> Changed:
    """Put one or several tickets into a status: a category, or one of the desk's own by name or key (`app.states`).

    Raises UserError for a word that is none, FieldsMissingError for one to be solved that lacks what it needs.
    """
    wanted = status_meant(tx, status)
    tickets = [tickets] if isinstance(tickets, UUID) else list(tickets)
    need_fields(tx, each_row(tx, tickets), wanted.category)
    return _each(tx, tickets, lambda row: apply_status(tx, row, Status(wanted.category), chosen=wanted))


def assign(tx: Tx, tickets: Tickets, agent: UUID | None) -> Changed:
    """Give tickets to an agent, or (None) to nobody. Raises NotFoundError."""
    if agent is not None and tx.get(Agent, agent) is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)
    return _each(tx, tickets, lambda row: change(tx, row, "assignee", agent))


def set_priority(tx: Tx, tickets: Tickets, priority: str) -> Changed:
    """Say how much tickets press. Raises UserError for a word that is none."""
    wanted = str(as_priority(priority))
    return _each(tx, tickets, lambda row: change(tx, row, "priority", wanted))


def set_follow_up(tx: Tx, tickets: Tickets, follow_up: bool) -> Changed:
    """Mark tickets as to be looked at again, or not."""
    return _each(tx, tickets, lambda row: change(tx, row, "follow_up", follow_up))


def set_fields(tx: Tx, tickets: Tickets, /, **fields: Any) -> Changed:
    """Set several fields at once: status, priority, assignee, or any of FIELDS. Raises UserError."""
    unknown = fields.keys() - {*FIELDS, "status", "priority", "assignee"}
    if unknown:
        msg = said("A ticket has no field “{field}”.", field=min(unknown))
        raise UserError(msg)
    return _each(tx, tickets, lambda row: _set_all(tx, row, fields))


def _set_all(tx: Tx, row: Ticket, fields: dict[str, Any]) -> bool:
    changed = False
    for field, value in fields.items():
        if field == "status":
            changed |= set_status(tx, row.id, value).tickets > 0
        elif field == "assignee":
            changed |= assign(tx, row.id, value).tickets > 0
        elif field == "priority":
            changed |= change(tx, row, field, str(as_priority(value)))
        elif field == "customer":
            changed |= _give_to(tx, row, value)
        else:
            changed |= change(tx, row, field, tidy_subject(value) if field == "subject" else value)
    if fields.keys() & {"subject", "customer"}:
        reindex(tx, row)
    return changed


def _give_to(tx: Tx, row: Ticket, customer: UUID | None) -> bool:
    """Another customer's matter; the company goes along with it."""
    if customer is not None and tx.get(Customer, customer) is None:
        msg = "There is no such customer."
        raise NotFoundError(msg)
    for one in (row.customer, customer):
        if one is not None:
            tx.touch("customer", one)
    changed = change(tx, row, "customer", customer)
    change(tx, row, "organisation", organisation_of(tx, customer), EventKind.SIDE)
    return changed


def _each(tx: Tx, tickets: Tickets, act: Any) -> Changed:
    count = sum(bool(act(row)) for row in each_row(tx, tickets))
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def status_meant(db: Session, word: str) -> StateInfo:
    """The status that a word means. Raises UserError that names them all."""
    found = state_named(db, word)
    if found is None:
        msg = said(
            "“{word}” is no status. There are: {known}.",
            word=word,
            known=", ".join(one.label for one in offered_states(db)),
        )
        raise UserError(msg)
    return found


def apply_status(
    tx: Tx, row: Ticket, status: Status, kind: EventKind = EventKind.CHANGED, *, chosen: StateInfo | None = None
) -> bool:
    """Change a status with what goes along with it (`state`, `solved_at`, `closed_at`) and tell the fact.

    `chosen`: this very one of the category; left out, a ticket that comes into it gets the desk's default.
    """
    was = row.status
    if not change(tx, row, "status", str(status), kind):
        return chosen is not None and change(tx, row, "state", chosen.id, kind)
    change(tx, row, "state", chosen.id if chosen else default_state(tx, status), EventKind.SIDE)
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    if status is Status.SOLVED:
        solved_at = tx.now
    elif status is Status.CLOSED:
        solved_at, closed_at = row.solved_at, tx.now
    change(tx, row, "solved_at", solved_at, EventKind.SIDE)
    change(tx, row, "closed_at", closed_at, EventKind.SIDE)
    if status in DONE:
        change(tx, row, "snooze_until", None, EventKind.SIDE)  # nothing is left to come back to
    tell_status(tx, row.id, was, status)
    return True


def default_state(tx: Tx, status: str) -> UUID | None:
    """What `ticket.state` becomes for a ticket that comes into this category. Asked once a transaction, for all of them."""
    known = memo(tx, "default_state")
    if not known:
        known.update(dict.fromkeys(map(str, Status)) | default_states(tx))
    found: UUID | None = known[str(status)]
    return found


def tell_status(tx: Tx, ticket: UUID, was: str, status: str) -> None:
    """Emit the fact that a change of status is."""
    if status == Status.SOLVED:
        tx.emit(TicketSolved(ticket, tx.now))
    elif status == Status.CLOSED:
        tx.emit(TicketClosed(ticket, tx.now))
    elif was in DONE:
        tx.emit(TicketReopened(ticket, tx.now))


def close_solved(tx: Tx, now: datetime | None = None) -> int:
    """Close tickets that have been solved for some days without mail (a setting; 0: never); how many, at most 100.

    The timer calls it again while it returns as many as that.
    """
    days = int(options.get(tx, "close_after_days"))
    if days <= 0:
        return 0
    tx.flush()
    before = (now or tx.now) - timedelta(days=days)
    query = (
        select(Ticket)
        .where(
            Ticket.status == literal_column("'solved'"),
            Ticket.deleted_at.is_(None),
            Ticket.merged_into.is_(None),
            Ticket.solved_at <= before,
            Ticket.last_message_at <= before,
        )
        .order_by(Ticket.solved_at)
        .limit(CLOSE_STEP)
    )
    rows = tx.scalars(query).all()
    for row in rows:
        apply_status(tx, row, Status.CLOSED, EventKind.MOVED)
    return len(rows)
