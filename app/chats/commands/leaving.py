"""What a visitor leaves behind: a message while nobody is here, a score, a wish for the transcript."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.answering.commands import may_write, note_automatic
from app.chats.commands.receiving import (
    VISITOR,
    Refused,
    Said,
    add_word,
    begin,
    known_before,
    met,
)
from app.chats.commands.rows import conversation_row, visitor_row
from app.chats.commands.visitor_cache import Accepted
from app.chats.letters import Spoken, transcript_letter
from app.chats.rules import MAX_CHARS, TRANSCRIPTS_A_DAY, State, clean_line, clean_text
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.tables import Attachment, Mailbox, Message
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.state import options
from app.outbox.commands import queue_reply
from app.outbox.rules import State as Delivery
from app.outbox.rules import is_address
from app.outbox.tables import Outbox
from app.people.queries import agent
from app.surveys.commands import rate_in_chat
from app.tickets.commands.rows import living_row
from app.tickets.commands.writing import default_mailbox

TRANSCRIPT = "transcript"


def receive_form(tx: Tx, said: Said) -> Accepted | Refused:
    """Take what the form says while nobody is here: a ticket of its own, to be answered by e-mail. Once for each id."""
    known = known_before(tx, said)
    if known is not None:
        return known
    body, email = clean_text(said.body), clean_line(said.email, 200)
    if not is_address(email):
        return Refused("email")
    if not body:
        return Refused("text")
    if len(body) > MAX_CHARS:
        return Refused("long")
    visitor = met(tx, said)
    chat = begin(tx, visitor, body, tx.now)
    chat.state, chat.ended_at = str(State.MISSED), tx.now
    accepted = add_word(tx, chat, visitor, said.external_id, body, (), tx.now)
    tx.flush()
    row = visitor_row(tx, visitor.id)
    row.gone_at = row.gone_at or tx.now
    return accepted


def rate(tx: Tx, conversation: UUID, score: int, comment: str = "") -> bool:
    """The visitor says how it went, 1 to 5; False for a score that there is not, or where there is nothing to rate."""
    row = conversation_row(tx, conversation)
    if row.answered_at is None or not 1 <= score <= 5:
        return False
    visitor = visitor_row(tx, row.visitor)
    ticket = living_row(tx, row.ticket)
    rate_in_chat(tx, ticket.id, row.id, score, clean_text(comment)[:MAX_CHARS], visitor.email)
    return True


def mail_transcript(tx: Tx, conversation: UUID, address: str = "") -> None:
    """Mail the visitor what was said. Raises UserError without an address, without an answer of ours, and for too many."""
    chat = conversation_row(tx, conversation)
    visitor = visitor_row(tx, chat.visitor)
    wanted = visitor.email if visitor.verified_at is not None else clean_line(address, 200) or visitor.email
    if not is_address(wanted) or chat.answered_at is None:
        msg = "There is nothing to send, or nobody to send it to."
        raise UserError(msg)
    if _sent_today(tx, visitor.id) >= TRANSCRIPTS_A_DAY or not may_write(tx, wanted):
        msg = "It was sent already."
        raise UserError(msg)
    ticket, box = living_row(tx, chat.ticket), default_mailbox(tx)
    mailbox = tx.get_one(Mailbox, box)
    desk = str(options.get(tx, "desk_name")) or mailbox.name or mailbox.address
    language = visitor.lang or str(options.get(tx, "desk_language"))
    subject, text = transcript_letter(language, _spoken(tx, chat, visitor, desk), visitor.name, desk)
    message = queue_reply(
        tx, ticket=ticket.id, mailbox=box, customer=ticket.customer, to=[(visitor.name, wanted)], subject=subject,
        text=text, automatic=True, kind="auto_reply", thread=False, headers={"X-Deskbell-Chat": TRANSCRIPT},
    )  # fmt: skip
    note_automatic(tx, message, wanted)


def _sent_today(tx: Tx, visitor: UUID) -> int:
    tickets = select(Conversation.ticket).where(Conversation.visitor == visitor)
    sent = select(func.count()).select_from(Message).where(
        Message.ticket.in_(tickets), Message.kind == "auto_reply", Message.occurred_at > tx.now - timedelta(days=1)
    )  # fmt: skip
    return int(tx.scalar(sent) or 0)


def _spoken(tx: Tx, chat: Conversation, visitor: ChatVisitor, desk: str) -> list[Spoken]:
    lines = (
        select(Message.id, Message.direction, Message.text, Message.occurred_at, Message.agent)
        .join(ChatLine, ChatLine.message == Message.id)
        .outerjoin(Outbox, Outbox.id == Message.id)
        .where(ChatLine.conversation == chat.id, func.coalesce(Outbox.state, "") != Delivery.CANCELLED)
        .order_by(ChatLine.seq)
    )
    rows = tx.execute(lines).all()
    names: dict[UUID, list[str]] = {}
    for message, filename in tx.execute(
        select(Attachment.message, Attachment.filename).where(Attachment.message.in_([row.id for row in rows]))
    ):
        names.setdefault(message, []).append(filename)
    return [
        Spoken(
            _who(tx, row.direction, row.agent, visitor, desk), row.occurred_at, row.text, tuple(names.get(row.id, ()))
        )
        for row in rows
    ]


def _who(tx: Tx, direction: str, key: UUID | None, visitor: ChatVisitor, desk: str) -> str:
    if direction == "in":
        return visitor.name or VISITOR
    found = agent(tx, key) if key is not None else None
    return found.name if found is not None else desk
