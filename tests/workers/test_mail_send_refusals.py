"""What servers say no with, each said in plain words with the sensible button; none of it costs a customer or a mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import mailbox
from app.people.queries import dead_addresses
from app.workers.sending.senders import SendCounts
from tests.outbox.small_desk import ANN, Clock, SmallDesk
from tests.servers.smtp import SmtpServer
from tests.workers.sending import send, sender_of, told

_FROM = "does not let this mailbox write from that address"
_LIMIT = "so many e-mails in a day"


@pytest.mark.parametrize(
    ("where", "answer", "words"),
    [
        ("rcpt", "553 5.7.1 <us@x>: Sender address rejected: not owned by user support@x", _FROM),
        ("mail", "550 5.1.8 <us@x>: Sender address rejected: Domain not found", _FROM),
        ("rcpt", "550 Requested action not taken: mailbox unavailable. Sender address is not allowed.", _FROM),
        ("data", "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", _FROM),
        ("data", "550 5.4.5 Daily user sending limit exceeded", _LIMIT),
        ("rcpt", "550 5.1.90 You've reached your daily limit for message recipients", _LIMIT),
    ],
)
def test_what_our_own_server_has_against_us_is_said_and_blames_no_customer(
    desk: SmallDesk, smtp: SmtpServer, where: str, answer: str, words: str
) -> None:
    key = desk.reply()
    if where == "rcpt":
        smtp.refuse[ANN] = answer
    elif where == "mail":
        smtp.orders.refuse_mail = answer
    else:
        smtp.orders.refuse_data = answer
    assert send(desk) == SendCounts(failed=1)
    row = told(desk, key)
    assert words in row.text
    assert row.buttons == ("edit", "retry", "cancel")
    assert desk.ask(dead_addresses, [ANN]) == frozenset()


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"220 mail": "421 4.7.0 Too many connections from your address"}, "tried again by itself"),
        ({"235": "454 4.7.0 Temporary authentication failure"}, "tried again by itself"),
        ({"250 OK": "451 4.7.1 Greylisting in action, please come back later"}, "tried again by itself"),
    ],
)
def test_a_server_that_asks_for_patience_gets_it_and_the_mailbox_is_not_paused(
    tmp_path: Path, time: Clock, instead: dict[str, str], words: str
) -> None:
    with SmtpServer(auth=True) as server:
        server.orders.instead = instead
        desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{server.port}")
        desk.do(update_mailbox, desk.mailbox, user="support")
        keys = [desk.reply(str(number), to=[ANN]) for number in range(2)]
        sender = sender_of(desk)
        sender.send_due()
        row = told(desk, keys[0])
        assert (row.state, row.buttons, row.needs_attention) == ("retry", ("retry", "cancel"), False)
        assert words in row.text
        assert desk.ask(mailbox, desk.mailbox).paused_reason == ""
        server.orders.instead = {}
        time.forward(minutes=2)
        sender.send_due()
        assert {desk.state(key) for key in keys} == {"sent"}
        assert len(server.letters) == 2
        desk.close()
