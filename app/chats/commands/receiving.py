"""A visitor's words come in: into the chat that goes on, or as a new one, which is a new ticket in the same transaction.

Idempotent: what comes a second time (the acknowledgement was lost, the engine died after the commit) is known by its
id, in whichever of the visitor's chats it was stored, and is acknowledged again with the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from app.chats.commands.uploading import taken_uploads
from app.chats.rules import GOING_ON, MAX_CHARS, State, clean_language, clean_line, clean_page, clean_text, comes_back
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.commands import NewAttachment, NewMessage, add_message
from app.conversations.rules import snippet_of
from app.conversations.tables import Message
from app.kernel import ids, options
from app.kernel.memo import memo
from app.kernel.rows import insert_row
from app.kernel.store import Tx
from app.mime.thanks import is_thanks
from app.outbox.rules import is_address
from app.people.visitors import add_visitor, name_visitor
from app.tickets.commands import customer_wrote, link_tickets, open_ticket
from app.tickets.commands.standing import know_tickets, standing

VISITOR: Final = "Visitor"
"""What somebody is called who has said no name."""

_SEEN_STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Said:
    """A visitor's message as it came over the wire. `who`: sha256 of a browser's token, or a JID.

    `external_id`: made once by the sender. `files`: ids of uploads. `name` and `email` are what the visitor says.
    """

    channel: UUID
    who: bytes | str
    external_id: str
    body: str
    files: tuple[UUID, ...] = ()
    name: str = ""
    email: str = ""
    page: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is ours: in which chat, at which place. `duplicate`: it was already."""

    conversation: UUID
    message: UUID
    seq: int
    duplicate: bool
    visitor: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken, and why: `long`, `empty`, `file`, `blocked` (see the protocol's `no`)."""

    reason: str


def receive_chat(tx: Tx, said: Said) -> Accepted | Refused:
    """Take a visitor's message. Once this is committed it may be acknowledged, and not before."""
    know(tx, [said])
    visitor = find_visitor(tx, said.who)
    known = already(tx, visitor, said.external_id) if visitor is not None else None
    if known is not None:
        return known
    body = clean_text(said.body)
    if visitor is not None and visitor.blocked_at is not None:
        return Refused("blocked")
    if len(body) > MAX_CHARS:
        return Refused("long")
    files = taken_uploads(tx, said.who, said.files)
    if files is None:
        return Refused("file")
    if not body and not files:
        return Refused("empty")
    visitor = visitor or meet(tx, said)
    told(tx, visitor, said)
    chat = _chat_for(tx, visitor, body or files[0].filename)
    return add_word(tx, chat, visitor, said.external_id, body, files)


def receive_many(tx: Tx, all_said: Sequence[Said]) -> list[Accepted | Refused]:
    """Take what came within a few milliseconds, in one transaction: one commit for all of it, and one look at each table."""
    know(tx, all_said)
    return [receive_chat(tx, said) for said in all_said]


def know(tx: Tx, all_said: Sequence[Said]) -> None:
    """Look up, for many at once, who says this, what of it was stored before, and which chat each was in last."""
    visitors, chats = memo(tx, "chat_visitor"), memo(tx, "chat_newest")
    unknown = {said.who for said in all_said} - visitors.keys()
    if unknown:
        tx.flush()
        visitors.update(dict.fromkeys(unknown))
        tokens = [who for who in unknown if isinstance(who, bytes)]
        jids = [who for who in unknown if isinstance(who, str)]
        same = or_(ChatVisitor.token_sha256.in_(tokens), ChatVisitor.jid.in_(jids))
        for row in tx.scalars(select(ChatVisitor).where(same)):
            visitors[row.token_sha256 or row.jid] = row
        found = {visitors[who].id for who in unknown if visitors[who] is not None}
        chats.update(dict.fromkeys(found))
        theirs = select(Conversation).where(Conversation.visitor.in_(found))
        for chat in tx.scalars(theirs.order_by(Conversation.started_at, Conversation.id)) if found else ():
            chats[chat.visitor] = chat
        know_tickets(tx, [chat.ticket for chat in chats.values() if chat is not None])
    _know_stored(tx, all_said)


def _know_stored(tx: Tx, all_said: Sequence[Said]) -> None:
    visitors, stored = memo(tx, "chat_visitor"), memo(tx, "chat_stored")
    asked = {(visitors[said.who].id, said.external_id): None for said in all_said if visitors[said.who] is not None}
    wanted = asked.keys() - stored.keys()
    if not wanted:
        return
    tx.write_rows()
    stored.update(dict.fromkeys(wanted))
    lines = (
        select(
            Conversation.visitor,
            ChatLine.external_id,
            ChatLine.conversation,
            Message.id,
            ChatLine.seq,
            Message.occurred_at,
        )
        .join(Message, Message.id == ChatLine.message)
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .where(
            Conversation.visitor.in_({visitor for visitor, _ in wanted}),
            ChatLine.external_id.in_({external_id for _, external_id in wanted}),
        )
    )
    for visitor, external_id, conversation, message, seq, at in tx.execute(lines):
        stored[visitor, external_id] = Accepted(conversation, message, seq, duplicate=True, visitor=visitor, at=at)


def find_visitor(tx: Tx, who: bytes | str) -> ChatVisitor | None:
    """The visitor with this token (as its sha256), or this JID; `know` was asked before."""
    found: ChatVisitor | None = memo(tx, "chat_visitor")[who]
    return found


def already(tx: Tx, visitor: ChatVisitor, external_id: str) -> Accepted | None:
    """Where a message of this visitor was stored, if it was; `know` was asked before."""
    found: Accepted | None = memo(tx, "chat_stored").get((visitor.id, external_id))
    return found


def meet(tx: Tx, said: Said) -> ChatVisitor:
    """A visitor who writes for the first time, with a customer of their own."""
    key = ids.new_id()
    name = clean_line(said.name, 80)
    visitor = ChatVisitor(
        id=key,
        channel=said.channel,
        token_sha256=said.who if isinstance(said.who, bytes) else None,
        jid=said.who if isinstance(said.who, str) else None,
        name=name,
        customer=add_visitor(tx, "chat", key.hex, name or VISITOR, clean_language(said.lang), tx.now),
        created_at=tx.now,
        last_seen_at=tx.now,
    )
    tx.add(visitor)
    tx.flush()
    memo(tx, "chat_visitor")[said.who] = visitor
    memo(tx, "chat_newest")[visitor.id] = None
    return visitor


def told(tx: Tx, visitor: ChatVisitor, said: Said) -> None:
    """What a visitor says about themselves, and where they are. An address that was proven stays."""
    name, email = clean_line(said.name, 80), clean_line(said.email, 200)
    if name and name != visitor.name and visitor.verified_at is None:
        visitor.name = name
        name_visitor(tx, visitor.customer, name)
    if is_address(email) and email != visitor.email and visitor.verified_at is None:
        visitor.email, visitor.code_sha256 = email, None
    visitor.page = clean_page(said.page) or visitor.page
    visitor.lang = clean_language(said.lang) or visitor.lang
    if tx.now - visitor.last_seen_at > _SEEN_STEP:
        visitor.last_seen_at = tx.now


def _chat_for(tx: Tx, visitor: ChatVisitor, words: str) -> Conversation:
    """The chat that these words belong to: the one that goes on or just ended, else a new one."""
    last: Conversation | None = memo(tx, "chat_newest")[visitor.id]
    minutes = _return_minutes(tx)
    if last is not None and comes_back(last.state, last.ended_at, tx.now, minutes) and _is_usable(tx, last):
        if last.state not in GOING_ON:
            last.state, last.ended_at = State.WAITING if last.assignee is None else State.LIVE, None
        return last
    chat = begin(tx, visitor, words)
    if last is not None:
        link_tickets(tx, chat.ticket, last.ticket, "continues")
    return chat


def _is_usable(tx: Tx, chat: Conversation) -> bool:
    """Not where a rep said that it is no chat any more, or threw its ticket away."""
    return chat.state != State.TURNED and standing(tx, chat.ticket).deleted_at is None


def begin(tx: Tx, visitor: ChatVisitor, words: str) -> Conversation:
    """A new chat with its ticket."""
    ticket = ids.new_id()
    open_ticket(tx, ticket=ticket, customer=visitor.customer, subject=snippet_of(words)[:80], at=tx.now, channel="chat")
    chat = Conversation(
        id=ids.new_id(), channel=visitor.channel, visitor=visitor.id, ticket=ticket, state=State.WAITING,
        started_at=tx.now, last_at=tx.now, last_seq=0, visitor_read_seq=0, desk_read_seq=0,
    )  # fmt: skip
    tx.add(chat)
    tx.flush()
    memo(tx, "chat_newest")[visitor.id] = chat
    return chat


def _return_minutes(tx: Tx) -> int:
    known = memo(tx, "chat_return_minutes")
    if not known:
        known[None] = int(options.get(tx, "chat_return_minutes"))
    return int(known[None])


def add_word(
    tx: Tx,
    chat: Conversation,
    visitor: ChatVisitor,
    external_id: str,
    body: str,
    files: Sequence[NewAttachment],
) -> Accepted:
    """Store a visitor's words at the next place of a chat; the ticket follows."""
    message = ids.new_id()
    stands = standing(tx, chat.ticket)
    ticket, address = stands.id, visitor.email if visitor.verified_at is not None else ""
    new = NewMessage(
        id=message, ticket=ticket, customer=stands.customer, channel="chat", kind="chat", direction="in",
        sender=(visitor.name or VISITOR, address), text=body, occurred_at=tx.now, attachments=tuple(files),
    )  # fmt: skip
    add_message(tx, new)
    seq = place(tx, chat, message, external_id)
    chat.waiting_since = chat.waiting_since or tx.now
    words = snippet_of(body) or (files[0].filename if files else "")
    customer_wrote(tx, ticket, at=tx.now, snippet=words, has_attachment=bool(files), is_thanks=lambda: is_thanks(body))
    accepted = Accepted(chat.id, message, seq, duplicate=False, visitor=visitor.id, at=tx.now)
    memo(tx, "chat_stored")[visitor.id, external_id] = replace(accepted, duplicate=True)
    return accepted


def place(tx: Tx, chat: Conversation, message: UUID, external_id: str) -> int:
    """Give a message the next place in its chat; the place."""
    chat.last_seq += 1
    chat.last_at = tx.now
    line = {"message": message, "conversation": chat.id, "external_id": external_id, "seq": chat.last_seq}
    insert_row(tx, ChatLine, line)
    tx.touch("conversation", chat.id)
    return chat.last_seq
