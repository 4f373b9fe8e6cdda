"""Rows of surveys. The token itself stands only in the mail that carries it; here lies its sha256."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Utc


class SurveyInvite(Mutable, Base):
    """One invitation: due, sent, answered. The id is derived from ticket and kind: once a ticket.

    `state`: due, queued (in the outbox), skipped (with `reason`), expired.
    """

    __tablename__ = "survey_invite"
    __table_args__ = (Index("survey_invite_by_state", "state", "due_at"),)
    change_kind = "survey"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, default="csat")
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    customer: Mapped[UUID] = mapped_column(Id, index=True)
    address: Mapped[str] = mapped_column(Text)
    message: Mapped[UUID | None] = mapped_column(Id, index=True)
    token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    due_at: Mapped[datetime] = mapped_column(Utc)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)


class SurveyResponse(Base):
    """An answer; the id is that of the mail that brought it. An invitation's answer is its latest counted one."""

    __tablename__ = "survey_response"
    change_kind = "survey"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    invite: Mapped[UUID] = mapped_column(Id, index=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    customer: Mapped[UUID] = mapped_column(Id, index=True)
    score: Mapped[int | None] = mapped_column(Integer)
    comment: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text)
    from_other_address: Mapped[bool] = mapped_column(Boolean, default=False)
    how: Mapped[str] = mapped_column(Text, default="mailto")
    counted: Mapped[bool] = mapped_column(Boolean, default=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Utc, index=True)


class Suppression(Mutable, Base):
    """An address that asked not to be asked again; the id is derived from kind and address."""

    __tablename__ = "suppression"
    change_kind = "suppression"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
