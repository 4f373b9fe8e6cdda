"""Taking messages away for good, with everything that belongs to them: files, Message-IDs, words in the index."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from app.conversations.completing import stored_doc
from app.conversations.tables import Attachment, Message, MessageRaw, MessageRef
from app.index import commands as index
from app.kernel.store import Tx

_CHUNK = 400


def erase_messages(tx: Tx, messages: Sequence[UUID]) -> set[UUID]:
    """Erase messages; the blobs that they named, which may be let go if nothing else names them."""
    blobs: set[UUID] = set()
    for start in range(0, len(messages), _CHUNK):
        chunk = messages[start : start + _CHUNK]
        for row in tx.scalars(select(Message).where(Message.id.in_(chunk))).all():
            index.remove(tx, "message", row.id, stored_doc(tx, row))
        for table in (Attachment, MessageRaw):
            named = select(table.blob).where(table.message.in_(chunk), table.blob.is_not(None))
            blobs.update(blob for blob in tx.scalars(named) if blob is not None)
            tx.execute(delete(table).where(table.message.in_(chunk)))
        tx.execute(delete(MessageRef).where(MessageRef.message.in_(chunk)))
        changes = [("message", key) for key in chunk]
        tx.execute(delete(Message).where(Message.id.in_(chunk)), execution_options={"changes": changes})
    return blobs
