"""From a real server into tickets: the whole way of a mail, once and never twice."""

from __future__ import annotations

from tests.inbox.mail_desk import MailDesk, letter


def test_a_mail_becomes_a_ticket_and_its_answer_joins_it(desk: MailDesk) -> None:
    desk.sync()
    desk.deliver(letter("My lamp is broken.", ident="a@c", subject="Lamp"))
    first = desk.sync()
    assert (first.received, first.new_tickets) == (1, 1)
    desk.deliver(letter("Any news?", ident="b@c", answers="a@c", subject="something else"))
    second = desk.sync()
    assert (second.received, second.new_tickets, second.appended) == (1, 0, 1)
    (ticket,) = desk.tickets()
    assert (ticket.subject, ticket.status, ticket.message_count) == ("Lamp", "new", 2)
    assert desk.ledger().by_outcome == {"message": 2}
    assert desk.sync().received == 0
