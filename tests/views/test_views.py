"""Views as people make them: one list of built-in and own ones, what lies in each, and taking back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from app.conditions.tree import AnyOf, Check, Node, Op, QueryError
from app.conditions.typed import parse, to_text
from app.fields.commands import add_field, change_field, remove_field
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.search.filters import Filter
from app.search.queries import Order, search
from app.search.scopes import sought
from app.tickets import commands, queries
from app.tickets.queries import Pile, View
from app.views.commands import add_view, change_view, delete_view, order_views, restore_view
from app.views.listing import headings, listing_count, listing_ids, listing_keys
from app.views.queries import Listing, view, view_id, view_named, views
from app.views.rules import BUILT_IN, Group, Sort
from app.views.tables import SavedView
from tests.conditions.trees import trees
from tests.desk_fixture import SmallDesk, small_desk


def names(desk: SmallDesk, agent: UUID | None = None) -> list[str]:
    return [one.name for one in desk.ask(views, agent or desk.ann)]


def state(desk: SmallDesk) -> Any:
    return desk.ask(views, desk.ann, hidden=True)


def test_built_in_and_own_views_are_one_list(desk: SmallDesk) -> None:
    mine = desk.do(add_view, "Refunds", "tag:refund is:active", colour="warn", sort="due")
    shared = desk.do(
        add_view, "Big", AnyOf((Check("messages", Op.ABOVE, "20"), Check("tag", Op.IS, "big"))), shared=True
    )
    assert names(desk) == [*(one.name for one in BUILT_IN), "Refunds", "Big"]
    assert names(desk, desk.bob)[-1] == "Big"
    assert "Refunds" not in names(desk, desk.bob)
    found = desk.ask(view, mine)
    assert found is not None
    assert (found.text, found.colour, found.listing.sort, found.listing.ascending) == (
        "tag:refund is:active", "warn", Sort.DUE, True,
    )  # fmt: skip
    assert desk.ask(view_named, "BIG", desk.ann) == desk.ask(view, shared)
    assert desk.ask(view_named, "to_do", desk.ann) == desk.ask(view_named, "To do", desk.ann)


def test_everything_done_to_views_is_taken_back_and_done_again(desk: SmallDesk) -> None:
    states = [state(desk)]

    def act(command: Any, *args: Any, **fields: Any) -> Any:
        desk.later(seconds=1)
        result = desk.do(command, *args, **fields)
        states.append(state(desk))
        assert states[-1] != states[-2]
        return result

    first = act(add_view, "Refunds", "tag:refund")
    second = act(add_view, "Big", "messages>20", group="customer")
    act(change_view, first, name="Money back", condition="tag:refund OR tag:credit", group="day", shared=True)
    act(change_view, view_id("overdue"), colour="bad", density="compact")
    act(order_views, [second, view_id("mine"), first])
    act(delete_view, second)
    act(delete_view, view_id("snoozed"))
    act(restore_view, view_id("snoozed"))
    for before in reversed(states[:-1]):
        desk.later(seconds=1)
        assert desk.do(commands.undo).kept == ()
        assert _but_for_new_ones(state(desk), before) == before
    for after in states[1:]:
        desk.later(seconds=1)
        desk.do(commands.redo)
        assert _but_for_new_ones(state(desk), after) == after


def _but_for_new_ones(found: Any, wanted: Any) -> Any:
    """A view whose adding was taken back is still there, hidden."""
    known = {one.id for one in wanted}
    assert all(one.hidden for one in found if one.id not in known)
    return tuple(one for one in found if one.id in known)


def test_an_order_holds_whatever_is_moved_next(desk: SmallDesk) -> None:
    keys = [one.id for one in desk.ask(views, desk.ann)]
    own = desk.do(add_view, "Own", "is:open")
    desk.do(order_views, [own])
    assert [one.id for one in desk.ask(views, desk.ann)] == [own, *keys]
    wanted = [keys[3], own, *keys[:3], *keys[4:]]
    desk.do(order_views, wanted)
    assert [one.id for one in desk.ask(views, desk.ann)] == wanted
    desk.do(order_views, [keys[5], keys[4]])
    rest = [key for key in wanted if key not in keys[4:6]]
    assert [one.id for one in desk.ask(views, desk.ann)] == [keys[5], keys[4], *rest]


def test_what_cannot_be_is_refused(desk: SmallDesk) -> None:
    with pytest.raises(QueryError):
        desk.do(add_view, "Odd", "statsu:open")
    odd: tuple[tuple[str, dict[str, Any]], ...] = (
        ("  ", {}),
        ("A", {"sort": "size"}),
        ("A", {"group": "size"}),
        ("A", {"colour": "pink"}),
    )
    for words, fields in odd:
        with pytest.raises(UserError):
            desk.do(add_view, words, "is:open", **fields)
    for change in ({"name": "Mine"}, {"condition": "is:open"}, {"shared": False}):
        with pytest.raises(UserError):
            desk.do(change_view, view_id("mine"), **change)
    with pytest.raises(NotFoundError):
        desk.do(change_view, UUID(int=5), colour="bad")


def test_a_condition_that_cannot_be_read_any_more_is_said_and_stops_nothing(desk: SmallDesk) -> None:
    key = desk.do(add_view, "Old", "is:open")

    def damage(tx: Tx) -> None:
        row = tx.get(SavedView, key)
        assert row is not None
        row.condition = {"field": "gone", "op": "is", "value": "x"}

    desk.work(damage)
    found = desk.ask(view, key)
    assert found is not None
    assert found.problem
    assert len(desk.ask(views, desk.ann)) == len(BUILT_IN) + 1


def test_a_view_survives_the_renaming_of_a_field(desk: SmallDesk) -> None:
    field = desk.do(add_field, "Order no", "text")
    key = desk.do(add_view, "Known", 'field."order no":any is:open')
    for name in ("Reference", "Bill: no"):
        desk.do(change_field, field, name=name)
        found = desk.ask(view, key)
        assert found is not None
        assert desk.ask(listing_ids, found.listing, desk.ann) == []
        assert desk.ask(view, desk.do(add_view, name, found.text)) is not None
        assert "field.Reference:any" in found.text or 'field."Bill no":any' in found.text
    desk.do(remove_field, field)
    found = desk.ask(view, key)
    assert found is not None
    with pytest.raises(QueryError, match="no field “Bill no”"):
        desk.ask(listing_ids, found.listing, desk.ann)


PILES = {
    "to_do": Pile.TO_DO, "unassigned": Pile.UNASSIGNED, "mine": Pile.MINE, "overdue": Pile.OVERDUE, "open": Pile.ACTIVE,
    "follow_up": Pile.FOLLOW_UP, "snoozed": Pile.SNOOZED, "waiting": Pile.WAITING, "closed": Pile.CLOSED,
    "all": Pile.ALL, "bin": Pile.BIN, "solved": Pile.SOLVED,
}  # fmt: skip


@pytest.fixture
def tickets(desk: SmallDesk) -> list[UUID]:
    """What `made_tickets` makes, for this test alone."""
    return made_tickets(desk)


def made_tickets(desk: SmallDesk) -> list[UUID]:
    """Twelve tickets in all sorts of states, five minutes apart."""
    found = []
    for number in range(12):
        desk.later(minutes=5)
        ticket, _ = desk.mail(address=f"{number % 3}@shop.example", name=("Zoe", "Mia", "")[number % 3])
        desk.do(commands.set_priority, ticket, ("low", "normal", "high", "urgent")[number % 4])
        desk.do(commands.assign, ticket, (desk.ann, desk.bob, None)[number % 3])
        if number % 2:
            desk.do(commands.add_tag, ticket, ("vip", "late", "Äpfel")[number % 3])
        due = desk.now + timedelta(minutes=(-1) ** number * 10 * number) if number % 3 else None
        desk.do(commands.set_fields, ticket, due_at=due, follow_up=number % 4 == 0)
        found.append(ticket)
    desk.do(commands.set_status, found[1], "waiting")
    desk.do(commands.set_status, found[4:6], "closed")
    desk.do(commands.set_status, found[6], "solved")
    desk.do(commands.snooze, found[7:9], desk.now + timedelta(hours=3))
    desk.do(commands.delete_ticket, found[9])
    return found


def test_built_in_views_hold_what_the_piles_hold(desk: SmallDesk, tickets: list[UUID]) -> None:
    for key, pile in PILES.items():
        found = desk.ask(view, view_id(key))
        assert found is not None
        assert (key, desk.ask(listing_ids, found.listing, desk.ann)) == (
            key, desk.ask(queries.ticket_ids, View(pile, desk.ann)),
        )  # fmt: skip


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("ascending", [False, True])
def test_sorting(desk: SmallDesk, tickets: list[UUID], sort: Sort, ascending: bool) -> None:
    listing = Listing(Check("is", Op.IS, "active"), sort, ascending)
    ids = desk.ask(listing_ids, listing, desk.ann)
    assert sorted(ids) == sorted(desk.ask(listing_ids, Listing(listing.condition), desk.ann))
    details = [desk.ask(queries.ticket, key) for key in ids]
    levels = ["low", "normal", "high", "urgent"]
    keys = []
    for detail in details:
        assert detail is not None
        row = detail.row
        keys.append({
            Sort.LAST_MESSAGE: row.last_message_at, Sort.CREATED: row.created_at, Sort.DUE: row.due_at,
            Sort.PRIORITY: levels.index(row.priority), Sort.SNOOZED: row.snooze_until, Sort.DELETED: row.deleted_at,
            Sort.WAITING: detail.last_incoming_at if row.status in {"new", "open"} else None, Sort.SOLVED: detail.solved_at,
            Sort.BEST: row.last_message_at,
        }[sort])  # fmt: skip
    there = [key for key in keys if key is not None]
    assert there == sorted(there, reverse=not ascending or sort is Sort.BEST)  # without words, nothing fits better
    assert keys == [*there, *[None] * (len(keys) - len(there))]  # what has none comes last, whichever way


@pytest.mark.parametrize("typed", ["marmalade is:active", "subject:marmalade", 'text:"marmalade late"'])
def test_the_best_first_is_the_order_of_the_search(desk: SmallDesk, typed: str) -> None:
    for days, (subject, words) in enumerate((
        ("Marmalade late", "Where is my marmalade? It is late."),
        ("Something else", "I was late, and bought marmalade."),
        ("Marmalade", "Late again."),
        ("Lamp", "No jam."),
        ("Late", "The marmalade came."),
    )):  # fmt: skip
        desk.later(days=days)
        desk.mail(address=f"c{days}@shop.example", subject=subject, words=words)
    listing = Listing(parse(typed), Sort.BEST)
    ids = desk.ask(listing_ids, listing, desk.ann)
    newest = desk.ask(listing_ids, Listing(listing.condition), desk.ann)
    assert len(ids) >= 2
    assert sorted(ids) == sorted(newest)
    tree, scope = sought(listing.condition)
    hits = desk.ask(search, to_text(tree), me=desk.ann, scope=scope, order=Order.BEST)
    assert ids == [hit.ticket for hit in hits if hit.kind == "ticket"][: len(ids)]
    assert desk.ask(listing_ids, listing, desk.ann, 1) == ids[:1], "the first page begins with the best"
    if typed.startswith("marmalade"):
        assert ids != newest
        assert desk.ask(listing_ids, Listing(listing.condition, Sort.BEST, group=Group.STATUS), desk.ann) == newest


@pytest.mark.parametrize("group", [group for group in Group if group])
def test_headings_stand_over_the_ids(desk: SmallDesk, tickets: list[UUID], group: Group) -> None:
    listing = Listing(group=group, sort=Sort.CREATED)
    tops = desk.ask(headings, listing, desk.ann)
    ids = desk.ask(listing_ids, listing, desk.ann)
    assert sum(top.count for top in tops) == len(ids) == desk.ask(listing_count, listing, desk.ann)
    assert len({top.key for top in tops}) == len(tops) > (0 if group is Group.DAY else 2)
    rows = iter(desk.ask(queries.ticket_rows, ids, desk.ann))
    for top in tops:
        for row in (next(rows) for _ in range(top.count)):
            assert (
                top.key
                == {
                    Group.STATUS: row.status,
                    Group.PRIORITY: row.priority,
                    Group.ASSIGNEE: row.assignee.hex if row.assignee else "",
                    Group.CUSTOMER: row.customer.hex if row.customer else "",
                    Group.DAY: f"{row.last_message_at:%Y-%m-%d}",
                    Group.TAG: row.tags[0] if row.tags else "",
                }[group]
            )
            assert top.label in {top.key, row.assignee_name, row.customer_name, ""}


def test_customers_stand_as_people_sort_them_and_by_their_address_without_a_name(desk: SmallDesk) -> None:
    for name, address in (
        ("zoë", "z@a.example"),
        ("Ärmel", "e@a.example"),
        ("ärzte", "r@a.example"),
        ("", "b@b.example"),
    ):
        desk.mail(name=name, address=address)
        desk.mail(name=name, address=address)
    tops = desk.ask(headings, Listing(group=Group.CUSTOMER), desk.ann)
    assert [(top.label, top.count) for top in tops] == [("b@b.example", 2), ("zoë", 2), ("Ärmel", 2), ("ärzte", 2)]


def test_a_page_is_the_beginning_of_the_list(desk: SmallDesk, tickets: list[UUID]) -> None:
    listing = Listing(Check("is", Op.IS, "todo"), Sort.PRIORITY, group=Group.ASSIGNEE)
    whole = desk.ask(listing_keys, listing, desk.ann)
    assert desk.ask(listing_keys, listing, desk.ann, 2) == whole[:32]


@pytest.fixture(scope="module")
def filled() -> Iterator[SmallDesk]:
    """A desk with some tickets, for tests that only read."""
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as made:
        made_tickets(made)
        yield made


@given(tree=trees, sort=st.sampled_from(Sort), group=st.sampled_from(Group), ascending=st.booleans())
@example(tree=parse("is:active is:open"), sort=Sort.LAST_MESSAGE, group=Group.NONE, ascending=False)
@example(tree=parse("is:todo -tag:vip"), sort=Sort.LAST_MESSAGE, group=Group.NONE, ascending=True)
@example(tree=parse("is:open is:deleted"), sort=Sort.LAST_MESSAGE, group=Group.NONE, ascending=False)
@example(tree=parse("is:unread is:active"), sort=Sort.LAST_MESSAGE, group=Group.NONE, ascending=False)
def test_whatever_the_order_the_same_tickets_are_listed(
    filled: SmallDesk, tree: Node, sort: Sort, group: Group, ascending: bool
) -> None:
    with filled.store.read() as db:
        filters = Filter.of(db, filled.ann)
        try:
            where = filters.where(tree)
        except QueryError:  # a field that this desk does not have
            return
        fitting = {
            UUID(bytes=row[0]) for row in db.execute(text(f"SELECT t.id FROM ticket t WHERE {where}"), filters.values)
        }
        listing = Listing(tree, sort, ascending, group)
        ids = listing_ids(db, listing, filled.ann)
        assert (len(ids), set(ids)) == (len(fitting), fitting)
        assert listing_count(db, listing, filled.ann) == len(ids)
        assert sum(top.count for top in headings(db, listing, filled.ann)) == (len(ids) if group else 0)
