"""The work on tickets among what the window offers: statuses, fields, checklist, time, followers, links."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.fields import commands as own_fields
from app.fields.queries import fields
from app.kernel.store import Tx
from app.states import commands as own_states
from app.states.queries import offered_states, states
from app.tickets import commands
from app.tickets.tables import ChecklistItem, TimeEntry
from app.tickets.working import LINKS
from tests.tickets.offered import OFFERED, Choices, offer, pick

__all__ = ["OFFERED"]


def _one(tx: Tx, table: Any, number: int) -> UUID | None:
    tx.flush()
    found = list(tx.scalars(select(table.id).where(table.deleted_at.is_(None)).order_by(table.id)))
    return found[number % len(found)] if found else None


@offer
def _state(tx: Tx, has: Choices, a: int, b: int) -> object:
    own = [one for one in states(tx) if one.id is not None]
    if a % 4 == 0 or not own:
        return own_states.add_state(tx, f"State {b}", pick(["open", "waiting", "solved"], a), pick(["", "warn"], b))
    one = pick(own, b)
    assert one.id is not None
    if a % 4 == 1:
        return own_states.change_state(tx, one.id, name=f"State {b + 20}", colour=pick(["ok", "bad"], b))
    return own_states.set_default(tx, one.id) if a % 4 == 2 else commands.remove_state(tx, one.id)


@offer
def _into_state(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.set_status(tx, has.any_ticket(tx, a), pick(offered_states(tx), b).key)


@offer
def _field(tx: Tx, has: Choices, a: int, b: int) -> object:
    own = fields(tx)
    if a % 3 == 0 or not own:
        kind = pick(["text", "number", "multi", "checkbox"], b)
        return own_fields.add_field(tx, f"Field {b}", kind, choices="One\nTwo" if kind == "multi" else "")
    if a % 3 == 1:
        return own_fields.change_field(tx, pick(own, b).id, name=f"Field {b + 20}", required=bool(b % 5 == 0))
    return own_fields.remove_field(tx, pick(own, b).id)


@offer
def _fill_in(tx: Tx, has: Choices, a: int, b: int) -> object:
    own = fields(tx)
    if not own:
        return None
    one = pick(own, b)
    value: Any = {"text": f"Words {a}", "number": a, "multi": ["one"], "checkbox": True}[one.kind]
    return commands.set_custom(tx, has.any_ticket(tx, a), one.id, value if b % 3 else None)


@offer
def _checklist(tx: Tx, has: Choices, a: int, b: int) -> object:
    item = _one(tx, ChecklistItem, b)
    if a % 3 == 0 or item is None:
        return commands.add_item(tx, has.any_ticket(tx, b), f"Thing {a}")
    if a % 3 == 1:
        return commands.tick_item(tx, item, bool(b % 2))
    return commands.remove_item(tx, item) if b % 2 else commands.move_item(tx, item, b % 3)


@offer
def _time(tx: Tx, has: Choices, a: int, b: int) -> object:
    entry = _one(tx, TimeEntry, b)
    if a % 4 == 0:
        return commands.start_timer(tx, has.any_ticket(tx, b))
    if a % 4 == 1:
        return commands.stop_timer(tx)
    if a % 4 == 2 or entry is None:
        return commands.log_time(tx, has.any_ticket(tx, b), f"{a + 1}m", "work")
    return commands.remove_time(tx, entry) if b % 2 else commands.change_time(tx, entry, note=f"Note {b}")


@offer
def _follow(tx: Tx, has: Choices, a: int, b: int) -> object:
    command = commands.follow if b % 3 else commands.unfollow
    return command(tx, has.any_ticket(tx, a), pick([has.desk.ann, has.desk.bob], b))


@offer
def _link(tx: Tx, has: Choices, a: int, b: int) -> object:
    one, two = has.any_ticket(tx, a), has.any_ticket(tx, b)
    return commands.unlink(tx, one, two) if a % 4 == 3 else commands.link(tx, one, two, pick(LINKS, a))
