"""Putting back what the lines of an action's history tell, line by line; or doing it again.

A line knows what a field held before and after. It is put back only while the field still holds what the action set: what
somebody else has changed since stays, and is told with their name. Which tickets' parts stay whole (a reply has left, the
ticket was erased) is decided first, so that no ticket is put back by half.

Whoever follows the rules of history is undone without being known here: a column of a ticket changed by `change`, one of
its own fields by `change_custom`, a row of a feature's own by `app.people.row_history`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from app.conversations.tables import Message
from app.index import commands as index
from app.kernel.database.transaction import Tx
from app.outbox import commands as outbox
from app.people.choosing import put_setting_back
from app.people.commands import forget_customer, reindex_customer, set_customer_field
from app.people.history import leave_unmarked
from app.people.row_history import put_row_back
from app.people.rules import EventKind
from app.people.tables import Agent, Customer, Event
from app.states.tables import State
from app.tickets.commands.merging import put_message, summarise
from app.tickets.commands.rows import (
    CUSTOM,
    change,
    change_custom,
    custom_value,
    from_plain,
    living_row,
    plain,
    reindex,
    ticket_row,
)
from app.tickets.commands.status import tell_status
from app.tickets.commands.tags import is_tagged, put_tag
from app.tickets.facts import OpeningTakenBack
from app.tickets.queries.conversation import message_ids
from app.tickets.queries.merging import Meanwhile, meanwhile
from app.tickets.rules import NOWHERE
from app.tickets.tables import Placement, Ticket

FIELDS: Final = frozenset({EventKind.CHANGED, EventKind.MOVED, EventKind.DELETED, EventKind.RESTORED, EventKind.MERGED})
ERASED: Final = "A ticket has been erased for good since."
_CUSTOMER: Final = "customer"


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

    def stays(self, event: Event) -> bool:
        """Does the part of the action in this line's ticket stay as it is?"""
        return event.ticket in self.fixed


def put_back(
    tx: Tx, action: UUID, events: Sequence[Event], *, back: bool, cancelled: UUID | None = None
) -> tuple[int, tuple[str, ...]]:
    """Undo (or redo) these lines of an action, all those of a ticket or none: how many, and what was kept, in words.

    `cancelled`: a message that was called back already, by whoever did that.
    """
    leave_unmarked(tx)
    run = _Run(tx, action, back)
    _leave_erased(run, events)
    for event in events:
        if event.kind == EventKind.REPLIED and not run.stays(event):
            _reply(run, event, cancelled)
    if not back:
        _open_again(run, events)
    for event in events:
        if not run.stays(event):
            _step(run, event)
    for event, leader in _followers(events):
        if not run.stays(event):
            _follow(run, event, leader)
    tx.flush()
    for key in run.to_sum_up:
        summarise(tx, ticket_row(tx, key))
    written = {event.ticket: UUID(event.new) for event in events if event.kind == EventKind.REPLIED}
    for event in events:
        if back and _opened(event) and not run.stays(event):
            _created(run, event, written.get(event.ticket), _home_of(event.ticket, events))
    for event in events:
        if event.kind == EventKind.SILENT and event.field == _CUSTOMER:
            _customer(run, event)
    return run.done, tuple(dict.fromkeys(run.kept))


def _leave_erased(run: _Run, events: Sequence[Event]) -> None:
    for key in {event.ticket for event in events if event.ticket is not None}:
        if run.tx.get(Ticket, key) is None:
            run.fixed.add(key)
            run.kept.append(ERASED)


def _step(run: _Run, event: Event) -> None:
    step: Callable[[_Run, Event], None] | None
    if event.kind in FIELDS:
        step = _ticket_field if event.ticket is not None else _customer_field if event.customer is not None else None
    else:
        step = _STEPS.get(EventKind(event.kind))
    if step is not None:
        step(run, event)


# -- a ticket's columns and own fields --------------------------------------------------------------------------------


def _ticket_field(run: _Run, event: Event) -> None:
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    now, then = run.wanted(event)
    if event.field.startswith(CUSTOM):
        _custom_field(run, event, row)
        return
    if event.field not in Ticket.__table__.c:
        return  # told for people to read; what it tells of has lines of its own
    if plain(getattr(row, event.field)) != now:
        _keep(run, event, row)
        return
    was, merged = row.status, row.merged_into
    since = meanwhile(run.tx, row.id) if run.back and event.field == "merged_into" and then is None else Meanwhile()
    if change(run.tx, row, event.field, from_plain(event.field, _there(run, event, then)), _kind_of(run, event)):
        run.done += 1
        run.restored.add((row.id, event.field))
    if event.field == "status":
        tell_status(run.tx, row.id, was, row.status)
    elif event.field in {"subject", "customer"}:
        reindex(run.tx, row)
    elif event.field == "merged_into":
        run.to_sum_up.update(dict.fromkeys(key for key in (row.id, row.merged_into, merged) if key))
        _go_along(run, row, since)


