"""Reading the outbox: what a message's content is, and each state in words with what can be done.

What is due is in `due`, drafts are in `drafts`; they are given here as well, so that others need to know one module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, bindparam, column, exists, func, or_, select, table, text
from sqlalchemy.orm import Session

from app.conversations.tables import Attachment, Mailbox, Message
from app.kernel.database.tables import Blob
from app.kernel.database.types import Id
from app.kernel.files.blobs import BlobRef
from app.kernel.state import options
from app.mime.compose import Letter
from app.mime.model import Address
from app.outbox import marks, rules, seen, words
from app.outbox.drafts import DraftView, draft_of, drafts, drafts_in
from app.outbox.due import Due, SentCopy, copies_due, copy_times, due, sending_times
from app.outbox.rules import Hold, State
from app.outbox.tables import TIME_CHOSEN, Draft, Outbox

__all__ = [
    "DraftView",
    "Due",
    "Frozen",
    "OutboxRow",
    "SentCopy",
    "copies_due",
    "copy_times",
    "delivery",
    "delivery_counts",
    "draft_of",
    "drafts",
    "drafts_in",
    "due",
    "letter",
    "outbox_row",
    "outbox_rows",
    "overtaken",
    "overtaken_in",
    "sending_times",
]  # fmt: skip


# Tickets are a feature above this one; of them only the number is read here, by the column's name.
_tickets = table("ticket", column("id", Id), column("number", Integer))


@dataclass(frozen=True, slots=True)
class Frozen:
    """All that goes into the bytes of a message; the content of files and of pictures in the text is still to be read.

    `files` are (name, content type, where the bytes are); `pictures` have their Content-ID beside it.
    """

    letter: Letter
    files: tuple[tuple[str, str, BlobRef], ...]
    pictures: tuple[tuple[str, str, BlobRef, str], ...] = ()

    def whole(self, read: Callable[[BlobRef], bytes]) -> Letter:
        """The letter with everything in it."""
        files = tuple((name, kind, read(ref)) for name, kind, ref in self.files)
        pictures = tuple((name, kind, read(ref), cid) for name, kind, ref, cid in self.pictures)
        return replace(self.letter, attachments=files, pictures=pictures)


@dataclass(frozen=True, slots=True)
class Refused:
    """A recipient whom the message did not reach: what it means, and the server's own words."""

    address: str
    meaning: str
    words: str


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message of the outbox as lists and the conversation show it.

    `text`: its state in one sentence; `buttons`: what a person can do (`cancel`, `retry`, `send_now`, `send_anyway`,
    `settle_sent`, `settle_queued`, `edit`, `sign_in`), the sensible first one first. `reached`: the recipients whose
    servers took it, told where others' did not. `send_at`: the time that the rep chose.
    """

    id: UUID
    ticket: UUID | None
    mailbox: UUID
    subject: str
    to: tuple[tuple[str, str], ...]
    kind: str
    automatic: bool
    state: str
    phase: str
    hold_reason: str
    text: str
    buttons: tuple[str, ...]
    needs_attention: bool
    refused: tuple[Refused, ...]
    reached: tuple[str, ...]
    last_error: str
    attempts: int
    queued_at: datetime
    not_before: datetime
    send_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    copy_state: str
    answers: UUID | None


def overtaken(db: Session) -> tuple[UUID, ...]:
    """Replies that wait for a time that the rep chose, although the customer has written since."""
    statement = select(Outbox).where(text(f"outbox.{TIME_CHOSEN}"), Outbox.state.in_(rules.WAITING))
    rows: Iterable[Outbox] = db.execute(
        statement.where(Outbox.sent_at.is_(None), Outbox.automatic.is_(False))
    ).scalars()
    late = [row for row in rows if seen.written_near(db, row.ticket, row.seen) > row.known]
    return tuple(row.id for row in late if (sent := db.get(Message, row.id)) is not None and sent.kind != rules.FORWARD)


def overtaken_in(db: Session, ticket: UUID, now: datetime) -> OutboxRow | None:
    """The reply in a ticket that was taken back because the customer wrote first, while its words are still a draft."""
    found = db.execute(_OVERTAKEN_IN, {"ticket": ticket}).one_or_none()
    return _row(found[0], found[1], found[2], now) if found is not None else None


def _was_overtaken() -> tuple[ColumnElement[bool], ...]:
    drafted = exists().where(
        Draft.ticket == Outbox.ticket, Draft.agent.is_not_distinct_from(Message.agent), Draft.deleted_at.is_(None)
    )
    return (Outbox.state == State.CANCELLED, Outbox.hold_reason == Hold.OVERTAKEN, drafted)


def letter(db: Session, message: UUID) -> Frozen | None:
    """What the bytes of a message are made of; None if it is not in the outbox."""
    row, sent = db.get(Outbox, message), db.get(Message, message)
    if row is None or sent is None:
        return None
    made = Letter(
        message_id=sent.external_id,
        from_=Address(sent.sender[0], sent.sender[1]),
        to=_addresses(sent.to),
        cc=_addresses(sent.cc),
        bcc=_addresses(sent.bcc),
        subject=_sent_subject(db, row, sent),
        text=sent.text,
        html=row.html or None,
        date=sent.occurred_at,
        in_reply_to=sent.in_reply_to or None,
        references=tuple(sent.refs),
        headers=headers_of(row, sent.sender[1]),
    )
    everything = _files(db, message)
    shown = tuple(one for one in everything if row.html and one[3])
    return Frozen(made, tuple(one[:3] for one in everything if one not in shown), shown)


def formatted(db: Session, message: UUID) -> str:
    """The HTML of a message of ours as it stands in the outbox; "" for a plain one, and for what is not there."""
    return db.execute(select(Outbox.html).where(Outbox.id == message)).scalar() or ""


def _sent_subject(db: Session, row: Outbox, sent: Message) -> str:
    """The subject as it goes out: with the ticket's number, if the desk wants that. A survey has its own token."""
    if row.ticket is None or sent.kind == "survey" or not options.get(db, "subject_mark"):
        return sent.subject
    number = db.execute(select(_tickets.c.number).where(_tickets.c.id == row.ticket)).scalar()
    return sent.subject if number is None else marks.with_mark(sent.subject, number, row.ticket)


