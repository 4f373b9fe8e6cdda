"""What an agent has seen."""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.people.row_history import note_going, on_put_back
from app.tickets.commands.rows import Tickets, each_row
from app.tickets.tables import Seen, Ticket


def mark_seen(tx: Tx, tickets: Tickets, agent: UUID | None = None) -> None:
    """The agent (default: who acts) has looked at these tickets. Nothing is written when nothing was unread."""
    who = agent or tx.agent
    if who is None:
        return
    for row in each_row(tx, tickets):
        _mark(tx, row, who)


def mark_unseen(tx: Tx, tickets: Tickets, agent: UUID | None = None) -> None:
    """Show these tickets as unread again. It can be undone."""
    who = agent or tx.agent
    if who is None:
        return
    for row in each_row(tx, tickets):
        found = tx.get(Seen, ids.derived_id("seen", who, row.id))
        if found is not None:
            tx.touch("ticket", row.id)
            note_going(tx, found)
            tx.delete(found)


on_put_back("seen", lambda tx, columns: tx.touch("ticket", UUID(hex=columns["ticket"])))


def _mark(tx: Tx, row: Ticket, agent: UUID) -> None:
    key = ids.derived_id("seen", agent, row.id)
    at = max(tx.now, row.last_incoming_at or tx.now)
    found = tx.get(Seen, key)
    if found is None:
        tx.add(Seen(id=key, agent=agent, ticket=row.id, at=at))
    elif row.last_incoming_at is not None and found.at < row.last_incoming_at:
        found.at = at
