"""Splitting: a message, and if wished all that came after it, becomes a ticket of its own.

Nothing is moved but by placement; the two tickets are linked both ways. Later answers to what was split off name its ids
and so find the new ticket.
"""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.people.history import mark_action
from app.tickets.commands.merging import message_row, put_message, ticket_of
from app.tickets.commands.opening import link_tickets, open_ticket
from app.tickets.commands.results import Written
from app.tickets.commands.rows import change, living_row, ticket_row
from app.tickets.queries.conversation import message_ids
from app.tickets.rules import Status


def split(tx: Tx, message: UUID, *, following: bool = False, subject: str = "") -> Written:
    """Make a message a ticket of its own; `following`: and whatever came after it. Whoever has the old one has the new one.

    Raises UserError where nothing would be left in the old ticket, NotFoundError.
    """
    row = message_row(tx, message)
    tx.flush()
    home = ticket_of(tx, row)
    if home is None:
        msg = "This message is in no ticket."
        raise UserError(msg)
    old = living_row(tx, home)
    keys = message_ids(tx, old.id)
    if message not in keys:
        msg = "This message is not shown any more."
        raise UserError(msg)
    leaving = keys[keys.index(message) :] if following else [message]
    if len(leaving) == len(keys):
        msg = "This is the only message of the ticket; there is nothing to split."
        if len(keys) > 1:
            msg = "These are all messages of the ticket; there is nothing to split."
        raise UserError(msg)
    ticket = ids.new_id()
    number = open_ticket(
        tx,
        ticket=ticket,
        customer=row.customer or old.customer,
        subject=subject or row.subject or old.subject,
        channel=old.channel,
        mailbox=old.mailbox,
        status=Status.OPEN,
        at=row.occurred_at,
        by_agent=True,
    )
    change(tx, ticket_row(tx, ticket), "assignee", old.assignee)
    link_tickets(tx, ticket, old.id, "related", message)
    for key in leaving:
        put_message(tx, key, ticket)
    mark_action(tx)
    return Written(ticket, number, message, tx.action)
