"""Snoozing: out of the lists of what is to do, and back by itself.

A snoozed ticket comes back when its time has come, when the customer writes (unless it was asked not to, `OnReply`) or when
somebody wakes it. One that waits for an answer only has a time that never comes (`UNTIL_REPLY`); one that is to come back
after so many days without an answer (`snooze_days`) begins to count anew with each message of ours. The lists look only at
whether it is snoozed, never at the hour, so that their kept numbers stay exact; the timer wakes what is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from app.kernel.errors import UserError
from app.kernel.store import Tx
from app.people.commands import mark_action
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row
from app.tickets.rules import DONE, UNTIL_REPLY, OnReply
from app.tickets.tables import Seen, Ticket

WAKE_STEP: Final = 100
MOST_DAYS: Final = 3650


def snooze(tx: Tx, tickets: Tickets, until: datetime | None, *, days: int = 0, on_reply: str = OnReply.WAKE) -> Changed:
    """Hide tickets until a moment; None wakes them. `days`: until so many days have passed without an answer, instead.

    Raises UserError for a moment that is over, a ticket that is done, and one that nothing would bring back.
    """
    if days:
        until = tx.now + timedelta(days=days)
    _check(tx, until, days, on_reply)
    count = 0
    for row in each_row(tx, tickets):
        if until is not None and row.status in DONE:
            msg = f"#{row.number} is {row.status}; there is nothing to snooze."
            raise UserError(msg)
        count += change(tx, row, "snooze_until", until)
        if until is not None:
            change(tx, row, "snooze_days", days or None, EventKind.SIDE)
            change(tx, row, "snooze_reply", str(on_reply), EventKind.SIDE)
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def _check(tx: Tx, until: datetime | None, days: int, on_reply: str) -> None:
    if on_reply not in set(OnReply):
        msg = f"“{on_reply}” is not what an answer can do. There are: {', '.join(OnReply)}."
        raise UserError(msg)
    if not 0 <= days <= MOST_DAYS or (until is not None and until <= tx.now):
        msg = "A ticket can only be snoozed until a time to come."
        raise UserError(msg)
    if until is not None and until >= UNTIL_REPLY and on_reply == OnReply.SLEEP:
        msg = "Nothing would bring this ticket back: say until when, or let an answer wake it."
        raise UserError(msg)


def count_anew(tx: Tx, row: Ticket) -> None:
    """We wrote: the days without an answer are counted from now on."""
    if row.snooze_until is not None and row.snooze_days:
        change(tx, row, "snooze_until", tx.now + timedelta(days=row.snooze_days), EventKind.SIDE)


def last_snooze(db: Session, ticket: UUID, now: datetime) -> datetime | None:
    """Until when a ticket that is awake was snoozed before, if that is still to come."""
    row = db.get(Ticket, ticket)
    if row is None or row.snooze_until is not None:
        return None
    query = select(Event.old).where(Event.ticket == ticket, Event.field == "snooze_until", Event.old.is_not(None))
    old = db.scalars(query.order_by(Event.id.desc()).limit(1)).first()
    at = datetime.fromisoformat(old) if isinstance(old, str) else None
    return at if at is not None and now < at < UNTIL_REPLY else None


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
