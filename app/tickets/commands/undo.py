"""Undo and redo: compensating commands, found in the history, so that they work after a restart as well.

Every action of a person is marked in the history. Undoing goes through its lines, newest first, and puts each field
back that still holds what the action set. What somebody else has changed since stays, and the result says who did it.
A reply that can still be called back is called back (its words become a draft again); one that has left is a fact,
and with it the whole action on that ticket stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from app.conversations.tables import Message
from app.kernel import jobs
from app.kernel.store import Tx
from app.outbox import commands as outbox
from app.people.commands import record_event, reindex_customer, set_customer_field
from app.people.row_history import put_row_back
from app.people.rules import EventKind
from app.people.tables import Agent, Customer, Event
from app.tickets.commands.merging import NOWHERE, put_message, summarise
from app.tickets.commands.results import UndoResult
from app.tickets.commands.rows import change, from_plain, plain, reindex, ticket_row
from app.tickets.commands.status import tell_status
from app.tickets.commands.tags import is_tagged, put_tag
from app.tickets.queries.conversation import message_ids
from app.tickets.tables import Placement, Ticket

REMEMBERED: Final = 200
"""How many actions of an agent can be undone."""

AT_ONCE: Final = 100
"""An action of more lines of history than this is undone by a job, step by step."""

JOB: Final = "undo"

_FIELDS: Final = frozenset(
    {EventKind.CHANGED, EventKind.MOVED, EventKind.DELETED, EventKind.RESTORED, EventKind.MERGED}
)
_MARKS: Final = (EventKind.UNDONE, EventKind.REDONE)
_SOMETHING: Final = "action"
_ERASED: Final = "A ticket has been erased for good since."


def undo(tx: Tx, action: UUID | None = None) -> UndoResult:
    """Take back an action (default: the last one of who asks that is not undone yet)."""
    tx.flush()
    if (busy := _under_way(tx)) is not None:
        return busy
    if action is None:
        action = next((one for one in last_actions(tx) if one not in _undone(tx, [one])), None)
    if action is None:
        return UndoResult(0, ("There is nothing to undo.",), None)
    if action in _undone(tx, [action]):
        return UndoResult(0, ("This is undone already.",), action)
    return _begin(tx, action, back=True)


def redo(tx: Tx) -> UndoResult:
    """Do again what was undone last, unless something else has been done since."""
    tx.flush()
    if (busy := _under_way(tx)) is not None:
        return busy
    actions = last_actions(tx)
    marks = _undone(tx, actions)
    newest_done = max((mark for mark in _markers(tx, actions)), default=None)
    again = max(marks.items(), key=lambda item: item[1].int, default=None)
    if again is None or (newest_done is not None and newest_done > again[1]) or not _had_effect(tx, again[1]):
        return UndoResult(0, ("There is nothing to do again.",), None)
    return _begin(tx, again[0], back=False)


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
    query = select(Event.action).where(Event.kind == "did", mine).order_by(Event.id.desc()).limit(REMEMBERED)
    return list(dict.fromkeys(tx.scalars(query)))


def _markers(tx: Tx, actions: Sequence[UUID]) -> Iterable[UUID]:
    query = select(Event.id).where(Event.action.in_(actions), Event.kind == EventKind.DID)
    return tx.scalars(query)


def _undone(tx: Tx, actions: Sequence[UUID]) -> dict[UUID, UUID]:
    """Those of `actions` that are undone, each with the id of the line that says so."""
    query = select(Event.action, Event.kind, Event.id).where(Event.action.in_(actions), Event.kind.in_(_MARKS))
    found: dict[UUID, UUID] = {}
    for action, kind, key in tx.execute(query.order_by(Event.id)):
        if kind == EventKind.UNDONE:
            found[action] = key
        else:
            found.pop(action, None)
    return found


def _had_effect(tx: Tx, mark: UUID) -> bool:
    """Did the undo that this line tells of put anything back?"""
    return tx.execute(select(Event.field).where(Event.id == mark)).scalar() == _SOMETHING


@dataclass
class _Run:
    """One undo (`back`) or redo, and what came of it."""

    tx: Tx
    action: UUID
    back: bool
    done: int = 0
    kept: list[str] = field(default_factory=list)
    fixed: set[UUID] = field(default_factory=set)
    """Tickets whose part of the action stays: a reply has left."""
    restored: set[tuple[UUID, str]] = field(default_factory=set)
    """Fields that were put back; what went along with them follows."""
    to_sum_up: dict[UUID, None] = field(default_factory=dict)

    def wanted(self, event: Event) -> tuple[Any, Any]:
        """(what the field must hold now, what it shall hold) for a line of history."""
        return (event.new, event.old) if self.back else (event.old, event.new)


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


def _under_way(tx: Tx) -> UndoResult | None:
    if any(job.name == JOB for job in jobs.unfinished(tx)):
        return UndoResult(0, ("The last undo is still under way.",), None)
    return None


def _go(tx: Tx, action: UUID, *, back: bool, cancelled: UUID | None = None) -> UndoResult:
    query = select(Event).where(Event.action == action).order_by(Event.id.desc() if back else Event.id)
    events = list(tx.scalars(query))
    done, kept = put_back(tx, action, events, back=back, cancelled=cancelled)
    if all(event.kind in {EventKind.DID, *_MARKS} for event in events):
        kept = (_ERASED,)  # its history went along with what it touched
    _mark(tx, action, back=back, had_effect=done > 0)
    return UndoResult(done, kept, action)


def put_back(
    tx: Tx, action: UUID, events: Sequence[Event], *, back: bool, cancelled: UUID | None = None
) -> tuple[int, tuple[str, ...]]:
    """Undo (or redo) these lines of an action, all those of a ticket or none: how many, and what was kept, in words."""
    run = _Run(tx, action, back)
    _leave_erased(run, events)
    for event in events:
        if event.kind == EventKind.REPLIED and event.ticket not in run.fixed:
            _reply(run, event, cancelled)
    for event in events:
        if event.ticket not in run.fixed:
            _step(run, event)
    for event in events:
        if event.kind == EventKind.SIDE and event.ticket not in run.fixed:
            _side(run, event)
    tx.flush()
    for key in run.to_sum_up:
        summarise(tx, ticket_row(tx, key))
    for event in events:
        if event.kind == EventKind.CREATED and event.field == "status" and event.ticket not in run.fixed:
            _created(run, event)
    return run.done, tuple(dict.fromkeys(run.kept))


def _leave_erased(run: _Run, events: Sequence[Event]) -> None:
    for key in {event.ticket for event in events if event.ticket is not None}:
        if run.tx.get(Ticket, key) is None:
            run.fixed.add(key)
            run.kept.append(_ERASED)


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


def _step(run: _Run, event: Event) -> None:
    step: Callable[[_Run, Event], None] | None = None
    if event.kind in _FIELDS:
        step = _ticket_field if event.ticket is not None else _customer_field if event.customer is not None else None
    else:
        step = _STEPS.get(EventKind(event.kind))
    if step is not None:
        step(run, event)


def _ticket_field(run: _Run, event: Event) -> None:
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    now, then = run.wanted(event)
    if plain(getattr(row, event.field)) != now:
        _keep(run, event, row)
        return
    was = row.status
    kind = EventKind(event.kind)
    if kind is EventKind.DELETED and run.back:
        kind = EventKind.RESTORED
    elif kind is EventKind.RESTORED and run.back:
        kind = EventKind.DELETED
    elif kind is EventKind.MOVED:
        kind = EventKind.CHANGED
    merged = row.merged_into
    if change(run.tx, row, event.field, from_plain(event.field, then), kind):
        run.done += 1
        run.restored.add((row.id, event.field))
    if event.field == "status":
        tell_status(run.tx, row.id, was, row.status)
    elif event.field in {"subject", "customer"}:
        reindex(run.tx, row)
    elif event.field == "merged_into":
        run.to_sum_up.update(dict.fromkeys(key for key in (row.id, row.merged_into, merged) if key))


def _side(run: _Run, event: Event) -> None:
    """What went along with a field (`solved_at` with the status) follows it, whatever it holds."""
    leader = "customer" if event.field == "organisation" else "status"
    if event.ticket is None or (event.ticket, leader) not in run.restored:
        return
    row = ticket_row(run.tx, event.ticket)
    change(run.tx, row, event.field, from_plain(event.field, run.wanted(event)[1]), EventKind.SIDE)


def _customer_field(run: _Run, event: Event) -> None:
    row = run.tx.get(Customer, event.customer)
    now, then = run.wanted(event)
    if row is None or not hasattr(row, event.field):
        return
    if plain(getattr(row, event.field)) != now:
        who = _who_changed(run, event, Event.customer == event.customer)
        run.kept.append(f"{row.name or 'The customer'}: {who} has changed “{event.field}” since; it stays.")
        return
    set_customer_field(run.tx, row, event.field, from_plain(event.field, then), EventKind.CHANGED)
    run.done += 1
    run.tx.flush()
    reindex_customer(run.tx, row.id)


def _tag(run: _Run, event: Event) -> None:
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    now, then = run.wanted(event)
    name = str(now or then)
    if is_tagged(run.tx, row.id, name) is not bool(now):
        _keep(run, event, row)
    elif put_tag(run.tx, row, name, on=bool(then)):
        run.done += 1


def _placement(run: _Run, event: Event) -> None:
    now, then = run.wanted(event)
    message = UUID(now["message"])
    placed = run.tx.get(Placement, message)
    here = placed.ticket if placed is not None and placed.deleted_at is None else _ticket_of_message(run.tx, message)
    if str(here) != now["ticket"]:
        run.kept.append("A message has been moved again since; it stays where it is.")
    elif then["ticket"] != "None" and put_message(run.tx, message, UUID(then["ticket"])):
        run.done += 1


def _note(run: _Run, event: Event) -> None:
    """A note that is taken back lies nowhere; it is not destroyed."""
    assert event.ticket is not None
    if put_message(run.tx, UUID(event.new), NOWHERE if run.back else event.ticket):
        run.done += 1


def _row(run: _Run, event: Event) -> None:
    """A row of a feature's own: an item of a checklist, a saved view …"""
    now, then = run.wanted(event)
    done = put_row_back(run.tx, event.field, now, then)
    if done:
        run.done += 1
    elif done is False:
        who = _who_changed(run, event, Event.field == event.field)
        run.kept.append(f"“{now.get('about') or event.field}”: {who} has changed it since; it stays.")


