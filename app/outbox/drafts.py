"""Drafts: what a rep is writing, saved every two seconds, one a ticket, kind and agent (or one new mail).

What is passed on to somebody else is a letter of its own for each message: a second one in a ticket leaves the first as it is.

A draft stays with the ticket in which it was begun when that becomes part of another one, as messages do: so each part gets its
own back when they are taken apart, and none is ever written over another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.database.types import Id
from app.outbox.rules import FORWARD
from app.outbox.seen import lineage
from app.outbox.tables import Draft

People = Sequence[Sequence[str]]
"""(name, address) pairs; a draft may hold a half-typed one."""


@dataclass(frozen=True, slots=True)
class DraftContent:
    """What is written so far. `files`: filename, content_type, size, blob (the id as hex) and content_id of each."""

    text: str = ""
    html: str = ""
    subject: str = ""
    sender: str = ""
    to: People = ()
    cc: People = ()
    bcc: People = ()
    files: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as it was left."""

    id: UUID
    ticket: UUID | None
    agent: UUID | None
    kind: str
    sender: str
    to: tuple[tuple[str, str], ...]
    cc: tuple[tuple[str, str], ...]
    bcc: tuple[tuple[str, str], ...]
    subject: str
    text: str
    html: str
    files: tuple[Mapping[str, Any], ...]
    answers: UUID | None
    updated_at: datetime


def save_draft(
    tx: Tx,
    content: DraftContent,
    *,
    ticket: UUID | None = None,
    draft: UUID | None = None,
    kind: str = "reply",
    answers: UUID | None = None,
    agent: UUID | None = None,
) -> UUID:
    """Keep what is being written; the draft's id.

    With `draft` that one is replaced; else the draft of this agent, ticket and kind (`reply`, `note`, and a `forward` of the message
    that it `answers`); a new mail (no ticket) without `draft` begins a draft of its own.
    """
    tx.flush()
    agent = agent or tx.agent
    row = tx.get(Draft, draft) if draft else _of(tx, ticket, agent, kind, answers)
    if row is None:
        row = Draft(id=draft or ids.new_id(), agent=agent, ticket=ticket, kind=kind)
        tx.add(row)
        _tell(tx, row)
    elif row.deleted_at is not None:
        _tell(tx, row)
    row.text, row.html = content.text, content.html
    row.subject, row.sender, row.answers = content.subject, content.sender, answers
    row.to, row.cc, row.bcc = _pairs(content.to), _pairs(content.cc), _pairs(content.bcc)
    row.files = [dict(one) for one in content.files]
    row.updated_at, row.deleted_at = tx.now, None
    return row.id


def drop_draft(tx: Tx, draft: UUID) -> bool:
    """Throw a draft away: it was sent, or it is empty."""
    row = tx.get(Draft, draft)
    if row is None or row.deleted_at is not None:
        return False
    row.deleted_at = tx.now
    _tell(tx, row)
    return True


def _tell(tx: Tx, draft: Draft) -> None:
    """The ticket, or what it is part of, shows in lists that something is begun in it, or no longer."""
    for ticket in lineage(tx, draft.ticket) if draft.ticket is not None else ():
        tx.touch("ticket", ticket)


def discard_draft(
    tx: Tx, ticket: UUID | None, kind: str = "reply", agent: UUID | None = None, answers: UUID | None = None
) -> bool:
    """Throw away the draft of an agent in a ticket, whichever it is; of what is passed on, that of one message."""
    tx.flush()
    row = _of(tx, ticket, agent or tx.agent, kind, answers)
    return row is not None and drop_draft(tx, row.id)


def draft_of(
    db: Session, ticket: UUID | None, agent: UUID | None, kind: str = "reply", answers: UUID | None = None
) -> DraftView | None:
    """The draft of an agent in a ticket; of what is passed on, that of one message."""
    row = _of(db, ticket, agent, kind, answers)
    return _view(row) if row is not None else None


_BEGUN_IN = (  # made once: it is asked whenever a ticket is opened
    select(Draft)
    .where(Draft.ticket.in_(bindparam("tickets")), Draft.agent.is_not_distinct_from(bindparam("agent", type_=Id)))
    .where(Draft.deleted_at.is_(None))
    .order_by(Draft.updated_at.desc(), Draft.id.desc())
)


def drafts_in(db: Session, tickets: Sequence[UUID], agent: UUID | None) -> tuple[DraftView, ...]:
    """What an agent is writing in a ticket and its parts: what was begun in the first one comes first, then the newest."""
    found = db.scalars(_BEGUN_IN, {"tickets": list(tickets), "agent": agent}).all()
    return tuple(_view(row) for row in sorted(found, key=lambda row: row.ticket != tickets[0]))


def drafts(db: Session, agent: UUID | None = None) -> tuple[DraftView, ...]:
    """All drafts of an agent (None: of everybody), newest first."""
    statement = select(Draft).where(Draft.deleted_at.is_(None)).order_by(Draft.updated_at.desc())
    if agent is not None:
        statement = statement.where(Draft.agent == agent)
    return tuple(_view(row) for row in db.execute(statement).scalars())


def _of(db: Session, ticket: UUID | None, agent: UUID | None, kind: str, answers: UUID | None) -> Draft | None:
    if ticket is None:
        return None
    begun = (Draft.ticket == ticket, Draft.agent == agent, Draft.kind == kind, Draft.deleted_at.is_(None))
    statement = select(Draft).where(*begun).order_by(Draft.updated_at.desc()).limit(1)
    if kind == FORWARD:
        statement = statement.where(Draft.answers == answers)
    return db.execute(statement).scalar_one_or_none()


def _pairs(people: People) -> list[list[str]]:
    return [[str(part) for part in one] for one in people]


def _view(row: Draft) -> DraftView:
    def people(stored: list[list[str]]) -> tuple[tuple[str, str], ...]:
        return tuple((one[0], one[1]) for one in stored)

    return DraftView(
        id=row.id,
        ticket=row.ticket,
        agent=row.agent,
        kind=row.kind,
        sender=row.sender,
        to=people(row.to),
        cc=people(row.cc),
        bcc=people(row.bcc),
        subject=row.subject,
        text=row.text,
        html=row.html,
        files=tuple(row.files),
        answers=row.answers,
        updated_at=row.updated_at,
    )
