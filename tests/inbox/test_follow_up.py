"""Answers to what is solved: where the desk wants new tickets, each matter gets one, and its answers stay in it."""

from __future__ import annotations

from app.kernel.state import options
from app.tickets.commands import reply, set_status
from app.tickets.queries import links
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

ANN = "Ann <ann@customer.example>"


def test_an_answer_to_a_solved_ticket_opens_one_new_ticket_and_the_next_answers_join_it(paper: PaperDesk) -> None:
    paper.do(options.put, "answers_to_done", "new")
    paper.take(letter("It is broken.", ident="a@c", sender=ANN))
    old = paper.ticket()
    written = paper.do(reply, old.id, text="Here is another one.", solve=True)
    ours = next(one.external_id for one in paper.messages() if one.id == written.message)
    paper.later(days=1)
    assert paper.outcome(letter("Now the arm is broken.", ident="b@c", sender=ANN, answers=ours)) == "message"
    paper.later(hours=1)
    paper.take(letter("And the foot.", ident="c@c", sender=ANN, answers=ours))
    first, second = paper.tickets()
    assert (first.status, first.message_count) == ("solved", 2)
    assert (second.status, second.message_count) == ("new", 2)
    assert [(one.kind, one.number) for one in paper.ask(links, second.id)] == [("continues", 1)]
    again = paper.do(reply, second.id, text="Which foot?")
    newest = next(one.external_id for one in paper.messages() if one.id == again.message)
    paper.later(hours=1)
    paper.take(letter("The left one.", ident="d@c", sender=ANN, answers=newest, refs=("a@c", ours, "b@c")))
    assert [(row.status, row.message_count) for row in paper.tickets()] == [("solved", 2), ("open", 4)]
    paper.do(set_status, second.id, "solved")
    paper.later(days=1)
    paper.take(letter("And the seat.", ident="e@c", sender=ANN, answers=newest))
    assert [row.status for row in paper.tickets()] == ["solved", "solved", "new"]


def test_a_desk_may_always_open_it_again(paper: PaperDesk) -> None:
    paper.do(options.put, "answers_to_done", "reopen")
    paper.take(letter(ident="a@c", sender=ANN))
    paper.do(set_status, paper.ticket().id, "closed")
    paper.later(days=400)
    paper.take(letter(ident="b@c", sender=ANN, answers="a@c"))
    assert (paper.ticket().status, paper.ticket().message_count) == ("open", 2)
