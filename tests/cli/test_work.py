"""The work on tickets by the command line: statuses, fields, checklist, time, links, followers, due dates."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """A desk with two tickets, and nobody running an engine."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        desk.work(lambda tx: [mail_in(tx, address=f"c{number}@shop.example") for number in range(2)])
    return CommandLine(tmp_path / "desk")


def test_a_ticket_is_worked_on_from_the_command_line(cli: CommandLine) -> None:
    number, other = "1", "2"
    cli("statuses", "add", "Waiting for supplier", "waiting", "--colour", "bad")
    cli("fields", "add", "Product", "tree", "--choice", "Chair / Oak", "--choice", "Lamp", "--required")
    changed = cli("set", number, "status=waiting for supplier", "due=2999-01-31", "follow+=me")
    assert (changed["status"], changed["state"]) == ("waiting", "Waiting for supplier")
    assert changed["due_at"].startswith("2999-01-31")
    refused = cli.run("set", number, "status=solved")
    assert (refused.returncode, "“Product”" in refused.stderr) == (1, True)
    cli("set", number, other, "field.product=Oak")
    assert cli("set", number, "status=solved")["status"] == "solved"
    cli("checklist", number, "add", "Call", "them")
    cli("checklist", number, "add", "Send", "one")
    assert cli("checklist", number, "tick", "1")[0]["done"] is True
    assert cli("time", number, "1:30", "on the phone")["seconds"] == 5400
    cli("link", number, "blocks", other)
    shown = cli("ticket", number)
    assert shown["fields"] == {"Product": "Chair / Oak"}
    assert [one["done"] for one in shown["checklist"]] == [True, False]
    assert (shown["seconds_spent"], len(shown["followers"])) == (5400, 1)
    assert "blocked_by" in {one["kind"] for one in cli("ticket", other)["links"]}
    assert {"status", "custom:Product", "checklist_item", "time_entry", "follower", "ticket_link"} <= {
        line["field"] for line in shown["history"]
    }
    cli("statuses", "remove", "Waiting for supplier")
    assert len(cli("statuses")) == 5
    cli("undo")
    assert len(cli("statuses")) == 6


def test_what_cannot_be_is_said(cli: CommandLine) -> None:
    for words, reason in (
        (f"set {10**30} status=open", "There is no ticket #1000"),
        ("checklist 1 tick ²", "counted from 1"),
        ("statuses add Open open", "already"),
        ("statuses add Held nowhere", "category"),
        ("statuses remove solved", "built in"),
        ("fields add Size colour", "kind"),
        ("fields add Size choice", "choose"),
        ("set 1 field.Size=3", "Size"),
        ("set 1 due=soon", "soon"),
        ("set 1 due=9999-12-31T23:59-12:00", "is not a time"),
        ("set 1 snooze=0001-01-01T00:00+14:00", "is not a time"),
        ("reply 1 --text x --send-at 9999-12-31T23:59-12:00", "is not a time"),
        ("time 1 soon", "soon"),
        ("checklist 1 tick 9", "line"),
        ("link 1 likes 2", "likes"),
    ):
        ended = cli.run(*words.split())
        assert (ended.returncode, reason in ended.stderr) == (1, True), (words, ended.stderr)
