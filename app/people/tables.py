"""Rows of people, and the `event` history that every feature writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Json, Utc

DID = "kind = 'did'"
"""One such event marks each action that an agent may undo."""

KNOWN = "merged_into IS NULL AND deleted_at IS NULL"
"""Customers that are listed. A partial index needs its very words in a query."""


class Agent(Mutable, Base):
    """A rep: who works at this desk."""

    __tablename__ = "agent"
    change_kind = "agent"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, default="")
    signature: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)


class Organisation(Mutable, Base):
    """A company, known by its mail domain."""

    __tablename__ = "organisation"
    change_kind = "organisation"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(Text, unique=True)
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)


class Customer(Mutable, Base):
    """Somebody who writes to us."""

    __tablename__ = "customer"
    __table_args__ = (
        partial_index("customer_by_name", "name", "id", where=KNOWN),
        partial_index("customer_merged", "merged_into", where="merged_into IS NOT NULL"),
    )
    change_kind = "customer"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="")
    organisation: Mapped[UUID | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    language: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    merged_into: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Identity(Mutable, Base):
    """A handle by which a customer is known: kind `email` (casefolded address), `phone`, `chat`, …

    The id is derived from kind and handle; the first identity of a customer is the one to write to.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "handle"),)
    change_kind = "identity"
    change_also: ClassVar[dict[str, str]] = {"customer": "customer"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    handle: Mapped[str] = mapped_column(Text)
    shown: Mapped[str] = mapped_column(Text, default="")
    customer: Mapped[UUID] = mapped_column(Id, ForeignKey("customer.id"), index=True)
    dead_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)


class Blocked(Mutable, Base):
    """A sender whose mail goes to the spam pile: an address, or everybody at `@domain`. The id is derived from it."""

    __tablename__ = "blocked"
    change_kind = "blocked"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    handle: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Event(Base):
    """History and audit: what one action changed, of which ticket or customer, by whom. Append-only.

    `action` groups what one command and its reactions did; undo works by it. `field`/`old`/`new` tell a changed
    field as plain data; `kind` names the fact: see `app.people.rules.EventKind`.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("event_by_ticket", "ticket", "occurred_at"),
        Index("event_by_action", "action", "ticket"),
        partial_index("event_by_agent", "agent", "id", where=DID),
    )
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    action: Mapped[UUID] = mapped_column(Id)
    ticket: Mapped[UUID | None] = mapped_column(Id)
    customer: Mapped[UUID | None] = mapped_column(Id, index=True)
    agent: Mapped[UUID | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text, default="")
    old: Mapped[Any] = mapped_column(Json, nullable=True)
    new: Mapped[Any] = mapped_column(Json, nullable=True)
    name: Mapped[str] = mapped_column(Text, default="")
    occurred_at: Mapped[datetime] = mapped_column(Utc)
