"""Rows of conversations. A message is append-only; what is derived from it (HTML, folds) can be made again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Json, Utc, Words


class Mailbox(Mutable, Base):
    """A mailbox that the desk reads and sends from. The secret is only in the keyring, under `secret_ref`.

    `auth`: password, or whose sign-in in the browser it is (`app.connectors.email.oauth`: microsoft, google).
    `plus_addressing`: its provider delivers `name+anything@`, so answers may carry a token there. `ack_on`: new tickets
    are acknowledged, with `ack_text` (empty: the desk's own words). `size_limit`: bytes of the largest mail that its
    sending server said it takes, 0 as long as it has said nothing.
    """

    __tablename__ = "mailbox"
    change_kind = "mailbox"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, default="email")
    address: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    aliases: Mapped[list[str]] = mapped_column(Json, default=list)
    imap_url: Mapped[str] = mapped_column(Text)
    smtp_url: Mapped[str] = mapped_column(Text)
    user: Mapped[str] = mapped_column(Text)
    auth: Mapped[str] = mapped_column(Text, default="password")
    secret_ref: Mapped[str] = mapped_column(Text)
    secret_version: Mapped[int] = mapped_column(Integer, default=1)
    imap_pin: Mapped[str] = mapped_column(Text, default="")
    smtp_pin: Mapped[str] = mapped_column(Text, default="")
    files_sent_itself: Mapped[bool] = mapped_column(Boolean, default=False)
    size_limit: Mapped[int] = mapped_column(BigInteger, default=0)
    signature: Mapped[str] = mapped_column(Text, default="")
    plus_addressing: Mapped[bool] = mapped_column(Boolean, default=False)
    ack_on: Mapped[bool] = mapped_column(Boolean, default=False)
    ack_text: Mapped[str] = mapped_column(Text, default="")
    history: Mapped[str] = mapped_column(Text, default="since")
    open_since: Mapped[datetime | None] = mapped_column(Utc)
    connected_at: Mapped[datetime] = mapped_column(Utc)
    first_import_done: Mapped[bool] = mapped_column(Boolean, default=False)
    paused_reason: Mapped[str] = mapped_column(Text, default="")
    paused_words: Mapped[str] = mapped_column(Words, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Message(Base):
    """One message: in, out or internal. `occurred_at` orders a conversation; `sent_date` is what the sender claims.

    `kind`: mail, note, survey, auto_reply, bounce, chat, call. `refs`: References as plain ids without brackets.
    Addresses are stored as `[[name, address], …]`.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("message_by_ticket", "ticket", "occurred_at"),
        Index("message_by_customer", "customer", "occurred_at"),
        Index("message_by_external_id", "external_id"),
        partial_index("message_internal", "ticket", "id", where="direction = 'internal'"),
    )
    change_kind = "message"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    # Checked at commit: a message may be written before the flush that writes its new ticket.
    ticket: Mapped[UUID | None] = mapped_column(Id, ForeignKey("ticket.id", deferrable=True, initially="DEFERRED"))
    customer: Mapped[UUID | None] = mapped_column(Id)
    mailbox: Mapped[UUID | None] = mapped_column(Id)
    agent: Mapped[UUID | None] = mapped_column(Id)
    channel: Mapped[str] = mapped_column(Text, default="email")
    kind: Mapped[str] = mapped_column(Text, default="mail")
    direction: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column(Boolean, default=False)
    external_id: Mapped[str] = mapped_column(Text, default="")
    in_reply_to: Mapped[str] = mapped_column(Text, default="")
    refs: Mapped[list[str]] = mapped_column(Json, default=list)
    sender: Mapped[list[str]] = mapped_column(Json, default=list)
    reply_to: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    to: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    cc: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    bcc: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    snippet: Mapped[str] = mapped_column(Text, default="")
    same_id_as: Mapped[UUID | None] = mapped_column(Id)
    warnings: Mapped[list[str]] = mapped_column(Json, default=list)
    extra: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    occurred_at: Mapped[datetime] = mapped_column(Utc)
    sent_date: Mapped[datetime | None] = mapped_column(Utc)


class MessageRaw(Base):
    """Which blob holds a message's bytes as they came or as they were frozen for sending."""

    __tablename__ = "message_raw"
    message: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id"), primary_key=True)
    blob: Mapped[UUID] = mapped_column(Id, ForeignKey("blob.id"))


class MessageRef(Base):
    """Every Message-ID that a message has (`own`), was given by a provider (`given`) or names (`named`)."""

    __tablename__ = "message_ref"
    __table_args__ = (Index("message_ref_by_message", "message"),)
    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    message: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)


class Attachment(Base):
    """A file of a message: a part of its raw mail (`part`), or a blob of its own (notes, drafts, chat)."""

    __tablename__ = "attachment"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    message: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id"), index=True)
    part: Mapped[str] = mapped_column(Text, default="")
    blob: Mapped[UUID | None] = mapped_column(Id, ForeignKey("blob.id"))
    filename: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    content_id: Mapped[str] = mapped_column(Text, default="")
    inline: Mapped[bool] = mapped_column(Boolean, default=False)


class FileText(Base):
    """What a file says, for finding it. `state`: `waiting` to be read, `read`, or `empty`: nothing can be taken out of it,
    `problem` says why.
    """

    __tablename__ = "file_text"
    __table_args__ = (partial_index("file_text_waiting", "attachment", where="state = 'waiting'"),)
    attachment: Mapped[UUID] = mapped_column(Id, ForeignKey("attachment.id"), primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(Text, default="")


class PictureConsent(Base):
    """A domain from which pictures of mails are loaded, if the mail is proven to be from there (lower case)."""

    __tablename__ = "picture_consent"
    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    agent: Mapped[UUID | None] = mapped_column(Id)
    given_at: Mapped[datetime] = mapped_column(Utc)
