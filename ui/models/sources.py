"""What a list shows, and reading it: the ids of its tickets as one block, with headings among them where it is grouped.

A heading stands in the block as an id of its own, which is made from its key and can be no ticket's. So a grouped list of a
hundred thousand tickets is compared, moved and shown like any other. All of it runs off the window's thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.conditions.fields import Kind, field_named
from app.conditions.tree import Node, checks
from app.tickets.queries import Pile, TicketRow, View, ticket_keys, ticket_rows
from app.views.grouping import Heading
from app.views.listing import listing_keys, listing_under_headings
from app.views.queries import Listing, ViewInfo
from app.views.rules import BUILT_IN, Group, natural_ascending
from ui.models import blocks

MARK = b"\xff" * 8
"""How the id of a heading begins; ids of tickets begin with a time."""

MANY = 2000
"""Where so many ids have come, all are gathered anew here, off the window's thread."""

_PILES = {
    "to_do": Pile.TO_DO,
    "unassigned": Pile.UNASSIGNED,
    "mine": Pile.MINE,
    "unread": Pile.UNREAD,
    "overdue": Pile.OVERDUE,
    "follow_up": Pile.FOLLOW_UP,
    "snoozed": Pile.SNOOZED,
    "waiting": Pile.WAITING,
    "solved": Pile.SOLVED,
    "open": Pile.ACTIVE,
    "closed": Pile.CLOSED,
    "all": Pile.ALL,
    "bin": Pile.BIN,
}
"""Built-in views whose first page is read from an index of its own (`app.tickets.queries`), as long as nobody orders them
otherwise.
"""

_BY_NATURE = {one.key: one.sort for one in BUILT_IN}


@dataclass(frozen=True, slots=True)
class Asked:
    """A list by any condition, in any order, for an agent."""

    listing: Listing
    agent: UUID | None = None


Source = View | Asked


