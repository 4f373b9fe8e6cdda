"""A reply that waits for a chosen time, and a customer who writes first."""

from __future__ import annotations

from datetime import timedelta

from app.desk import reactions
from app.kernel import clock
from app.outbox.queries import draft_of, outbox_row
from app.tickets.commands import reply
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk


def test_a_reply_for_later_is_taken_back_in_the_very_moment_in_which_the_customer_writes(paper: PaperDesk) -> None:
    reactions.wire(paper.store)
    paper.take(letter("Where is it?", ident="1@c"))
    ticket = paper.ticket()
    at = clock.now() + timedelta(days=1)
    written = paper.do(reply, ticket.id, text="It comes tomorrow.", not_before=at)
    paper.later(minutes=5)
    paper.take(letter("Another matter", ident="2@c", sender="bob@elsewhere.example"))
    waiting = paper.ask(outbox_row, written.message, clock.now())
    assert waiting is not None
    assert waiting.state == "queued"  # somebody else's mail is no reason
    paper.take(letter("It has come, thank you.", ident="3@c", answers="1@c"))
    taken_back = paper.ask(outbox_row, written.message, clock.now())
    assert taken_back is not None
    assert (taken_back.state, taken_back.needs_attention) == ("cancelled", True)
    draft = paper.ask(draft_of, ticket.id, paper.ann)
    assert draft is not None
    assert draft.text == "It comes tomorrow."
