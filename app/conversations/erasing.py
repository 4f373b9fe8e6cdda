"""Taking messages away for good, with everything that belongs to them: files, Message-IDs, words in the index.

Where their bytes lie is forgotten by compacting, which sees at once what nothing names any more; looking for other
names of a few bytes would mean to read whole tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from app.conversations.completing import stored_doc
from app.conversations.filetexts import forget_texts
from app.conversations.tables import Attachment, Message, MessageRaw, MessageRef
from app.index import commands as index
from app.kernel.database.transaction import Tx


def erase_messages(tx: Tx, messages: Sequence[UUID]) -> None:
    """Erase messages; a few hundred at most."""
    for row in tx.scalars(select(Message).where(Message.id.in_(messages))).all():
        index.remove(tx, "message", row.id, stored_doc(tx, row))
        tx.expunge(row)
    forget_texts(tx, messages)
    for table in (Attachment, MessageRaw, MessageRef):
        tx.execute(delete(table).where(table.message.in_(messages)))
    changes = [("message", key) for key in messages]
    tx.execute(delete(Message).where(Message.id.in_(messages)), execution_options={"changes": changes})
