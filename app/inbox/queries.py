"""The ledger to read: what every server showed and what became of it, and the plan of work of the receiving worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from app.conversations.rules import SAMPLE
from app.conversations.tables import Mailbox, Message
from app.inbox.rules import MARKED, MOST_ATTEMPTS, PILES, FolderRole, History, Outcome
from app.inbox.tables import MailFolder, MailHistory, MailItem
from app.kernel.database.tables import Blob
from app.kernel.errors import NotFoundError
from app.kernel.files.blobs import BlobRef
from app.tickets.rules import SPAM
from app.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class LedgerFolder:
    """One folder's account. `server`: mails there at the last listing; `unaccounted`: those of them without a line."""

    id: UUID
    mailbox: str
    folder: str
    role: str
    server: int
    by_outcome: dict[str, int]
    waiting: int
    gone: int
    unaccounted: int
    listed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """One line: what a server showed and what became of it. `was_there`: already there when the mailbox was connected."""

    id: UUID
    mailbox: str
    folder: str
    uid: int
    outcome: str
    reason: str
    sender: str
    subject: str
    size: int
    attempts: int
    message: UUID | None
    ticket: UUID | None
    blob: BlobRef | None
    internal_at: datetime | None
    received_at: datetime
    gone_at: datetime | None
    was_there: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """How far a folder is received. `uidvalidity` 0: never looked into. `stuck_uid`: where the line broke last."""

    id: UUID
    name: str
    role: FolderRole
    uidvalidity: int
    uidnext: int | None
    highestmodseq: int | None
    received_uid: int
    first_uid: int
    server_count: int
    unaccounted: int
    listed_at: datetime | None
    is_received: bool = True
    stuck_uid: int = 0
    stuck_times: int = 0


@dataclass(frozen=True, slots=True)
class ReceivePlan:
    """A mailbox as the receiving worker needs it; the secret itself is in the keyring under `secret_ref`.

    `folders`: those to receive; `others`: known, and not chosen.
    """

    id: UUID
    address: str
    imap_url: str
    user: str
    secret_ref: str
    secret_version: int
    imap_pin: str
    history: History
    open_since: datetime | None
    connected_at: datetime
    first_import_done: bool
    paused_reason: str
    folders: tuple[FolderPlan, ...]
    others: tuple[FolderPlan, ...] = ()
    history_held: bool = False


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A mail whose bytes are safe and that was not looked at yet."""

    id: UUID
    blob: BlobRef
    attempts: int
    was_there: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A fresh listing against the ledger: UIDs without a line, lines without a UID, lines whose mail is back."""

    uidvalidity: int
    server: int
    missing: tuple[int, ...]
    gone: tuple[UUID, ...]
    back: tuple[UUID, ...]


def ledger(db: Session, mailbox: str | None = None) -> tuple[LedgerFolder, ...]:
    """Every watched folder's account, by mailbox and folder; `mailbox` is an address."""
    query = select(MailFolder, Mailbox.address).join(Mailbox, Mailbox.id == MailFolder.mailbox)
    if mailbox is not None:
        query = query.where(func.lower(Mailbox.address) == mailbox.lower())
    by_outcome: dict[UUID, dict[str, int]] = {}
    gone: dict[UUID, int] = {}
    counted = select(MailItem.folder, MailItem.outcome, func.count(), func.count(MailItem.gone_at))
    for folder, outcome, count, left in db.execute(counted.group_by(MailItem.folder, MailItem.outcome)):
        by_outcome.setdefault(folder, {})[outcome] = count
        gone[folder] = gone.get(folder, 0) + left
    rows = db.execute(query.order_by(Mailbox.address, MailFolder.name)).all()
    return tuple(
        LedgerFolder(
            id=row.id,
            mailbox=address,
            folder=row.name,
            role=row.role,
            server=row.server_count,
            by_outcome={name: n for name, n in sorted(counts.items()) if name != Outcome.RECEIVED},
            waiting=counts.get(Outcome.RECEIVED, 0),
            gone=gone.get(row.id, 0),
            unaccounted=row.unaccounted,
            listed_at=row.listed_at,
        )
        for row, address in rows
        if row.is_received or row.id in by_outcome
        for counts in [by_outcome.get(row.id, {})]
    )


