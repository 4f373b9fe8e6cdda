"""Reading canned answers, and what their places are filled with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, column, or_, select, table
from sqlalchemy.orm import Session

from app.kernel.database.types import Id
from app.kernel.state import options
from app.people.queries import agent as agent_of
from app.people.queries import living_customer
from app.people.tables import Customer
from app.templates.rules import first_name, tidy_shortcut
from app.templates.tables import Canned as CannedRow

# Tickets are a feature above this one; of them only these columns are read here, by their names.
_tickets = table("ticket", column("id", Id), column("number"), column("subject"), column("customer", Id))
_FACTS = select(_tickets).where(_tickets.c.id == bindparam("ticket"))


@dataclass(frozen=True, slots=True)
class Canned:
    """A text to insert. `own`: mine alone."""

    id: UUID
    name: str
    text: str
    shortcut: str
    own: bool
    used: int


def canned_answers(db: Session, agent: UUID | None, words: str = "") -> tuple[Canned, ...]:
    """What I can insert, everybody's and my own: all, or those that hold every one of these words.

    First those whose shortcut is what was typed, then whose shortcut or name begin so, then by how often they are used.
    """
    mine = or_(CannedRow.owner.is_(None), CannedRow.owner == agent)
    rows = db.scalars(select(CannedRow).where(CannedRow.deleted_at.is_(None), mine))
    wanted, typed = words.casefold().split(), tidy_shortcut(words)
    ranked = []
    for row in rows:
        name = row.name.casefold()
        everything = f"{row.shortcut} {name} {row.text.casefold()}"
        if all(word in everything for word in wanted):
            starts = bool(typed) and (row.shortcut.startswith(typed) or name.startswith(words.casefold().strip()))
            rank = 0 if typed and row.shortcut == typed else 1 if starts else 2
            ranked.append(((rank, -row.used, name, row.id), row))
    return tuple(
        Canned(row.id, row.name, row.text, row.shortcut, row.owner is not None, row.used)
        for _, row in sorted(ranked, key=lambda one: one[0])
    )


def facts_for(db: Session, ticket: UUID | None, agent: UUID | None) -> dict[str, str]:
    """What the places of a canned answer mean in this ticket (`app.templates.rules.PLACES`); None: in none yet."""
    row = db.execute(_FACTS, {"ticket": ticket}).one_or_none() if ticket is not None else None
    who = agent_of(db, agent) if agent is not None else None
    customer = None
    if row is not None and row.customer is not None:
        customer = db.get(Customer, living_customer(db, row.customer))
    name = customer.name if customer is not None else ""
    return {
        "customer.name": name,
        "customer.first_name": first_name(name),
        "agent.name": who.name if who is not None else "",
        "desk.name": str(options.get(db, "desk_name")),
        "ticket.number": str(row.number) if row is not None else "",
        "ticket.subject": row.subject if row is not None else "",
    }
