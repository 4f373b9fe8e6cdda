"""What lies in a view: the ids in its order, as a block, and under which headings.

One way for saved and unsaved conditions, built-in and own ones. The first page of a list needs no sorting where an index
has the order; the headings are counted by the database, so that a hundred thousand rows cost no object each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.matching import asks_for_deleted
from app.conditions.tree import Check, Node, Not, Op, parts_of
from app.search.filters import Filter
from app.views.queries import Listing
from app.views.rules import Group, Sort

_ORDERS: Final = {
    Sort.LAST_MESSAGE: "t.last_message_at",
    Sort.CREATED: "t.created_at",
    Sort.DUE: "t.due_at",
    Sort.PRIORITY: "CASE t.priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END",
    Sort.WAITING: "CASE WHEN t.status IN ('new', 'open') THEN t.last_incoming_at END",
    Sort.SNOOZED: "t.snooze_until",
    Sort.SOLVED: "t.solved_at",
    Sort.DELETED: "t.deleted_at",
}
_ALWAYS: Final = frozenset({Sort.LAST_MESSAGE, Sort.CREATED, Sort.PRIORITY})
"""Orders that every ticket has; the others put those without at the end."""

_TAG: Final = (
    "(SELECT min(n.name) FROM ticket_tag g JOIN tag n ON n.id = g.tag WHERE g.ticket = t.id AND g.deleted_at IS NULL)"
)
_CUSTOMER: Final = "coalesce((SELECT c.name FROM customer c WHERE c.id = t.customer), '')"
_AGENT: Final = "coalesce((SELECT a.name FROM agent a WHERE a.id = t.assignee), '')"


@dataclass(frozen=True, slots=True)
class _Division:
    """How a group is made: what the heading says, its key, and what orders the headings (SQL on `t`)."""

    label: str
    key: str
    order: str


_GROUPS: Final = {
    Group.STATUS: _Division(
        "t.status",
        "t.status",
        "CASE t.status WHEN 'new' THEN 0 WHEN 'open' THEN 1 WHEN 'waiting' THEN 2 WHEN 'solved' THEN 3 ELSE 4 END",
    ),
    Group.ASSIGNEE: _Division(_AGENT, "lower(hex(t.assignee))", f"t.assignee IS NOT NULL, lower({_AGENT}), t.assignee"),
    Group.PRIORITY: _Division("t.priority", "t.priority", f"-({_ORDERS[Sort.PRIORITY]})"),
    Group.CUSTOMER: _Division(_CUSTOMER, "lower(hex(t.customer))", f"lower({_CUSTOMER}), t.customer"),
    Group.DAY: _Division(
        "date(t.last_message_at / 1000000, 'unixepoch', 'localtime')",
        "date(t.last_message_at / 1000000, 'unixepoch', 'localtime')",
        "date(t.last_message_at / 1000000, 'unixepoch', 'localtime')",
    ),
    Group.TAG: _Division(f"coalesce({_TAG}, '')", f"coalesce({_TAG}, '')", f"{_TAG} IS NULL, lower({_TAG}), {_TAG}"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a grouped list and how many tickets stand under it.

    `key`: a status, a priority, a day (`2026-01-31`, of this machine's calendar), a tag's name, or the id of an agent or a
    customer in hex; empty for those without. `label`: names where the key is an id, else the key. A ticket with several
    tags stands under the first of them.
    """

    key: str
    label: str
    count: int


def listing_keys(db: Session, listing: Listing, agent: UUID | None = None, limit: int | None = None) -> bytes:
    """The ids of a list in its order as one block, 16 bytes each, the first `limit` of them. Raises QueryError.

    SQLite itself joins them: every row it hands over would take Python's lock, which the window's thread wants as well.
    """
    filters = Filter.of(db, agent)
    sql = (
        f"SELECT group_concat(hex(id), '') FROM (SELECT t.id FROM ticket t {_by_index(listing)}"
        f" WHERE {filters.where(listing.condition)} ORDER BY {_ordered(listing)} LIMIT :limit)"
    )
    filters.values["limit"] = -1 if limit is None else limit
    joined = db.connection().execute(text(sql), filters.values).scalar()
    return bytes.fromhex(joined or "")


def listing_ids(db: Session, listing: Listing, agent: UUID | None = None, limit: int | None = None) -> list[UUID]:
    """The same ids, one by one."""
    block = listing_keys(db, listing, agent, limit)
    return [UUID(bytes=block[at : at + 16]) for at in range(0, len(block), 16)]


def listing_count(db: Session, listing: Listing, agent: UUID | None = None) -> int:
    """How many tickets a condition lists just now: for a builder. Raises QueryError."""
    filters = Filter.of(db, agent)
    sql = f"SELECT count(*) FROM ticket t WHERE {filters.where(listing.condition)}"
    return int(db.connection().execute(text(sql), filters.values).scalar() or 0)


def headings(db: Session, listing: Listing, agent: UUID | None = None) -> tuple[Heading, ...]:
    """The headings in the order of the list: the first `count` ids stand under the first, and so on. None ungrouped."""
    if listing.group is Group.NONE:
        return ()
    filters = Filter.of(db, agent)
    one = _GROUPS[listing.group]
    sql = (
        f"SELECT coalesce({one.key}, ''), {one.label}, count(*) FROM ticket t WHERE {filters.where(listing.condition)}"
        f" GROUP BY {one.key} ORDER BY {_directed(listing)}"
    )
    return tuple(Heading(*row) for row in db.connection().execute(text(sql), filters.values))


def _directed(listing: Listing) -> str:
    """What orders the headings. Days run as the list does, everything else as people expect it."""
    order = _GROUPS[listing.group].order
    is_backwards = listing.group is Group.DAY and not (listing.sort is Sort.LAST_MESSAGE and listing.ascending)
    return f"{order} DESC" if is_backwards else order


def _by_index(listing: Listing) -> str:
    """The index to walk, where SQLite, which keeps no statistics, would walk through what was closed long ago as well.

    The condition says the words of the index then (`app.search.filters`), so that it can be used.
    """
    parts = [part for part in parts_of(listing.condition) if not isinstance(part, Not)]
    is_walk = listing.sort is Sort.LAST_MESSAGE and listing.group is Group.NONE
    fits = all(_is(part, _WIDE) for part in parts) and parts
    return "INDEXED BY ticket_active" if is_walk and fits and not asks_for_deleted(listing.condition) else ""


def _is(part: Node, states: frozenset[str]) -> bool:
    return isinstance(part, Check) and (part.field, part.op) == ("is", Op.IS) and part.value in states


_WIDE: Final = frozenset({"active", "open", "todo", "unread"})
"""What holds for most tickets that are not closed, and for no closed one."""

_FEW: Final = frozenset({"snoozed", "overdue"})
"""What an index of its own holds for few: sorting them is quicker than walking through all others."""


def _ordered(listing: Listing) -> str:
    """What orders the list: under headings, then as wanted, then by id so that equal ones keep their places."""
    way = "ASC" if listing.ascending else "DESC"
    last = "" if listing.sort in _ALWAYS else " NULLS LAST"
    parts = [_directed(listing)] if listing.group is not Group.NONE else []
    is_few = listing.sort is Sort.LAST_MESSAGE and any(_is(part, _FEW) for part in parts_of(listing.condition))
    parts.append(f"{'+' if is_few else ''}{_ORDERS[listing.sort]} {way}{last}")
    if listing.sort is Sort.PRIORITY:
        parts.append("t.last_message_at DESC")
    return ", ".join([*parts, f"t.id {way}"])
