"""What every table is, and what is common to rows that people change."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Every table. `change_kind`: what the change log calls a row of it; None = not logged."""

    change_kind: ClassVar[str | None] = None


class Mutable:
    """A row that people change: it carries the hybrid logical clock of its last change, for merging between devices."""

    clk: Mapped[str] = mapped_column(Text, default="")


def change_keys(row: Any) -> list[tuple[str, UUID]]:
    """What the change log says of a changed row: itself, and whatever it stands for (`change_also`)."""
    keys = [(str(row.change_kind), row.id)] if getattr(row, "id", None) is not None else []
    for kind, attribute in getattr(row, "change_also", {}).items():
        if (value := getattr(row, attribute)) is not None:
            keys.append((kind, value))
    return keys
