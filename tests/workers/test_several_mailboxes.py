"""One pass over several mailboxes: a server that keeps silent holds up nobody else's mail."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.desk import Desk
from app.desk.setup import accounts
from app.kernel.maintenance.backup import last_backup
from app.passes import AT_ONCE, Pass, one_pass, reconcile
from app.people.commands import add_agent
from app.tickets.tables import Ticket
from app.workers import thread_pool
from tests.empty_desk import empty_desk
from tests.inbox.mail_desk import letter
from tests.servers.bad_imap import OK, BadImap
from tests.servers.odd_mailbox import OddMailbox
from tests.servers.ports import wait_until


def _connect(desk: Desk, address: str, port: int) -> None:
    where = accounts.Account(address, f"imap://127.0.0.1:{port}", "smtp://127.0.0.1:1", address)
    accounts.connect(desk, where, "secret", history="all")


def _subjects(db: Session) -> list[str]:
    return list(db.execute(select(Ticket.subject)).scalars())


def test_silent_servers_hold_up_no_other_mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_pool, "STILL_S", 0.3)
    answers = threading.Event()

    def listing(_command: str) -> list[bytes]:
        assert answers.wait(120)
        return [b"* BYE busy\r\n", OK]

    odd = OddMailbox({"INBOX": {1: letter("Hello", ident="1@c", subject="The other one")}})
    with (
        BadImap({"LIST": listing}) as silent,
        BadImap(odd.script()) as good,
        empty_desk(tmp_path / "desk") as desk,
    ):
        desk.sit_down(desk.work(add_agent, "Ann"))
        for number in range(AT_ONCE + 1):
            _connect(desk, f"silent{number}@desk.example", silent.port)
        _connect(desk, "good@desk.example", good.port)
        done: list[Pass] = []
        passing = threading.Thread(target=lambda: done.append(one_pass(desk)))
        passing.start()
        try:
            wait_until(lambda: desk.ask(_subjects) == ["The other one"], 60, "the good mailbox's mail")
            assert not done
        finally:
            answers.set()
            passing.join(60)
        assert (done[0].received, done[0].new_tickets, len(done[0].problems)) == (1, 1, AT_ONCE + 1)
        assert len(reconcile(desk)) == AT_ONCE + 1  # one that hangs up is told, the other is compared


def test_a_pass_that_is_stopped_waits_for_no_silent_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_pool, "STILL_S", 0.3)
    answers, stop = threading.Event(), threading.Event()

    def listing(_command: str) -> list[bytes]:
        stop.set()
        assert answers.wait(120)
        return [b"* BYE busy\r\n", OK]

    with BadImap({"LIST": listing}) as silent, empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        for number in range(2):
            _connect(desk, f"silent{number}@desk.example", silent.port)
        try:
            assert one_pass(desk, stop=stop).received == 0
            assert not answers.is_set()
        finally:
            answers.set()


def test_the_pass_that_brings_in_what_lay_in_a_mailbox_leaves_the_backup_to_the_next(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": {1: letter("Hello", ident="1@c")}})
    with BadImap(odd.script()) as server, empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        _connect(desk, "first@desk.example", server.port)
        assert one_pass(desk).received == 1
        assert last_backup(desk.workspace.backups) is None
        one_pass(desk)
        assert last_backup(desk.workspace.backups) is not None


def test_a_mailbox_that_cannot_be_reached_keeps_no_backup_from_being_made(tmp_path: Path) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        _connect(desk, "first@desk.example", 1)
        assert len(one_pass(desk).problems) == 1
        assert last_backup(desk.workspace.backups) is not None
