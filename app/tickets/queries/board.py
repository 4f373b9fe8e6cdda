"""The board: active tickets in columns, newest message first. Counts are exact; ids come as far as they are wanted."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from app.tickets.rules import BOARD
from app.tickets.tables import Ticket

_RAW_ID: Any = type_coerce(Ticket.id, NullType()).label("id")
_PRESENT = and_(Ticket.deleted_at.is_(None), Ticket.merged_into.is_(None))
_ACTIVE = and_(_PRESENT, Ticket.status != literal_column("'closed'"))


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the board: its key (a status, an agent's id as text, a priority), the count, its tickets in order."""

    key: str
    count: int
    ids: tuple[UUID, ...]


class BoardBy(enum.StrEnum):
    """What the board's columns stand for."""

    STATUS = "status"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"


def board(db: Session, by: BoardBy | str = BoardBy.STATUS, *, limit: int | None = None) -> tuple[BoardColumn, ...]:
    """The board: active tickets in columns, newest message first. `limit`: ids a column (the count stays whole).

    By assignee, the first column (key "") is nobody's; agents without a ticket have one too. Counts are exact.
    """
    from app.people.queries import agents
    from app.tickets.rules import Priority

    kind = BoardBy(by)
    if kind is BoardBy.STATUS:
        return tuple(_column(db, status, and_(_PRESENT, Ticket.status == str(status)), limit) for status in BOARD)
    if kind is BoardBy.PRIORITY:
        levels = reversed(list(Priority))
        return tuple(_column(db, level, and_(_ACTIVE, Ticket.priority == str(level)), limit) for level in levels)
    owners = ["", *(str(one.id) for one in agents(db))]
    return tuple(_column(db, owner, and_(_ACTIVE, _owned(owner)), limit) for owner in owners)


def _owned(owner: str) -> ColumnElement[bool]:
    return Ticket.assignee == UUID(owner) if owner else Ticket.assignee.is_(None)


def _column(db: Session, key: str, condition: ColumnElement[bool], limit: int | None) -> BoardColumn:
    query = select(_RAW_ID).where(condition).order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
    ids = [UUID(bytes=raw) for raw in _keys(db, query if limit is None else query.limit(limit))]
    count = len(ids)
    if count == limit:
        count = db.execute(select(func.count()).select_from(Ticket).where(condition)).scalar_one()
    return BoardColumn(str(key), count, tuple(ids))


def _keys(db: Session, query: Select[Any]) -> list[bytes]:
    found = [row[0] for row in db.connection().execute(query)]
    return [key.bytes for key in found] if found and isinstance(found[0], UUID) else found
