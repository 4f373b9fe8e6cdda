"""Writing to the outbox: queue a message, take it back, try again, settle what nobody knows.

The steps of sending itself (claim, phases, results) are in `delivery`, drafts in `drafts`; they are given here as
well, so that other features need to know one module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.conversations.commands import NewAttachment, NewFile, NewMessage, add_files, add_message
from app.conversations.queries import own_addresses
from app.conversations.tables import Attachment, Mailbox, Message
from app.kernel import ids, options
from app.kernel.errors import NotFoundError, UserError
from app.kernel.store import Tx
from app.kernel.tables import Blob
from app.mime.addresses import parse_addresses
from app.mime.message_ids import fold_references, new_message_id
from app.outbox import rules
from app.outbox import seen as seen_rules
from app.outbox.delivery import (
    Claim,
    claim,
    hold,
    moved,
    note_found_in_sent,
    note_named,
    record_bounce,
    record_copy,
    record_failed,
    record_not_tried,
    record_results,
    record_retry,
    record_uncertain,
    set_phase,
    settle_leftovers,
    undelivered_words,
)
from app.outbox.drafts import discard_draft, drop_draft, save_draft
from app.outbox.facts import ReplyCancelled, ReplyQueued, ReplySent
from app.outbox.rules import CANCELLABLE, RETRYABLE, Hold, Person, State
from app.outbox.tables import Outbox
from app.people.tables import Agent, Identity

__all__ = [
    "Claim", "File", "Recipient", "ReplyCancelled", "ReplyQueued", "ReplySent", "cancel", "claim", "discard_draft", "drop_draft",
    "hold", "note_found_in_sent", "note_named", "queue_reply", "record_bounce", "record_copy", "record_failed",
    "record_not_tried", "record_results", "record_retry", "record_uncertain", "retry", "save_draft", "set_phase", "settle",
    "settle_leftovers", "undelivered_words",
]  # fmt: skip

Recipient = str | Sequence[str]
"""`ann@example.com`, `Ann <ann@example.com>`, or (name, address)."""

File = tuple[str, str, UUID] | NewFile | NewAttachment
"""(file name, content type, blob id), or as conversations know files."""

_MOST_RECIPIENTS = 100


def people(given: Sequence[Recipient] | Recipient | None) -> tuple[Person, ...]:
    """Recipients in any of the accepted forms as (name, address), each once. UserError names the one that is none."""
    found: list[Person] = []
    for each in [given] if isinstance(given, str) else given or ():
        if isinstance(each, str):
            parsed = [(one.name, one.address) for one in parse_addresses(each)] or [("", each)]
        else:
            parsed = [(str(each[0] or ""), str(each[1]))]
        for name, address in parsed:
            if not rules.is_address(address) or any(ord(char) < 32 for char in "".join(each)):
                msg = f"“{address or name}” is not an e-mail address."
                raise UserError(msg)
            found.append((" ".join(name.split()), address))
    return rules.distinct(found)


def queue_reply(
    tx: Tx,
    *,
    ticket: UUID | None,
    mailbox: UUID,
    customer: UUID | None,
    text: str,
    subject: str = "",
    answers: UUID | None = None,
    seen: UUID | None = None,
    to: Sequence[Recipient] | Recipient | None = None,
    cc: Sequence[Recipient] | Recipient | None = None,
    bcc: Sequence[Recipient] | Recipient = (),
    html: str = "",
    files: Sequence[File] = (),
    not_before: datetime | None = None,
    automatic: bool = False,
    kind: str = "mail",
    headers: Mapping[str, str] | None = None,
    agent: UUID | None = None,
    thread: bool = True,
    before: Mapping[str, object] | None = None,
    signed: bool | None = None,
    message_id: str = "",
) -> UUID:
    """Put a message into the outbox; its id. Content, recipients, files and Message-ID are fixed from now on.

    `answers`: the message answered (default: the newest mail of the customer in `ticket`, else our newest); `seen`:
    the newest message that the rep had been shown (default: the newest stored). `to`/`cc` left out: the author of the
    message answered, and everybody else of it. `thread=False`: a mail that begins a thread of its own. `before`:
    ticket fields that a cancel puts back. `signed`: with the signature (default: unless automatic).
    Raises UserError when there is nobody to write to, NotFoundError for an unknown mailbox.
    """
    tx.flush()
    box = tx.get(Mailbox, mailbox)
    if box is None or box.deleted_at is not None:
        msg = "The mailbox to send from does not exist any more. Choose another one."
        raise NotFoundError(msg)
    answered = (tx.get(Message, answers) if answers else newest_to_answer(tx, ticket)) if thread else None
    receivers = _receivers(tx, answered, people(to), cc, people(bcc))
    line = rules.answer_subject(subject or answered.subject) if answered else " ".join(subject.split())
    agent = agent or tx.agent
    if signed is None:
        signed = not automatic
    fresh = message_id or new_message_id(box.address.rpartition("@")[2])
    message = ids.new_id()
    add_message(
        tx,
        NewMessage(
            id=message, ticket=ticket, customer=customer, mailbox=mailbox, agent=None if automatic else agent,
            kind=kind, direction="out", automatic=automatic, external_id=fresh,
            in_reply_to=answered.external_id if answered else "", refs=_references(answered),
            sender=(_sender_name(tx, box, agent), box.address), to=receivers[0], cc=receivers[1], bcc=receivers[2],
            subject=line,
            text=rules.with_signature(text, _signature(tx, box, agent)) if signed else text,
            occurred_at=tx.now, sent_date=tx.now, attachments=_attachments(tx, files),
        ),
        blob=None,
    )  # fmt: skip
    tx.flush()
    shown = seen or seen_rules.newest(tx, ticket, besides=message)
    tx.add(
        Outbox(
            id=message, ticket=ticket, mailbox=mailbox, answers=answered.id if answered else None,
            seen=shown, known=seen_rules.known_then(tx, ticket, shown), automatic=automatic,
            state=State.QUEUED, not_before=max(not_before or tx.now, tx.now), headers=_checked(headers), html=html,
            before=dict(before or {}),
        )
    )  # fmt: skip
    tx.emit(ReplyQueued(ticket, message, tx.now, automatic))
    return message


def cancel(tx: Tx, message: UUID) -> bool:
    """Take a message back. False: too late, it is on its way or gone. One conditional update: a sender or we win."""
    row = moved(tx, message, CANCELLABLE, State.CANCELLED, sent=False)
    if row is None:
        return False
    row.hold_reason, row.phase = "", ""
    tx.emit(ReplyCancelled(row.ticket, message))
    return True


def edit(tx: Tx, message: UUID) -> UUID:
    """Take a message back into a draft; the draft's id. Raises UserError when it is too late."""
    if not cancel(tx, message):
        msg = "It is too late: this message is already on its way."
        raise UserError(msg)
    return save_draft_of(tx, message)


