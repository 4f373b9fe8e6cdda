"""Writing messages, their files and the rows of mailboxes.

A message is append-only: it is written once, with everything that belongs to it, and indexed in the same transaction.
`add_message` runs for every mail that arrives, therefore it writes plain rows. It knows nothing of tickets but the id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.conversations.filetexts import await_texts
from app.conversations.rules import indexed_words, snippet_of
from app.conversations.tables import Attachment, Message, MessageRaw, MessageRef
from app.index import commands as index
from app.kernel import ids
from app.kernel.database.rows import insert_row, insert_rows
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import BlobRef

Person = Sequence[str]
"""(name, address)."""


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file of a message: a `part` of its raw mail, or a `blob` of its own."""

    filename: str
    content_type: str
    size: int
    part: str = ""
    blob: UUID | None = None
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a person attaches; its bytes are already flushed to a pack."""

    filename: str
    content_type: str
    ref: BlobRef


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Everything of a message. `own_refs`: further Message-IDs that are its own; `external_id` always is.

    `refs`: References, plain ids without brackets, oldest first. Times are aware UTC. `words`: what the index gets of it, if
    that is known already (`app.conversations.rules.indexed_words`).
    """

    id: UUID
    direction: str
    occurred_at: datetime
    ticket: UUID | None = None
    customer: UUID | None = None
    mailbox: UUID | None = None
    agent: UUID | None = None
    channel: str = "email"
    kind: str = "mail"
    automatic: bool = False
    external_id: str = ""
    in_reply_to: str = ""
    refs: Sequence[str] = ()
    own_refs: Sequence[str] = ()
    sender: Person = ("", "")
    reply_to: Sequence[Person] = ()
    to: Sequence[Person] = ()
    cc: Sequence[Person] = ()
    bcc: Sequence[Person] = ()
    subject: str = ""
    text: str = ""
    snippet: str = ""
    same_id_as: UUID | None = None
    warnings: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    sent_date: datetime | None = None
    attachments: Sequence[NewAttachment] = ()
    words: list[str] | None = None


def add_message(tx: Tx, new: NewMessage, *, blob: UUID | None = None) -> UUID:
    """Write a message with its Message-IDs, files and raw bytes (`blob`), and index it. Returns its id."""
    insert_row(tx, Message, _row(new))
    insert_rows(tx, MessageRef, _refs(new))
    files = [attachment_row(new.id, number, one) for number, one in enumerate(new.attachments)]
    insert_rows(tx, Attachment, files)
    await_texts(tx, files)
    if blob is not None:
        insert_row(tx, MessageRaw, {"message": new.id, "blob": blob})
    tx.touch("message", new.id)
    if new.ticket is not None:
        tx.touch("ticket", new.ticket)
    if new.customer is not None:
        tx.touch("customer", new.customer)
    index.put(tx, [message_doc(new)], fresh=True)
    return new.id


def _row(new: NewMessage) -> dict[str, Any]:
    return {
        "id": new.id,
        "ticket": new.ticket,
        "customer": new.customer,
        "mailbox": new.mailbox,
        "agent": new.agent,
        "channel": new.channel,
        "kind": new.kind,
        "direction": new.direction,
        "automatic": new.automatic,
        "external_id": new.external_id,
        "in_reply_to": new.in_reply_to,
        "refs": new.refs,
        "sender": new.sender,
        "reply_to": new.reply_to,
        "to": new.to,
        "cc": new.cc,
        "bcc": new.bcc,
        "subject": new.subject,
        "text": new.text,
        "snippet": new.snippet or snippet_of(new.text),
        "same_id_as": new.same_id_as,
        "warnings": new.warnings,
        "extra": new.extra,
        "occurred_at": new.occurred_at,
        "sent_date": new.sent_date,
    }


def _refs(new: NewMessage) -> list[dict[str, Any]]:
    own = dict.fromkeys(each for each in (new.external_id, *new.own_refs) if each)
    named = dict.fromkeys(each for each in (*new.refs, new.in_reply_to) if each)
    rows = [{"ref": each, "message": new.id, "role": "own"} for each in own]
    return rows + [{"ref": each, "message": new.id, "role": "named"} for each in named]


def add_given_ref(tx: Tx, message: UUID, ref: str) -> None:
    """A provider gave our message another Message-ID; answers will name that one."""
    insert_rows(tx, MessageRef, [{"ref": ref, "message": message, "role": "given"}], ignore=True)


def attachment_row(message: UUID, number: int, one: NewAttachment) -> dict[str, Any]:
    """The row of a message's file; its id is derived, so that writing it twice makes one."""
    return {
        "id": ids.derived_id("attachment", message, number),
        "message": message,
        "part": one.part,
        "blob": one.blob,
        "filename": one.filename,
        "content_type": one.content_type,
        "size": one.size,
        "content_id": one.content_id,
        "inline": one.inline,
    }


def message_doc(new: NewMessage) -> index.Doc:
    """What is indexed of a message."""
    words = new.words or indexed_words(
        new.subject,
        new.text,
        (new.sender, *new.to, *new.cc),
        [one.filename for one in new.attachments],
        note=new.direction == "internal",
    )
    return index.Doc(
        "message", new.id, ticket=new.ticket, customer=new.customer, occurred_at=new.occurred_at, words=words
    )


def settle_message(tx: Tx, message: UUID, ticket: UUID) -> None:
    """A message belongs to another ticket for good, and is found there."""
    moved = update(Message).where(Message.id == message).values(ticket=ticket)
    tx.execute(moved, execution_options={"changes": [("message", message), ("ticket", ticket)]})
    files = tx.scalars(select(Attachment.id).where(Attachment.message == message)).all()
    index.move(tx, [message, *files], ticket)


def add_raw(tx: Tx, message: UUID, blob: UUID) -> None:
    """The whole mail, or the frozen bytes, of a message exist now; the first ones stay."""
    insert_rows(tx, MessageRaw, [{"message": message, "blob": blob}], ignore=True)
    tx.touch("message", message)


def add_blob(tx: Tx, ref: BlobRef) -> UUID:
    """Note where some flushed bytes lie. The id is derived from the place and the bytes: noting twice is one row."""
    key = blob_id(ref)
    row = {"id": key, "pack": ref.pack, "offset": ref.offset, "length": ref.length, "sha256": ref.sha256}
    insert_rows(tx, Blob, [row], ignore=True)
    return key


def blob_id(ref: BlobRef) -> UUID:
    """The id of the row that notes `ref`."""
    return ids.derived_id("blob", ref.sha256, ref.pack, ref.offset)


def add_files(tx: Tx, files: Sequence[NewFile | NewAttachment]) -> tuple[NewAttachment, ...]:
    """Files as attachments with a blob each; what already is one stays as it is."""
    made = []
    for file in files:
        if isinstance(file, NewFile):
            blob = add_blob(tx, file.ref)
            made.append(NewAttachment(file.filename, file.content_type, file.ref.length, blob=blob))
        else:
            made.append(file)
    return tuple(made)
