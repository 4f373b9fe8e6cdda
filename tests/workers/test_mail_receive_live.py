"""A mailbox kept live by a real server: new mail at once, history beside it, the line cut and back, a clean stop."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.connectors.wake import Wake
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import raw_ref
from app.inbox.commands import choose_folder, hold_history
from app.inbox.queries import receive_plan
from app.inbox.receiving import large_mails
from app.kernel import clock
from app.kernel.state import options, signals
from app.workers.receiving.live import Looks, idle_span, pause_after, run_mailbox
from app.workers.server_clock import ServerClocks
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until

_PATIENCE_S = 120.0


class _Line:
    """A running mailbox. `hands`: what receiving is handed beside the usual."""

    def __init__(self, desk: MailDesk, **hands: Any) -> None:
        self.desk, self.stop, self.wake, self.looks = desk, threading.Event(), Wake(), Looks()
        given = (desk.hands(self.stop, **hands), self.wake)
        self.thread = threading.Thread(target=run_mailbox, args=given, kwargs={"looks": self.looks})

    def until(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, _PATIENCE_S, what)

    def state(self) -> str:
        word = self.desk.ask(signals.latest, "mailbox_state")
        return str(word["state"]) if word else ""

    def said_at(self) -> str:
        word = self.desk.ask(signals.latest, "mailbox_state")
        return str(word["at"]) if word else ""

    def plan_done(self) -> bool:
        plan = self.desk.ask(receive_plan, self.desk.mailbox)
        return plan is not None and plan.first_import_done


@contextlib.contextmanager
def _running(desk: MailDesk, **hands: Any) -> Iterator[_Line]:
    line = _Line(desk, **hands)
    line.thread.start()
    try:
        yield line
    finally:
        line.stop.set()
        line.wake.set()
        line.thread.join(_PATIENCE_S)
        assert not line.thread.is_alive()
        line.wake.close()


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[MailDesk]:
    with mail_desk(tmp_path / "desk", dovecot, account) as made:
        yield made


def test_new_mail_comes_by_itself_and_history_beside_it(desk: MailDesk) -> None:
    past = clock.now() - timedelta(days=3)
    desk.deliver(letter(ident="1@c", subject="before", date=past), at=past)
    with _running(desk) as line:
        line.until(line.plan_done, "history")
        line.until(lambda: line.state() == "ok", "the mailbox to be live")
        desk.deliver(letter(ident="2@c", subject="after"))
        line.until(lambda: len(desk.tickets()) == 2, "the new mail")
    assert {row.subject: row.status for row in desk.tickets()} == {"before": "new", "after": "new"}
    assert desk.ledger().unaccounted == 0


def test_mail_that_comes_tells_that_this_clock_is_not_the_servers(desk: MailDesk) -> None:
    """Whatever a mail says of itself, and whenever the server got what lay there already or is moved in."""
    servers, far = ServerClocks(), datetime(2031, 1, 1, tzinfo=UTC)
    desk.deliver(letter(ident="0@c", date=far))
    clock.set_source(lambda: datetime.now(UTC) + timedelta(hours=3), time.monotonic)
    try:
        with _running(desk, arrived=servers.arrived) as line:
            line.until(lambda: line.state() == "ok", "the mailbox to be live")
            desk.deliver(letter(ident="old@c"), at=datetime.now(UTC) - timedelta(days=2))
            for number in range(1, 4):
                assert servers.ahead() is None
                desk.deliver(letter(ident=f"{number}@c", date=far))
                line.looks.wait_for_next(line.wake, _PATIENCE_S, lambda: False)
            line.until(lambda: servers.ahead() is not None, "the clock to be noticed")
            assert abs((servers.ahead() or timedelta()) - timedelta(hours=3)) < timedelta(minutes=5)
    finally:
        clock.set_source(None)


def test_a_mail_in_sent_is_seen_when_somebody_asks(desk: MailDesk) -> None:
    desk.sync()
    desk.deliver(letter(ident="1@c"))
    with _running(desk) as line:
        line.until(lambda: len(desk.tickets()) == 1, "the mail")
        line.until(lambda: line.state() == "ok", "the mailbox to be live")
        before = line.said_at()
        ours = letter(ident="2@d", answers="1@c", sender=desk.account.user, to="ann@customer.example")
        desk.deliver(ours, "Sent")

        def answered() -> bool:
            line.wake.set()
            return desk.tickets()[0].status == "waiting"

        line.until(answered, "the reply from another program")
        line.until(lambda: line.said_at() > before, "the moment of the look to be told")


def test_who_waits_for_a_look_knows_afterwards_what_the_server_had(desk: MailDesk) -> None:
    desk.sync()
    with _running(desk) as line:
        for number in range(1, 4):
            desk.deliver(letter(ident=f"{number}@c"))
            line.looks.wait_for_next(line.wake, _PATIENCE_S, lambda: False)
            assert len(desk.tickets()) == number
    desk.do(update_mailbox, desk.mailbox, imap_url="imap://127.0.0.1:1")
    with _running(desk) as line:
        began = time.monotonic()
        line.looks.wait_for_next(line.wake, _PATIENCE_S, lambda: False)
        assert time.monotonic() - began < _PATIENCE_S  # a server that cannot be asked is waited for no longer


def test_a_folder_that_is_renamed_while_the_mailbox_is_live_goes_on_and_troubles_nobody(desk: MailDesk) -> None:
    desk.deliver(letter(ident="1@c", subject="before"), "Orders")
    desk.sync()
    desk.do(choose_folder, desk.mailbox, "Orders", receive=True)
    with _running(desk) as line:
        line.until(lambda: len(desk.tickets()) == 1 and line.state() == "ok", "the mailbox to be live")
        with desk.server.client(desk.account) as client:
            client.rename("Orders", "Sales")
        desk.deliver(letter(ident="2@c", subject="after"), "Sales")

        def is_well() -> bool:
            line.wake.set()
            word = desk.ask(signals.latest, "mailbox_state") or {}
            return len(desk.tickets()) == 2 and (word["state"], word["words"]) == ("ok", "")

        line.until(is_well, "the mail of the renamed folder, and that all is well")
    assert (desk.ledger("Sales").by_outcome, desk.ledger("Sales").gone) == ({"message": 2}, 0)


@pytest.mark.slow
def test_a_cut_line_comes_back(tmp_path: Path) -> None:
    # Not in tmp_path: whoever else starts pytest closes its folders to other users, and Dovecot is one.
    with tempfile.TemporaryDirectory(prefix="deskbell-dovecot-") as folder, Dovecot(Path(folder)) as server:
        account = server.new_user()
        with mail_desk(tmp_path / "desk", server, account) as desk, _running(desk) as line:
            line.until(lambda: line.state() == "ok", "the mailbox to be live")
            server.stop()
            line.until(lambda: line.state() == "offline", "the loss to be told")
            server.start()
            desk.deliver(letter(ident="1@c"))
            line.wake.set()
            line.until(lambda: len(desk.tickets()) == 1, "the mail")


def test_a_changed_password_is_told_and_a_new_sign_in_goes_on(desk: MailDesk) -> None:
    old = desk.account.password
    desk.server.change_password(desk.account)
    now, desk.account.password = desk.account.password, old
    with _running(desk) as line:
        line.until(lambda: line.state() == "attention", "the trouble to be told")
        desk.account.password = now
        line.wake.set()
        line.until(lambda: line.state() == "ok", "the mailbox to be live again")
    plan = desk.ask(receive_plan, desk.mailbox)
    assert plan is not None
    assert plan.paused_reason == ""


def test_a_large_mail_does_not_hold_up_new_mail(desk: MailDesk) -> None:
    desk.do(options.put, "low_bandwidth", True)
    desk.sync()
    big = letter("x\n" * 200_000, ident="1@c", subject="big")
    with _running(desk) as line:
        line.until(lambda: line.state() == "ok", "the mailbox to be live")
        desk.deliver(big)
        desk.deliver(letter(ident="2@c", subject="small"))
        line.until(lambda: len(desk.tickets()) == 2, "both to be shown")
        line.until(lambda: desk.ask(large_mails, desk.mailbox) == (), "the rest of the large one")
    ref = desk.ask(raw_ref, next(one.id for one in desk.messages() if one.subject == "big"))
    assert ref is not None
    assert desk.packs.read(ref) == big


def test_history_that_was_stopped_goes_on_when_somebody_says_so(desk: MailDesk) -> None:
    desk.do(hold_history, desk.mailbox, held=True)
    past = clock.now() - timedelta(days=3)
    desk.deliver(letter(ident="1@c", subject="before", date=past), at=past)
    with _running(desk) as line:
        line.until(lambda: line.state() == "ok", "the mailbox to be live")
        desk.deliver(letter(ident="2@c", subject="after"))
        line.until(lambda: len(desk.tickets()) == 1, "the new mail")
        assert not line.plan_done()
        desk.do(hold_history, desk.mailbox, held=False)
        line.wake.set()
        line.until(line.plan_done, "history")
    assert {row.subject: row.status for row in desk.tickets()} == {"before": "new", "after": "new"}


def test_history_that_is_held_is_no_failure_of_the_server(desk: MailDesk) -> None:
    past = clock.now() - timedelta(days=3)
    desk.deliver(letter(ident="1@c", subject="before", date=past), at=past)
    desk.do(hold_history, desk.mailbox, held=True)
    for number in range(2, 7):
        desk.sync()
        desk.deliver(letter(ident=f"{number}@c"))
    desk.sync()
    assert desk.outcomes() == {"message": 5}
    desk.do(hold_history, desk.mailbox, held=False)
    desk.sync()
    assert desk.outcomes() == {"message": 6}


def test_idle_is_renewed_within_nine_minutes_and_pauses_are_spread() -> None:
    assert 30 <= idle_span(3, is_slow=False) <= 60
    for folders, is_slow in ((1, False), (3, True)):
        spans = {idle_span(folders, is_slow=is_slow) for _ in range(50)}
        assert len(spans) > 10
        assert 300 <= min(spans) <= max(spans) <= 540
    assert pause_after(0) == 0
    for failures in range(1, 9):
        pauses = {pause_after(failures) for _ in range(50)}
        assert len(pauses) > 10
        assert max(pauses) <= 360
    assert pause_after(1) < pause_after(2) < pause_after(3) < pause_after(4)
