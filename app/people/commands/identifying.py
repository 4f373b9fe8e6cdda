"""Knowing who writes: the customer of an address, and their company, met for the first time or again.

`customer_for` runs for every mail that arrives: it writes plain rows and remembers within the transaction what it
has found. The ids of customers, identities and companies are derived from the handle, so that meeting a person twice,
on any device and in any order, makes the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from app.kernel import ids
from app.kernel.database.in_query import InQuery
from app.kernel.database.memo import memo
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.people.commands.indexing import index_customer, reindex_customer
from app.people.history import record_event
from app.people.queries import customer_of
from app.people.row_history import add_row
from app.people.rules import EventKind, company_domain, handle_of, tidy_name
from app.people.tables import Customer, Identity, Organisation


def know_customers(tx: Tx, addresses: Iterable[str]) -> None:
    """Look up everybody who has one of these addresses, and their companies, before `customer_for` is asked for many.

    Who was merged, deleted or never met is left to `customer_for`.
    """
    known, strangers = memo(tx, "customer"), memo(tx, "stranger")
    handles = list({handle for each in addresses if (handle := handle_of(each))} - known.keys() - strangers.keys())
    strangers.update(dict.fromkeys(handles, True))
    for row in _BY_HANDLES.rows(tx, handles):
        strangers.pop(row.handle)
        if row.merged_into is None and row.deleted_at is None:
            known[row.handle] = _Known(row.id, bool(row.name), row.organisation)
            memo(tx, "organisation_of")[row.id] = row.organisation
    _know_organisations(tx, {domain for each in handles if each in strangers and (domain := company_domain(each))})


def customer_for(tx: Tx, address: str, name: str, at: datetime) -> UUID:
    """The customer who writes from `address`, made if unknown; `name` fills an empty one. Follows merges.

    `at`: when they were first met, if they are new. Raises UserError for an empty address.
    """
    handle = handle_of(address)
    if not handle:
        msg = "An address is needed to know who this is."
        raise UserError(msg)
    known = memo(tx, "customer")
    found: _Known | None = known.get(handle)
    if found is None:
        is_stranger = memo(tx, "stranger").pop(handle, False)
        found = None if is_stranger else _look_up(tx, handle)
        found = known[handle] = found or _make(tx, handle, address, name, at)
        memo(tx, "organisation_of")[found.customer] = found.organisation
    if not found.has_name and (better := tidy_name(name, address)):
        _give_name(tx, found.customer, better)
        known[handle] = replace(found, has_name=True)
    return found.customer


def customer_known(tx: Tx, address: str) -> UUID | None:
    """The customer who writes from `address`, merges followed; None for a stranger. Asks only if nobody looked before."""
    handle = handle_of(address)
    found: _Known | None = memo(tx, "customer").get(handle)
    if found is not None or handle in memo(tx, "stranger"):
        return found.customer if found else None
    return customer_of(tx, address)


def customer_met(tx: Tx, address: str, name: str, at: datetime) -> UUID:
    """As `customer_for`, by a rep who writes first: who was not known is forgotten again when that is undone."""
    by_handle = select(Customer.id).join(Identity, Identity.customer == Customer.id)
    known = by_handle.where(
        Identity.kind == "email", Identity.handle == handle_of(address), Customer.deleted_at.is_(None)
    )
    was_known = tx.execute(known).first() is not None
    customer = customer_for(tx, address, name, at)
    if not was_known:
        tx.flush()
        add_row(tx, tx.get_one(Customer, customer), name or address, quietly=True)
    return customer


def organisation_of(tx: Tx, customer: UUID | None) -> UUID | None:
    """The company of a customer; known without asking for one just found by `customer_for`."""
    if customer is None:
        return None
    known = memo(tx, "organisation_of")
    if customer not in known:
        known[customer] = tx.execute(select(Customer.organisation).where(Customer.id == customer)).scalar()
    organisation: UUID | None = known[customer]
    return organisation


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a customer within a transaction."""

    customer: UUID
    has_name: bool
    organisation: UUID | None


# Made once and on the plain tables: building an ORM query costs more than running it.
_people, _handles = Customer.__table__.c, Identity.__table__.c
_FOUND = (_people.id, _people.name, _people.organisation, _people.merged_into, _people.deleted_at)
_BY_HANDLE = (
    select(*_FOUND)
    .join_from(Identity.__table__, Customer.__table__, _handles.customer == _people.id)
    .where(_handles.kind == "email", _handles.handle == bindparam("handle"))
)
_BY_HANDLES = InQuery(
    select(_handles.handle, *_FOUND)
    .join_from(Identity.__table__, Customer.__table__, _handles.customer == _people.id)
    .where(_handles.kind == "email", _handles.handle.in_(bindparam("keys", expanding=True)))
)
_BY_DOMAINS = InQuery(
    select(Organisation.domain, Organisation.id).where(Organisation.domain.in_(bindparam("keys", expanding=True)))
)
_BY_ID = select(*_FOUND).where(_people.id == bindparam("key"))


def _look_up(tx: Tx, handle: str) -> _Known | None:
    row = tx.connection().execute(_BY_HANDLE, {"handle": handle}).one_or_none()
    steps = 0
    while row is not None and row.merged_into is not None and steps < 20:
        row = tx.connection().execute(_BY_ID, {"key": row.merged_into}).one_or_none()
        steps += 1
    if row is None:
        return None
    if row.deleted_at is not None:
        _change(tx, row.id, deleted_at=None)
    return _Known(row.id, bool(row.name), row.organisation)


def _make(tx: Tx, handle: str, address: str, name: str, at: datetime) -> _Known:
    customer = ids.derived_id("customer", "email", handle)
    shown = tidy_name(name, address)
    organisation = _organisation_for(tx, company_domain(handle), at)
    insert_row(
        tx,
        Customer,
        {"id": customer, "name": shown, "organisation": organisation, "fields": {}, "created_at": at, "clk": ""},
    )
    insert_row(
        tx,
        Identity,
        {
            "id": ids.derived_id("identity", "email", handle),
            "kind": "email",
            "handle": handle,
            "shown": address.strip(),
            "customer": customer,
            "created_at": at,
            "clk": "",
        },
    )
    tx.touch("customer", customer)
    index_customer(tx, customer, shown, address, at, fresh=True)
    return _Known(customer, bool(shown), organisation)


def _organisation_for(tx: Tx, domain: str, at: datetime) -> UUID | None:
    if not domain:
        return None
    _know_organisations(tx, {domain})
    known = memo(tx, "organisation")
    found: UUID | None = known[domain]
    if found is None:
        found = known[domain] = ids.derived_id("organisation", domain)
        values = {"id": found, "name": domain, "domain": domain, "created_at": at, "clk": ""}
        insert_row(tx, Organisation, values)
        tx.touch("organisation", found)
    return found


def _know_organisations(tx: Tx, domains: set[str]) -> None:
    """Look up companies by domain; None is remembered of those that are not there."""
    known = memo(tx, "organisation")
    wanted = domains - known.keys()
    known.update(dict.fromkeys(wanted))
    known.update((row.domain, row.id) for row in _BY_DOMAINS.rows(tx, wanted))


def _give_name(tx: Tx, customer: UUID, name: str) -> None:
    _change(tx, customer, name=name)
    if tx.agent is not None:
        record_event(tx, EventKind.CHANGED, customer=customer, field="name", old="", new=name)
    reindex_customer(tx, customer)


def _change(tx: Tx, customer: UUID, **values: Any) -> None:
    row = tx.get(Customer, customer)
    if row is not None:
        for field, value in values.items():
            setattr(row, field, value)
        tx.flush()
