"""Visitors and their newest chats as a transaction keeps them while words come in: plain, read for many at once.

A unit of work for each word would cost more than all the rest of it. What changes waits and is written with one statement
a table. Only the commands that take visitors' words use this; a transaction that works on the rows themselves does not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.tables import Message
from app.kernel.database.bulk import Bulk
from app.kernel.database.in_query import InQuery
from app.kernel.database.memo import memo
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.kernel.database.types import Json
from app.tickets.commands.standing import know_tickets

Who = bytes | str
"""The sha256 of a browser's token, or a JID."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is ours: in which chat, at which place, of which visitor. `duplicate`: it was already."""

    conversation: UUID
    message: UUID
    seq: int
    duplicate: bool
    visitor: UUID
    at: datetime


@dataclass(slots=True)
class KeptVisitor:
    """What taking a word needs to know of a visitor."""

    id: UUID
    channel: UUID
    token_sha256: bytes | None
    jid: str | None
    name: str
    email: str
    verified_at: datetime | None
    customer: UUID
    blocked_at: datetime | None
    page: str
    lang: str
    last_seen_at: datetime


@dataclass(slots=True)
class KeptChat:
    """A visitor's newest chat. `row`: as it waits to be written for the first time, as of `written`."""

    id: UUID
    visitor: UUID
    ticket: UUID
    state: str
    assignee: UUID | None
    last_at: datetime
    waiting_since: datetime | None
    ended_at: datetime | None
    last_seq: int
    clk: str
    row: dict[str, Any] | None = None
    written: int = 0


