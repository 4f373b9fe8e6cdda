"""Rows of tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Json, Utc

PRESENT = "deleted_at IS NULL AND merged_into IS NULL"
"""Neither in the Bin nor part of another ticket."""

ACTIVE = f"{PRESENT} AND status <> 'closed'"
"""What the lists show. Partial indexes need their very words in a query: `queries` says them as literals too."""

UNANSWERED = f"{ACTIVE} AND status <> 'waiting' AND status <> 'solved'"
"""New and open ones: the customer had the last word; only these can be unread. Said so that no other index tempts."""


class Ticket(Mutable, Base):
    """A matter of one customer. `last_message_at` orders lists; `last_incoming_at` decides what is unread.

    `outcome` is `history` for what was closed before the desk knew it, else empty. `message_count` and `snippet`
    are kept for lists, so that a row needs no second look-up. `state`: the desk's own status within the category `status`
    (`app.states`), NULL the built-in one. `custom`: values of the desk's own fields by field id in hex (`app.fields`).
    Columns with `active_history` are counted: see
    `app.tickets.counters`.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        partial_index("ticket_by_last_message", "last_message_at", "id", where=PRESENT),
        partial_index("ticket_by_status", "status", "last_message_at", "id", "snooze_until", where=PRESENT),
        partial_index("ticket_active", "last_message_at", "id", where=ACTIVE),
        partial_index("ticket_by_assignee", "assignee", "last_message_at", "id", where=ACTIVE),
        partial_index("ticket_by_due", "due_at", "id", where=f"{ACTIVE} AND due_at IS NOT NULL"),
        partial_index("ticket_follow_up", "follow_up", "last_message_at", "id", where=f"{PRESENT} AND follow_up = 1"),
        partial_index("ticket_by_team", "team", "last_message_at", "id", where=f"{ACTIVE} AND team <> ''"),
        partial_index("ticket_by_priority", "priority", "last_message_at", "id", where=ACTIVE),
        partial_index("ticket_incoming", "last_incoming_at", "id", "snooze_until", where=UNANSWERED),
        partial_index("ticket_snoozed", "snooze_until", "id", where=f"{ACTIVE} AND snooze_until IS NOT NULL"),
        partial_index("ticket_in_bin", "deleted_at", "id", where="deleted_at IS NOT NULL"),
        partial_index("ticket_spam", "id", where="outcome = 'spam'"),
        partial_index("ticket_merged", "merged_into", where="merged_into IS NOT NULL"),
        partial_index("ticket_by_solved", "solved_at", where=f"{PRESENT} AND status = 'solved'"),
        partial_index("ticket_by_state", "state", "last_message_at", "id", where="state IS NOT NULL"),
        Index("ticket_by_customer", "customer", "last_message_at"),
    )
    change_kind = "ticket"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    subject: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, active_history=True)
    state: Mapped[UUID | None] = mapped_column(Id)
    priority: Mapped[str] = mapped_column(Text, default="normal")
    channel: Mapped[str] = mapped_column(Text, default="email")
    mailbox: Mapped[UUID | None] = mapped_column(Id)
    customer: Mapped[UUID | None] = mapped_column(Id, ForeignKey("customer.id"))
    organisation: Mapped[UUID | None] = mapped_column(Id)
    team: Mapped[str] = mapped_column(Text, default="")
    assignee: Mapped[UUID | None] = mapped_column(Id, active_history=True)
    outcome: Mapped[str] = mapped_column(Text, default="")
    follow_up: Mapped[bool] = mapped_column(Boolean, default=False, active_history=True)
    snippet: Mapped[str] = mapped_column(Text, default="")
    message_count: Mapped[int] = mapped_column(Integer, default=0)
    has_attachment: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    first_reply_at: Mapped[datetime | None] = mapped_column(Utc)
    solved_at: Mapped[datetime | None] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    due_at: Mapped[datetime | None] = mapped_column(Utc)
    snooze_until: Mapped[datetime | None] = mapped_column(Utc, active_history=True)
    snooze_days: Mapped[int | None] = mapped_column(Integer)
    snooze_reply: Mapped[str | None] = mapped_column(Text)
    last_message_at: Mapped[datetime] = mapped_column(Utc)
    last_incoming_at: Mapped[datetime | None] = mapped_column(Utc)
    merged_into: Mapped[UUID | None] = mapped_column(Id, active_history=True)
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc, active_history=True)


class TicketRef(Base):
    """Every number that was ever given, and the ticket it means; it keeps resolving after a merge."""

    __tablename__ = "ticket_ref"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id)


class Tag(Mutable, Base):
    """A tag's name, as first written; the id is derived from its casefolded form."""

    __tablename__ = "tag"
    change_kind = "tag"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class TicketTag(Mutable, Base):
    """A tag on a ticket; the id is derived from both."""

    __tablename__ = "ticket_tag"
    change_kind = "ticket_tag"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, ForeignKey("ticket.id"), index=True)
    tag: Mapped[UUID] = mapped_column(Id, ForeignKey("tag.id"), index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Placement(Mutable, Base):
    """A message belongs to that ticket: wins over `message.ticket` (split, belongs here). Id = the message's."""

    __tablename__ = "placement"
    change_kind = "placement"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class TicketLink(Mutable, Base):
    """Two tickets that have to do with each other, one row for each side; kinds: `app.tickets.work_rules.LINKS`."""

    __tablename__ = "ticket_link"
    change_kind = "ticket_link"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    other: Mapped[UUID] = mapped_column(Id, index=True)
    kind: Mapped[str] = mapped_column(Text)
    message: Mapped[UUID | None] = mapped_column(Id)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Seen(Mutable, Base):
    """Up to when an agent has seen a ticket; the id is derived from both. Unread: `last_incoming_at > at`."""

    __tablename__ = "seen"
    __table_args__ = (Index("seen_by_ticket", "ticket", "agent", "at"),)
    change_kind = "seen"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    agent: Mapped[UUID] = mapped_column(Id)
    ticket: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)


class ChecklistItem(Mutable, Base):
    """Something to do for a ticket. `done_at` and `done_by`: ticked."""

    __tablename__ = "checklist_item"
    change_kind = "checklist_item"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    title: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    done_by: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class TimeEntry(Mutable, Base):
    """Time that an agent spent on a ticket: from `begun_at`, `seconds` long; NULL while the timer runs."""

    __tablename__ = "time_entry"
    __table_args__ = (partial_index("time_entry_running", "agent", where="seconds IS NULL AND deleted_at IS NULL"),)
    change_kind = "time_entry"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    agent: Mapped[UUID | None] = mapped_column(Id)
    begun_at: Mapped[datetime] = mapped_column(Utc)
    seconds: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class Follower(Mutable, Base):
    """An agent who is told of news in a ticket; the id is derived from both."""

    __tablename__ = "follower"
    change_kind = "follower"
    change_also: ClassVar[dict[str, str]] = {"ticket": "ticket"}
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ticket: Mapped[UUID] = mapped_column(Id, index=True)
    agent: Mapped[UUID] = mapped_column(Id, index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
