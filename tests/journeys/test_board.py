"""The board through the real window: cards carried with the mouse of the window system, let go with Esc, many moved by keys."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.boards.queries import read_board
from app.desk import Desk
from app.tickets.rules import BoardBy
from tests.journeys.person import Person, Thing
from tests.journeys.prepared import make_desk, person_at

pytestmark = pytest.mark.slow

MANY = 40
STEPS = 12


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with more new tickets than are changed at once."""
    made = make_desk(tmp_path / "desk", [f"Matter {place:02}" for place in range(MANY)])
    yield made
    made.close()


def stored(desk: Desk) -> Counter[str]:
    """How many cards are in each column, as it is stored."""
    return Counter({one.key: one.count for one in desk.ask(read_board, BoardBy.STATUS, "none").columns if one.count})


def found(person: Person, name: str) -> Thing:
    """What has a name that begins so, once it is on the screen and stands still."""
    seen: list[Thing] = []

    def stands_still() -> bool:
        there = [one for one in person.see() if one.name.startswith(name) or f". {name}" in one.name]
        seen.append(there[-1]) if there else seen.clear()
        return len(seen) > 1 and (seen[-1].x, seen[-1].y) == (seen[-2].x, seen[-2].y)

    person.until(stands_still, f"“{name}” stands still")
    return seen[-1]


def carry(person: Person, card: Thing, to: Thing) -> None:
    """Press on a card and hold it over something, on the way as a hand goes."""
    mouse(person, "mousemove", str(card.x), str(card.y), "mousedown", "1")
    for step in range(1, STEPS + 1):
        x, y = (card.x + (to.x - card.x) * step // STEPS, card.y + (to.y - card.y) * step // STEPS)
        mouse(person, "mousemove", str(x), str(y))


def mouse(person: Person, *words: str) -> None:
    subprocess.run(["xdotool", *words], env=person._around, check=True)


def test_cards_are_carried_let_go_and_moved_in_numbers(tmp_path: Path, desk: Desk) -> None:
    with person_at(tmp_path / "desk", tmp_path / "scratch") as person:
        person.press("ctrl+2")
        waiting = found(person, "Waiting on customer, 0 tickets")
        carry(person, found(person, "Matter 01"), waiting)
        mouse(person, "key", "Escape")  # `press` would let the button go as if it were a modifier
        mouse(person, "mouseup", "1")
        carry(person, found(person, "Matter 02"), waiting)
        mouse(person, "mouseup", "1")
        person.wait_for("Waiting on customer, 1 ticket")
        assert stored(desk) == {"new": MANY - 1, "waiting": 1}
        person.until(lambda: (card := person.focused()) and "Matter 02" in card.name, "the keyboard went along")
        person.press("ctrl+z")
        person.wait_for(f"New, {MANY} tickets")
        assert stored(desk) == {"new": MANY}
        person.press("ctrl+a")
        person.until(lambda: any(one.selected for one in person.see() if "Matter" in one.name), "cards are marked")
        person.press("2")
        person.wait_for(f"Open, {MANY} tickets")
        person.until(lambda: stored(desk) == {"open": MANY}, "the job is done")
        person.until(lambda: person.sees(f"{MANY} tickets moved to “Open”"), "the job says so")
        person.press("ctrl+z")
        person.wait_for(f"New, {MANY} tickets")
        person.until(lambda: stored(desk) == {"new": MANY}, "one undo took all of it back")
        person.leave()
