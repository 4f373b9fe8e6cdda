# mypy: disable-error-code="no-untyped-call"
"""The board: columns as they are stored, moves by keys, mouse and drag, undo, filter, states, and many cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.boards.commands import hide_column
from app.boards.queries import ColumnView, Named, read_board
from app.boards.rules import ColumnShape
from app.kernel.database.changes import Changes
from app.kernel.ids import new_id
from app.tickets.commands import assign, set_status
from app.tickets.queries import ticket_rows
from app.tickets.rules import UNTIL_REPLY, BoardBy
from tests.ui.board_desk import carry, column, current, has, middle, row_of, status
from tests.ui.desk_pages import NOW, Office, office, settle, shown
from tests.ui.lint import findings
from ui.bridge import Bridge
from ui.models.board import ColumnModel
from ui.models.cache import TicketCache
from ui.models.words import sleep_words
from ui.pages.board.card import drag_pixmap, due_words
from ui.pages.board.page import Page
from ui.pages.inbox.triage.snooze import SnoozeSheet
from ui.tasks import Tasks
from ui.widgets.picker import Picker

KEY, NONE, SHIFT = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    """A desk with two people and no ticket yet."""
    with office(tmp_path) as made:
        yield made


def view_of(*ids: UUID, count: int = 0) -> ColumnView:
    """A column with these cards."""
    return ColumnView(Named("new"), ColumnShape("new"), count or len(ids), ids)


def test_a_column_follows_by_few_steps_and_keeps_its_place(
    place: Office, qapp: QApplication, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    tasks = Tasks(place.desk, Bridge())
    model = ColumnModel(TicketCache(tasks, lambda: None))
    keys = [new_id() for _ in range(6)]
    model.show(view_of(*keys), ())
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    lasting = QPersistentModelIndex(model.index(3))
    fresh = new_id()
    model.show(view_of(fresh, keys[3], keys[0], keys[2], keys[4], keys[5]), ())
    assert list(model.ids) == [fresh, keys[3], keys[0], keys[2], keys[4], keys[5]]
    assert lasting.row() == 1
    assert not resets
    qtmodeltester.check(model)
    model.show(view_of(), ())
    assert model.rowCount() == 0
    assert tasks.close()


def test_a_ticket_in_two_lanes_is_two_cards(place: Office, qapp: QApplication) -> None:
    tasks = Tasks(place.desk, Bridge())
    model = ColumnModel(TicketCache(tasks, lambda: None))
    one, two = new_id(), new_id()
    both = replace(view_of(one, two, one), cells=(2, 1))
    model.show(both, (Named("a"), Named("b")))
    assert [model.card_at(n) for n in range(3)] == [("a", one), ("a", two), ("b", one)]
    assert (model.place_of(one), model.place_of(one, "b"), model.place_of(two, "b")) == (0, 2, 1)
    lasting = QPersistentModelIndex(model.index(2))
    model.show(replace(view_of(two, one), cells=(1, 1)), (Named("a"), Named("b")))
    assert lasting.row() == 1
    assert tasks.close()


def test_the_counts_are_whole_where_the_cards_are_not(place: Office) -> None:
    place.many(30)
    view = place.desk.ask(read_board, BoardBy.STATUS, "none", limit=10)
    assert next((one.key, one.count, len(one.ids)) for one in view.columns) == ("new", 30, 10)
    place.mail(subject="The zebra lamp", at=NOW - timedelta(days=2))  # behind the limit
    found = place.desk.ask(read_board, BoardBy.STATUS, "none", limit=10, typed="zebra")
    assert found.filtered
    assert found.count == 1


def test_what_was_not_read_yet_is_read_where_somebody_scrolls(
    place: Office, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = place.many(60)
    monkeypatch.setattr("ui.pages.board.page.FIRST", 10)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 60))
        cards = column(page, "new").list
        assert cards.cards().rowCount() == 10
        assert cards.places.height > cards.viewport().height() * 4, "the bar knows of all of them"
        cards.verticalScrollBar().setValue(cards.verticalScrollBar().maximum())
        settle(window, qtbot, lambda: cards.cards().rowCount() == 60)
        assert cards.cards().ids[-1] == keys[0]


def test_all_cards_of_a_column_are_marked_also_those_not_read_yet(
    place: Office, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = place.many(40)
    monkeypatch.setattr("ui.pages.board.page.FIRST", 10)
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 40))
        window.actions_.run("select_all")
        settle(window, qtbot, lambda: len(page.columns.marks) == 40)
        assert set(page.columns.those()) == set(keys)
        window.actions_.run("select_none")
        assert len(page.columns.those()) == 1


def test_keys_move_a_card_from_column_to_column_and_undo_brings_it_back(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    key = place.mail()
    other = place.mail(subject="Another", address="x@y.example", name="X")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2) and current(page, "new") == other)
        qtbot.keyClick(column(page, "new").list, KEY.Key_Down)
        assert current(page, "new") == key
        qtbot.keyClick(column(page, "new").list, KEY.Key_Right, SHIFT)
        settle(window, qtbot, lambda: has(page, "open", 1) and current(page, "open") == key)
        assert status(place, key) == "open"
        assert column(page, "new").count == 1
        qtbot.keyClick(column(page, "open").list, KEY.Key_4, NONE)
        settle(window, qtbot, lambda: has(page, "solved", 1) and current(page, "solved") == key)
        settle(window, qtbot, lambda: window.toasts.current is not None and "Solved" in window.toasts.current.text)
        window.actions_.run("undo")
        settle(window, qtbot, lambda: has(page, "open", 1) and current(page, "open") == key)
        assert status(place, key) == "open"
        assert window.actions_["delete"].isEnabled()
        qtbot.keyClick(column(page, "open").list, KEY.Key_H)
        assert current(page, "new") == other
        qtbot.keyClick(column(page, "new").list, KEY.Key_L)
        assert current(page, "open") == key
        qtbot.keyClick(column(page, "open").list, KEY.Key_Z)
        assert isinstance(window.overlay.current(), SnoozeSheet)


def test_marked_cards_of_several_columns_are_moved_together(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    keys = [place.mail(subject=f"Card {n}") for n in range(3)]
    place.desk.do(set_status, keys[0], "open")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "open", 1) and current(page, "new") == keys[2])
        qtbot.keyClick(column(page, "new").list, KEY.Key_Space)
        qtbot.keyClick(column(page, "new").list, KEY.Key_Right)
        window.actions_.run("select")
        assert set(page.columns.those()) == {keys[0], keys[2]}
        assert [one.data() for one in column(page, "open").list.selectionModel().selectedIndexes()] == ["Card 0"]
        qtbot.keyClick(column(page, "open").list, KEY.Key_3)
        settle(window, qtbot, lambda: has(page, "waiting", 2))
        assert column(page, "new").count == 1
        assert len(page.columns.marks) == 2, "they can be moved on together"
        window.actions_.run("undo")
        settle(window, qtbot, lambda: has(page, "open", 1) and has(page, "new", 2))
        assert column(page, "waiting").count == 0


def test_a_click_and_then_one_with_ctrl_mark_both_cards(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    keys = [place.mail(subject=f"Card {n}") for n in range(3)]
    control = Qt.KeyboardModifier.ControlModifier
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 3) and current(page, "new") == keys[2])
        new = column(page, "new").list

        def click(row: int, held: Qt.KeyboardModifier = NONE) -> set[UUID]:
            at = new.visualRect(new.model().index(row, 0)).center()
            qtbot.mouseClick(new.viewport(), LEFT, held, at)
            return set(page.columns.marks.keys())

        assert click(1, control) == {keys[1]}, "the card that has the keyboard was not clicked"
        assert click(1, control) == set()
        assert click(2) == set()
        assert click(0, control) == {keys[0], keys[2]}
        assert click(0, control) == {keys[0]}
        assert click(1) == set()


def test_a_card_is_carried_with_the_mouse_and_esc_lets_it_go(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    keys = [place.mail(subject=f"Card {n}") for n in range(2)]
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2) and current(page, "new") == keys[1])
        new, waiting = column(page, "new").list, column(page, "waiting").list
        carry(qtbot, new, QPoint(60, 40), waiting)
        assert page.columns.drag.over == (column(page, "waiting"), 0)
        assert page.columns.drag.ghost.words() == "Waiting on customer"
        qtbot.keyClick(new, KEY.Key_Escape)
        assert not page.columns.drag.is_on
        qtbot.mouseRelease(new.viewport(), LEFT, pos=new.viewport().mapFromGlobal(middle(waiting)))
        settle(window, qtbot)
        assert status(place, keys[1]) == "new"
        carry(qtbot, new, QPoint(60, 40), waiting)
        qtbot.mouseRelease(new.viewport(), LEFT, pos=new.viewport().mapFromGlobal(middle(waiting)))
        settle(window, qtbot, lambda: has(page, "waiting", 1) and current(page, "waiting") == keys[1])
        assert status(place, keys[1]) == "waiting"
        qtbot.mouseClick(new.viewport(), LEFT, pos=QPoint(60, 40))
        assert current(page, "new") == keys[0], "a click after a drag is a click"


def test_what_changes_meanwhile_waits_until_the_card_is_put_down(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    first, second = place.mail(), place.mail(subject="Another")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2) and current(page, "new") == second)
        cards = column(page, "new").list
        carry(qtbot, cards, QPoint(60, 40), column(page, "open").list)
        place.desk.act(place.bob, hide_column, BoardBy.STATUS, "solved", hidden=True)
        place.desk.act(place.bob, set_status, first, "open")
        settle(window, qtbot, lambda: page._held is not None and len(page._held[1].columns) == 3)
        assert len(page.columns.columns()) == 4
        qtbot.mouseRelease(
            cards.viewport(), LEFT, pos=cards.viewport().mapFromGlobal(middle(column(page, "open").list))
        )
        settle(window, qtbot, lambda: has(page, "open", 2))
        assert len(page.columns.columns()) == 3


def test_carried_near_an_edge_the_columns_and_the_cards_scroll(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.many(40)
    with shown(place, qapp, qtbot, "board") as (window, page):
        window.resize(960, 640)
        page.group_by(BoardBy.PRIORITY)
        settle(window, qtbot, lambda: has(page, "normal", 40))
        for one in page.columns.columns():
            one.setMinimumWidth(300)
        settle(window, qtbot, lambda: page.columns.horizontalScrollBar().maximum() > 200)
        normal = column(page, "normal").list
        page.columns.ensureWidgetVisible(column(page, "normal"))
        port = normal.viewport()
        carry(qtbot, normal, QPoint(60, 40), normal)
        qtbot.mouseMove(port, QPoint(60, port.height() - 6))
        qtbot.waitUntil(lambda: normal.verticalScrollBar().value() > 100)
        right = page.columns.viewport().mapToGlobal(QPoint(page.columns.viewport().width() - 4, 200))
        qtbot.mouseMove(port, port.mapFromGlobal(right))
        bar = page.columns.horizontalScrollBar()
        qtbot.waitUntil(lambda: bar.value() == bar.maximum())
        qtbot.keyClick(normal, KEY.Key_Escape)
        assert not page.columns.drag.is_on


def test_what_another_does_shows_up_by_itself(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 1))
        place.desk.act(place.bob, set_status, key, "solved")
        settle(window, qtbot, lambda: has(page, "solved", 1))
        place.desk.act(place.bob, assign, key, place.bob)
        settle(window, qtbot, lambda: getattr(row_of(page, "solved"), "assignee_name", "") == "Bob Ray")


def test_what_changes_while_it_is_read_is_looked_at_together_right_after(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 1))
        looks: list[int] = []
        page.columns.chosen.connect(lambda: looks.append(1))
        for _ in range(5):
            page.refresh(Changes(everything=True))
        settle(window, qtbot, lambda: len(looks) == 2)


def test_pickers_and_menus_do_what_keys_do(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 1) and current(page, "new") == key)
        settle(window, qtbot, lambda: page.picking.around is not None)
        assert window.actions_["priority"].isEnabled()
        for action, words, holds in (
            ("priority", "Urgent", lambda row: row.priority == "urgent"),
            ("assign", "Bob Ray", lambda row: row.assignee_name == "Bob Ray"),
            ("tag", "refund", lambda row: row.tags == ("refund",)),
        ):
            window.actions_.run(action)
            qtbot.waitUntil(lambda: isinstance(window.overlay.current(), Picker))
            picker: Any = window.overlay.current()
            qtbot.keyClicks(picker.field, words)
            qtbot.keyClick(picker.field, KEY.Key_Return)
            settle(window, qtbot, partial(fits, page, holds))
            assert current(page, "new") == key, "the keyboard is back on its card"
        page._open_menu(QPoint(10, 10))
        pick(qapp, "Move to “Waiting on customer”\t3")
        settle(window, qtbot, lambda: has(page, "waiting", 1))


def fits(page: Page, holds: Callable[[Any], bool]) -> bool:
    """Does the first new card show this?"""
    row = row_of(page, "new")
    return row is not None and holds(row)


def pick(app: QApplication, text: str) -> None:
    """Choose from the menu that is open."""
    menu = app.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_the_keyboard_stays_in_the_column_when_its_card_goes(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    keys = [place.mail(subject=f"Card {n}") for n in range(4)]
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 4) and current(page, "new") == keys[3])
        qtbot.keyClick(column(page, "new").list, KEY.Key_Down)
        window.actions_.run("solve")
        settle(window, qtbot, lambda: has(page, "solved", 1))
        assert current(page, "new") in (keys[3], keys[1])
        while column(page, "new").count:
            left = column(page, "new").count
            window.actions_.run("delete")
            settle(window, qtbot, partial(has, page, "new", left - 1))
        qtbot.waitUntil(lambda: current(page, "solved") == keys[2])


def test_the_filter_finds_says_when_nothing_fits_and_what_it_does_not_understand(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    place.mail(subject="The cracked lamp")
    place.mail(subject="An invoice")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 2))
        page.filter.setText("cracked")
        settle(window, qtbot, lambda: has(page, "new", 1))
        page.filter.setText("zebra")
        settle(window, qtbot, lambda: page.faces.currentWidget() is page.no_hits)
        page.filter.setText("older:never")
        settle(window, qtbot, lambda: page.filter.property("wrong") == "true")
        page.no_hits.button.click()
        settle(window, qtbot, lambda: has(page, "new", 2) and page.filter.property("wrong") == "")


def test_an_empty_board_says_what_will_happen(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: page.faces.currentWidget() is page.no_tickets)
        assert findings(page) == []


@pytest.mark.parametrize("width", [960, 1440])
def test_the_lint_finds_nothing(place: Office, qapp: QApplication, qtbot: QtBot, width: int) -> None:
    place.many(12)
    with shown(place, qapp, qtbot, "board") as (window, page):
        window.resize(width, 700)
        settle(window, qtbot, lambda: has(page, "new", 12))
        assert findings(page) == []


def test_a_screen_reader_finds_the_cards(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.mail(subject="The cracked lamp")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: has(page, "new", 1) and row_of(page, "new") is not None)
        found = QAccessible.queryAccessibleInterface(column(page, "new").list)
        assert found.text(QAccessible.Text.Name) == "New, 1 ticket"
        assert found.childCount() == 1
        assert "The cracked lamp" in found.child(0).text(QAccessible.Text.Name)
        assert (
            found.child(0).rect().height()
            == column(page, "new").list.visualRect(column(page, "new").list.currentIndex()).height()
        )


def test_due_is_shown_when_it_presses(place: Office, qapp: QApplication) -> None:
    row = place.desk.ask(ticket_rows, [place.mail()])[0]
    assert due_words(row, NOW) is None
    assert due_words(replace(row, due_at=NOW - timedelta(minutes=34)), NOW) == ("Overdue 34 min", "bad")
    assert due_words(replace(row, due_at=NOW + timedelta(minutes=29)), NOW) == ("Due in 29 min", "warn")
    assert due_words(replace(row, due_at=NOW + timedelta(days=2)), NOW) is None
    assert due_words(replace(row, due_at=NOW, status="solved"), NOW) is None
    assert sleep_words(NOW + timedelta(hours=20), NOW)[0].startswith("Until tomorrow")
    assert sleep_words(UNTIL_REPLY, NOW) == ("Until an answer", "Answer")
    assert not drag_pixmap(row, 12, 240, 2.0).isNull()
