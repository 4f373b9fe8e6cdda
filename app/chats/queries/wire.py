"""What the worker asks in order to tell visitors: who they are here, what was said since, how their chat stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from app.chats.rules import GOING_ON, QUEUE_GRACE, State
from app.chats.tables import GOING_ON as GOING_ON_SQL
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.queries import blob_ref
from app.conversations.tables import Attachment, Message
from app.kernel import clock
from app.kernel.database.in_query import InQuery
from app.kernel.database.tables import SettingRow
from app.kernel.files.blobs import BlobRef
from app.outbox.rules import State as Delivery
from app.outbox.tables import Outbox
from app.people import photos
from app.people.tables import Agent
from app.surveys.tables import SurveyResponse


@dataclass(frozen=True, slots=True)
class WireFile:
    """A file as the visitor may fetch it."""

    id: UUID
    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class WireLine:
    """A line as the visitor sees it. `id`: the sender's own id of it; `message`: ours; `waits`: not confirmed yet."""

    seq: int
    id: str
    message: UUID
    direction: str
    body: str
    at: datetime
    who: str
    files: tuple[WireFile, ...]
    waits: bool


@dataclass(frozen=True, slots=True)
class WireState:
    """How a visitor's newest chat stands, for the visitor. `position`: in the queue, from 1, None when not in it. `photo`:
    which picture of `who` there is.
    """

    visitor: UUID
    conversation: UUID
    state: str
    last_seq: int
    desk_read_seq: int
    who: str
    photo: str
    position: int | None
    answered: bool
    rated: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A visitor who has written before."""

    visitor: UUID
    name: str
    email: str
    verified: bool
    blocked: bool
    state: WireState | None


_v, _c, _photo = ChatVisitor.__table__.c, Conversation.__table__.c, SettingRow.__table__.c
# Made once and on the plain tables: they are asked for every word and every visitor.
_KNOWN = select(_v.id, _v.name, _v.email, _v.verified_at, _v.blocked_at)
_BY_TOKEN = _KNOWN.where(_v.token_sha256 == bindparam("who"))
_BY_JID = _KNOWN.where(_v.jid == bindparam("who"))
_STATES = InQuery(
    select(
        _c.visitor, _c.id, _c.state, _c.last_seq, _c.desk_read_seq, _c.answered_at, _c.ticket,
        Agent.__table__.c.name, photos.id_of(_photo.value).label("photo"), _v.blocked_at,
    )
    .select_from(Conversation.__table__)
    .join(ChatVisitor.__table__, _v.id == _c.visitor)
    .outerjoin(Agent.__table__, Agent.__table__.c.id == _c.assignee)
    .outerjoin(SettingRow.__table__, _photo.key == photos.key_of(_c.assignee))
    .where(_c.visitor.in_(bindparam("keys", expanding=True)))
    .order_by(_c.started_at, _c.id)
)  # fmt: skip


def known_visitor(db: Session, who: bytes | str) -> Known | None:
    """The visitor with this token (as its sha256) or JID, with the newest chat; None for somebody who never wrote."""
    found = _BY_TOKEN if isinstance(who, bytes) else _BY_JID
    row = db.connection().execute(found, {"who": who}).one_or_none()
    if row is None:
        return None
    state = wire_states(db, [row.id]).get(row.id)
    if state is not None and state.state == State.WAITING:
        state = replace(state, position=queue_places(db).get(state.conversation))
    return Known(row.id, row.name, row.email, row.verified_at is not None, row.blocked_at is not None, state)


def wire_states(db: Session, visitors: Collection[UUID]) -> dict[UUID, WireState]:
    """How the newest chat of each of these visitors stands; their places in the queue are left out (`queue_places`)."""
    newest: dict[UUID, Any] = {row.visitor: row for row in _STATES.rows(db, visitors)}
    over = [row.ticket for row in newest.values() if row.state not in GOING_ON]
    rated = set(db.scalars(select(SurveyResponse.ticket).where(SurveyResponse.ticket.in_(over)))) if over else set()
    return {
        visitor: WireState(
            visitor, row.id, row.state, row.last_seq, row.desk_read_seq, row.name or "", row.photo, None,
            row.answered_at is not None, row.ticket in rated, row.blocked_at is not None,
        )
        for visitor, row in newest.items()
    }  # fmt: skip


def photo_in(db: Session, conversation: UUID) -> tuple[str, photos.Photo] | None:
    """Who answers in a chat, and their picture, if there is one."""
    found = db.execute(
        select(Agent.id, Agent.name)
        .join(Conversation, Conversation.assignee == Agent.id)
        .where(Conversation.id == conversation)
    ).one_or_none()
    picture = photos.photo(db, found.id) if found is not None else None
    return (found.name, picture) if found is not None and picture is not None else None


def queue_places(db: Session) -> dict[UUID, int]:
    """The place in the queue of every chat that waits, from 1.

    Whoever is gone has none, so that those behind them move up; who comes back has the old place again.
    """
    gone = clock.now() - QUEUE_GRACE
    waiting = (
        select(Conversation.id)
        .join(ChatVisitor, ChatVisitor.id == Conversation.visitor)
        .where(text(f"conversation.{GOING_ON_SQL}"), Conversation.state == State.WAITING)
        .where(or_(ChatVisitor.gone_at.is_(None), ChatVisitor.gone_at > gone))
        .order_by(Conversation.waiting_since, Conversation.started_at, Conversation.id)
    )
    return {key: number for number, key in enumerate(db.scalars(waiting), 1)}


def lines_after(db: Session, conversation: UUID, after: int, limit: int = 200) -> tuple[WireLine, ...]:
    """The lines of a chat beyond a place, in order; without what was taken back."""
    found = (
        select(
            ChatLine.seq, ChatLine.external_id, Message.id, Message.direction, Message.text, Message.occurred_at,
            Agent.name.label("agent_name"), func.coalesce(Outbox.state, "").label("state"),
        )
        .join(Message, Message.id == ChatLine.message)
        .outerjoin(Outbox, Outbox.id == Message.id)
        .outerjoin(Agent, Agent.id == Message.agent)
        .where(ChatLine.conversation == conversation, ChatLine.seq > after)
        .where(func.coalesce(Outbox.state, "") != Delivery.CANCELLED)
        .order_by(ChatLine.seq)
        .limit(limit)
    )  # fmt: skip
    rows = db.execute(found).all()
    files = _files(db, [row.id for row in rows])
    return tuple(
        WireLine(
            row.seq, row.external_id, row.id, row.direction, row.text, row.occurred_at, row.agent_name or "",
            tuple(files.get(row.id, ())), row.state not in ("", Delivery.SENT),
        )
        for row in rows
    )  # fmt: skip


def file_for(db: Session, key: UUID) -> tuple[WireFile, BlobRef, bytes | str] | None:
    """A file of a chat, where its bytes lie, and who may have it: the sha256 of a visitor's token, or a guest's JID."""
    found = db.execute(
        select(Attachment, ChatVisitor.token_sha256, ChatVisitor.jid)
        .join(ChatLine, ChatLine.message == Attachment.message)
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .join(ChatVisitor, ChatVisitor.id == Conversation.visitor)
        .where(Attachment.id == key, ChatVisitor.blocked_at.is_(None))
    ).one_or_none()
    if found is None or found.Attachment.blob is None:
        return None
    ref, row, who = blob_ref(db, found.Attachment.blob), found.Attachment, found.token_sha256 or found.jid
    if ref is None or not who:
        return None
    return WireFile(row.id, row.filename, row.content_type, row.size), ref, who


def _files(db: Session, messages: Sequence[UUID]) -> dict[UUID, list[WireFile]]:
    found: dict[UUID, list[WireFile]] = {}
    if messages:
        rows = select(Attachment).where(Attachment.message.in_(list(messages))).order_by(Attachment.id)
        for row in db.scalars(rows):
            found.setdefault(row.message, []).append(WireFile(row.id, row.filename, row.content_type, row.size))
    return found
