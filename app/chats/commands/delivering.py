"""What becomes of a rep's words on their way to the visitor: pushed, stored there, read, or waiting for their return.

There are no phases and nothing is ever uncertain: what is not acknowledged is simply sent again, and the visitor's side
knows it by its id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.chats.commands.rows import conversation_row
from app.chats.rules import GOING_ON, clean_language, clean_page
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.outbox.facts import ReplySent
from app.outbox.rules import Hold, State
from app.outbox.tables import Outbox


@dataclass(frozen=True, slots=True)
class Came:
    """A visitor who is there (again): on which page, in which language."""

    visitor: UUID
    page: str = ""
    lang: str = ""


_WAITING = (State.QUEUED, State.SENDING, State.RETRY, State.HELD)


def take_for_sending(tx: Tx, messages: Collection[UUID]) -> int:
    """These are being pushed to a visitor who is there; how many of them still waited."""
    return len(_moved(tx, messages, (State.QUEUED, State.RETRY, State.HELD), State.SENDING))


def note_delivered(tx: Tx, messages: Collection[UUID], visitor: UUID | None = None) -> None:
    """The visitor's side has stored these: they are sent and delivered. A second time changes nothing.

    `visitor`: only what was said to this one counts; whoever says so may be anybody.
    """
    tx.flush()
    lines = select(ChatLine.message).join(Conversation, Conversation.id == ChatLine.conversation)
    lines = lines.where(ChatLine.message.in_(list(messages)))
    messages = list(tx.scalars(lines if visitor is None else lines.where(Conversation.visitor == visitor)))
    for row in _moved(tx, messages, _WAITING, State.SENT):
        row.delivered_at = tx.now
        row.attempts += 1
        row.first_attempt_at = row.first_attempt_at or tx.now
        if row.sent_at is None:
            row.sent_at = tx.now
            tx.emit(ReplySent(row.ticket, row.id, tx.now, automatic=False))


def note_delivered_upto(tx: Tx, conversation: UUID, seq: int) -> None:
    """The visitor's side has everything up to this place, also what it had no time to confirm."""
    tx.flush()
    waiting = (
        select(Outbox.id)
        .join(ChatLine, ChatLine.message == Outbox.id)
        .where(ChatLine.conversation == conversation, ChatLine.seq <= seq, Outbox.state.in_(_WAITING))
    )
    if messages := list(tx.scalars(waiting)):
        note_delivered(tx, messages)


def note_read_by_visitor(tx: Tx, conversation: UUID, seq: int) -> None:
    """The visitor has read up to this place."""
    row = conversation_row(tx, conversation)
    wanted = min(seq, row.last_seq)
    if wanted <= row.visitor_read_seq:
        return
    note_delivered_upto(tx, conversation, wanted)
    before, row.visitor_read_seq = row.visitor_read_seq, wanted
    tx.flush()
    lines = select(ChatLine.message).where(
        ChatLine.conversation == conversation, ChatLine.seq > before, ChatLine.seq <= wanted
    )
    for way in tx.scalars(select(Outbox).where(Outbox.id.in_(lines), Outbox.read_at.is_(None))):
        way.read_at = tx.now


def visitors_came(tx: Tx, came: Sequence[Came]) -> None:
    """These visitors have a connection: what waited for them may go. Those who never wrote have no row here."""
    rows = _visitors(tx, [one.visitor for one in came])
    for one in came:
        if (row := rows.get(one.visitor)) is None:
            continue
        row.last_seen_at, row.gone_at = tx.now, None
        row.page, row.lang = clean_page(one.page) or row.page, clean_language(one.lang) or row.lang
    _touch_chats(tx, list(rows))
    tx.flush()
    held = (
        select(Outbox.id)
        .join(ChatLine, ChatLine.message == Outbox.id)
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .where(
            Conversation.visitor.in_(list(rows)), Outbox.state == State.HELD, Outbox.hold_reason == Hold.VISITOR_GONE
        )
    )
    for way in _moved(tx, list(tx.scalars(held)), (State.HELD,), State.QUEUED):
        way.hold_reason = ""


def visitors_left(tx: Tx, visitors: Collection[UUID]) -> None:
    """The last connection of these visitors is gone; what was being pushed to them waits again."""
    rows = _visitors(tx, visitors)
    for row in rows.values():
        row.gone_at = row.gone_at or tx.now
        row.last_seen_at = tx.now
    _touch_chats(tx, list(rows))
    tx.flush()
    pushed = (
        select(Outbox.id)
        .join(ChatLine, ChatLine.message == Outbox.id)
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .where(Conversation.visitor.in_(list(rows)), Outbox.state == State.SENDING)
    )
    _moved(tx, list(tx.scalars(pushed)), (State.SENDING,), State.QUEUED)


def everybody_left(tx: Tx) -> None:
    """An engine that begins knows nobody yet: whoever is there says so in a moment."""
    there = select(ChatVisitor.id).where(ChatVisitor.gone_at.is_(None))
    visitors_left(tx, list(tx.scalars(there)))


def hold_for_gone(tx: Tx, limit: int = 200) -> int:
    """Words for visitors who have been gone for some minutes wait for a person: offer e-mail. How many."""
    tx.flush()
    since = tx.now - timedelta(minutes=int(options.get(tx, "chat_gone_minutes")))
    waiting = (
        select(Outbox.id)
        .join(ChatLine, ChatLine.message == Outbox.id)
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .join(ChatVisitor, ChatVisitor.id == Conversation.visitor)
        .where(
            Outbox.state == State.QUEUED,
            Outbox.not_before <= since,
            ChatVisitor.gone_at.is_not(None),
            ChatVisitor.gone_at <= since,
        )
        .limit(limit)
    )
    rows = _moved(tx, list(tx.scalars(waiting)), (State.QUEUED,), State.HELD)
    for row in rows:
        row.hold_reason = Hold.VISITOR_GONE
    return len(rows)


def _visitors(tx: Tx, keys: Collection[UUID]) -> Mapping[UUID, ChatVisitor]:
    found = tx.scalars(select(ChatVisitor).where(ChatVisitor.id.in_(list(keys))))
    return {row.id: row for row in found}


def _touch_chats(tx: Tx, visitors: Collection[UUID]) -> None:
    """Whoever shows these visitors' chats shows whether they are there."""
    going = select(Conversation.id).where(Conversation.visitor.in_(list(visitors)), Conversation.state.in_(GOING_ON))
    for key in tx.scalars(going):
        tx.touch("conversation", key)


def _moved(tx: Tx, messages: Collection[UUID], out_of: Sequence[State], to: State) -> list[Outbox]:
    """Change the state of those rows that are still in one of `out_of`; their rows. Only chat rows are ever given."""
    tx.flush()
    rows = list(tx.scalars(select(Outbox).where(Outbox.id.in_(list(messages)), Outbox.state.in_(out_of))))
    for row in rows:
        row.state = str(to)
    return rows
