"""Deleting into the Bin, restoring, and erasing for good after thirty days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select

from app.conversations.commands import settle_message
from app.conversations.tables import Message
from app.index import commands as index
from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.people.commands import mark_action, record_event
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row, ticket_row
from app.tickets.queries.conversation import conversation_ids, message_ids
from app.tickets.rules import NOWHERE, SPAM
from app.tickets.tables import (
    ChecklistItem,
    Follower,
    Placement,
    Seen,
    Ticket,
    TicketLink,
    TicketRef,
    TicketTag,
    TimeEntry,
)


def delete_ticket(tx: Tx, tickets: Tickets) -> Changed:
    """Put one or several tickets into the Bin: out of every list and count, but nothing is lost."""
    rows = [row for row in each_row(tx, tickets) if row.deleted_at is None]
    for row in rows:
        change(tx, row, "deleted_at", tx.now, EventKind.DELETED)
    return _done(tx, len(rows))


def restore_ticket(tx: Tx, tickets: Tickets) -> Changed:
    """Take tickets out of the Bin."""
    rows = [row for row in each_row(tx, tickets) if row.deleted_at is not None]
    for row in rows:
        change(tx, row, "deleted_at", None, EventKind.RESTORED)
        if row.outcome == SPAM:
            change(tx, row, "outcome", "")
    return _done(tx, len(rows))


def overdue_in_bin(tx: Tx, limit: int) -> tuple[UUID, ...]:
    """Tickets that have lain in the Bin for as long as the desk wants, the oldest first. None while that is switched off."""
    days = int(options.get(tx, "bin_days"))
    if days <= 0:
        return ()
    query = select(Ticket.id).where(
        Ticket.deleted_at.is_not(None),
        Ticket.deleted_at <= tx.now - timedelta(days=days),
        or_(Ticket.merged_into.is_(None), Ticket.merged_into == NOWHERE),
    )
    return tuple(tx.scalars(query.order_by(Ticket.deleted_at, Ticket.id).limit(limit)))


def messages_to_erase(tx: Tx, whole: Sequence[UUID]) -> tuple[UUID, ...]:
    """The messages that go with tickets: their own and those placed in them. What was placed elsewhere moves there for good."""
    placed = select(Placement.id, Placement.ticket).where(Placement.deleted_at.is_(None))
    own = set(tx.scalars(select(Message.id).where(Message.ticket.in_(whole))))
    brought = {row.id for row in tx.execute(placed.where(Placement.ticket.in_(whole)))}
    elsewhere = {
        row.id: row.ticket
        for row in tx.execute(placed.where(Placement.id.in_(own), Placement.ticket.not_in([*whole, NOWHERE])))
    }
    for message, ticket in elsewhere.items():
        settle_message(tx, message, ticket)
    return tuple((own - elsewhere.keys()) | brought)


def erase_placements(tx: Tx, messages: Sequence[UUID]) -> None:
    """Forget where erased messages were shown."""
    tx.execute(delete(Placement).where(Placement.id.in_(messages)), execution_options={"changes": ()})


def erase_rows(tx: Tx, whole: Sequence[UUID]) -> None:
    """Take away tickets whose messages are gone: their history, tags, links, numbers, and their words in the index."""
    quietly: dict[str, Any] = {"changes": [("ticket", key) for key in whole]}
    for table, where in (
        (TicketTag, TicketTag.ticket.in_(whole)),
        (TicketLink, or_(TicketLink.ticket.in_(whole), TicketLink.other.in_(whole))),
        (Seen, Seen.ticket.in_(whole)),
        (ChecklistItem, ChecklistItem.ticket.in_(whole)),
        (TimeEntry, TimeEntry.ticket.in_(whole)),
        (Follower, Follower.ticket.in_(whole)),
        (Placement, Placement.ticket.in_(whole)),
        (TicketRef, TicketRef.number.in_([ticket_row(tx, key).number for key in whole])),
        (Event, Event.ticket.in_(whole)),
    ):
        tx.execute(delete(table).where(where), execution_options=quietly)
    for key in whole:
        index.remove(tx, "ticket", key)
        tx.delete(ticket_row(tx, key))
    memo(tx, "ticket").clear()
    tx.flush()


def is_untouched(tx: Tx, ticket: UUID, action: UUID) -> bool:
    """Lies in this ticket of the Bin nothing that a person did or wrote, but for `action` and what takes it back now?"""
    row = tx.get(Ticket, ticket)
    if row is None or row.deleted_at is None or row.merged_into is not None or conversation_ids(tx, ticket) != [ticket]:
        return False
    others = select(Event.id).where(Event.ticket == ticket, Event.action.not_in([action, tx.action]))
    placed = select(Placement.id).where(Placement.ticket == ticket)
    linked = select(TicketLink.id).where(TicketLink.other == ticket)
    return not any(tx.execute(query.limit(1)).first() for query in (others, placed, linked)) and not message_ids(
        tx, ticket
    )


def forget_opening(tx: Tx, message: UUID, action: UUID) -> None:
    """The ticket that `action` opened by a mail was erased: of the action only stays that its mail was called back."""
    by, tx.action = tx.action, action
    try:
        record_event(tx, EventKind.REPLIED, field="message", new=str(message))
    finally:
        tx.action = by


def _done(tx: Tx, count: int) -> Changed:
    if count:
        mark_action(tx)
    return Changed(tx.action, count)