def headers_of(row: Outbox, own_address: str) -> dict[str, str]:
    """The header fields that every mail of ours carries, those of automatic mail, and the message's own."""
    headers = {"X-Deskbell-Id": row.id.hex}
    if row.automatic:
        # X-Loop names us, so that a copy that comes back is known; the rest keeps other programs from answering.
        headers |= {
            "X-Loop": own_address,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Precedence": "bulk",
        }
    return headers | dict(row.headers)


def outbox_rows(
    db: Session, now: datetime, *, states: Collection[str] | None = None, limit: int = 500
) -> tuple[OutboxRow, ...]:
    """Messages of the outbox, newest first. Default: everything that is not simply done (sent, or taken back)."""
    if states is None:
        chosen = or_(Outbox.state.in_([*rules.OPEN, State.PARTIAL, State.FAILED]), and_(*_was_overtaken()))
    else:
        chosen = Outbox.state.in_(list(states))
    statement = _joined().where(chosen).order_by(Message.occurred_at.desc(), Outbox.id.desc()).limit(limit)
    return tuple(_row(row, sent, box, now) for row, sent, box in db.execute(statement))


def outbox_row(db: Session, message: UUID, now: datetime) -> OutboxRow | None:
    """One message's way out."""
    found = db.execute(_joined().where(Outbox.id == message)).one_or_none()
    return _row(found[0], found[1], found[2], now) if found is not None else None


def delivery(db: Session, messages: Collection[UUID], now: datetime) -> dict[UUID, OutboxRow]:
    """The delivery of these messages, as the conversation shows it."""
    statement = _joined().where(Outbox.id.in_(messages))
    return {row.id: _row(row, sent, box, now) for row, sent, box in db.execute(statement)}


def delivery_counts(db: Session) -> dict[str, int]:
    """How many messages are in each state."""
    rows = db.execute(select(Outbox.state, func.count()).group_by(Outbox.state)).all()
    return {row[0]: row[1] for row in rows}


def _joined() -> Any:
    return (
        select(Outbox, Message, Mailbox)
        .join(Message, Message.id == Outbox.id)
        .outerjoin(Mailbox, Mailbox.id == Outbox.mailbox)
    )


_OVERTAKEN_IN = (  # made once: it is asked whenever a ticket is opened
    _joined()
    .where(Outbox.ticket == bindparam("ticket"), *_was_overtaken())
    .order_by(Message.occurred_at.desc())
    .limit(1)
)


def _row(row: Outbox, sent: Message, box: Mailbox | None, now: datetime) -> OutboxRow:
    refused = tuple(
        Refused(address, rules.meaning(result), result.get("words", ""))
        for address, result in row.results.items()
        if rules.is_refused(result)
    )
    situation = words.Situation(
        state=State(row.state),
        hold_reason=row.hold_reason,
        phase=row.phase,
        not_before=row.not_before,
        now=now,
        first_attempt_at=row.first_attempt_at,
        last_error=row.last_error,
        refused=tuple(each.address for each in refused),
        paused=(box.paused_reason, box.paused_words) if box else ("", ""),
        tried=row.blob is not None,
        sent_before=row.sent_at is not None,
        chosen=row.send_at is not None,
        copy=row.copy_state,
        is_filed=box is not None and box.files_sent_itself,
    )
    told = words.describe(situation)
    return OutboxRow(
        id=row.id, ticket=row.ticket, mailbox=row.mailbox, subject=sent.subject,
        to=tuple((one[0], one[1]) for one in (*sent.to, *sent.cc, *sent.bcc)), kind=sent.kind, automatic=row.automatic,
        state=row.state, phase=row.phase, hold_reason=row.hold_reason, text=told.text, buttons=told.buttons,
        needs_attention=told.needs_attention, refused=refused, reached=_reached(row) if refused else (), last_error=row.last_error, attempts=row.attempts,
        queued_at=sent.occurred_at, not_before=row.not_before, send_at=row.send_at, sent_at=row.sent_at, delivered_at=row.delivered_at,
        copy_state=row.copy_state, answers=row.answers,
    )  # fmt: skip


def _reached(row: Outbox) -> tuple[str, ...]:
    return tuple(address for address, result in row.results.items() if not rules.is_refused(result))


def _addresses(stored: list[list[str]]) -> tuple[Address, ...]:
    return tuple(Address(one[0], one[1]) for one in stored)


def _files(db: Session, message: UUID) -> tuple[tuple[str, str, BlobRef, str], ...]:
    statement = select(Attachment, Blob).join(Blob, Blob.id == Attachment.blob).where(Attachment.message == message)
    return tuple(
        (row.filename, row.content_type, BlobRef(blob.pack, blob.offset, blob.length, blob.sha256), row.content_id)
        for row, blob in db.execute(statement.order_by(Attachment.id))
    )
