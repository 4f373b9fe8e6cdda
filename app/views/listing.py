"""What lies in a view: the ids in its order, as a block, and under which headings.

One way for saved and unsaved conditions, built-in and own ones. The first page of a list needs no sorting where an index
has the order. Lists under headings: `grouping`.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.fields import asks_for_deleted
from app.conditions.tree import Check, Node, Not, Op, parts_of
from app.search.filters import Filter
from app.views.grouping import WIDTH, Heading, divided
from app.views.queries import Listing
from app.views.ranking import best_first
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
    Sort.BEST: "t.last_message_at",  # behind the best, and under headings
}
_ALWAYS: Final = frozenset({Sort.LAST_MESSAGE, Sort.CREATED, Sort.PRIORITY, Sort.BEST})
"""Orders that every ticket has; the others put those without at the end."""


def listing_keys(db: Session, listing: Listing, agent: UUID | None = None, limit: int | None = None) -> bytes:
    """The ids of a list in its order as one block, 16 bytes each, the first `limit` of them. Raises QueryError.

    SQLite itself joins them: every row it hands over would take Python's lock, which the window's thread wants as well.
    """
    if listing.group is not Group.NONE:
        block = listing_under_headings(db, listing, agent)[0]
        return block if limit is None else block[: limit * WIDTH]
    filters = Filter.of(db, agent)
    sql = (
        f"SELECT group_concat(hex(id), '') FROM (SELECT t.id FROM ticket t {_by_index(listing)}"
        f" WHERE {filters.where(listing.condition)} ORDER BY {_ordered(listing)} LIMIT :limit)"
    )
    is_ranked = listing.sort is Sort.BEST
    filters.values["limit"] = -1 if limit is None or is_ranked else limit
    block = bytes.fromhex(db.connection().execute(text(sql), filters.values).scalar() or "")
    if is_ranked:
        block = best_first(db, listing.condition, block, agent)
    return block if limit is None else block[: limit * WIDTH]


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
    return () if listing.group is Group.NONE else listing_under_headings(db, listing, agent)[1]


def listing_under_headings(
    db: Session, listing: Listing, agent: UUID | None = None
) -> tuple[bytes, tuple[Heading, ...]]:
    """All ids of a grouped list as one block, and the headings: both at once cost what one of them does. Raises QueryError."""
    filters = Filter.of(db, agent)
    runs_by_day = listing.group is Group.DAY and listing.sort is Sort.LAST_MESSAGE
    order = _ordered(listing) if runs_by_day else f"k, {_ordered(listing)}"
    source = f"{_by_index(listing)} WHERE {filters.where(listing.condition)} ORDER BY {order}"
    # Days run as the list does; other headings stand as people expect them.
    backwards = listing.group is Group.DAY and not (runs_by_day and listing.ascending)
    return divided(db, listing.group, source, filters.values, backwards=backwards)


def _by_index(listing: Listing) -> str:
    """The index to walk, where SQLite, which keeps no statistics, would walk through what was closed long ago as well.

    The condition says the words of the index then (`app.search.filters`), so that it can be used.
    """
    parts = [part for part in parts_of(listing.condition) if not isinstance(part, Not)]
    fits = all(_is(part, _WIDE) for part in parts) and parts
    is_walk = listing.sort is Sort.LAST_MESSAGE and fits
    return "INDEXED BY ticket_active" if is_walk and not asks_for_deleted(listing.condition) else ""


def _is(part: Node, states: frozenset[str]) -> bool:
    return isinstance(part, Check) and (part.field, part.op) == ("is", Op.IS) and part.value in states


_WIDE: Final = frozenset({"active", "open", "todo", "unread"})
"""What holds for most tickets that are not closed, and for no closed one."""

_FEW: Final = frozenset({"snoozed", "overdue"})
"""What an index of its own holds for few: sorting them is quicker than walking through all others."""


def _ordered(listing: Listing) -> str:
    """What orders the list, under each heading if it has any: as wanted, then by id so that equal ones keep their places."""
    way = "ASC" if listing.ascending and listing.sort is not Sort.BEST else "DESC"
    last = "" if listing.sort in _ALWAYS else " NULLS LAST"
    is_few = listing.sort is Sort.LAST_MESSAGE and any(_is(part, _FEW) for part in parts_of(listing.condition))
    parts = [f"{'+' if is_few else ''}{_ORDERS[listing.sort]} {way}{last}"]
    if listing.sort is Sort.PRIORITY:
        parts.append("t.last_message_at DESC")
    return ", ".join([*parts, f"t.id {way}"])
