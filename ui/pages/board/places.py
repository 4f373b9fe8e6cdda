"""Where cards and lanes lie, as arithmetic: pure.

All columns share one `Plan` of the lanes, so that a lane is one band across the board, as high as its fullest cell. Without
lanes each column goes on as long as it has cards. A column's cards are known by their place in its list, lane by lane.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.boards.queries import BoardView, Named

CARD_HEIGHT = 98
GAP = 8
STEP = CARD_HEIGHT + GAP
HEAD = 36  # the heading of a lane
FOOT = 8  # the air under a lane
LEAST = 40  # the room of a lane without cards: something can be dropped there


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes of a board. `tops` has one number more than there are lanes: the end. No lanes: no tops."""

    lanes: tuple[Named, ...] = ()
    tops: tuple[int, ...] = ()
    folded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, view: BoardView, folded: Collection[str]) -> Plan:
        """How the lanes of a board lie."""
        if not view.lanes:
            return cls()
        rows = [
            max((column.cells[n] for column in view.columns if column.cells), default=0) for n in range(len(view.lanes))
        ]
        shut = frozenset(folded) & {lane.key for lane in view.lanes}
        heights = [_height(count, shut=lane.key in shut) for lane, count in zip(view.lanes, rows, strict=True)]
        return cls(view.lanes, (0, *accumulate(heights)), shut)

    def lane_at(self, y: int) -> int:
        """The lane at a height, the last one below the end; -1 without lanes."""
        return min(max(0, bisect_right(self.tops, y) - 1), len(self.lanes) - 1) if self.lanes else -1

    def is_folded(self, lane: int) -> bool:
        """Is only the heading of this lane shown?"""
        return self.lanes[lane].key in self.folded


def _height(rows: int, *, shut: bool) -> int:
    return HEAD if shut else HEAD + max(rows * STEP, LEAST) + FOOT


class Places:
    """Where the cards of one column lie. `cells`: how many there are in each lane; `count`: how many in all."""

    def __init__(self, plan: Plan, cells: Sequence[int], count: int) -> None:
        self.plan, self.count = plan, count
        self.cells = tuple(cells) if plan.lanes else (count,)
        self.firsts = (0, *accumulate(self.cells))

    @property
    def height(self) -> int:
        """How high all of it is."""
        return self.plan.tops[-1] if self.plan.lanes else self.count * STEP

    def lane_of(self, place: int) -> int:
        """The lane in which a card lies; 0 without lanes."""
        return min(bisect_right(self.firsts, place) - 1, len(self.cells) - 1)

    def top(self, place: int) -> int:
        """Where a card begins; -1 when its lane is folded."""
        if not self.plan.lanes:
            return place * STEP
        lane = self.lane_of(place)
        if self.plan.is_folded(lane):
            return -1
        return self.plan.tops[lane] + HEAD + (place - self.firsts[lane]) * STEP

    def at(self, y: int, *, near: bool = False) -> int:
        """The card at this height, -1 for none. `near`: the last one above it in its lane will do."""
        if y < 0 and not near:
            return -1
        lane, start = 0, 0
        if self.plan.lanes:
            lane = self.plan.lane_at(y)
            if self.plan.is_folded(lane):
                return -1
            start = self.plan.tops[lane] + HEAD
        number, within = divmod(max(0, y - start) if near else y - start, STEP)
        if near:
            number = min(number, self.cells[lane] - 1)
        elif within >= CARD_HEIGHT or not 0 <= number < self.cells[lane]:
            return -1
        return self.firsts[lane] + number if number >= 0 else -1

    def within(self, top: int, bottom: int) -> list[int]:
        """The cards that can be seen between two heights, folded ones left out."""
        if not self.plan.lanes:
            return list(range(max(0, top // STEP), min(self.count, bottom // STEP + 1)))
        found: list[int] = []
        for lane in range(self.plan.lane_at(top), self.plan.lane_at(bottom) + 1):
            if self.plan.is_folded(lane):
                continue
            start = self.plan.tops[lane] + HEAD
            first = max(0, (top - start) // STEP)
            last = min(self.cells[lane], (bottom - start) // STEP + 1)
            found += range(self.firsts[lane] + first, self.firsts[lane] + max(first, last))
        return found

    def step(self, place: int, by: int) -> int:
        """The next card up or down, folded lanes passed over; -1 where there is none."""
        place += by
        while 0 <= place < self.count and self.top(place) < 0:
            lane = self.lane_of(place)
            place = self.firsts[lane + 1] if by > 0 else self.firsts[lane] - 1
        return place if 0 <= place < self.count else -1

    def nearest(self, y: int) -> int:
        """The card nearest to a height: in that lane, else in the closest lane that has one; -1 without any."""
        lane = max(0, self.plan.lane_at(y))
        order = sorted(range(len(self.cells)), key=lambda one: abs(one - lane))
        for one in order:
            if self.cells[one] and not (self.plan.lanes and self.plan.is_folded(one)):
                if one == lane:
                    return self.at(y, near=True)
                return self.firsts[one] if one > lane else self.firsts[one + 1] - 1
        return -1
