"""Finding the rows of chats, for all verbs."""

from __future__ import annotations

from uuid import UUID

from app.chats.rules import GOING_ON
from app.chats.tables import ChatChannel, ChatVisitor, Conversation
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError


def conversation_row(tx: Tx, conversation: UUID) -> Conversation:
    """The row of a chat. Raises NotFoundError."""
    row = tx.get(Conversation, conversation)
    if row is None:
        msg = "There is no such chat."
        raise NotFoundError(msg)
    return row


def going_on(tx: Tx, conversation: UUID) -> Conversation:
    """The row of a chat that is not over. Raises NotFoundError, UserError."""
    row = conversation_row(tx, conversation)
    if row.state not in GOING_ON:
        msg = "This chat is over. Answer in its ticket instead."
        raise UserError(msg)
    return row


def visitor_row(tx: Tx, visitor: UUID) -> ChatVisitor:
    """The row of a visitor. Raises NotFoundError."""
    row = tx.get(ChatVisitor, visitor)
    if row is None:
        msg = "There is no such visitor."
        raise NotFoundError(msg)
    return row


def channel_row(tx: Tx, channel: UUID) -> ChatChannel:
    """The row of a channel that was not removed. Raises NotFoundError."""
    row = tx.get(ChatChannel, channel)
    if row is None or row.deleted_at is not None:
        msg = "There is no such chat channel."
        raise NotFoundError(msg)
    return row
