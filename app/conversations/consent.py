"""From which domains pictures may be loaded without asking again.

A row is the word of a person about one domain. It is worth something only for a mail whose sender is proven to be of that
domain (`app.mime.meaning.authentication`); whoever reads it here must look at that first.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.tables import PictureConsent
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.people.row_history import note_come, note_going


def allow_pictures(tx: Tx, domain: str) -> None:
    """Pictures of mails that are proven to come from `domain` are loaded from now on. Raises UserError for no domain."""
    key = _key(domain)
    if "." not in key or any(sign in key for sign in "@/ "):
        msg = said("“{domain}” is not a domain.", domain=domain[:80])
        raise UserError(msg)
    if tx.get(PictureConsent, key) is None:
        row = PictureConsent(domain=key, agent=tx.agent, given_at=tx.now)
        tx.add(row)
        tx.flush()
        note_come(tx, row, key)


def forbid_pictures(tx: Tx, domain: str) -> None:
    """Take that back."""
    row = tx.get(PictureConsent, _key(domain))
    if row is not None:
        note_going(tx, row, row.domain)
        tx.delete(row)


def pictures_allowed(db: Session, domain: str) -> bool:
    """Did somebody say so for just this domain?"""
    return db.get(PictureConsent, _key(domain)) is not None


def domains_with_pictures(db: Session) -> tuple[str, ...]:
    """All of them, by name."""
    return tuple(db.scalars(select(PictureConsent.domain).order_by(PictureConsent.domain)))


def _key(domain: str) -> str:
    return domain.strip().strip(".").lower()
