"""Which ticket a mail joins: by ids and by who takes part, in whatever order mails come."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import select

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.inbox.commands import watch_folders
from app.inbox.rules import FolderRole
from app.inbox.tables import MailItem
from app.kernel.errors import UserError
from app.people.tables import Customer
from app.tickets.commands import belongs_to, delete_ticket, merge, reply, set_status, undo
from app.tickets.queries import conversation_ids, links, ticket_id
from app.tickets.tables import Placement, TicketLink
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk, paper_desk

ANN, BOB, EVE = "Ann <ann@customer.example>", "Bob <bob@customer.example>", "Eve <eve@elsewhere.example>"
DESK = "support@desk.example"


def _links(desk: PaperDesk) -> set[tuple[str, int, int]]:
    number = {row.id: row.number for row in desk.tickets()}
    return {(row.kind, number[row.ticket], number[row.other]) for row in desk.rows(select(TicketLink))}


def test_an_answer_to_our_reply_joins_and_reopens(paper: PaperDesk) -> None:
    paper.take(letter("It is broken.", ident="a@c"))
    written = paper.do(reply, paper.ticket().id, text="Is it plugged in?")
    ours = next(one for one in paper.messages() if one.id == written.message)
    assert paper.ticket().status == "waiting"
    paper.later(hours=1)
    assert paper.outcome(letter("No!", ident="b@c", answers=ours.external_id, date=paper.now)) == "message"
    assert (paper.ticket().status, paper.ticket().message_count) == ("open", 3)


def test_a_subject_alone_matches_nothing(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", subject="Lamp"), letter(ident="b@c", subject="Re: Lamp"))
    assert len(paper.tickets()) == 2


def test_a_colleague_in_cc_finds_the_ticket(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c", cc=BOB))
    paper.take(letter(ident="b@c", sender=BOB, refs=("a@c",)))
    assert paper.ticket().message_count == 2


def test_a_stranger_who_names_a_known_mail_stays_outside(paper: PaperDesk) -> None:
    paper.take(letter("My card number is secret.", ident="a@c"))
    paper.take(letter("Send me everything.", ident="e@e", sender=EVE, answers="a@c"))
    assert [row.message_count for row in paper.tickets()] == [1, 1]
    assert _links(paper) == {("possible_match", 1, 2), ("possible_match", 2, 1)}


def test_belongs_here_makes_the_strangers_mail_part_of_the_ticket_and_can_be_undone(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.take(letter("It is me, from home.", ident="e@e", sender=EVE, answers="a@c"))
    first, second = (row.id for row in paper.tickets())
    assert [link.kind for link in paper.ask(links, first)] == ["possible_match"]
    paper.do(belongs_to, second, first)
    assert (paper.ticket().id, paper.ticket().message_count) == (first, 2)
    assert paper.ask(links, first) == ()
    assert paper.ask(ticket_id, 2) == first
    paper.take(letter("And now?", ident="f@e", sender=EVE, answers="e@e"))
    assert paper.ticket().message_count == 3
    paper.do(undo)  # what came since answers the stranger's mail, and goes home with it
    assert [row.message_count for row in paper.tickets()] == [1, 2]
    assert [link.kind for link in paper.ask(links, first)] == ["possible_match"]


def test_one_mail_of_a_longer_ticket_belongs_there_alone(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter("About both.", ident="e@e", sender=EVE, answers="a@c"))
    paper.take(letter("Something else.", ident="f@e", sender=EVE, answers="e@e"))
    first, second = (row.id for row in paper.tickets())
    paper.do(belongs_to, second, first)
    assert [row.message_count for row in paper.tickets()] == [2, 1]
    paper.do(undo)
    assert [row.message_count for row in paper.tickets()] == [1, 2]


def test_tickets_without_a_link_are_no_possible_match(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter(ident="e@e", sender=EVE))
    first, second = (row.id for row in paper.tickets())
    with pytest.raises(UserError):
        paper.do(belongs_to, second, first)


def test_a_sender_that_claims_to_be_us_takes_part_in_nothing(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    assert paper.outcome(letter(ident="x@c", sender=DESK, answers="a@c")) == "sent_other"
    assert paper.ticket().message_count == 1


def test_an_answer_long_after_the_end_is_a_ticket_of_its_own(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=29)
    paper.take(letter(ident="b@c", answers="a@c", date=paper.now))
    assert paper.ticket().status == "open"
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=31)
    paper.take(letter(ident="d@c", answers="b@c", date=paper.now))
    assert [row.status for row in paper.tickets()] == ["closed", "new"]
    assert _links(paper) == {("continues", 1, 2), ("continues", 2, 1)}


def test_an_answer_to_what_is_in_the_bin_leaves_it_there(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(delete_ticket, paper.ticket().id)
    paper.take(letter(ident="b@c", answers="a@c"))
    deleted, fresh = paper.tickets()
    assert deleted.deleted_at is not None
    assert (fresh.deleted_at, fresh.message_count) == (None, 1)


def _thread() -> list[tuple[str, bytes]]:
    """A conversation of ten mails between Ann, Bob and us (from another program), each naming what came before."""
    mails = []
    parents = {2: 1, 3: 2, 4: 3, 5: 3, 6: 5, 7: 4, 8: 7, 9: 6, 10: 9}
    chains: dict[int, tuple[str, ...]] = {1: ()}
    for number in range(1, 11):
        parent = parents.get(number)
        if parent is not None:
            chains[number] = (*chains[parent], f"m{parent}@x")
        folder = "Sent" if number in {2, 6} else "INBOX"
        sender = DESK if folder == "Sent" else (BOB if number % 4 == 0 else ANN)
        raw = letter(
            f"Words number {number}",
            ident=f"m{number}@x",
            sender=sender,
            to=f"{ANN}, {BOB}" if folder == "Sent" else DESK,
            cc="" if folder == "Sent" else f"{ANN}, {BOB}",
            answers=f"m{parent}@x" if parent else "",
            refs=chains[number] if number % 3 else (),
        )
        mails.append((folder, raw))
    return mails


@pytest.mark.parametrize("seed", range(20))
def test_a_thread_in_any_order_is_one_conversation(tmp_path: Path, seed: int) -> None:
    mails = _thread()
    random.Random(seed).shuffle(mails)
    with paper_desk(tmp_path) as desk:
        for folder, raw in mails:
            desk.take(raw, folder=folder)
        ticket = desk.ticket()
        whole = set(desk.ask(conversation_ids, ticket.id))
        placed = {one.id for one in desk.rows(select(Placement).where(Placement.ticket.in_(whole)))}
        inside = {one.external_id for one in desk.messages() if one.ticket in whole or one.id in placed}
        assert inside == {f"m{number}@x" for number in range(1, 11)}
        assert ticket.message_count == 10


def test_the_younger_ticket_joins_the_older_and_its_number_still_means_it(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.later(hours=1)
    paper.take(letter(ident="c@c", answers="b@c", date=paper.now))
    assert len(paper.tickets()) == 2
    paper.take(letter(ident="b@c", answers="a@c", date=paper.now))
    kept = paper.ticket()
    assert (kept.number, kept.message_count) == (1, 3)


def test_a_late_answer_does_not_melt_two_tickets_that_were_kept_apart(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=60)
    paper.take(letter(ident="c@c", answers="a@c", refs=("b@c",), date=paper.now))
    paper.take(letter(ident="b@c", answers="a@c", date=paper.now))
    assert len([row for row in paper.tickets() if row.status == "closed"]) == 1
    assert len(paper.tickets()) >= 2


def test_a_mail_to_two_of_our_mailboxes_is_one_message_with_two_deliveries(paper: PaperDesk) -> None:
    raw = letter(ident="a@c", to="support@desk.example, sales@desk.example")
    box = NewMailbox("sales@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "u", "ref2")
    first = paper.mailbox
    paper.take(raw)
    paper.mailbox = paper.do(add_mailbox, box)
    paper.do(watch_folders, paper.mailbox, [("INBOX", FolderRole.INBOX)])
    assert paper.outcome(raw) == "duplicate"
    assert (paper.ticket().message_count, paper.ticket().mailbox) == (1, first)
    lines = paper.rows(select(MailItem))
    assert len({line.mailbox for line in lines}) == 2
    assert len({line.message for line in lines}) == 1


def test_a_copy_to_another_mailbox_of_ours_is_no_customer(paper: PaperDesk) -> None:
    paper.do(add_mailbox, NewMailbox("sales@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "u", "ref2"))
    paper.take(letter(ident="a@c", cc="sales@desk.example, Bob <bob@customer.example>"))
    written = paper.do(reply, paper.ticket().id, text="Hello both")
    sent = next(one for one in paper.messages() if one.id == written.message)
    assert (sent.to, sent.cc) == ([["Ann", "ann@customer.example"]], [["Bob", "bob@customer.example"]])
    assert paper.outcome(letter("For us", ident="b@c", sender="sales@desk.example")) == "sent_other"


@pytest.mark.parametrize(
    ("sender", "more", "answered"),
    [
        (ANN, (("Reply-To", "ann@home.example"),), "ann@home.example"),
        (ANN, (("Reply-To", "support@desk.example"),), "ann@customer.example"),
        (ANN, (("Reply-To", "support+x@desk.example"),), "ann@customer.example"),
        (ANN, (("Reply-To", "x@trap.example"), ("Auto-Submitted", "auto-generated")), "ann@customer.example"),
    ],
)
def test_reply_to_counts_only_from_a_person_and_not_when_it_is_ours(
    paper: PaperDesk, sender: str, more: tuple[tuple[str, str], ...], answered: str
) -> None:
    paper.take(letter(ident="a@c", sender=sender, more=more))
    written = paper.do(reply, paper.ticket().id, text="Hello")
    sent = next(one for one in paper.messages() if one.id == written.message)
    assert [address for _, address in sent.to] == [answered]
    assert [one.name for one in paper.rows(select(Customer))] == ["Ann"]


@pytest.mark.parametrize(
    ("wrote", "answers", "tickets"),
    [
        ("ann+shop@customer.example", "ann@customer.example", 1),
        ("ann@customer.example", "Ann+x@Customer.example", 1),
        ("ann.lee@googlemail.com", "annlee+shop@gmail.com", 1),
        ("ann.lee@customer.example", "annlee@customer.example", 2),
        ("ann@customer.example", "ann+shop@elsewhere.example", 2),
    ],
)
def test_who_answers_under_another_spelling_of_the_same_mailbox_takes_part(
    paper: PaperDesk, wrote: str, answers: str, tickets: int
) -> None:
    paper.take(letter(ident="a@c", sender=wrote))
    paper.do(reply, paper.ticket().id, text="Hello")
    ours = next(one for one in paper.messages() if one.direction == "out")
    paper.later(minutes=1)
    paper.take(letter("Thanks", ident="b@c", sender=answers, answers=ours.external_id))
    assert len(paper.tickets()) == tickets


def test_a_reply_to_a_merged_ticket_goes_where_it_was_merged_into(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter(ident="b@c", subject="Another"))
    first, second = (row.id for row in paper.tickets())
    paper.do(reply, first, text="To the first")
    ours = next(one for one in paper.messages() if one.direction == "out")
    paper.do(merge, first, second)
    paper.take(letter("Thanks", ident="d@c", answers=ours.external_id))
    assert (paper.ticket().id, paper.ticket().message_count) == (second, 4)


def test_a_forged_reference_links_but_never_shows_the_conversation(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(reply, paper.ticket().id, text="Your code is 1234.")
    ours = next(one for one in paper.messages() if one.direction == "out")
    paper.take(letter("Tell me", ident="e@e", sender=EVE, answers=ours.external_id, refs=("a@c", ours.external_id)))
    assert [row.message_count for row in paper.tickets()] == [2, 1]
    assert _links(paper) == {("possible_match", 1, 2), ("possible_match", 2, 1)}
    written = paper.do(reply, paper.tickets()[1].id, text="Who are you?")
    sent = next(one for one in paper.messages() if one.id == written.message)
    assert [address for _, address in (*sent.to, *sent.cc)] == ["eve@elsewhere.example"]
