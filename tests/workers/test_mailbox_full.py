"""Mailboxes that are full, the recipient's and our own, and servers that ask for patience: said calmly, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.connectors.email.imap_quota import Room, scarcest
from app.conversations.mailboxes import update_mailbox
from app.kernel.state import signals
from app.workers.sending.senders import SendCounts
from tests.inbox.mail_desk import MailDesk
from tests.outbox.small_desk import ANN, Clock, SmallDesk
from tests.servers.bad_imap import AWAIT_LITERAL, NO, OK, BadImap, Script
from tests.servers.odd_mailbox import OddMailbox
from tests.servers.smtp import SmtpServer
from tests.workers.odd_desk import odd_desk
from tests.workers.sending import send, sender_of, told

BOB = "bob@example.test"
NO_ROOM = [b"+ go on\r\n", AWAIT_LITERAL, b"{tag} NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\r\n"]
SENT = [b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Sent) "/" Sent\r\n', OK]


@pytest.mark.parametrize("answer", ["452 4.2.2 The email account is over quota", "450 4.2.2 try later"])
def test_a_recipients_mailbox_that_is_full_for_now_is_said_and_tried_again(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, answer: str
) -> None:
    key = desk.reply()
    smtp.refuse[ANN] = answer
    assert send(desk) == SendCounts(retry=1)
    row = told(desk, key)
    assert "tried again by itself" in row.text
    assert "The recipient's mailbox is full." in row.text
    smtp.refuse.clear()
    time.forward(minutes=2)
    assert send(desk) == SendCounts(sent=1)


@pytest.mark.parametrize(
    "answer", ["552 5.2.2 mailbox full", "552 Requested action aborted: exceeded storage allocation"]
)
def test_a_recipients_mailbox_that_is_full_for_good_fails_and_the_address_stays_alive(
    desk: SmallDesk, smtp: SmtpServer, answer: str
) -> None:
    key = desk.reply()
    smtp.refuse[ANN] = answer
    assert send(desk) == SendCounts(failed=1)
    assert "The recipient's mailbox is full." in told(desk, key).refused[0].meaning
    smtp.refuse.clear()
    desk.reply("Once more")
    assert send(desk) == SendCounts(sent=1)  # not held for a dead address


@contextmanager
def sent_folder(desk: SmallDesk, script: Script) -> Iterator[BadImap]:
    """An IMAP server with a Sent folder that follows the script; copies are filed there."""
    with BadImap({"LIST": SENT, "UID SEARCH": [b"* SEARCH\r\n", OK], **script}) as server:
        url = f"imap://127.0.0.1:{server.port}"
        desk.do(update_mailbox, desk.mailbox, files_sent_itself=False, imap_url=url, user="support")
        yield server


def appends(server: BadImap) -> int:
    return sum(said.upper().startswith("APPEND") for said in server.commands)


def test_no_room_for_the_copy_is_said_calmly_tried_again_and_never_sends_again(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    with sent_folder(desk, {"APPEND": NO_ROOM}) as server:
        key, other = desk.reply("One"), desk.reply("Two")
        assert send(desk) == SendCounts(sent=2)
        row = told(desk, key)
        assert (row.state, row.needs_attention, row.buttons) == ("sent", False, ())
        assert "is full" in row.text
        assert "[OVERQUOTA] Quota exceeded" in row.text
        assert "tried again by itself" in row.text
        assert appends(server) == 1  # the other one would find no room either
        time.forward(minutes=2)
        server.script["APPEND"] = [b"+ go on\r\n", AWAIT_LITERAL, OK]
        for _ in range(8):
            send(desk)
            time.forward(hours=5)
        assert {desk.row(each).copy_state for each in (key, other)} == {"done"}
        assert told(desk, key).text == "Sent."
    assert len(smtp.letters) == 2


def test_tries_at_a_copy_end_and_it_is_said(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    with sent_folder(desk, {"APPEND": NO_ROOM}) as server:
        key = desk.reply()
        for _ in range(20):
            send(desk)
            time.forward(hours=5)
        assert (desk.row(key).copy_state, appends(server)) == ("failed", 12)
    assert told(desk, key).text.startswith("Sent. Its copy could not be put into the Sent folder.")
    assert len(smtp.letters) == 1


def test_a_copy_that_the_server_does_not_take_holds_up_no_other(desk: SmallDesk, smtp: SmtpServer, time: Clock) -> None:
    first = desk.reply("One")

    def found(said: str) -> list[bytes]:
        return [NO] if first.hex in said else [b"* SEARCH 5\r\n", OK]

    with sent_folder(desk, {'UID SEARCH HEADER "X-DESKBELL-ID"': found}) as server:
        other = desk.reply("Two")
        assert send(desk) == SendCounts(sent=2)
        assert (desk.row(first).copy_state, desk.row(other).copy_state) == ("needed", "done")
        assert appends(server) == 0


def test_too_many_recipients_at_once_are_reached_by_several_transactions(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    key = desk.reply(to=[ANN, BOB])
    smtp.refuse[BOB] = "552 5.5.3 Too many recipients"  # some say so although they mean: not in this one
    assert send(desk) == SendCounts(retry=1)
    smtp.refuse.clear()
    time.forward(minutes=2)
    assert send(desk) == SendCounts(sent=1)
    assert [letter.recipients for letter in smtp.letters] == [(ANN,), (BOB,)]
    assert desk.state(key) == "sent"


@pytest.mark.parametrize("answer", ["550 5.7.60 SMTP; Client does not have permissions to send as this sender"])
def test_an_alias_that_the_server_does_not_allow_is_said_in_plain_words(
    desk: SmallDesk, smtp: SmtpServer, answer: str
) -> None:
    key = desk.reply()
    smtp.orders.refuse_data = answer
    assert send(desk) == SendCounts(failed=1)
    assert "does not let this mailbox write from that address" in told(desk, key).text
    assert "permissions to send as this sender" in told(desk, key).text


def test_a_server_that_leaves_because_of_too_many_mails_is_left_alone_for_a_while(
    desk: SmallDesk, smtp: SmtpServer, time: Clock
) -> None:
    keys = [desk.reply(str(number)) for number in range(5)]
    smtp.orders.refuse_mail = "421 4.7.28 Too many mails from this account"
    sender = sender_of(desk)
    assert sender.send_due() == SendCounts(retry=1)
    assert sender.send_due() == SendCounts()
    assert smtp.connections == 1
    smtp.orders.refuse_mail = ""
    time.forward(minutes=2)
    assert sender.send_due() == SendCounts(sent=5)
    assert {desk.state(key) for key in keys} == {"sent"}


def last_said(desk: MailDesk) -> dict[str, Any]:
    return desk.ask(signals.latest, "mailbox_state") or {}


def test_a_mailbox_of_ours_that_is_nearly_full_is_said_and_so_is_what_the_server_wants_to_say(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": {}})
    with odd_desk(tmp_path / "desk", odd) as (desk, server):
        server.script["CAPABILITY"] = [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE QUOTA\r\n", OK]
        server.script["GETQUOTAROOT"] = [
            b'* QUOTAROOT INBOX "User quota"\r\n* QUOTA "User quota" (STORAGE 975000 1000000 MESSAGE 5 1000)\r\n', OK
        ]  # fmt: skip
        server.script["LOGOUT"] = [b"* BYE\r\n", OK]
        desk.sync()
        said = last_said(desk)
        assert (said["state"], said["reason"]) == ("ok", "full")
        assert "98% full (998 of 1,024 MB)" in said["words"]
        server.script["GETQUOTAROOT"] = [b'* QUOTA "" (STORAGE 5 1000)\r\n{tag} OK [ALERT] Maintenance on Sunday\r\n']
        desk.sync()
        said = last_said(desk)
        assert (said["reason"], said["words"]) == ("", "The server says: “Maintenance on Sunday”")
        server.script["GETQUOTAROOT"] = [b"{tag} BAD no such thing\r\n"]
        assert desk.sync().received == 0


@pytest.mark.parametrize(
    ("line", "room"),
    [
        (b'* QUOTA "" (STORAGE 10 512)\r\n', Room("STORAGE", 10, 512)),
        (b'* quota "a (b)" (STORAGE 10 512 MESSAGE 99 100)\r\n', Room("MESSAGE", 99, 100)),
        (b'* QUOTA "" (STORAGE 10 0)\r\n', None),
        (b'* QUOTA "" ()\r\n', None),
        (b'* QUOTAROOT INBOX ""\r\n', None),
    ],
)
def test_of_several_limits_the_nearest_counts(line: bytes, room: Room | None) -> None:
    assert scarcest([line]) == room
