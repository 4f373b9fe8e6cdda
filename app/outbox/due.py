"""What of the outbox is due: which mailbox has something to send or to file, what it is, and when the next wants to go.

Asked mailbox by mailbox: what waits for one that cannot be reached is never in the way of another's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from app.conversations.tables import Mailbox, Message
from app.kernel.database.tables import Blob
from app.kernel.files.blobs import BlobRef
from app.outbox import rules
from app.outbox.rules import State
from app.outbox.tables import COPY_NEEDED, Outbox


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose time has come; `frozen`: its bytes exist already. `written_at`: of what a rep wrote, when."""

    message: UUID
    mailbox: UUID
    frozen: bool
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A sent message whose copy is still to be filed in the Sent folder."""

    message: UUID
    mailbox: UUID
    message_id: str
    blob: BlobRef
    sent_at: datetime


def due(
    db: Session, now: datetime, mailbox: UUID | None = None, limit: int = 200, *, chosen_by: datetime | None = None
) -> tuple[Due, ...]:
    """What may be sent now, oldest first: waiting, its time has come, its mailbox not paused.

    `chosen_by`: of what waits for a time that the rep chose, only what was to go by then (default: `now`).
    """
    waiting = _waiting(select(Outbox, Message.occurred_at).join(Message, Message.id == Outbox.id), chosen_by)
    waiting = waiting.where(Outbox.not_before <= now)
    if mailbox is not None:
        waiting = waiting.where(Outbox.mailbox == mailbox)
    rows: Iterable[tuple[Outbox, datetime]] = db.execute(waiting.order_by(Outbox.not_before, Outbox.id).limit(limit))
    return tuple(Due(row.id, row.mailbox, row.blob is not None, None if row.automatic else at) for row, at in rows)


def sending_times(db: Session, *, chosen_by: datetime | None = None) -> dict[UUID, datetime]:
    """When the next message of each mailbox wants to be sent; a mailbox for which nothing waits is not there."""
    next_one = select(Outbox.mailbox, func.min(Outbox.not_before)).group_by(Outbox.mailbox)
    return {row[0]: row[1] for row in db.execute(_waiting(next_one, chosen_by))}


def copies_due(db: Session, now: datetime, mailbox: UUID | None = None, limit: int = 50) -> tuple[SentCopy, ...]:
    """Sent messages whose copy in the Sent folder is due, oldest first."""
    copies: Any = select(Outbox, Message.external_id, Blob).join(Message, Message.id == Outbox.id)
    copies = _copies(copies.join(Blob, Blob.id == Outbox.blob)).where(Outbox.not_before <= now)
    if mailbox is not None:
        copies = copies.where(Outbox.mailbox == mailbox)
    return tuple(
        SentCopy(
            row.id,
            row.mailbox,
            external_id,
            BlobRef(blob.pack, blob.offset, blob.length, blob.sha256),
            row.sent_at or now,
        )
        for row, external_id, blob in db.execute(copies.order_by(Outbox.sent_at).limit(limit))
    )


def copy_times(db: Session) -> dict[UUID, datetime]:
    """When the next copy of each mailbox wants to be filed; a mailbox without one is not there."""
    next_one = select(Outbox.mailbox, func.min(Outbox.not_before)).group_by(Outbox.mailbox)
    return {row[0]: row[1] for row in db.execute(_copies(next_one))}


def _waiting(statement: Any, chosen_by: datetime | None) -> Any:
    statement = _at_work(statement).where(Outbox.state.in_(rules.WAITING))
    if chosen_by is None:
        return statement
    return statement.where(or_(Outbox.send_at.is_(None), Outbox.send_at <= chosen_by))


def _copies(statement: Any) -> Any:
    # Literal, so that SQLite reads the small index; sent at all, and nothing of it to be sent any more.
    at_rest = Outbox.state.not_in((State.SENDING, *rules.WAITING))
    return _at_work(statement).where(text(f"outbox.{COPY_NEEDED}"), at_rest)


def _at_work(statement: Any) -> Any:
    """Of mailboxes that are connected and not paused."""
    own = statement.join(Mailbox, Mailbox.id == Outbox.mailbox)
    return own.where(Mailbox.deleted_at.is_(None), Mailbox.paused_reason == "")
