"""Queueing: what is fixed when a reply is written, and who may still change it."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest

from app.conversations.commands import add_blob
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import message
from app.kernel import clock
from app.kernel.errors import NotFoundError, UserError
from app.kernel.files.blobs import BlobRef
from app.outbox import commands, queries
from app.outbox.rules import Hold
from app.tickets.tables import Ticket
from tests.outbox.small_desk import ANN, US, Clock, SmallDesk


def freeze(desk: SmallDesk) -> BlobRef:
    ref = desk.packs.append(b"frozen bytes")
    desk.packs.flush()
    return ref


def test_a_reply_goes_to_the_author_and_everybody_else_but_never_to_us(desk: SmallDesk) -> None:
    people = (("", US), ("Bob", "bob@customer.example.test"), ("us", "Support+old@lark.example.test"))
    asked = desk.incoming(
        to=people, cc=(("", "carol@example.test"), ("", "ANN@customer.example.test")), refs=("first@x",)
    )
    sent = desk.ask(message, desk.reply())
    assert [each[1] for each in sent.to] == [ANN]
    assert [each[1] for each in sent.cc] == ["bob@customer.example.test", "carol@example.test"]
    assert sent.subject == "Re: Order 10998"
    told = desk.ask(queries.letter, sent.id).letter
    asked_id = desk.ask(message, asked).external_id
    assert (told.in_reply_to, told.references) == (asked_id, ("first@x", asked_id))
    assert told.headers == {"X-Deskbell-Id": sent.id.hex}
    assert told.message_id.endswith("@lark.example.test")


def test_the_signature_is_part_of_the_stored_text(desk: SmallDesk) -> None:
    desk.incoming()
    desk.do(update_mailbox, desk.mailbox, signature="Maya\nLark & Loom")
    assert desk.ask(message, desk.reply("Sorry!\n")).text == "Sorry!\n\n-- \nMaya\nLark & Loom\n"
    assert desk.ask(message, desk.reply("Robot", automatic=True, to=[ANN])).text == "Robot"


def test_automatic_mail_says_so(desk: SmallDesk) -> None:
    desk.incoming()
    key = desk.reply(automatic=True, headers={"List-Unsubscribe": "<mailto:x@example.test>"})
    headers = desk.ask(queries.letter, key).letter.headers
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Loop"] == US
    assert headers["List-Unsubscribe"] == "<mailto:x@example.test>"


@pytest.mark.parametrize("bad", [{"to": ["nobody"]}, {"to": ["a@b\nBcc: c@d"]}, {"headers": {"X": "a\r\nBcc: b@c"}}])
def test_bad_recipients_and_headers_are_refused_and_nothing_is_stored(desk: SmallDesk, bad: dict[str, Any]) -> None:
    desk.incoming()
    with pytest.raises(UserError):
        desk.reply(**bad)
    assert desk.ask(queries.outbox_rows, clock.now()) == ()


def test_a_reply_to_nobody_and_from_no_mailbox(desk: SmallDesk) -> None:
    desk.incoming(sender=("", US), to=())
    with pytest.raises(UserError, match="nobody"):
        desk.reply()
    with pytest.raises(NotFoundError):
        desk.reply(mailbox=desk.ticket, to=[ANN])


def test_of_a_cancel_and_a_claim_exactly_one_wins(desk: SmallDesk) -> None:
    desk.incoming()
    ref = freeze(desk)
    for _ in range(20):
        key = desk.reply()
        barrier = Barrier(2)
        won: dict[str, Any] = {}

        def race(name: str, command: Any, *args: Any, won: dict[str, Any] = won, barrier: Barrier = barrier) -> None:
            barrier.wait()
            won[name] = desk.do(command, *args)

        threads = [
            Thread(target=race, args=("cancel", commands.cancel, key)),
            Thread(target=race, args=("claim", commands.claim, key, ref)),
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert won["cancel"] is (won["claim"] is None)
        assert desk.state(key) == ("cancelled" if won["cancel"] else "sending")


def test_edit_brings_the_words_back_without_the_signature(desk: SmallDesk) -> None:
    desk.incoming()
    desk.do(update_mailbox, desk.mailbox, signature="Maya")
    ref = freeze(desk)
    blob = desk.do(add_blob, ref)
    key = desk.reply("Sorry!", files=[("photo.png", "image/png", blob)], cc=["Bob <bob@example.test>"], to=[ANN])
    draft = desk.do(commands.edit, key)
    found = desk.ask(queries.draft_of, desk.ticket, desk.agent)
    assert (found.id, found.text, found.cc) == (draft, "Sorry!", (("Bob", "bob@example.test"),))
    assert found.files[0]["filename"] == "photo.png"
    with pytest.raises(UserError, match="too late"):
        desk.do(commands.edit, key)


def test_a_reply_waits_when_the_customer_wrote_after_what_was_seen(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    key = desk.reply()
    time.forward(hours=3)
    desk.incoming(text="Never mind, it was the neighbour's.")
    assert desk.do(commands.claim, key, freeze(desk)) is Hold.STALE
    row = desk.ask(queries.outbox_row, key, time.at)
    assert (row.state, row.hold_reason, row.buttons[0]) == ("held", "stale", "send_anyway")
    desk.do(commands.retry, key)
    assert isinstance(desk.do(commands.claim, key, freeze(desk)), commands.Claim)


def test_a_mail_that_is_fetched_late_is_new_although_its_time_is_old(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    time.forward(hours=1)
    desk.reply("first")
    early = time.at
    time.forward(minutes=1)
    second = desk.reply("second")
    time.forward(minutes=1)
    desk.incoming(occurred_at=early)
    assert desk.do(commands.claim, second, freeze(desk)) is Hold.STALE


def test_automatic_answers_and_old_history_hold_nothing(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    time.forward(days=3)
    key = desk.reply(seen=desk.incoming())
    desk.incoming(automatic=True)
    desk.incoming(occurred_at=time.at.replace(year=2020))
    assert isinstance(desk.do(commands.claim, key, freeze(desk)), commands.Claim)


def test_what_an_older_window_showed_counts(desk: SmallDesk, time: Clock) -> None:
    shown = desk.incoming()
    time.forward(minutes=5)
    desk.incoming(text="One more thing")
    key = desk.reply(seen=shown)
    assert desk.do(commands.claim, key, freeze(desk)) is Hold.STALE


def test_a_ticket_merged_meanwhile_guards_too(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    key = desk.reply()
    other = desk.add_ticket("Other")
    time.forward(minutes=5)
    desk.incoming(ticket=other)

    def merge(tx: Any) -> None:
        tx.get(Ticket, desk.ticket).merged_into = other

    desk.do(merge)
    assert desk.do(commands.claim, key, freeze(desk)) is Hold.STALE
