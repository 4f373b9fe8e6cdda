"""Letters that opened tickets in a batch, handed on to whoever acknowledges them. Once a batch, and mostly for nothing:
the first question is whether any of the batch's mailboxes wants that at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.answering import commands as answering
from app.answering.rules import Letter
from app.inbox.commands.place import Arrival
from app.kernel.store import Tx
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
    """Acknowledge those letters whose mailboxes want it; how many. The letters must have been written."""
    wanted = answering.acknowledging(tx, [one.arrival.mailbox for one in opened]) if opened else frozenset()
    letters = [one for one in opened if one.arrival.mailbox in wanted]
    if not letters:
        return 0
    tx.flush()
    query = select(Ticket.id, Ticket.number).where(Ticket.id.in_([one.ticket for one in letters]))
    numbers = {row.id: row.number for row in tx.execute(query)}
    return sum(answering.acknowledge(tx, _candidate(one, numbers[one.ticket])) for one in letters)


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
        subject=arrival.subject,
        letter=Letter(arrival.mail.auto_reasons, arrival.mail.date, arrival.at),
    )
