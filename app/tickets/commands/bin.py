"""Deleting into the Bin, restoring, and erasing for good after thirty days."""

from __future__ import annotations

from app.kernel.store import Tx
from app.people.commands import mark_action
from app.people.rules import EventKind
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change, each_row


def delete_ticket(tx: Tx, tickets: Tickets) -> Changed:
    """Put one or several tickets into the Bin: out of every list and count, but nothing is lost."""
    rows = [row for row in each_row(tx, tickets) if row.deleted_at is None]
    for row in rows:
        change(tx, row, "deleted_at", tx.now, EventKind.DELETED)
    return _done(tx, len(rows))


def restore_ticket(tx: Tx, tickets: Tickets) -> Changed:
    """Take tickets out of the Bin."""
    rows = [row for row in each_row(tx, tickets) if row.deleted_at is not None]
    for row in rows:
        change(tx, row, "deleted_at", None, EventKind.RESTORED)
    return _done(tx, len(rows))


def _done(tx: Tx, count: int) -> Changed:
    if count:
        mark_action(tx)
    return Changed(tx.action, count)
