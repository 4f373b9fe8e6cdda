"""Rows of the outbox, and drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Json, Utc, Words

COPY_NEEDED = "copy_state = 'needed'"
"""The few messages whose copy in the Sent folder is due are read from an index of their own."""

TIME_CHOSEN = "send_at IS NOT NULL"
"""So are those that wait for a time that the rep chose."""


class Outbox(Mutable, Base):
    """One message on its way out. States and phases: `app.outbox.rules`. The id is the message's.

    `answers`: the message answered; `seen`: the newest message that the rep had been shown; `known`: how many mails
    of customers the ticket held then (one that arrives late may carry an earlier time). `results`: per
    recipient `{address: {code, words}}` of those refused. `blob`: the frozen bytes, from the first attempt on.
    `send_at`: the time that the rep chose, while it stands; None is at once.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_by_state", "state", "not_before"),
        Index("outbox_by_ticket", "ticket"),
        partial_index("outbox_by_copy", "not_before", where=COPY_NEEDED),
        partial_index("outbox_by_chosen_time", "send_at", where=TIME_CHOSEN),
    )
    change_kind = "outbox"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket", "message": "id"}
    id: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id"), primary_key=True)
    ticket: Mapped[UUID | None] = mapped_column(Id)
    mailbox: Mapped[UUID] = mapped_column(Id)
    answers: Mapped[UUID | None] = mapped_column(Id)
    seen: Mapped[UUID | None] = mapped_column(Id)
    known: Mapped[int] = mapped_column(Integer, default=0)
    automatic: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(Text)
    phase: Mapped[str] = mapped_column(Text, default="")
    hold_reason: Mapped[str] = mapped_column(Text, default="")
    not_before: Mapped[datetime] = mapped_column(Utc)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    first_attempt_at: Mapped[datetime | None] = mapped_column(Utc)
    last_error: Mapped[str] = mapped_column(Words, default="")
    results: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    headers: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    html: Mapped[str] = mapped_column(Text, default="")
    send_at: Mapped[datetime | None] = mapped_column(Utc)
    blob: Mapped[UUID | None] = mapped_column(Id, ForeignKey("blob.id"))
    copy_state: Mapped[str] = mapped_column(Text, default="")
    copy_attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    delivered_at: Mapped[datetime | None] = mapped_column(Utc)
    read_at: Mapped[datetime | None] = mapped_column(Utc)


class ReplyToken(Base):
    """The sha256 of a token in the answer address of a message of ours; the token itself stands in that mail alone."""

    __tablename__ = "reply_token"
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    message: Mapped[UUID] = mapped_column(Id, index=True)


class Draft(Mutable, Base):
    """What a rep is writing: one draft a ticket (or a new mail, without ticket), kind and agent, saved every two seconds.

    `files`: `[{filename, content_type, size, blob, content_id}]` with the blob's id as hex, and the Content-ID of a
    picture within the text; `html`: the text with its formatting, if it has any; `sender`: the address to write from.
    """

    __tablename__ = "draft"
    __table_args__ = (Index("draft_by_ticket", "ticket", "agent"),)
    change_kind = "draft"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    agent: Mapped[UUID | None] = mapped_column(Id)
    ticket: Mapped[UUID | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Text, default="reply")
    sender: Mapped[str] = mapped_column(Text, default="")
    to: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    cc: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    bcc: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    answers: Mapped[UUID | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
