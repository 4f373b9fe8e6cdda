"""Merging, taking apart, splitting, undo and redo as another program uses them: by the command line, on one desk."""

from __future__ import annotations

from pathlib import Path

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine


def _desk(folder: Path) -> None:
    with empty_desk(folder) as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "ref")
        mailbox = desk.work(add_mailbox, box)

        def ingest(tx: Tx) -> None:
            ticket, _ = mail_in(tx, mailbox=mailbox, subject="Lamp", words="Where is my lamp?")
            mail_in(tx, ticket, mailbox=mailbox, subject="Chair", words="And my chair?")
            mail_in(tx, ticket, mailbox=mailbox, subject="Re: Chair", words="It is blue.")
            mail_in(tx, mailbox=mailbox, subject="Table", words="Where is my table?")

        desk.work(ingest)


def test_merge_unmerge_split_undo_redo(tmp_path: Path) -> None:
    _desk(tmp_path / "desk")
    cli = CommandLine(tmp_path / "desk")

    def texts(number: int) -> list[str]:
        return [one["text"] for one in cli("ticket", str(number))["messages"]]

    cli("set", "2", "tag+=wood")
    cli("merge", "2", "INTO", "1")
    assert cli("ticket", "2")["number"] == 1
    assert "#2 and #1 are one ticket already" in cli.run("merge", "2", "INTO", "1").stderr
    assert "with itself" in cli.run("merge", "2", "INTO", "2").stderr
    assert len(texts(1)) == 4
    assert cli("ticket", "1")["tags"] == ["wood"]
    cli("unmerge", "2")
    assert (texts(2), cli("ticket", "1")["tags"], len(texts(1))) == (["Where is my table?"], [], 3)
    cli("undo")
    assert len(texts(1)) == 4
    cli("redo")
    assert len(texts(1)) == 3
    chair = cli("ticket", "1")["messages"][1]["id"]
    made = cli("split", "1", chair, "--following", "--subject", "The chair")
    assert texts(made["ticket"]) == ["And my chair?", "It is blue."]
    assert cli("ticket", str(made["ticket"]))["subject"] == "The chair"
    assert [link["number"] for link in cli("ticket", "1")["links"]] == [made["ticket"]]
    cli("undo")
    assert len(texts(1)) == 3
    assert cli("ticket", "1")["links"] == []
    history = [(line["kind"], line["field"]) for line in cli("ticket", "2")["history"]]
    assert history.count(("merged", "merged_into")) == 4  # merged, taken apart, undone, done again
