"""`mailbox folders|history|large|traffic` against a real Dovecot: what a person decides about receiving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.desk import Desk
from app.kernel.state import options
from tests.inbox.mail_desk import letter
from tests.journeys.command_line import CommandLine
from tests.servers.dovecot import Account, Dovecot

pytestmark = pytest.mark.slow


@pytest.fixture
def cli(tmp_path: Path, dovecot: Dovecot, account: Account) -> CommandLine:
    """A desk with one mailbox."""
    command = CommandLine(tmp_path / "desk")
    command("init", "--name", "Maya")
    command(
        "mailbox", "add", "--address", account.user, "--imap", f"imap://127.0.0.1:{dovecot.imap}",
        "--smtp", "smtp://127.0.0.1:1", "--password-stdin", stdin=account.password + "\n",
    )  # fmt: skip
    return command


def _set(cli: CommandLine, key: str, value: object) -> None:
    desk = Desk.open(cli.folder)
    try:
        desk.work(options.put, key, value)
    finally:
        desk.close()


def test_history_is_counted_stopped_and_continued(cli: CommandLine, dovecot: Dovecot, account: Account) -> None:
    for days in (1, 30, 400):
        at = datetime.now(UTC) - timedelta(days=days)
        dovecot.deliver(account, letter(ident=f"{days}@c", date=at), at=at)
    since = (datetime.now(UTC) - timedelta(days=14)).date().isoformat()
    counted = cli("mailbox", "history", account.user, "--count", "--since", since, "--stop")
    (inbox,) = [one for one in counted["folders"] if one["role"] == "inbox"]
    assert (inbox["mails"], inbox["since"], sum(inbox["by_year"].values())) == (3, 1, 3)
    assert inbox["bytes"] > 600
    assert (counted["stopped"], counted["done"]) == (True, False)
    assert cli("sync")["received"] == 0
    assert not cli("mailbox", "history", account.user, "--continue")["stopped"]
    assert cli("sync")["received"] == 3
    after = cli("mailbox", "history", account.user)
    assert (after["mails"], after["here"], after["done"], after["folders"]) == (3, 3, True, [])
    (day,) = cli("mailbox", "traffic", account.user)
    assert day["received"] > inbox["bytes"]


def test_folders_are_shown_and_chosen(cli: CommandLine, dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, letter(ident="1@c"), "Orders")
    rows = {row["folder"]: row for row in cli("mailbox", "folders", account.user)}
    assert (rows["INBOX"]["received"], rows["Orders"]["received"], rows["Orders"]["role"]) == (True, False, "other")
    rows = {row["folder"]: row for row in cli("mailbox", "folders", account.user, "--receive", "Orders")}
    assert rows["Orders"]["received"]
    assert cli("sync")["received"] == 1
    ended = cli.run("mailbox", "folders", account.user, "--ignore", "No such folder")
    assert ended.returncode == 1
    assert "No such folder" in ended.stderr


def test_the_rest_of_a_mail_above_the_limit_is_fetched_now(
    cli: CommandLine, dovecot: Dovecot, account: Account
) -> None:
    _set(cli, "mail_size_cap_mb", 1)
    cli("sync")
    dovecot.deliver(account, letter("words\n" * 250_000, ident="1@c", subject="Long"))
    cli("sync")
    (row,) = cli("mailbox", "large", account.user)
    assert (row["subject"], row["held"], row["here"]) == ("Long", True, 262_144)
    cli("mailbox", "large", account.user, "--fetch", row["id"])
    cli("sync")
    assert cli("mailbox", "large", account.user) == []
    (ticket,) = cli("tickets")
    (message,) = cli("ticket", str(ticket["number"]))["messages"]
    assert message["text"].count("words") == 250_000
    assert cli.run("mailbox", "large", account.user, "--fetch", "x").returncode == 1
