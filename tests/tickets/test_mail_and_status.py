"""What a mail does to a ticket: status, counts, what lists show, and which facts are told."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.kernel import ids
from app.kernel.errors import UserError
from app.kernel.state import options
from app.tickets import commands, queries
from app.tickets.facts import CustomerWrote, TicketClosed, TicketOpened, TicketReopened, TicketSolved
from app.tickets.queries import Pile, TicketRow, View
from app.views.queries import view_id
from app.views.tally import kept_totals
from tests.desk_fixture import SmallDesk

FACTS = (TicketOpened, CustomerWrote, TicketSolved, TicketReopened, TicketClosed)


def row_of(desk: SmallDesk, ticket: UUID) -> TicketRow:
    """The list row, as Ann sees it."""
    (row,) = desk.ask(queries.ticket_rows, [ticket], desk.ann)
    return row


def told(desk: SmallDesk) -> list[type]:
    """The kinds of facts told from now on."""
    facts: list[type] = []
    for kind in FACTS:
        desk.store.on(kind, lambda _tx, fact: facts.append(type(fact)))
    return facts


def test_a_mail_opens_a_new_ticket(desk: SmallDesk) -> None:
    facts = told(desk)
    ticket, _ = desk.mail(words="It is broken")
    row = row_of(desk, ticket)
    assert (row.status, row.number, row.messages, row.snippet, row.unread) == ("new", 1, 1, "It is broken", True)
    assert (row.customer_name, row.customer_address) == ("Mia Wong", "mia@shop.example")
    assert facts == [TicketOpened, CustomerWrote]


@pytest.mark.parametrize("status", ["waiting", "solved", "closed"])
def test_an_answer_opens_it_again(desk: SmallDesk, status: str) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, status)
    desk.later(days=3)
    facts = told(desk)
    desk.mail(ticket)
    assert row_of(desk, ticket).status == "open"
    assert (TicketReopened in facts) is (status != "waiting")


def test_a_ticket_closed_long_ago_takes_no_answer(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, "closed")
    assert desk.ask(commands.accepts_reply, ticket, desk.now + timedelta(days=30))
    assert not desk.ask(commands.accepts_reply, ticket, desk.now + timedelta(days=31))
    desk.work(options.put, "reopen_days", 40)
    assert desk.ask(commands.accepts_reply, ticket, desk.now + timedelta(days=31))


def test_what_was_deleted_takes_no_answer(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.delete_ticket, ticket)
    assert not desk.ask(commands.accepts_reply, ticket, desk.now)


def test_automatic_mail_changes_no_status_and_tells_nothing(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, "solved")
    facts = told(desk)
    desk.work(
        commands.customer_wrote, ticket, at=desk.later(days=1), snippet="Out of office", has_attachment=False,
        reopen=False,
    )  # fmt: skip
    row = row_of(desk, ticket)
    assert (row.status, row.messages, row.snippet) == ("solved", 2, "Out of office")
    assert facts == []


def test_older_mail_that_arrives_late_does_not_move_the_ticket(desk: SmallDesk) -> None:
    ticket, _ = desk.mail(words="newest")
    before = row_of(desk, ticket)
    desk.mail(ticket, words="older", at=desk.now - timedelta(days=2))
    after = row_of(desk, ticket)
    assert (after.snippet, after.last_message_at, after.messages) == ("newest", before.last_message_at, 2)


def test_a_mail_that_waited_on_the_server_is_news_all_the_same(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    came = desk.now + timedelta(seconds=10)
    desk.later(minutes=1)
    desk.do(commands.mark_seen, ticket)
    assert not row_of(desk, ticket).unread
    desk.later(minutes=1)
    desk.mail(ticket, at=came)
    assert row_of(desk, ticket).unread


def test_history_is_closed_and_tells_nothing(desk: SmallDesk) -> None:
    facts = told(desk)
    ticket = ids.new_id()
    desk.work(
        commands.open_ticket, ticket=ticket, customer=None, subject="", at=desk.now, status="closed", outcome="history"
    )
    assert facts == []
    assert desk.ask(queries.history, ticket) == ()
    assert row_of(desk, ticket).subject == "(no subject)"


def test_the_answer_from_the_phone_waits_for_the_customer(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    at = desk.later(hours=2)
    desk.work(commands.agent_wrote, ticket, at=at, snippet="On it", has_attachment=False)
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert (detail.row.status, detail.first_reply_at) == ("waiting", at)
    desk.later(hours=1)
    desk.mail(ticket)
    desk.work(commands.agent_wrote, ticket, at=at, snippet="Seen late", has_attachment=False)
    assert row_of(desk, ticket).status == "open"  # the customer has written since


def test_a_snoozed_ticket_wakes_when_the_customer_writes(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_fields, ticket, snooze_until=desk.now + timedelta(days=9))
    desk.mail(ticket)
    assert row_of(desk, ticket).snooze_until is None


def test_a_snoozed_ticket_leaves_the_lists_and_comes_back_unread_at_its_time(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.mark_seen, ticket)
    desk.do(commands.snooze, ticket, desk.now + timedelta(days=1))
    assert desk.ask(queries.ticket_ids, View(Pile.TO_DO)) == []
    assert desk.work(commands.wake_due) == 0
    desk.later(days=1)
    assert desk.work(commands.wake_due) == 1
    assert desk.ask(queries.ticket_ids, View(Pile.TO_DO)) == [ticket]
    assert row_of(desk, ticket).unread
    assert desk.ask(queries.wrong_counters) == {}


def test_what_was_merged_or_deleted_while_it_was_snoozed_does_not_come_back(desk: SmallDesk) -> None:
    target, merged, deleted = (desk.mail()[0] for _ in range(3))
    for each in (merged, deleted):
        desk.do(commands.snooze, each, desk.now + timedelta(days=1))
    desk.do(commands.merge, merged, target)
    desk.do(commands.delete_ticket, deleted)
    desk.later(days=2)
    assert desk.work(commands.wake_due) == 0


def test_what_is_done_cannot_be_snoozed_and_solving_ends_a_snooze(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    with pytest.raises(UserError):
        desk.do(commands.snooze, ticket, desk.now)
    desk.do(commands.snooze, ticket, desk.now + timedelta(days=1))
    desk.do(commands.set_status, ticket, "solved")
    assert desk.ask(kept_totals, desk.ann)[view_id("snoozed")] == 0
    with pytest.raises(UserError):
        desk.do(commands.snooze, ticket, desk.now + timedelta(days=1))
    desk.do(commands.undo)
    assert desk.ask(queries.ticket_ids, View(Pile.SNOOZED)) == [ticket]


def test_solved_tickets_close_after_some_days_without_mail(desk: SmallDesk) -> None:
    quiet, _ = desk.mail()
    busy, _ = desk.mail(address="ben@shop.example")
    for ticket in (quiet, busy):
        desk.do(commands.set_status, ticket, "solved")
    desk.later(days=10)
    desk.work(commands.message_added, busy, direction="in", at=desk.now, snippet="auto", has_attachment=False)
    desk.later(days=5)
    facts = told(desk)
    assert desk.work(commands.close_solved) == 1
    assert (row_of(desk, quiet).status, row_of(desk, busy).status) == ("closed", "solved")
    assert facts == [TicketClosed]
    desk.work(options.put, "close_after_days", 0)
    desk.later(days=400)
    assert desk.work(commands.close_solved) == 0


def test_numbers_go_on_after_a_rolled_back_opening(desk: SmallDesk) -> None:
    with desk.store.write("ingest") as tx:
        nested = tx.begin_nested()
        commands.open_ticket(tx, ticket=ids.new_id(), customer=None, subject="lost", at=tx.now)
        nested.rollback()
        assert commands.open_ticket(tx, ticket=ids.new_id(), customer=None, subject="kept", at=tx.now) == 1
    assert desk.ask(queries.wrong_counters) == {}
    desk.work(commands.reserve_numbers, 500)
    ticket, _ = desk.mail()
    assert row_of(desk, ticket).number == 501
