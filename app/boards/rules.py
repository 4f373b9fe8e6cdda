"""What moving a card means, which columns are shown in which order, and how a lane or a limit is read: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.tickets.rules import NOBODY, BoardBy, LaneBy

HIGHEST: Final = 10_000
"""No limit of a column is above this."""

TAGS_SHOWN: Final = 5
"""As many tags have a column as long as nobody has picked any."""

MOST_FOLDED: Final = 300
"""So many folded lanes are remembered."""

FIXED: Final = frozenset({LaneBy.CUSTOMER, LaneBy.ORGANISATION})
"""A card never leaves such a lane: it tells whose matter it is, and that is nothing to be changed by a slip of the mouse."""


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """What was decided about a column: see `BoardColumnRow`."""

    key: str
    position: int = 0
    most: int = 0
    hidden: bool = False
    folded: bool = False
    picked: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Where a card goes in one direction: the column or lane with the key `to` of those that stand for `by`.

    Tags are said by name. `was` is the one it comes from: a ticket has several, and only that column's is taken off.
    """

    by: str
    to: str
    was: str = NOBODY


def arranged(keys: Sequence[str], shapes: Sequence[ColumnShape]) -> tuple[ColumnShape, ...]:
    """The columns in order: those that were given a place by it, the others where they come by themselves, behind their like.

    A column nobody has placed keeps its neighbour: it comes right after the one before it in `keys`.
    """
    known = {shape.key: shape for shape in shapes}
    placed = sorted((known[key] for key in keys if key in known and known[key].position), key=lambda one: one.position)
    order = [shape.key for shape in placed]
    for place, key in enumerate(keys):
        if key not in order:
            before = next((one for one in reversed(keys[:place]) if one in order), None)
            order.insert(0 if before is None else order.index(before) + 1, key)
    return tuple(known.get(key, ColumnShape(key)) for key in order)


def as_limit(words: str) -> int:
    """How many cards a column should hold at most; "" or "0" is any number. Raises UserError."""
    typed = words.strip()
    if not typed:
        return 0
    if not typed.isdecimal() or int(typed) > HIGHEST:
        msg = said("A limit is a whole number up to {most}, or nothing.", most=HIGHEST)
        raise UserError(msg)
    return int(typed)


def as_lanes(word: str, by: BoardBy) -> LaneBy:
    """The lanes that a word means; none for an unknown one and for those that the columns stand for already."""
    try:
        lanes = LaneBy(word)
    except ValueError:
        return LaneBy.NONE
    return LaneBy.NONE if str(lanes) == str(by) else lanes


def folded_from(text: str, lanes: LaneBy) -> frozenset[str]:
    """The folded lanes of this kind in a remembered text; none in one that cannot be read."""
    try:
        kept = json.loads(text)
    except ValueError:
        return frozenset()
    start = f"{lanes}:"
    words = [word for word in kept if isinstance(word, str)] if isinstance(kept, list) else []
    return frozenset(word[len(start) :] for word in words if word.startswith(start))


def folded_text(text: str, lanes: LaneBy, folded: Iterable[str]) -> str:
    """The remembered text with other folded lanes of this kind; the oldest are forgotten where there are too many."""
    try:
        kept = json.loads(text)
    except ValueError:
        kept = []
    words = [word for word in kept if isinstance(word, str)] if isinstance(kept, list) else []
    others = [word for word in words if not word.startswith(f"{lanes}:")]
    return json.dumps([*others, *(f"{lanes}:{key}" for key in sorted(folded))][-MOST_FOLDED:], ensure_ascii=False)
