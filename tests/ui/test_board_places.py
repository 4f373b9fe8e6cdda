"""Where cards and lanes lie on the board: arithmetic, compared with adding up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.boards.queries import BoardView, ColumnView, Named
from app.boards.rules import ColumnShape
from app.tickets.rules import BoardBy, LaneBy
from ui.pages.board.places import CARD_HEIGHT, HEAD, STEP, Places, Plan

cells = st.lists(st.integers(0, 5), min_size=3, max_size=3)


def board(columns: list[list[int]], lanes: str = "abc") -> BoardView:
    """A board with so many cards in each lane of each column."""
    made = [ColumnView(Named(str(n)), ColumnShape(str(n)), sum(one), (), tuple(one)) for n, one in enumerate(columns)]
    named = tuple(Named(lane) for lane in lanes)
    return BoardView(BoardBy.STATUS, LaneBy.TEAM, tuple(made), named, (), (), filtered=False)


@given(st.lists(cells, min_size=1, max_size=4), st.sets(st.sampled_from("abc")), st.integers(-50, 2500))
def test_every_card_lies_in_its_lane_and_is_found_where_it_lies(
    columns: list[list[int]], folded: set[str], y: int
) -> None:
    view = board(columns)
    plan = Plan.of(view, folded)
    for column in view.columns:
        places = Places(plan, column.cells, column.count)
        seen = [place for place in range(column.count) if places.top(place) >= 0]
        for place in range(column.count):
            lane = places.lane_of(place)
            assert sum(column.cells[:lane]) <= place < sum(column.cells[: lane + 1])
            top = places.top(place)
            assert (top < 0) is plan.is_folded(lane)
            if top >= 0:
                assert plan.tops[lane] + HEAD <= top < plan.tops[lane + 1] - CARD_HEIGHT
                assert places.at(top) == places.at(top + CARD_HEIGHT - 1) == place
                assert places.at(top + CARD_HEIGHT) == -1
        hit = [place for place in seen if places.top(place) <= y < places.top(place) + CARD_HEIGHT]
        assert places.at(y) == (hit[0] if hit else -1)
        in_sight = [place for place in seen if places.top(place) < y + 300 and places.top(place) + STEP > y]
        assert set(in_sight) <= set(places.within(max(0, y), max(0, y) + 300)) or y < 0
        assert (places.nearest(y) in seen) is bool(seen)
        walked, place = [], seen[0] if seen else -1
        while place >= 0:
            walked.append(place)
            place = places.step(place, 1)
        assert walked == seen


@given(st.integers(0, 30), st.integers(-50, 4000))
def test_without_lanes_cards_follow_each_other(count: int, y: int) -> None:
    places = Places(Plan(), (), count)
    assert places.height == count * STEP
    inside = 0 <= y < count * STEP and y % STEP < CARD_HEIGHT
    assert places.at(y) == (y // STEP if inside else -1)
    assert places.step(count - 1, 1) == -1
    assert places.nearest(y) == (min(max(0, y) // STEP, count - 1) if count else -1)
