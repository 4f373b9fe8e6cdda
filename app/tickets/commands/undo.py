"""Undo and redo: compensating commands, found in the history, so that they work after a restart as well.

Every action of a person is marked in the history. Undoing goes through its lines, newest first, and puts each field
back that still holds what the action set. What somebody else has changed since stays, and the result says who did it.
A reply that can still be called back is called back (its words become a draft again); one that has left is a fact,
and with it the whole action on that ticket stays.

A large action is undone by a job. Where that is cancelled halfway, the next undo goes on from there, and a redo does again what was
undone, no more. A redo that is cancelled goes on in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, false, func, literal_column, select

from app.conversations.tables import Message
from app.kernel.database.tables import Job
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
    elif action in _undone(tx, [action]) and not _goes_back(_stopped(tx).get(action)):
        return UndoResult(0, ("This is undone already.",), action)
    for job in running:
        if job.action == action:
            jobs.cancel(tx, job.id)  # it still works on what is to be undone
    return _begin(tx, action, back=True)


def _last_done(tx: Tx) -> UUID | None:
    """The last action of who asks that is not undone, or only half. Mostly it is the very last one."""
    actions, stopped = last_actions(tx), _stopped(tx)
    for some in (actions[:1], actions[1:]):
        undone = _undone(tx, some) if some else {}
        if (
            found := next((one for one in some if one not in undone or _goes_back(stopped.get(one))), None)
        ) is not None:
            return found
    return None


def redo(tx: Tx) -> UndoResult:
    """Do again what was undone last, unless something else has been done since."""
    tx.flush()
    if (busy := _under_way(jobs.unfinished(tx))) is not None:
        return busy
    actions = last_actions(tx)
    marks = [(mark, action) for action, mark in _undone(tx, actions).items() if mark is not None]
    marks += _half_redone(tx, actions)
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
    lines = select(func.count()).where(Event.action == action)
    if tx.execute(lines).scalar_one() <= AT_ONCE:
        return _go(tx, action, back=back)
    part = _part_left(_stopped(tx).get(action), back=back)
    tickets: int = tx.execute(within(select(func.count(Event.ticket.distinct())), action, part)).scalar_one()
    job = jobs.start(tx, JOB, {"action": action.hex, "back": back, **part}, total=tickets)
    _mark(tx, action, back=back, had_effect=True)
    words = f"This touches {tickets:,} tickets; it goes on in the background."
    return UndoResult(0, (words,), action, job)


def within(query: Select[Any], action: UUID, part: Mapping[str, str]) -> Select[Any]:
    """What a query finds of the tickets of an action; `part`: only those `after` one, or `until` one ("": none)."""
    query = query.where(Event.action == action, Event.ticket.is_not(None))
    if after := part.get("after"):
        query = query.where(Event.ticket > UUID(hex=after))
    if (until := part.get("until")) is not None:
        query = query.where(Event.ticket <= UUID(hex=until) if until else false())
    return query


def _stopped(tx: Tx) -> dict[UUID, Job]:
    """Actions of which somebody cancelled the undo (or redo) halfway, if that was the last that was done about them."""
    mine = Job.agent.is_(None) if tx.agent is None else Job.agent == tx.agent
    query = select(Job).where(Job.state == jobs.CANCELLED, Job.name == JOB, mine).order_by(Job.created_at, Job.id)
    found = {UUID(hex=job.payload["action"]): job for job in tx.scalars(query)}
    return {action: job for action, job in found.items() if _last_mark(tx, action)[1] == str(job.action)}


def _last_mark(tx: Tx, action: UUID) -> tuple[UUID | None, str]:
    """The line that says it was undone or done again last, and by which action."""
    query = select(Event.id, Event.new).where(Event.action == action, Event.kind.in_(_MARKS))
    found = tx.execute(query.order_by(Event.id.desc()).limit(1)).first()
    return (found.id, str(found.new)) if found is not None else (None, "")


def _half_redone(tx: Tx, actions: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Those of `actions` whose redo was cancelled, each after the line that says it began."""
    halves = (one for one, job in _stopped(tx).items() if one in actions and not _goes_back(job))
    marked = ((_last_mark(tx, one)[0], one) for one in halves)
    return [(mark, one) for mark, one in marked if mark is not None]


def _goes_back(job: Job | None) -> bool:
    return job is not None and bool(job.payload["back"])


def _part_left(job: Job | None, *, back: bool) -> dict[str, str]:
    """Where a job that was stopped left off: the same way it goes on from there, the other way it goes back as far."""
    if job is None:
        return {}
    at = str(job.cursor.get("after") or job.payload.get("after", ""))
    if _goes_back(job) != back:
        return {"until": at}
    return {"after": at, **{name: str(job.payload[name]) for name in ("until",) if name in job.payload}}


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
