"""`set` on one ticket, on several by number, and on all that a query finds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from app.tickets.rules import UNTIL_REPLY
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine

MANY = 60


def _mails(tx: Tx, count: int) -> None:
    for number in range(count):
        mail_in(tx, address=f"c{number}@shop.example", subject="Lamp" if number % 2 else "Chair")


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """A desk with many tickets, and nobody running an engine."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        desk.work(_mails, MANY)
    return CommandLine(tmp_path / "desk")


def _found(cli: CommandLine, query: str) -> list[Any]:
    return list(cli("tickets", query, "--limit", "200"))


def test_one_ticket_is_printed_as_it_is_then(cli: CommandLine) -> None:
    row = cli("set", "3", "priority=high", "tag+=Billing", "assignee=me")
    assert (row["number"], row["priority"], row["tags"], row["assignee"]) == (3, "high", ["Billing"], "Maya Lind")
    assert cli("undo")["undone"] == 3


def test_several_by_number_are_one_action(cli: CommandLine) -> None:
    done = cli("set", "1", "#2", "3", "status=solved")
    assert (done["tickets"], done["changed"], done["left"]) == (3, 3, [])
    assert len(_found(cli, "is:solved")) == 3
    cli("undo")
    assert not _found(cli, "is:solved")


def test_all_that_a_query_finds_by_a_job_with_one_undo(cli: CommandLine) -> None:
    done = cli("set", "is:new", "-lamp", "priority=low")
    assert (done["tickets"], done["changed"]) == (MANY // 2, MANY // 2)
    assert {row["subject"] for row in _found(cli, "priority:low")} == {"Chair"}
    cli("undo")
    assert not _found(cli, "priority:low")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("1", "colour=red"), "colour"),
        (("1", "status=gone"), "gone"),
        (("1", "assignee=Zoe"), "Zoe"),
        (("is:new", "snooze=yesterday"), "yesterday"),
        (("status=solved",), "which tickets"),
        (("999", "status=solved"), "#999"),
        (("is:nonsense", "status=solved"), "nonsense"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    cli: CommandLine, words: tuple[str, ...], reason: str
) -> None:
    ended = cli.run("set", *words)
    assert (ended.returncode, reason in ended.stderr) == (1, True), ended.stderr
    assert len(_found(cli, "is:new priority:normal")) == MANY


def test_snoozed_until_a_reply_after_days_without_one_and_what_a_reply_does(cli: CommandLine) -> None:
    assert cli("set", "1", "snooze=reply")["snooze_until"] == UNTIL_REPLY.isoformat()
    assert cli("set", "2", "snooze=3d+thanks")["snooze_until"] > cli("ticket", "2")["created_at"]
    assert cli("set", "3", "snooze=2999-01-01T09:00+02:00+sleep")["snooze_until"] == "2999-01-01T07:00:00+00:00"
    ended = cli.run("set", "4", "snooze=reply+sleep")
    assert (ended.returncode, "bring this ticket back" in ended.stderr) == (1, True)
    with closing(sqlite3.connect(cli.folder / "deskbell.sqlite")) as db:
        kept = db.execute("SELECT snooze_days, snooze_reply FROM ticket WHERE number <= 3 ORDER BY number").fetchall()
    assert kept == [(None, "wake"), (3, "thanks"), (None, "sleep")]


def test_a_ticket_that_refuses_says_why(cli: CommandLine) -> None:
    cli("set", "5", "status=solved")
    ended = cli.run("set", "5", "snooze=2999-01-01")
    assert (ended.returncode, "#5 is solved" in ended.stderr) == (1, True)
    done = cli("set", "4", "5", "snooze=2999-01-01")
    assert (done["changed"], [(one["cause"], one["tickets"]) for one in done["left"]]) == (1, [("refused", [5])])