def save_draft_of(tx: Tx, message: UUID) -> UUID:
    """The content of a cancelled message as a draft again, without the signature that queueing added."""
    row, sent = _row(tx, message), tx.get(Message, message)
    assert sent is not None
    box = tx.get(Mailbox, row.mailbox)
    signature = _signature(tx, box, sent.agent) if box else ""
    body = sent.text
    if signature and body.endswith(tail := rules.with_signature("", signature)):
        body = body[: -len(tail)]
    return save_draft(
        tx, ticket=row.ticket, text=body, subject=sent.subject, answers=row.answers,
        to=[tuple(one) for one in sent.to], cc=[tuple(one) for one in sent.cc], bcc=[tuple(one) for one in sent.bcc],
        files=_files_of(tx, message), agent=sent.agent,
    )  # fmt: skip


def retry(tx: Tx, message: UUID) -> None:
    """Try (again) now. For one held as stale this is "send anyway": what came since counts as seen.

    Raises UserError for what is sent, on its way or uncertain (that one must be settled by a person first).
    """
    row = moved(tx, message, RETRYABLE, State.QUEUED)
    if row is None:
        raise UserError(_why_not(_row(tx, message)))
    if row.hold_reason == Hold.DEAD_ADDRESS:
        _revive(tx, message)
    _all_seen(tx, row)
    row.results = {address: result for address, result in row.results.items() if not rules.is_refused(result)}
    row.hold_reason, row.last_error, row.not_before = "", "", tx.now
    row.attempts, row.first_attempt_at = 0, None


def settle(tx: Tx, message: UUID, to: str) -> None:
    """A person says what became of an uncertain message: `sent`, or `queued` to send it again. UserError otherwise."""
    if to not in {State.SENT, State.QUEUED}:
        msg = "An uncertain message is settled as “sent” or “queued”."
        raise UserError(msg)
    row = moved(tx, message, (State.UNCERTAIN,), State(to))
    if row is None:
        msg = f"Only an uncertain message can be settled; this one is {_row(tx, message).state}."
        raise UserError(msg)
    if to == State.SENT:
        row.sent_at, row.last_error = row.sent_at or tx.now, ""
        tx.emit(ReplySent(row.ticket, message, row.sent_at, row.automatic))
    else:
        row.not_before, row.attempts, row.first_attempt_at = tx.now, 0, None
        _all_seen(tx, row)


def _all_seen(tx: Tx, row: Outbox) -> None:
    """A person has decided with the conversation before their eyes: what is stored now counts as seen."""
    row.seen = seen_rules.newest(tx, row.ticket, besides=row.id)
    row.known = seen_rules.written_near(tx, row.ticket, row.seen)


