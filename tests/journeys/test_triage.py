"""A day's queue through the real window: fifty tickets by the keyboard alone; merging and taking apart by keys and by mouse.

What is on the screen says when to go on; what has happened is read from the desk, as another program would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.desk import Desk
from app.tickets.queries import TicketDetail, message_ids, ticket
from tests.journeys.person import Person
from tests.journeys.prepared import ROWS, make_desk, person_at

pytestmark = pytest.mark.slow

MANY, ONE_BY_ONE = 50, 20
SOLVED, BINNED, MINE, URGENT, ASLEEP = "solved", "binned", "mine", "urgent", "asleep"
PLAN = [SOLVED, SOLVED, BINNED, MINE, SOLVED, URGENT, SOLVED, BINNED, MINE, ASLEEP]
LEAVES = {SOLVED, BINNED, ASLEEP}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
def queue(folder: Path) -> Iterator[Desk]:
    """A desk with as many tickets as there are matters."""
    desk = make_desk(folder, [f"Matter {place:02}" for place in range(MANY)])
    yield desk
    desk.close()


def matter(person: Person) -> int:
    """Which ticket is shown while the keyboard is in the list; -1 where it is elsewhere."""
    seen = person.see()
    at = next((one for one in reversed(seen) if one.focused and one.name), None)
    if at is None or not (at.name == "Tickets" or (at.role in ROWS and "Matter" in at.name)):
        return -1
    titles = (re.fullmatch(r"Matter (\d+)", one.name) for one in seen if one.role == "StaticText")
    return next((int(title[1]) for title in titles if title), -1)


def marked(person: Person) -> int:
    """How many tickets the list says are chosen."""
    found = (re.fullmatch(r"(\d+) (?:chosen|selected)", one.name) for one in person.see())
    return next((int(one[1]) for one in found if one), 0)


def what_became(found: TicketDetail | None) -> str:
    """The one thing that was done to a ticket."""
    assert found is not None
    row = found.row
    if row.deleted_at is not None:
        return BINNED
    if row.snooze_until is not None:
        return ASLEEP
    if row.status == "solved":
        return SOLVED
    return URGENT if row.priority == "urgent" else MINE if row.assignee_name == "Maya Lind" else row.status


def decide(person: Person, what: str) -> None:
    """One ticket, by one or a few keys."""
    if what == SOLVED:
        person.press("e")
    elif what == BINNED:
        person.press("Delete")
    elif what == MINE:
        person.press("m")
    elif what == URGENT:
        person.press("p")
        person.until(lambda: matter(person) < 0, "the priorities are offered")
        person.write("urg")
        person.press("Return")
    else:
        person.press("h")
        person.until(lambda: (at := person.focused()) and at.role == "Button", "times to come back are offered")
        person.press("space")


def test_fifty_tickets_by_the_keyboard(folder: Path, queue: Desk, tmp_path: Path) -> None:
    """Twenty one by one, each by its key; what is left all at once; and back again."""

    def found(number: int) -> str:
        return what_became(queue.ask(ticket, number + 1))

    def all_are(wanted: dict[int, str]) -> bool:
        return {place: found(place) for place in wanted} == wanted

    with person_at(folder, tmp_path / "scratch") as person:
        for place in range(ONE_BY_ONE):
            person.until(lambda place=place: matter(person) == place, f"ticket {place} is shown")  # type: ignore[misc]
            what = PLAN[place % len(PLAN)]
            decide(person, what)
            person.until(lambda place=place, what=what: found(place) == what, f"ticket {place} is {what}")  # type: ignore[misc]
            if what not in LEAVES:
                person.until(lambda place=place: matter(person) == place, "the keyboard is back in the list")  # type: ignore[misc]
                person.press("j")
        person.until(lambda: matter(person) == ONE_BY_ONE, "the first of the rest is shown")
        before = {place: found(place) for place in range(MANY)}
        open_ones = [place for place, what in before.items() if what not in LEAVES]
        assert before == {place: PLAN[place % len(PLAN)] if place < ONE_BY_ONE else "new" for place in range(MANY)}
        person.press("ctrl+a")
        person.until(lambda: marked(person) == len(open_ones), "all that are left are chosen")
        person.press("e")
        person.until(lambda: all_are(dict.fromkeys(open_ones, SOLVED)), "all are solved")
        person.press("ctrl+z")
        person.until(lambda: all_are(before), "as before")
        person.press("ctrl+shift+z")
        person.until(lambda: all_are(dict.fromkeys(open_ones, SOLVED)), "solved again")
        assert "Traceback" not in person.leave()


def test_fifty_tickets_by_the_mouse(folder: Path, queue: Desk, tmp_path: Path) -> None:
    """Some by the header, some by the menus of their rows without being opened, what is left all at once; and back again."""

    def is_so(*wanted: tuple[int, str]) -> bool:
        return all(what_became(queue.ask(ticket, place + 1)) == what for place, what in wanted)

    def all_are(what: str) -> bool:
        return is_so(*((place, what) for place in (2, *range(5, MANY))))

    with person_at(folder, tmp_path / "scratch") as person:
        for place in (0, 1):
            person.wait_for(f"Hello, about Matter {place:02}")
            person.click("Mark solved")
            person.until(lambda place=place: is_so((place, SOLVED)), f"ticket {place} is solved")  # type: ignore[misc]
        person.wait_for("Hello, about Matter 02")
        for place, chosen, then, what in (
            (3, "Move to the Bin", "", BINNED),
            (4, "Snooze…", "Tomorrow", ASLEEP),  # which is offered on every day of the week
            (5, "Assign to me", "", MINE),
            (6, "Priority…", "Urgent", URGENT),
        ):
            person.click(f"Customer {place}. ", role="ListItem", right=True)
            person.click(chosen, role="Menu")
            if then:
                person.click(then)
            person.until(lambda place=place, what=what: is_so((place, what)), f"ticket {place} is {what}")  # type: ignore[misc]
        assert person.sees("Hello, about Matter 02"), "what was open stays open"
        person.click("Customer 7. ", role="ListItem", right=True)
        person.click("Select", role="Menu")
        person.click(f"Select all {MANY - 4}")
        person.click("More actions")
        person.click("Solve", role="Menu")
        person.until(lambda: all_are(SOLVED), "all that were left are solved")
        person.wait_for(f"{MANY - 4} tickets solved")  # the toast before it has an "Undo" too
        person.click("Undo")
        person.until(lambda: is_so((5, MINE), (6, URGENT), (7, "new"), (MANY - 1, "new")), "as before")
        person.click("Do again")
        person.until(lambda: all_are(SOLVED), "solved again")
        person.press("ctrl+q")


class Merging:
    """Two tickets of one customer."""

    def __init__(self, folder: Path) -> None:
        self.desk = make_desk(folder, ["Matter 00", "Matter 01"], customer="mia@shop.example")

    def key(self, number: int) -> UUID:
        found = self.desk.ask(ticket, number)
        assert found is not None
        return found.id

    def lengths(self) -> tuple[int, int]:
        """How many messages the first two conversations have; 0 for one that is part of another."""
        first, second = self.key(1), self.key(2)
        if first == second:
            return (len(self.desk.ask(message_ids, first)), 0)
        return (len(self.desk.ask(message_ids, first)), len(self.desk.ask(message_ids, second)))


@pytest.fixture
def merging(folder: Path) -> Iterator[Merging]:
    made = Merging(folder)
    yield made
    made.desk.close()


def test_merge_and_take_apart_by_the_keyboard(folder: Path, merging: Merging, tmp_path: Path) -> None:
    with person_at(folder, tmp_path / "scratch") as person:
        person.press("ctrl+a")
        person.until(lambda: marked(person) == 2, "both are chosen")
        person.press("shift+m")
        person.wait_for("Merge into one ticket")
        person.wait_for("2 messages, in order of time")
        person.wait_for("#2, Mia Wong")
        person.press("ctrl+Return")
        person.until(lambda: merging.lengths() == (2, 0), "they are one")
        person.wait_for("#2 is part of this ticket")
        person.press("ctrl+shift+m")
        person.until(lambda: merging.lengths() == (1, 1), "they are two again")
        person.wait_for("#2 is a ticket of its own again")
        person.press("ctrl+z")
        person.until(lambda: merging.lengths() == (2, 0), "undone")
        person.press("ctrl+z")
        person.until(lambda: merging.lengths() == (1, 1), "as in the beginning")
        person.press("ctrl+shift+z")
        person.until(lambda: merging.lengths() == (2, 0), "merged once more")
        assert "Traceback" not in person.leave()


def test_merge_and_take_apart_by_the_mouse(folder: Path, merging: Merging, tmp_path: Path) -> None:
    with person_at(folder, tmp_path / "scratch") as person:
        person.wait_for("Hello, about Matter 00")
        person.click("More actions")
        person.click("Merge…", role="Menu")
        person.wait_for("2 messages, in order of time")
        person.click("Merge 2 tickets")
        person.until(lambda: merging.lengths() == (2, 0), "they are one")
        person.click("Take apart")
        person.until(lambda: merging.lengths() == (1, 1), "they are two again")
        person.click("Undo")
        person.until(lambda: merging.lengths() == (2, 0), "undone")
        person.press("ctrl+q")
