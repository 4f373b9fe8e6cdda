"""Waits that were reckoned before the clock was set back.

Undo send, the next try and the next try at a copy are short waits, kept as times so that a restart loses none of them.
Set the clock back by an hour, and each would last an hour longer: whatever lies further ahead than such a wait can last
is brought near again. A time that the rep chose is an appointment and stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.conversations.tables import Mailbox
from app.kernel.database.transaction import Tx
from app.outbox import rules
from app.outbox.rules import Copy
from app.outbox.tables import COPY_NEEDED, Outbox

_SLACK = timedelta(seconds=5)


def overlong_waits(db: Session, now: datetime) -> tuple[UUID, ...]:
    """Messages that wait, or whose copy does, for longer than any such wait lasts."""
    return tuple(row.id for row in _waiting_beyond(db, now) if row.not_before > now + _longest(row) + _SLACK)


def shorten_waits(tx: Tx) -> int:
    """Bring them near again; how many."""
    tx.flush()
    rows = [row for row in _waiting_beyond(tx, tx.now) if row.not_before > tx.now + _longest(row) + _SLACK]
    for row in rows:
        row.not_before = tx.now + _longest(row)
        if row.first_attempt_at is not None:
            row.first_attempt_at = min(row.first_attempt_at, tx.now)
    return len(rows)


def _waiting_beyond(db: Session, now: datetime) -> Iterable[Outbox]:
    later = Outbox.not_before > now + _SLACK
    ours = select(Outbox).join(Mailbox, Mailbox.id == Outbox.mailbox)
    waiting = ours.where(Outbox.state.in_(rules.WAITING), later, Outbox.send_at.is_(None))
    copies = ours.where(text(f"outbox.{COPY_NEEDED}"), later)
    return [*db.execute(waiting).scalars(), *db.execute(copies).scalars()]


def _longest(row: Outbox) -> timedelta:
    if row.copy_state == Copy.NEEDED and row.state not in rules.WAITING:
        return rules.back_off(row.copy_attempts) if row.copy_attempts else timedelta(0)
    return rules.longest_wait(row.attempts)
