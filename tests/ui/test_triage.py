# mypy: disable-error-code="no-untyped-call"
"""Triage on the list: one key each, on one ticket or on many, without opening it; and what came of a change of thousands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.kernel.state import jobs
from app.tickets.bulk import AT_ONCE
from app.tickets.queries import TicketRow, ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.models.tickets import ID_ROLE
from ui.pages.inbox.page import Page
from ui.widgets.picker import Picker
from ui.widgets.progress import WorkStrip
from ui.window import Window

KEY = Qt.Key
MANY = AT_ONCE + 10


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with five tickets; the newest is shown and the keyboard is in the list."""
    made.some(5)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        shown.list.focus_rows()
        yield shown


@pytest.fixture
def full(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with so many tickets that changing all of them is a job."""
    made.some(MANY)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        shown.list.focus_rows()
        yield shown


def row(made: InboxDesk, key: UUID) -> TicketRow:
    """How a ticket stands."""
    found = made.desk.ask(ticket, key)
    assert found is not None
    return found.row


def settled(page: Page, qtbot: QtBot, what: Callable[[], bool]) -> None:
    """Wait until something is so and nothing runs any more."""
    qtbot.waitUntil(lambda: page.context.tasks.running == 0 and what())


def press(page: Page, qtbot: QtBot, key: Qt.Key, shift: bool = False) -> None:
    """A key in the list, where the keyboard must be."""
    qtbot.waitUntil(page.list.shown.hasFocus)
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(page.list.shown, key, modifier)


def picker(page: Page, qtbot: QtBot) -> Picker:
    """The picker that has come up, with the keyboard in it."""
    qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), Picker))
    found = page.context.overlay.current()
    assert isinstance(found, Picker)
    qtbot.waitUntil(found.field.hasFocus)
    return found


def pick(page: Page, qtbot: QtBot, key: Qt.Key, typed: str) -> None:
    """Open a picker by its key, type, and take what comes first."""
    press(page, qtbot, key)
    field = picker(page, qtbot).field
    qtbot.keyClicks(field, typed)
    qtbot.keyClick(field, KEY.Key_Return)
    assert not page.context.overlay.is_open


def work_off(made: InboxDesk) -> threading.Thread:
    """What an engine would do."""
    worker = threading.Thread(target=jobs.work_off, args=(made.desk.store,))
    worker.start()
    return worker


def test_assign_priority_tag_and_status_by_a_few_letters_and_the_keyboard_stays_in_the_list(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    key = page.model.id_at(1)
    press(page, qtbot, KEY.Key_J)
    pick(page, qtbot, KEY.Key_A, "bo")
    pick(page, qtbot, KEY.Key_P, "urg")
    pick(page, qtbot, KEY.Key_T, "fragile")
    settled(page, qtbot, lambda: row(made, key).tags == ("fragile",))
    assert (row(made, key).assignee_name, row(made, key).priority) == ("Bob Ray", "urgent")
    pick(page, qtbot, KEY.Key_T, "fra")  # all have it: it is taken off
    settled(page, qtbot, lambda: row(made, key).tags == ())
    pick(page, qtbot, KEY.Key_S, "wait")
    settled(page, qtbot, lambda: page.model.place_of(key) < 0)
    assert row(made, key).status == "waiting"
    qtbot.waitUntil(lambda: page.list.rows.hasFocus() and page.list.rows.currentIndex().isValid())


def test_a_right_click_opens_the_menu_of_a_row_and_not_its_ticket(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    opened, other = page.model.id_at(0), page.model.id_at(3)

    def is_unread(key: UUID) -> bool:
        found = made.desk.ask(ticket, key, made.ann)
        assert found is not None
        return found.row.unread

    qtbot.mouseClick(page.list.rows.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(80, 30))
    settled(page, qtbot, lambda: not is_unread(opened))

    def open_menu() -> QMenu:
        rows = page.list.rows
        at = rows.visualRect(page.model.index(3, 0)).center()
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.RightButton, pos=at)
        rows.customContextMenuRequested.emit(at)  # which the platform makes of that click
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert page.picked.keys() == [other]
        return menu

    menu = open_menu()
    qtbot.keyClick(menu, KEY.Key_Escape)
    settled(page, qtbot, lambda: page.picked.keys() == [opened])
    menu = open_menu()
    menu.setActiveAction(next(one for one in menu.actions() if one.text() == "Assign…"))
    qtbot.keyClick(menu, KEY.Key_Return)
    qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), Picker))
    qtbot.waitUntil(lambda: page.picked.pointed is None)
    found = page.context.overlay.current()
    assert isinstance(found, Picker)
    qtbot.keyClicks(found.field, "bob")
    qtbot.keyClick(found.field, KEY.Key_Return)
    settled(page, qtbot, lambda: row(made, other).assignee_name == "Bob Ray")
    assert is_unread(other), "nobody has looked at it"
    assert (page.ticket, row(made, opened).assignee) == (opened, None)
    assert page.list.selected() == [opened]


def test_a_click_beside_the_rows_leaves_the_ticket_marked_that_is_shown(page: Page, qtbot: QtBot) -> None:
    rows = page.list.rows
    opened = page.ticket
    assert rows.selectionModel().selectedRows() == [rows.currentIndex()]
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(80, rows.viewport().height() - 4))
    assert page.ticket == opened
    assert [index.data(ID_ROLE) for index in rows.selectionModel().selectedRows()] == [opened]


def test_esc_leaves_a_picker_and_changes_nothing(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    before = row(made, page.model.id_at(0))
    press(page, qtbot, KEY.Key_A)
    field = picker(page, qtbot).field
    qtbot.keyClicks(field, "bob")
    qtbot.keyClick(field, KEY.Key_Escape)
    assert not page.context.overlay.is_open
    qtbot.waitUntil(page.list.rows.hasFocus)
    settled(page, qtbot, lambda: True)
    assert row(made, before.id).assignee is None


def test_a_key_acts_on_the_row_where_the_keyboard_is_not_on_the_ticket_still_shown(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    first, second = page.model.id_at(0), page.model.id_at(1)
    press(page, qtbot, KEY.Key_J)  # what it opens has not come yet
    qtbot.keyClick(page.list.rows, KEY.Key_E)
    settled(page, qtbot, lambda: row(made, second).status == "solved")
    assert row(made, first).status == "new"


def test_spam_leaves_the_list_with_its_sender_blocked_and_comes_back(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(0)
    page.context.actions.run("spam_block")
    settled(page, qtbot, lambda: page.model.place_of(key) < 0)
    assert row(made, key).deleted_at is not None
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    qtbot.waitUntil(page.context.toasts.act)
    settled(page, qtbot, lambda: page.model.place_of(key) >= 0)
    assert row(made, key).deleted_at is None


def test_marking_shows_boxes_bar_and_count_and_esc_goes_back_to_one(page: Page, qtbot: QtBot) -> None:
    one, three = page.model.id_at(0), page.model.id_at(2)
    for key in (KEY.Key_X, KEY.Key_J, KEY.Key_J, KEY.Key_X):
        press(page, qtbot, key)
    assert page.those() == [one, three]
    assert page.chosen.isVisible()
    assert (page.chosen.title.text(), page.selecting.head.words.text()) == ("2 tickets", "2 selected")
    assert page.selecting.head.all.text() == "Select all 5"
    press(page, qtbot, KEY.Key_Escape)
    assert not page.selecting.on
    settled(page, qtbot, lambda: page.ticket == three and page.talking)
    qtbot.waitUntil(page.list.rows.hasFocus)


def test_a_click_on_the_box_ticks_it_and_a_button_of_the_bar_acts_on_all(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    rows, keys = page.list.rows, [page.model.id_at(n) for n in (1, 3)]
    for n in (1, 3):
        where = rows.visualRect(page.model.index(n, 0)).topLeft() + QPoint(30, 20)
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert page.those() == keys
    page.chosen.buttons["priority"].click()
    field = picker(page, qtbot).field
    qtbot.keyClicks(field, "high")
    qtbot.keyClick(field, KEY.Key_Return)
    settled(page, qtbot, lambda: {row(made, key).priority for key in keys} == {"high"})
    assert row(made, page.model.id_at(0)).priority == "normal"
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    qtbot.waitUntil(page.context.toasts.act)
    settled(page, qtbot, lambda: {row(made, key).priority for key in keys} == {"normal"})


def test_the_menu_of_a_row_acts_on_that_row_or_on_all_that_are_chosen(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    rows, third = page.list.rows, page.model.id_at(2)
    middle = rows.visualRect(page.model.index(2, 0)).center()
    rows.customContextMenuRequested.emit(middle)
    menu = next(one for one in page.findChildren(QMenu) if one.isVisible())
    named = {action.objectName(): action for action in menu.actions()}
    assert {"action.solve", "action.spam", "action.delete"} <= named.keys()
    assert "action.restore" not in named
    named["action.follow_up"].trigger()
    menu.close()
    settled(page, qtbot, lambda: row(made, third).follow_up)
    assert not row(made, page.model.id_at(0)).follow_up


def test_the_mark_of_a_ticket_scrolled_away_is_turned_round_again(full: Page, made: InboxDesk, qtbot: QtBot) -> None:
    """Nobody paints its row, so nobody but the choice asks for it anew."""
    page, rows = full, full.list.rows
    key = page.model.id_at(0)
    for on in (True, False, True):
        rows.verticalScrollBar().setValue(rows.verticalScrollBar().maximum())
        settled(page, qtbot, lambda: not rows.viewport().rect().intersects(rows.visualRect(page.model.index(0, 0))))
        press(page, qtbot, KEY.Key_F)
        settled(page, qtbot, lambda: row(made, key).follow_up is on)  # noqa: B023


def test_what_a_ticket_refuses_is_told_and_the_others_are_changed(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    """Somebody else put one into the Bin a moment ago; the list has not heard of it."""
    from app.tickets.bulk import Act
    from app.tickets.commands import delete_ticket
    from ui.pages.changing import change

    keys = [page.model.id_at(n) for n in range(3)]
    made.desk.act(made.bob, delete_ticket, [keys[1]])
    change(page.context, keys, [Act("priority", "low")], "Low.")
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    toast = page.context.toasts.current
    assert toast is not None
    assert toast.text == "2 of 3. 1 in the Bin: #2."


def test_all_of_a_list_is_a_job_with_progress_and_one_undo(full: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page, strip = full, full.window().findChild(WorkStrip)
    assert strip is not None
    qtbot.keyClick(page.list.rows, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert (page.selecting.everything, page.picked.count) == (True, MANY)
    press(page, qtbot, KEY.Key_E)
    qtbot.waitUntil(strip.isVisible)
    assert strip.works[0].total == MANY
    worker = work_off(made)
    settled(page, qtbot, lambda: page.model.rowCount() == 0)
    worker.join()
    qtbot.waitUntil(lambda: not strip.isVisible())
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    toast = page.context.toasts.current
    assert toast is not None
    assert toast.text.startswith(f"{MANY} tickets solved.")
    assert f"{MANY} surveys leave in" in toast.text
    qtbot.waitUntil(page.context.toasts.act)
    settled(page, qtbot, lambda: bool(made.desk.ask(jobs.unfinished)) or page.model.rowCount() == MANY)
    work_off(made).join()
    settled(page, qtbot, lambda: page.model.rowCount() == MANY)


def test_a_job_that_is_cancelled_says_how_far_it_came(full: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page, strip = full, full.window().findChild(WorkStrip)
    assert strip is not None
    page.context.actions.run("select_all")
    page.triage.set_priority(page.picked.tickets(), "low")
    qtbot.waitUntil(strip.isVisible)
    strip._lines[strip.works[0].key].stop.click()
    qtbot.waitUntil(lambda: not strip.isVisible())
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    toast = page.context.toasts.current
    assert toast is not None
    assert toast.text == "Cancelled. Nothing was changed."
    assert row(made, page.model.id_at(0)).priority == "normal"


def test_what_is_solved_where_it_stays_is_shown_as_it_is_now(page: Page, qtbot: QtBot) -> None:
    page.show_pile("all")
    qtbot.waitUntil(lambda: page.model.is_loaded and page.context.tasks.running == 0)
    key = page.ticket
    press(page, qtbot, KEY.Key_E)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.row.status == "solved")
    assert page.ticket == key
    assert not page.context.actions["solve"].isEnabled()


def test_the_last_ticket_of_a_list_is_shown_as_it_was_left(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> None:
    made.some(1)
    with inbox_window(made, qapp, qtbot) as page:
        qtbot.waitUntil(lambda: page.shown is not None and page.context.tasks.running == 0)
        page.list.focus_rows()
        press(page, qtbot, KEY.Key_E)
        settled(page, qtbot, lambda: page.model.rowCount() == 0)
        settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.row.status == "solved")


def test_the_palette_makes_a_ticket_of_what_nothing_is_called(page: Page, qtbot: QtBot) -> None:
    window = page.window()
    assert isinstance(window, Window)
    window.open_palette()
    palette = window.overlay.current()
    assert palette is not None
    field = palette.field  # type: ignore[attr-defined]
    field.setText("Zzyzx invoice 4711")
    settled(page, qtbot, lambda: palette.lines() == ["Create ticket “Zzyzx invoice 4711”"])  # type: ignore[attr-defined]
    qtbot.keyClick(field, KEY.Key_Return)
    settled(page, qtbot, page.new_mail.isVisible)
    assert page.new_mail.writer.recipients.subject.text() == "Zzyzx invoice 4711"
