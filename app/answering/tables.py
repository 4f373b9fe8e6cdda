"""Rows of automatic mail: one for each that was queued. The caps count them, so that they hold across restarts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base
from app.kernel.database.types import Id, Utc


class AutoReplyLog(Base):
    """An automatic mail to `address` (casefolded). `domain` is empty where anybody can have an address."""

    __tablename__ = "auto_reply_log"
    __table_args__ = (
        Index("auto_reply_log_by_address", "address", "at"),
        Index("auto_reply_log_by_domain", "domain", "at"),
        Index("auto_reply_log_by_time", "at"),
    )
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    message: Mapped[UUID] = mapped_column(Id)
    address: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Utc)
