"""A pass that goes wrong is told, and leaves nothing standing still."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Queue
from typing import Any

from sqlalchemy import select, update

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.desk import Desk
from app.engine import Engine
from app.inbox.commands import watch_folders
from app.inbox.rules import FolderRole
from app.inbox.tables import MailFolder
from app.kernel.database.changes import Changes
from app.kernel.database.store import Tx
from app.kernel.state import signals
from app.passes import one_pass
from tests.empty_desk import empty_desk

PATIENCE_S = 60.0


def _with_broken_mailbox(folder: Path) -> Desk:
    """A desk whose mailbox has a row that no version of the program writes."""
    desk = empty_desk(folder)
    box = NewMailbox("us@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "", "ref")
    key = desk.work(add_mailbox, box)
    desk.work(watch_folders, key, [("INBOX", FolderRole.INBOX)])

    def break_it(tx: Tx) -> None:
        row = tx.scalars(select(MailFolder.id)).one()
        changed: dict[str, Any] = {"changes": [("mail_folder", row)]}
        tx.execute(update(MailFolder).values(role="of no kind"), execution_options=changed)

    desk.work(break_it)
    return desk


def test_a_mistake_with_one_mailbox_ends_no_pass(tmp_path: Path) -> None:
    with _with_broken_mailbox(tmp_path / "desk") as desk:
        done = one_pass(desk)
    assert len(done.problems) == 1
    assert done.problems[0].startswith("Something went wrong inside Deskbell (ValueError")


def test_an_engine_answers_for_every_pass_that_it_is_asked_for(tmp_path: Path) -> None:
    answers: Queue[dict[str, Any]] = Queue()

    def heard(changes: Changes) -> None:
        for word in changes.signals:
            if word.topic == "pass_done":
                answers.put(dict(word.payload))
            elif word.topic == "engine_state" and word.payload["state"] == "running":
                runs.set()

    with _with_broken_mailbox(tmp_path / "desk") as desk:
        engine, runs = Engine(desk), threading.Event()
        quit_listening = desk.listen(heard)
        thread = threading.Thread(target=engine.run)
        thread.start()
        try:
            assert runs.wait(PATIENCE_S)
            for number in ("1", "2"):
                desk.work(signals.send, "pass_wanted", {"id": number, "what": "sync", "mailbox": None})
                answer = answers.get(timeout=PATIENCE_S)
                assert (answer["id"], len(answer["problems"])) == (number, 1)
        finally:
            engine.stop()
            thread.join(PATIENCE_S)
            quit_listening()
