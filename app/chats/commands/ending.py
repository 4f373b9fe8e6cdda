"""How a chat ends: by either side, by silence, or by becoming a plain ticket. Nothing that is unanswered ends solved."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.chats.commands.rows import conversation_row, going_on
from app.chats.rules import GOING_ON, EndedBy, State, over_after
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.tables import Message
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.mime.meaning.thanks import is_thanks
from app.people.commands import mark_action
from app.people.row_history import change_row
from app.people.rules import EventKind
from app.tickets.commands import set_status
from app.tickets.commands.rows import living_row
from app.tickets.commands.status import apply_status
from app.tickets.rules import DONE, Status

_AT_ONCE = 100


def end_chat(tx: Tx, conversation: UUID) -> None:
    """A rep ends a chat. One that was answered is solved with its ticket; one that was not stays an open ticket.

    Raises FieldsMissingError when the ticket lacks what it needs to be solved, UserError for one that is over.
    """
    row = going_on(tx, conversation)
    state = over_after(row.answered_at is not None, row.waiting_since is not None, EndedBy.AGENT, thanked=False)
    ticket = living_row(tx, row.ticket)
    if state is State.ENDED and ticket.status not in DONE:
        set_status(tx, ticket.id, Status.SOLVED)
    change_row(tx, row, ticket=ticket.id, quietly=True, state=str(state), ended_at=tx.now, waiting_since=None)
    mark_action(tx)


def turn_into_ticket(tx: Tx, conversation: UUID) -> None:
    """No chat any more but a ticket to be worked on; the visitor is told that an answer will come."""
    row = going_on(tx, conversation)
    change_row(tx, row, ticket=row.ticket, quietly=True, state=str(State.TURNED), ended_at=tx.now)
    ticket = living_row(tx, row.ticket)
    if row.waiting_since is not None and ticket.status == Status.WAITING:
        apply_status(tx, ticket, Status.OPEN)


def ended_by_visitor(tx: Tx, conversation: UUID) -> State | None:
    """The visitor says that it is over; what became of the chat, None if it was over already."""
    row = conversation_row(tx, conversation)
    return _end(tx, row, EndedBy.VISITOR) if row.state in GOING_ON else None


def end_silent(tx: Tx, limit: int = _AT_ONCE) -> int:
    """End chats in which nobody has said anything for some minutes (a setting); how many.

    Nobody is sent away who waits for an answer and is still there.
    """
    tx.flush()
    since = tx.now - timedelta(minutes=int(options.get(tx, "chat_silence_minutes")))
    quiet = (
        select(Conversation, ChatVisitor.gone_at)
        .join(ChatVisitor, ChatVisitor.id == Conversation.visitor)
        .where(Conversation.state.in_(GOING_ON), Conversation.last_at <= since)
        .order_by(Conversation.last_at)
        .limit(limit)
    )
    ended = 0
    for row, gone_at in tx.execute(quiet).all():
        if row.waiting_since is not None and gone_at is None:
            continue
        _end(tx, row, EndedBy.SILENCE)
        ended += 1
    return ended


def _end(tx: Tx, row: Conversation, by: EndedBy) -> State:
    """End a chat without a person at the desk: fields that a desk requires do not hold it up."""
    thanked = row.waiting_since is not None and is_thanks(_last_words(tx, row))
    state = over_after(row.answered_at is not None, row.waiting_since is not None, by, thanked=thanked)
    row.state, row.ended_at = str(state), tx.now
    ticket = living_row(tx, row.ticket)
    if state is State.ENDED:
        row.waiting_since = None
        if ticket.status not in DONE and ticket.deleted_at is None:
            apply_status(tx, ticket, Status.SOLVED, EventKind.MOVED)
    elif ticket.status == Status.WAITING:
        apply_status(tx, ticket, Status.OPEN, EventKind.MOVED)
    return state


def _last_words(tx: Tx, row: Conversation) -> str:
    last = select(Message.text).join(ChatLine, ChatLine.message == Message.id).where(
        ChatLine.conversation == row.id, ChatLine.seq == row.last_seq
    )  # fmt: skip
    return tx.scalars(last).first() or ""
