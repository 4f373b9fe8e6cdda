"""A visitor's words come in: into the chat that goes on, or as a new one, which is a new ticket in the same transaction.

Idempotent: what comes a second time (the acknowledgement was lost, the engine died after the commit) is known by its
id, in whichever of the visitor's chats it was stored, and is acknowledged again with the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.chats.commands.rows import visitor_row
from app.chats.commands.uploading import taken_uploads
from app.chats.commands.visitor_cache import (
    Accepted,
    KeptChat,
    KeptVisitor,
    keep_chat,
    keep_line,
    keep_visitor,
    know,
    newest_chat,
    stored_as,
    visitor_of,
)
from app.chats.rules import GOING_ON, MAX_CHARS, State, clean_language, clean_line, clean_page, clean_text, comes_back
from app.conversations.commands import NewAttachment, NewMessage, add_message
from app.conversations.rules import snippet_of
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.mime.meaning.thanks import is_thanks
from app.outbox.rules import is_address
from app.people.visitors import add_visitor, name_visitor
from app.tickets.commands import customer_wrote, link_tickets, open_ticket
from app.tickets.commands.standing import standing

VISITOR: Final = "Visitor"
"""What somebody is called who has said no name."""

_SEEN_STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Said:
    """A visitor's message as it came over the wire. `who`: sha256 of a browser's token, or a JID.

    `external_id`: made once by the sender. `files`: ids of uploads. `name` and `email` are what the visitor says. `at`: when
    it was acknowledged, if that was before this transaction.
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
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken, and why: `long`, `empty`, `file`, `blocked` (see the protocol's `no`)."""

    reason: str


def receive_many(tx: Tx, all_said: Sequence[Said]) -> list[Accepted | Refused]:
    """Take what came within a few milliseconds, in one transaction: one commit for all of it, and one look at each table."""
    know(tx, [(said.who, said.external_id) for said in all_said])
    return [receive_chat(tx, said) for said in all_said]


def receive_chat(tx: Tx, said: Said) -> Accepted | Refused:
    """Take a visitor's message. Once this is committed it may be acknowledged, and not before."""
    known = known_before(tx, said)
    if known is not None:
        return known
    body = clean_text(said.body)
    if (why := unwelcome(body, bool(said.files))) is not None:
        return why
    files = taken_uploads(tx, said.who, said.files)
    if files is None:
        return Refused("file")
    visitor, at = met(tx, said), said.at or tx.now
    chat = _chat_for(tx, visitor, body or files[0].filename, at)
    return add_word(tx, chat, visitor, said.external_id, body, files, at)


def unwelcome(body: str, has_files: bool) -> Refused | None:
    """Why a text (as `clean_text` leaves it) is never taken, whoever says it."""
    if len(body) > MAX_CHARS:
        return Refused("long")
    return None if body or has_files else Refused("empty")


def known_before(tx: Tx, said: Said) -> Accepted | Refused | None:
    """What there is to say of a message before anything is looked at: it was stored, or its visitor is kept out."""
    know(tx, [(said.who, said.external_id)])
    visitor = visitor_of(tx, said.who)
    if visitor is None:
        return None
    known = stored_as(tx, visitor.id, said.external_id)
    return known or (Refused("blocked") if visitor.blocked_at is not None else None)


def met(tx: Tx, said: Said) -> KeptVisitor:
    """Who says this; somebody who writes for the first time gets a customer of their own."""
    visitor = visitor_of(tx, said.who)
    if visitor is not None:
        _told(tx, visitor, said)
        return visitor
    key, name, email = ids.new_id(), clean_line(said.name, 80), clean_line(said.email, 200)
    language = clean_language(said.lang)
    visitor = KeptVisitor(
        id=key,
        channel=said.channel,
        token_sha256=said.who if isinstance(said.who, bytes) else None,
        jid=said.who if isinstance(said.who, str) else None,
        name=name,
        email=email if is_address(email) else "",
        verified_at=None,
        customer=add_visitor(tx, "chat", key.hex, name or VISITOR, language, tx.now),
        blocked_at=None,
        page=clean_page(said.page),
        lang=language,
        last_seen_at=tx.now,
    )
    keep_visitor(tx, said.who, visitor)
    return visitor


def _told(tx: Tx, visitor: KeptVisitor, said: Said) -> None:
    """What a visitor says about themselves, and where they are. An address that was proven stays."""
    values: dict[str, Any] = {}
    if visitor.verified_at is None:
        name, email = clean_line(said.name, 80), clean_line(said.email, 200)
        if name and name != visitor.name:
            values["name"] = name
            tx.flush()
            name_visitor(tx, visitor.customer, name)
        if is_address(email) and email != visitor.email:
            values |= {"email": email, "code_sha256": None}
    if (page := clean_page(said.page)) and page != visitor.page:
        values["page"] = page
    if (lang := clean_language(said.lang)) and lang != visitor.lang:
        values["lang"] = lang
    if values or tx.now - visitor.last_seen_at > _SEEN_STEP:
        tx.flush()
        row = visitor_row(tx, visitor.id)
        for field, value in (values | {"last_seen_at": tx.now}).items():
            setattr(row, field, value)
            if field != "code_sha256":
                setattr(visitor, field, value)


def _chat_for(tx: Tx, visitor: KeptVisitor, words: str, at: datetime) -> KeptChat:
    """The chat that these words belong to: the one that goes on or just ended, else a new one."""
    last = newest_chat(tx, visitor.id)
    if last is not None and _is_usable(tx, last, at):
        if last.state not in GOING_ON:
            last.state, last.ended_at = State.WAITING if last.assignee is None else State.LIVE, None
        return last
    chat = begin(tx, visitor, words, at)
    if last is not None:
        tx.flush()
        link_tickets(tx, chat.ticket, last.ticket, "continues")
    return chat


def _is_usable(tx: Tx, chat: KeptChat, at: datetime) -> bool:
    """It goes on, or was over just now; not where a rep said that it is no chat any more, or threw its ticket away."""
    if chat.state not in GOING_ON:
        minutes = int(options.get(tx, "chat_return_minutes"))
        if chat.state == State.TURNED or not comes_back(chat.state, chat.ended_at, at, minutes):
            return False
    return standing(tx, chat.ticket).deleted_at is None


def begin(tx: Tx, visitor: KeptVisitor, words: str, at: datetime) -> KeptChat:
    """A new chat with its ticket."""
    ticket = ids.new_id()
    open_ticket(tx, ticket=ticket, customer=visitor.customer, subject=snippet_of(words)[:80], at=at, channel="chat")
    chat = KeptChat(ids.new_id(), visitor.id, ticket, str(State.WAITING), None, at, None, None, 0, "")
    keep_chat(tx, chat, visitor.channel)
    return chat


def add_word(
    tx: Tx,
    chat: KeptChat,
    visitor: KeptVisitor,
    external_id: str,
    body: str,
    files: Sequence[NewAttachment],
    at: datetime,
) -> Accepted:
    """Store a visitor's words at the next place of a chat; the ticket follows."""
    message = ids.new_id()
    stands = standing(tx, chat.ticket)
    ticket, address = stands.id, visitor.email if visitor.verified_at is not None else ""
    new = NewMessage(
        id=message, ticket=ticket, customer=stands.customer, channel="chat", kind="chat", direction="in",
        sender=(visitor.name or VISITOR, address), text=body, occurred_at=at, attachments=tuple(files),
    )  # fmt: skip
    add_message(tx, new)
    chat.waiting_since = chat.waiting_since or at
    accepted = keep_line(tx, chat, message, external_id, at)
    words = snippet_of(body) or (files[0].filename if files else "")
    customer_wrote(tx, ticket, at=at, snippet=words, has_attachment=bool(files), is_thanks=lambda: is_thanks(body))
    return accepted
