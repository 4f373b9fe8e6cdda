"""Following: agents who are told of news in a ticket that need not be theirs."""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
from app.people.history import mark_action
from app.people.row_history import add_row, remove_row
from app.people.tables import Agent
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, each_row
from app.tickets.tables import Follower


def follow(tx: Tx, tickets: Tickets, agent: UUID) -> Changed:
    """An agent wants to hear of these tickets. Raises NotFoundError."""
    name = _name(tx, agent)
    count = 0
    for row in each_row(tx, tickets):
        follower = _follower(tx, row.id, agent)
        if follower is None:
            follower = Follower(id=_key(row.id, agent), ticket=row.id, agent=agent, created_at=tx.now)
        elif follower.deleted_at is None:
            continue
        add_row(tx, follower, name, ticket=row.id)
        count += 1
    return _done(tx, count)


def unfollow(tx: Tx, tickets: Tickets, agent: UUID) -> Changed:
    """An agent does not want to hear of them any more. Raises NotFoundError."""
    name = _name(tx, agent)
    count = 0
    for row in each_row(tx, tickets):
        follower = _follower(tx, row.id, agent)
        count += follower is not None and remove_row(tx, follower, name, ticket=row.id)
    return _done(tx, count)


def _follower(tx: Tx, ticket: UUID, agent: UUID) -> Follower | None:
    tx.flush()
    return tx.get(Follower, _key(ticket, agent))


def _key(ticket: UUID, agent: UUID) -> UUID:
    return ids.derived_id("follower", ticket, agent)


def _name(tx: Tx, agent: UUID) -> str:
    row = tx.get(Agent, agent)
    if row is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)
    return row.name


def _done(tx: Tx, count: int) -> Changed:
    if count:
        mark_action(tx)
    return Changed(tx.action, count)
