"""The work on a ticket: statuses and fields of a desk's own, checklist, time, followers, links; each with history and undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.fields.commands import add_field, change_field, remove_field
from app.fields.queries import fields
from app.fields.rules import FieldsMissingError
from app.kernel.errors import UserError
from app.kernel.state import jobs
from app.search.queries import ticket_ids
from app.states.commands import add_state, change_state, set_default
from app.states.queries import offered_states, states
from app.tickets import commands, queries
from app.tickets.tables import Ticket
from tests.desk_fixture import SmallDesk


def row(desk: SmallDesk, ticket: UUID) -> queries.TicketRow:
    (found,) = desk.ask(queries.ticket_rows, [ticket])
    return found


def told(desk: SmallDesk, ticket: UUID) -> list[tuple[str, Any, Any]]:
    """(field, old, new) of the history."""
    return [(line.field, line.old, line.new) for line in desk.ask(queries.history, ticket)]


def everything(desk: SmallDesk, ticket: UUID) -> Any:
    """All that the work on a ticket is, statuses and fields included."""
    detail = desk.ask(queries.ticket, ticket)
    return detail, desk.ask(queries.work, ticket), desk.ask(states), desk.ask(fields)


def test_a_status_of_the_desks_own_lies_within_a_category(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    supplier = desk.do(add_state, "Waiting for supplier", "waiting", "bad")
    desk.do(commands.set_status, ticket, "waiting for SUPPLIER")
    now = row(desk, ticket)
    assert (now.status, now.state, now.state_name, now.state_colour) == (
        "waiting",
        supplier,
        "Waiting for supplier",
        "bad",
    )
    assert ("status", "new", "Waiting for supplier") in told(desk, ticket)
    desk.do(commands.set_status, ticket, "waiting")
    assert row(desk, ticket).state is None, "the category's word means its default"
    assert ("state", "Waiting for supplier", "waiting") in told(desk, ticket)
    desk.do(commands.set_status, ticket, supplier.hex)
    desk.mail(ticket)
    assert (row(desk, ticket).status, row(desk, ticket).state) == ("open", None), "an answer leaves the category"
    with pytest.raises(UserError, match="Waiting for supplier"):
        desk.do(commands.set_status, ticket, "waiting for godot")
    with pytest.raises(UserError, match="already"):
        desk.do(add_state, "waiting FOR supplier", "open")
    assert desk.ask(queries.wrong_counters) == {}


def test_the_default_of_a_category_is_what_comes_by_itself(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    customer = desk.do(add_state, "Waiting for customer", "waiting")
    desk.do(set_default, customer)
    assert [one.label for one in desk.ask(offered_states) if one.category == "waiting"] == ["Waiting for customer"]
    desk.do(commands.reply, ticket, text="Which order is it?")
    assert row(desk, ticket).state == customer
    desk.do(set_default, desk.do(add_state, "To sort", "new"))
    assert row(desk, desk.mail(address="ben@shop.example")[0]).state_name == "To sort"
    desk.do(set_default, "waiting")
    desk.do(commands.set_status, ticket, "open")
    desk.do(commands.set_status, ticket, "waiting")
    assert row(desk, ticket).state is None
    desk.do(change_state, "waiting", name="On hold")
    assert row(desk, ticket).state_name == "On hold"
    desk.do(commands.undo)
    assert row(desk, ticket).state_name == ""


def test_deleting_a_status_moves_its_tickets_and_undo_brings_both_back(desk: SmallDesk) -> None:
    supplier = desk.do(add_state, "Waiting for supplier", "waiting")
    tickets = [desk.mail(address=f"c{n}@shop.example")[0] for n in range(60)]
    desk.do(commands.set_status, tickets[:3], "Waiting for supplier")
    few = desk.do(commands.remove_state, supplier)
    assert (few.tickets, few.job) == (3, None)
    assert {row(desk, ticket).state for ticket in tickets} == {None}
    assert desk.do(commands.undo).kept == ()
    assert row(desk, tickets[0]).state == supplier
    desk.do(commands.set_status, tickets, supplier.hex)
    many = desk.do(commands.remove_state, supplier)
    assert many.job is not None
    jobs.work_off(desk.store)
    held = [state for (state,) in desk.ask(lambda db: db.execute(select(Ticket.state)).all())]
    assert held == [None] * 60
    assert len(desk.ask(states)) == 5
    desk.do(commands.undo, many.action)
    jobs.work_off(desk.store)
    assert {row(desk, ticket).state for ticket in tickets} == {supplier}
    assert desk.do(commands.undo, few.action).undone == 0


def test_an_undo_never_brings_a_ticket_into_a_status_that_is_gone(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    supplier = desk.do(add_state, "Waiting for supplier", "waiting")
    carrier = desk.do(add_state, "Waiting for carrier", "waiting")
    desk.do(commands.set_status, ticket, supplier.hex)
    done = desk.do(commands.set_status, ticket, carrier.hex, agent=desk.bob)
    desk.do(commands.remove_state, supplier)
    desk.do(commands.undo, done.action, agent=desk.bob)
    held = desk.ask(lambda db: db.execute(select(Ticket.status, Ticket.state).where(Ticket.id == ticket)).one())
    assert tuple(held) == ("waiting", None)


def test_solving_needs_the_required_fields_but_the_clock_and_mail_do_not(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    product = desk.do(add_field, "Product", "choice", choices="Lamp\nChair", required=True)
    cause = desk.do(add_field, "Cause", "text", required=True)
    for solve in (
        lambda: desk.do(commands.set_status, ticket, "solved"),
        lambda: desk.do(commands.set_fields, ticket, status="closed"),
        lambda: desk.do(commands.reply, ticket, text="Done.", solve=True),
    ):
        with pytest.raises(FieldsMissingError, match=r"“Product”, “Cause”") as caught:
            solve()
        assert (caught.value.ticket, caught.value.fields) == (ticket, (product, cause))
    desk.do(commands.set_custom, ticket, "product", "lamp")
    desk.do(commands.set_custom, ticket, cause, "Broken glass")
    with pytest.raises(FieldsMissingError, match="#2: “Product”"):
        desk.do(commands.set_status, [ticket, other], "solved")
    assert row(desk, ticket).status == "new", "all of them or none"
    desk.do(commands.set_status, ticket, "solved")
    desk.do(commands.set_custom, ticket, cause, None)
    desk.do(commands.set_status, ticket, "closed")
    assert row(desk, ticket).status == "closed", "it was solved before"
    assert ("custom:Product", None, "Lamp") in told(desk, ticket)


def test_closing_by_the_clock_is_not_held_up(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, "solved")
    desk.do(add_field, "Cause", "text", required=True)
    desk.later(days=20)
    assert desk.work(commands.close_solved) == 1


def test_a_choice_can_be_renamed_and_what_was_taken_out_is_still_shown(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    field = desk.do(add_field, "Area", "tree", choices="Hardware\n  Printer\n  Screen\nSoftware")
    desk.do(commands.set_custom, ticket, field, "Hardware > Printer")
    desk.do(change_field, field, choices="Hardware\n  Printers\n  Screen\nSoftware")
    shown = (info := desk.ask(fields)[0]).shown(kept(desk, ticket, info.key))
    assert shown == "Hardware / Printers"
    desk.do(change_field, field, choices="Software")
    info = desk.ask(fields)[0]
    assert info.shown(kept(desk, ticket, info.key)) == "Hardware / Printers"
    assert [one.path for one in info.offered] == ["Software"]
    desk.do(remove_field, field)
    assert desk.ask(fields) == ()
    desk.do(commands.undo)
    assert desk.ask(fields)[0].shown(kept(desk, ticket, info.key)) == "Hardware / Printers"


def kept(desk: SmallDesk, ticket: UUID, key: str) -> Any:
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    return detail.custom.get(key)


def test_every_kind_of_work_is_told_in_the_history_and_taken_back(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    text = desk.do(add_field, "Order", "text")
    number = desk.do(add_field, "Pieces", "number")
    multi = desk.do(add_field, "Parts", "multi", choices="Foot\nArm\nSeat")
    item = desk.do(commands.add_item, ticket, "Call the supplier")
    second = desk.do(commands.add_item, ticket, "Send a new one")
    logged = desk.do(commands.log_time, ticket, "1h 30", "on the phone")
    desk.do(commands.start_timer, other)
    before = everything(desk, ticket), everything(desk, other)
    steps: list[tuple[Any, ...]] = [
        (commands.set_custom, ticket, text, "A-17"),
        (commands.set_custom, [ticket, other], number, "1.200,5".replace(".", "")),
        (commands.set_custom, ticket, multi, ["Seat", "foot"]),
        (commands.set_fields, [ticket], {"due_at": desk.later(minutes=1)}),
        (commands.tick_item, item),
        (commands.rename_item, second, "Send a new chair"),
        (commands.move_item, second, 0),
        (commands.remove_item, item),
        (commands.add_item, ticket, "Write to them"),
        (commands.change_time, logged, {"spent": "2h", "note": "with Tom"}),
        (commands.start_timer, ticket),
        (commands.stop_timer,),
        (commands.follow, [ticket, other], desk.bob),
        (commands.unfollow, other, desk.bob),
        (commands.link, ticket, other, "blocks"),
        (commands.link, other, ticket, "related"),
        (commands.unlink, ticket, other),
        (commands.remove_time, logged),
    ]
    for command, *values in steps:
        desk.later(minutes=1)
        named = values.pop() if values and isinstance(values[-1], dict) else {}
        desk.do(command, *values, **named)
    assert (everything(desk, ticket), everything(desk, other)) != before
    lines = told(desk, ticket)
    assert ("custom:Parts", None, "Foot, Seat") in lines
    assert (
        "checklist_item",
        {"name": "Call the supplier", "done_at": False},
        {"name": "Call the supplier", "done_at": True},
    ) in lines
    assert ("follower", None, {"name": "Bob Ray"}) in lines
    assert ("ticket_link", None, {"name": "blocks #2"}) in lines
    assert ("ticket_link", None, {"name": "blocked_by #1"}) in told(desk, other)
    desk.reopen()
    for _ in steps:
        result = desk.do(commands.undo)
        assert result.undone > 0
        assert result.kept == ()
    assert (everything(desk, ticket), everything(desk, other)) == before
    for _ in steps:
        assert desk.do(commands.redo).kept == ()


def test_time_is_typed_in_many_ways_and_an_agent_has_one_timer(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    for typed in ("15m", "1h 30m", "1:30", "90", "1,5 Std.", "1h30"):
        desk.do(commands.log_time, ticket, typed)
    assert sorted(one.seconds or 0 for one in desk.ask(queries.work, ticket).times) == [900] + [5400] * 5
    for wrong in ("", "soon", "15x", "1h 2y", "-5", "0", "99999h"):
        with pytest.raises(UserError):
            desk.do(commands.log_time, ticket, wrong)
    desk.do(commands.start_timer, ticket)
    desk.later(minutes=7)
    desk.do(commands.start_timer, other)
    desk.do(commands.start_timer, ticket, agent=desk.bob)
    timer = desk.ask(queries.running_timer, desk.ann)
    assert timer is not None
    assert timer.number == 2
    here = desk.ask(queries.work, ticket)
    assert here.running(desk.ann) is None
    assert here.running(desk.bob) is not None
    assert here.seconds == 900 + 5400 * 5 + 7 * 60


def test_the_work_of_a_merged_ticket_counts_along_and_goes_home_again(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    desk.do(commands.add_item, ticket, "One")
    desk.do(commands.add_item, other, "Two")
    desk.do(commands.log_time, other, "5m")
    desk.do(commands.merge, other, ticket)
    both = desk.ask(queries.work, ticket)
    assert ([one.title for one in both.checklist], both.seconds) == (["One", "Two"], 300)
    desk.do(commands.unmerge, other)
    assert [one.title for one in desk.ask(queries.work, ticket).checklist] == ["One"]


def test_two_tickets_have_one_relation_seen_from_both_sides(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    desk.do(commands.link, ticket, other, "duplicates")
    assert [(one.kind, one.number) for one in desk.ask(queries.links, ticket)] == [("duplicates", 2)]
    assert [(one.kind, one.number) for one in desk.ask(queries.links, other)] == [("duplicated_by", 1)]
    desk.do(commands.link, other, ticket, "blocks")
    assert [one.kind for one in desk.ask(queries.links, ticket)] == ["blocked_by"]
    for wrong in ((ticket, ticket, "related"), (ticket, other, "likes")):
        with pytest.raises(UserError):
            desk.do(commands.link, *wrong)


def test_followers_hear_what_others_did(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    other, _ = desk.mail(address="ben@shop.example")
    desk.do(commands.follow, ticket, desk.ann)
    since = desk.now
    desk.later(minutes=1)
    desk.do(commands.add_note, ticket, "My own note")
    desk.do(commands.add_note, other, "Not followed", agent=desk.bob)
    assert desk.ask(queries.followed_news, desk.ann, since) == ()
    desk.do(commands.add_note, ticket, "Look at this", agent=desk.bob)
    desk.later(minutes=1)
    desk.do(commands.assign, ticket, desk.bob, agent=desk.bob)
    desk.later(minutes=1)
    desk.mail(ticket)
    found = desk.ask(queries.followed_news, desk.ann, since)
    assert [(one.what, one.who, one.number) for one in found] == [
        ("noted", "Bob Ray", 1),
        ("changed", "Bob Ray", 1),
        ("in", "Mia Wong", 1),
    ]
    assert desk.ask(queries.followed_news, desk.ann, found[-1].at) == ()
    desk.do(commands.unfollow, ticket, desk.ann)
    assert desk.ask(queries.followed_news, desk.ann, since) == ()


def test_what_stands_in_a_field_is_found_by_searching(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    field = desk.do(add_field, "Order", "text")
    area = desk.do(add_field, "Area", "choice", choices="Furniture\nLamps")
    desk.do(commands.set_custom, ticket, field, "HL-23449")
    desk.do(commands.set_custom, ticket, area, "furniture")
    for words in ("23449", "furniture", "field.order:HL-23449", "field.area:furniture"):
        assert list(desk.ask(ticket_ids, words)) == [ticket], words
    desk.do(commands.undo)
    assert not desk.ask(ticket_ids, "furniture")
    desk.do(add_field, "Insured", "checkbox")
    assert list(desk.ask(ticket_ids, "field.insured:no")) == [ticket], "a box that was never ticked says no"
    desk.do(commands.set_custom, ticket, "Insured", "yes")
    assert not desk.ask(ticket_ids, "field.insured:no")
    assert list(desk.ask(ticket_ids, "field.insured:yes")) == [ticket]


def test_a_merge_fills_empty_fields_and_taking_apart_or_undo_empties_them(desk: SmallDesk) -> None:
    kept, first, second = (desk.mail()[0] for _ in range(3))
    order, room, colour = (desk.do(add_field, name, "text") for name in ("Order", "Room", "Colour"))
    for ticket, field, value in (
        (kept, order, "4711"), (first, order, "4712"), (first, room, "12"), (second, room, "13"), (second, colour, "red"),
    ):  # fmt: skip
        desk.do(commands.set_custom, ticket, field, value)
    before = everything(desk, kept)

    def held(ticket: UUID) -> set[Any]:
        detail = desk.ask(queries.ticket, ticket)
        assert detail is not None
        return set(detail.custom.values())

    assert desk.ask(queries.merge_preview, [kept, first, second]).filled == (("Room", "12"), ("Colour", "red"))
    desk.do(commands.merge, [first, second], kept)
    assert held(kept) == {"4711", "12", "red"}
    assert desk.ask(ticket_ids, "red") == (kept,)
    desk.do(commands.undo)
    assert everything(desk, kept) == before
    desk.do(commands.redo)
    assert held(kept) == {"4711", "12", "red"}
    desk.do(commands.set_custom, kept, room, "14")
    desk.do(commands.unmerge, first)
    assert held(kept) == {"4711", "14", "red"}, "what was changed since stays"
    desk.do(commands.unmerge, second)
    assert held(kept) == {"4711", "14"}
    assert held(second) == {"13", "red"}
