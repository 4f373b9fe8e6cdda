"""Rows of saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Json, Utc


class SavedView(Mutable, Base):
    """A view. `condition`: see `app.conditions.stored`; `owner`: whose it is, NULL when everybody has it.

    A built-in view has a row only once somebody moved it, hid it or gave it another look: the id is derived from its
    `key`, name and condition stay empty and are never looked at. Hidden is the same as deleted.
    """

    __tablename__ = "view"
    change_kind = "view"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text, default="")
    condition: Mapped[Any] = mapped_column(Json, default=dict)
    sort: Mapped[str] = mapped_column(Text)
    ascending: Mapped[bool] = mapped_column(Boolean, default=False)
    group_by: Mapped[str] = mapped_column(Text, default="")
    density: Mapped[str] = mapped_column(Text, default="")
    colour: Mapped[str] = mapped_column(Text, default="")
    icon: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(Integer)
    owner: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
