"""Rows of what a desk has decided about the board's columns."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Utc


class BoardColumnRow(Mutable, Base):
    """What was decided about a column; one without a row is as columns are by themselves. The id is derived from both keys.

    `by` and `key` say which column it is (see `app.tickets.queries.board`), `position` its place (0: where it comes by
    itself), `most` how many cards it should hold at most (0: any number), `picked` that a tag has a column of its own.
    """

    __tablename__ = "board_column"
    change_kind = "board"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    by: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer, default=0)
    most: Mapped[int] = mapped_column(Integer, default=0)
    hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    folded: Mapped[bool] = mapped_column(Boolean, default=False)
    picked: Mapped[bool] = mapped_column(Boolean, default=False)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
