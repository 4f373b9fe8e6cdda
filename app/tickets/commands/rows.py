"""Finding a ticket's row, and changing one of its fields with its history. All other commands go through here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.index import commands as index
from app.kernel.errors import NotFoundError, UserError
from app.kernel.memo import memo
from app.kernel.store import Tx
from app.people.commands import record_event
from app.people.rules import EventKind
from app.tickets.tables import Tag, Ticket, TicketTag

Tickets = UUID | Iterable[UUID]
"""One ticket or several: all verbs that a list's selection can do take both."""

TIMES: Final = frozenset({"solved_at", "closed_at", "due_at", "snooze_until", "deleted_at", "first_reply_at"})
IDS: Final = frozenset({"assignee", "customer", "organisation", "mailbox", "merged_into"})


def ticket_row(tx: Tx, ticket: UUID) -> Ticket:
    """The row of a ticket, also of one made in this transaction. Raises NotFoundError."""
    known = memo(tx, "ticket")
    row: Ticket | None = known.get(ticket)
    if row is None:
        row = tx.get(Ticket, ticket)
        if row is None:
            msg = "There is no such ticket."
            raise NotFoundError(msg)
        known[ticket] = row  # a flushed row that nobody holds would be read again
    return row


def living_row(tx: Tx, ticket: UUID) -> Ticket:
    """The row of the ticket that `ticket` has become by merging."""
    row = ticket_row(tx, ticket)
    for _ in range(20):
        if row.merged_into is None:
            break
        row = ticket_row(tx, row.merged_into)
    return row


def usable_row(tx: Tx, ticket: UUID) -> Ticket:
    """The row to write to: merges followed, not in the Bin. Raises UserError."""
    row = living_row(tx, ticket)
    if row.deleted_at is not None:
        msg = f"Ticket #{row.number} is in the Bin. Restore it first."
        raise UserError(msg)
    return row


def each_row(tx: Tx, tickets: Tickets) -> list[Ticket]:
    """The rows of one or several tickets."""
    return [ticket_row(tx, ticket) for ticket in ([tickets] if isinstance(tickets, UUID) else tickets)]


def change(tx: Tx, row: Ticket, field: str, value: Any, kind: EventKind = EventKind.CHANGED) -> bool:
    """Set a field and write its history; False when it holds that value already."""
    old = getattr(row, field)
    if old == value:
        return False
    setattr(row, field, value)
    record_event(tx, kind, ticket=row.id, field=field, old=plain(old), new=plain(value))
    return True


def plain(value: Any) -> Any:
    """A field's value as history keeps it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def from_plain(field: str, value: Any) -> Any:
    """A value of history as the field holds it."""
    if value is None:
        return None
    if field in TIMES:
        return datetime.fromisoformat(value)
    return UUID(value) if field in IDS else value


def reindex(tx: Tx, row: Ticket) -> None:
    """Put a ticket's subject, number and tags into the index again."""
    tags = tag_names(tx, row.id)
    index.put(tx, [ticket_doc(row.id, row.number, row.subject, row.customer, row.created_at, tags)])


def ticket_doc(
    ticket: UUID, number: int, subject: str, customer: UUID | None, at: datetime, tags: Iterable[str] = ()
) -> index.Doc:
    """What is indexed of a ticket itself."""
    extra = " ".join((f"#{number}", str(number), *tags))
    return index.Doc("ticket", ticket, title=subject, extra=extra, ticket=ticket, customer=customer, occurred_at=at)


def tag_names(tx: Tx, ticket: UUID) -> list[str]:
    """The tags of a ticket, sorted. Flushes."""
    tx.flush()
    query = select(Tag.name).join(TicketTag, TicketTag.tag == Tag.id)
    return sorted(tx.scalars(query.where(TicketTag.ticket == ticket, TicketTag.deleted_at.is_(None))))
