"""What is on the board: every active ticket, counted exactly, whichever way it is read; and what is decided about columns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.boards.commands import (
    acts_of,
    add_card,
    arrange_columns,
    hide_column,
    pick_tags,
    remember_folded,
    remember_look,
    set_limit,
)
from app.boards.queries import BoardView, read_board, remembered
from app.boards.rules import ColumnShape, Step, arranged, as_limit, folded_from, folded_text
from app.fields.commands import add_field
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.states.commands import add_state
from app.tickets.bulk import change_many
from app.tickets.commands import (
    add_tag,
    assign,
    delete_ticket,
    redo,
    set_fields,
    set_priority,
    set_status,
    snooze,
    undo,
)
from app.tickets.queries import bin_rows, ticket, ticket_id, ticket_rows
from app.tickets.queries.board import board
from app.tickets.rules import BoardBy, LaneBy
from app.views.queries import view_id
from app.views.tally import kept_totals
from tests.desk_fixture import SmallDesk, mail_in

ACTS = ("status", "assignee", "priority", "team", "tag", "bin", "snooze", "state")


def fill(desk: SmallDesk, doings: list[tuple[int, str, int]], tickets: int = 6) -> list[UUID]:
    """Some tickets to which this was done: (which, what, which value)."""

    def write(tx: Tx) -> list[UUID]:
        at = desk.now - timedelta(days=1)
        return [
            mail_in(tx, address=f"c{n % 3}@shop{n % 2}.example", name=f"C{n % 3}", at=at + timedelta(minutes=n))[0]
            for n in range(tickets)
        ]

    keys = desk.work(write)
    own = desk.do(add_state, "Waiting for the supplier", "waiting")
    for which, what, value in doings:
        key = keys[which % tickets]
        act: dict[str, Any] = {
            "status": lambda v: (set_status, ("new", "open", "waiting", "solved", "closed")[v % 5]),
            "state": lambda _v: (set_status, own.hex),
            "assignee": lambda v: (assign, (None, desk.ann, desk.bob)[v % 3]),
            "priority": lambda v: (set_priority, ("low", "normal", "high", "urgent")[v % 4]),
            "tag": lambda v: (add_tag, ("refund", "vip", "damage")[v % 3]),
            "bin": lambda _v: (delete_ticket,),
            "snooze": lambda _v: (snooze, desk.now + timedelta(days=1)),
        }
        if what == "team":
            desk.do(set_fields, key, team=("", "North", "South")[value % 3])
            continue
        try:
            command, *values = act[what](value)
            desk.do(command, key, *values)
        except UserError:
            pass  # a solved one cannot be snoozed
    return keys


def active(desk: SmallDesk, keys: list[UUID]) -> set[UUID]:
    """Those that belong on the board."""
    rows = desk.ask(ticket_rows, keys)
    return {row.id for row in rows if row.status != "closed" and row.deleted_at is None}


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(ACTS), st.integers(0, 4)), max_size=14))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_active_ticket_is_on_the_board_and_counted(
    tmp_path_factory: pytest.TempPathFactory, doings: list[tuple[int, str, int]]
) -> None:
    from tests.desk_fixture import small_desk

    with small_desk(tmp_path_factory.mktemp("board")) as desk:
        wanted = active(desk, fill(desk, doings))
        for by in BoardBy:
            whole = desk.ask(read_board, by, "none")
            assert {key for column in whole.columns for key in column.ids} == wanted
            assert all(column.count == len(column.ids) for column in whole.columns)
            few = desk.ask(read_board, by, "none", limit=1)
            assert [column.count for column in few.columns] == [column.count for column in whole.columns]
            for lanes in LaneBy:
                found = desk.ask(read_board, by, str(lanes))
                if lanes is not LaneBy.TAG:
                    assert [sorted(one.ids) for one in found.columns] == [sorted(one.ids) for one in whole.columns]
                assert all(sum(one.cells) == len(one.ids) == one.count for one in found.columns if found.lanes)


def places(desk: SmallDesk, by: BoardBy, lanes: str, key: UUID) -> list[tuple[str, str]]:
    """(column, lane) of every card of a ticket, by what they are called."""
    view: BoardView = desk.ask(read_board, by, lanes)
    found = []
    for column in view.columns:
        cells = [lane for lane, count in zip(view.lanes, column.cells, strict=True) for _ in range(count)]
        for place, one in enumerate(column.ids):
            if one == key:
                lane = cells[place] if cells else None
                found.append((column.named.name or column.key, (lane.name or lane.key) if lane is not None else ""))
    return found


def test_a_card_lies_where_its_ticket_stands(desk: SmallDesk) -> None:
    key, _ = desk.mail()
    own = desk.do(add_state, "Waiting for the supplier", "waiting")
    desk.do(set_status, key, own.hex)
    desk.do(assign, key, desk.bob)
    desk.do(set_fields, key, team="North")
    for name in ("refund", "vip"):
        desk.do(add_tag, key, name)
    assert places(desk, BoardBy.STATUS, "assignee", key) == [("Waiting for the supplier", "Bob Ray")]
    assert places(desk, BoardBy.TEAM, "customer", key) == [("North", "Mia Wong")]
    assert places(desk, BoardBy.TAG, "status", key) == [
        ("refund", "Waiting for the supplier"),
        ("vip", "Waiting for the supplier"),
    ]
    assert places(desk, BoardBy.PRIORITY, "tag", key) == [("normal", "refund"), ("normal", "vip")]
    assert places(desk, BoardBy.STATUS, "organisation", key)[0][1] == "shop.example"


def test_a_filter_keeps_what_fits_and_counts_it(desk: SmallDesk) -> None:
    lamp, _ = desk.mail(subject="The lamp")
    desk.mail(subject="An invoice")
    view = desk.ask(read_board, BoardBy.STATUS, "none", typed="lamp")
    assert (view.filtered, view.count, view.columns[0].ids) == (True, 1, (lamp,))
    assert not desk.ask(read_board, BoardBy.STATUS, "none", typed="l").filtered, "a letter is in nearly every ticket"
    with pytest.raises(UserError):
        desk.ask(read_board, BoardBy.STATUS, "none", typed="older:never")


def test_a_move_is_one_action_for_both_ways_and_is_undone_at_once(desk: SmallDesk) -> None:
    key, _ = desk.mail()
    desk.do(add_tag, key, "refund")
    desk.do(add_tag, key, "vip")
    steps = [Step("tag", "damage", "refund"), Step("assignee", desk.bob.hex), Step("customer", "somebody")]
    desk.do(change_many, [key], acts_of(steps))
    moved = desk.ask(ticket, key)
    assert moved is not None
    assert (moved.row.tags, moved.row.assignee) == (("damage", "vip"), desk.bob)
    assert moved.row.customer_name == "Mia Wong", "whose matter it is, is nothing to be dragged"
    desk.do(undo)
    back = desk.ask(ticket, key)
    assert back is not None
    assert (back.row.tags, back.row.assignee) == (("refund", "vip"), None)


def test_one_line_becomes_a_ticket_of_its_column_and_undo_takes_it_back(desk: SmallDesk) -> None:
    desk.do(add_card, "Call the carrier", [Step("status", "waiting"), Step("priority", "high")])
    view = desk.ask(read_board, BoardBy.STATUS, "priority")
    (row,) = desk.ask(ticket_rows, [key for column in view.columns for key in column.ids])
    assert (row.subject, row.status, row.priority, row.customer) == ("Call the carrier", "waiting", "high", None)
    with pytest.raises(UserError):
        desk.do(add_card, "  ", [])
    desk.do(undo)
    assert desk.ask(read_board, BoardBy.STATUS, "none").count == 0
    assert (desk.ask(bin_rows), desk.ask(kept_totals)[view_id("bin")]) == ((), 0), "it leaves nothing behind"
    assert desk.ask(ticket_id, row.number) is None
    desk.do(redo)
    assert desk.ask(ticket_id, row.number) == row.id
    assert desk.ask(read_board, BoardBy.STATUS, "priority").count == 1


def test_a_line_that_cannot_come_there_adds_nothing(desk: SmallDesk) -> None:
    desk.do(add_field, "Reason", "text", required=True)
    with pytest.raises(UserError, match="Reason"):
        desk.do(add_card, "Call the carrier", [Step("status", "solved")])
    assert desk.ask(read_board, BoardBy.STATUS, "none").count == 0


def test_limits_order_and_hidden_columns_are_kept_and_undone(desk: SmallDesk) -> None:
    desk.do(set_limit, BoardBy.STATUS, "open", 3)
    desk.do(arrange_columns, BoardBy.STATUS, ["solved", "open", "new", "waiting"])
    desk.do(hide_column, BoardBy.STATUS, "new", hidden=True)
    view = desk.ask(read_board, BoardBy.STATUS, "none")
    assert [(one.key, one.shape.most) for one in view.columns] == [("solved", 0), ("open", 3), ("waiting", 0)]
    assert [one.key for one in view.hidden] == ["new"]
    for _ in range(3):
        desk.do(undo)
    view = desk.ask(read_board, BoardBy.STATUS, "none")
    assert [(one.key, one.shape.most) for one in view.columns] == [
        (key, 0) for key in ("new", "open", "waiting", "solved")
    ]


def test_tags_that_were_picked_have_columns_and_those_alone(desk: SmallDesk) -> None:
    key, _ = desk.mail()
    for name in ("refund", "vip", "damage"):
        desk.do(add_tag, key, name)
    shown = desk.ask(read_board, BoardBy.TAG, "none")
    assert [one.named.name for one in shown.columns] == ["", "damage", "refund", "vip"]
    vip = shown.columns[3].key
    desk.do(pick_tags, [vip])
    desk.do(set_limit, BoardBy.TAG, vip, 2)
    assert [one.named.name for one in desk.ask(read_board, BoardBy.TAG, "none").columns] == ["", "vip"]
    desk.do(undo)
    desk.do(undo)
    assert len(desk.ask(read_board, BoardBy.TAG, "none").columns) == 4


def test_how_the_board_is_looked_at_is_remembered(desk: SmallDesk) -> None:
    desk.do(remember_look, BoardBy.PRIORITY, LaneBy.TEAM)
    desk.do(remember_folded, LaneBy.TEAM, ["North", "a, b"])
    desk.do(remember_folded, LaneBy.STATUS, ["open"])
    look = desk.ask(remembered)
    assert (look.by, look.lanes, set(look.folded)) == (BoardBy.PRIORITY, LaneBy.TEAM, {"North", "a, b"})
    assert desk.ask(remembered, "team").lanes is LaneBy.NONE, "lanes that repeat the columns are none"


@given(st.text(), st.lists(st.text(max_size=8), max_size=5))
def test_a_remembered_text_of_any_kind_is_read(text: str, folded: list[str]) -> None:
    kept = folded_text(text, LaneBy.TEAM, folded)
    assert folded_from(kept, LaneBy.TEAM) == frozenset(folded)
    assert folded_from(folded_text(kept, LaneBy.TAG, []), LaneBy.TEAM) == frozenset(folded)
    folded_from(text, LaneBy.TEAM)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.permutations("abcdefgh"))
def test_placed_columns_come_in_their_order_and_new_ones_beside_their_neighbour(
    keys: list[str], order: list[str]
) -> None:
    shapes = [ColumnShape(key, position) for position, key in enumerate(order, 1) if key in "abcd"]
    found = [one.key for one in arranged(keys, shapes)]
    assert sorted(found) == sorted(keys)
    placed = [key for key in order if key in keys and key in "abcd"]
    assert [key for key in found if key in "abcd"] == placed
    assert [one.key for one in arranged(keys, [])] == keys


@pytest.mark.parametrize("words", ["-1", "two", "1.5", "10001"])
def test_a_limit_is_a_number(words: str) -> None:
    assert (as_limit(""), as_limit(" 12 ")) == (0, 12)
    with pytest.raises(UserError):
        as_limit(words)


def test_columns_by_a_field_are_read_from_an_index(desk: SmallDesk) -> None:
    """A desk with a million messages must cost what a small one does: no column sorts or goes through all tickets."""
    asked: list[tuple[str, Any]] = []
    from sqlalchemy import event

    def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    desk.mail()
    desk.do(set_fields, desk.mail()[0], team="North")
    with desk.store.read() as db:
        engine = db.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        for by in (BoardBy.STATUS, BoardBy.ASSIGNEE, BoardBy.PRIORITY, BoardBy.TEAM):
            board(db, by, limit=10)
        event.remove(engine, "before_cursor_execute", note)
        assert asked
        for statement, values in asked:
            if "FROM ticket" in statement:
                plan = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values)).all()
                words = " ".join(str(row[-1]) for row in plan)
                assert "INDEX ticket_" in words, (statement, words)
                assert "TEMP B-TREE FOR ORDER" not in words, (statement, words)
