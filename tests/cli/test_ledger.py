"""The ledger against the servers: whoever reads it must not take an old listing for a fresh one."""

from __future__ import annotations

from pathlib import Path

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.inbox.commands import watch_folders
from app.inbox.rules import FolderRole
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine


def test_a_server_that_could_not_be_asked_is_a_failure_and_the_rest_is_shown(tmp_path: Path) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        box = NewMailbox("us@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "", "none")
        desk.work(watch_folders, desk.work(add_mailbox, box), [("INBOX", FolderRole.INBOX)])
    cli = CommandLine(tmp_path / "desk")
    assert [row["folder"] for row in cli("ledger")] == ["INBOX"]
    ended = cli.run("ledger", "--reconcile")
    assert (ended.returncode, "us@desk.example" in ended.stderr) == (1, True)
    assert '"folder": "INBOX"' in ended.stdout
