"""Merging and splitting. Nothing is moved: a merged ticket points to its target, a placed message to its ticket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Attachment, Message
from app.kernel import ids
from app.kernel.errors import NotFoundError, UserError
from app.kernel.store import Tx
from app.people.commands import mark_action, record_event
from app.people.rules import EventKind
from app.tickets.commands.opening import link_tickets, open_ticket
from app.tickets.commands.results import Changed, Written
from app.tickets.commands.rows import Tickets, change, each_row, living_row, ticket_row
from app.tickets.queries.conversation import conversation_ids, message_ids
from app.tickets.rules import Status
from app.tickets.tables import Placement, Ticket, TicketLink

NOWHERE = UUID(int=0)
"""Where a note lies that was taken back: in no ticket."""


def merge(tx: Tx, tickets: Tickets, into: UUID) -> Changed:
    """Make one or several tickets part of `into`; their numbers keep resolving. Raises UserError for one merged with itself."""
    changed = sum(join(tx, row.id, into) for row in each_row(tx, tickets))
    if changed:
        mark_action(tx)
    return Changed(tx.action, changed)


def join(tx: Tx, ticket: UUID, into: UUID) -> bool:
    """Merge without a person behind it: a mail that connects two tickets shows that they are one. No facts."""
    source, target = living_row(tx, ticket), living_row(tx, into)
    if source.id == target.id:
        if ticket != source.id or into != target.id:
            return False
        msg = "A ticket cannot be merged with itself."
        raise UserError(msg)
    change(tx, source, "merged_into", target.id, EventKind.MERGED)
    record_event(tx, EventKind.JOINED, ticket=target.id, field="merged", new=str(source.id))
    tx.touch("ticket", target.id)
    summarise(tx, target)
    return True


def unmerge(tx: Tx, ticket: UUID) -> Changed:
    """Take a merged ticket out again, as it was. Raises UserError for one that is not merged."""
    row = ticket_row(tx, ticket)
    if row.merged_into is None:
        msg = f"Ticket #{row.number} is not merged."
        raise UserError(msg)
    target = row.merged_into
    change(tx, row, "merged_into", None, EventKind.MERGED)
    summarise(tx, ticket_row(tx, target))
    mark_action(tx)
    return Changed(tx.action, 1)


def place_message(tx: Tx, message: UUID, ticket: UUID) -> Changed:
    """Show a message ("belongs here") in `ticket` instead of where it came. Raises NotFoundError.

    A ticket that held nothing else, but for what programs wrote, becomes part of `ticket`, so that its number and what answers it lead there.
    """
    target = living_row(tx, ticket)
    before = ticket_of(tx, _message(tx, message))
    changed = put_message(tx, message, target.id)
    if changed:
        source = ticket_row(tx, before) if before not in {None, NOWHERE} else None
        if source is not None and source.id != target.id and not _says_anything(tx, source.id):
            join(tx, source.id, target.id)
        mark_action(tx)
    return Changed(tx.action, int(changed))


def _says_anything(tx: Tx, ticket: UUID) -> bool:
    """Is anything left in a ticket that a person wrote?"""
    by_people = select(Message.id).where(Message.id.in_(message_ids(tx, ticket)), Message.automatic.is_(False))
    return tx.execute(by_people.limit(1)).first() is not None


def belongs_to(tx: Tx, ticket: UUID, other: UUID) -> Changed:
    """`ticket` is a possible match of `other`: what linked them belongs there. Raises UserError without such a link.

    The whole ticket goes along if that was all there is in it.
    """
    where = (TicketLink.ticket == ticket, TicketLink.other == other, TicketLink.kind == "possible_match")
    found = tx.execute(select(TicketLink.message).where(*where, TicketLink.deleted_at.is_(None))).scalar()
    if found is None:
        msg = "These two tickets are not a possible match. Merge them, or split a message off."
        raise UserError(msg)
    return place_message(tx, found, other)


def split(tx: Tx, message: UUID) -> Written:
    """Make a message a ticket of its own, linked to the one it came from. Raises UserError for the only message."""
    row = _message(tx, message)
    tx.flush()
    home = ticket_of(tx, row)
    if home is None:
        msg = "This message is in no ticket."
        raise UserError(msg)
    old = living_row(tx, home)
    if len(message_ids(tx, old.id)) < 2:
        msg = "This is the only message of the ticket; there is nothing to split."
        raise UserError(msg)
    ticket = ids.new_id()
    number = open_ticket(
        tx,
        ticket=ticket,
        customer=row.customer or old.customer,
        subject=row.subject or old.subject,
        channel=old.channel,
        mailbox=old.mailbox,
        status=Status.OPEN,
        at=row.occurred_at,
        by_agent=True,
    )
    link_tickets(tx, ticket, old.id, "related", message)
    put_message(tx, message, ticket)
    mark_action(tx)
    return Written(ticket, number, message, tx.action)


def put_message(tx: Tx, message: UUID, ticket: UUID) -> bool:
    """Place a message, with its history; False when it is there already. NOWHERE hides it."""
    row = _message(tx, message)
    tx.flush()
    before = ticket_of(tx, row)
    if before == ticket:
        return False
    placement = tx.get(Placement, message)
    if placement is None:
        tx.add(Placement(id=message, ticket=ticket))
    else:
        placement.ticket, placement.deleted_at = ticket, None
    if ticket == row.ticket and placement is not None:
        placement.deleted_at = tx.now
    shown = before if ticket == NOWHERE else ticket
    old, new = {"message": str(message), "ticket": str(before)}, {"message": str(message), "ticket": str(ticket)}
    record_event(tx, EventKind.PLACED, ticket=shown, field="placement", old=old, new=new)
    for one in (before, ticket):
        if one is not None and one != NOWHERE:
            tx.touch("ticket", one)
            summarise(tx, living_row(tx, one))
    tx.touch("message", message)
    return True


def ticket_of(tx: Tx, row: Message) -> UUID | None:
    """The ticket in which a message is shown, merges not followed."""
    placement = tx.get(Placement, row.id)
    return placement.ticket if placement is not None and placement.deleted_at is None else row.ticket


def summarise(tx: Tx, row: Ticket) -> None:
    """Count what lists show of a ticket again, from its whole conversation."""
    tx.flush()
    columns = (Message.id, Message.direction, Message.kind, Message.snippet, Message.occurred_at)
    keys = message_ids(tx, row.id)
    found: list[Any] = []
    for start in range(0, len(keys), 500):
        found += tx.execute(select(*columns).where(Message.id.in_(keys[start : start + 500]))).all()
    shown = sorted((one for one in found if one.kind != "note"), key=lambda one: (one.occurred_at, one.id))
    row.message_count = len(shown)
    if shown:
        row.last_message_at, row.snippet = shown[-1].occurred_at, shown[-1].snippet
    incoming = [one.occurred_at for one in shown if one.direction == "in"]
    if incoming:
        parts = [ticket_row(tx, key).last_incoming_at for key in conversation_ids(tx, row.id)]
        row.last_incoming_at = max([*incoming, *(part for part in parts if part is not None)])
    files = select(Attachment.message).where(Attachment.message.in_([one.id for one in shown][:500])).limit(1)
    row.has_attachment = tx.execute(files).first() is not None


def _message(tx: Tx, message: UUID) -> Message:
    row = tx.get(Message, message)
    if row is None:
        msg = "There is no such message."
        raise NotFoundError(msg)
    return row
