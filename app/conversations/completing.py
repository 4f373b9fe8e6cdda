"""Making a message whole whose beginning was shown first, because the rest of its mail was still on its way.

It is the one change a message ever sees, and it only adds: its whole text, its files and its raw bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from app.conversations.commands import NewAttachment, attachment_row
from app.conversations.filetexts import await_texts, forget_texts
from app.conversations.rules import snippet_of
from app.conversations.tables import Attachment, Message, MessageRaw
from app.index import commands as index
from app.kernel.database.rows import insert_rows
from app.kernel.database.transaction import Tx

LARGE_MAIL = "large_mail"
"""Under this name `Message.extra` holds the ledger line of a mail that is here in part only."""


def complete_message(
    tx: Tx, message: UUID, blob: UUID, *, text: str, files: Sequence[NewAttachment], warnings: Sequence[str]
) -> None:
    """Give a message the rest of its mail; `blob` holds the raw bytes. One that is whole already stays as it is."""
    row = tx.get(Message, message)
    if row is None or LARGE_MAIL not in row.extra:
        return
    index.remove(tx, "message", message, stored_doc(tx, row))
    row.text, row.snippet, row.warnings = text, row.snippet or snippet_of(text), list(warnings)
    row.extra = {name: value for name, value in row.extra.items() if name != LARGE_MAIL}
    forget_texts(tx, [message])
    tx.execute(delete(Attachment).where(Attachment.message == message))
    tx.execute(delete(MessageRaw).where(MessageRaw.message == message))
    tx.flush()
    rows = [attachment_row(message, number, one) for number, one in enumerate(files)]
    insert_rows(tx, Attachment, rows)
    await_texts(tx, rows)
    insert_rows(tx, MessageRaw, [{"message": message, "blob": blob}])
    index.put(tx, [stored_doc(tx, row)], fresh=True)
    tx.touch("message", message)


def stored_doc(tx: Tx, row: Message) -> index.Doc:
    """What is indexed of a stored message, as `message_doc` says it of a new one."""
    people = (part for person in (row.sender, *row.to, *row.cc) for part in person if part)
    names = tx.execute(select(Attachment.filename).where(Attachment.message == row.id)).scalars()
    return index.Doc(
        "message",
        row.id,
        title=row.subject,
        body=row.text,
        people=" ".join(dict.fromkeys(people)),
        extra=" ".join(names),
        ticket=row.ticket,
        customer=row.customer,
        occurred_at=row.occurred_at,
        note=row.direction == "internal",
    )
