"""More that the window offers: the work on a ticket, many tickets at once, and what a desk makes for itself (views, fields …)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.boards import commands as boards
from app.boards.rules import Step
from app.fields import commands as own_fields
from app.fields.tables import Field
from app.kernel.database.transaction import Tx
from app.states import commands as states
from app.states.tables import State
from app.tickets import commands
from app.tickets.bulk import Act, change_many
from app.tickets.rules import BoardBy
from app.tickets.tables import ChecklistItem, TimeEntry
from app.views import commands as views
from app.views.tables import SavedView
from tests.tickets.offered import OFFERED, Choices, offer, pick

__all__ = ["OFFERED"]


def _one(tx: Tx, model: Any, number: int) -> UUID | None:
    found: Sequence[UUID] = tx.scalars(select(model.id).where(model.deleted_at.is_(None)).order_by(model.id)).all()
    return found[number % len(found)] if found else None


@offer
def add_item(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.add_item(tx, has.any_ticket(tx, a), f"Call {b % 3}")


@offer
def work_item(tx: Tx, has: Choices, a: int, b: int) -> object:
    item = _one(tx, ChecklistItem, a)
    if item is None:
        return None
    if b % 4 == 0:
        return commands.rename_item(tx, item, f"Write {b}")
    if b % 4 == 1:
        return commands.tick_item(tx, item, done=bool(b % 8 == 1))
    return commands.move_item(tx, item, b % 3) if b % 4 == 2 else commands.remove_item(tx, item)


@offer
def follow(tx: Tx, has: Choices, a: int, b: int) -> object:
    verb = commands.follow if b % 3 else commands.unfollow
    return verb(tx, has.any_ticket(tx, a), pick([has.desk.ann, has.desk.bob], b))


@offer
def link(tx: Tx, has: Choices, a: int, b: int) -> object:
    one, other = has.any_ticket(tx, a), has.any_ticket(tx, b)
    return commands.link(tx, one, other, pick(["related", "blocks"], a)) if b % 3 else commands.unlink(tx, one, other)


@offer
def time_spent(tx: Tx, has: Choices, a: int, b: int) -> object:
    entry = _one(tx, TimeEntry, a)
    if entry is None or b % 4 == 0:
        return commands.log_time(tx, has.any_ticket(tx, a), f"{5 + b}m", "Call")
    if b % 4 == 1:
        return commands.start_timer(tx, has.any_ticket(tx, a)) if b % 8 == 1 else commands.stop_timer(tx)
    return commands.change_time(tx, entry, note=f"Note {b}") if b % 4 == 2 else commands.remove_time(tx, entry)


@offer
def own_field(tx: Tx, has: Choices, a: int, b: int) -> object:
    field = _one(tx, Field, a)
    if field is None or b % 5 == 0:
        return own_fields.add_field(tx, f"Order {a % 3}", "text")
    if b % 5 == 1:
        return own_fields.remove_field(tx, field)
    return commands.set_custom(tx, has.any_ticket(tx, a), field, pick(["", "HL-1", "HL-2"], b))


@offer
def own_state(tx: Tx, has: Choices, a: int, b: int) -> object:
    state = _one(tx, State, a)
    if state is None or b % 4 == 0:
        return states.add_state(tx, f"With supplier {a % 3}", "waiting")
    if b % 4 == 1:
        return states.set_default(tx, state)
    if b % 4 == 2:
        return states.change_state(tx, state, name=f"Parked {b}")
    return commands.set_status(tx, has.any_ticket(tx, a), str(state.hex))


@offer
def saved_view(tx: Tx, has: Choices, a: int, b: int) -> object:
    view = _one(tx, SavedView, a)
    if view is None or b % 4 == 0:
        return views.add_view(tx, f"View {a % 3}", pick(["is:open", "tag:vip"], b))
    if b % 4 == 1:
        return views.change_view(tx, view, name=f"Named {b}")
    return views.delete_view(tx, view) if b % 4 == 2 else views.order_views(tx, [view])


@offer
def board(tx: Tx, has: Choices, a: int, b: int) -> object:
    by = pick(BoardBy, a)
    if b % 3 == 0:
        return boards.set_limit(tx, by, "open", b)
    return (
        boards.hide_column(tx, by, "open", bool(b % 2))
        if b % 3 == 1
        else boards.pick_tags(tx, ["vip", "late"][: b % 2 + 1])
    )


@offer
def card(tx: Tx, has: Choices, a: int, b: int) -> object:
    """A new card, or an old one carried into another column and lane."""
    steps = [Step("status", pick(("open", "waiting", "solved"), b)), Step("tag", "vip" if a % 2 else "", was="late")]
    if b % 2:
        return boards.add_card(tx, f"Card {a}", steps)
    return change_many(tx, [has.any_ticket(tx, a)], boards.acts_of(steps))


@offer
def many(tx: Tx, has: Choices, a: int, b: int) -> object:
    acts = [
        [Act("status", "solved"), Act("tag+", "done")],
        [Act("priority", "urgent")],
        [Act("spam", True)],
        [Act("delete")],
        [Act("block")],
        [Act("assignee", has.desk.bob.hex)],
    ]
    return change_many(tx, [has.any_ticket(tx, n) for n in range(b % 4 + 1)], acts[a % len(acts)])
