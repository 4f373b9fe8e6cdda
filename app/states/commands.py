"""Making and changing a desk's statuses. Deleting one moves tickets: see `app.tickets.commands.states`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, change_row
from app.states.rules import BUILTIN, CATEGORIES, MOST, as_category, as_colour, builtin_id, tidy_name
from app.states.tables import State


def add_state(tx: Tx, name: str, category: str, colour: str = "") -> UUID:
    """A status of the desk's own. Raises UserError for a name that is taken or empty, or for too many."""
    tx.flush()
    there = _living(tx)
    if len(there) >= MOST:
        msg = said("There are {most} statuses already; that is the most.", most=MOST)
        raise UserError(msg)
    row = State(
        id=ids.new_id(),
        name=_free(there, name),
        category=as_category(category),
        colour=as_colour(colour),
        position=max((one.position for one in there), default=0) + 1,
        is_default=False,
        created_at=tx.now,
    )
    add_row(tx, row, row.name)
    return row.id


def change_state(tx: Tx, state: UUID | str, *, name: str | None = None, colour: str | None = None) -> UUID:
    """Rename or recolour a status; `state` is an id, or a category for its built-in one. Returns the action.

    Raises NotFoundError, UserError.
    """
    row = _row(tx, state)
    wanted: dict[str, Any] = {}
    if name is not None:
        others = [one for one in _living(tx) if one.id != row.id]
        is_plain = row.id in BUILTIN and (not name.strip() or name.strip().casefold() == row.category)
        wanted["name"] = "" if is_plain else _free(others, name)
    if colour is not None:
        wanted["colour"] = as_colour(colour)
    change_row(tx, row, row.name or row.category, **wanted)
    return tx.action


def set_default(tx: Tx, state: UUID | str) -> UUID:
    """Tickets that come into its category get this status from now on. Returns the action. Raises NotFoundError."""
    chosen = _row(tx, state)
    for row in _living(tx):
        if row.category == chosen.category:
            change_row(tx, row, row.name, is_default=row.id == chosen.id and row.id not in BUILTIN)
    return tx.action


def order_states(tx: Tx, states: Sequence[UUID]) -> UUID:
    """Put the desk's own statuses into this order. Returns the action."""
    rows = {row.id: row for row in _living(tx)}
    for position, key in enumerate((key for key in states if key in rows), 1):
        change_row(tx, rows[key], rows[key].name, position=position)
    return tx.action


def _living(tx: Tx) -> list[State]:
    tx.flush()
    return list(tx.scalars(select(State).where(State.deleted_at.is_(None))))


def _row(tx: Tx, state: UUID | str) -> State:
    """The row; made for a built-in status that has none yet. Raises NotFoundError."""
    tx.flush()
    if isinstance(state, UUID) or state not in CATEGORIES:
        row = tx.get(State, state) if isinstance(state, UUID) else None
        if row is None or row.deleted_at is not None:
            msg = "There is no such status."
            raise NotFoundError(msg)
        return row
    key = builtin_id(state)
    row = tx.get(State, key)
    if row is None:
        row = State(id=key, name="", category=state, colour="", position=0, is_default=False, created_at=tx.now)
        tx.add(row)
    return row


def _free(others: Sequence[State], name: str) -> str:
    """The name as it is kept. Raises UserError when a status or a category is called so."""
    shown = tidy_name(name)
    if shown.casefold() in {*CATEGORIES, *(one.name.casefold() for one in others)}:
        msg = said("There is a status “{shown}” already.", shown=shown)
        raise UserError(msg)
    return shown
