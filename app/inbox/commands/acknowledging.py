"""Letters that opened tickets in a batch, handed on to be acknowledged: at its end, when all of them are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.answering import commands as answering
from app.answering.rules import Letter
from app.inbox.commands.place import Arrival
from app.kernel.database.transaction import Tx
from app.mime.model import Address
from app.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class Fresh:
    """A letter and the ticket that it opened."""

    arrival: Arrival
    writer: Address
    ticket: UUID
    customer: UUID | None


def acknowledge(tx: Tx, opened: Sequence[Fresh]) -> int:
    """Acknowledge these letters, whose mailboxes want it, as far as a program may; how many."""
    if not opened:
        return 0
    tx.flush()
    query = select(Ticket.id, Ticket.number).where(Ticket.id.in_([one.ticket for one in opened]))
    numbers = {row.id: row.number for row in tx.execute(query)}
    return sum(answering.acknowledge(tx, _candidate(one, numbers[one.ticket])) for one in opened)


def _candidate(one: Fresh, number: int) -> answering.Opened:
    arrival = one.arrival
    return answering.Opened(
        message=arrival.key,
        ticket=one.ticket,
        number=number,
        mailbox=arrival.mailbox,
        customer=one.customer,
        name=one.writer.name,
        address=one.writer.address,
        subject=arrival.shape.subject,
        letter=Letter(arrival.mail.auto_reasons, arrival.mail.date, arrival.at),
    )
