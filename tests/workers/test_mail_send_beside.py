"""Mailboxes send beside each other: a server that says nothing holds up its own mailbox alone, and no end of the engine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from app.conversations.mailboxes import NewMailbox, add_mailbox, update_mailbox
from app.outbox.commands import settle_leftovers
from app.workers import thread_pool
from app.workers.sending import senders
from app.workers.sending.senders import SendCounts, run
from tests.outbox.small_desk import ANN, Clock, SmallDesk
from tests.servers.bad_imap import SILENCE, BadImap
from tests.servers.ports import wait_until
from tests.servers.smtp import SmtpServer
from tests.workers.sending import send, sender_of

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """An end that comes at once; it has to be as orderly."""
    monkeypatch.setattr(senders, "GRACE_S", 0.0)


@pytest.fixture
def other(desk: SmallDesk) -> Iterator[tuple[SmtpServer, UUID]]:
    """A second mailbox with a server of its own."""
    with SmtpServer() as server:
        box = NewMailbox(
            "sales@lark.example.test", "imap://127.0.0.1:1", f"smtp://127.0.0.1:{server.port}", "", "other", files_sent_itself=True
        )  # fmt: skip
        yield server, desk.do(add_mailbox, box)


@contextmanager
def sending(desk: SmallDesk) -> Iterator[threading.Thread]:
    """The engine's loop on this desk."""
    wake = threading.Event()
    desk.store.watcher.listen(lambda changes: wake.set() if changes.touches("outbox") else None)
    sender = sender_of(desk)
    thread = threading.Thread(target=run, args=(sender, desk.stop, wake))
    thread.start()
    try:
        yield thread
    finally:
        desk.stop.set()
        wake.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_server_that_hangs_holds_up_no_other_mailbox_nor_the_end(
    desk: SmallDesk, smtp: SmtpServer, other: tuple[SmtpServer, UUID]
) -> None:
    good, box = other
    smtp.orders.hold = "rcpt"
    stuck = [desk.reply(str(number)) for number in range(3)]
    with sending(desk):
        assert smtp.held.wait(PATIENCE_S)
        keys = [desk.reply(str(number), mailbox=box, to=[ANN]) for number in range(3)]
        good.wait_for(3, PATIENCE_S)
        wait_until(lambda: {desk.state(key) for key in keys} == {"sent"}, PATIENCE_S, "the other mailbox's mail")
        assert [desk.state(key) for key in stuck] == ["sending", "queued", "queued"]
    assert [(desk.state(key), desk.row(key).attempts) for key in stuck] == [("queued", 0)] * 3
    smtp.orders.hold = ""
    desk.stop.clear()
    assert send(desk) == SendCounts(sent=3)
    assert len(smtp.letters) == 3