@dataclass(frozen=True, slots=True)
class Have:
    """What a list is when it is read again: its ids, the same to ask whether one is among them, and its headings by their ids.
    It may be looked at while an answer is awaited: until then the list stays as it is.
    """

    block: bytes = b""
    known: blocks.Known = field(default_factory=dict)
    heads: Mapping[bytes, Heading] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a list. None: they are those that were here.

    `whole`: all of it was read; else only its first ids, and behind them stands what stood there before. `come`, `gone`: the ids
    that were not here and those that no longer are. `known`: all ids, where it is another list or many have come; else
    empty. `heads`: its headings by their ids; `other_heads`: those of them that came, went or say something else
    than before.
    """

    block: bytes | None
    whole: bool
    come: bytes = b""
    gone: bytes = b""
    known: blocks.Known = field(default_factory=dict)
    heads: Mapping[bytes, Heading] = field(default_factory=dict)
    other_heads: frozenset[bytes] = frozenset()


def pile_of(view: ViewInfo) -> Pile | None:
    """The pile that a built-in view is."""
    return _PILES.get(view.key)


def source_of(view: ViewInfo, me: UUID | None) -> Source:
    """Where the ids of a view come from."""
    listing, pile = view.listing, pile_of(view)
    natural = listing.ascending == natural_ascending(listing.sort) and listing.group is Group.NONE
    if pile is not None and natural and listing.sort == _BY_NATURE[view.key]:
        return View(pile, me)
    return Asked(listing, me)


def depends_on_time(tree: Node) -> bool:
    """Does a condition mean other tickets as time goes by?"""
    asked = [(one, field_named(one.field)) for one in checks(tree)]
    dated = {Kind.DATE, Kind.AGE, Kind.CUSTOM}
    return any(
        (one.field, one.value) == ("is", "overdue") or (it is not None and it.kind in dated) for one, it in asked
    )


def read_ids(db: Any, source: Source, limit: int | None, have: Have | None = None) -> Ids:
    """The ids of a list, which was `have` (None: another list was shown). What takes long with hundreds of thousands is done here.

    A grouped list comes whole: which headings come first is known when all are.
    """
    if isinstance(source, Asked) and source.listing.group is not Group.NONE:
        block, tops = listing_under_headings(db, source.listing, source.agent)
        heads = {heading_id(one.key): one for one in tops}
        found = all_of(with_headings(block, list(heads.items())), have)
        had = have.heads if have is not None else {}
        other = frozenset(raw for raw in had.keys() | heads.keys() if had.get(raw) != heads.get(raw))
        return replace(found, heads=heads if other or not had else had, other_heads=other)
    block = keys_of(db, source, limit)
    if limit is None or blocks.count(block) < limit:
        return all_of(block, have)
    return first_of(block, have)


def read_again(
    db: Any, source: Source, limit: int | None, have: Have, old: Sequence[UUID], me: UUID | None
) -> tuple[Ids, tuple[TicketRow, ...]]:
    """The ids of a list as `read_ids` has them, and those of its `old` rows that did not leave it."""
    found = read_ids(db, source, limit, have)
    gone = set(blocks.each(found.gone))
    return found, ticket_rows(db, [key for key in old if key.bytes not in gone], me) if old else ()


def all_of(block: bytes, have: Have | None) -> Ids:
    """A whole list, and how it differs from what it was."""
    if have is None:
        return Ids(block, True, known=blocks.known(block))
    if block == have.block:
        return Ids(None, True)
    same = blocks.common(have.block, block)
    tail = blocks.common_end(have.block, block, min(blocks.count(have.block), blocks.count(block)) - same)
    between = blocks.part(block, same, blocks.count(block) - tail)
    come = b"".join(raw for raw in blocks.each(between) if raw not in have.known)
    gone = b""
    if len(have.block) + len(come) > len(block):  # else nothing is gone, and no set need be made to know it
        now = set(blocks.each(between))
        were = blocks.part(have.block, same, blocks.count(have.block) - tail)
        gone = b"".join(raw for raw in blocks.each(were) if raw not in now)
    return Ids(block, True, come, gone, blocks.known(block) if blocks.count(come) > MANY else {})


def first_of(head: bytes, have: Have | None) -> Ids:
    """The first ids of a list, and behind them what stays of what it was."""
    if have is None:
        return Ids(head, False, known=blocks.known(head))
    if have.block.startswith(head):
        return Ids(have.block, False)
    end = blocks.find(have.block, head[-blocks.WIDTH :]) + 1
    front = list(blocks.each(blocks.part(have.block, 0, end)))
    before, now = set(front), set(blocks.each(head))
    up = {raw for raw in now if raw not in before and raw in have.known}  # they were further down
    rest = blocks.without(blocks.part(have.block, end), up)
    come = b"".join(raw for raw in blocks.each(head) if raw not in have.known)
    return Ids(head + rest, False, come, b"".join(raw for raw in front if raw not in now))


def keys_of(db: Any, source: Source, limit: int | None = None) -> bytes:
    """The ids of the tickets of a list as one block, without headings."""
    if isinstance(source, View):
        return ticket_keys(db, source, limit)
    return listing_keys(db, source.listing, source.agent, limit)


def heading_id(key: str) -> bytes:
    """The id under which a heading stands in the block."""
    return MARK + hashlib.blake2b(key.encode(), digest_size=blocks.WIDTH - len(MARK)).digest()


def is_heading(raw: bytes) -> bool:
    """Is this id a heading's?"""
    return raw.startswith(MARK)


def with_headings(block: bytes, heads: Sequence[tuple[bytes, Heading]]) -> bytes:
    """The block with each heading before its tickets, as far as the block goes."""
    parts, place, end = [], 0, blocks.count(block)
    for raw, heading in heads:
        if place >= end:
            break
        parts += [raw, blocks.part(block, place, place + heading.count)]
        place += heading.count
    return b"".join([*parts, blocks.part(block, place)])


def heading_places(block: bytes) -> list[int]:
    """Where headings stand in a block."""
    found, start = [], block.find(MARK)
    while start >= 0:
        if start % blocks.WIDTH:
            start = block.find(MARK, start + 1)
            continue
        found.append(start // blocks.WIDTH)
        start = block.find(MARK, start + blocks.WIDTH)
    return found
