"""Canned answers: filling their places, finding them, whose they are, undoing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.desk import Desk
from app.kernel.errors import UserError
from app.people.commands import add_agent
from app.templates.commands import add_canned, change_canned, note_used, remove_canned
from app.templates.queries import canned_answers, facts_for
from app.templates.rules import fill, first_name, tidy_shortcut, unknown_places
from app.tickets.commands import undo
from tests.empty_desk import empty_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with empty_desk(tmp_path / "desk") as opened:
        opened.sit_down(opened.work(add_agent, "Ann"))
        yield opened


def names(desk: Desk, words: str = "", agent: UUID | None = None) -> list[str]:
    return [one.name for one in desk.ask(canned_answers, agent or desk.me(), words)]


def test_places_are_filled_plainly() -> None:
    facts = {"customer.name": "Bob {{agent.name}}", "customer.first_name": "", "agent.name": "Ann"}
    text = "Hello {{customer.first_name}}, {{ customer.name }} / {{agent.name}} {{agent.secret}} {{7*7}}"
    assert fill(text, facts) == "Hello, Bob {{agent.name}} / Ann {{agent.secret}} {{7*7}}", "nothing is filled twice"
    assert unknown_places(text) == ("agent.secret",)
    assert [first_name(one) for one in ("Bob Miller", "Miller, Bob", "bob@example.org", "")] == ["Bob", "Bob", "", ""]
    assert tidy_shortcut(" /Thank You ") == "thank-you"


def test_nothing_is_left_of_a_place_of_which_nothing_is_known() -> None:
    empty = {"customer.first_name": "", "ticket.number": ""}
    for text, filled in (
        ("Of course, {{customer.first_name}}. See you.", "Of course. See you."),
        ("Hi, {{customer.first_name}}!\nThank you.", "Hi!\nThank you."),
        ("Hello, {{customer.first_name}}\nThank you.", "Hello\nThank you."),
        ("Hello {{customer.first_name}},\nThank you.", "Hello,\nThank you."),
        ("Yes, {{customer.first_name}} we do, {{agent.name}} as well", "Yes, we do, as well"),
        ("About #{{ticket.number}}, {{customer.first_name}} ({{ticket.number}})", "About #, ()"),
    ):
        assert fill(text, empty) == filled
    assert fill("Of course, {{customer.first_name}}.", {"customer.first_name": "Ann"}) == "Of course, Ann."


def test_the_shortcut_comes_first_then_what_is_used(desk: Desk) -> None:
    desk.do(add_canned, "Shipping", "It leaves today. Thanks!", "ship")
    thanks = desk.do(add_canned, "Thank you", "Thanks for writing", "ty")
    desk.do(add_canned, "Typing", "One moment", "typing")
    desk.do(note_used, thanks)
    assert names(desk)[0] == "Thank you"
    assert names(desk, "ty")[:2] == ["Thank you", "Typing"]
    assert names(desk, "thanks today") == ["Shipping"]


def test_own_ones_are_ones_own(desk: Desk) -> None:
    mine = desk.do(add_canned, "Mine", "text", "x", own=True)
    eve = desk.work(add_agent, "Eve")
    assert names(desk) == ["Mine"]
    assert names(desk, agent=eve) == []
    desk.act(eve, add_canned, "Hers", "text", "x", own=True)
    with pytest.raises(UserError, match="already"):
        desk.do(add_canned, "Everybody's", "text", "x")
    desk.do(change_canned, mine, shortcut="", own=False)
    assert names(desk, agent=eve) == ["Hers", "Mine"]


def test_changes_are_taken_back(desk: Desk) -> None:
    key = desk.do(add_canned, "One", "text")
    desk.do(change_canned, key, name="Two")
    desk.do(undo)
    assert names(desk) == ["One"]
    desk.do(remove_canned, key)
    assert names(desk) == []
    desk.do(undo)
    assert names(desk) == ["One"]
    for name, text in (("", "x"), ("x", " ")):
        with pytest.raises(UserError):
            desk.do(add_canned, name, text)


def test_facts_of_what_is_not_there_are_empty(desk: Desk) -> None:
    facts = desk.ask(facts_for, UUID(int=1), desk.me())
    assert facts["agent.name"] == "Ann"
    assert facts["customer.name"] == facts["ticket.number"] == ""
