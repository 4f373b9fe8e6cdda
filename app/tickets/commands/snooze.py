"""Snoozing: out of the lists of what is to do, and back by itself.

A snoozed ticket comes back when its time has come, when the customer writes (unless it was asked not to, `OnReply`) or when
somebody wakes it. One that waits for an answer only has a time that never comes (`UNTIL_REPLY`); one that is to come back
after so many days without an answer (`snooze_days`) begins to count anew with each message of ours. The lists look only at
whether it is snoozed, never at the hour, so that their kept numbers stay exact; the timer wakes what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.people.commands import mark_action
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row
from app.tickets.rules import DONE, UNTIL_REPLY, OnReply
from app.tickets.tables import Seen, Ticket

WAKE_STEP: Final = 100
MOST_DAYS: Final = 3650
_CHUNK: Final = 500


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
            msg = said("#{number} is {status}; there is nothing to snooze.", number=str(row.number), status=row.status)
            raise UserError(msg)
        count += _put(tx, row, until, days, on_reply)
    return _done(tx, count)


def snooze_again(tx: Tx, tickets: Tickets, *, on_reply: str = OnReply.WAKE) -> Changed:
    """Hide tickets once more, each until the time that it was snoozed until before. Raises UserError where that is over."""
    _check(tx, None, 0, on_reply)
    count = 0
    for row in each_row(tx, tickets):
        until = last_snoozes(tx, [row.id], tx.now).get(row.id)
        if until is None:
            msg = said("#{number} was not snoozed until a time that is still to come.", number=str(row.number))
            raise UserError(msg)
        count += snooze(tx, row.id, until, on_reply=on_reply).tickets
    return _done(tx, count)


def keep_asleep(tx: Tx, tickets: Tickets, *, on_reply: str) -> Changed:
    """Only what an answer does becomes another; the time of each stays. What is awake stays awake."""
    count = 0
    for row in each_row(tx, tickets):
        if row.snooze_until is not None:
            _check(tx, row.snooze_until, 0, on_reply)
            count += change(tx, row, "snooze_reply", str(on_reply), EventKind.SIDE)
    return _done(tx, count)


def _put(tx: Tx, row: Ticket, until: datetime | None, days: int, on_reply: str) -> bool:
    """Set a ticket's time, and with it what an answer does: another one is a change, too."""
    changed = change(tx, row, "snooze_until", until)
    if until is not None:
        changed |= change(tx, row, "snooze_days", days or None, EventKind.SIDE)
        changed |= change(tx, row, "snooze_reply", str(on_reply), EventKind.SIDE)
    return changed


def _done(tx: Tx, count: int) -> Changed:
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def _check(tx: Tx, until: datetime | None, days: int, on_reply: str) -> None:
    if on_reply not in set(OnReply):
        msg = said(
            "“{on_reply}” is not what an answer can do. There are: {known}.",
            on_reply=on_reply,
            known=", ".join(OnReply),
        )
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


@dataclass(frozen=True, slots=True)
class Sleep:
    """How a ticket sleeps: until when, after how many days without an answer (0: not counted), and what an answer does."""

    until: datetime
    days: int
    on_reply: str


def sleeps(db: Session, tickets: Sequence[UUID]) -> frozenset[Sleep]:
    """How those of some tickets (a thousand at most) that are asleep sleep."""
    query = select(Ticket.snooze_until, Ticket.snooze_days, Ticket.snooze_reply).where(Ticket.snooze_until.is_not(None))
    found: set[Sleep] = set()
    for start in range(0, len(tickets), _CHUNK):
        for until, days, on_reply in db.execute(query.where(Ticket.id.in_(tickets[start : start + _CHUNK]))):
            if until is not None:
                found.add(Sleep(until, days or 0, on_reply or OnReply.WAKE))
    return frozenset(found)


def last_snoozes(db: Session, tickets: Sequence[UUID], now: datetime) -> dict[UUID, datetime]:
    """Until when those of some tickets (a thousand at most) that are awake were snoozed before, if that is still to come."""
    query = select(Event.ticket, Event.old).join(Ticket, Ticket.id == Event.ticket).order_by(Event.id)
    query = query.where(Event.field == "snooze_until", Event.old.is_not(None), Ticket.snooze_until.is_(None))
    newest: dict[UUID, datetime] = {}
    for start in range(0, len(tickets), _CHUNK):
        for row in db.execute(query.where(Event.ticket.in_(tickets[start : start + _CHUNK]))):
            if row.ticket is not None and isinstance(row.old, str):
                newest[row.ticket] = datetime.fromisoformat(row.old)
    return {key: at for key, at in newest.items() if now < at < UNTIL_REPLY}


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
