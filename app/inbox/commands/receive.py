"""The first of the two steps: the bytes of a batch are safe in a pack, now come its ledger lines and the cursor.

Both are in one transaction. Whatever breaks later, no mail has to be downloaded twice and none is forgotten; a batch
that is received again makes no second line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.inbox import rules
from app.inbox.tables import MailFolder, MailItem
from app.kernel import ids
from app.kernel.database.in_query import InQuery
from app.kernel.database.rows import insert_rows
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
from app.kernel.files.blobs import BlobRef

_CHUNK = 500
_KNOWN = InQuery(
    select(MailItem.uid).where(
        MailItem.folder == bindparam("folder"),
        MailItem.uidvalidity == bindparam("uidvalidity"),
        MailItem.uid.in_(bindparam("keys", expanding=True)),
    )
)


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail whose bytes are flushed: its UID, when the server got it, its size there, the sha256 of its header,
    and whether it lay in the mailbox already when that was connected.

    `part`: only the beginning of it is in `blob`. `is_known`: the bytes came with another folder, under the same
    `provider_id`, and have their row already.
    """

    uid: int
    internal_at: datetime | None
    size: int
    header_hash: bytes
    blob: BlobRef
    was_there: bool
    provider_id: str = ""
    part: rules.Part = rules.Part.WHOLE
    is_known: bool = False


def receive(
    tx: Tx,
    folder: UUID,
    uidvalidity: int,
    mails: Sequence[ReceivedMail],
    *,
    cursor: int | None = None,
    begun: bool = False,
) -> dict[int, UUID]:
    """Write ledger lines `received`; the new ones by UID. `cursor`: everything up to this UID is received now.

    `begun`: they are parsed next, which counts as their first attempt (`count_attempt`) without a write of its own.
    Raises NotFoundError for a folder that is not watched (any more).
    """
    row = tx.get(MailFolder, folder)
    if row is None:
        msg = "This folder is not watched any more."
        raise NotFoundError(msg)
    known = _known(tx, folder, uidvalidity, [mail.uid for mail in mails])
    fresh = [mail for mail in mails if mail.uid not in known]
    keys = [rules.item_id(folder, uidvalidity, mail.uid) for mail in fresh]
    if fresh:
        _write(tx, row, uidvalidity, fresh, keys, attempts=int(begun))
    if cursor is not None and row.uidvalidity == uidvalidity and cursor > row.received_uid:
        row.received_uid = cursor
    return {mail.uid: key for mail, key in zip(fresh, keys, strict=True)}


def count_attempt(tx: Tx, items: Sequence[UUID]) -> None:
    """Say, before these mails are parsed, that they are about to be: whoever finds a count later knows of an unclean end."""
    for start in range(0, len(items), _CHUNK):
        chunk = items[start : start + _CHUNK]
        tx.execute(update(MailItem).where(MailItem.id.in_(chunk)).values(attempts=MailItem.attempts + 1))


def take_attempt_back(tx: Tx, items: Sequence[UUID]) -> None:
    """These mails were not parsed after all: nothing that can read any could be started."""
    for start in range(0, len(items), _CHUNK):
        mine = MailItem.id.in_(items[start : start + _CHUNK])
        tx.execute(update(MailItem).where(mine, MailItem.attempts > 0).values(attempts=MailItem.attempts - 1))


def _known(tx: Tx, folder: UUID, uidvalidity: int, uids: Sequence[int]) -> set[int]:
    rows = _KNOWN.rows(tx, uids, folder=folder, uidvalidity=uidvalidity)
    return {row.uid for row in rows}


def _write(
    tx: Tx, folder: MailFolder, uidvalidity: int, mails: Sequence[ReceivedMail], keys: Sequence[UUID], *, attempts: int
) -> None:
    blobs = [ids.derived_id("blob", mail.blob.sha256, mail.blob.pack, mail.blob.offset) for mail in mails]
    fresh = [
        {"id": key, "pack": ref.pack, "offset": ref.offset, "length": ref.length, "sha256": ref.sha256}
        for key, mail in zip(blobs, mails, strict=True)
        if not mail.is_known
        for ref in (mail.blob,)
    ]
    insert_rows(tx, Blob, fresh)
    lines = [
        {
            "id": key,
            "mailbox": folder.mailbox,
            "folder": folder.id,
            "uidvalidity": uidvalidity,
            "uid": mail.uid,
            "blob": blob,
            "header_hash": mail.header_hash,
            "size": mail.size,
            "internal_at": mail.internal_at,
            "outcome": rules.Outcome.RECEIVED,
            "provider_id": mail.provider_id,
            "part": mail.part,
            "attempts": attempts,
            "is_history": mail.was_there,
            "received_at": tx.now,
        }
        for key, blob, mail in zip(keys, blobs, mails, strict=True)
    ]
    insert_rows(tx, MailItem, lines)
    tx.touch("mail_folder", folder.id)
