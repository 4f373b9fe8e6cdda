"""Who has a chat: taking one out of the queue, giving it to somebody, handing it over with a word."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from app.chats.commands.rows import going_on
from app.chats.rules import State
from app.chats.tables import Conversation
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.people.row_history import change_row
from app.people.tables import Agent
from app.tickets.commands import add_note, assign
from app.tickets.commands.rows import living_row


def accept(tx: Tx, conversation: UUID) -> None:
    """Take a chat: it is live, and mine. Nothing happens if it is mine already.

    Raises UserError when somebody else has it, when I have as many as I may, or nobody works here.
    """
    row = going_on(tx, conversation)
    if tx.agent is None:
        msg = "Say first who works at this device."
        raise UserError(msg)
    if row.assignee == tx.agent and row.state == State.LIVE:
        return
    if row.assignee is not None and row.assignee != tx.agent and row.state == State.LIVE:
        who = tx.get(Agent, row.assignee)
        msg = said("{name} has taken this chat already.", name=who.name if who else said("Somebody else"))
        raise UserError(msg)
    if has_how_many(tx, tx.agent) >= (most := int(options.get(tx, "chat_capacity"))):
        msg = said("You have {most} chats already, as many as one person may have. End one first.", most=most)
        raise UserError(msg)
    _give(tx, row, tx.agent)


def assign_chat(tx: Tx, conversation: UUID, agent: UUID | None) -> None:
    """Give a chat to somebody, or (None) back into the queue. Raises NotFoundError."""
    row = going_on(tx, conversation)
    if agent is not None and tx.get(Agent, agent) is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)
    _give(tx, row, agent)


def transfer(tx: Tx, conversation: UUID, agent: UUID, note: str = "") -> None:
    """Hand a chat over to a colleague, with a note that only we see."""
    row = going_on(tx, conversation)
    assign_chat(tx, conversation, agent)
    if note.strip():
        add_note(tx, row.ticket, note)


def has_how_many(tx: Tx, agent: UUID) -> int:
    """How many live chats an agent has."""
    tx.flush()
    mine = select(func.count()).where(Conversation.state == State.LIVE, Conversation.assignee == agent)
    return int(tx.scalar(mine) or 0)


def _give(tx: Tx, row: Conversation, agent: UUID | None) -> None:
    state = State.WAITING if agent is None else State.LIVE
    change_row(tx, row, ticket=row.ticket, quietly=True, state=str(state), assignee=agent)
    assign(tx, living_row(tx, row.ticket).id, agent)
