"""What came of a change of many: how many it reached, and why the others were left as they are."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.kernel.sentences import kept as kept_words
from app.kernel.sentences import read

MOST_NUMBERS: Final = 5
"""So many tickets are named for each cause; the count is whole."""


class Cause(enum.StrEnum):
    """Why a ticket was left as it is. Kept in a job's result."""

    BY_OTHER = "by_other"  # somebody (`detail`: their name) has changed the same since it was asked for
    BY_YOU = "by_you"  # so have you
    IN_BIN = "in_bin"
    MERGED = "merged"
    GONE = "gone"  # erased for good
    REFUSED = "refused"  # `detail` is the sentence that says why


@dataclass(frozen=True, slots=True)
class Left:
    """Tickets that were left as they are for one cause, and the numbers of the first few."""

    cause: Cause
    detail: str
    count: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """`changed` and `same` (they were so already) add up to `done`; with `left` they are all that was worked on."""

    changed: int
    same: int
    left: tuple[Left, ...] = ()

    @property
    def done(self) -> int:
        """How many are now as they were wanted."""
        return self.changed + self.same

    @property
    def total(self) -> int:
        """How many were worked on."""
        return self.done + sum(one.count for one in self.left)


class Tallying:
    """A tally while it grows; as plain data it goes into a job's cursor and comes back."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        self.changed: int = (kept or {}).get("changed", 0)
        self.same: int = (kept or {}).get("same", 0)
        self._left: dict[tuple[str, str], list[Any]] = {
            (cause, detail): [count, numbers] for cause, detail, count, numbers in (kept or {}).get("left", ())
        }

    def leave(self, cause: Cause, number: int = 0, detail: str = "") -> None:
        """One more that stays as it is."""
        entry = self._left.setdefault((str(cause), kept_words(detail)), [0, []])
        entry[0] += 1
        if number and len(entry[1]) < MOST_NUMBERS:
            entry[1].append(number)

    def plain(self) -> dict[str, Any]:
        """As a job keeps it."""
        left = [[cause, detail, count, numbers] for (cause, detail), (count, numbers) in self._left.items()]
        return {"changed": self.changed, "same": self.same, "left": left}


def tally_of(kept: Mapping[str, Any]) -> Tally:
    """The tally in a job's result (all zero before its first step)."""
    left = tuple(
        Left(Cause(cause), read(detail), count, tuple(numbers))
        for cause, detail, count, numbers in kept.get("left", ())
    )
    return Tally(kept.get("changed", 0), kept.get("same", 0), left)
