"""Reading messages, their files and where their bytes lie; and the mailboxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.conversations.tables import Attachment, Mailbox, Message, MessageRaw, MessageRef
from app.kernel.database.tables import Blob
from app.kernel.files.blobs import BlobRef
from app.people.rules import handle_of
from app.people.tables import Agent

Person = tuple[str, str]

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    """A file of a message; `part` names its place in the raw mail, else `blob` holds it."""

    id: UUID
    message: UUID
    filename: str
    content_type: str
    size: int
    content_id: str
    inline: bool
    part: str
    blob: BlobRef | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an outgoing message: an outbox state, why it waits, the server's words, results by recipient."""

    state: str
    hold_reason: str = ""
    error: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    sent_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as a conversation shows it. `sent_date` only when the sender's date differs by a day from `at`."""

    id: UUID
    ticket: UUID | None
    customer: UUID | None
    mailbox: UUID | None
    channel: str
    direction: str
    kind: str
    automatic: bool
    author_name: str
    author_address: str
    agent: UUID | None
    agent_name: str
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    bcc: tuple[Person, ...]
    at: datetime
    sent_date: datetime | None
    subject: str
    text: str
    snippet: str
    external_id: str
    in_reply_to: str
    refs: tuple[str, ...]
    same_id_as: UUID | None
    warnings: tuple[str, ...]
    extra: dict[str, Any]
    attachments: tuple[AttachmentInfo, ...]
    has_raw: bool
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """A mailbox; the secret is in the keyring under `secret_ref` and `secret_version`."""

    id: UUID
    channel: str
    address: str
    name: str
    aliases: tuple[str, ...]
    imap_url: str
    smtp_url: str
    user: str
    auth: str
    secret_ref: str
    secret_version: int
    imap_pin: str
    smtp_pin: str
    files_sent_itself: bool
    size_limit: int
    signature: str
    plus_addressing: bool
    ack_on: bool
    ack_text: str
    history: str
    open_since: datetime | None
    connected_at: datetime
    first_import_done: bool
    paused_reason: str
    paused_words: str
    deleted_at: datetime | None


def mailboxes(db: Session, *, with_removed: bool = False) -> tuple[MailboxInfo, ...]:
    """The connected mailboxes, oldest first."""
    query = select(Mailbox).order_by(Mailbox.connected_at, Mailbox.id)
    if not with_removed:
        query = query.where(Mailbox.deleted_at.is_(None))
    return tuple(_mailbox_info(row) for row in db.scalars(query))


def mailbox(db: Session, key: UUID | str) -> MailboxInfo | None:
    """One mailbox by id or by address (its own or an alias), removed ones by id only."""
    if isinstance(key, UUID):
        row = db.get(Mailbox, key)
        return None if row is None else _mailbox_info(row)
    handle = handle_of(key)
    return next((one for one in mailboxes(db) if handle in map(handle_of, (one.address, *one.aliases))), None)


def _mailbox_info(row: Mailbox) -> MailboxInfo:
    values = {name: getattr(row, name) for name in MailboxInfo.__dataclass_fields__}
    return MailboxInfo(**(values | {"aliases": tuple(row.aliases)}))


_boxes = Mailbox.__table__.c
_OWN = select(_boxes.address, _boxes.aliases).where(_boxes.deleted_at.is_(None))  # asked for every batch of mails


def own_addresses(db: Session) -> frozenset[str]:
    """Our addresses and aliases, casefolded."""
    rows = db.connection().execute(_OWN)
    return frozenset(handle_of(each) for address, aliases in rows for each in (address, *aliases))


def conversation(db: Session, ticket_ids: Sequence[UUID]) -> tuple[MessageView, ...]:
    """The messages written to these tickets, oldest first. Placements and deliveries are the tickets' business."""
    found: list[UUID] = []
    for chunk in _chunks(ticket_ids):
        found += db.scalars(select(Message.id).where(Message.ticket.in_(chunk)))
    return messages(db, found)


# Made once: they are asked whenever a ticket is opened.
_MESSAGES = (
    select(Message, Agent.name).outerjoin(Agent, Agent.id == Message.agent).where(Message.id.in_(bindparam("messages")))
)
_WITH_RAW = select(MessageRaw.message).where(MessageRaw.message.in_(bindparam("messages")))
_ATTACHMENTS = (
    select(Attachment, Blob)
    .outerjoin(Blob, Blob.id == Attachment.blob)
    .where(Attachment.message.in_(bindparam("messages")))
)


