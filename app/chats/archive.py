"""What the desk remembers for a channel's server (XMPP): up to where its archive was read, and whose chats go on there."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chats.rules import GOING_ON
from app.chats.tables import ChatVisitor, Conversation
from app.kernel.database.tables import Meta
from app.kernel.database.transaction import Tx


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


def guests_going_on(db: Session, channel: UUID) -> tuple[str, ...]:
    """The JIDs of visitors whose chats go on."""
    wanted = (
        select(ChatVisitor.jid)
        .join(Conversation, Conversation.visitor == ChatVisitor.id)
        .where(Conversation.channel == channel, Conversation.state.in_(GOING_ON), ChatVisitor.jid.is_not(None))
        .distinct()
    )
    return tuple(one for one in db.scalars(wanted) if one)


def _key(channel: UUID) -> str:
    return f"chat.archive.{channel.hex}"
