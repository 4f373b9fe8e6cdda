"""What the receiving worker and its settings ask: folders, large mails not whole yet, history counted, bytes moved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.conversations.tables import Mailbox
from app.inbox.rules import FolderRole, Outcome, Part, ask_again_after
from app.inbox.tables import HAS_PROVIDER_ID, IS_PART, MailFolder, MailHistory, MailItem, MailPiece, MailTraffic
from app.kernel.database.tables import Blob
from app.kernel.files.blobs import BlobRef

_CHUNK = 500
_NEVER_WHOLE = (Outcome.RECEIVED, Outcome.DUPLICATE, Outcome.OWN_COPY, Outcome.ERASED, Outcome.SPAM)
"""Outcomes whose rest is not fetched: known already, unwanted, or not looked at yet."""


@dataclass(frozen=True, slots=True)
class FolderChoice:
    """A folder of a mailbox, whether it is received, and how many mails the server counted at the last look."""

    name: str
    role: FolderRole
    is_received: bool
    server: int


@dataclass(frozen=True, slots=True)
class LargeMail:
    """A mail of which only a part is here. `here` and `size` in bytes; `is_held`: it waits for "Fetch now"."""

    item: UUID
    mailbox: str
    folder: str
    folder_id: UUID
    uidvalidity: int
    uid: int
    sender: str
    subject: str
    size: int
    here: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class HistoryProgress:
    """The mail that lay in a mailbox when it was connected: counted (None: not yet), and how much of it is in."""

    mails: int
    size_bytes: int
    oldest_at: datetime | None
    counted_at: datetime | None
    here: int
    is_held: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that receiving moved for a mailbox on a day (UTC, `2026-01-31`)."""

    day: str
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class KnownMail:
    """A mail whose bytes are here under the provider's own name for it."""

    blob: BlobRef
    header_hash: bytes
    size: int


def lost_mails(db: Session, mailbox: UUID, now: datetime) -> tuple[UUID, ...]:
    """Ledger lines of mails that the server failed to give and is to be asked for again now, one of a folder at most."""
    folders = select(MailFolder.id).where(MailFolder.mailbox == mailbox)  # the index is by outcome and folder
    lines = db.execute(
        select(MailItem.id, MailItem.folder, MailItem.attempts, MailItem.received_at)
        .where(
            MailItem.outcome == Outcome.QUARANTINED,
            MailItem.folder.in_(list(db.execute(folders).scalars())),
            MailItem.blob.is_(None),
        )
        .order_by(MailItem.received_at)
    )
    due: dict[UUID, UUID] = {}
    for line in lines:
        if line.received_at > now or line.received_at + ask_again_after(line.attempts) < now:  # the clock was set back
            due.setdefault(line.folder, line.id)
    return tuple(due.values())


def newest_headers(db: Session, folder: UUID, uidvalidity: int, limit: int) -> dict[int, bytes]:
    """The sha256 of the headers of a folder's newest mails that are still on the server, by UID."""
    query = (
        select(MailItem.uid, MailItem.header_hash)
        .where(
            MailItem.folder == folder,
            MailItem.uidvalidity == uidvalidity,
            MailItem.gone_at.is_(None),
            MailItem.blob.is_not(None),
        )
        .order_by(MailItem.uid.desc())
    )
    return {row.uid: row.header_hash for row in db.execute(query.limit(limit))}


def folder_choices(db: Session, mailbox: UUID) -> tuple[FolderChoice, ...]:
    """Every folder that the server showed, those that are received first."""
    rows = db.execute(select(MailFolder).where(MailFolder.mailbox == mailbox)).scalars()
    found = [FolderChoice(row.name, FolderRole(row.role), row.is_received, row.server_count) for row in rows]
    return tuple(sorted(found, key=lambda one: (not one.is_received, one.name.casefold())))