def messages(db: Session, keys: Sequence[UUID]) -> tuple[MessageView, ...]:
    """These messages with their files, oldest first."""
    rows: list[Any] = []
    files: dict[UUID, list[AttachmentInfo]] = {}
    raw: set[UUID] = set()
    for chunk in _chunks(keys):
        asked = {"messages": list(chunk)}
        rows += db.execute(_MESSAGES, asked).all()
        raw.update(db.scalars(_WITH_RAW, asked))
        for one in _attachments(db, chunk):
            files.setdefault(one.message, []).append(one)
    rows.sort(key=lambda row: (row[0].occurred_at, row[0].id))
    return tuple(_view(row, name or "", tuple(files.get(row.id, ())), row.id in raw) for row, name in rows)


def message(db: Session, key: UUID) -> MessageView | None:
    """One message."""
    return next(iter(messages(db, [key])), None)


def _view(row: Message, agent_name: str, files: tuple[AttachmentInfo, ...], has_raw: bool) -> MessageView:
    name, address = (*row.sender, "", "")[:2]
    differs = row.sent_date is not None and abs(row.sent_date - row.occurred_at) >= timedelta(days=1)
    return MessageView(
        id=row.id,
        ticket=row.ticket,
        customer=row.customer,
        mailbox=row.mailbox,
        channel=row.channel,
        direction=row.direction,
        kind=row.kind,
        automatic=row.automatic,
        author_name=name,
        author_address=address,
        agent=row.agent,
        agent_name=agent_name,
        reply_to=people(row.reply_to),
        to=people(row.to),
        cc=people(row.cc),
        bcc=people(row.bcc),
        at=row.occurred_at,
        sent_date=row.sent_date if differs else None,
        subject=row.subject,
        text=row.text,
        snippet=row.snippet,
        external_id=row.external_id,
        in_reply_to=row.in_reply_to,
        refs=tuple(row.refs),
        same_id_as=row.same_id_as,
        warnings=tuple(row.warnings),
        extra=row.extra,
        attachments=files,
        has_raw=has_raw,
    )


def people(stored: Iterable[Sequence[str]]) -> tuple[Person, ...]:
    """`[[name, address], …]` as pairs."""
    return tuple((each[0], each[1]) for each in stored)


def _attachments(db: Session, keys: Sequence[UUID]) -> list[AttachmentInfo]:
    found = [_attachment(row, blob) for row, blob in db.execute(_ATTACHMENTS, {"messages": list(keys)})]
    return sorted(found, key=lambda one: (one.message, _part_order(one.part), one.filename))


def _part_order(part: str) -> tuple[int, ...]:
    return tuple(int(each) if each.isdigit() else 0 for each in part.split("."))


def _attachment(row: Attachment, blob: Blob | None) -> AttachmentInfo:
    return AttachmentInfo(
        row.id,
        row.message,
        row.filename,
        row.content_type,
        row.size,
        row.content_id,
        row.inline,
        row.part,
        None if blob is None else _ref(blob),
    )


def attachment(db: Session, key: UUID) -> AttachmentInfo | None:
    """One file. Its bytes: `blob`, or the `part` of the message's raw mail (`raw_ref`)."""
    query = select(Attachment, Blob).outerjoin(Blob, Blob.id == Attachment.blob).where(Attachment.id == key)
    row = db.execute(query).one_or_none()
    return None if row is None else _attachment(row[0], row[1])


def raw_ref(db: Session, message_id: UUID) -> BlobRef | None:
    """Where the bytes of a message lie: as they came, or as they were frozen for sending."""
    query = select(Blob).join(MessageRaw, MessageRaw.blob == Blob.id).where(MessageRaw.message == message_id)
    row = db.scalars(query).one_or_none()
    return None if row is None else _ref(row)


def newest_raw(db: Session, mailbox_id: UUID, count: int) -> tuple[BlobRef, ...]:
    """Where the newest mails that a mailbox received lie."""
    query = (
        select(Blob)
        .join(MessageRaw, MessageRaw.blob == Blob.id)
        .join(Message, Message.id == MessageRaw.message)
        .where(Message.mailbox == mailbox_id, Message.direction == "in", Message.kind == "mail")
        .order_by(Message.id.desc())
        .limit(count)
    )
    return tuple(_ref(row) for row in db.scalars(query))


def blob_ref(db: Session, key: UUID) -> BlobRef | None:
    """Where the bytes of a blob lie."""
    row = db.get(Blob, key)
    return None if row is None else _ref(row)


def _ref(row: Blob) -> BlobRef:
    return BlobRef(row.pack, row.offset, row.length, row.sha256)


def messages_by_ref(db: Session, refs: Sequence[str], *, roles: Sequence[str] = ("own", "given")) -> dict[str, UUID]:
    """Which message has (or names, by `roles`) each of these Message-IDs; the latest where several do."""
    found: dict[str, UUID] = {}
    for chunk in _chunks(refs):
        query = select(MessageRef.ref, MessageRef.message).where(MessageRef.ref.in_(chunk), MessageRef.role.in_(roles))
        for ref, key in db.execute(query):
            found[ref] = max(found.get(ref, key), key)
    return found


def _chunks(keys: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))
