"""Queueing automatic answers, within the caps, and keeping the log that the caps count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, exists, func, select

from app.answering.rules import CAPS, KEPT, Cap, Letter, acknowledgement, why_not
from app.answering.tables import AutoReplyLog
from app.conversations.queries import own_addresses
from app.conversations.rules import Kind
from app.conversations.tables import Mailbox, Message
from app.kernel import ids
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.outbox.commands import queue_reply
from app.outbox.rules import is_address, is_own
from app.people.queries import dead_addresses
from app.people.rules import company_domain, handle_of

_TRIM_STEP = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter that opened a ticket. `name` and `address`: who wrote it."""

    message: UUID
    ticket: UUID
    number: int
    mailbox: UUID
    customer: UUID | None
    name: str
    address: str
    subject: str
    letter: Letter


# Made once and on the plain table: it is asked for every batch of mail.
_boxes = Mailbox.__table__.c
_ACKNOWLEDGING = select(_boxes.id).where(_boxes.ack_on, _boxes.deleted_at.is_(None))


def acknowledging(tx: Tx) -> frozenset[UUID]:
    """The mailboxes whose new tickets are acknowledged. One question for a whole batch."""
    return frozenset(row[0] for row in tx.connection().execute(_ACKNOWLEDGING))


def acknowledge(tx: Tx, one: Opened) -> bool:
    """Tell who wrote that the mail has come; False if a program must not answer it, or not so often.

    An acknowledgement changes no status and counts for nothing. Whether the mailbox wants any: `acknowledging`.
    """
    if why_not(one.letter, tx.now) or not may_write(tx, one.address):
        return False
    box = tx.get(Mailbox, one.mailbox)
    assert box is not None
    text = acknowledgement(
        box.ack_text,
        str(options.get(tx, "desk_language")),
        name=one.name,
        number=str(one.number),
        subject=one.subject,
        desk=str(options.get(tx, "desk_name")) or box.name,
    )
    message = queue_reply(
        tx,
        ticket=one.ticket,
        mailbox=one.mailbox,
        customer=one.customer,
        answers=one.message,
        to=[(one.name, one.address)],
        cc=[],
        text=text,
        signed=True,
        automatic=True,
        kind=Kind.AUTO_REPLY,
        headers={"Auto-Submitted": "auto-replied"},
    )
    note_automatic(tx, message, one.address)
    return True


def may_write(tx: Tx, address: str) -> bool:
    """May a program write to this address now? Not to what is none, to ourselves, to a dead one, nor beyond the caps."""
    handle = handle_of(address)
    if not is_address(handle) or is_own(handle, own_addresses(tx)) or dead_addresses(tx, [handle]):
        return False
    return within(tx, address, CAPS)


def within(tx: Tx, address: str, caps: Sequence[Cap]) -> bool:
    """Would one more automatic mail to this address stay within these caps?"""
    handle = handle_of(address)
    domain = company_domain(handle)
    return not any(_is_reached(tx, cap, handle, domain) for cap in caps)


def note_automatic(tx: Tx, message: UUID, address: str) -> None:
    """An automatic mail was queued: it counts towards the caps."""
    handle = handle_of(address)
    values = {"id": ids.new_id(), "message": message, "address": handle, "domain": company_domain(handle), "at": tx.now}
    insert_row(tx, AutoReplyLog, values)


def trim_log(tx: Tx) -> int:
    """Drop rows of the log that no cap looks at any more; how many, at most some a call."""
    old = select(AutoReplyLog.id).where(AutoReplyLog.at < tx.now - KEPT).limit(_TRIM_STEP)
    doomed = tx.scalars(old).all()
    if doomed:
        tx.execute(delete(AutoReplyLog).where(AutoReplyLog.id.in_(doomed)))
    return len(doomed)


def forget_log(tx: Tx, messages: Sequence[UUID]) -> None:
    """These messages are erased for good; so is to whom they went."""
    for start in range(0, len(messages), _TRIM_STEP):
        tx.execute(delete(AutoReplyLog).where(AutoReplyLog.message.in_(messages[start : start + _TRIM_STEP])))


def _is_reached(tx: Tx, cap: Cap, handle: str, domain: str) -> bool:
    # Not what lies further ahead: it was written while the clock was wrong, and would silence us until that day comes.
    near = AutoReplyLog.at > tx.now - cap.span, AutoReplyLog.at < tx.now + cap.span
    query = select(func.count()).select_from(AutoReplyLog).where(*near)
    if cap.scope == "address":
        query = query.where(AutoReplyLog.address == handle)
    elif cap.scope == "domain":
        if not domain:
            return False
        query = query.where(AutoReplyLog.domain == domain)
    else:
        is_asking = exists().where(Message.id == AutoReplyLog.message, Message.kind == Kind.SURVEY)
        query = query.where(is_asking if cap.scope == "asked" else ~is_asking)
    return int(tx.execute(query).scalar_one()) >= cap.most
