"""Undo and redo: compensating commands, found in the history, so that they work after a restart as well.

Every action of a person is marked in the history. Undoing goes through its lines, newest first, and puts each field
back that still holds what the action set. What somebody else has changed since stays, and the result says who did it.
A reply that can still be called back is called back (its words become a draft again); one that has left is a fact,
and with it the whole action on that ticket stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, literal_column, select

from app.conversations.tables import Message
from app.kernel.database.transaction import Tx
from app.kernel.state import jobs
from app.outbox import commands as outbox
from app.people.history import record_event
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets.commands.putting_back import ERASED, put_back
from app.tickets.commands.results import UndoResult
from app.tickets.tables import Ticket

REMEMBERED: Final = 200
"""How many actions of an agent can be undone."""

AT_ONCE: Final = 100
"""An action of more lines of history than this is undone by a job, step by step."""

JOB: Final = "undo"

_MARKS: Final = (EventKind.UNDONE, EventKind.REDONE)
_SOMETHING: Final = "action"


def undo(tx: Tx, action: UUID | None = None) -> UndoResult:
    """Take back an action (default: the last one of who asks that is not undone yet)."""
    tx.flush()
    running = jobs.unfinished(tx)
    if (busy := _under_way(running)) is not None:
        return busy
    if action is None:
        action = _last_done(tx)
        if action is None:
            return UndoResult(0, ("There is nothing to undo.",), None)
    elif action in _undone(tx, [action]):
        return UndoResult(0, ("This is undone already.",), action)
    for job in running:
        if job.action == action:
            jobs.cancel(tx, job.id)  # it still works on what is to be undone
    return _begin(tx, action, back=True)


def _last_done(tx: Tx) -> UUID | None:
    """The last action of who asks that is not undone. Mostly it is the very last one."""
    actions = last_actions(tx)
    for some in (actions[:1], actions[1:]):
        undone = _undone(tx, some) if some else {}
        if (found := next((one for one in some if one not in undone), None)) is not None:
            return found
    return None


def redo(tx: Tx) -> UndoResult:
    """Do again what was undone last, unless something else has been done since."""
    tx.flush()
    if (busy := _under_way(jobs.unfinished(tx))) is not None:
        return busy
    actions = last_actions(tx)
    marks = [(mark, action) for action, mark in _undone(tx, actions).items() if mark is not None]
    newest_done = max(_markers(tx, actions), default=None)
    again = max(marks, default=None)
    if again is None or (newest_done is not None and newest_done > again[0]):
        return UndoResult(0, ("There is nothing to do again.",), None)
    return _begin(tx, again[1], back=False)


def cancel_reply(tx: Tx, message: UUID) -> UndoResult:
    """Call a reply back before it leaves: its words become a draft, and the ticket's status is put back."""
    tx.flush()
    action = _action_of_reply(tx, message)
    if action is not None:
        return undo(tx, action)
    if not outbox.cancel(tx, message):
        return UndoResult(0, ("It is too late: this message is already on its way.",), None)
    outbox.save_draft_of(tx, message)
    return UndoResult(1, (), None)


def note_reply_cancelled(tx: Tx, fact: outbox.ReplyCancelled) -> None:
    """Reaction: a message was taken back in the outbox; put back what writing it had changed in its ticket."""
    action = _action_of_reply(tx, fact.message)
    if action is None or action in _undone(tx, [action]):
        return
    _go(tx, action, back=True, cancelled=fact.message)


def _action_of_reply(tx: Tx, message: UUID) -> UUID | None:
    ticket = _ticket_of_message(tx, message)
    if ticket is None:
        return None
    query = select(Event.action, Event.new).where(Event.ticket == ticket, Event.kind == EventKind.REPLIED)
    return next((one.action for one in tx.execute(query) if one.new == str(message)), None)


def _ticket_of_message(tx: Tx, message: UUID) -> UUID | None:
    return tx.execute(select(Message.ticket).where(Message.id == message)).scalar()


def last_actions(tx: Tx) -> list[UUID]:
    """The last actions of who asks, newest first, those that are undone included."""
    mine = Event.agent.is_(None) if tx.agent is None else Event.agent == tx.agent
    query = select(Event.action).where(Event.kind == literal_column("'did'"), mine)
    query = query.order_by(Event.id.desc()).limit(REMEMBERED)
    return list(dict.fromkeys(tx.scalars(query)))


def _markers(tx: Tx, actions: Sequence[UUID]) -> Iterable[UUID]:
    query = select(Event.id).where(Event.action.in_(actions), Event.kind == EventKind.DID)
    return tx.scalars(query)


def _undone(tx: Tx, actions: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Those of `actions` that are undone, each with the id of the line that says so.

    None of one that cannot be done again: its undo found nothing to put back, or doing it again was tried in vain.
    """
    columns = (Event.action, Event.kind, Event.id, Event.field)
    query = select(*columns).where(Event.action.in_(actions), Event.kind.in_(_MARKS))
    found: dict[UUID, UUID | None] = {}
    for action, kind, key, what in tx.execute(query.order_by(Event.id)):
        if kind == EventKind.UNDONE or what != _SOMETHING:
            found[action] = key if kind == EventKind.UNDONE and what == _SOMETHING else None
        else:
            found.pop(action, None)
    return found


def _begin(tx: Tx, action: UUID, *, back: bool) -> UndoResult:
    """Go now, or ask for a job: a large action would keep everybody else from writing for too long."""
    lines = select(func.count(), func.count(Event.ticket.distinct())).where(Event.action == action)
    count, tickets = tx.execute(lines).one()
    if count <= AT_ONCE:
        return _go(tx, action, back=back)
    job = jobs.start(tx, JOB, {"action": action.hex, "back": back}, total=tickets)
    _mark(tx, action, back=back, had_effect=True)
    words = f"This touches {tickets:,} tickets; it goes on in the background."
    return UndoResult(0, (words,), action, job)


def _under_way(running: Sequence[jobs.JobInfo]) -> UndoResult | None:
    if any(job.name == JOB for job in running):
        return UndoResult(0, ("The last undo is still under way.",), None)
    return None


def _go(tx: Tx, action: UUID, *, back: bool, cancelled: UUID | None = None) -> UndoResult:
    query = select(Event).where(Event.action == action).order_by(Event.id.desc() if back else Event.id)
    events = list(tx.scalars(query))
    done, kept = put_back(tx, action, events, back=back, cancelled=cancelled)
    if all(event.kind in {EventKind.DID, *_MARKS} for event in events):
        kept = (ERASED,)  # its history went along with what it touched
    _mark(tx, action, back=back, had_effect=done > 0)
    about = (tx.get(Ticket, key) for key in {event.ticket for event in events} if key is not None)
    return UndoResult(done, kept, action, numbers=tuple(sorted(row.number for row in about if row is not None)))


def _mark(tx: Tx, action: UUID, *, back: bool, had_effect: bool) -> None:
    """Say that the action is undone, on the action itself: one look-up tells.

    One of which nothing could be put back is marked too, so that the next undo goes on to the action before it.
    """
    by = tx.action
    tx.action = action
    kind = EventKind.UNDONE if back else EventKind.REDONE
    try:
        record_event(tx, kind, field=_SOMETHING if had_effect else "", new=str(by))
    finally:
        tx.action = by
