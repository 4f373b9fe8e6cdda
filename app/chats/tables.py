"""Rows of chats. The messages themselves are ordinary `message` rows; a line says which place one has in its chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Json, Utc

GOING_ON = "state IN ('waiting', 'live')"
"""The few chats that are not over have an index of their own."""


class ChatChannel(Mutable, Base):
    """A way by which visitors reach the desk. `transport`: builtin or xmpp; `settings`: `app.chats.rules.ChannelSettings`.

    `secret_ref`: where the keyring keeps what signs identities (built-in), or the account's password (XMPP).
    """

    __tablename__ = "chat_channel"
    change_kind = "chat_channel"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    transport: Mapped[str] = mapped_column(Text, default="builtin")
    name: Mapped[str] = mapped_column(Text, default="")
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    secret_ref: Mapped[str] = mapped_column(Text, default="")
    on: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class ChatVisitor(Mutable, Base):
    """Somebody at the other end: a browser (`token_sha256`; the token itself is nowhere here) or a JID.

    `name` and `email` are what they say; `verified_at`: the address was proven (a mailed code, or the site's signature).
    `customer`: one of their own until then. `gone_at`: since when no connection of theirs is open; None while one is.
    `code_*`: the code that was mailed last, as a hash, and how often it was tried.
    """

    __tablename__ = "chat_visitor"
    change_kind = "chat_visitor"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    channel: Mapped[UUID] = mapped_column(Id, index=True)
    token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    jid: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="")
    verified_at: Mapped[datetime | None] = mapped_column(Utc)
    customer: Mapped[UUID] = mapped_column(Id, index=True)
    blocked_at: Mapped[datetime | None] = mapped_column(Utc)
    page: Mapped[str] = mapped_column(Text, default="")
    lang: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime] = mapped_column(Utc)
    gone_at: Mapped[datetime | None] = mapped_column(Utc)
    code_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    code_sent_at: Mapped[datetime | None] = mapped_column(Utc)
    code_tries: Mapped[int] = mapped_column(Integer, default=0)


class Conversation(Mutable, Base):
    """One chat: what a visitor and the desk said to each other until it was over. States: `app.chats.rules.State`.

    `waiting_since`: since when the visitor's last word is unanswered. `last_seq`: the newest line's place;
    `visitor_read_seq`, `desk_read_seq`: how far each side has read.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        partial_index("conversation_going_on", "state", "waiting_since", where=GOING_ON),
        Index("conversation_by_last", "state", "last_at"),
        Index("conversation_by_visitor", "visitor", "started_at"),
    )
    change_kind = "conversation"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    channel: Mapped[UUID] = mapped_column(Id)
    visitor: Mapped[UUID] = mapped_column(Id, ForeignKey("chat_visitor.id"))
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(Text)
    assignee: Mapped[UUID | None] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Utc)
    last_at: Mapped[datetime] = mapped_column(Utc)
    waiting_since: Mapped[datetime | None] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    visitor_read_seq: Mapped[int] = mapped_column(Integer, default=0)
    desk_read_seq: Mapped[int] = mapped_column(Integer, default=0)


class ChatLine(Base):
    """A message's place in its chat. `external_id`: made once by its sender; what comes twice is known by it."""

    __tablename__ = "chat_line"
    __table_args__ = (UniqueConstraint("conversation", "external_id"), UniqueConstraint("conversation", "seq"))
    # Checked at commit: a line may be written before the message that it places.
    message: Mapped[UUID] = mapped_column(
        Id, ForeignKey("message.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    conversation: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id"))
    external_id: Mapped[str] = mapped_column(Text)
    seq: Mapped[int] = mapped_column(Integer)


class ChatUpload(Base):
    """A file that a visitor has handed over and not yet sent with a message. Tidied away after a day."""

    __tablename__ = "chat_upload"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    blob: Mapped[UUID] = mapped_column(Id, ForeignKey("blob.id"))
    filename: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Utc, index=True)
