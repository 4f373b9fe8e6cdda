"""Mail that is no ticket: on a pile of its own with its cause, never deleted, and a ticket as soon as somebody says so."""

from __future__ import annotations

import pytest

from app.inbox import commands
from app.inbox.queries import ledger_items, ledger_reasons, pile_counts
from app.inbox.rules import MARKED, PILES
from app.kernel.errors import UserError
from app.mime.parse import parse
from app.people.commands import block, unblock
from app.people.queries import blocked
from app.tickets.commands import reply, undo
from app.tickets.commands.spam import mark_spam
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

SHOP = "Shop <news@shop.example>"


def _pile(desk: PaperDesk) -> list[tuple[str, str]]:
    """(outcome, reason) of everything on a pile, oldest first."""
    return [(line.outcome, line.reason) for line in reversed(desk.ask(ledger_items, outcomes=PILES, limit=50))]


def _make_ticket(desk: PaperDesk) -> None:
    """Make a ticket of the newest line's mail, from the bytes that were kept."""
    line = desk.ask(ledger_items, limit=1)[0]
    assert line.blob is not None
    desk.do(commands.make_ticket_anyway, line.id, parse(desk.packs.read(line.blob)))


@pytest.mark.parametrize("sender", ["news@shop.example", "NEWS@Shop.Example", "@shop.example"])
def test_mail_of_a_blocked_sender_goes_to_the_spam_pile_and_says_why(paper: PaperDesk, sender: str) -> None:
    paper.do(block, sender)
    assert paper.outcome(letter(ident="a@c", sender=SHOP)) == "spam"
    assert _pile(paper) == [("spam", "The sender is on your block list.")]
    assert paper.outcome(letter(ident="b@c")) == "message"
    _make_ticket_of_first(paper)
    assert len(paper.tickets()) == 2


def _make_ticket_of_first(desk: PaperDesk) -> None:
    line = desk.ask(ledger_items, outcomes=["spam"], limit=1)[0]
    assert line.blob is not None
    desk.do(commands.make_ticket_anyway, line.id, parse(desk.packs.read(line.blob)))


def test_a_blocked_senders_answer_to_us_is_spam_too(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", sender=SHOP))
    paper.do(reply, paper.ticket().id, text="No, thank you.")
    paper.do(block, "news@shop.example")
    paper.later(minutes=1)
    ours = next(one for one in paper.messages() if one.direction == "out")
    assert paper.outcome(letter(ident="b@c", sender=SHOP, answers=ours.external_id)) == "spam"
    assert paper.ticket().status == "waiting"


def test_whoever_is_taken_off_the_list_is_heard_again(paper: PaperDesk) -> None:
    paper.do(block, "@shop.example")
    paper.do(block, "@Shop.example ")
    assert paper.ask(blocked) == ("@shop.example",)
    assert paper.do(unblock, "@shop.example")
    assert not paper.do(unblock, "@shop.example")
    assert paper.outcome(letter(ident="a@c", sender=SHOP)) == "message"
    paper.do(block, "@shop.example")
    assert paper.outcome(letter(ident="b@c", sender=SHOP)) == "spam"


@pytest.mark.parametrize("words", ["", "shop", "@", "a b@shop.example", "a@b@shop.example"])
def test_only_an_address_or_a_domain_can_be_blocked(paper: PaperDesk, words: str) -> None:
    with pytest.raises(UserError):
        paper.do(block, words)


def test_each_pile_tells_its_cause(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), folder="Junk")
    paper.later(seconds=1)
    paper.take(letter(ident="b@c", more=(("X-Spam-Status", "Yes, score=9"),)))
    paper.later(seconds=1)
    paper.take(letter(ident="c@c", sender=SHOP, more=(("List-Unsubscribe", "<mailto:off@shop.example>"),)))
    assert _pile(paper) == [
        ("spam", "In the provider's junk folder."),
        ("spam", "The provider marked it as spam."),
        ("bulk", "It carries the marks of a mailing list."),
    ]
    paper.take(letter(ident="d@c", sender=SHOP, more=(("List-Id", "<news.shop.example>"),)))
    paper.take(letter(ident="e@c", sender=SHOP, more=(("Precedence", "bulk"),)))
    assert paper.ask(ledger_reasons, ["bulk"]) == (
        ("It carries the marks of a mailing list.", 2),
        ("It calls itself bulk mail.", 1),
    )
    assert len(paper.ask(ledger_items, outcomes=["bulk"], reason="It calls itself bulk mail.")) == 1


def test_a_customer_who_answers_us_is_heard_though_the_provider_calls_it_spam(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(reply, paper.ticket().id, text="Is it plugged in?")
    ours = next(one for one in paper.messages() if one.direction == "out")
    paper.take(letter("Yes", ident="b@c", answers=ours.external_id, more=(("X-Spam-Flag", "YES"),)))
    assert paper.ticket().message_count == 3


def test_not_spam_opens_a_ticket_like_any_letter(paper: PaperDesk) -> None:
    paper.take(letter("Please help", ident="a@c"), folder="Junk")
    _make_ticket(paper)
    row = paper.ticket()
    assert (row.status, row.message_count, row.snippet) == ("new", 1, "Please help")
    assert _pile(paper) == []
    paper.take(letter("And?", ident="b@c", answers="a@c"))
    assert paper.ticket().message_count == 2


def test_what_a_person_marks_as_spam_is_on_the_pile_with_its_cause_until_it_is_taken_back(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", sender=SHOP))
    paper.do(mark_spam, paper.ticket().id)
    assert paper.ask(pile_counts)["spam"] == len(paper.ask(ledger_items, outcomes=["spam"])) == 1
    assert _pile(paper) == [("spam", MARKED)]
    assert paper.last_item().outcome == "message"  # what came in stays what it was
    paper.do(undo)
    assert _pile(paper) == []
