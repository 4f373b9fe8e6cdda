"""Files of visitors: kept when they are handed over, taken by the message that names them, tidied away otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from app.chats.rules import FILES_A_MESSAGE, UPLOAD_LIFE, file_name
from app.chats.tables import ChatUpload
from app.conversations.commands import NewAttachment, add_blob
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import BlobRef
from app.kernel.tokens import sha256_of


def key_of(who: bytes | str) -> bytes:
    """By what an upload knows whose it is: the sha256 of the token, or of the JID."""
    return who if isinstance(who, bytes) else sha256_of(who.encode("unicode_escape").decode("ascii"))


def keep_upload(tx: Tx, who: bytes | str, name: str, content_type: str, ref: BlobRef) -> UUID:
    """Note a file whose bytes are flushed to a pack; its id, which a message may name once."""
    key = ids.new_id()
    tx.add(
        ChatUpload(
            id=key, token_sha256=key_of(who), blob=add_blob(tx, ref), filename=file_name(name, content_type),
            content_type=content_type, size=ref.length, created_at=tx.now,
        )
    )  # fmt: skip
    return key


def taken_uploads(tx: Tx, who: bytes | str, files: Sequence[UUID]) -> tuple[NewAttachment, ...] | None:
    """The files that a message names, theirs from now on; None if one is not there, or is somebody else's."""
    if not files:
        return ()
    if len(files) > FILES_A_MESSAGE or len(set(files)) != len(files):
        return None
    rows = [tx.get(ChatUpload, key) for key in files]
    owner = key_of(who)
    taken = [row for row in rows if row is not None and row.token_sha256 == owner]
    if len(taken) != len(files):
        return None
    made = tuple(NewAttachment(row.filename, row.content_type, row.size, blob=row.blob) for row in taken)
    for row in taken:
        tx.delete(row)
    return made


def tidy_uploads(tx: Tx, limit: int = 100) -> int:
    """Forget files that no message named within a day; how many. Their bytes go with the next compaction."""
    old = select(ChatUpload.id).where(ChatUpload.created_at < tx.now - UPLOAD_LIFE).limit(limit)
    keys = list(tx.scalars(old))
    if keys:
        tx.execute(delete(ChatUpload).where(ChatUpload.id.in_(keys)), execution_options={"changes": []})
    return len(keys)