_STEPS: Final[dict[EventKind, Callable[[_Run, Event], None]]] = {
    EventKind.TAGGED: _tag,
    EventKind.PLACED: _placement,
    EventKind.NOTED: _note,
    EventKind.ROW: _row,
}


def _reply(run: _Run, event: Event, cancelled: UUID | None) -> None:
    assert event.ticket is not None
    message = UUID(event.new)
    number = ticket_row(run.tx, event.ticket).number
    if not run.back:
        run.fixed.add(event.ticket)
        run.kept.append(f"The reply in #{number} is a draft again; send it from there.")
    elif message == cancelled or outbox.cancel(run.tx, message):
        if message != cancelled:
            outbox.save_draft_of(run.tx, message)
        run.done += 1
        run.to_sum_up[event.ticket] = None
    else:
        run.fixed.add(event.ticket)
        run.kept.append(f"The reply in #{number} has already left; everything stays as it is.")


def _created(run: _Run, event: Event) -> None:
    """A ticket that the action opened goes to the Bin, if nothing is left in it."""
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    if run.back and row.deleted_at is None and not message_ids(run.tx, row.id):
        change(run.tx, row, "deleted_at", run.tx.now, EventKind.DELETED)
        run.done += 1
    elif not run.back and row.deleted_at is not None:
        change(run.tx, row, "deleted_at", None, EventKind.RESTORED)
        run.done += 1


def _keep(run: _Run, event: Event, row: Ticket) -> None:
    who = _who_changed(run, event, Event.ticket == event.ticket)
    run.kept.append(f"#{row.number}: {who} has changed “{event.field}” since; it stays.")


def _who_changed(run: _Run, event: Event, whose: Any) -> str:
    query = (
        select(Event.agent, Agent.name)
        .outerjoin(Agent, Agent.id == Event.agent)
        .where(whose, Event.field == event.field, Event.action != run.action, Event.id > event.id)
        .order_by(Event.id.desc())
        .limit(1)
    )
    found = run.tx.execute(query).first()
    if found is None or found.agent is None:
        return "something else"
    return "you" if found.agent == run.tx.agent else str(found.name)
