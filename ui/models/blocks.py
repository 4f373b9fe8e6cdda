"""Blocks of ids: the ids of a whole list in one `bytes`, 16 to each.

A hundred thousand tickets are 1.6 MB this way and ten times that as objects; finding and comparing are done by the machine
code behind `bytes`, and the collector of garbage has nothing to walk through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from uuid import UUID

WIDTH = 16

Known = dict[bytes, None]
"""The ids of a list, to ask whether one is among them. Not a set: the collector of garbage goes through every set that is young,
which takes it 13 ms with 300,000, but never through a dictionary of bytes.
"""

_PIECE = 4096 * WIDTH
_FEW = 64


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


def known(block: bytes) -> Known:
    """The ids, to ask whether one is among them."""
    return dict.fromkeys(each(block))


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


def replaced(block: bytes, first: int, end: int, by: bytes) -> bytes:
    """The block with these ids in the place of those from `first` up to `end`, which is not included: one copy."""
    whole = memoryview(block)
    return b"".join((whole[: first * WIDTH], by, whole[end * WIDTH :]))


def without(block: bytes, raws: Set[bytes]) -> bytes:
    """The block without these ids. A few are looked for, for many the block is gone through once."""
    if not raws:
        return block
    if len(raws) > _FEW:
        return b"".join(raw for raw in each(block) if raw not in raws)
    whole, parts, end = memoryview(block), [], 0
    for place in sorted(place for raw in raws if (place := find(block, raw)) >= 0):
        parts.append(whole[end * WIDTH : place * WIDTH])
        end = place + 1
    return b"".join((*parts, whole[end * WIDTH :]))


def moved(block: bytes, now: int, place: int) -> bytes:
    """The block with the id that stands at `now` at `place`: one copy."""
    whole, raw = memoryview(block), at(block, now)
    first, last = min(now, place) * WIDTH, (max(now, place) + 1) * WIDTH
    between = whole[first : last - WIDTH] if place < now else whole[first + WIDTH : last]
    middle = (raw, between) if place < now else (between, raw)
    return b"".join((whole[:first], *middle, whole[last:]))


def common(one: bytes, other: bytes) -> int:
    """How many ids both begin with. Compared piece by piece: halves of a long list would be copied again and again."""
    same, size = 0, min(len(one), len(other))
    piece = _PIECE
    while piece:
        while same + piece <= size and one.startswith(other[same : same + piece], same):
            same += piece
        piece //= 4
        piece -= piece % WIDTH
    return same // WIDTH


def common_end(one: bytes, other: bytes, most: int) -> int:
    """How many ids both end with, at most `most`."""
    same, size = 0, most * WIDTH
    first, second = len(one), len(other)
    piece = _PIECE
    while piece:
        while same + piece <= size and one.startswith(
            other[second - same - piece : second - same], first - same - piece
        ):
            same += piece
        piece //= 4
        piece -= piece % WIDTH
    return same // WIDTH


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs, first and last of each."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
