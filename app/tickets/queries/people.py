"""What tickets say about people: how many somebody has, when they last wrote, how soon they were answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.people.queries import living_customer
from app.people.tables import Customer
from app.tickets.rules import DONE
from app.tickets.tables import Ticket

_CHUNK = 500
_PRESENT = and_(Ticket.deleted_at.is_(None), Ticket.merged_into.is_(None))
_UNFINISHED = func.sum(case((Ticket.status.notin_([str(status) for status in DONE]), 1), else_=0))


@dataclass(frozen=True, slots=True)
class TicketFigures:
    """How many tickets, how many of them are neither solved nor closed, and the newest message in any of them."""

    tickets: int = 0
    unfinished: int = 0
    last_at: datetime | None = None


def figures_of(db: Session, customers: Sequence[UUID]) -> dict[UUID, TicketFigures]:
    """The figures of these customers, those of whom was merged into them included; none for somebody without tickets."""
    found: dict[UUID, TicketFigures] = {}
    owner = func.coalesce(Customer.merged_into, Customer.id).label("owner")
    for start in range(0, len(customers), _CHUNK):
        some = list(customers[start : start + _CHUNK])
        people = [*some, *db.scalars(select(Customer.id).where(Customer.merged_into.in_(some)))]
        query = (
            select(owner, func.count(Ticket.id), _UNFINISHED, func.max(Ticket.last_message_at))
            .join(Ticket, Ticket.customer == Customer.id)
            .where(Customer.id.in_(people), _PRESENT)
            .group_by(owner)
        )
        for key, tickets, unfinished, last_at in db.execute(query):
            found[key] = TicketFigures(int(tickets), int(unfinished or 0), last_at)
    return found


def first_reply_times(db: Session, customer: UUID) -> tuple[float, int] | None:
    """(median seconds from a ticket's beginning to our first reply, over how many tickets), None without any."""
    key = living_customer(db, customer)
    people = [key, *db.scalars(select(Customer.id).where(Customer.merged_into == key))]
    query = select(Ticket.created_at, Ticket.first_reply_at).where(
        Ticket.customer.in_(people), Ticket.first_reply_at.is_not(None), _PRESENT
    )
    spans = [(replied - begun).total_seconds() for begun, replied in db.execute(query) if replied and replied >= begun]
    return (median(spans), len(spans)) if spans else None


def organisation_figures(db: Session, organisation: UUID) -> tuple[int, TicketFigures]:
    """(how many people of a company are customers, the figures of all of them together)."""
    people = select(Customer.id).where(
        Customer.organisation == organisation, Customer.merged_into.is_(None), Customer.deleted_at.is_(None)
    )
    count = db.execute(select(func.count()).select_from(people.subquery())).scalar_one()
    query = (
        select(func.count(Ticket.id), _UNFINISHED, func.max(Ticket.last_message_at))
        .join(Customer, Customer.id == Ticket.customer)
        .where(Customer.organisation == organisation, _PRESENT)
    )
    tickets, unfinished, last_at = db.execute(query).one()
    return int(count), TicketFigures(int(tickets), int(unfinished or 0), last_at)
