"""Who works here, who writes to us, and from which company."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from app.kernel.database.types import Id
from app.people.rules import handle_of
from app.people.tables import Agent, Blocked, Customer, Identity, Organisation

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """A rep."""

    id: UUID
    name: str
    email: str
    signature: str
    active: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A handle of a customer. `dead`: a bounce said that nobody reads it."""

    kind: str
    address: str
    dead: bool


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """All that is known of one customer; `address` is the one to write to (empty if there is none)."""

    id: UUID
    name: str
    address: str
    addresses: tuple[Address, ...]
    organisation: UUID | None
    organisation_name: str
    language: str
    notes: str
    fields: dict[str, Any]
    created_at: datetime
    merged_into: UUID | None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in a list."""

    id: UUID
    name: str
    address: str
    organisation_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    """A company and how many customers it has."""

    id: UUID
    name: str
    domain: str
    notes: str
    customers: int


# Made once: all of them are asked whenever a ticket is opened, and making one takes longer than its answer.
_AGENTS = select(Agent).order_by(Agent.name, Agent.id)
_ACTIVE_AGENTS = _AGENTS.where(Agent.active)
_MERGED_INTO = select(Customer.merged_into).where(Customer.id == bindparam("customer"))
_ADDRESSES = (
    select(func.coalesce(Customer.merged_into, Customer.id), Identity.kind, Identity.shown, Identity.dead_at)
    .join(Customer, Customer.id == Identity.customer)
    .where(or_(Customer.id.in_(bindparam("customers")), Customer.merged_into.in_(bindparam("customers"))))
    .order_by(Identity.dead_at.isnot(None), Customer.merged_into.isnot(None), Identity.created_at, Identity.id)
)


def agents(db: Session, *, active_only: bool = True) -> tuple[AgentInfo, ...]:
    """The reps of the desk, by name."""
    found = db.scalars(_ACTIVE_AGENTS if active_only else _AGENTS)
    return tuple(AgentInfo(row.id, row.name, row.email, row.signature, row.active) for row in found)


def agent(db: Session, key: UUID) -> AgentInfo | None:
    """One rep."""
    row = db.get(Agent, key)
    return None if row is None else AgentInfo(row.id, row.name, row.email, row.signature, row.active)


def agent_named(db: Session, words: str) -> UUID | None:
    """The active rep whose name or e-mail is `words`, or whose name alone begins with it."""
    wanted = words.strip().casefold()
    everybody = agents(db)
    for one in everybody:
        if wanted in {one.name.casefold(), one.email.casefold()}:
            return one.id
    begins = [one.id for one in everybody if wanted and one.name.casefold().startswith(wanted)]
    return begins[0] if len(begins) == 1 else None


def customer_of(db: Session, address: str) -> UUID | None:
    """The customer who writes from `address`, merges followed."""
    query = select(Identity.customer).where(Identity.kind == "email", Identity.handle == handle_of(address))
    found = db.execute(query).scalar()
    return None if found is None else living_customer(db, found)


def living_customer(db: Session, customer: UUID) -> UUID:
    """The customer that `customer` was merged into, in however many steps; else itself."""
    for _ in range(20):
        following = db.scalar(_MERGED_INTO, {"customer": customer})
        if following is None:
            break
        customer = following
    return customer


def customer(db: Session, key: UUID | str) -> CustomerProfile | None:
    """The profile of a customer, by id or by address."""
    found = customer_of(db, key) if isinstance(key, str) else key
    row = None if found is None else db.get(Customer, found)
    if row is None:
        return None
    handles = addresses_of(db, [row.id]).get(row.id, ())
    company = db.get(Organisation, row.organisation) if row.organisation else None
    return CustomerProfile(
        id=row.id,
        name=row.name,
        address=next((each.address for each in handles if each.kind == "email"), ""),
        addresses=handles,
        organisation=row.organisation,
        organisation_name=company.name if company else "",
        language=row.language,
        notes=row.notes,
        fields=dict(row.fields),
        created_at=row.created_at,
        merged_into=row.merged_into,
    )


def addresses_of(db: Session, customers: list[UUID]) -> dict[UUID, tuple[Address, ...]]:
    """The handles of customers, those of whom was merged into them included; a living address before a dead one."""
    if not customers:
        return {}
    found: dict[UUID, list[Address]] = {}
    for who, kind, shown, dead_at in db.execute(_ADDRESSES, {"customers": customers}):
        found.setdefault(who, []).append(Address(kind, shown, dead_at is not None))
    return {who: tuple(each) for who, each in found.items()}


def customer_rows(
    db: Session, query: str = "", limit: int = 100, after: tuple[str, UUID] | None = None
) -> tuple[CustomerRow, ...]:
    """Customers by name, those whose name or address contains `query`; `after` = (name, id) of the last row shown."""
    statement = (
        select(Customer.id, Customer.name, Customer.created_at, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Customer.organisation)
        .where(Customer.merged_into.is_(None), Customer.deleted_at.is_(None))
        .order_by(Customer.name, Customer.id)
        .limit(limit)
    )
    if query.strip():
        statement = statement.where(_matches(query))
    if after is not None:
        name, key = after
        statement = statement.where(tuple_(Customer.name, Customer.id) > tuple_(name, literal(key, Id)))
    rows = db.execute(statement).all()
    handles = addresses_of(db, [row[0] for row in rows])
    return tuple(
        CustomerRow(key, name, _first_mail(handles.get(key, ())), company or "", created_at)
        for key, name, created_at, company in rows
    )


def customer_count(db: Session, query: str = "") -> int:
    """How many customers `customer_rows` would list for `query`."""
    statement = select(func.count()).where(Customer.merged_into.is_(None), Customer.deleted_at.is_(None))
    if query.strip():
        statement = statement.where(_matches(query))
    return int(db.execute(statement).scalar_one())


def _matches(query: str) -> ColumnElement[bool]:
    words = query.strip()
    by_address = select(Identity.customer).where(Identity.handle.contains(handle_of(words), autoescape=True))
    return or_(Customer.name.icontains(words, autoescape=True), Customer.id.in_(by_address))


def _first_mail(handles: tuple[Address, ...]) -> str:
    return next((each.address for each in handles if each.kind == "email"), "")


def organisations(db: Session, query: str = "", limit: int = 200) -> tuple[OrganisationInfo, ...]:
    """Companies by name, with how many customers each has."""
    statement = (
        select(Organisation, func.count(Customer.id))
        .outerjoin(Customer, (Customer.organisation == Organisation.id) & Customer.merged_into.is_(None))
        .group_by(Organisation.id)
        .order_by(Organisation.name)
        .limit(limit)
    )
    if query.strip():
        words = query.strip()
        hit = or_(Organisation.name.icontains(words, autoescape=True), Organisation.domain.contains(words.casefold()))
        statement = statement.where(hit)
    return tuple(
        OrganisationInfo(row.id, row.name, row.domain, row.notes, count) for row, count in db.execute(statement)
    )


def customer_names(db: Session, keys: Sequence[UUID]) -> dict[UUID, str]:
    """What many customers are called: the name, or the earliest address of who has none."""
    found: dict[UUID, str] = {}
    for some in _chunks(keys):
        named = select(Customer.id, Customer.name).where(Customer.id.in_(some))
        found |= {row.id: row.name for row in db.execute(named)}
    nameless = [key for key, name in found.items() if not name]
    for some in _chunks(nameless):
        query = select(Identity.customer, Identity.shown).where(Identity.customer.in_(some))
        ordered = query.order_by(Identity.created_at.desc(), Identity.id.desc())
        found |= {row.customer: row.shown for row in db.execute(ordered)}
    return found


def organisation_names(db: Session, keys: Sequence[UUID]) -> dict[UUID, str]:
    """What many companies are called."""
    found: dict[UUID, str] = {}
    for some in _chunks(keys):
        query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(some))
        found |= {row.id: row.name for row in db.execute(query)}
    return found


def _chunks(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def dead_addresses(db: Session, handles: Collection[str]) -> frozenset[str]:
    """Those of these casefolded addresses that a report called dead."""
    query = select(Identity.handle).where(Identity.kind == "email", Identity.dead_at.is_not(None))
    return frozenset(db.scalars(query.where(Identity.handle.in_(handles))))


def blocked(db: Session) -> tuple[str, ...]:
    """The block list: addresses and `@domains`, in order."""
    return tuple(db.scalars(select(Blocked.handle).where(Blocked.deleted_at.is_(None)).order_by(Blocked.handle)))


# Made once and on the plain table: it is asked for every batch of mail, and the list is short or empty.
_list = Blocked.__table__.c
_BLOCKED = select(_list.handle).where(
    _list.deleted_at.is_(None), _list.handle.in_(bindparam("handles", expanding=True))
)


def blocked_among(db: Session, handles: Collection[str]) -> frozenset[str]:
    """Those of these casefolded addresses that are blocked, by themselves or with their domain. One question for all."""
    if not handles:
        return frozenset()
    domain_of = {handle: f"@{handle.rpartition('@')[2]}" for handle in handles}
    wanted = [*domain_of, *set(domain_of.values())]
    found = {row[0] for row in db.connection().execute(_BLOCKED, {"handles": wanted})}
    if not found:
        return frozenset()
    return frozenset(handle for handle, domain in domain_of.items() if handle in found or domain in found)