def large_mails(db: Session, mailbox: UUID | None = None, *, coming: bool = False) -> tuple[LargeMail, ...]:
    """Mails that are here in part, in the order they arrived; `coming`: only those to be fetched now."""
    query = (
        select(MailItem, MailFolder.name, Mailbox.address, Blob.length)
        .join(MailFolder, MailFolder.id == MailItem.folder)
        .join(Mailbox, Mailbox.id == MailItem.mailbox)
        .join(Blob, Blob.id == MailItem.blob)
        .where(text(IS_PART), MailItem.gone_at.is_(None))
    )
    if mailbox is not None:
        query = query.where(MailItem.mailbox == mailbox)
    if coming:
        query = query.where(MailItem.part == Part.COMING, MailItem.outcome.not_in(_NEVER_WHOLE), MailFolder.is_received)
    rows = db.execute(query.order_by(MailItem.received_at, MailItem.uid)).all()
    more = _pieces_length(db, [row.id for row, _, _, _ in rows])
    return tuple(
        LargeMail(
            item=row.id,
            mailbox=address,
            folder=folder,
            folder_id=row.folder,
            uidvalidity=row.uidvalidity,
            uid=row.uid,
            sender=row.sender,
            subject=row.subject,
            size=row.size,
            here=first + more.get(row.id, 0),
            is_held=row.part == Part.HELD,
        )
        for row, folder, address, first in rows
    )


def pieces(db: Session, item: UUID) -> tuple[BlobRef, ...]:
    """What is here of a large mail, from its beginning on, without a gap."""
    first = select(Blob).join(MailItem, MailItem.blob == Blob.id).where(MailItem.id == item)
    rest = select(MailPiece.start, Blob).join(Blob, Blob.id == MailPiece.blob).where(MailPiece.item == item)
    found = [_ref(blob) for blob in db.execute(first).scalars()]
    at = sum(ref.length for ref in found)
    for start, blob in db.execute(rest.order_by(MailPiece.start)):
        if start != at:
            break
        found.append(_ref(blob))
        at += blob.length
    return tuple(found)


def known_mails(db: Session, mailbox: UUID, provider_ids: Collection[str]) -> dict[str, KnownMail]:
    """Whole mails of a mailbox by the provider's own name."""
    wanted, found = [one for one in provider_ids if one], {}
    for start in range(0, len(wanted), _CHUNK):
        query = (
            select(MailItem.provider_id, MailItem.header_hash, MailItem.size, Blob)
            .join(Blob, Blob.id == MailItem.blob)
            .where(
                MailItem.mailbox == mailbox,
                MailItem.provider_id.in_(wanted[start : start + _CHUNK]),
                text(HAS_PROVIDER_ID),
                MailItem.part == "",
            )
        )
        for name, header_hash, size, blob in db.execute(query):
            found[name] = KnownMail(_ref(blob), header_hash, size)
    return found


def history_progress(db: Session, mailbox: UUID) -> HistoryProgress:
    """How far the mail that was there is in."""
    box, row = db.get(Mailbox, mailbox), db.get(MailHistory, mailbox)
    mine = (MailItem.mailbox == mailbox, MailItem.is_history)
    here = db.execute(select(func.count()).select_from(MailItem).where(*mine)).scalar_one()
    done = box is not None and box.first_import_done
    if row is None:
        return HistoryProgress(0, 0, None, None, here, is_held=False, is_done=done)
    return HistoryProgress(row.mails, row.size_bytes, row.oldest_at, row.counted_at, here, row.is_held, done)


def traffic(db: Session, mailbox: UUID, *, days: int = 31) -> tuple[Traffic, ...]:
    """Bytes by day, newest first."""
    query = select(MailTraffic).where(MailTraffic.mailbox == mailbox).order_by(MailTraffic.day.desc()).limit(days)
    return tuple(Traffic(row.day, row.received, row.sent) for row in db.execute(query).scalars())


def _pieces_length(db: Session, items: list[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for start in range(0, len(items), _CHUNK):
        query = select(MailPiece.item, func.sum(Blob.length)).join(Blob, Blob.id == MailPiece.blob)
        query = query.where(MailPiece.item.in_(items[start : start + _CHUNK])).group_by(MailPiece.item)
        found.update((item, int(length)) for item, length in db.execute(query))
    return found


def _ref(blob: Blob) -> BlobRef:
    return BlobRef(blob.pack, blob.offset, blob.length, blob.sha256)
