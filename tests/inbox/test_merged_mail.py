"""Mail to the number of a merged ticket follows the merge, and goes home when the two are taken apart again."""

from __future__ import annotations

from uuid import UUID

from app.tickets.commands import add_note, merge, reply, split, undo, unmerge
from app.tickets.queries import meanwhile, message_ids, ticket_id
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

ANN = "Ann <ann@customer.example>"


def test_what_comes_to_the_old_number_goes_home_when_they_are_taken_apart(paper: PaperDesk) -> None:
    paper.take(letter("The lamp is broken.", ident="lamp@c"), letter("Where is my chair?", ident="chair@c"))
    lamp, chair = (row.id for row in paper.tickets())
    ours = paper.do(reply, chair, text="On its way.")
    (sent,) = [one for one in paper.messages() if one.id == ours.message]
    paper.do(merge, chair, lamp)
    paper.later(hours=1)
    paper.take(letter("It has come!", ident="thanks@c", answers=sent.external_id, date=paper.now))
    assert paper.ask(ticket_id, 2) == lamp
    assert len(paper.ask(message_ids, lamp)) == 4
    paper.later(hours=1)
    paper.take(letter("And a bulb, please.", ident="bulb@c", answers="lamp@c", date=paper.now))
    paper.do(unmerge, chair)
    texts = {one.id: one.text for one in paper.messages()}
    assert [texts[key] for key in paper.ask(message_ids, lamp)] == ["The lamp is broken.", "And a bulb, please."]
    assert [texts[key] for key in paper.ask(message_ids, chair)][0::2] == ["Where is my chair?", "It has come!"]
    assert [row.message_count for row in paper.tickets()] == [2, 3]
    paper.later(hours=1)
    paper.take(letter("Goodbye.", ident="bye@c", answers="thanks@c", date=paper.now))
    assert [row.message_count for row in paper.tickets()] == [2, 4]


def test_answers_to_what_was_split_off_go_to_the_new_ticket_and_home_after_undo(paper: PaperDesk) -> None:
    paper.take(letter("The lamp is broken.", ident="lamp@c"))
    paper.take(letter("Another thing: my chair.", ident="chair@c", answers="lamp@c"))
    first = paper.ticket().id
    chair = next(one.id for one in paper.messages() if "chair" in one.text)
    new = paper.do(split, chair).ticket
    paper.later(hours=1)
    paper.take(letter("The chair, I mean.", ident="more@c", answers="chair@c", date=paper.now))
    assert len(paper.ask(message_ids, new)) == 2
    assert len(paper.ask(message_ids, first)) == 1
    assert paper.do(undo).undone > 0
    assert len(paper.ask(message_ids, first)) == 2  # what came to the new ticket since stays there, and so does that
    assert len(paper.ask(message_ids, new)) == 1


def _texts(paper: PaperDesk, ticket: UUID) -> list[str]:
    texts = {one.id: one.text for one in paper.messages()}
    return [texts[key].splitlines()[0] for key in paper.ask(message_ids, ticket)]


def test_what_we_wrote_meanwhile_goes_with_what_it_answers_and_is_said_before(paper: PaperDesk) -> None:
    paper.take(letter("The lamp is broken.", ident="lamp@c"), letter("Where is my chair?", ident="chair@c"))
    lamp, chair = (row.id for row in paper.tickets())
    asked_for_chair = next(one.id for one in paper.messages() if "chair" in one.text)
    paper.do(merge, chair, lamp)
    paper.later(hours=1)
    ours = paper.do(reply, lamp, text="The chair comes today.", answers=asked_for_chair)
    (sent,) = [one for one in paper.messages() if one.id == ours.message]
    paper.later(hours=1)
    paper.take(letter("It has come!", ident="here@c", answers=sent.external_id, date=paper.now))
    paper.do(
        reply,
        lamp,
        text="And a new lamp tomorrow.",
        answers=next(one.id for one in paper.messages() if "lamp is" in one.text),
    )
    paper.do(add_note, lamp, "A good customer.")
    before = paper.ask(meanwhile, chair)
    assert (len(before.follow), before.replies, before.staying) == (2, 1, 2)
    whole = _texts(paper, lamp)
    done = paper.do(unmerge, chair)
    assert (done.followed, done.stayed) == (1, 2)
    assert _texts(paper, chair) == ["Where is my chair?", "The chair comes today.", "It has come!"]
    assert sorted(_texts(paper, lamp)) == ["A good customer.", "And a new lamp tomorrow.", "The lamp is broken."]
    assert paper.do(undo).kept == ()
    assert _texts(paper, lamp) == whole


def test_undoing_a_merge_later_takes_along_what_has_left_meanwhile(paper: PaperDesk) -> None:
    paper.take(letter("The lamp is broken.", ident="lamp@c"), letter("Where is my chair?", ident="chair@c"))
    lamp, chair = (row.id for row in paper.tickets())
    merged = paper.do(merge, chair, lamp)
    paper.later(hours=1)
    asked_for_chair = next(one.id for one in paper.messages() if "chair" in one.text)
    paper.do(reply, lamp, text="The chair comes today.", answers=asked_for_chair)
    paper.do(add_note, lamp, "A good customer.")
    kept = paper.do(undo, merged.action).kept
    assert any("stays where it is" in words for words in kept)
    assert _texts(paper, chair) == ["Where is my chair?", "The chair comes today."]


def test_a_ticket_that_we_answered_meanwhile_waits_when_it_is_taken_out(paper: PaperDesk) -> None:
    paper.take(letter("The lamp is broken.", ident="lamp@c"), letter("Where is my chair?", ident="chair@c"))
    lamp, chair = (row.id for row in paper.tickets())
    paper.do(merge, chair, lamp)
    paper.later(hours=1)
    paper.do(reply, lamp, text="Today.", answers=next(one.id for one in paper.messages() if "chair" in one.text))
    paper.do(unmerge, chair)
    assert {row.id: row.status for row in paper.tickets()}[chair] == "waiting"
