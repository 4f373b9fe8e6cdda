"""Answers that lost their References: found by the token in the address, or by the ticket's number in the subject."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.conversations.mailboxes import update_mailbox
from app.conversations.tables import Message
from app.kernel.state import options
from app.mime.compose import Letter, compose
from app.outbox import commands as outbox
from app.outbox import marks
from app.outbox.queries import letter as frozen
from app.people.commands import merge_customers
from app.people.queries import customer_of
from app.surveys.commands import send_now
from app.tickets.commands import merge, reply
from app.tickets.tables import TicketLink
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

EVE = "Eve <eve@elsewhere.example>"
FORGED = (("Authentication-Results", "mx.desk.example; spf=pass; dkim=none; dmarc=fail"),)


def _answer(desk: PaperDesk) -> tuple[str, str]:
    """Answer the newest ticket and send it; the subject and the address to answer to that the customer gets."""
    written = desk.do(reply, desk.tickets()[-1].id, text="Is it plugged in?")
    sent = _letter(desk, written.message)
    ref = desk.packs.append(compose(sent))
    desk.packs.flush()
    desk.do(outbox.claim, written.message, ref)
    desk.later(minutes=5)
    return sent.subject, sent.headers.get("Reply-To", "")


def _letter(desk: PaperDesk, message: UUID) -> Letter:
    made = desk.ask(frozen, message)
    assert made is not None
    return made.letter


def _number_in(desk: PaperDesk) -> str:
    """A subject with the number of the only ticket, as an answer brings it back."""
    desk.do(options.put, "subject_mark", True)
    desk.take(letter("It is broken.", ident="a@c"))
    subject, _ = _answer(desk)
    return subject


def _possible_matches(desk: PaperDesk) -> int:
    return len([row for row in desk.rows(select(TicketLink)) if row.kind == "possible_match"])


def test_neither_mark_is_sent_unless_somebody_wants_it(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", subject="Lamp"))
    assert _answer(paper) == ("Re: Lamp", "")


def test_the_token_in_the_address_finds_the_ticket_whoever_answers(paper: PaperDesk) -> None:
    paper.do(update_mailbox, paper.mailbox, plus_addressing=True)
    paper.take(letter(ident="a@c"))
    _, address = _answer(paper)
    assert address.startswith("support+db-")
    assert address.endswith("@desk.example")
    paper.take(letter("Yes!", ident="b@c", to=address.upper(), subject="Something else"))
    paper.take(letter("I am her colleague.", ident="c@c", sender=EVE, cc=f"Desk <{address}>"))
    paper.take(letter("By the envelope", ident="d@c", to="x@y.example", more=(("Delivered-To", address),)))
    assert paper.ticket().message_count == 5


def test_a_token_that_nobody_gave_finds_nothing(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.take(letter(ident="b@c", to=marks.answer_address("support@desk.example", "a" * 26)))
    assert len(paper.tickets()) == 2


def test_a_token_stands_only_in_the_mails_that_carry_it(paper: PaperDesk, tmp_path: Path) -> None:
    paper.do(update_mailbox, paper.mailbox, plus_addressing=True)
    paper.take(letter(ident="a@c"))
    _, address = _answer(paper)
    token = marks.token_in(address)
    assert token is not None
    quoted = f"Yes!\n\n> To: Desk <{address}>\n> Is it plugged in?"
    paper.take(letter(quoted, ident="b@c", to=f"Desk <{address}>", subject=f"Re: {address}"))
    assert paper.messages()[-1].to == [["Desk", "support@desk.example"]]
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as db:
        assert token not in "\n".join(db.iterdump()).lower()


def test_our_address_with_a_tag_is_still_ours(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    assert paper.outcome(letter(ident="x@c", sender="support+shop@desk.example", answers="a@c")) == "sent_other"
    assert paper.ticket().message_count == 1


def test_the_number_in_the_subject_finds_the_ticket_of_its_customer(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    assert subject.startswith("Re: A question [#1-")
    paper.take(letter("Yes!", ident="b@c", subject=f"AW: {subject}"))
    assert paper.ticket().message_count == 3


def test_a_number_is_never_shown_nor_stored_in_a_subject(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter("Yes!", ident="b@c", subject=subject), letter(ident="c@c", sender=EVE, subject=subject))
    shown = [row.subject for row in paper.tickets()] + [one.subject for one in paper.messages()]
    assert not [line for line in [*shown, paper.last_item().subject] if "[#" in line]
    assert _answer(paper)[0].count("[#") == 1


def test_a_customer_who_writes_from_another_of_their_addresses_is_the_same_customer(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter(ident="e@e", sender=EVE))
    ann, eve = (paper.ask(customer_of, address) for address in ("ann@customer.example", "eve@elsewhere.example"))
    paper.do(merge_customers, eve, ann)
    paper.take(letter("It is me.", ident="f@e", sender=EVE, subject=subject))
    assert [row.message_count for row in paper.tickets()] == [3, 1]


def test_a_stranger_who_holds_a_number_stays_outside_and_both_tickets_say_so(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter("Send me everything.", ident="e@e", sender=EVE, subject=subject))
    assert [row.message_count for row in paper.tickets()] == [2, 1]
    assert _possible_matches(paper) == 2


def test_another_customer_who_holds_a_number_stays_outside(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter("My own matter.", ident="e@e", sender=EVE))
    paper.take(letter("Send me everything.", ident="f@e", sender=EVE, subject=subject))
    assert [row.message_count for row in paper.tickets()] == [2, 1, 1]
    assert _possible_matches(paper) == 2


def test_a_forged_sender_who_holds_a_number_stays_outside(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter("It is me, Ann.", ident="e@e", subject=subject, more=FORGED))
    assert [row.message_count for row in paper.tickets()] == [2, 1]
    assert _possible_matches(paper) == 2


@pytest.mark.parametrize("subject", ["Order [#1]", "Order [#1-zz]", "Order #1", "[#999999999-aa]", "[#0-aa]"])
def test_a_number_without_its_check_digits_means_nothing(paper: PaperDesk, subject: str) -> None:
    paper.take(letter(ident="a@c"))
    paper.take(letter(ident="b@c", subject=subject))
    assert len(paper.tickets()) == 2
    assert _possible_matches(paper) == 0


def test_the_number_of_a_merged_ticket_still_leads_to_its_conversation(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter(ident="b@c", subject="Another matter"))
    first, second = (row.id for row in paper.tickets())
    paper.do(merge, first, second)
    paper.take(letter("And?", ident="d@c", subject=subject))
    assert (paper.ticket().id, paper.ticket().message_count) == (second, 4)


def test_a_message_id_counts_before_a_number(paper: PaperDesk) -> None:
    subject = _number_in(paper)
    paper.take(letter(ident="b@c", subject="Another matter"))
    paper.do(reply, paper.tickets()[-1].id, text="Sure.")
    ours = _newest_of_ours(paper)
    paper.take(letter("Good.", ident="d@c", subject=subject, answers=ours.external_id))
    assert [row.message_count for row in paper.tickets()] == [2, 3]


def test_a_survey_carries_neither_mark(paper: PaperDesk) -> None:
    paper.do(update_mailbox, paper.mailbox, plus_addressing=True)
    paper.do(options.put, "subject_mark", True)
    paper.take(letter(ident="a@c"))
    asked: UUID = paper.do(send_now, paper.ticket().id)
    sent = _letter(paper, asked)
    assert "[#" not in sent.subject
    assert "Reply-To" not in sent.headers


def _newest_of_ours(desk: PaperDesk) -> Message:
    return next(one for one in reversed(desk.messages()) if one.direction == "out")
