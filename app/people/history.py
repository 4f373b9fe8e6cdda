"""Writing history: one line for each thing that an action changed, for people to read and for undo to go by.

An action that its agent may take back carries one mark. The steps of a long job are many transactions of one action, and
each asks for the mark; it is written by the first.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from app.kernel import ids
from app.kernel.database.memo import memo
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.people.rules import EventKind
from app.people.tables import Event


def record_event(
    tx: Tx,
    kind: str,
    *,
    ticket: UUID | None = None,
    customer: UUID | None = None,
    field: str = "",
    old: Any = None,
    new: Any = None,
) -> None:
    """Write one line of history: what this action did. `old` and `new` are plain data (an id as its text)."""
    row = {
        "id": ids.new_id(),
        "action": tx.action,
        "ticket": ticket,
        "customer": customer,
        "agent": tx.agent,
        "kind": str(kind),
        "field": field,
        "old": old,
        "new": new,
        "name": tx.name,
        "occurred_at": tx.now,
    }
    insert_row(tx, Event, row)


_MARKED = (
    select(Event.id)
    .where(Event.action == bindparam("action"), Event.ticket.is_(None), Event.kind == EventKind.DID)
    .limit(1)
)


def mark_action(tx: Tx) -> None:
    """Say, once an action, that its agent may undo it."""
    marked = memo(tx, "marked")
    if tx.action in marked or tx.action in memo(tx, "unmarked"):
        return
    marked[tx.action] = True
    if tx.scalar(_MARKED, {"action": tx.action}) is None:
        record_event(tx, EventKind.DID)


def leave_unmarked(tx: Tx) -> None:
    """What this transaction does from here on is no action of its own: it undoes another one."""
    memo(tx, "unmarked")[tx.action] = True


def is_marked(tx: Tx) -> bool:
    """Has this transaction said that what it does may be undone?"""
    return tx.action in memo(tx, "marked")


def marked_action(tx: Tx | None) -> UUID | None:
    """The action of a command that just ran, if its agent may undo it; None for one that had no transaction."""
    return tx.action if tx is not None and is_marked(tx) else None
