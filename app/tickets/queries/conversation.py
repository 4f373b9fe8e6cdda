"""A ticket's conversation: its messages, those of what was merged into it, and where each was placed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.conversations import queries as conversations
from app.conversations.queries import Delivery, MessageView
from app.conversations.tables import Message
from app.outbox.rules import State
from app.outbox.tables import Outbox
from app.tickets.tables import Placement, Ticket

# Statements made once: all of them are asked whenever a ticket is opened, and making one takes longer than its answer.
_PARTS = select(Ticket.id).where(Ticket.merged_into.in_(bindparam("parts")))
_placed = and_(Placement.id == Message.id, Placement.deleted_at.is_(None))
_kept = or_(Outbox.state.is_(None), Outbox.state != State.CANCELLED)
_OWN = (
    select(Message.id, Message.occurred_at)
    .outerjoin(Placement, _placed)
    .outerjoin(Outbox, Outbox.id == Message.id)
    .where(Message.ticket.in_(bindparam("tickets")))
    .where(or_(Placement.id.is_(None), Placement.ticket.in_(bindparam("tickets"))), _kept)
)
_BROUGHT = (
    select(Message.id, Message.occurred_at)
    .join(Placement, _placed)
    .outerjoin(Outbox, Outbox.id == Message.id)
    .where(Placement.ticket.in_(bindparam("tickets")), _kept)
)
_DELIVERIES = select(Outbox).where(Outbox.id.in_(bindparam("messages")))


def conversation_ids(db: Session, ticket: UUID) -> list[UUID]:
    """The ticket and everything that was merged into it, in however many steps."""
    found = [ticket]
    edge = [ticket]
    while edge:
        below = db.scalars(_PARTS, {"parts": edge})
        edge = [key for key in below if key not in found]
        found += edge
    return found


def message_ids(db: Session, ticket: UUID) -> list[UUID]:
    """The ids of a conversation's messages, oldest first; a placement wins, what was cancelled is left out."""
    return [key for key, _ in _shown(db, ticket)]


def _shown(db: Session, ticket: UUID) -> list[tuple[UUID, datetime]]:
    asked = {"tickets": conversation_ids(db, ticket)}
    found = {key: at for query in (_OWN, _BROUGHT) for key, at in db.execute(query, asked)}
    return sorted(found.items(), key=lambda item: (item[1], item[0]))


def conversation(db: Session, ticket: UUID) -> tuple[MessageView, ...]:
    """The whole conversation of a ticket, oldest first, with what became of each outgoing message."""
    keys = message_ids(db, ticket)
    sent = deliveries(db, keys)
    return tuple(replace(one, delivery=sent.get(one.id)) for one in conversations.messages(db, keys))


def message_view(db: Session, message: UUID) -> MessageView | None:
    """One message with its delivery, cancelled or not."""
    found = conversations.message(db, message)
    return None if found is None else replace(found, delivery=deliveries(db, [message]).get(message))


def deliveries(db: Session, messages: list[UUID]) -> dict[UUID, Delivery]:
    """What became of outgoing messages. One that another program sent has no outbox row and no delivery."""
    found: dict[UUID, Delivery] = {}
    for start in range(0, len(messages), 500):
        rows = db.scalars(_DELIVERIES, {"messages": messages[start : start + 500]})
        for row in rows:
            found[row.id] = Delivery(
                state=row.state,
                hold_reason=row.hold_reason,
                error=row.last_error,
                results=dict(row.results),
                not_before=row.not_before,
                sent_at=row.sent_at,
                attempts=row.attempts,
            )
    return found


def message_to_answer(db: Session, ticket: UUID) -> UUID | None:
    """The message that a reply answers when nobody says: the customer's newest mail, else our newest."""
    keys = message_ids(db, ticket)
    newest: dict[str, UUID] = {}
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        query = select(Message.id, Message.direction).where(Message.id.in_(chunk), Message.kind == "mail")
        kinds = {row.id: row.direction for row in db.execute(query)}
        newest.update({kinds[key]: key for key in chunk if key in kinds})
    return newest.get("in") or newest.get("out")