def _go_along(run: _Run, row: Ticket, since: Meanwhile) -> None:
    """What was written while a ticket was part of another, and answers it, goes with it; the rest stays, which is said."""
    for message in since.follow:
        put_message(run.tx, message, row.id)
    if since.staying:
        run.kept.append(f"What was written since #{row.number} was merged and does not answer it stays where it is.")


def _kind_of(run: _Run, event: Event) -> EventKind:
    kind = EventKind(event.kind)
    opposite = {EventKind.DELETED: EventKind.RESTORED, EventKind.RESTORED: EventKind.DELETED}
    if kind is EventKind.MOVED:
        return EventKind.CHANGED
    return opposite.get(kind, kind) if run.back else kind


def _custom_field(run: _Run, event: Event, row: Ticket) -> None:
    now, then = run.wanted(event)
    key = event.field.removeprefix(CUSTOM)
    if custom_value(row, key) != now:
        _keep(run, event, row)
    elif change_custom(run.tx, row, key, then):
        reindex(run.tx, row)
        run.done += 1
        run.restored.add((row.id, event.field))


def _followers(events: Sequence[Event]) -> list[tuple[Event, str]]:
    """Each line that went along with another one (`solved_at` with the status), and the field that it follows."""
    leaders: dict[UUID, str] = {}
    found: list[tuple[Event, str]] = []
    for event in sorted(events, key=lambda one: one.id):
        if event.ticket is None:
            continue
        if event.kind in FIELDS:
            leaders[event.ticket] = event.field
        elif event.kind == EventKind.SIDE:
            found.append((event, "customer" if event.field == "organisation" else leaders.get(event.ticket, "")))
    order = {event.id: place for place, event in enumerate(events)}
    return sorted(found, key=lambda pair: order[pair[0].id])


def _follow(run: _Run, event: Event, leader: str) -> None:
    """What went along with a field follows it, whatever it holds by now."""
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    now, then = run.wanted(event)
    if (row.id, leader) in run.restored or (not leader and plain(getattr(row, event.field)) == now):
        change(run.tx, row, event.field, from_plain(event.field, _there(run, event, then)), EventKind.SIDE)


def _there(run: _Run, event: Event, then: Any) -> Any:
    """A status that was deleted since is nowhere any more: the built-in one of its category. Unless this brings it back."""
    if event.field != "state" or then is None:
        return then
    state = run.tx.get(State, UUID(then))
    if state is not None and state.deleted_at is None:
        return then
    back = select(Event.id).where(
        Event.action == run.action, Event.ticket.is_(None), Event.kind == EventKind.ROW, Event.field == "state"
    )
    return then if run.tx.execute(back.limit(1)).first() else None


# -- people, rows and settings ----------------------------------------------------------------------------------------


def _customer_field(run: _Run, event: Event) -> None:
    row = run.tx.get(Customer, event.customer)
    now, then = run.wanted(event)
    if row is None or event.field not in Customer.__table__.c:
        return
    if plain(getattr(row, event.field)) != now:
        who = _who_changed(run, event, Event.customer == event.customer)
        run.kept.append(f"{row.name or 'The customer'}: {who} has changed “{event.field}” since; it stays.")
        return
    set_customer_field(run.tx, row, event.field, from_plain(event.field, then, Customer), EventKind.CHANGED)
    run.done += 1
    run.tx.flush()
    reindex_customer(run.tx, row.id)


def _row(run: _Run, event: Event) -> None:
    """A row of a feature's own: an item of a checklist, a saved view …"""
    if event.field == _CUSTOMER:
        return  # last of all: see `_customer`
    now, then = run.wanted(event)
    done = put_row_back(run.tx, event.field, now, then, quietly=event.kind == EventKind.SILENT)
    if done:
        run.done += 1
    elif done is False and (about := now.get("about")):
        who = _who_changed(run, event, Event.field == event.field, row=now["id"])
        run.kept.append(f"“{about}”: {who} has changed it since; it stays.")


def _customer(run: _Run, event: Event) -> None:
    """Somebody whom the action made known is forgotten again, unless there is anything of theirs by now."""
    now, then = run.wanted(event)
    key = UUID(hex=now["id"])
    if then.get("deleted_at") is not None:
        forgotten = _is_nobody(run.tx, key) and forget_customer(run.tx, key)
        run.done += int(forgotten)
    elif not run.fixed and put_row_back(run.tx, event.field, now, then, quietly=True):
        reindex_customer(run.tx, key)
        run.done += 1


def _is_nobody(tx: Tx, customer: UUID) -> bool:
    """Has this customer no ticket but such as lie empty in the Bin, and no letter in any other?"""
    tx.flush()
    tickets = select(Ticket.id, Ticket.deleted_at).where(Ticket.customer == customer)
    if any(row.deleted_at is None or message_ids(tx, row.id) for row in tx.execute(tickets)):
        return False
    theirs = select(Message.id).where(Message.customer == customer, Message.direction == "in")
    return tx.execute(theirs.limit(1)).first() is None


