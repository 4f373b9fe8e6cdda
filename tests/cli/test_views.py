"""`views`, and queries on the command line: what is found, what is wrong and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.cli.options import ORDERS, SCOPES
from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from app.search.queries import Order, Scope
from app.tickets import commands
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine


def _fill(tx: Tx) -> None:
    tickets = [
        mail_in(tx, address=f"c{number % 2}@shop.example", subject="Lamp" if number % 2 else "Chair")[0]
        for number in range(6)
    ]
    commands.add_tag(tx, tickets[:3], "refund")
    commands.set_status(tx, tickets[5], "solved")


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """A desk with six tickets."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        desk.do(_fill)
    return CommandLine(tmp_path / "desk")


def _by_name(cli: CommandLine) -> dict[str, Any]:
    return {row["name"]: row for row in cli("views")}


def test_a_view_is_made_changed_removed_and_brought_back(cli: CommandLine) -> None:
    assert (_by_name(cli)["To do"]["tickets"], _by_name(cli)["To do"]["unread"]) == (5, 5)
    made = cli("views", "add", "No refund", "is:open", "-tag:refund", "--group", "status", "--shared")
    assert (made["query"], made["group"], made["shared"]) == ("is:open -tag:refund", "status", True)
    assert _by_name(cli)["No refund"]["tickets"] == 2
    assert {row["number"] for row in cli("views", "show", "no refund")} == {4, 5}
    changed = cli("views", "set", "No refund", "query=tag:refund OR is:solved", "name=Money")
    assert changed["query"] == "tag:refund OR is:solved"
    assert len(cli("views", "show", "Money", "--limit", "3")) == 3
    cli("views", "remove", "Money")
    assert "Money" not in _by_name(cli)
    cli("undo")
    assert _by_name(cli)["Money"]["tickets"] == 4
    cli("views", "remove", "bin")
    assert "Bin" not in _by_name(cli)
    cli("views", "restore", "bin")
    assert "Bin" in _by_name(cli)


def test_views_are_put_into_an_order(cli: CommandLine) -> None:
    cli("views", "add", "Chairs", "chair")
    assert cli("views", "order", "chairs", "mine")["views"][:3] == ["Chairs", "Mine", "To do"]
    assert list(_by_name(cli))[:3] == ["Chairs", "Mine", "To do"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tickets", "is:open", "statsu:new"), "Did you mean “status”? In quotation marks it is a word. (character 9: “statsu”)"),
        (("tickets", "(is:open"), "(character 1: “(”)"),
        (("tickets", "is:open", "assignee:zork"), "Nobody here is called “zork”. (character 9: “assignee:zork”)"),
        (("tickets", "field.colour:red"), "no field “colour”"),
        (("views", "add", "A", "due<soon"), "not a span or a date"),
        (("views", "add", "", "is:open"), "needs a name"),
        (("views", "show", "Nothing"), "There is no view “Nothing”"),
        (("views", "set", "mine", "name=Yours"), "A built-in view keeps its name"),
        (("views", "set", "mine", "size=3"), "is not FIELD=VALUE"),
        (("set", "assignee:", "status=solved"), "needs a value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(cli: CommandLine, words: tuple[str, ...], said: str) -> None:
    ended = cli.run(*words)
    assert (ended.returncode, ended.stderr.count("\n"), ended.stdout) == (1, 1, "")
    assert said in ended.stderr


def test_a_query_has_all_of_the_language(cli: CommandLine) -> None:
    for query, numbers in (
        ("(lamp OR is:solved) -#6", {2, 4}),
        ("is:open -tag:refund", {4, 5}),
        ("messages>=1 created<1d from:c1@shop.example", {2, 4, 6}),
        ('"chair" NOT tag:refund', {5}),
        ("#2 OR #3", {2, 3}),
        ("", {1, 2, 3, 4, 5, 6}),
    ):
        assert {row["number"] for row in cli("tickets", query)} == numbers, query


def test_a_search_says_where_words_are_looked_for_and_which_comes_first(cli: CommandLine) -> None:
    cli("note", "2", "--text", "The lamp of c0 is a chair, too.")
    cli("note", "1", "--text", "Ask the workshop.")
    assert {hit["ticket"] for hit in cli("search", "chair")} == {1, 2, 3, 5}
    assert [hit["ticket"] for hit in cli("search", "chair", "--scope", "notes")] == [2]
    assert {hit["ticket"] for hit in cli("search", "--scope=subject", "chair")} == {1, 3, 5}
    assert cli("search", "chair", "--order", "newest")[0]["ticket"] == 2
    assert cli("search", "chair", "--order", "best")[0]["ticket"] != 2
    assert cli.run("search", "chair", "--scope", "moon").returncode == 2
    assert tuple(Scope) == SCOPES
    assert tuple(Order) == ORDERS
