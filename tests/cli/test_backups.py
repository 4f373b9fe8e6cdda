"""`backup`, `restore`, `backups`, `check`, `salvage` as another program uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.queries import mailboxes
from app.desk import Desk
from app.kernel import secrets
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine

WORDS = "four plain words here\n"


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """A desk with two tickets, and nobody running an engine."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        desk.work(lambda tx: [mail_in(tx, address=f"c{number}@shop.example") for number in range(2)])
    return CommandLine(tmp_path / "desk")


def test_a_desk_is_carried_to_another_folder_under_a_passphrase(cli: CommandLine, tmp_path: Path) -> None:
    file = str(tmp_path / "x.deskbell")
    made = cli("backup", file, "--passphrase-stdin", stdin=WORDS)
    assert (made["tickets"], made["messages"]) == (2, 2)
    assert made["bytes"] == Path(file).stat().st_size
    other = CommandLine(tmp_path / "other")
    assert "passphrase" in other.run("restore", file).stderr
    assert "not the passphrase" in other.run("restore", file, "--passphrase-stdin", stdin="three plain words\n").stderr
    seen = other("restore", file, "--look", "--passphrase-stdin", stdin=WORDS)
    assert (seen["sealed"], seen["tickets"], seen["same_desk"]) == (True, 2, False)
    assert not (tmp_path / "other" / "deskbell.sqlite").exists()
    back = other("restore", file, "--passphrase-stdin", stdin=WORDS)
    assert (back["set_aside"], back["held"], back["damaged"]) == (None, 0, 0)
    assert len(other("tickets", "is:open")) == 2
    assert other("check") == {"ok": True, "problems": []}


def test_nothing_is_overwritten_without_being_asked_to(cli: CommandLine, tmp_path: Path) -> None:
    file = str(tmp_path / "x.deskbell")
    cli("backup", file)
    again = cli.run("backup", file)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    refused = cli.run("restore", file)
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    cli("note", "1", "--text", "only in the newer one")
    aside = cli("restore", file, "--replace")["set_aside"]
    assert len(cli("ticket", "1")["messages"]) == 1
    assert len(CommandLine(Path(aside))("ticket", "1")["messages"]) == 2


def test_a_mailbox_gets_its_password_again(cli: CommandLine, tmp_path: Path) -> None:
    with Desk.open(cli.folder) as desk:
        box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "one")
        desk.work(add_mailbox, box)
    secrets.store_secret("one", "geheim")
    cli("backup", str(tmp_path / "x.deskbell"))
    other = CommandLine(tmp_path / "other")
    assert other("restore", str(tmp_path / "x.deskbell"))["waiting_for_password"] == ["help@desk.example"]
    assert other("mailbox", "password", "help@desk.example", stdin="neu\n")["state"] == "ok"
    with Desk.open(other.folder) as desk:
        (info,) = desk.ask(mailboxes)
    assert secrets.load_secret(info.secret_ref) == "neu"
    assert secrets.load_secret("one") == "geheim"


def test_scheduled_backups_are_listed_and_can_be_restored(cli: CommandLine) -> None:
    assert cli("backups") == []
    cli("backup")
    (one,) = cli("backups")
    assert (one["kind"], one["tickets"]) == ("daily", 2)
    cli("note", "1", "--text", "too much")
    cli("restore", "--replace", one["file"])
    assert len(cli("ticket", "1")["messages"]) == 1


def test_a_damaged_desk_is_told_with_the_way_back_and_salvaged(cli: CommandLine, tmp_path: Path) -> None:
    cli("backup")
    database = cli.folder / "deskbell.sqlite"
    with database.open("rb+") as file:
        file.write(b"?" * 4096)
    found = cli.run("check")
    assert found.returncode == 1
    assert "The last good backup is of" in found.stdout
    assert "salvage" in found.stdout
    assert cli.run("backup").returncode == 1
    assert len(list((cli.folder / "backups").glob("*.sqlite"))) == 1
    told = cli("salvage", str(tmp_path / "new"))
    assert told["from_backup"]["ticket"] == 2
    assert len(CommandLine(tmp_path / "new")("tickets", "is:open")) == 2
