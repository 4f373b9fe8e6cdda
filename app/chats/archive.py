"""Up to which place the desk has read the archive of a channel's server (XMPP)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel.store import Tx
from app.kernel.tables import Meta


def archive_place(db: Session, channel: UUID) -> str:
    """The server's own name of the place; empty before the first time."""
    row = db.get(Meta, _key(channel))
    return row.value if row is not None else ""


def archive_reached(tx: Tx, channel: UUID, place: str) -> None:
    """Everything up to this place is ours."""
    row = tx.get(Meta, _key(channel))
    if row is None:
        tx.add(Meta(key=_key(channel), value=place))
    else:
        row.value = place


def _key(channel: UUID) -> str:
    return f"chat.archive.{channel.hex}"
