"""What files say, for finding them: which are to be read, and what came of it.

Reading happens elsewhere (`app.workers.file_texts`), since a stranger's file may take long or end the process that reads it. Here
a file waits as a row, from the transaction that writes its message until somebody has read it; what was taken out of it is kept,
because showing where a word stands and forgetting a document both need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.conversations.tables import Attachment, FileText, Message, MessageRaw
from app.index import commands as index
from app.kernel.database.rows import insert_rows
from app.kernel.database.tables import Blob, Meta
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import BlobRef
from app.mime.files.texts import MOST_BYTES, kind_of

WAITING: Final = "waiting"
READ: Final = "read"
EMPTY: Final = "empty"

_LOOKED_AT: Final = "files_looked_at"
_STEP: Final = 500
_ALL: Final = "ff" * 17
"""Behind every id: there is nothing left to look at."""


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file to be read: its kind for `app.mime.files.texts`, and where it lies: `part` of the mail at `ref`, or all of `ref`."""

    id: UUID
    kind: str
    part: str
    ref: BlobRef


def await_texts(tx: Tx, rows: Iterable[dict[str, Any]]) -> None:
    """Note which of these files, as rows of `attachment`, are to be read."""
    insert_rows(tx, FileText, [{"attachment": row["id"], "state": WAITING} for row in rows if _is_readable(row)])


def _is_readable(row: dict[str, Any]) -> bool:
    return 0 < row["size"] <= MOST_BYTES and bool(kind_of(row["filename"], row["content_type"]))


def waiting_files(db: Session, limit: int) -> tuple[WaitingFile, ...]:
    """Files to be read next. One whose bytes are not here (a large mail that is still coming) is left out."""
    waits = (
        select(Attachment, Blob)
        .select_from(FileText)
        .join(Attachment, Attachment.id == FileText.attachment)
        .where(text("file_text.state = 'waiting'"))  # in the words of the partial index
    )
    found: list[WaitingFile] = []
    for statement in (
        waits.join(Blob, Blob.id == Attachment.blob),
        waits.join(MessageRaw, MessageRaw.message == Attachment.message)
        .join(Blob, Blob.id == MessageRaw.blob)
        .where(Attachment.blob.is_(None)),
    ):
        for file, blob in db.execute(statement.limit(limit - len(found))):
            ref = BlobRef(blob.pack, blob.offset, blob.length, blob.sha256)
            part = "" if file.blob is not None else file.part
            found.append(WaitingFile(file.id, kind_of(file.filename, file.content_type), part, ref))
    return tuple(found)


def keep_text(tx: Tx, file: UUID, words: str, problem: str = "") -> None:
    """What a file says, or why nothing can be taken out of it. One that is gone, or was read already, stays as it is."""
    row = tx.get(FileText, file)
    if row is None or row.state != WAITING:
        return
    row.state, row.text, row.problem = (READ if words else EMPTY), words, problem
    if words:
        index.put(tx, file_docs(tx, [file]), fresh=True)
        tx.flush()


def forget_texts(tx: Tx, messages: Sequence[UUID]) -> None:
    """Forget what the files of these messages say; a few hundred messages at most."""
    files = tx.scalars(select(Attachment.id).where(Attachment.message.in_(messages))).all()
    for doc in file_docs(tx, files):
        index.remove(tx, "file", doc.key, doc)
    for row in tx.scalars(select(FileText).where(FileText.attachment.in_(files))).all():
        tx.expunge(row)
    tx.execute(delete(FileText).where(FileText.attachment.in_(files)))


_OF_MESSAGE: Final = (Message.subject, Message.sender, Message.ticket, Message.customer, Message.occurred_at)


def file_docs(tx: Tx, files: Sequence[UUID]) -> list[index.Doc]:
    """What is indexed of files that were read."""
    tx.flush()
    query = (
        select(Attachment.id, Attachment.filename, FileText.text, *_OF_MESSAGE)
        .join(FileText, FileText.attachment == Attachment.id)
        .join(Message, Message.id == Attachment.message)
        .where(Attachment.id.in_(files), FileText.state == READ)
    )
    return [
        index.Doc(
            "file",
            row.id,
            title=row.subject,
            body=row.text,
            people=" ".join(dict.fromkeys(row.sender)),
            extra=row.filename,
            ticket=row.ticket,
            customer=row.customer,
            occurred_at=row.occurred_at,
        )
        for row in tx.execute(query)
    ]


def find_files(tx: Tx) -> bool:
    """Look at some files that were here before files were read, and let those wait that can be read; True: there are more."""
    mark = tx.get(Meta, _LOOKED_AT)
    if mark is None:
        mark = Meta(key=_LOOKED_AT, value="")
        tx.add(mark)
    if mark.value == _ALL:
        return False
    known = select(FileText.attachment).where(FileText.attachment == Attachment.id).exists()
    query = (
        select(Attachment).where(Attachment.id > UUID(hex=mark.value or "0" * 32)).order_by(Attachment.id).limit(_STEP)
    )
    rows = tx.execute(query.add_columns(known)).all()
    await_texts(tx, [_plain(file) for file, is_known in rows if not is_known])
    mark.value = rows[-1][0].id.hex if len(rows) == _STEP else _ALL
    tx.flush()
    return mark.value != _ALL


def _plain(file: Attachment) -> dict[str, Any]:
    return {"id": file.id, "size": file.size, "filename": file.filename, "content_type": file.content_type}
