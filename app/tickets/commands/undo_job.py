"""Undoing (or redoing) a large action in short steps, a few tickets each, so that others can write in between.

All steps carry the action of whoever asked; after a crash the next one goes on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.kernel.database.transaction import Tx
from app.kernel.state import jobs
from app.people.tables import Event
from app.tickets.commands.putting_back import put_back
from app.tickets.commands.undo import JOB, within

_FEW: Final = 10
_MOST_KEPT: Final = 20
"""So many of the sentences about what was left as it is are kept for show."""


def step(tx: Tx, work: jobs.Work) -> bool:
    """Put back the next tickets of an action."""
    action, back = UUID(hex=work.payload["action"]), bool(work.payload["back"])
    part: dict[str, str] = {name: str(work.payload[name]) for name in ("after", "until") if name in work.payload}
    is_begun = "after" in work.cursor
    if is_begun:
        part["after"] = work.cursor["after"]
    work.cursor["of"] = action.hex
    if not (is_begun or part.get("after")):
        _take(
            tx,
            work,
            action,
            list(tx.scalars(select(Event).where(Event.action == action, Event.ticket.is_(None)))),
            back,
        )
    tickets = _next_tickets(tx, action, part)
    done = 0
    for start in range(0, len(tickets), _FEW):
        few = tickets[start : start + _FEW]
        events = tx.scalars(select(Event).where(Event.action == action, Event.ticket.in_(few)))
        _take(tx, work, action, list(events), back)
        work.cursor["after"] = few[-1].hex
        done += len(few)
        if not work.has_time():
            break
    work.done += done
    return done < len(tickets) or len(tickets) == jobs.MOST_ITEMS


def _next_tickets(tx: Tx, action: UUID, part: Mapping[str, str]) -> Sequence[UUID]:
    query = within(select(Event.ticket).distinct(), action, part).order_by(Event.ticket).limit(jobs.MOST_ITEMS)
    return [ticket for ticket in tx.scalars(query) if ticket is not None]


def _take(tx: Tx, work: jobs.Work, action: UUID, events: list[Event], back: bool) -> None:
    events.sort(key=lambda event: event.id, reverse=back)
    undone, kept = put_back(tx, action, events, back=back)
    work.cursor["undone"] = work.cursor.get("undone", 0) + undone
    work.cursor["kept"] = [*work.cursor.get("kept", []), *kept][:_MOST_KEPT]


jobs.declare(JOB, step)
