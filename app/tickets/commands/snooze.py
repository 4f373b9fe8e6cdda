"""Snoozing: out of the lists of what is to do, and back by itself.

A snoozed ticket comes back when its time has come, when the customer writes or when somebody wakes it. The lists look only
at whether it is snoozed, never at the hour, so that their kept numbers stay exact; the timer wakes what is due.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import literal_column, select

from app.kernel.errors import UserError
from app.kernel.store import Tx
from app.people.commands import mark_action
from app.people.rules import EventKind
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row
from app.tickets.rules import DONE
from app.tickets.tables import Seen, Ticket

WAKE_STEP: Final = 100


def snooze(tx: Tx, tickets: Tickets, until: datetime | None) -> Changed:
    """Hide tickets until a moment; None wakes them. Raises UserError for a moment that is over, or a ticket that is done."""
    if until is not None and until <= tx.now:
        msg = "A ticket can only be snoozed until a time to come."
        raise UserError(msg)
    count = 0
    for row in each_row(tx, tickets):
        if until is not None and row.status in DONE:
            msg = f"#{row.number} is {row.status}; there is nothing to snooze."
            raise UserError(msg)
        count += change(tx, row, "snooze_until", until)
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def wake_due(tx: Tx, now: datetime | None = None) -> int:
    """Bring back the tickets whose time has come, unread for everybody; how many, at most 100.

    The timer calls it again while it returns as many as that.
    """
    query = (
        select(Ticket)
        .where(
            Ticket.deleted_at.is_(None),
            Ticket.merged_into.is_(None),
            Ticket.status != literal_column("'closed'"),
            Ticket.snooze_until.isnot(None),
            Ticket.snooze_until <= (now or tx.now),
        )
        .order_by(Ticket.snooze_until)
        .limit(WAKE_STEP)
    )
    rows = tx.scalars(query).all()
    for row in rows:
        change(tx, row, "snooze_until", None, EventKind.MOVED)
        for seen in tx.scalars(select(Seen).where(Seen.ticket == row.id)):
            tx.delete(seen)
    return len(rows)