def ledger_items(
    db: Session,
    *,
    outcomes: Collection[str] | None = None,
    folder: UUID | None = None,
    mailbox: str | None = None,
    gone: bool | None = None,
    reason: str | None = None,
    limit: int = 100,
    before: tuple[datetime, UUID] | None = None,
) -> tuple[LedgerItem, ...]:
    """Lines, newest received first; `before`: (received_at, id) of the last line of the page before.

    `mailbox` is an address; `reason`: exactly that cause; `gone`: only those whose mail has left the server, or only
    those whose mail is still there.
    The mails of a ticket that a person marked as spam are on the spam pile.
    """
    query = _items()
    if outcomes is not None:
        is_one = MailItem.outcome.in_(list(outcomes))
        query = query.where(or_(is_one, MailItem.message.in_(_MARKED)) if Outcome.SPAM in outcomes else is_one)
    if folder is not None:
        query = query.where(MailItem.folder == folder)
    if mailbox is not None:
        query = query.where(func.lower(Mailbox.address) == mailbox.lower())
    if gone is not None:
        query = query.where(MailItem.gone_at.is_not(None) if gone else MailItem.gone_at.is_(None))
    if reason is not None:
        query = query.where(MailItem.reason == reason)
    if before is not None:
        query = query.where(tuple_(MailItem.received_at, MailItem.id) < before)
    query = query.order_by(MailItem.received_at.desc(), MailItem.id.desc()).limit(limit)
    return tuple(_item(row) for row in db.execute(query))


def pile_counts(db: Session) -> dict[str, int]:
    """How many mails lie on each pile, by outcome; those of tickets that a person marked as spam lie on the spam pile."""
    counted = select(MailItem.outcome, func.count()).where(MailItem.outcome.in_(PILES)).group_by(MailItem.outcome)
    found = {str(one): 0 for one in PILES} | {row[0]: row[1] for row in db.execute(counted)}
    marked = select(func.count()).where(MailItem.message.in_(_MARKED), MailItem.outcome != Outcome.SPAM)
    found[Outcome.SPAM] += db.scalar(marked) or 0
    return found


