"""Rows of fields that a desk made for itself. What a ticket holds in them lies in `ticket.custom`, by field id in hex."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Json, Utc


class Field(Mutable, Base):
    """A field of tickets. `kind`: see `app.fields.rules.Kind`; `required`: before a person solves a ticket.

    `choices` (kinds choice, multi, tree): a list of {key, name, parent, gone}. Tickets keep keys, so that a choice can be
    renamed; one that was taken out stays in the list as `gone`, so that old tickets still say what they said.
    """

    __tablename__ = "field"
    change_kind = "field"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text, default="")
    choices: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    required: Mapped[bool] = mapped_column(Boolean, default=False)
    position: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
