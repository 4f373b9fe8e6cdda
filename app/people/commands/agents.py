"""Those who work here: joining the desk, and what is known of them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import change_row
from app.people.tables import Agent

AGENT_FIELDS: Final = ("name", "email", "signature", "active")


def add_agent(tx: Tx, name: str, email: str = "") -> UUID:
    """A rep joins the desk. Raises UserError for an empty name."""
    shown = " ".join(name.split())
    if not shown:
        msg = "Please give a name."
        raise UserError(msg)
    agent = Agent(id=ids.new_id(), name=shown, email=email.strip(), created_at=tx.now)
    tx.add(agent)
    return agent.id


def update_agent(tx: Tx, agent: UUID, **fields: Any) -> None:
    """Change a rep's name, email, signature, or whether they are active. Raises NotFoundError, UserError."""
    row = tx.get(Agent, agent)
    if row is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)
    unknown = fields.keys() - set(AGENT_FIELDS)
    if unknown:
        msg = said("An agent has no field “{field}”.", field=min(unknown))
        raise UserError(msg)
    change_row(tx, row, row.name, **fields)