def _setting(run: _Run, event: Event) -> None:
    now, then = run.wanted(event)
    if put_setting_back(run.tx, event.field, now, then):
        run.done += 1
        return
    who = _who_changed(run, event, Event.kind == EventKind.SETTING)
    run.kept.append(f"{who.capitalize()} has changed this setting since; it stays.")


# -- tags, messages, replies ------------------------------------------------------------------------------------------


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
    written = run.tx.execute(select(Message.ticket).where(Message.id == message)).scalar()
    here = placed.ticket if placed is not None and placed.deleted_at is None else written
    if str(here) != now["ticket"]:
        run.kept.append("A message has been moved again since; it stays where it is.")
    elif then["ticket"] != "None" and put_message(run.tx, message, UUID(then["ticket"])):
        run.done += 1


def _note(run: _Run, event: Event) -> None:
    """A note that is taken back lies nowhere; it is not destroyed."""
    assert event.ticket is not None
    if put_message(run.tx, UUID(event.new), NOWHERE if run.back else event.ticket):
        run.done += 1


def _reply(run: _Run, event: Event, cancelled: UUID | None) -> None:
    if event.ticket is None:  # it opened a ticket that is gone without a trace: see `forget_opening`
        run.fixed.add(NOWHERE)
        run.kept.append("The mail is a draft again; send it from there.")
        return
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


def _opened(event: Event) -> bool:
    """Does this line say that the action opened a ticket?"""
    return event.kind == EventKind.CREATED and event.field == "status" and event.ticket is not None


def _home_of(ticket: UUID | None, events: Sequence[Event]) -> UUID | None:
    """The ticket from which an action split off what it put into this one."""
    places = ((event.new["ticket"], event.old["ticket"]) for event in events if event.kind == EventKind.PLACED)
    return next((UUID(old) for new, old in places if new == str(ticket) and old != "None"), None)


def _created(run: _Run, event: Event, message: UUID | None, home: UUID | None) -> None:
    """A ticket that the action opened goes to the Bin, if nothing is left in it; whoever reacts erases it (`message` opened it).

    One in which nobody has done anything since is in no list any more, not even the Bin's: it was split off `home`, and is
    nothing but another number of that, or it was only ever a card of the board, and its number leads nowhere.
    """
    assert event.ticket is not None
    row = ticket_row(run.tx, event.ticket)
    if row.deleted_at is not None or message_ids(run.tx, row.id):
        return
    change(run.tx, row, "deleted_at", run.tx.now, EventKind.DELETED)
    run.done += 1
    if message is not None:
        run.tx.emit(OpeningTakenBack(row.id, message, run.action))
    elif (home is None or living_row(run.tx, home).id != row.id) and not _is_worked_on(run, row.id):
        change(run.tx, row, "merged_into", home or NOWHERE, EventKind.SIDE)
        index.remove(run.tx, "ticket", row.id)


def _is_worked_on(run: _Run, ticket: UUID) -> bool:
    others = select(Event.id).where(Event.ticket == ticket, Event.action.not_in([run.action, run.tx.action]))
    return run.tx.execute(others.where(Event.agent.isnot(None)).limit(1)).first() is not None


def _open_again(run: _Run, events: Sequence[Event]) -> None:
    """The tickets that an action opened are there again, before anything is put into them."""
    for event in events:
        if event.ticket is None or not _opened(event) or run.stays(event):
            continue
        row = ticket_row(run.tx, event.ticket)
        if row.deleted_at is None:
            continue
        if row.merged_into is not None:
            change(run.tx, row, "merged_into", None, EventKind.SIDE)
            reindex(run.tx, row)
        change(run.tx, row, "deleted_at", None, EventKind.RESTORED)
        run.done += 1


_STEPS: Final[dict[EventKind, Callable[[_Run, Event], None]]] = {
    EventKind.TAGGED: _tag,
    EventKind.PLACED: _placement,
    EventKind.NOTED: _note,
    EventKind.ROW: _row,
    EventKind.SILENT: _row,
    EventKind.SETTING: _setting,
}


# -- what stays, and who changed it -----------------------------------------------------------------------------------


def _keep(run: _Run, event: Event, row: Ticket) -> None:
    who = _who_changed(run, event, Event.ticket == event.ticket)
    run.kept.append(f"#{row.number}: {who} has changed “{event.field}” since; it stays.")


def _who_changed(run: _Run, event: Event, whose: Any, *, row: str = "") -> str:
    query = (
        select(Event.agent, Agent.name, Event.old, Event.new)
        .outerjoin(Agent, Agent.id == Event.agent)
        .where(whose, Event.field == event.field, Event.action != run.action, Event.id > event.id)
        .order_by(Event.id.desc())
    )
    if row:
        lines = run.tx.execute(query.where(or_(Event.kind == EventKind.ROW, Event.kind == EventKind.SILENT)))
        found = next((line for line in lines if (line.new or line.old or {}).get("id") == row), None)
    else:
        found = run.tx.execute(query.limit(1)).first()
    if found is None or found.agent is None:
        return "something else"
    return "you" if found.agent == run.tx.agent else str(found.name)
