"""Spam: a ticket that should never have been one. It goes into the Bin with its cause, and to the spam pile with that.

Nothing moves: `outcome` says that it is spam, and the ledger shows the mails of such tickets on the spam pile. So an
undo, or taking it out of the Bin, makes it an ordinary ticket again.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Message
from app.kernel.database.transaction import Tx
from app.people.commands import block
from app.people.history import mark_action
from app.people.queries import blocked_among
from app.people.rules import EventKind, handle_of
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row
from app.tickets.queries.conversation import message_ids
from app.tickets.rules import SPAM
from app.tickets.tables import Ticket


def mark_spam(tx: Tx, tickets: Tickets, *, block_sender: bool = False) -> Changed:
    """These tickets are spam. `block_sender`: and further mail of who wrote them goes to the spam pile by itself."""
    count = 0
    for row in each_row(tx, tickets):
        done = change(tx, row, "outcome", SPAM)
        if row.deleted_at is None:
            done |= change(tx, row, "deleted_at", tx.now, EventKind.DELETED)
        if block_sender:
            done |= _block(tx, row)
        count += done
    return _done(tx, count)


def block_senders(tx: Tx, tickets: Tickets) -> Changed:
    """Further mail of who wrote these tickets goes to the spam pile; the tickets themselves stay as they are."""
    return _done(tx, sum(_block(tx, row) for row in each_row(tx, tickets)))


def sender_of(tx: Tx, ticket: UUID) -> str:
    """The address of the customer's newest message in a ticket; empty without one."""
    query = select(Message.sender).where(Message.id.in_(message_ids(tx, ticket)), Message.direction == "in")
    sender = tx.scalars(query.order_by(Message.occurred_at.desc(), Message.id.desc()).limit(1)).first()
    return sender[1] if sender else ""


def _block(tx: Tx, row: Ticket) -> bool:
    address = sender_of(tx, row.id)
    if not address or blocked_among(tx, [handle_of(address)]):
        return False
    block(tx, address)
    return True


def _done(tx: Tx, count: int) -> Changed:
    if count:
        mark_action(tx)
    return Changed(tx.action, count)
