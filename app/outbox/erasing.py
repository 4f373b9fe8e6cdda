"""Taking away for good what the outbox knows of erased messages: the way they went, their tokens, what was being written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.database.transaction import Tx
from app.outbox.rules import State
from app.outbox.tables import Draft, Outbox, ReplyToken


def erase_ways(tx: Tx, messages: Sequence[UUID]) -> None:
    """Erase the outbox rows of messages."""
    changes = [("outbox", key) for key in messages]
    tx.execute(delete(Outbox).where(Outbox.id.in_(messages)), execution_options={"changes": changes})
    tx.execute(delete(ReplyToken).where(ReplyToken.message.in_(messages)))


def erase_drafts(tx: Tx, tickets: Sequence[UUID]) -> None:
    """Erase what was being written in these tickets."""
    for draft in tx.scalars(select(Draft).where(Draft.ticket.in_(tickets))).all():
        tx.delete(draft)
    tx.flush()


def never_tried(db: Session, messages: Sequence[UUID]) -> bool:
    """Were all of these called back before anybody tried to send them? Of such a mail no server knows anything."""
    query = select(Outbox.id).where(Outbox.id.in_(messages), Outbox.state == State.CANCELLED, Outbox.attempts == 0)
    return len(db.scalars(query).all()) == len(messages)


def is_written_in(db: Session, ticket: UUID) -> bool:
    """Is somebody writing something in this ticket?"""
    query = select(Draft.id).where(Draft.ticket == ticket, Draft.deleted_at.is_(None))
    return db.execute(query.limit(1)).first() is not None


def blobs_of_drafts(db: Session) -> set[UUID]:
    """The blobs that drafts name; drafts are few."""
    named = (one.get("blob") for files in db.scalars(select(Draft.files)) for one in files)
    return {UUID(hex=str(blob)) for blob in named if blob}
