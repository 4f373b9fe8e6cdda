"""What is left to do on a desk that was restored: mailboxes that wait for their password, messages that wait for a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.tables import Mailbox
from app.kernel.database.tables import Meta
from app.kernel.database.transaction import Tx
from app.kernel.errors import Reason
from app.outbox.rules import Hold, State
from app.outbox.tables import Outbox

_RESTORED, _MADE = "restored_at", "restored_from_at"


@dataclass(frozen=True, slots=True)
class Signing:
    """A mailbox of the restored desk: does it wait for its password?"""

    id: UUID
    address: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Afterwards:
    """When the desk was restored (None: never), of what age the backup was, and what is left to do."""

    restored_at: datetime | None
    made_at: datetime | None
    mailboxes: tuple[Signing, ...]
    held: int

    @property
    def is_done(self) -> bool:
        """Is there nothing left to do?"""
        return not self.held and not any(each.waits for each in self.mailboxes)


def note_restored(tx: Tx, made_at: datetime) -> None:
    """Keep in mind that this desk comes from a backup."""
    for key, at in ((_RESTORED, tx.now), (_MADE, made_at)):
        row = tx.get(Meta, key)
        if row is None:
            tx.add(Meta(key=key, value=at.isoformat()))
        else:
            row.value = at.isoformat()


def afterwards(db: Session) -> Afterwards:
    """What is left to do."""
    rows = db.execute(
        select(Mailbox.id, Mailbox.address, Mailbox.paused_reason)
        .where(Mailbox.deleted_at.is_(None))
        .order_by(Mailbox.address)
    )
    held = select(func.count()).where(Outbox.state == State.HELD, Outbox.hold_reason == Hold.RESTORED)
    return Afterwards(
        _time(db, _RESTORED),
        _time(db, _MADE),
        tuple(Signing(key, address, reason == Reason.SIGN_IN) for key, address, reason in rows),
        db.scalar(held) or 0,
    )


def _time(db: Session, key: str) -> datetime | None:
    row = db.get(Meta, key)
    try:
        return datetime.fromisoformat(row.value) if row is not None else None
    except ValueError:
        return None
