"""How a ticket stands, read and summed up plainly: for what runs for every mail that arrives.

A unit of work for each mail would halve the pace of receiving. So the few columns that a mail needs are read once a
transaction and kept; what mails change in them waits and is written once a ticket, however many mails joined it.
Where somebody in this transaction works on the ticket's own row, that one is used instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import bindparam, event, select, update

from app.kernel.database.bulk import Bulk
from app.kernel.database.in_query import InQuery
from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
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


@dataclass(slots=True)
class _Kept:
    """A ticket's columns as they are now. `fresh`: its row waits to be written for the first time, as of `written`."""

    id: UUID
    number: int
    status: str
    outcome: str
    customer: UUID | None
    created_at: datetime
    first_reply_at: datetime | None
    closed_at: datetime | None
    deleted_at: datetime | None
    merged_into: UUID | None
    snooze_until: datetime | None
    snippet: str
    message_count: int
    has_attachment: bool
    last_message_at: datetime
    last_incoming_at: datetime | None
    fresh: dict[str, Any] | None = None
    written: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """A message that joins a ticket. `came_at`: when we learnt of it."""

    direction: str
    at: datetime
    snippet: str
    has_attachment: bool
    came_at: datetime


_columns = Ticket.__table__.c
_NAMES: Final = tuple(Standing.__annotations__)
_READ = InQuery(select(*(_columns[name] for name in _NAMES)).where(_columns.id.in_(bindparam("keys", expanding=True))))
_SUMMARY: Final = (
    "snippet", "message_count", "has_attachment", "last_message_at", "last_incoming_at",
    "created_at", "closed_at", "first_reply_at",
)  # fmt: skip
_WRITE = Bulk(
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(_columns.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _SUMMARY})
)


def know_tickets(tx: Tx, tickets: Iterable[UUID]) -> None:
    """Read how these tickets stand, and those that they became by merging, before many mails ask for one after another."""
    known = _kept(tx)
    wanted = {key for key in tickets if key not in known}
    while wanted:
        keys = wanted
        for row in _READ.rows(tx, keys):
            known[row.id] = _Kept(*row)
        wanted = {into for key in keys if key in known and (into := known[key].merged_into) is not None} - known.keys()


def keep_opened(tx: Tx, row: dict[str, Any]) -> None:
    """Remember a ticket whose row (all of these columns) was just handed over to be written."""
    kept = _kept(tx)[row["id"]] = _Kept(*(row[name] for name in _NAMES))
    kept.fresh, kept.written = row, tx.writes


def forget_standing(tx: Tx, ticket: UUID) -> None:
    """Its row is changed otherwise: it is read again."""
    _kept(tx).pop(ticket, None)


def standing(tx: Tx, ticket: UUID) -> Standing:
    """How the ticket stands that `ticket` has become by merging. Raises NotFoundError."""
    row = _one(tx, ticket)
    for _ in range(20):
        if row.merged_into is None:
            break
        row = _one(tx, row.merged_into)
    return row


def _one(tx: Tx, ticket: UUID) -> Standing:
    worked_on = memo(tx, "ticket")
    if worked_on or len(tx.identity_map):  # hardly ever while mail comes in, and an id is slow to look up
        row: Ticket | None = worked_on.get(ticket) or tx.identity_map.get((Ticket, (ticket,), None))
        if row is not None:
            return row
    known = _kept(tx)
    if (kept := known.get(ticket)) is None:
        know_tickets(tx, [ticket])
        kept = known.get(ticket)
    if kept is None:
        msg = "There is no such ticket."
        raise NotFoundError(msg)
    return kept


def _kept(tx: Tx) -> dict[UUID, _Kept]:
    return memo(tx, "standing")


@event.listens_for(Tx, "before_flush")
def _forget_changed(tx: Tx, _context: object, _instances: object) -> None:
    """What somebody did to a ticket's own row is read again."""
    known = _kept(tx)
    if known:
        for row in tx.dirty:
            if isinstance(row, Ticket):
                known.pop(row.id, None)


def sum_up(tx: Tx, ticket: UUID, new: Added) -> Standing:
    """Put a message into what lists show of its ticket; how that stands now."""
    row = standing(tx, ticket)
    values = _summary(row, new)
    for name, value in values.items():
        setattr(row, name, value)
    if isinstance(row, _Kept):
        if row.fresh is not None and row.written == tx.writes:
            row.fresh.update(values)
        else:
            tx.unwritten(_WRITE)[row.id] = {"key": row.id} | {f"new_{name}": values[name] for name in _SUMMARY}
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
