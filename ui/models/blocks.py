"""Blocks of ids: the ids of a whole list in one `bytes`, 16 to each.

A hundred thousand tickets are 1.6 MB this way and ten times that as objects; finding and comparing are done by the machine
code behind `bytes`, and the collector of garbage has nothing to walk through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

WIDTH = 16


def block_of(keys: Iterable[UUID]) -> bytes:
    """These ids as a block."""
    return b"".join(key.bytes for key in keys)


def count(block: bytes) -> int:
    """How many ids there are."""
    return len(block) // WIDTH


def at(block: bytes, place: int) -> bytes:
    """The id at a place, as bytes."""
    return block[place * WIDTH : place * WIDTH + WIDTH]


def part(block: bytes, first: int, end: int | None = None) -> bytes:
    """The ids from `first` up to `end` (left out: to the end), `end` not included."""
    return block[first * WIDTH : None if end is None else end * WIDTH]


def each(block: bytes) -> Iterator[bytes]:
    """The ids one after the other, as bytes."""
    return (block[start : start + WIDTH] for start in range(0, len(block), WIDTH))


def find(block: bytes, raw: bytes) -> int:
    """The place of an id, -1 without; a hit across two ids does not count."""
    start = block.find(raw)
    while start >= 0 and start % WIDTH:
        start = block.find(raw, start + 1)
    return -1 if start < 0 else start // WIDTH


def places(block: bytes, raws: Iterable[bytes]) -> list[int]:
    """The places of these ids, sorted, those that are not here left out. Neighbours cost next to nothing."""
    found: list[int] = []
    for raw in raws:
        place = found[-1] + 1 if found else 0
        if at(block, place) != raw:
            place = find(block, raw)
        if place >= 0:
            found.append(place)
    return sorted(found)


def common(one: bytes, other: bytes) -> int:
    """How many ids both begin with (halving, because comparing bytes is quick)."""
    low, high = 0, min(count(one), count(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[: middle * WIDTH] == other[: middle * WIDTH]:
            low = middle
        else:
            high = middle - 1
    return low


def common_end(one: bytes, other: bytes, most: int) -> int:
    """How many ids both end with, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[-middle * WIDTH :] == other[-middle * WIDTH :]:
            low = middle
        else:
            high = middle - 1
    return low


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs, first and last of each."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
