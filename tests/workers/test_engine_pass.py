"""A pass that goes wrong is told, and leaves nothing standing still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from sqlalchemy import select, update

from app import live_mailboxes
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.desk import Desk
from app.desk.setup import accounts
from app.engine import Engine
from app.inbox.commands import watch_folders
from app.inbox.rules import FolderRole
from app.inbox.tables import MailFolder
from app.kernel.database.changes import Changes
from app.kernel.database.transaction import Tx
from app.kernel.state import signals
from app.passes import one_pass
from app.people.commands import add_agent
from app.tickets.tables import Ticket
from tests.empty_desk import empty_desk
from tests.inbox.mail_desk import letter
from tests.servers.bad_imap import OK, BadImap
from tests.servers.dovecot import Account as MailUser
from tests.servers.dovecot import Dovecot
from tests.servers.ports import wait_until

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


class _Answers:
    """What a desk's engine answers to passes, and when it began to run."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.runs, self.got = desk, threading.Event(), Queue[dict[str, Any]]()

    def heard(self, changes: Changes) -> None:
        for word in changes.signals:
            if word.topic == "pass_done":
                self.got.put(dict(word.payload))
            elif word.topic == "engine_state" and word.payload["state"] == "running":
                self.runs.set()

    def ask(self, number: str) -> None:
        self._desk.work(signals.send, "pass_wanted", {"id": number, "what": "sync", "mailbox": None})


@contextmanager
def _running(desk: Desk) -> Iterator[_Answers]:
    engine, answers = Engine(desk), _Answers(desk)
    quit_listening = desk.listen(answers.heard)
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        assert answers.runs.wait(PATIENCE_S)
        yield answers
    finally:
        engine.stop()
        thread.join(PATIENCE_S)
        quit_listening()


def test_an_engine_answers_for_every_pass_that_it_is_asked_for(tmp_path: Path) -> None:
    with _with_broken_mailbox(tmp_path / "desk") as desk, _running(desk) as answers:
        for number in ("1", "2"):
            answers.ask(number)
            answer = answers.got.get(timeout=PATIENCE_S)
            assert (answer["id"], len(answer["problems"])) == (number, 1)


def test_a_pass_that_waits_for_one_server_keeps_the_others_live(
    tmp_path: Path, dovecot: Dovecot, account: MailUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_mailboxes, "GRACE_S", 0.1)
    let_go, asked = threading.Event(), threading.Semaphore(0)

    def listing(_command: str) -> list[bytes]:
        asked.release()
        assert let_go.wait(120)
        return [b"* BYE busy\r\n", OK]

    def comes(subject: str) -> None:
        dovecot.deliver(account, letter(subject, ident=f"{subject}@c", subject=subject))
        found = select(Ticket.subject).where(Ticket.subject == subject)
        wait_until(lambda: desk.ask(lambda db: db.scalar(found)) is not None, PATIENCE_S, subject)

    with BadImap({"LIST": listing}) as silent, empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        for address, port, password in (
            ("silent@desk.example", silent.port, "secret"),
            (account.address, dovecot.imap, account.password),
        ):
            where = accounts.Account(address, f"imap://127.0.0.1:{port}", "smtp://127.0.0.1:1")
            accounts.connect(desk, where, password)
        with _running(desk) as answers:
            comes("Before")
            assert asked.acquire(timeout=PATIENCE_S)  # by the live connection
            answers.ask("1")
            assert asked.acquire(timeout=PATIENCE_S)  # by the pass
            comes("During the pass")
            comes("While the pass waits")
            assert answers.got.empty()
            let_go.set()
            assert answers.got.get(timeout=PATIENCE_S)["id"] == "1"
