"""Rows of canned answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Utc


class Canned(Mutable, Base):
    """A text to insert. `shortcut`: the word typed after `/`; `owner`: whose own it is, None for everybody's.

    `used`: how often it was inserted, so that the useful ones come first.
    """

    __tablename__ = "canned"
    change_kind = "canned"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    shortcut: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[UUID | None] = mapped_column(Id)
    used: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