_visitors, _chats, _lines, _messages = (table.__table__.c for table in (ChatVisitor, Conversation, ChatLine, Message))
_VISITOR_NAMES: Final = (
    "id", "channel", "token_sha256", "jid", "name", "email", "verified_at", "customer", "blocked_at", "page", "lang",
    "last_seen_at",
)  # fmt: skip
_CHAT_NAMES: Final = (
    "id", "visitor", "ticket", "state", "assignee", "last_at", "waiting_since", "ended_at", "last_seq", "clk",
)  # fmt: skip
_CHANGED: Final = ("state", "last_at", "waiting_since", "ended_at", "last_seq", "clk")
_FIND = select(*(_visitors[name] for name in _VISITOR_NAMES))
_BY_TOKEN = InQuery(_FIND.where(_visitors.token_sha256.in_(bindparam("keys", expanding=True))))
_BY_JID = InQuery(_FIND.where(_visitors.jid.in_(bindparam("keys", expanding=True))))
_FIND_CHATS = InQuery(
    select(*(_chats[name] for name in _CHAT_NAMES))
    .where(_chats.visitor.in_(bindparam("keys", expanding=True)))
    .order_by(_chats.started_at, _chats.id)
)
_FIND_LINES = InQuery(
    select(_chats.visitor, _lines.external_id, _lines.conversation, _lines.message, _lines.seq, _messages.occurred_at)
    .select_from(Conversation.__table__)
    .join(ChatLine.__table__, _lines.conversation == _chats.id)
    .join(Message.__table__, _messages.id == _lines.message)
    .where(
        _chats.visitor.in_(bindparam("keys", expanding=True)),
        _lines.external_id.in_(select(func.json_each(bindparam("words", type_=Json)).table_valued("value").c.value)),
    )
)
_WRITE = Bulk(
    update(Conversation.__table__)  # type: ignore[arg-type]
    .where(_chats.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
)


def know(tx: Tx, asked: Collection[tuple[Who, str]]) -> None:
    """Look up, for many at once, who says this (`who`, id of the word), which chat each was in last, and what of it was
    stored before.
    """
    visitors, chats = memo(tx, "chat_visitor"), memo(tx, "chat_newest")
    unknown = {who for who, _ in asked} - visitors.keys()
    if unknown:
        visitors.update(dict.fromkeys(unknown))
        found = [KeptVisitor(*row) for row in _BY_TOKEN.rows(tx, [who for who in unknown if isinstance(who, bytes)])]
        found += [KeptVisitor(*row) for row in _BY_JID.rows(tx, [who for who in unknown if isinstance(who, str)])]
        visitors.update({one.token_sha256 or one.jid: one for one in found})
        if keys := [one.id for one in found]:
            chats.update(dict.fromkeys(keys))
            for row in _FIND_CHATS.rows(tx, keys):
                chats[row.visitor] = KeptChat(*row)
            know_tickets(tx, [one.ticket for key in keys if (one := chats[key]) is not None])
    _know_stored(tx, asked)


def _know_stored(tx: Tx, asked: Collection[tuple[Who, str]]) -> None:
    visitors, stored = memo(tx, "chat_visitor"), memo(tx, "chat_stored")
    wanted = {(visitors[who].id, word) for who, word in asked if visitors[who] is not None} - stored.keys()
    if not wanted:
        return
    stored.update(dict.fromkeys(wanted))
    words = [word for _, word in wanted]
    for visitor, word, conversation, message, seq, at in _FIND_LINES.rows(tx, {key for key, _ in wanted}, words=words):
        stored[visitor, word] = Accepted(conversation, message, seq, duplicate=True, visitor=visitor, at=at)


def visitor_of(tx: Tx, who: Who) -> KeptVisitor | None:
    """The visitor; `know` was asked before."""
    found: KeptVisitor | None = memo(tx, "chat_visitor")[who]
    return found


def stored_as(tx: Tx, visitor: UUID, external_id: str) -> Accepted | None:
    """Where a word of this visitor was stored, if it was; `know` was asked before."""
    found: Accepted | None = memo(tx, "chat_stored").get((visitor, external_id))
    return found


def newest_chat(tx: Tx, visitor: UUID) -> KeptChat | None:
    """The chat that a visitor was in last; `know` was asked before."""
    found: KeptChat | None = memo(tx, "chat_newest").get(visitor)
    return found


def keep_visitor(tx: Tx, who: Who, one: KeptVisitor) -> None:
    """A new visitor."""
    row = {name: getattr(one, name) for name in _VISITOR_NAMES}
    insert_row(tx, ChatVisitor, row | {"created_at": tx.now, "gone_at": None, "clk": tx.tick("")})
    tx.touch("chat_visitor", one.id)
    memo(tx, "chat_visitor")[who] = one


def keep_chat(tx: Tx, one: KeptChat, channel: UUID) -> None:
    """A new chat."""
    one.clk = tx.tick("")
    one.row = {name: getattr(one, name) for name in _CHAT_NAMES} | {"channel": channel, "started_at": tx.now}
    one.written = tx.writes
    insert_row(tx, Conversation, one.row)
    tx.touch("conversation", one.id)
    memo(tx, "chat_newest")[one.visitor] = one


def keep_line(tx: Tx, one: KeptChat, message: UUID, external_id: str, at: datetime) -> Accepted:
    """A message of that moment at the next place of a chat, and what has changed in the chat."""
    one.last_seq, one.last_at = one.last_seq + 1, max(one.last_at, at)
    line = {"message": message, "conversation": one.id, "external_id": external_id, "seq": one.last_seq}
    insert_row(tx, ChatLine, line)
    keep_changed(tx, one)
    accepted = Accepted(one.id, message, one.last_seq, duplicate=False, visitor=one.visitor, at=at)
    memo(tx, "chat_stored")[one.visitor, external_id] = Accepted(
        one.id, message, one.last_seq, duplicate=True, visitor=one.visitor, at=at
    )
    return accepted


def keep_changed(tx: Tx, one: KeptChat) -> None:
    """Have what has changed in a chat written."""
    one.clk = tx.tick(one.clk)
    values = {name: getattr(one, name) for name in _CHANGED}
    if one.row is not None and one.written == tx.writes:
        one.row.update(values)
    else:
        tx.unwritten(_WRITE)[one.id] = {"key": one.id} | {f"new_{name}": value for name, value in values.items()}
    tx.touch("conversation", one.id)
