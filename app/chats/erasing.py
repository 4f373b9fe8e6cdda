"""What goes of chats when their tickets are erased for good."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from app.chats.tables import ChatLine, ChatVisitor, Conversation
from app.kernel.database.transaction import Tx


def erase_lines(tx: Tx, messages: Sequence[UUID]) -> None:
    """Before the messages themselves go."""
    tx.flush()
    tx.execute(delete(ChatLine).where(ChatLine.message.in_(list(messages))), execution_options={"changes": []})


def erase_chats(tx: Tx, tickets: Sequence[UUID]) -> None:
    """The chats of these tickets, and visitors of whom no chat is left: what they said of themselves goes too."""
    tx.flush()
    gone = tx.execute(select(Conversation.id, Conversation.visitor).where(Conversation.ticket.in_(list(tickets)))).all()
    if not gone:
        return
    keys = [row.id for row in gone]
    tx.execute(delete(ChatLine).where(ChatLine.conversation.in_(keys)), execution_options={"changes": []})
    changes = [("conversation", key) for key in keys]
    tx.execute(delete(Conversation).where(Conversation.id.in_(keys)), execution_options={"changes": changes})
    left = select(Conversation.visitor)
    nobody = delete(ChatVisitor).where(
        ChatVisitor.id.in_({row.visitor for row in gone}), ChatVisitor.id.not_in(left), ChatVisitor.blocked_at.is_(None)
    )
    tx.execute(nobody, execution_options={"changes": []})
