"""Acknowledgements: to people only, once a ticket, never to a program, and never more than the caps allow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.answering import rules
from app.answering.commands import trim_log
from app.answering.rules import CAPS, acknowledgement
from app.answering.tables import AutoReplyLog
from app.conversations.mailboxes import update_mailbox
from app.conversations.tables import Message
from app.inbox import commands
from app.kernel.state import options
from app.mime.parse import parse
from app.outbox.queries import letter as frozen
from app.people.commands import block, mark_address_dead
from app.tickets.commands import set_status
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import START, PaperDesk, paper_desk


def _sent(desk: PaperDesk) -> list[Message]:
    """Everything that the desk wrote by itself."""
    return [one for one in desk.messages() if one.direction == "out" and one.automatic]


def _take(desk: PaperDesk, *senders: str) -> None:
    """A new matter of each of these people."""
    count = len(desk.messages())
    desk.take(*(letter(ident=f"{number}-{count}@x", sender=one, date=desk.now) for number, one in enumerate(senders)))


def test_acknowledgements_are_off_unless_the_mailbox_wants_them(tmp_path: Path) -> None:
    with paper_desk(tmp_path) as desk:
        desk.take(letter(ident="a@c"))
        assert _sent(desk) == []


def test_a_letter_that_opens_a_ticket_is_acknowledged_once(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", subject="Lamp", date=START))
    paper.take(letter("And another thing", ident="b@c", answers="a@c", date=START))
    (one,) = _sent(paper)
    assert (one.to, one.subject, one.in_reply_to) == ([["Ann", "ann@customer.example"]], "Re: Lamp", "a@c")
    assert one.text.startswith("Hello Ann,\n\nyour message has reached us.")
    sent = paper.ask(frozen, one.id)
    assert sent is not None
    assert sent.letter.headers["Auto-Submitted"] == "auto-replied"
    assert {"X-Loop", "X-Auto-Response-Suppress", "Precedence"} <= set(sent.letter.headers)


def test_an_acknowledgement_changes_no_status_and_is_no_first_reply(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", date=START))
    row = paper.ticket()
    assert (row.status, row.first_reply_at, row.message_count) == ("new", None, 1)


def test_an_answer_to_an_acknowledgement_joins_its_ticket(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", date=START))
    (one,) = _sent(paper)
    paper.later(minutes=5)
    paper.take(letter("Thank you.", ident="b@c", answers=one.external_id, date=paper.now))
    assert paper.ticket().message_count == 2
    assert len(_sent(paper)) == 1


def test_the_words_are_the_mailboxes_own(paper: PaperDesk) -> None:
    words = "Dear{ name}, “{subject}” is #{number} at {desk}. {sic}"
    paper.do(update_mailbox, paper.mailbox, ack_text=words)
    paper.do(options.put, "desk_name", "Lark & Loom")
    paper.take(letter(ident="a@c", subject="Lamp {name}", sender="ann@customer.example", date=START))
    assert _sent(paper)[0].text == "Dear, “Lamp {name}” is #1 at Lark & Loom. {sic}"


def test_without_words_of_its_own_it_speaks_the_desks_language() -> None:
    assert acknowledgement("", "de", name="Ann").startswith("Hallo Ann,")
    assert acknowledgement(" ", "fr-CA").startswith("Bonjour,")
    assert acknowledgement("", "xx").startswith("Hello,")


@pytest.mark.parametrize(
    "header",
    [
        ("Return-Path", "<>"),
        ("Auto-Submitted", "Auto-Generated"),
        ("AUTO-SUBMITTED", "auto-replied (vacation)"),
        ("Precedence", "bulk"),
        ("Precedence", "Junk"),
        ("Precedence", "list"),
        ("Precedence", "auto_reply"),
        ("List-Id", "<news.example>"),
        ("List-Unsubscribe", "<mailto:off@example.org>"),
        ("List-Help", "<mailto:help@example.org>"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("X-Autoreply", "yes"),
        ("X-Autorespond", "yes"),
        ("X-Loop", "support@desk.example"),
        ("Authentication-Results", "mx.desk.example; dmarc=fail header.from=customer.example"),
        ("X-Spam-Flag", "YES"),
    ],
)
def test_a_mail_with_this_header_is_never_answered(paper: PaperDesk, header: tuple[str, str]) -> None:
    paper.take(letter(ident="a@c", date=START, more=(header,)))
    assert _sent(paper) == []


@pytest.mark.parametrize("header", [("Auto-Submitted", "No"), ("X-Deskbell-Id", "0" * 32)])
def test_a_person_at_another_desk_is_a_person(paper: PaperDesk, header: tuple[str, str]) -> None:
    paper.take(letter(ident="a@c", date=START, more=(header,)))
    assert len(_sent(paper)) == 1
    assert [one.automatic for one in paper.messages() if one.direction == "in"] == [False]


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@c.example",
        "postmaster@c.example",
        "no-reply@c.example",
        "noreply@c.example",
        "do-not-reply@c.example",
        "bounces+1@c.example",
        "news-owner@c.example",
        "",
    ],
)
def test_a_system_address_is_never_answered(paper: PaperDesk, sender: str) -> None:
    paper.take(letter(ident="a@c", sender=sender, date=START))
    assert _sent(paper) == []


def test_a_report_is_never_answered(paper: PaperDesk) -> None:
    more = (("Content-Type", "multipart/report; report-type=delivery-status; boundary=b"),)
    raw = letter("--b--", ident="a@c", date=START, more=more).replace(
        b"Content-Type: text/plain; charset=utf-8\r\n", b""
    )
    paper.take(raw)
    assert _sent(paper) == []


def test_a_mail_that_is_hours_old_is_never_answered(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", date=START - timedelta(hours=5)))
    paper.take(letter(ident="b@c", date=START), at=START - timedelta(hours=5))
    assert len(paper.tickets()) == 2
    assert _sent(paper) == []


def test_what_was_there_when_the_mailbox_was_connected_is_never_answered(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", date=START), was_there=True)
    assert _sent(paper) == []


def test_spam_bulk_and_blocked_senders_are_never_answered(paper: PaperDesk) -> None:
    paper.do(block, "@blocked.example")
    paper.take(letter(ident="a@c", date=START), folder="Junk")
    paper.take(letter(ident="b@c", sender="x@blocked.example", date=START))
    paper.take(letter(ident="d@c", date=START, more=(("List-Post", "<mailto:l@c>"),)))
    assert _sent(paper) == []


def test_a_ticket_that_somebody_makes_of_spam_is_not_acknowledged(paper: PaperDesk) -> None:
    raw = letter(ident="a@c", date=START)
    paper.take(raw, folder="Junk")
    paper.do(commands.make_ticket_anyway, paper.last_item().id, parse(raw))
    assert (len(paper.tickets()), _sent(paper)) == (1, [])


def test_a_dead_address_is_not_answered_when_it_writes_again_but_the_next_time(paper: PaperDesk) -> None:
    _take(paper, "ann@customer.example")
    paper.do(mark_address_dead, "ann@customer.example")
    _take(paper, "ann@customer.example")
    assert len(_sent(paper)) == 1
    paper.later(hours=2)
    _take(paper, "ann@customer.example")
    assert len(_sent(paper)) == 2


def test_an_answer_that_reopens_is_not_acknowledged_but_a_new_linked_ticket_is(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", date=START))
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=2)
    paper.take(letter(ident="b@c", answers="a@c", date=paper.now))
    assert len(_sent(paper)) == 1
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=40)
    paper.take(letter(ident="d@c", answers="a@c", date=paper.now))
    assert (len(paper.tickets()), len(_sent(paper))) == (2, 2)


# -- caps


def test_one_address_gets_two_an_hour_and_four_a_day(paper: PaperDesk) -> None:
    sent = []
    for _ in range(26):
        _take(paper, "ann@customer.example", "Ann <ANN@customer.example>", "ann@customer.example")
        sent.append(len(_sent(paper)))
        paper.later(hours=1)
    assert sent[:3] == [2, 4, 4]
    assert (sent[23], sent[24], sent[25]) == (4, 6, 8)


def test_one_domain_gets_twenty_an_hour(paper: PaperDesk) -> None:
    _take(paper, *(f"p{number}@customer.example" for number in range(25)))
    assert len(_sent(paper)) == 20


def test_a_provider_for_everybody_is_no_domain(paper: PaperDesk) -> None:
    _take(paper, *(f"p{number}@gmail.com" for number in range(25)))
    assert len(_sent(paper)) == 25


def test_everybody_together_gets_a_hundred_an_hour(paper: PaperDesk) -> None:
    _take(paper, *(f"a@firm{number}.example" for number in range(105)))
    assert len(_sent(paper)) == 100
    paper.later(minutes=61)
    _take(paper, "a@another.example")
    assert len(_sent(paper)) == 101


def test_caps_hold_within_one_batch(paper: PaperDesk) -> None:
    paper.take(*(letter(ident=f"{number}@c", date=START) for number in range(5)))
    assert (len(paper.tickets()), len(_sent(paper))) == (5, 2)


def test_what_was_answered_while_the_clock_was_a_year_ahead_silences_nobody_afterwards(paper: PaperDesk) -> None:
    paper.later(days=365)
    _take(paper, *["ann@customer.example"] * 3)
    assert len(_sent(paper)) == 2
    paper.later(days=-365)
    _take(paper, "ann@customer.example")
    assert len(_sent(paper)) == 3
    paper.later(minutes=-30)  # a small step back is no way around the caps
    _take(paper, *["ann@customer.example"] * 3)
    assert len(_sent(paper)) == 4


def test_the_log_is_kept_longer_than_any_cap_looks_back(paper: PaperDesk) -> None:
    assert max(cap.span for cap in CAPS) * 2 < rules.KEPT
    _take(paper, "ann@customer.example")
    paper.later(days=2)
    assert paper.do(trim_log) == 0
    paper.later(days=40)
    assert paper.do(trim_log) == 1
    assert paper.ask(lambda db: db.execute(select(func.count()).select_from(AutoReplyLog)).scalar()) == 0


@pytest.mark.parametrize("sender", ["Ann <ann@@customer.example>", "/o=firm/cn=ann", "ann"])
def test_what_is_no_address_is_not_answered_and_holds_up_no_other_mail(paper: PaperDesk, sender: str) -> None:
    _take(paper, sender, "ben@customer.example")
    assert len(paper.tickets()) == 2
    assert [one.to[0][1] for one in _sent(paper)] == ["ben@customer.example"]


def test_control_characters_in_a_name_are_left_out(paper: PaperDesk) -> None:
    _take(paper, '"An\x07n" <ann@customer.example>')
    assert [one.to[0] for one in _sent(paper)] == [["An n", "ann@customer.example"]]
