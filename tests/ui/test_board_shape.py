# mypy: disable-error-code="no-untyped-call"
"""How the board is: what its columns and lanes stand for, limits, folded and hidden columns, their order, new cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.boards.commands import fold_column, hide_column, set_limit
from app.tickets.commands import add_tag, assign
from app.tickets.queries import ticket
from app.tickets.rules import BoardBy, LaneBy
from tests.ui.board_desk import column, current, has, row_of
from tests.ui.desk_pages import Office, office, settle, shown
from tests.ui.lint import findings

KEY, NONE, SHIFT = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    """A desk with two people and no ticket yet."""
    with office(tmp_path) as made:
        yield made


def test_other_columns_by_assignee_and_priority_are_remembered(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    place.desk.do(assign, place.mail(subject="Another"), place.ann)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2) and page.columns.take_focus())
        qtbot.keyClick(column(page, "new").list, KEY.Key_Down)
        assert current(page, "new") == key
        page.group_by(BoardBy.ASSIGNEE)
        settle(window, qtbot, lambda: has(page, "", 1) and current(page, "") == key)
        page.columns.move_to(column(page, place.bob.hex), [key])
        settle(window, qtbot, lambda: has(page, place.bob.hex, 1))
        assert column(page, "").count == 0
        page.group_by(BoardBy.PRIORITY)
        settle(window, qtbot, lambda: has(page, "normal", 2) and current(page, "normal") == key)
        page.columns.move_to(column(page, "urgent"), [key])
        settle(window, qtbot, lambda: has(page, "urgent", 1))
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "urgent", 1))


def test_a_line_in_a_column_becomes_a_card_there(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    with shown(place, qapp, qtbot, "board") as (window, page):
        place.mail()
        settle(window, qtbot, lambda: has(page, "new", 1))
        page.group_by(BoardBy.ASSIGNEE)
        settle(window, qtbot, lambda: has(page, "", 1) and has(page, place.bob.hex, 0))
        bobs = column(page, place.bob.hex)
        bobs.open_new()
        qtbot.waitUntil(bobs.new.hasFocus)
        qtbot.keyClicks(bobs.new, "Call the carrier back")
        qtbot.keyClick(bobs.new, KEY.Key_Return)
        settle(window, qtbot, lambda: has(page, place.bob.hex, 1))
        qtbot.waitUntil(
            lambda: (bobs.new.text(), bobs.new.hasFocus()) == ("", True)
        )  # the next one can be typed at once
        qtbot.keyClick(bobs.new, KEY.Key_Escape)
        assert not bobs.new.isVisible()
        settle(window, qtbot, lambda: row_of(page, place.bob.hex) is not None)
        assert row_of(page, place.bob.hex).subject == "Call the carrier back"
        window.actions_.run("undo")
        settle(window, qtbot, lambda: has(page, place.bob.hex, 0))


def test_limits_folded_and_hidden_columns(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.many(5)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 5))
        place.desk.do(set_limit, BoardBy.STATUS, "new", 3)
        settle(window, qtbot, lambda: column(page, "new").view.shape.most == 3)
        assert "2 over the limit of 3" in column(page, "new").list.accessibleName()
        assert findings(page) == []
        place.desk.do(fold_column, BoardBy.STATUS, "open", True)
        settle(window, qtbot, lambda: column(page, "open").is_folded)
        qtbot.keyClick(column(page, "new").list, KEY.Key_Right)
        qtbot.waitUntil(column(page, "open").strip.hasFocus)
        assert findings(page) == []
        qtbot.keyClick(column(page, "open").strip, KEY.Key_Space)
        settle(window, qtbot, lambda: not column(page, "open").is_folded)
        place.desk.do(hide_column, BoardBy.STATUS, "open", True)
        settle(window, qtbot, lambda: [one.key for one in page.columns.columns()] == ["new", "waiting", "solved"])
        window.actions_.run("undo")
        settle(window, qtbot, lambda: len(page.columns.columns()) == 4)


def test_the_sheet_puts_columns_in_another_order(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.many(2)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2))
        window.actions_.run("board.columns")
        sheet: Any = window.overlay.current()
        button = next(one for one in sheet.findChildren(QWidget) if one.accessibleName() == "Move “New” down")
        button.click()
        settle(window, qtbot, lambda: [one.key for one in page.columns.columns()][:2] == ["open", "new"])
        assert findings(sheet) == []
        qtbot.keyClick(sheet, KEY.Key_Escape)
        window.actions_.run("undo")
        settle(window, qtbot, lambda: [one.key for one in page.columns.columns()][:2] == ["new", "open"])


def test_lanes_put_cards_in_two_ways_and_a_drop_sets_both(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    keys = [place.mail(subject=f"Card {n}") for n in range(2)]
    place.desk.do(assign, keys[0], place.bob)
    with shown(place, qapp, qtbot, "board") as (window, page):
        page.lanes_by(LaneBy.ASSIGNEE)
        settle(window, qtbot, lambda: page.view is not None and len(page.view.lanes) == 3)
        assert [column(page, "new").list.cards().card_at(n) for n in range(2)] == [
            ("", keys[1]),
            (place.bob.hex, keys[0]),
        ]
        new, waiting = column(page, "new").list, column(page, "waiting").list
        plan = new.places.plan
        anns = next(n for n, lane in enumerate(plan.lanes) if lane.key == place.ann.hex)
        goal = waiting.viewport().mapToGlobal(QPoint(60, plan.tops[anns] + 50))
        start = new.visualRect(new.cards().index(0)).center()
        qtbot.mousePress(new.viewport(), LEFT, pos=start)
        for step in range(1, 9):
            qtbot.mouseMove(new.viewport(), start + (new.viewport().mapFromGlobal(goal) - start) * step / 8)
        assert page.columns.drag.ghost.words() == "Waiting on customer · Ann Lee"
        qtbot.mouseRelease(new.viewport(), LEFT, pos=new.viewport().mapFromGlobal(goal))
        settle(window, qtbot, lambda: has(page, "waiting", 1) and current(page, "waiting") == keys[1])
        moved = place.desk.ask(ticket, keys[1])
        assert moved is not None
        assert (moved.row.status, moved.row.assignee) == ("waiting", place.ann)
        qtbot.keyClick(waiting, KEY.Key_Down, SHIFT)
        settle(window, qtbot, lambda: waiting.cards().card_at(0) == (place.bob.hex, keys[1]))
        assert current(page, "waiting") == keys[1]
        qtbot.keyClick(waiting, KEY.Key_Minus)
        assert waiting.places.top(0) == -1
        assert findings(page) == []
        settle(window, qtbot)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: page.columns.plan.folded == {place.bob.hex})


def test_a_card_moves_from_tag_to_tag_and_keeps_its_others(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    for name in ("refund", "vip"):
        place.desk.do(add_tag, key, name)
    place.desk.do(add_tag, place.mail(subject="Another"), "damage")
    with shown(place, qapp, qtbot, "board") as (window, page):
        page.group_by(BoardBy.TAG)
        settle(window, qtbot, lambda: page.look is not None and len(page.columns.columns()) == 4)
        by_name = {one.title: one for one in page.columns.columns()}
        assert {name: one.count for name, one in by_name.items()} == {
            "Without these tags": 0, "refund": 1, "vip": 1, "damage": 1,
        }  # fmt: skip
        refund = by_name["refund"]
        refund.list.go_to(0)
        refund.take_focus()
        page.columns.move_to(by_name["damage"], [key])
        settle(window, qtbot, lambda: by_name["damage"].count == 2)
        assert refund.count == 0
        found = place.desk.ask(ticket, key)
        assert found is not None
        assert found.row.tags == ("damage", "vip")
