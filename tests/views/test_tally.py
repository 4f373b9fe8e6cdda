"""Whatever happens on a desk: the numbers beside the views are what a recount says, and what the lists hold."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.fields.commands import add_field, remove_field
from app.inbox.commands import erase_binned
from app.kernel.database.tables import Change
from app.kernel.database.transaction import Tx
from app.outbox.drafts import DraftContent, discard_draft, save_draft
from app.people.commands import update_agent, update_customer
from app.tickets import commands, queries
from app.tickets.commands.spam import mark_spam
from app.views.commands import add_view, change_view, delete_view, restore_view
from app.views.queries import view_id, views
from app.views.tally import EVERY, Tally, kept_totals, recount
from tests.desk_fixture import SmallDesk, mail_in, small_desk
from tests.piles import PILES
from tests.tickets.doing import SIMPLE, ordinary

CONDITIONS = (
    "is:open tag:vip",
    "assignee:none OR priority:urgent",
    "from:mia -tag:late",
    "from:0@shop is:unread",
    "assignee:bob",
    "has:note",
    "messages>1",
    "is:overdue OR due<2d",
    "created<2h is:active",
    "older:30m",
    "parcel -tag:vip",
    "is:deleted",
    "is:spam OR updated<5m",
    "-(is:snoozed OR is:waiting)",
)

_which = st.integers(0, 3)
_steps = st.lists(
    st.one_of(
        *ordinary(_which),
        st.tuples(st.just("due"), _which, st.integers(-60, 4000)),
        st.tuples(st.just("snooze"), _which, st.integers(1, 600)),
        st.tuples(st.just("spam"), _which, st.none()),
        st.tuples(st.just("seen"), _which, st.sampled_from(["ann", "bob"])),
        st.tuples(st.just("unseen"), _which, st.none()),
        st.tuples(st.just("draft"), _which, st.booleans()),
        st.tuples(st.just("mail"), _which, st.booleans()),
        st.tuples(st.just("rename"), _which, st.sampled_from(["Mia Wong", "Ada King"])),
        st.tuples(st.just("undo"), _which, st.none()),
        st.tuples(st.just("wait"), _which, st.integers(1, 3000)),
        st.tuples(st.just("view"), _which, st.sampled_from(CONDITIONS)),
    ),
    max_size=12,
)


def _do(tx: Tx, desk: SmallDesk, tickets: list[UUID], step: tuple[str, int, Any]) -> None:
    name, which, value = step
    ticket = tickets[which]
    who = {"ann": desk.ann, "bob": desk.bob}
    detail = queries.ticket(tx, ticket)
    assert detail is not None
    if name in SIMPLE:
        SIMPLE[name](tx, ticket, value)
    elif name == "assign":
        commands.assign(tx, ticket, who.get(value))
    elif name == "due":
        commands.set_fields(tx, ticket, due_at=desk.now + timedelta(minutes=value))
    elif name == "snooze" and detail.row.status in {"new", "open", "waiting"}:
        commands.snooze(tx, ticket, desk.now + timedelta(minutes=value))
    elif name == "delete":
        commands.delete_ticket(tx, ticket)
    elif name == "spam":
        mark_spam(tx, ticket)
    elif name == "restore":
        commands.restore_ticket(tx, ticket)
    elif name == "note":
        commands.add_note(tx, ticket, "Words")
    elif name == "seen":
        commands.mark_seen(tx, ticket, who[value])
    elif name == "unseen":
        commands.mark_unseen(tx, ticket)
    elif name == "draft":
        if value:
            save_draft(tx, DraftContent("Begun"), ticket=ticket)
        else:
            discard_draft(tx, ticket)
    elif name == "mail":
        mail_in(tx, ticket if value and detail.row.deleted_at is None else None, mailbox=desk.mailbox)
    elif name == "merge" and queries.living_ticket(tx, ticket) != queries.living_ticket(tx, tickets[value]):
        commands.merge(tx, ticket, tickets[value])
    elif name == "rename" and detail.row.customer is not None:
        update_customer(tx, detail.row.customer, name=value)
    elif name == "undo":
        commands.undo(tx)
    elif name == "view":
        add_view(tx, "Another", value)


def _agree(desk: SmallDesk, tally: Tally) -> None:
    """What is remembered is what is counted; where it may not be, it says so."""
    with desk.store.read() as db:
        kept = tally.read(db, desk.ann)
        known = views(db, desk.ann)
        counted = recount(db, known, desk.ann)
        assert kept.keys() == counted.keys()
        for one in known:
            number = kept[one.id]
            if not number.stale and number.as_of == desk.now:
                assert (one.text, number.total, number.unread) == (one.text, *counted[one.id])
            else:
                assert number.stale or desk.now - number.as_of < EVERY
        for pile, key in PILES.items():
            held = queries.ticket_ids(db, queries.View(pile, desk.ann))
            assert (pile, kept[key].total) == (pile, len(held)) or kept[key].as_of < desk.now
        assert kept_totals(db, desk.ann).items() <= {key: one.total for key, one in kept.items()}.items()


def _add_views(tx: Tx) -> None:
    for number, condition in enumerate(CONDITIONS):
        add_view(tx, f"View {number}", condition)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps)
def test_numbers_are_what_a_recount_says(steps: list[tuple[str, int, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as desk:
        tickets = [desk.mail(address=f"{number}@shop.example")[0] for number in range(4)]
        desk.do(_add_views)
        tally = Tally()
        _agree(desk, tally)
        for step in steps:
            desk.later(minutes=step[2] if step[0] == "wait" else 1)
            desk.do(_do, desk, tickets, step)
            _agree(desk, tally)
        desk.later(minutes=2)
        with desk.store.read() as db:  # after a minute nothing is old any more
            assert {key: (one.total, one.unread) for key, one in tally.read(db, desk.ann).items()} == recount(
                db, views(db, desk.ann), desk.ann
            )


def test_what_takes_long_to_count_for_the_first_time_keeps_no_other_number_waiting(desk: SmallDesk) -> None:
    desk.mail(subject="A parcel")
    desk.do(_add_views)
    hasty, patient = Tally(), Tally()
    whole = desk.ask(patient.read, desk.ann)
    found = desk.ask(hasty.read, desk.ann, patience_s=-1)
    assert view_id("to_do") in found
    assert not hasty.is_whole
    assert found.items() < whole.items()
    for _ in range(len(whole)):
        found = desk.ask(hasty.read, desk.ann, patience_s=-1)
    assert hasty.is_whole
    assert found == whole
    hasty._doubt(None)
    again = desk.ask(hasty.read, desk.ann, patience_s=-1)
    assert {key: one.total for key, one in again.items()} == {key: one.total for key, one in whole.items()}
    assert any(one.stale for one in again.values()), "what it was, until it is counted"


def test_the_number_beside_the_inbox_is_known_also_where_its_view_is_hidden(desk: SmallDesk) -> None:
    desk.mail()
    desk.do(delete_view, view_id("to_do"))
    assert view_id("to_do") not in {one.id for one in desk.ask(views, desk.ann)}
    assert desk.ask(Tally().read, desk.ann)[view_id("to_do")].unread == 1


def _total(desk: SmallDesk, tally: Tally, key: UUID) -> tuple[int, int, bool]:
    found = desk.ask(tally.read, desk.ann)[key]
    return found.total, found.unread, found.stale


def test_what_is_erased_is_counted_no_more(desk: SmallDesk) -> None:
    tickets = [desk.mail()[0] for _ in range(3)]
    tally, key = Tally(), desk.do(add_view, "Parcels", "subject:parcel -tag:vip")
    assert _total(desk, tally, key) == (3, 3, False)
    desk.do(commands.delete_ticket, tickets[0])
    desk.later(days=40)
    while desk.work(erase_binned):
        pass
    assert desk.ask(queries.ticket, tickets[0]) is None
    assert _total(desk, tally, key) == (2, 2, False)


def test_a_log_that_was_cut_off_is_no_trouble(desk: SmallDesk) -> None:
    tickets = [desk.mail()[0] for _ in range(3)]
    tally, key = Tally(), desk.do(add_view, "Parcels", "subject:parcel -tag:vip")
    assert _total(desk, tally, key) == (3, 3, False)
    desk.do(commands.add_tag, tickets[0], "vip")
    desk.work(_cut_off)
    desk.do(commands.mark_seen, tickets[1])
    assert _total(desk, tally, key) == (2, 1, False)


def _cut_off(tx: Tx) -> None:
    tx.execute(delete(Change))


def test_a_view_that_changes_is_counted_anew_and_a_new_one_too(desk: SmallDesk) -> None:
    tickets = [desk.mail()[0] for _ in range(3)]
    desk.do(commands.add_tag, tickets[0], "vip")
    tally = Tally()
    desk.ask(tally.read, desk.ann)
    key = desk.do(add_view, "Parcels", "-tag:vip")
    assert _total(desk, tally, key) == (2, 2, False)
    desk.do(change_view, key, condition="tag:vip")
    assert _total(desk, tally, key) == (1, 1, False)
    desk.do(delete_view, key)
    desk.do(delete_view, view_id("mine"))
    assert not {key, view_id("mine")} & desk.ask(tally.read, desk.ann).keys()
    desk.do(commands.assign, tickets[1], desk.ann)
    desk.do(restore_view, view_id("mine"))
    assert _total(desk, tally, view_id("mine")) == (1, 1, False)


def test_each_agent_has_numbers_of_their_own(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    tally = Tally()
    desk.do(commands.mark_seen, ticket)
    assert desk.ask(tally.read, desk.ann)[view_id("to_do")].unread == 0
    assert desk.ask(tally.read, desk.bob)[view_id("to_do")].unread == 1
    assert desk.ask(tally.read, desk.ann)[view_id("to_do")].unread == 0


def test_relative_times_are_counted_anew_after_a_minute_and_words_say_when_they_are_old(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    old, words = desk.do(add_view, "Old", "older:1m"), desk.do(add_view, "Words", "parcel")
    tally = Tally()
    assert (_total(desk, tally, old), _total(desk, tally, words)) == ((0, 0, False), (1, 1, False))
    desk.later(seconds=50)
    begun = desk.ask(tally.read, desk.ann)[old]
    assert (begun.total, desk.now - begun.as_of) == (0, timedelta(seconds=50))  # at most once a minute
    desk.later(seconds=20)
    assert _total(desk, tally, old) == (1, 1, False)
    desk.later(seconds=1)
    desk.mail(ticket)
    assert _total(desk, tally, old) == (0, 0, False)  # a ticket that changes is looked at again at once
    assert _total(desk, tally, words) == (1, 1, False)
    desk.later(seconds=1)
    desk.mail()
    assert _total(desk, tally, words) == (1, 1, True)
    desk.later(minutes=5)  # some seconds are enough, unless counting takes long
    assert _total(desk, tally, words) == (2, 2, False)


def test_a_reader_with_an_older_sight_of_the_desk_spoils_nothing(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    key = desk.do(add_view, "Open", "subject:parcel is:open")
    tally = Tally()
    with desk.store.read() as older:
        older.execute(select(Change.seq).limit(1)).all()  # from here on it sees the desk as it is now
        desk.do(commands.set_status, ticket, "solved")
        desk.later(minutes=2)
        assert _total(desk, tally, key) == (0, 0, False)
        tally.read(older, desk.ann)
        assert _total(desk, tally, key) == (0, 0, False)
        seen_before = tally.read(older, desk.bob)[view_id("overdue")], tally.read(older, desk.bob)[view_id("unread")]
        assert [number.total for number in seen_before] == [0, 1]  # somebody else, who sees it as it was
    assert _total(desk, tally, key) == (0, 0, False)
    with desk.store.read() as db:
        assert recount(db, views(db, desk.ann), desk.ann)[key] == (0, 0)


def test_a_view_that_cannot_be_counted_says_why(desk: SmallDesk) -> None:
    desk.mail()
    field = desk.do(add_field, "Colour", "text")
    key = desk.do(add_view, "Red", "field.colour:none")
    tally = Tally()
    assert _total(desk, tally, key) == (1, 1, False)
    desk.do(remove_field, field)
    assert "no field" in desk.ask(tally.read, desk.ann)[key].problem
    desk.do(commands.undo)
    assert (_total(desk, tally, key), desk.ask(tally.read, desk.ann)[key].problem) == ((1, 1, False), "")


def test_a_view_that_names_somebody_nobody_knows_says_so_until_it_does(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.assign, ticket, desk.bob)
    key = desk.do(add_view, "Bob", "assignee:ray")
    tally = Tally()
    assert _total(desk, tally, key) == (1, 1, False)
    desk.work(update_agent, desk.bob, name="Bob King", email="")
    assert "Nobody here is called “ray”" in desk.ask(tally.read, desk.ann)[key].problem
    desk.do(commands.mark_seen, ticket)
    desk.work(update_agent, desk.bob, name="Bob Ray")
    assert (_total(desk, tally, key), desk.ask(tally.read, desk.ann)[key].problem) == ((1, 0, False), "")
