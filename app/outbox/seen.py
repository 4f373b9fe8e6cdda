"""What a rep had seen of a conversation when writing: the ground of the stale-reply guard.

A reply may wait for hours (offline, sent later). If the customer has written meanwhile it must not go out unread. Time
alone does not tell: a mail that is fetched late carries the time at which it reached the server. So the customer's
mails around the newest message seen are counted when the reply is queued, and again at every claim.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, column, func, or_, select, table
from sqlalchemy.orm import Session

from app.conversations.tables import Message
from app.kernel.database.types import Id

_LATE = timedelta(days=1)
"""A mail that arrives later than this after it reached the server is old history."""

# Tickets are a feature above this one; of them only "merged into" is read here, by the column's name.
_tickets = table("ticket", column("id", Id), column("merged_into", Id))


def conversation(db: Session, ticket: UUID) -> frozenset[UUID]:
    """All tickets that make up one conversation: this one, the one it was merged into, and what was merged into that."""
    above = lineage(db, ticket)
    met, edge = set(above), {above[-1]}
    while edge:
        below = set(db.execute(select(_tickets.c.id).where(_tickets.c.merged_into.in_(edge))).scalars())
        edge = below - met
        met |= below
    return frozenset(met)


def lineage(db: Session, ticket: UUID) -> list[UUID]:
    """This ticket, the one it was merged into, and so on up to the one that stands for all of them."""
    found = [ticket]
    of = select(_tickets.c.merged_into)
    while (above := db.execute(of.where(_tickets.c.id == found[-1])).scalar()) and above not in found:
        found.append(above)
    return found


def newest(db: Session, ticket: UUID | None, *, besides: UUID | None = None) -> UUID | None:
    """The newest message of a conversation that is stored."""
    if ticket is None:
        return None
    where = [Message.ticket.in_(conversation(db, ticket)), *([Message.id != besides] if besides else [])]
    statement = select(Message.id).where(*where).order_by(Message.occurred_at.desc(), Message.id.desc()).limit(1)
    return db.execute(statement).scalar()


def known_then(db: Session, ticket: UUID | None, seen: UUID | None) -> int:
    """How many of the customer's mails around the message `seen` the rep knows: those up to it."""
    shown = db.get(Message, seen) if seen else None
    if ticket is None or shown is None:
        return 0
    return _count(
        db, ticket, Message.occurred_at >= shown.occurred_at - _LATE, Message.occurred_at <= shown.occurred_at
    )


def written_near(db: Session, ticket: UUID | None, seen: UUID | None) -> int:
    """How many there are by now, those after it included. More than were known: the reply is stale."""
    if ticket is None:
        return 0
    shown = db.get(Message, seen) if seen else None
    return _count(db, ticket, *([Message.occurred_at >= shown.occurred_at - _LATE] if shown else []))


def _count(db: Session, ticket: UUID, *where: ColumnElement[bool]) -> int:
    people = (
        Message.direction == "in",
        Message.automatic.is_(False),
        or_(Message.kind == "mail", Message.kind == "chat"),
    )
    statement = select(func.count()).select_from(Message)
    return int(db.execute(statement.where(Message.ticket.in_(conversation(db, ticket)), *people, *where)).scalar() or 0)
