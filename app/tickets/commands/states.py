"""Deleting a status of the desk's own: its tickets get their category's default first. One action, one undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
from app.kernel.state import jobs
from app.people.row_history import remove_row
from app.states.queries import default_states
from app.states.rules import BUILTIN
from app.states.tables import State
from app.tickets.commands.rows import change
from app.tickets.tables import Ticket

JOB: Final = "leave_state"
AT_ONCE: Final = 25
_FEW: Final = 10


@dataclass(frozen=True, slots=True)
class StateRemoved:
    """How many tickets had the status; with a `job` they are moved in the background."""

    action: UUID
    tickets: int
    job: UUID | None = None


def remove_state(tx: Tx, state: UUID) -> StateRemoved:
    """Delete a status; its tickets get the default of its category. Raises NotFoundError, also for a built-in one."""
    tx.flush()
    row = tx.get(State, state)
    if row is None or row.deleted_at is not None or state in BUILTIN:
        msg = "There is no such status."
        raise NotFoundError(msg)
    remove_row(tx, row, row.name)
    tx.flush()
    count = tx.execute(select(func.count()).select_from(Ticket).where(Ticket.state == state)).scalar_one()
    if count <= AT_ONCE:
        _move(tx, state, AT_ONCE)
        return StateRemoved(tx.action, count)
    return StateRemoved(tx.action, count, jobs.start(tx, JOB, {"state": state.hex}, total=count))


def step(tx: Tx, work: jobs.Work) -> bool:
    """Move the next tickets out of a deleted status; none any more once it is back."""
    state = UUID(hex=work.payload["state"])
    row = tx.get(State, state)
    if row is None or row.deleted_at is None:
        return False
    moved, done = _FEW, 0
    while moved == _FEW and done < jobs.MOST_ITEMS and work.has_time():
        moved = _move(tx, state, _FEW)
        done += moved
    work.done += done
    return moved == _FEW


def _move(tx: Tx, state: UUID, limit: int) -> int:
    row = tx.get(State, state)
    assert row is not None
    wanted = default_states(tx).get(row.category)
    found: list[Any] = list(tx.scalars(select(Ticket).where(Ticket.state == state).limit(limit)))
    for ticket in found:
        change(tx, ticket, "state", wanted)
    tx.flush()
    return len(found)


jobs.declare(JOB, step)