def newest_to_answer(tx: Tx, ticket: UUID | None) -> Message | None:
    """The message that a reply answers when nobody says: the newest mail of the customer, else our newest."""
    for direction in ("in", "out"):
        found = tx.execute(
            select(Message)
            .where(Message.ticket == ticket, Message.direction == direction, Message.kind == "mail")
            .outerjoin(Outbox, Outbox.id == Message.id)
            .where(func.coalesce(Outbox.state, "") != State.CANCELLED)
            .order_by(Message.occurred_at.desc(), Message.id.desc())
            .limit(1)
        ).scalar_one_or_none()
        if ticket is not None and found is not None:
            return found
    return None


def _receivers(
    tx: Tx,
    answered: Message | None,
    to: tuple[Person, ...],
    cc: Sequence[Recipient] | Recipient | None,
    bcc: tuple[Person, ...],
) -> tuple[tuple[Person, ...], tuple[Person, ...], tuple[Person, ...]]:
    own = own_addresses(tx)
    default: tuple[tuple[Person, ...], tuple[Person, ...]] = ((), ())
    if answered is not None:
        default = rules.answer_to(_answered(answered), own)
    copies = default[1] if cc is None and not to else people(cc)
    to = to or default[0]
    to = rules.distinct(to)
    copies = rules.distinct(copies, without=(address for _, address in to))
    bcc = rules.distinct(bcc, without=(address for _, address in (*to, *copies)))
    if not to and not copies and not bcc:
        msg = "There is nobody to write to. Give at least one address."
        raise UserError(msg)
    if len(to) + len(copies) + len(bcc) > _MOST_RECIPIENTS:
        msg = f"These are more than {_MOST_RECIPIENTS} recipients. Mail servers refuse such letters; leave some out."
        raise UserError(msg)
    return to, copies, bcc


def _answered(message: Message) -> rules.Answered:
    def pairs(stored: Sequence[Sequence[str]]) -> tuple[Person, ...]:
        return tuple((one[0], one[1]) for one in stored if len(one) > 1 and one[1])

    sender = pairs([message.sender])
    return rules.Answered(
        incoming=message.direction == "in",
        automatic=message.automatic,
        sender=sender[0] if sender else ("", ""),
        reply_to=pairs(message.reply_to),
        to=pairs(message.to),
        cc=pairs(message.cc),
    )


def _references(answered: Message | None) -> tuple[str, ...]:
    if answered is None or not answered.external_id:
        return ()
    return fold_references([*answered.refs, answered.external_id])


def _sender_name(tx: Tx, box: Mailbox, agent: UUID | None) -> str:
    who = tx.get(Agent, agent) if agent else None
    return box.name or str(options.get(tx, "desk_name")) or (who.name if who else "")


def _signature(tx: Tx, box: Mailbox, agent: UUID | None) -> str:
    who = tx.get(Agent, agent) if agent else None
    return (who.signature if who else "") or box.signature or str(options.get(tx, "signature"))


def _attachments(tx: Tx, files: Sequence[File]) -> tuple[NewAttachment, ...]:
    return add_files(tx, [_attachment(tx, *file) if isinstance(file, tuple) else file for file in files])


def _attachment(tx: Tx, filename: str, content_type: str, blob: UUID) -> NewAttachment:
    row = tx.get(Blob, blob)
    if row is None:
        msg = f"The file “{filename}” is missing. Attach it again."
        raise NotFoundError(msg)
    return NewAttachment(filename=filename, content_type=content_type, size=row.length, blob=blob)


def _files_of(tx: Tx, message: UUID) -> list[dict[str, object]]:
    rows = tx.execute(select(Attachment).where(Attachment.message == message)).scalars()
    return [
        {"filename": row.filename, "content_type": row.content_type, "size": row.size, "blob": row.blob.hex}
        for row in rows
        if row.blob is not None
    ]


def _checked(headers: Mapping[str, str] | None) -> dict[str, str]:
    checked = dict(headers or {})
    for name, value in checked.items():
        if any(ord(char) < 32 for char in name + value) or not name.isascii() or ":" in name:
            msg = "A header field of this mail contains a character that no mail may have."
            raise UserError(msg)
    return checked


def _row(tx: Tx, message: UUID) -> Outbox:
    row = tx.get(Outbox, message)
    if row is None:
        msg = "There is no such message in the outbox."
        raise NotFoundError(msg)
    return row


def _why_not(row: Outbox) -> str:
    if row.state == State.UNCERTAIN:
        return "Nobody knows whether this message went out. Say first what became of it: sent, or send it again."
    if row.state == State.SENDING:
        return "This message is on its way at this moment."
    return f"This message is {row.state}; there is nothing to try again."


def _revive(tx: Tx, message: UUID) -> None:
    """The rep writes to a dead address all the same: from now on it counts as alive."""
    sent = tx.get(Message, message)
    handles = [str(one[1]).casefold() for one in (*sent.to, *sent.cc, *sent.bcc)] if sent else []
    for row in tx.execute(select(Identity).where(Identity.kind == "email", Identity.handle.in_(handles))).scalars():
        row.dead_at = None
