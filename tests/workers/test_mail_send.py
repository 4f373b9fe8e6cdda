"""Sending through a real SMTP server that behaves, and one that does not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.conversations.commands import add_blob
from app.conversations.mailboxes import resume_mailbox, update_mailbox
from app.conversations.queries import mailbox, raw_ref
from app.kernel import clock
from app.kernel.errors import UserError
from app.outbox import commands, queries
from app.workers.sending.senders import SendCounts, Sender, run
from tests.outbox.small_desk import ANN, US, Clock, SmallDesk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer
from tests.workers.sending import send, sender_of, told

BOB = "bob@example.test"


def test_a_reply_with_a_file_arrives_threaded_and_its_bytes_are_kept(desk: SmallDesk, smtp: SmtpServer) -> None:
    ref = desk.packs.append(b"\x89PNG")
    desk.packs.flush()
    key = desk.reply(
        "Sorry, a new one is on its way.", files=[("mug.png", "image/png", desk.do(add_blob, ref))], cc=[BOB], to=[ANN]
    )
    assert send(desk) == SendCounts(sent=1)
    letter = smtp.wait_for(1)[0]
    assert (letter.sender, letter.recipients) == (US, (ANN, BOB))
    assert letter.message["In-Reply-To"].endswith("@customer.example.test>")
    assert letter.message["X-Deskbell-Id"] == key.hex
    assert [part.get_filename() for part in letter.message.walk()][-1] == "mug.png"
    row = desk.row(key)
    assert (row.state, row.phase, row.attempts, row.copy_state) == ("sent", "", 1, "none")
    assert desk.packs.read(desk.ask(raw_ref, key)) == letter.raw
    assert send(desk) == SendCounts()
    assert len(smtp.letters) == 1


def test_every_try_sends_exactly_the_same_bytes(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    key = desk.reply()
    smtp.orders.refuse_data = "451 4.3.0 greylisted, try again later"
    assert send(desk) == SendCounts(retry=1)
    first = desk.row(key)
    assert (first.state, first.not_before, first.last_error != "") == ("retry", clock.now().replace(minute=1), True)
    assert send(desk) == SendCounts()  # its time has not come
    smtp.orders.refuse_data = ""
    time.forward(minutes=1)
    assert send(desk) == SendCounts(sent=1)
    assert desk.row(key).blob == first.blob


def test_a_refused_mail_fails_in_plain_words_and_can_be_tried_again(desk: SmallDesk, smtp: SmtpServer) -> None:
    key = desk.reply()
    smtp.refuse[ANN] = "550 5.1.1 No such user here"
    assert send(desk) == SendCounts(failed=1)
    row = desk.ask(queries.outbox_row, key, clock.now())
    assert "does not exist" in row.text
    assert row.refused[0].words == "5.1.1 No such user here"
    smtp.refuse.clear()
    desk.do(commands.retry, key)
    assert send(desk) == SendCounts(sent=1)


def test_one_of_two_is_refused_and_only_that_one_is_tried_again(desk: SmallDesk, smtp: SmtpServer) -> None:
    key = desk.reply(to=[ANN, BOB])
    smtp.refuse[BOB] = "550 5.2.2 mailbox full"
    assert send(desk) == SendCounts(partial=1)
    assert desk.ask(queries.outbox_row, key, clock.now()).refused[0].address == BOB
    assert not desk.do(commands.cancel, key)
    smtp.refuse.clear()
    desk.do(commands.retry, key)
    assert send(desk) == SendCounts(sent=1)
    assert [letter.recipients for letter in smtp.letters] == [(ANN,), (BOB,)]


def test_what_one_recipient_has_already_is_not_taken_back(desk: SmallDesk, smtp: SmtpServer) -> None:
    key = desk.reply(to=[ANN, BOB])
    smtp.refuse[BOB] = "450 4.2.0 greylisted"
    assert send(desk) == SendCounts(retry=1)
    assert desk.do(commands.cancel, key) is False
    assert desk.state(key) == "retry"
    assert "cancel" not in told(desk, key).buttons


def test_not_now_for_one_recipient_is_tried_later_for_two_days(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    key = desk.reply(to=[ANN, BOB])
    smtp.refuse[BOB] = "450 4.2.0 greylisted"
    assert send(desk) == SendCounts(retry=1)
    for _ in range(60):
        if desk.state(key) != "retry":
            break
        time.forward_to(desk.row(key).not_before)
        send(desk)
    assert desk.state(key) == "partial"
    assert datetime(2026, 3, 4, tzinfo=UTC) < time.at <= datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert len(smtp.letters) == 1


def test_without_a_line_nothing_is_counted_and_it_goes_out_later(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    key = desk.reply()
    smtp.stop()
    assert send(desk) == SendCounts(waiting=1)
    row = desk.row(key)
    assert (row.state, row.attempts, row.first_attempt_at) == ("queued", 0, None)
    assert desk.ask(queries.outbox_row, key, clock.now()).needs_attention is False
    smtp.start()
    assert send(desk) == SendCounts(sent=1)


def test_one_dead_line_does_not_try_every_message(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    keys = [desk.reply(str(number)) for number in range(3)]
    smtp.stop()
    sender = sender_of(desk)
    assert sender.send_due() == SendCounts(waiting=1)
    assert sender.send_due() == SendCounts()
    sender.try_again()
    smtp.start()
    time.forward(minutes=1)
    assert sender.send_due() == SendCounts(sent=3)
    assert {desk.state(key) for key in keys} == {"sent"}


def test_a_wrong_password_pauses_the_mailbox_and_not_the_message(tmp_path: Path, time: Clock) -> None:
    with SmtpServer(auth=True) as server:
        server.orders.password = "right"
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{server.port}")
        desk.do(update_mailbox, desk.mailbox, user="support")
        desk.incoming()
        key = desk.reply()
        assert send(desk) == SendCounts(waiting=1)
        assert desk.ask(mailbox, desk.mailbox).paused_reason == "sign_in"
        assert desk.state(key) == "queued"
        assert desk.ask(queries.outbox_row, key, clock.now()).buttons[0] == "sign_in"
        assert send(desk) == SendCounts()
        desk.do(resume_mailbox, desk.mailbox, received=True)  # that receiving works proves nothing
        assert desk.ask(mailbox, desk.mailbox).paused_reason == "sign_in"
        assert len(server.letters) == 0
        server.orders.password = "password"
        desk.do(resume_mailbox, desk.mailbox)
        assert send(desk) == SendCounts(sent=1)
        desk.close()


def test_a_keyring_that_opens_later_lets_the_mailbox_go_on_without_anybody(desk: SmallDesk, smtp: SmtpServer) -> None:
    desk.do(update_mailbox, desk.mailbox, user="support")
    key, keyring = desk.reply(), dict[str, str]()
    sender = Sender(desk.do, desk.ask, desk.packs, keyring.get, desk.stop)
    assert sender.send_due() == SendCounts()
    assert (desk.ask(mailbox, desk.mailbox).paused_reason, desk.row(key).attempts) == ("sign_in", 0)
    keyring["secret"] = "password"
    desk.do(resume_mailbox, desk.mailbox, received=True)  # receiving has its password again
    sender.try_again()
    assert sender.send_due() == SendCounts(sent=1)


def test_a_mail_that_is_too_large_fails_before_it_is_uploaded(tmp_path: Path, time: Clock) -> None:
    with SmtpServer(size_limit=2000) as server:
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{server.port}")
        desk.incoming()
        key = desk.reply("word " * 1000)
        assert send(desk) == SendCounts(failed=1)
        assert "2,000 at most" in desk.row(key).last_error
        desk.close()


@pytest.mark.parametrize(
    ("drop", "state", "letters"),
    [("mail", "retry", 0), ("rcpt", "retry", 0), ("data", "uncertain", 0), ("data-kept", "uncertain", 1)],
)
def test_a_broken_line_is_uncertain_only_in_the_data_phase(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, drop: str, state: str, letters: int
) -> None:
    key = desk.reply()
    smtp.orders.drop = drop
    send(desk)
    assert desk.state(key) == state
    assert len(smtp.letters) == letters
    smtp.orders.drop = ""
    time.forward(days=1)
    send(desk)
    assert desk.state(key) == ("sent" if state == "retry" else "uncertain")
    assert len(smtp.letters) == (1 if state == "retry" else letters)


def test_the_copy_in_sent_is_a_step_of_its_own(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    desk.do(update_mailbox, desk.mailbox, files_sent_itself=False)
    key = desk.reply()
    assert send(desk) == SendCounts(sent=1)  # nothing listens at the IMAP address
    assert (desk.row(key).state, desk.row(key).copy_state, desk.row(key).copy_attempts) == ("sent", "needed", 1)
    for _ in range(12):
        time.forward(hours=5)
        send(desk)
    assert (desk.row(key).state, desk.row(key).copy_state) == ("sent", "failed")
    assert len(smtp.letters) == 1


def test_the_copy_in_sent_holds_the_same_bytes_and_is_made_once(
    desk: SmallDesk, smtp: SmtpServer, dovecot: Dovecot, account: Account
) -> None:
    imap = f"imap://127.0.0.1:{dovecot.imap}"
    desk.do(update_mailbox, desk.mailbox, files_sent_itself=False, imap_url=imap, user=account.user)
    sender = Sender(desk.do, desk.ask, desk.packs, lambda _: account.password, desk.stop)
    key = desk.reply()
    assert sender.send_due() == SendCounts(sent=1)
    assert desk.row(key).copy_state == "done"

    def again(tx: object) -> None:
        from app.outbox.tables import Outbox

        tx.get(Outbox, key).copy_state = "needed"  # type: ignore[attr-defined]

    desk.do(again)
    sender.send_due()
    assert desk.row(key).copy_state == "done"
    assert len(dovecot.list_uids(account, "Sent")) == 1


def test_the_loop_sends_what_is_queued_and_stops_at_once(desk: SmallDesk, smtp: SmtpServer) -> None:
    wake = threading.Event()
    desk.store.watcher.listen(lambda changes: wake.set() if changes.touches("outbox") else None)
    sender = sender_of(desk)
    thread = threading.Thread(target=run, args=(sender, desk.stop, wake))
    thread.start()
    for number in range(1, 4):
        desk.reply(str(number))
        smtp.wait_for(number)
    desk.stop.set()
    wake.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(smtp.letters) == 3


def test_two_senders_at_once_send_each_message_once(desk: SmallDesk, smtp: SmtpServer, tmp_path: Path) -> None:
    keys = [desk.reply(str(number)) for number in range(8)]
    other = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{smtp.port}")
    senders = [Sender(each.do, each.ask, each.packs, each.secrets, each.stop) for each in (desk, other)]
    threads = [threading.Thread(target=each.send_due) for each in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {desk.state(key) for key in keys} == {"sent"}
    assert sorted(letter.message["X-Deskbell-Id"] for letter in smtp.letters) == sorted(key.hex for key in keys)
    other.close()


def test_an_answer_that_could_not_be_written_at_once_is_not_lost(
    desk: SmallDesk, smtp: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    key = desk.reply()
    full = [UserError("The disk is full.")]

    def do(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is commands.record_results and full:
            raise full.pop()
        return desk.do(command, *args, **kwargs)

    sender = Sender(do, desk.ask, desk.packs, desk.secrets, desk.stop)
    assert sender.send_due() == SendCounts(waiting=1)
    assert (desk.state(key), desk.row(key).phase) == ("sending", "data")
    sender.send_due()
    assert desk.state(key) == "sent"
    assert len(smtp.letters) == 1


def test_a_reply_queued_offline_is_held_when_the_customer_wrote_meanwhile(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    key = desk.reply()
    smtp.stop()
    assert send(desk) == SendCounts(waiting=1)
    time.forward(hours=5)
    desk.incoming(text="I found it myself, thank you.")
    smtp.start()
    assert send(desk) == SendCounts(held=1)
    assert (desk.row(key).hold_reason, smtp.letters) == ("stale", [])
    desk.do(commands.retry, key)  # "Send anyway"
    assert send(desk) == SendCounts(sent=1)


def test_a_reply_for_later_goes_at_its_time_or_not_at_all(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    kept, taken_back = (
        desk.reply("Good morning", send_at=tomorrow),
        desk.reply("Good morning", send_at=tomorrow, ticket=(other := desk.add_ticket("Other")), to=[ANN]),
    )
    assert send(desk) == SendCounts()
    desk.incoming(ticket=other, text="Too late")
    assert send(desk) == SendCounts()
    assert desk.state(taken_back) == "cancelled"  # at once, not when its time comes
    time.forward(days=1)
    assert send(desk) == SendCounts(sent=1)
    assert desk.state(kept) == "sent"
    assert len(smtp.letters) == 1


def test_the_servers_size_limit_is_remembered_and_checked_before_the_next_upload(tmp_path: Path, time: Clock) -> None:
    with SmtpServer(size_limit=50_000) as server:
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{server.port}")
        desk.incoming()
        desk.reply("small")
        assert send(desk) == SendCounts(sent=1)
        assert desk.ask(mailbox, desk.mailbox).size_limit == 50_000
        ref = desk.packs.append(b"x" * 60_000)
        desk.packs.flush()
        with pytest.raises(UserError, match="at most"):
            desk.reply("large", files=[("a.bin", "application/octet-stream", desk.do(add_blob, ref))])
        desk.close()


def test_a_server_that_takes_everything_may_say_so_with_any_number(tmp_path: Path, time: Clock) -> None:
    with SmtpServer(size_limit=2**64 - 1) as server:
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{server.port}")
        desk.reply(to=["ann@customer.example.test"])
        assert send(desk) == SendCounts(sent=1)
        assert not desk.ask(mailbox, desk.mailbox).size_limit
        desk.close()


def test_an_alias_is_the_sender_in_the_envelope_too(desk: SmallDesk, smtp: SmtpServer) -> None:
    desk.do(update_mailbox, desk.mailbox, aliases=["sales@lark.example.test"])
    desk.reply(sender="sales@lark.example.test")
    assert send(desk) == SendCounts(sent=1)
    letter = smtp.wait_for(1)[0]
    assert (letter.sender, letter.message["From"]) == (
        "sales@lark.example.test",
        "Lark & Loom <sales@lark.example.test>",
    )


def test_an_address_beyond_ascii_goes_only_where_the_server_offers_it(tmp_path: Path, time: Clock) -> None:
    for utf8, counts in ((True, SendCounts(sent=1)), (False, SendCounts(failed=1))):
        with SmtpServer(utf8=utf8) as server:
            folder = tmp_path / str(utf8)
            folder.mkdir()
            desk = SmallDesk(folder, smtp=f"smtp://127.0.0.1:{server.port}")
            desk.incoming()
            key = desk.reply(to=["Jürgen <jürgen@bücher.example>"], cc=[BOB])
            assert send(desk) == counts
            if utf8:
                letter = server.wait_for(1)[0]
                assert letter.recipients == ("jürgen@xn--bcher-kva.example", BOB)
                assert "SMTPUTF8" in letter.options
                assert "jürgen@xn--bcher-kva.example".encode() in letter.raw
            else:
                assert "letters such as é" in desk.row(key).last_error
            desk.close()


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ("550 5.1.1 No such user", "failed", "This address does not exist."),
        ("552 5.2.2 Mailbox full", "failed", "mailbox is full"),
        ("554 5.7.1 Spam message rejected", "failed", "spam"),
        ("452 4.3.1 Insufficient system storage", "retry", "tried again by itself"),
        ("421 4.7.0 Too many connections", "retry", "tried again by itself"),
    ],
)
def test_what_the_server_says_is_told_in_plain_words_with_its_own_beside(
    desk: SmallDesk, smtp: SmtpServer, answer: str, state: str, words: str
) -> None:
    key = desk.reply()
    smtp.refuse[ANN] = answer
    send(desk)
    told = desk.ask(queries.outbox_row, key, clock.now())
    assert told.state == state
    assert words in told.text
    assert answer[4:] in f"{told.text} {[each.words for each in told.refused]}"


def test_a_file_too_large_for_the_recipients_server_says_so(desk: SmallDesk, smtp: SmtpServer) -> None:
    key = desk.reply()
    smtp.orders.refuse_data = "552 5.3.4 Message size exceeds fixed limit"
    assert send(desk) == SendCounts(failed=1)
    told = desk.ask(queries.outbox_row, key, clock.now())
    assert "too large" in told.text
    assert told.buttons == ("edit", "retry", "cancel")
