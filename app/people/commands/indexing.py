"""What of a customer can be searched for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.index import commands as index
from app.kernel.database.transaction import Tx
from app.people.tables import Customer, Identity, Organisation


def reindex_customer(tx: Tx, customer: UUID) -> None:
    """Put a customer's name, addresses and notes into the index again."""
    row = tx.get(Customer, customer)
    if row is None:
        return
    addresses = tx.execute(
        select(Identity.shown).where(Identity.customer == customer).order_by(Identity.created_at, Identity.id)
    ).scalars()
    organisation = None if row.organisation is None else tx.get(Organisation, row.organisation)
    index_customer(
        tx,
        customer,
        row.name,
        " ".join(addresses),
        row.created_at,
        row.notes,
        organisation.name if organisation else "",
    )


def index_customer(
    tx: Tx,
    customer: UUID,
    name: str,
    people: str,
    at: datetime,
    notes: str = "",
    organisation: str = "",
    *,
    fresh: bool = False,
) -> None:
    """Put what is known of a customer into the index; `fresh`: nothing of them is there yet."""
    doc = index.Doc(
        "customer", customer, name, notes, people, organisation, customer=customer, occurred_at=at
    )  # an organisation that was made for a new customer is called like the domain of the address
    index.put(tx, [doc], fresh=fresh)
