"""Taking away for good what the outbox knows of erased messages: the way they went, their tokens, what was being written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from app.kernel.store import Tx
from app.outbox.tables import Draft, Outbox, ReplyToken

_CHUNK = 400


def erase_ways(tx: Tx, messages: Sequence[UUID]) -> set[UUID]:
    """Erase the outbox rows of messages; the blobs that they named."""
    blobs: set[UUID] = set()
    for start in range(0, len(messages), _CHUNK):
        chunk = messages[start : start + _CHUNK]
        frozen = select(Outbox.blob).where(Outbox.id.in_(chunk), Outbox.blob.is_not(None))
        blobs.update(blob for blob in tx.scalars(frozen) if blob is not None)
        changes = [("outbox", key) for key in chunk]
        tx.execute(delete(Outbox).where(Outbox.id.in_(chunk)), execution_options={"changes": changes})
        tx.execute(delete(ReplyToken).where(ReplyToken.message.in_(chunk)))
    return blobs


def erase_drafts(tx: Tx, tickets: Sequence[UUID]) -> set[UUID]:
    """Erase what was being written in these tickets; the blobs that it named."""
    blobs: set[UUID] = set()
    for draft in tx.scalars(select(Draft).where(Draft.ticket.in_(tickets))).all():
        blobs |= _blobs_of(draft.files)
        tx.delete(draft)
    tx.flush()
    return blobs


def blobs_of_drafts(tx: Tx) -> set[UUID]:
    """The blobs that drafts name; drafts are few."""
    return {blob for files in tx.scalars(select(Draft.files)) for blob in _blobs_of(files)}


def _blobs_of(files: Sequence[dict[str, Any]]) -> set[UUID]:
    return {UUID(hex=str(one["blob"])) for one in files if one.get("blob")}
