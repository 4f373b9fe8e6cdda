"""How a ticket stands, read and summed up plainly: for what runs for every mail that arrives.

A unit of work for each mail would halve the pace of receiving. So the few columns that a mail needs are read and
written as a plain row, unless somebody in this transaction works on the ticket's own row: then that one is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm.util import identity_key

from app.kernel.errors import NotFoundError
from app.kernel.memo import memo
from app.kernel.store import Tx
from app.tickets.rules import HISTORY, Status
from app.tickets.tables import Ticket


class Standing(Protocol):
    """What can be read of a ticket here. Never to be written to."""

    id: Any
    number: Any
    status: Any
    outcome: Any
    customer: Any
    created_at: Any
    first_reply_at: Any
    closed_at: Any
    deleted_at: Any
    merged_into: Any
    snooze_until: Any
    snippet: Any
    message_count: Any
    has_attachment: Any
    last_message_at: Any
    last_incoming_at: Any


@dataclass(frozen=True, slots=True)
class Added:
    """A message that joins a ticket. `came_at`: when we learnt of it."""

    direction: str
    at: datetime
    snippet: str
    has_attachment: bool
    came_at: datetime


_columns = Ticket.__table__.c
_READ = select(*(_columns[name] for name in Standing.__annotations__)).where(_columns.id == bindparam("key"))
_SUMMARY: Final = (
    "snippet", "message_count", "has_attachment", "last_message_at", "last_incoming_at",
    "created_at", "closed_at", "first_reply_at",
)  # fmt: skip
_WRITE = (
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(_columns.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _SUMMARY})
)


def standing(tx: Tx, ticket: UUID) -> Standing:
    """How the ticket stands that `ticket` has become by merging. Raises NotFoundError."""
    row = _one(tx, ticket)
    for _ in range(20):
        if row.merged_into is None:
            break
        row = _one(tx, row.merged_into)
    return row


def _one(tx: Tx, ticket: UUID) -> Standing:
    known: Ticket | None = memo(tx, "ticket").get(ticket) or tx.identity_map.get(identity_key(Ticket, ticket))
    if known is not None:
        return known
    row: Any = tx.connection().execute(_READ, {"key": ticket}).one_or_none()
    if row is None:
        msg = "There is no such ticket."
        raise NotFoundError(msg)
    found: Standing = row
    return found


def sum_up(tx: Tx, ticket: UUID, new: Added) -> Standing:
    """Put a message into what lists show of its ticket; how that stood before (or its row, which holds it already)."""
    row = standing(tx, ticket)
    values = _summary(row, new)
    if isinstance(row, Ticket):
        for name, value in values.items():
            setattr(row, name, value)
    else:
        tx.connection().execute(_WRITE, {"key": row.id} | {f"new_{name}": values[name] for name in _SUMMARY})
        tx.touch("ticket", row.id)
    return row


def _summary(row: Standing, new: Added) -> dict[str, Any]:
    newest = new.at >= row.last_message_at
    incoming = row.last_incoming_at
    if new.direction == "in" and (incoming is None or new.came_at > incoming):
        incoming = new.came_at
    values = {
        "snippet": new.snippet if newest or not row.snippet else row.snippet,
        "message_count": row.message_count + 1,
        "has_attachment": row.has_attachment or new.has_attachment,
        "last_message_at": new.at if newest else row.last_message_at,
        "last_incoming_at": incoming,
        "created_at": row.created_at,
        "closed_at": row.closed_at,
        "first_reply_at": row.first_reply_at,
    }
    if row.outcome == HISTORY:
        _move_ends(row, new, values)
    return values


def _move_ends(row: Standing, new: Added, values: dict[str, Any]) -> None:
    """History arrives in any order: a ticket's beginning and end move while it does."""
    values["created_at"] = min(row.created_at, new.at)
    if row.status == Status.CLOSED:
        values["closed_at"] = values["last_message_at"]
    if new.direction == "out":
        values["first_reply_at"] = min(row.first_reply_at or new.at, new.at)