def ledger_reasons(db: Session, outcomes: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The causes that lines with these outcomes name, with how many name each, the most frequent first."""
    count = func.count()
    query = select(MailItem.reason, count).where(MailItem.outcome.in_(list(outcomes)), MailItem.reason != "")
    return tuple((row[0], row[1]) for row in db.execute(query.group_by(MailItem.reason).order_by(count.desc())))


def ledger_item(db: Session, item: UUID) -> LedgerItem:
    """One line. Raises NotFoundError."""
    row = db.execute(_items().where(MailItem.id == item)).one_or_none()
    if row is None:
        msg = "There is no such line in the ledger."
        raise NotFoundError(msg)
    return _item(row)


def receive_plan(db: Session, mailbox: UUID) -> ReceivePlan | None:
    """A mailbox with its watched folders; None once it is removed, and for a sample's: its servers do not exist."""
    row = db.get(Mailbox, mailbox)
    if row is None or row.deleted_at is not None or row.paused_reason == SAMPLE:
        return None
    folders = db.execute(select(MailFolder).where(MailFolder.mailbox == mailbox).order_by(MailFolder.name)).scalars()
    plans = [_plan(each) for each in folders]
    history = db.get(MailHistory, mailbox)
    return ReceivePlan(
        id=row.id,
        address=row.address,
        imap_url=row.imap_url,
        user=row.user,
        secret_ref=row.secret_ref,
        secret_version=row.secret_version,
        imap_pin=row.imap_pin,
        history=History(row.history),
        open_since=row.open_since,
        connected_at=row.connected_at,
        first_import_done=row.first_import_done,
        paused_reason=row.paused_reason,
        folders=tuple(each for each in plans if each.is_received),
        others=tuple(each for each in plans if not each.is_received),
        history_held=history is not None and history.is_held,
    )


def receiving_mailboxes(db: Session) -> tuple[UUID, ...]:
    """The mailboxes to receive from, in the order they were connected."""
    is_real = (Mailbox.deleted_at.is_(None), Mailbox.paused_reason != SAMPLE)
    query = select(Mailbox.id).where(*is_real, Mailbox.channel == "email")
    return tuple(db.execute(query.order_by(Mailbox.connected_at, Mailbox.id)).scalars())


def waiting_items(db: Session, mailbox: UUID, *, limit: int, attempts: int = 0) -> tuple[WaitingItem, ...]:
    """Mails received and not looked at, begun `attempts` times (from the most on: that often or more), oldest first."""
    begun = MailItem.attempts >= attempts if attempts >= MOST_ATTEMPTS else MailItem.attempts == attempts
    query = (
        select(MailItem.id, MailItem.attempts, MailItem.is_history, Blob.pack, Blob.offset, Blob.length, Blob.sha256)
        .join(Blob, Blob.id == MailItem.blob)
        .where(MailItem.outcome == Outcome.RECEIVED, MailItem.mailbox == mailbox, begun)
        .order_by(MailItem.internal_at, MailItem.received_at, MailItem.uid)
        .limit(limit)
    )
    return tuple(
        WaitingItem(key, BlobRef(pack, offset, length, sha256), times, was_there)
        for key, times, was_there, pack, offset, length, sha256 in db.execute(query)
    )


def listing_difference(
    db: Session, folder: UUID, uidvalidity: int, uids: Sequence[int], *, uidnext: int | None = None
) -> Difference:
    """Compare a fresh listing with the ledger. Mail that the mailbox's owner did not want (`none`) is left out.

    Lines at or above `uidnext` (default: behind the last UID listed or received) came after the listing and are not
    called gone.
    """
    row = db.get(MailFolder, folder)
    box = db.get(Mailbox, row.mailbox) if row else None
    if row is None or box is None:
        return Difference(uidvalidity, 0, (), (), ())
    first = row.first_uid if box.history == History.NONE else 0
    listed = {uid for uid in uids if uid >= first}
    end = uidnext if uidnext is not None else max([row.received_uid, *uids], default=0) + 1
    gone, back, known = [], [], set()
    query = select(MailItem.id, MailItem.uid, MailItem.gone_at).where(
        MailItem.folder == folder, MailItem.uidvalidity == uidvalidity
    )
    for key, uid, gone_at in db.execute(query):
        known.add(uid)
        if uid in listed:
            if gone_at is not None:
                back.append(key)
        elif gone_at is None and uid < end:
            gone.append(key)
    missing = tuple(sorted(listed - known))
    return Difference(uidvalidity, len(listed), missing, tuple(gone), tuple(back))


def without_lines(db: Session, folder: UUID, uidvalidity: int, uids: Sequence[int]) -> list[int]:
    """Those of some UIDs that have no line in the ledger, in their order."""
    known: set[int] = set()
    for start in range(0, len(uids), 500):
        some = uids[start : start + 500]
        here = (MailItem.folder == folder, MailItem.uidvalidity == uidvalidity, MailItem.uid.in_(some))
        known.update(db.scalars(select(MailItem.uid).where(*here)))
    return [uid for uid in uids if uid not in known]


def lines_by_header(db: Session, folder: UUID, uidvalidity: int) -> dict[bytes, list[tuple[int, UUID]]]:
    """The ledger lines of a folder by header hash, each list of (size, line) in the order of the UIDs."""
    found: dict[bytes, list[tuple[int, UUID]]] = {}
    query = select(MailItem.header_hash, MailItem.size, MailItem.id).where(
        MailItem.folder == folder, MailItem.uidvalidity == uidvalidity
    )
    for header_hash, size, key in db.execute(query.order_by(MailItem.uid)):
        found.setdefault(header_hash, []).append((size, key))
    return found


_MARKED = (
    select(Message.id).join(Ticket, Ticket.id == Message.ticket).where(Ticket.outcome == literal_column(f"'{SPAM}'"))
)


def _items() -> Any:
    return (
        select(MailItem, Mailbox.address, MailFolder.name, Blob, Ticket.outcome)
        .join(Mailbox, Mailbox.id == MailItem.mailbox)
        .join(MailFolder, MailFolder.id == MailItem.folder)
        .outerjoin(Blob, Blob.id == MailItem.blob)
        .outerjoin(Ticket, Ticket.id == MailItem.ticket)
    )


def _item(found: Any) -> LedgerItem:
    row: MailItem
    blob: Blob | None
    row, address, folder, blob, standing = found
    is_marked = standing == SPAM and row.outcome == Outcome.MESSAGE
    return LedgerItem(
        id=row.id,
        mailbox=address,
        folder=folder,
        uid=row.uid,
        outcome=Outcome.SPAM if is_marked else row.outcome,
        reason=MARKED if is_marked else row.reason,
        sender=row.sender,
        subject=row.subject,
        size=row.size,
        attempts=row.attempts,
        message=row.message,
        ticket=row.ticket,
        blob=BlobRef(blob.pack, blob.offset, blob.length, blob.sha256) if blob else None,
        internal_at=row.internal_at,
        received_at=row.received_at,
        gone_at=row.gone_at,
        was_there=row.is_history,
        part=row.part,
    )


def _plan(row: MailFolder) -> FolderPlan:
    return FolderPlan(
        id=row.id,
        name=row.name,
        role=FolderRole(row.role),
        uidvalidity=row.uidvalidity,
        uidnext=row.uidnext,
        highestmodseq=row.highestmodseq,
        received_uid=row.received_uid,
        first_uid=row.first_uid,
        server_count=row.server_count,
        unaccounted=row.unaccounted,
        listed_at=row.listed_at,
        is_received=row.is_received,
        stuck_uid=row.stuck_uid,
        stuck_times=row.stuck_times,
    )
