"""Rows of statuses that a desk made for itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Utc


class State(Mutable, Base):
    """A status within a category (`new open waiting solved closed`); `ticket.state` points here, NULL is the built-in one.

    The id of a built-in status is derived from its category: it has a row only once somebody gave it another name or
    colour. `is_default`: what a ticket gets that comes into the category; where none is marked, it is the built-in one.
    """

    __tablename__ = "state"
    change_kind = "state"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    colour: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(Integer, default=0)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
