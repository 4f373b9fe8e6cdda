# mypy: disable-error-code="no-untyped-call"
"""The board: columns as they are stored, moves by keys and drops, undo, filter, states, and many cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.kernel.ids import new_id
from app.tickets.commands import assign, set_status
from app.tickets.queries import BoardBy, BoardColumn, ticket, ticket_rows
from tests.ui.desk_pages import NOW, Office, office, settle, shown
from tests.ui.lint import findings
from ui.bridge import Bridge
from ui.models.board import MIME, ColumnModel, pack, read_board, unpack
from ui.models.cache import TicketCache
from ui.models.tickets import ROW_ROLE
from ui.pages.board.card import drag_pixmap, due_words
from ui.pages.board.page import Page
from ui.tasks import Tasks

KEY, NONE, SHIFT = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    """A desk with three new tickets, one open, one solved."""
    with office(tmp_path) as made:
        yield made


def status(place: Office, key: UUID) -> str:
    """A ticket's status."""
    found = place.desk.ask(ticket, key)
    assert found is not None
    return found.row.status


def column(page: Page, key: str) -> Any:
    """A column by its key."""
    return next(one for one in page.columns() if one.key == key)


def test_a_column_follows_by_few_steps_and_keeps_what_is_selected(
    place: Office, qapp: QApplication, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    tasks = Tasks(place.desk, Bridge())
    model = ColumnModel(TicketCache(tasks, lambda: None))
    keys = [new_id() for _ in range(6)]
    model.show(BoardColumn("new", 6, tuple(keys)))
    kept = model.index(3)
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    lasting = QPersistentModelIndex(kept)
    fresh = new_id()
    model.show(BoardColumn("new", 6, (fresh, keys[3], keys[0], keys[2], keys[4], keys[5])))
    assert list(model.ids) == [fresh, keys[3], keys[0], keys[2], keys[4], keys[5]]
    assert lasting.row() == 1
    assert not resets
    qtmodeltester.check(model)
    model.show(BoardColumn("new", 6, ()))
    assert model.rowCount() == 0
    assert tasks.close()


def test_a_column_asks_for_more_only_while_there_is_more(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    tasks = Tasks(place.desk, Bridge())
    model = ColumnModel(TicketCache(tasks, lambda: None))
    keys = tuple(new_id() for _ in range(4))
    model.show(BoardColumn("new", 4, keys[:2]))
    with qtbot.waitSignal(model.more_wanted):
        model.fetchMore(QModelIndex())
    model.show(BoardColumn("new", 4, keys))
    assert not model.canFetchMore(QModelIndex())
    assert tasks.close()


def test_cards_are_carried_by_a_drag(qapp: QApplication) -> None:
    keys = (new_id(), new_id())
    data = QMimeData()
    data.setData(MIME, pack(keys))
    assert unpack(data) == keys
    assert unpack(QMimeData()) == ()
    assert not drag_pixmap(None, 12, 240, 2.0).isNull()


def test_the_counts_are_whole_where_the_cards_are_not(place: Office) -> None:
    place.many(30)
    view = place.desk.ask(read_board, BoardBy.STATUS, 10, "", None)
    assert next((one.key, one.count, len(one.ids)) for one in view.columns) == ("new", 30, 10)
    place.mail(subject="The zebra lamp", at=NOW - timedelta(days=2))  # behind the limit
    found = place.desk.ask(read_board, BoardBy.STATUS, 10, "zebra", None)
    assert found.filtered
    assert found.count == 1


def test_keys_move_a_card_from_column_to_column_and_undo_brings_it_back(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    key = place.mail()
    other = place.mail(subject="Another", address="x@y.example", name="X")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: bool(page.columns()) and column(page, "new").list.hasFocus())
        cards = column(page, "new").list
        assert list(cards.cards().ids) == [other, key]
        cards.select((key,))
        qtbot.keyClick(cards, KEY.Key_Right, SHIFT)
        settle(window, qtbot, lambda: column(page, "open").list.selected() == (key,))
        assert status(place, key) == "open"
        assert column(page, "new").count == 1
        assert column(page, "open").list.hasFocus()  # so that it can be moved on
        qtbot.keyClick(column(page, "open").list, KEY.Key_4, NONE)
        settle(window, qtbot, lambda: column(page, "solved").list.selected() == (key,))
        assert window.toasts.current is not None
        assert "Solved" in window.toasts.current.text
        window.actions_.run("undo")
        settle(window, qtbot, lambda: column(page, "open").count == 1)
        assert status(place, key) == "open"
        assert column(page, "open").list.hasFocus(), "the keyboard follows the card back"
        assert column(page, "open").list.selected() == (key,)
        assert window.actions_["delete"].isEnabled()
        qtbot.keyClick(column(page, "open").list, KEY.Key_Left, NONE)
        assert column(page, "new").list.hasFocus()


def test_a_drop_moves_all_its_cards_and_one_on_the_same_column_does_nothing(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    keys = tuple(place.mail(subject=f"Card {n}") for n in range(3))
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: len(page.columns()) == 4 and column(page, "new").count == 3)
        drop(column(page, "waiting").list, keys[:2])
        settle(window, qtbot, lambda: column(page, "waiting").count == 2)
        assert {status(place, key) for key in keys[:2]} == {"waiting"}
        assert status(place, keys[2]) == "new"
        drop(column(page, "new").list, keys[2:])
        settle(window, qtbot)
        assert status(place, keys[2]) == "new"


def drop(cards: Any, keys: tuple[UUID, ...]) -> None:
    """Drop tickets on a column."""
    data = QMimeData()
    data.setData(MIME, pack(keys))
    move, left = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(40, 40), move, data, left, NONE)
    cards.dragEnterEvent(enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(40, 40), move, data, left, NONE)
    cards.dropEvent(event)
    assert event.isAccepted()


def test_other_columns_by_assignee_and_priority(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        page.group_by(BoardBy.ASSIGNEE)
        settle(window, qtbot, lambda: len(page.columns()) == 3)
        page.move_cards((key,), place.bob.hex)
        settle(window, qtbot, lambda: column(page, place.bob.hex).count == 1)
        assert column(page, "").count == 0
        page.group_by(BoardBy.PRIORITY)
        settle(window, qtbot, lambda: bool(page.columns()) and page.columns()[0].key == "urgent")
        page.move_cards((key,), "urgent")
        settle(window, qtbot, lambda: column(page, "urgent").count == 1)


def test_what_another_does_shows_up_by_itself(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: column(page, "new").count == 1)
        place.desk.act(place.bob, set_status, key, "solved")
        settle(window, qtbot, lambda: column(page, "solved").count == 1)
        place.desk.act(place.bob, assign, key, place.bob)
        cards = column(page, "solved").list.cards()
        settle(window, qtbot, lambda: cards.index(0).data(ROW_ROLE).assignee_name == "Bob Ray")


def test_cards_are_selected_in_one_column_only(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    first, second = place.mail(), place.mail(subject="Another")
    place.desk.do(set_status, second, "open")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: column(page, "open").count == 1)
        new, opened = column(page, "new").list, column(page, "open").list
        for cards, other, key in ((new, opened, first), (opened, new, second), (new, opened, first)):
            assert cards.select((key,))
            assert cards.selected() == (key,)
            assert other.selected() == ()
            assert page._list() is cards


def test_menus_do_what_keys_do(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    key = place.mail()
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: bool(page.columns()) and column(page, "new").list.hasFocus())
        assert column(page, "new").list.selected() == (key,)  # the first card, so that a letter does something
        assert window.actions_["priority"].isEnabled()
        window.actions_.run("priority")
        pick(qapp, "Urgent")
        settle(window, qtbot, lambda: row_of(page, "new").priority == "urgent")
        window.actions_.run("assign")
        pick(qapp, "Bob Ray")
        settle(window, qtbot, lambda: row_of(page, "new").assignee_name == "Bob Ray")
        page._open_menu(QPoint(10, 10))
        pick(qapp, "Move to “Waiting on customer”\t3")
        settle(window, qtbot, lambda: column(page, "waiting").count == 1)


def row_of(page: Page, key: str) -> Any:
    """What the first card of a column shows."""
    return column(page, key).list.cards().index(0).data(ROW_ROLE)


def pick(app: QApplication, text: str) -> None:
    """Choose from the menu that is open."""
    menu = app.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_the_filter_finds_says_when_nothing_fits_and_what_it_does_not_understand(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    place.mail(subject="The cracked lamp")
    place.mail(subject="An invoice")
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: column(page, "new").count == 2)
        page._filter.setText("cracked")
        settle(window, qtbot, lambda: column(page, "new").count == 1)
        page._filter.setText("zebra")
        settle(window, qtbot, lambda: page._stack.currentWidget() is page._no_hits)
        page._filter.setText("older:never")
        settle(window, qtbot, lambda: page._filter.property("wrong") == "true")
        page._no_hits.button.click()
        settle(window, qtbot, lambda: column(page, "new").count == 2 and page._filter.property("wrong") == "")


def test_an_empty_board_says_what_will_happen(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    with shown(place, qapp, qtbot, "board") as (window, page):
        settle(window, qtbot, lambda: page._stack.currentWidget() is page._nothing)
        assert findings(page) == []


@pytest.mark.parametrize("width", [960, 1440])
def test_the_lint_finds_nothing(place: Office, qapp: QApplication, qtbot: QtBot, width: int) -> None:
    place.many(12)
    with shown(place, qapp, qtbot, "board") as (window, page):
        window.resize(width, 700)
        settle(window, qtbot, lambda: column(page, "new").count == 12)
        assert findings(page) == []


def test_due_is_shown_when_it_presses(place: Office) -> None:
    row = place.desk.ask(ticket_rows, [place.mail()])[0]
    assert due_words(row, NOW) is None
    assert due_words(replace(row, due_at=NOW - timedelta(minutes=34)), NOW) == ("Overdue 34 min", "bad")
    assert due_words(replace(row, due_at=NOW + timedelta(minutes=29)), NOW) == ("Due in 29 min", "warn")
    assert due_words(replace(row, due_at=NOW + timedelta(days=2)), NOW) is None
    assert due_words(replace(row, due_at=NOW, status="solved"), NOW) is None
