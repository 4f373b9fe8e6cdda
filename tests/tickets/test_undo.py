"""Undo puts back what an action set, leaves what others changed since and says so, and survives a restart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.inbox.commands.erasing import erase_taken_back
from app.kernel.files.blobs import BlobRef
from app.outbox import commands as outbox
from app.outbox.drafts import drafts
from app.outbox.tables import Draft
from app.people.commands import customer_for, update_customer
from app.people.queries import customer
from app.search.queries import search
from app.tickets import commands, queries
from app.tickets.facts import OpeningTakenBack
from tests.desk_export import differences, export
from tests.desk_fixture import SmallDesk


def state(desk: SmallDesk, ticket: UUID) -> Any:
    """Everything of a ticket that undo must put back."""
    return desk.ask(queries.ticket, ticket), desk.ask(queries.message_ids, ticket)


def status_of(desk: SmallDesk, ticket: UUID) -> str:
    """The status now."""
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    return detail.row.status


def test_every_kind_of_change_is_taken_back_also_after_a_restart(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, second = desk.mail(address="ben@shop.example", words="And mine?")
    desk.mail(other, address="ben@shop.example")
    before = state(desk, ticket), state(desk, other)
    desk.later(minutes=5)
    steps: list[tuple[Any, ...]] = [
        (commands.set_status, ticket, "solved"),
        (commands.set_status, ticket, "closed"),
        (commands.assign, ticket, desk.bob),
        (commands.set_priority, [ticket, other], "urgent"),
        (commands.add_tag, ticket, "Refund"),
        (commands.remove_tag, ticket, "refund"),
        (commands.add_note, ticket, "A note"),
        (commands.place_message, second, ticket),
        (commands.delete_ticket, [ticket, other]),
        (commands.restore_ticket, [other, ticket]),
        (commands.merge, other, ticket),
    ]
    for command, *values in steps:
        desk.do(command, *values)
    assert (state(desk, ticket), state(desk, other)) != before
    desk.reopen()
    for _ in steps:
        result = desk.do(commands.undo)
        assert result.undone > 0
        assert result.kept == ()
    assert (state(desk, ticket), state(desk, other)) == before
    assert desk.do(commands.undo).undone == 0
    assert desk.ask(queries.wrong_counters) == {}


def test_what_somebody_changed_since_stays_and_is_named(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    done = desk.do(commands.set_fields, ticket, status="solved", priority="high")
    desk.do(commands.set_status, ticket, "waiting", agent=desk.bob)
    result = desk.do(commands.undo, done.action)
    assert result.undone == 1
    assert result.kept == ("#1: Bob Ray has changed “status” since; it stays.",)
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert (detail.row.status, detail.row.priority) == ("waiting", "normal")


def test_everybody_undoes_their_own(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_priority, ticket, "high")
    desk.do(commands.add_tag, ticket, "vip", agent=desk.bob)
    desk.do(commands.undo)
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert (detail.row.priority, detail.row.tags) == ("normal", ("vip",))


def test_undoing_a_reply_calls_it_back_and_keeps_the_words(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    before = state(desk, ticket)
    desk.later(minutes=1)
    written = desk.do(commands.reply, ticket, text="Too early", solve=True, undo_seconds=10)
    desk.do(commands.mark_unseen, ticket)
    result = desk.do(commands.undo, written.action)
    assert result.kept == ()
    assert state(desk, ticket) == before
    assert "Too early" in desk.ask(lambda db: db.scalars(select(Draft.text)).one())
    assert desk.do(commands.undo, written.action).undone == 0  # one action is undone once


def test_a_reply_that_has_left_is_a_fact(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    written = desk.do(commands.reply, ticket, text="Gone", solve=True)
    desk.later(minutes=1)
    frozen = BlobRef("0" * 32 + ".pack", 0, 12, b"\0" * 32)
    assert isinstance(desk.work(outbox.claim, written.message, frozen), outbox.Claim)
    result = desk.do(commands.undo, written.action)
    assert (result.undone, result.kept) == (0, ("The reply in #1 has already left; everything stays as it is.",))
    assert status_of(desk, ticket) == "solved"


def test_cancelling_in_the_outbox_puts_the_status_back_too(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    written = desk.do(commands.reply, ticket, text="Wait")
    assert desk.do(outbox.cancel, written.message)
    assert status_of(desk, ticket) == "new"
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert detail.row.messages == 1


def test_a_new_mail_that_is_called_back_leaves_nothing_but_its_draft(desk: SmallDesk) -> None:
    desk.store.on(OpeningTakenBack, erase_taken_back)
    before = desk.ask(export)
    for way in (commands.cancel_reply, lambda tx, _message: commands.undo(tx)):
        written = desk.do(commands.new_mail, customer_address="ben@shop.example", subject="Hi", text="Hi", solve=True)
        desk.do(way, written.message)
        assert not desk.ask(queries.bin_rows)
        assert desk.ask(queries.ticket_id, written.ticket_number) is None
        assert desk.ask(queries.wrong_counters) == {}
        assert not differences(before, desk.ask(export))
        assert any("draft again" in words for words in desk.do(commands.redo).kept)
    assert [(one.kind, one.text, one.ticket) for one in desk.ask(drafts)] == [("new", "Hi", None)] * 2


def test_what_others_did_in_a_ticket_keeps_it_though_its_mail_is_called_back(desk: SmallDesk) -> None:
    desk.store.on(OpeningTakenBack, erase_taken_back)
    written = desk.do(commands.new_mail, customer_address="ben@shop.example", subject="Hi", text="Hi")
    desk.do(commands.add_item, written.ticket, "Ask the workshop", agent=desk.bob)
    desk.do(commands.cancel_reply, written.message)
    assert [row.number for row in desk.ask(queries.bin_rows)] == [written.ticket_number]


def test_redo_does_again_what_was_undone_until_something_new_is_done(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, "open")
    desk.do(commands.set_status, ticket, "solved")
    after = state(desk, ticket)
    desk.do(commands.undo)
    desk.do(commands.undo)
    assert status_of(desk, ticket) == "new"
    desk.do(commands.redo)
    assert status_of(desk, ticket) == "open"
    desk.do(commands.redo)
    assert state(desk, ticket) == after
    desk.do(commands.undo)
    desk.do(commands.set_priority, ticket, "low")
    assert desk.do(commands.redo).undone == 0
    assert status_of(desk, ticket) == "open"


def test_a_note_taken_back_is_gone_from_view_and_comes_again(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.add_note, ticket, "Xylophone")
    assert desk.ask(search, "xylophone")
    desk.do(commands.undo)
    assert len(desk.ask(queries.conversation, ticket)) == 1
    assert not desk.ask(search, "xylophone")
    desk.do(commands.redo)
    assert [one.kind for one in desk.ask(queries.conversation, ticket)] == ["mail", "note"]
    assert desk.ask(search, "xylophone")


def test_a_customers_fields_are_undone_as_well(desk: SmallDesk) -> None:
    mia = desk.work(customer_for, "mia@shop.example", "Mia", desk.now)
    desk.do(update_customer, mia, name="Mia W.", notes="Likes tea")
    desk.do(commands.undo)
    profile = desk.ask(customer, mia)
    assert profile is not None
    assert (profile.name, profile.notes) == ("Mia", "")


def test_a_ticket_given_to_another_customer_goes_with_the_company(desk: SmallDesk) -> None:
    ticket, _ = desk.mail(address="mia@first.example")
    ben = desk.work(customer_for, "ben@second.example", "Ben", desk.now)
    before = state(desk, ticket)
    desk.do(commands.set_fields, ticket, customer=ben)
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert (detail.row.customer_name, detail.organisation_name) == ("Ben", "second.example")
    desk.do(commands.undo)
    assert state(desk, ticket) == before


def test_an_undo_that_can_do_nothing_does_not_bar_the_one_before(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_priority, ticket, "high")
    desk.do(commands.set_status, ticket, "solved")
    desk.do(commands.set_status, ticket, "waiting", agent=desk.bob)
    assert desk.do(commands.undo).undone == 0
    assert desk.do(commands.undo).undone == 1
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert (detail.row.status, detail.row.priority) == ("waiting", "normal")


def test_split_is_taken_back_with_the_ticket_it_made(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.later(minutes=1)
    _, message = desk.mail(ticket, words="Another matter")
    before = state(desk, ticket)
    written = desk.do(commands.split, message)
    assert desk.ask(queries.message_ids, written.ticket) == [message]
    assert message not in desk.ask(queries.message_ids, ticket)
    desk.do(commands.undo)
    assert state(desk, ticket)[1] == before[1]
    assert not desk.ask(queries.bin_rows), "nothing is left of it but a number"
    assert desk.ask(queries.ticket_id, written.ticket_number) == ticket
    assert not desk.ask(queries.merged_parts, ticket)
    desk.do(commands.redo)
    assert desk.ask(queries.message_ids, written.ticket) == [message]
    assert desk.ask(queries.ticket_id, written.ticket_number) == written.ticket
    desk.do(commands.set_priority, written.ticket, "high")
    desk.do(commands.undo, written.action)
    assert [row.number for row in desk.ask(queries.bin_rows)] == [written.ticket_number], "somebody worked on it"
