"""Chats as a rep sees them: the queue, the live ones, and what was said in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.chats.queries.wire import queue_places
from app.chats.rules import GOING_ON, OVER, State
from app.chats.tables import GOING_ON as GOING_ON_SQL
from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.conversations.queries import MessageView
from app.conversations.tables import Message
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.outbox.tables import Outbox
from app.people.tables import Agent
from app.tickets.queries import conversation as whole_conversation
from app.tickets.queries import conversation_ids
from app.tickets.tables import Ticket

PILES = ("waiting", "live", "mine", "ended")


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat in a list. `there`: the visitor has a connection; `position`: in the queue, from 1; `unread`: their words."""

    id: UUID
    ticket: UUID
    number: int
    state: str
    visitor: UUID
    name: str
    email: str
    verified: bool
    customer: UUID
    assignee: UUID | None
    assignee_name: str
    started_at: datetime
    waiting_since: datetime | None
    last_at: datetime
    snippet: str
    unread: int
    there: bool
    blocked: bool
    page: str
    position: int | None


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file of a line; `id` is that of the attachment."""

    id: UUID
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said. `seq`: its place in the chat; None for notes and mails of the ticket in between.

    `state`: of what went out, an outbox state ("" for everything else); `hold_reason`: see `app.outbox.rules.Hold`.
    """

    message: UUID
    seq: int | None
    kind: str
    direction: str
    text: str
    at: datetime
    agent: UUID | None
    agent_name: str
    files: tuple[LineFile, ...]
    state: str
    delivered_at: datetime | None
    read_at: datetime | None
    hold_reason: str


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat with all its lines, in the order to show.

    `can_send`: words reach the visitor as chat, now or when they come back; `mail_to`: the address to write to instead,
    "" where none is known (it may be unproven: `row.verified`).
    """

    row: ChatRow
    lines: tuple[Line, ...]
    lang: str
    channel: UUID
    visitor_read_seq: int
    desk_read_seq: int
    last_seq: int
    ended_at: datetime | None
    can_send: bool
    mail_to: str
    code_sent_at: datetime | None


def chat_rows(db: Session, *, pile: str, agent: UUID | None = None, limit: int = 200) -> tuple[ChatRow, ...]:
    """Chats of a pile: `waiting` (who waits longest first), `live`, `mine` (live and the agent's), `ended`: newest first.

    Raises UserError for a pile that there is not.
    """
    found = _selected()
    if pile == "waiting":
        found = found.where(text(f"conversation.{GOING_ON_SQL}"), Conversation.state == State.WAITING)
        found = found.order_by(Conversation.waiting_since, Conversation.started_at, Conversation.id)
    elif pile in ("live", "mine"):
        found = found.where(text(f"conversation.{GOING_ON_SQL}"), Conversation.state == State.LIVE)
        if pile == "mine":
            found = found.where(Conversation.assignee == agent)
        found = found.order_by(Conversation.last_at.desc(), Conversation.id)
    elif pile == "ended":
        found = found.where(Conversation.state.in_(OVER)).order_by(Conversation.last_at.desc(), Conversation.id)
    else:
        msg = said("There is no pile “{pile}”. There are: {known}.", pile=pile, known=", ".join(PILES))
        raise UserError(msg)
    return _rows(db, db.execute(found.limit(limit)).all())


def chat(db: Session, conversation: UUID) -> ChatView | None:
    """One chat with all its lines; None if it is not there (any more)."""
    found = db.execute(_selected().where(Conversation.id == conversation)).one_or_none()
    if found is None:
        return None
    (row,) = _rows(db, [found])
    it, visitor = found.Conversation, found.ChatVisitor
    return ChatView(
        row=row,
        lines=_lines(db, it),
        lang=visitor.lang,
        channel=it.channel,
        visitor_read_seq=it.visitor_read_seq,
        desk_read_seq=it.desk_read_seq,
        last_seq=it.last_seq,
        ended_at=it.ended_at,
        can_send=it.state in GOING_ON and visitor.blocked_at is None,
        mail_to=visitor.email,
        code_sent_at=visitor.code_sent_at,
    )


def chat_of_ticket(db: Session, ticket: UUID) -> UUID | None:
    """The newest chat of a ticket and of what was merged into it; None for a ticket that never was one."""
    found = select(Conversation.id).where(Conversation.ticket.in_(conversation_ids(db, ticket)))
    return db.scalars(found.order_by(Conversation.started_at.desc()).limit(1)).first()


def _selected() -> Any:
    return (
        select(Conversation, ChatVisitor, Ticket.number, Ticket.snippet, Agent.name.label("agent_name"))
        .join(ChatVisitor, ChatVisitor.id == Conversation.visitor)
        .join(Ticket, Ticket.id == Conversation.ticket)
        .outerjoin(Agent, Agent.id == Conversation.assignee)
    )


def _rows(db: Session, found: Sequence[Any]) -> tuple[ChatRow, ...]:
    unread = _unread(db, [one.Conversation for one in found])
    queue = queue_places(db) if any(one.Conversation.state == State.WAITING for one in found) else {}
    return tuple(_row(one, unread, queue) for one in found)


def _row(found: Any, unread: dict[UUID, int], queue: dict[UUID, int]) -> ChatRow:
    it, visitor = found.Conversation, found.ChatVisitor
    return ChatRow(
        id=it.id, ticket=it.ticket, number=found.number, state=it.state, visitor=visitor.id, name=visitor.name,
        email=visitor.email, verified=visitor.verified_at is not None, customer=visitor.customer, assignee=it.assignee,
        assignee_name=found.agent_name or "", started_at=it.started_at, waiting_since=it.waiting_since,
        last_at=it.last_at, snippet=found.snippet, unread=unread.get(it.id, 0), there=visitor.gone_at is None,
        blocked=visitor.blocked_at is not None, page=visitor.page, position=queue.get(it.id),
    )  # fmt: skip


def _unread(db: Session, chats: Sequence[Conversation]) -> dict[UUID, int]:
    """How many of the visitor's lines each chat has beyond what was read."""
    behind = [one.id for one in chats if one.last_seq > one.desk_read_seq]
    if not behind:
        return {}
    lines = (
        select(ChatLine.conversation, func.count())
        .join(Conversation, Conversation.id == ChatLine.conversation)
        .join(Message, Message.id == ChatLine.message)
        .where(ChatLine.conversation.in_(behind), ChatLine.seq > Conversation.desk_read_seq, Message.direction == "in")
        .group_by(ChatLine.conversation)
    )
    return {row[0]: row[1] for row in db.execute(lines)}


def _lines(db: Session, it: Conversation) -> tuple[Line, ...]:
    places = {
        row.message: row.seq
        for row in db.execute(select(ChatLine.message, ChatLine.seq).where(ChatLine.conversation == it.id))
    }
    said = whole_conversation(db, it.ticket)
    ways = _receipts(db, [one.id for one in said if one.direction == "out"])
    return tuple(_line(one, places.get(one.id), ways.get(one.id)) for one in said)


def _receipts(db: Session, messages: Sequence[UUID]) -> dict[UUID, tuple[datetime | None, datetime | None]]:
    found: dict[UUID, tuple[datetime | None, datetime | None]] = {}
    for start in range(0, len(messages), 500):
        ways = select(Outbox.id, Outbox.delivered_at, Outbox.read_at).where(
            Outbox.id.in_(messages[start : start + 500])
        )
        found.update({row.id: (row.delivered_at, row.read_at) for row in db.execute(ways)})
    return found


def _line(one: MessageView, seq: int | None, way: tuple[datetime | None, datetime | None] | None) -> Line:
    delivered_at, read_at = way or (None, None)
    return Line(
        message=one.id,
        seq=seq,
        kind=one.kind,
        direction=one.direction,
        text=one.text,
        at=one.at,
        agent=one.agent,
        agent_name=one.agent_name,
        files=tuple(LineFile(file.id, file.filename, file.content_type, file.size) for file in one.attachments),
        state=one.delivery.state if one.delivery is not None else "",
        delivered_at=delivered_at,
        read_at=read_at,
        hold_reason=one.delivery.hold_reason if one.delivery is not None else "",
    )
