"""What a rep says in a chat: words and files that go out, notes that stay, what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.chats.commands.rows import conversation_row, going_on, visitor_row
from app.chats.commands.taking import accept
from app.chats.rules import FILE_TYPES, FILES_A_MESSAGE, MAX_CHARS, MAX_FILE, State, clean_text, size_limit_text
from app.chats.tables import ChatLine, Conversation
from app.conversations.commands import NewAttachment, NewFile, NewMessage, add_files, add_message
from app.conversations.rules import snippet_of
from app.kernel import ids
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.outbox.facts import ReplyQueued
from app.outbox.rules import State as Delivery
from app.outbox.tables import Outbox
from app.people.commands import record_event
from app.people.rules import EventKind
from app.people.tables import Agent
from app.tickets.commands import Written, add_note, message_added, reply
from app.tickets.commands.rows import living_row
from app.tickets.commands.status import apply_status
from app.tickets.rules import DONE, Status

TYPING_S = 6.0
"""So long a word that somebody types is good for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A rep's message is on its way: which one, and its place in the chat."""

    message: UUID
    seq: int


def send_chat(tx: Tx, conversation: UUID, text: str, files: Sequence[NewFile | NewAttachment] = ()) -> Sent:
    """Say something to the visitor; a chat that waits is taken by it. It lies in the outbox until the visitor has it.

    Raises UserError for nothing to say, for what is too long or no file for a chat, and for a chat that is over.
    """
    row = going_on(tx, conversation)
    body = _checked(clean_text(text), files)
    if row.state == State.WAITING:
        accept(tx, conversation)
    message, ticket = ids.new_id(), living_row(tx, row.ticket)
    who = tx.get(Agent, tx.agent) if tx.agent else None
    visitor = visitor_row(tx, row.visitor)
    new = NewMessage(
        id=message, ticket=ticket.id, customer=ticket.customer, agent=tx.agent, channel="chat", kind="chat",
        direction="out", sender=(who.name if who else "", ""), to=((visitor.name, visitor.email),), text=body,
        occurred_at=tx.now, attachments=add_files(tx, files),
    )  # fmt: skip
    add_message(tx, new)
    seq = _place(tx, row, message)
    tx.flush()
    tx.add(
        Outbox(
            id=message, ticket=ticket.id, mailbox=row.channel, state=str(Delivery.QUEUED), not_before=tx.now,
            results={}, headers={},
        )
    )  # fmt: skip
    _answered(tx, row)
    tx.emit(ReplyQueued(ticket.id, message, tx.now, automatic=False))
    record_event(tx, EventKind.REPLIED, ticket=ticket.id, field="message", new=str(message))
    words = snippet_of(body) or new.attachments[0].filename
    message_added(tx, ticket.id, direction="out", at=tx.now, snippet=words, has_attachment=bool(files))
    if ticket.status not in DONE:
        apply_status(tx, ticket, Status.WAITING)
    return Sent(message, seq)


def _place(tx: Tx, chat: Conversation, message: UUID) -> int:
    """Give a message of ours the next place in its chat; the place."""
    chat.last_seq, chat.last_at = chat.last_seq + 1, tx.now
    line = {"message": message, "conversation": chat.id, "external_id": message.hex, "seq": chat.last_seq}
    insert_row(tx, ChatLine, line)
    return chat.last_seq


def note_chat(tx: Tx, conversation: UUID, text: str, files: Sequence[NewFile | NewAttachment] = ()) -> UUID:
    """Write a note that the visitor never sees; its message's id. Raises UserError for an empty one."""
    return add_note(tx, conversation_row(tx, conversation).ticket, text, files).message


def mark_read(tx: Tx, conversation: UUID, seq: int) -> None:
    """The rep has read up to this place; the visitor sees it."""
    row = conversation_row(tx, conversation)
    wanted = min(seq, row.last_seq)
    row.desk_read_seq = max(row.desk_read_seq, wanted)


def typing(tx: Tx, conversation: UUID, on: bool) -> None:
    """Tell the visitor that a rep is typing, or no longer. Nothing is stored."""
    payload = {"conversation": conversation.hex, "who": "agent", "on": on, "agent": tx.agent.hex if tx.agent else ""}
    tx.signal("chat_typing", payload, ttl_s=TYPING_S)


def reply_by_mail(tx: Tx, conversation: UUID, text: str, files: Sequence[NewFile | NewAttachment] = ()) -> Written:
    """Answer by e-mail, since the visitor is not there any more. Raises UserError when no address of theirs is known.

    The address may be one that they only say is theirs: the mail says what they said, and nothing of anybody else.
    """
    row = conversation_row(tx, conversation)
    visitor = visitor_row(tx, row.visitor)
    if not visitor.email:
        msg = "This visitor has left no address to write to."
        raise UserError(msg)
    written = reply(tx, row.ticket, text=text, to=[(visitor.name, visitor.email)], files=files)
    _answered(tx, row)
    return written


def _answered(tx: Tx, row: Conversation) -> None:
    row.answered_at = row.answered_at or tx.now
    row.waiting_since = None
    row.desk_read_seq = max(row.desk_read_seq, row.last_seq)


def _checked(body: str, files: Sequence[NewFile | NewAttachment]) -> str:
    if not body and not files:
        msg = "There is nothing to send: write something first."
        raise UserError(msg)
    if len(body) > MAX_CHARS:
        msg = said("A chat message has {most} characters at most. Say it in two.", most=MAX_CHARS)
        raise UserError(msg)
    if len(files) > FILES_A_MESSAGE:
        msg = said("A chat message has {most} files at most.", most=FILES_A_MESSAGE)
        raise UserError(msg)
    for one in files:
        size = one.ref.length if isinstance(one, NewFile) else one.size
        if one.content_type not in FILE_TYPES:
            msg = said(
                "“{filename}” is no file for a chat: pictures (PNG, JPEG, WebP), PDF and plain text are.",
                filename=one.filename,
            )
            raise UserError(msg)
        if size > MAX_FILE:
            msg = said(
                "“{filename}” is larger than {size}; that is too much for a chat.",
                filename=one.filename,
                size=size_limit_text(),
            )
            raise UserError(msg)
    return body
