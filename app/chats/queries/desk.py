"""The desk's side of chat: which channels there are, whether chat is open, how many wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.automation import rules as calendar
from app.chats.rules import EVERYWHERE, ChannelSettings, State
from app.chats.tables import GOING_ON, ChatChannel, Conversation
from app.kernel.state import options


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel. `address`: where visitors reach it, as far as that is known; the secret lies under `secret_ref`."""

    id: UUID
    transport: str
    name: str
    on: bool
    settings: ChannelSettings
    address: str
    secret_ref: str


@dataclass(frozen=True, slots=True)
class ChatCounts:
    """How many chats wait, are live, and are mine; how many one agent may have."""

    waiting: int
    live: int
    mine: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Opening:
    """Is chat open? `until`: when it closes by the hours, None if never; `next_at`: when it opens, None while it is open
    or if never. `away`: somebody said so, whatever the hours.
    """

    open: bool
    away: bool
    until: datetime | None
    next_at: datetime | None


def channels(db: Session) -> tuple[ChannelInfo, ...]:
    """Every channel that was not removed, oldest first."""
    rows = db.scalars(select(ChatChannel).where(ChatChannel.deleted_at.is_(None)).order_by(ChatChannel.created_at))
    return tuple(_info(row) for row in rows)


def channel(db: Session, key: UUID) -> ChannelInfo | None:
    """One channel; None if there is none (any more)."""
    row = db.get(ChatChannel, key)
    return _info(row) if row is not None and row.deleted_at is None else None


def counts(db: Session, agent: UUID | None) -> ChatCounts:
    """The numbers of the chat page."""
    going = select(Conversation.state, Conversation.assignee, func.count()).where(text(f"conversation.{GOING_ON}"))
    waiting = live = mine = 0
    for state, assignee, number in db.execute(going.group_by(Conversation.state, Conversation.assignee)):
        if state == State.WAITING:
            waiting += number
        else:
            live += number
            mine += number if assignee == agent and agent is not None else 0
    return ChatCounts(waiting, live, mine, int(options.get(db, "chat_capacity")))


def opening(db: Session, now: datetime) -> Opening:
    """Is chat open at this moment, by its hours and by what somebody said?"""
    hours = calendar.from_text(str(options.get(db, "chat_hours")))
    away = bool(options.get(db, "chat_away"))
    by_hours = calendar.is_open(hours, now)
    change = calendar.next_change(hours, now)
    return Opening(
        open=by_hours and not away,
        away=away,
        until=change if by_hours else None,
        next_at=None if by_hours else change,
    )


def _info(row: ChatChannel) -> ChannelInfo:
    settings = ChannelSettings.from_data(row.settings)
    if settings.public_url:
        address = settings.public_url.rstrip("/")
    elif row.transport == "builtin":
        scheme = "https" if settings.certificate else "http"
        host = "localhost" if settings.host in ("127.0.0.1", "::1", *EVERYWHERE) else settings.host
        address = f"{scheme}://{host}:{settings.port}"
    else:
        address = settings.server
    return ChannelInfo(row.id, row.transport, row.name, row.on, settings, address, row.secret_ref)
