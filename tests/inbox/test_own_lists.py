"""A support@ that is a group or a list, and forms that write for a person: the customer is heard, and answered."""

from __future__ import annotations

import pytest

from app.inbox import commands
from app.inbox.own_lists import as_its_writer_sent_it
from app.inbox.queries import ledger_items
from app.mime.model import MailClass
from app.mime.parse import parse
from app.tickets.commands import reply
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

OWN = frozenset({"support@desk.example"})
LIST = (("List-Id", "Support <support.desk.example>"), ("Precedence", "list"))
GROUP = (*LIST, ("List-Post", "<mailto:Support@desk.example>"), ("X-Google-Group-Id", "77"))
VIA = "'Ann Lee' via Support <support@desk.example>"


def answered(desk: PaperDesk) -> list[str]:
    """To whom an answer in the newest ticket goes by itself."""
    written = desk.do(reply, desk.tickets()[-1].id, text="Hello")
    sent = next(one for one in desk.messages() if one.id == written.message)
    return [address for _, address in (*sent.to, *sent.cc)]


@pytest.mark.parametrize(
    "more", [LIST, GROUP, (("Mailing-list", "list support@desk.example; contact x@desk.example"), ("Precedence", "list"))]
)  # fmt: skip
def test_a_customer_who_writes_to_our_own_list_opens_a_ticket(
    paper: PaperDesk, more: tuple[tuple[str, str], ...]
) -> None:
    assert paper.outcome(letter(ident="a@c", more=more)) == "message"
    assert answered(paper) == ["ann@customer.example"]
    paper.later(minutes=1)
    ours = next(one for one in paper.messages() if one.direction == "out")
    assert paper.outcome(letter("Thanks", ident="b@c", answers=ours.external_id, more=more)) == "message"
    assert paper.ticket().status == "open"  # a person wrote: it is open again


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ((("X-Original-From", "Ann Lee <ann@customer.example>"), ("Reply-To", "support@desk.example")), "Ann Lee"),
        ((("X-Original-Sender", "ann@customer.example"),), "Ann Lee"),
        ((("Reply-To", "Ann <ann@customer.example>"),), "Ann"),
    ],
)
def test_whom_our_list_put_its_own_address_in_the_place_of_is_the_customer(
    paper: PaperDesk, more: tuple[tuple[str, str], ...], name: str
) -> None:
    paper.take(letter(ident="a@c", sender=VIA, more=(*GROUP, *more)))
    assert paper.messages()[0].sender == [name, "ann@customer.example"]
    assert answered(paper) == ["ann@customer.example"]


def test_a_mail_that_a_google_group_passed_on_is_no_newsletter() -> None:
    assert parse(letter(ident="g@c", more=GROUP)).mail_class is MailClass.MESSAGE
    assert parse(letter(ident="h@c", more=GROUP[:-1])).mail_class is MailClass.BULK


def test_what_is_proved_of_our_address_proves_nothing_of_whom_it_stands_for() -> None:
    proof = ("Authentication-Results", "mx.example; dkim=pass; dmarc=pass header.from=desk.example")
    mail = parse(letter(ident="a@c", sender=VIA, more=(*GROUP, proof, ("X-Original-From", "ann@customer.example"))))
    seen = as_its_writer_sent_it(mail, OWN)
    assert (mail.trust.dmarc, seen.trust.dmarc, seen.trust.dkim) == ("pass", "", "")
    assert "list" in seen.auto_reasons  # never answered by a program all the same


def test_other_peoples_lists_automatic_answers_and_our_own_copies_are_what_they_were() -> None:
    other = parse(letter(ident="a@c", more=(("List-Id", "<news.shop.example>"), ("Precedence", "list"))))
    away = parse(letter(ident="b@c", more=(*LIST, ("Auto-Submitted", "auto-replied"))))
    ours = parse(
        letter(ident="d@c", sender=VIA, more=(*LIST, ("X-Deskbell-Id", "0" * 32), ("Reply-To", "x@y.example")))
    )
    assert [as_its_writer_sent_it(mail, OWN) is mail for mail in (other, away, ours)] == [True, True, True]
    assert other.mail_class is MailClass.BULK


def test_a_list_that_only_later_became_ours_can_be_made_a_ticket_with_its_writer(paper: PaperDesk) -> None:
    more = (("List-Id", "<help.desk.example>"), ("Precedence", "list"))
    assert paper.outcome(letter(ident="a@c", more=more)) == "bulk"
    line = paper.ask(ledger_items, limit=1)[0]
    assert line.blob is not None
    paper.do(commands.make_ticket_anyway, line.id, parse(paper.packs.read(line.blob)))
    assert answered(paper) == ["ann@customer.example"]


@pytest.mark.parametrize(
    ("more", "to"),
    [
        ((("Reply-To", "Ann <ann@customer.example>"),), "ann@customer.example"),
        ((("Reply-To", "no-reply@shop.example"),), "noreply@forms.example"),
        ((("Reply-To", "ann@customer.example"), ("Auto-Submitted", "auto-generated")), "noreply@forms.example"),
    ],
)
def test_a_form_that_writes_from_a_no_reply_address_is_answered_to_the_person_behind_it(
    paper: PaperDesk, more: tuple[tuple[str, str], ...], to: str
) -> None:
    paper.take(letter(ident="a@c", sender="Form <noreply@forms.example>", more=more))
    assert answered(paper) == [to]


def test_a_mail_to_five_thousand_people_is_answered_to_its_author_alone(paper: PaperDesk) -> None:
    many = ", ".join(f"p{number}@many.example" for number in range(5_000))
    paper.take(letter(ident="a@c", to=many, cc="support@desk.example"))
    assert answered(paper) == ["ann@customer.example"]
    few = ", ".join(f"p{number}@many.example" for number in range(98))
    paper.take(letter(ident="b@c", to=few))
    assert len(answered(paper)) == 99
