"""A clock that is set, back or forward, while mail waits: waits last as long as they should, appointments stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.faults import mail_error
from app.connectors.email.words import Fault
from app.connectors.wake import AwakeClock
from app.conversations.mailboxes import update_mailbox
from app.desk import Desk
from app.inbox.receiving import lost_mails
from app.inbox.tables import MailFolder, MailItem
from app.kernel import clock, ids
from app.kernel.database import change_times
from app.kernel.errors import Reason
from app.kernel.state import signals
from app.outbox import commands, rules
from app.outbox.waits import overlong_waits, shorten_waits
from app.people.commands import add_agent
from app.tickets.commands import delete_ticket
from app.workers.clock_watch import ClockWatch
from app.workers.sending.senders import SendCounts, Sender
from app.workers.server_clock import ServerClocks
from app.workers.timers import TimerCounts, timers_pass
from tests.empty_desk import empty_desk
from tests.outbox.small_desk import Clock, SmallDesk
from tests.servers.smtp import SmtpServer
from tests.workers.sending import sender_of


@pytest.mark.parametrize("hours", [-30, -1, 0, 1, 30])
def test_a_mailbox_is_quiet_for_seconds_whatever_the_clock_is_set_to(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, hours: int
) -> None:
    sender, key = sender_of(desk), desk.reply()
    smtp.stop()
    assert sender.send_due() == SendCounts(waiting=1)
    smtp.start()
    time.set(hours=hours)
    assert sender.send_due() == SendCounts()  # forward: it is as quiet as before
    for _ in range(2):
        assert 0 < sender.pause_s() <= 60
        time.forward(seconds=sender.pause_s())
        sender.send_due()
    assert desk.state(key) == "sent"


def test_undo_send_and_back_off_do_not_last_longer_when_the_clock_is_set_back(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    sender = sender_of(desk)
    tried = desk.reply("Tried once")
    smtp.orders.refuse_data = "451 4.3.0 try again later"
    assert sender.send_due() == SendCounts(retry=1)
    smtp.orders.refuse_data = ""
    called = desk.reply("Can be called back", not_before=clock.now() + timedelta(seconds=20))
    time.set(days=-1)
    assert sender.send_due() == SendCounts()
    time.forward(seconds=66)
    assert sender.send_due() == SendCounts(sent=2)
    assert {desk.state(tried), desk.state(called)} == {"sent"}


def test_waits_as_they_should_be_are_left_alone(desk: SmallDesk, time: Clock) -> None:
    desk.reply(not_before=clock.now() + timedelta(seconds=60))
    desk.reply(send_at=clock.now() + timedelta(days=9))
    assert (desk.ask(overlong_waits, clock.now()), desk.do(shorten_waits)) == ((), 0)


def test_the_next_try_at_a_copy_does_not_wait_longer_either(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    desk.do(update_mailbox, desk.mailbox, files_sent_itself=False)
    sender, key = sender_of(desk), desk.reply()
    assert sender.send_due() == SendCounts(sent=1)  # nothing listens at the IMAP address
    time.set(days=-400)
    sender.send_due()
    time.forward(minutes=2)
    sender.send_due()
    assert desk.row(key).copy_attempts == 2


@pytest.mark.parametrize(("corrected", "sent"), [(True, 0), (False, 1)])
def test_a_clock_set_forward_does_not_send_at_once_what_is_for_later(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, corrected: bool, sent: int
) -> None:
    sender, tomorrow = sender_of(desk), clock.now() + timedelta(days=1)
    key, now = desk.reply("Good morning", send_at=tomorrow), desk.reply("At once")
    time.set(days=365)
    assert sender.send_due() == SendCounts(sent=1)  # what is for now goes out all the same
    assert (desk.state(now), desk.state(key)) == ("sent", "queued")
    assert sender.pause_s() == 60  # no turning in circles meanwhile
    time.forward(minutes=5)
    if corrected:
        time.set(days=-365)
    time.forward(minutes=6)
    assert sender.send_due() == SendCounts(sent=sent)


@pytest.mark.parametrize(("corrected", "sent"), [(True, 0), (False, 1)])
def test_a_start_a_year_ahead_does_nothing_for_an_hour_that_cannot_be_taken_back(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, corrected: bool, sent: int
) -> None:
    key = desk.reply("Good morning", send_at=clock.now() + timedelta(days=30))
    desk.do(delete_ticket, desk.add_ticket("In the Bin"))
    time.set(days=365)
    desk.reply("Written just now, in the window", mailbox=desk.mailbox)
    watch = ClockWatch(desk.do, desk.ask)  # an engine starts
    sender = Sender(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop, watch.doubt)
    assert (watch.look(), last_word(desk)) == ("ahead", "ahead")
    assert sender.send_due() == SendCounts(sent=1)
    assert timers_pass(desk.do, desk.ask, doubt=watch.doubt) == TimerCounts()
    server = MailServer(ServerUrl.parse("imaps://mail.example.test"), "", Secret(""))
    assert mail_error(Fault.CERT_EXPIRED, server).reason is Reason.OFFLINE  # that pauses no mailbox
    time.forward(minutes=50)
    assert sender.send_due() == SendCounts()
    if corrected:
        time.set(days=-365)
    time.forward(minutes=11)
    assert sender.send_due() == SendCounts(sent=sent)
    assert (watch.look(), last_word(desk), desk.state(key)) == ("", "", "sent" if sent else "queued")
    assert timers_pass(desk.do, desk.ask, doubt=watch.doubt).tickets_erased == sent
    assert mail_error(Fault.CERT_EXPIRED, server).reason is Reason.TLS


def test_a_start_after_a_holiday_is_no_doubt(desk: SmallDesk, time: Clock) -> None:
    desk.reply(send_at=clock.now() + timedelta(days=3))
    time.forward(days=13)
    watch = ClockWatch(desk.do, desk.ask)
    assert (watch.look(), last_word(desk)) == ("", None)
    assert Sender(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop, watch.doubt).send_due() == SendCounts(sent=1)


def test_a_start_in_1970_goes_on_from_the_last_time_that_the_desk_has_seen(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    was, chosen = clock.now(), desk.reply("Good morning", send_at=clock.now() + timedelta(days=1))
    right, time.at = time.at + timedelta(days=3), datetime(1970, 1, 1, tzinfo=UTC)
    newest = desk.ask(change_times.newest)
    clock.go_on_from(newest)
    watch = ClockWatch(desk.do, desk.ask)
    sender = Sender(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop, watch.doubt)
    time.forward(minutes=5)
    assert (watch.look(), clock.now()) == ("impossible", newest + timedelta(minutes=5))
    assert newest >= was
    desk.reply("At once")
    assert sender.send_due() == SendCounts(sent=1)
    assert "Mon, 02 Mar 2026 09:05:00" in smtp.letters[0].message["Date"]
    time.at = right  # the time server has come
    assert sender.send_due() == SendCounts()
    assert watch.look() == "ahead"
    time.forward(minutes=11)
    assert sender.send_due() == SendCounts(sent=1)
    assert (watch.look(), desk.state(chosen)) == ("", "sent")


def test_a_desk_opened_in_1970_has_the_time_of_its_last_change(tmp_path: Path, time: Clock) -> None:
    with empty_desk(tmp_path / "desk") as opened:
        opened.work(add_agent, "Ann")
    was, time.at = time.at, datetime(1970, 1, 1, tzinfo=UTC)
    with Desk.open(tmp_path / "desk"):
        assert clock.now() == was


def test_a_time_that_somebody_orders_is_never_doubted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with empty_desk(tmp_path / "desk") as opened:
        opened.work(add_agent, "Ann")
    for ordered in ("1999-05-01T10:00:00+00:00", "2099-05-01T10:00:00+00:00"):
        monkeypatch.setenv("DESKBELL_NOW", ordered)
        with Desk.open(tmp_path / "desk") as desk:
            assert clock.now() == datetime.fromisoformat(ordered)
            assert (ClockWatch(desk.work, desk.ask).doubt.doubts, clock.in_doubt()) == (False, False)


def test_a_clock_behind_what_the_desk_has_seen_is_said_for_a_while(desk: SmallDesk, time: Clock) -> None:
    time.set(days=-40)
    watch = ClockWatch(desk.do, desk.ask)
    assert (watch.look(), watch.doubt.doubts) == ("behind", False)
    time.forward(minutes=61)
    assert (watch.look(), last_word(desk)) == ("", "")


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_differs_from_the_mail_servers_is_said_until_it_is_set_right(
    desk: SmallDesk, time: Clock, hours: int
) -> None:
    time.set(hours=hours)
    watch = ClockWatch(desk.do, desk.ask)  # an engine starts: nothing is unusual about that, or it is behind
    before = watch.look()
    for _ in range(3):
        assert watch.look() == before != "differs"
        time.forward(minutes=20)
        watch.servers.arrived(desk.mailbox, time.at - timedelta(hours=hours, seconds=20), 55)
    assert (watch.look(), last_word(desk)) == ("differs", "differs")
    assert abs(int(desk.ask(signals.after, "clock", 0)[-1][1]["seconds"]) - hours * 3600) < 60
    assert watch.doubt.believed() == time.at  # said, and nothing else
    time.set(hours=-hours)
    assert watch.servers.ahead() is None
    assert watch.look() != "differs"


def test_what_does_not_prove_that_the_clock_is_wrong_is_not_said(desk: SmallDesk, time: Clock) -> None:
    servers, other = ServerClocks(), ids.new_id()
    for hours_old in (400, 90, 31, 7):  # mails that somebody moves into INBOX
        time.forward(minutes=1)
        servers.arrived(desk.mailbox, time.at - timedelta(hours=hours_old), 55)
    assert servers.ahead() is None
    for _ in range(3):
        time.forward(minutes=1)
        servers.arrived(desk.mailbox, time.at - timedelta(hours=3), 4000)  # nobody looked for an hour
    assert servers.ahead() is None
    for _ in range(3):
        time.forward(minutes=1)
        servers.arrived(desk.mailbox, time.at - timedelta(hours=3), 55)
    assert servers.ahead() == timedelta(hours=3)
    servers.arrived(other, time.at - timedelta(seconds=30), 55)  # another server has our time: that one is wrong
    assert servers.ahead() is None


def last_word(desk: SmallDesk) -> str | None:
    said = desk.ask(signals.after, "clock", 0)
    return str(said[-1][1]["kind"]) if said else None


def test_a_night_asleep_is_no_doubt_and_the_morning_mail_goes_out(desk: SmallDesk, time: Clock) -> None:
    sender, key = sender_of(desk), desk.reply(send_at=clock.now() + timedelta(hours=8))
    assert sender.send_due() == SendCounts()
    time.forward(hours=10)
    assert sender.send_due() == SendCounts(sent=1)
    assert desk.state(key) == "sent"


def test_doubt_begins_anew_with_each_jump_and_ends_by_itself(time: Clock) -> None:
    doubt, was = clock.Doubt(), clock.now()
    time.set(seconds=90)
    assert not doubt.doubts  # a time server corrects such steps
    time.set(hours=2)
    assert (doubt.doubts, doubt.believed()) == (True, was + timedelta(seconds=90))
    time.forward(minutes=9)
    time.set(hours=2)
    assert doubt.doubts
    time.forward(minutes=9)
    assert doubt.believed() == was + timedelta(seconds=90, minutes=18)
    time.forward(minutes=2)
    assert (doubt.doubts, doubt.believed()) == (False, clock.now())
    time.set(hours=-9)
    assert (doubt.doubts, doubt.believed()) == (False, clock.now())


def test_nothing_happens_by_the_clock_alone_while_it_is_in_doubt(desk: SmallDesk, time: Clock) -> None:
    doubt = clock.Doubt()
    desk.do(delete_ticket, desk.ticket)
    time.set(days=90)
    assert timers_pass(desk.do, desk.ask, doubt=doubt) == TimerCounts()
    time.forward(minutes=11)
    assert timers_pass(desk.do, desk.ask, doubt=doubt).tickets_erased == 1


def test_tries_end_neither_early_nor_never_when_the_clock_is_set(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    sender, key = sender_of(desk), desk.reply()
    smtp.orders.refuse_data = "451 4.3.0 try again later"
    assert sender.send_due() == SendCounts(retry=1)
    time.set(days=3)  # a dead battery, and the time server has come
    assert sender.send_due() == SendCounts(retry=1)
    assert not rules.gives_up(clock.now() - timedelta(days=9), clock.now(), rules.TRIES_AT_LEAST - 1)
    assert rules.gives_up(clock.now() + timedelta(days=900), clock.now(), rules.TRIES_AT_MOST)
    desk.do(commands.cancel, key)


def test_a_mail_that_the_server_failed_to_give_is_asked_for_again_after_the_clock_was_set_back(
    desk: SmallDesk, time: Clock
) -> None:
    item = desk.do(_lost_line, desk.mailbox)
    assert desk.ask(lost_mails, desk.mailbox, clock.now()) == ()
    time.set(days=-30)
    assert desk.ask(lost_mails, desk.mailbox, clock.now()) == (item,)


def _lost_line(tx: Any, mailbox: UUID) -> UUID:
    folder, item = ids.new_id(), ids.new_id()
    tx.add(MailFolder(id=folder, mailbox=mailbox, name="INBOX", role="inbox"))
    tx.flush()
    tx.add(
        MailItem(
            id=item,
            mailbox=mailbox,
            folder=folder,
            uidvalidity=1,
            uid=1,
            outcome="quarantined",
            attempts=1,
            size=0,
            received_at=clock.now(),
            header_hash=b"",
        )
    )
    return item


def test_a_sleep_is_noticed_though_the_clock_was_set_back_meanwhile(time: Clock) -> None:
    wall = chain([1000.0, 1000.0], repeat(400.0))
    awake = AwakeClock(lambda: next(wall))
    awake.begin()
    time.passed_s += 3600
    assert awake.slept(15)
