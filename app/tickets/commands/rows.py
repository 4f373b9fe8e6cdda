"""Finding a ticket's row, and changing one of its fields with its history. All other commands go through here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.fields.queries import fields
from app.fields.rules import Kind
from app.index import commands as index
from app.kernel.database.base import Base
from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.database.types import Id, Utc
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.commands import record_event
from app.people.rules import EventKind
from app.tickets.tables import Tag, Ticket, TicketTag

Tickets = UUID | Iterable[UUID]
"""One ticket or several: all verbs that a list's selection can do take both."""

CUSTOM: Final = "custom."
"""Before the key of a ticket's own field: so the history calls it."""


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
        msg = said("Ticket #{number} is in the Bin. Restore it first.", number=str(row.number))
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


def from_plain(field: str, value: Any, model: type[Base] = Ticket) -> Any:
    """A value of history as the column holds it."""
    kind = model.__table__.c[field].type
    if value is None:
        return None
    if isinstance(kind, Utc):
        return datetime.fromisoformat(value)
    return UUID(value) if isinstance(kind, Id) else value


def change_custom(tx: Tx, row: Ticket, key: str, value: Any, kind: EventKind = EventKind.CHANGED) -> bool:
    """Set one of a ticket's own fields (plain data; None: it is empty) and write its history; False when it is so already."""
    old = custom_value(row, key)
    if old == value:
        return False
    rest = {name: held for name, held in row.custom.items() if name != key}
    row.custom = rest if value is None else {**rest, key: value}
    record_event(tx, kind, ticket=row.id, field=CUSTOM + key, old=old, new=value)
    return True


def custom_value(row: Ticket, key: str) -> Any:
    """What stands in one of a ticket's own fields; None when nothing does."""
    return row.custom.get(key)


def reindex(tx: Tx, row: Ticket) -> None:
    """Put a ticket's subject, number, tags and what stands in the desk's own fields into the index again."""
    words = [*tag_names(tx, row.id), *own_words(tx, row)]
    index.put(tx, [ticket_doc(row.id, row.number, row.subject, row.customer, row.created_at, words)])


def own_words(tx: Tx, row: Ticket) -> list[str]:
    """What stands in the desk's own fields of a ticket, choices by their names."""
    if not row.custom:
        return []
    return [words for one in fields(tx) if (words := one.shown(row.custom.get(one.key))) and one.kind != Kind.CHECKBOX]


def ticket_doc(
    ticket: UUID, number: int, subject: str, customer: UUID | None, at: datetime, words: Iterable[str] = ()
) -> index.Doc:
    """What is indexed of a ticket itself; `words`: tags and the like."""
    extra = " ".join((f"#{number}", str(number), *words))
    return index.Doc("ticket", ticket, title=subject, extra=extra, ticket=ticket, customer=customer, occurred_at=at)


def tag_names(tx: Tx, ticket: UUID) -> list[str]:
    """The tags of a ticket, sorted. Flushes."""
    tx.flush()
    query = select(Tag.name).join(TicketTag, TicketTag.tag == Tag.id)
    return sorted(tx.scalars(query.where(TicketTag.ticket == ticket, TicketTag.deleted_at.is_(None))))
