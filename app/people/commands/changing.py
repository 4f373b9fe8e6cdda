"""Changing what is known of a customer: fields, addresses, two that are one person, nobody any more."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from app.index import commands as index
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.commands.indexing import reindex_customer
from app.people.history import mark_action, record_event
from app.people.row_history import note_come, on_put_back
from app.people.rules import EventKind, handle_of
from app.people.tables import Customer, Identity, Organisation

CUSTOMER_FIELDS: Final = ("name", "organisation", "language", "notes", "fields")


def update_customer(tx: Tx, customer: UUID, **fields: Any) -> UUID:
    """Change what is known of a customer (`name organisation language notes fields`); returns the action.

    `organisation` is an id or None. Raises NotFoundError, UserError.
    """
    row = tx.get(Customer, customer)
    if row is None:
        msg = "There is no such customer."
        raise NotFoundError(msg)
    for field, value in fields.items():
        if field not in CUSTOMER_FIELDS:
            msg = said("A customer has no field “{field}”.", field=field)
            raise UserError(msg)
        set_customer_field(tx, row, field, value, EventKind.CHANGED)
    mark_action(tx)
    tx.flush()
    reindex_customer(tx, customer)
    return tx.action


def set_customer_field(tx: Tx, row: Customer, field: str, value: Any, kind: EventKind) -> None:
    """Set one field of a customer and write its history. The caller flushes and indexes."""
    old = getattr(row, field)
    if field == "organisation" and value is not None and tx.get(Organisation, value) is None:
        msg = "There is no such organisation."
        raise NotFoundError(msg)
    if old == value:
        return
    setattr(row, field, value)
    record_event(tx, kind, customer=row.id, field=field, old=_plain(old), new=_plain(value))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def add_address(tx: Tx, customer: UUID, address: str) -> None:
    """The customer also writes from `address`. Raises UserError when somebody else already does."""
    handle = handle_of(address)
    if "@" not in handle:
        msg = said("“{address}” is not an address.", address=address)
        raise UserError(msg)
    owner = tx.execute(select(Identity.customer).where(Identity.kind == "email", Identity.handle == handle)).scalar()
    if owner == customer:
        return
    if owner is not None:
        msg = said("{address} already belongs to another customer. Merge the two instead.", address=address)
        raise UserError(msg)
    key = ids.derived_id("identity", "email", handle)
    row = Identity(id=key, kind="email", handle=handle, shown=address.strip(), customer=customer, created_at=tx.now)
    tx.add(row)
    record_event(tx, EventKind.CHANGED, customer=customer, field="address", new=address.strip())
    tx.flush()
    note_come(tx, row, row.shown)
    reindex_customer(tx, customer)


def forget_customer(tx: Tx, customer: UUID) -> bool:
    """Somebody of whom nothing is here is no customer any more; whoever writes again is known again. False if it is so."""
    row = tx.get(Customer, customer)
    if row is None or row.deleted_at is not None:
        return False
    row.deleted_at = tx.now
    index.remove(tx, "customer", customer)
    return True


def mark_address_dead(tx: Tx, address: str, *, dead: bool = True) -> None:
    """A report said that nobody reads this address: replies to it are held. Or (`dead=False`) it works after all."""
    handle = handle_of(address)
    columns = (Identity.id, Identity.customer, Identity.dead_at)
    row = tx.execute(select(*columns).where(Identity.kind == "email", Identity.handle == handle)).one_or_none()
    if row is None or dead == (row.dead_at is not None):
        return
    changes = [("identity", row.id), ("customer", row.customer)]
    statement = update(Identity).where(Identity.id == row.id).values(dead_at=tx.now if dead else None)
    tx.execute(statement, execution_options={"changes": changes})


def merge_customers(tx: Tx, customer: UUID, into: UUID) -> UUID:
    """Two customers are one person: `customer` becomes part of `into`. Nothing is moved; returns the action.

    Raises UserError for one merged with itself, NotFoundError.
    """
    source, target = tx.get(Customer, customer), tx.get(Customer, into)
    while target is not None and target.merged_into is not None:
        target = tx.get(Customer, target.merged_into)
    if source is None or target is None:
        msg = "There is no such customer."
        raise NotFoundError(msg)
    if source.id == target.id:
        msg = "A customer cannot be merged with itself."
        raise UserError(msg)
    source.merged_into = target.id
    record_event(tx, EventKind.CHANGED, customer=source.id, field="merged_into", new=str(target.id))
    tx.touch("customer", target.id)
    mark_action(tx)
    return tx.action


on_put_back("identity", lambda tx, columns: reindex_customer(tx, UUID(hex=columns["customer"])))