def test_any_number_of_servers_that_hang_hold_up_no_other_mailbox(
    desk: SmallDesk, smtp: SmtpServer, other: tuple[SmtpServer, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_pool, "STILL_S", 0.3)
    good, box = other
    smtp.orders.hold = "rcpt"
    stuck = [desk.reply(mailbox=key, to=[ANN]) for key in _more_mailboxes(desk, smtp.port, senders.MOST_AT_ONCE + 3)]
    with sending(desk):
        wait_until(lambda: {desk.state(key) for key in stuck} == {"sending"}, PATIENCE_S, "all of them at the server")
        key = desk.reply(mailbox=box, to=[ANN])
        wait_until(lambda: desk.state(key) == "sent", PATIENCE_S, "the other mailbox's mail")
        assert {desk.state(each) for each in stuck} == {"sending"}
    assert {desk.state(each) for each in stuck} == {"queued"}
    assert len(good.letters) == 1


@contextmanager
def a_pass(desk: SmallDesk, smtp: SmtpServer) -> Iterator[list[SendCounts]]:
    """A pass that sends, under way on a thread of its own; what it counted, once `smtp` holds nobody any more."""
    counts: list[SendCounts] = []
    passing = threading.Thread(target=lambda: counts.append(send(desk)))
    passing.start()
    try:
        yield counts
    finally:
        smtp.orders.hold = ""
        passing.join(PATIENCE_S)


def test_in_a_pass_they_hold_up_none_of_those_that_come_after_them(
    desk: SmallDesk, smtp: SmtpServer, other: tuple[SmtpServer, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_pool, "STILL_S", 0.3)
    monkeypatch.setattr(senders, "MOST_AT_ONCE", 2)
    good, box = other
    smtp.orders.hold = "rcpt"
    for each in _more_mailboxes(desk, smtp.port, 4):
        desk.reply(mailbox=each, to=[ANN])
    desk.reply(mailbox=box, to=[ANN])
    with a_pass(desk, smtp) as counts:
        good.wait_for(1, PATIENCE_S)
    assert counts == [SendCounts(sent=5)]


def _more_mailboxes(desk: SmallDesk, port: int, many: int) -> list[UUID]:
    boxes = (
        NewMailbox(f"box{n}@lark.example.test", "imap://127.0.0.1:1", f"smtp://127.0.0.1:{port}", "", f"box{n}", files_sent_itself=True)
        for n in range(many)
    )  # fmt: skip
    return [desk.do(add_mailbox, box) for box in boxes]


def test_one_pass_waits_for_all_while_what_can_go_goes_at_once(
    desk: SmallDesk, smtp: SmtpServer, other: tuple[SmtpServer, UUID]
) -> None:
    good, box = other
    smtp.orders.hold = "rcpt"
    desk.reply()
    desk.reply(mailbox=box, to=[ANN])
    with a_pass(desk, smtp) as counts:
        good.wait_for(1, PATIENCE_S)
        assert smtp.held.wait(PATIENCE_S)
        assert not counts
    assert counts == [SendCounts(sent=2)]


def test_a_copy_that_hangs_holds_up_no_mail_nor_the_end(desk: SmallDesk, smtp: SmtpServer) -> None:
    with BadImap({"LIST": [SILENCE]}) as silent:
        url = f"imap://127.0.0.1:{silent.port}"
        desk.do(update_mailbox, desk.mailbox, files_sent_itself=False, imap_url=url, user="support")
        with sending(desk):
            first = desk.reply("One")
            wait_until(lambda: any(said.startswith("LIST") for said in silent.commands), PATIENCE_S, "the copy")
            second = desk.reply("Two")
            wait_until(lambda: desk.state(second) == "sent", PATIENCE_S, "the next mail")
    assert len(smtp.letters) == 2
    assert {(desk.row(key).copy_state, desk.row(key).copy_attempts) for key in (first, second)} == {("needed", 0)}


@pytest.mark.parametrize(("answers", "state"), [(True, "sent"), (False, "uncertain")])
def test_a_mail_that_is_going_over_at_the_end_has_a_while_and_never_goes_twice(
    desk: SmallDesk, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch, answers: bool, state: str
) -> None:
    monkeypatch.setattr(senders, "GOING_OVER_S", PATIENCE_S if answers else 0.0)
    smtp.orders.hold = "data-kept"
    key = desk.reply()
    with sending(desk):
        assert smtp.held.wait(PATIENCE_S)
        desk.stop.set()
        if answers:
            smtp.orders.hold = ""
    smtp.orders.hold = ""
    desk.stop.clear()
    desk.do(settle_leftovers)
    send(desk)
    assert desk.state(key) == state
    assert len(smtp.letters) == 1


def test_a_server_that_does_not_even_greet_is_left_at_the_end_and_the_mail_is_due_again(
    tmp_path: Path, time: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{mute.getsockname()[1]}")
        key = desk.reply(to=[ANN])
        with sending(desk):
            caller, _ = mute.accept()
        assert (desk.state(key), desk.row(key).phase) == ("sending", "connect")
        desk.do(settle_leftovers)
        caller.close()
    assert desk.state(key) == "queued"
    desk.close()
