"""Verbs of people: agents, customers, and the history that every feature writes.

`customer_for` runs for every mail that arrives: it writes plain rows and remembers within the transaction what it
has found. The ids of customers, identities and companies are derived from the handle, so that meeting a person twice,
on any device and in any order, makes the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.index import commands as index
from app.kernel import ids
from app.kernel.asking import AskMany
from app.kernel.errors import NotFoundError, UserError
from app.kernel.memo import memo
from app.kernel.rows import insert_row
from app.kernel.store import Tx
from app.people.history import mark_action, record_event
from app.people.queries import customer_of
from app.people.row_history import add_row, change_row, note_come, on_put_back, remove_row
from app.people.rules import EventKind, blockable, company_domain, handle_of, tidy_name
from app.people.tables import Agent, Blocked, Customer, Identity, Organisation

__all__ = [
    "AGENT_FIELDS", "CUSTOMER_FIELDS", "add_address", "add_agent", "block", "customer_for", "customer_known",
    "customer_met", "forget_customer", "know_customers", "mark_action", "mark_address_dead", "merge_customers",
    "organisation_of", "record_event", "reindex_customer", "set_customer_field", "unblock", "update_agent",
    "update_customer", "welcome",
]  # fmt: skip

CUSTOMER_FIELDS: Final = ("name", "organisation", "language", "notes", "fields")
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
        msg = f"An agent has no field “{min(unknown)}”."
        raise UserError(msg)
    change_row(tx, row, row.name, **fields)


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
_BY_HANDLES = AskMany(
    select(_handles.handle, *_FOUND)
    .join_from(Identity.__table__, Customer.__table__, _handles.customer == _people.id)
    .where(_handles.kind == "email", _handles.handle.in_(bindparam("keys", expanding=True)))
)
_BY_DOMAINS = AskMany(
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
    _index(tx, customer, shown, address, at, fresh=True)
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
    _reindex(tx, customer)


def _change(tx: Tx, customer: UUID, **values: Any) -> None:
    row = tx.get(Customer, customer)
    if row is not None:
        for field, value in values.items():
            setattr(row, field, value)
        tx.flush()


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
            msg = f"A customer has no field “{field}”."
            raise UserError(msg)
        set_customer_field(tx, row, field, value, EventKind.CHANGED)
    mark_action(tx)
    tx.flush()
    _reindex(tx, customer)
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
        msg = f"“{address}” is not an address."
        raise UserError(msg)
    owner = tx.execute(select(Identity.customer).where(Identity.kind == "email", Identity.handle == handle)).scalar()
    if owner == customer:
        return
    if owner is not None:
        msg = f"{address} already belongs to another customer. Merge the two instead."
        raise UserError(msg)
    key = ids.derived_id("identity", "email", handle)
    row = Identity(id=key, kind="email", handle=handle, shown=address.strip(), customer=customer, created_at=tx.now)
    tx.add(row)
    record_event(tx, EventKind.CHANGED, customer=customer, field="address", new=address.strip())
    tx.flush()
    note_come(tx, row, row.shown)
    _reindex(tx, customer)


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


def block(tx: Tx, sender: str) -> str:
    """From now on mail of this address, or of everybody at `@domain`, goes to the spam pile; what is blocked, as kept.

    Nothing that is here already changes, and nothing is deleted. It can be undone. Raises UserError for what is neither.
    """
    handle = blockable(sender)
    if not handle:
        msg = f"“{sender}” is neither an address nor a domain like @example.com."
        raise UserError(msg)
    tx.flush()  # several of one action may be of one sender
    row = tx.get(Blocked, key := ids.derived_id("blocked", handle))
    if row is None or row.deleted_at is not None:
        add_row(tx, row or Blocked(id=key, handle=handle, created_at=tx.now), handle)
    return handle


def unblock(tx: Tx, sender: str) -> bool:
    """Mail of this address or `@domain` is welcome again; False if it was not blocked. It can be undone."""
    row = tx.get(Blocked, ids.derived_id("blocked", blockable(sender)))
    return row is not None and remove_row(tx, row, row.handle)


def welcome(tx: Tx, address: str) -> bool:
    """Mail of this very person is let in again: neither their address nor their domain stays blocked."""
    by_domain = unblock(tx, f"@{handle_of(address).rpartition('@')[2]}")
    return unblock(tx, address) or by_domain


on_put_back("identity", lambda tx, columns: _reindex(tx, UUID(hex=columns["customer"])))


def reindex_customer(tx: Tx, customer: UUID) -> None:
    """Put a customer's name, addresses and notes into the index again."""
    _reindex(tx, customer)


def _reindex(tx: Tx, customer: UUID) -> None:
    row = tx.get(Customer, customer)
    if row is None:
        return
    addresses = tx.execute(
        select(Identity.shown).where(Identity.customer == customer).order_by(Identity.created_at, Identity.id)
    ).scalars()
    organisation = None if row.organisation is None else tx.get(Organisation, row.organisation)
    _index(
        tx,
        customer,
        row.name,
        " ".join(addresses),
        row.created_at,
        row.notes,
        organisation.name if organisation else "",
    )


def _index(
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
    doc = index.Doc(
        "customer", customer, name, notes, people, organisation, customer=customer, occurred_at=at
    )  # an organisation that was made for a new customer is called like the domain of the address
    index.put(tx, [doc], fresh=fresh)


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
