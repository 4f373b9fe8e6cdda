# mypy: disable-error-code="no-untyped-call"
"""What a person does by keys and from the palette, through the whole window: snooze, merge, mark, lists, do again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.tickets.queries import Pile, View, ticket, ticket_ids, view_named
from app.views.rules import BUILT_IN
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.actions import LISTS
from ui.pages.inbox.page import Page
from ui.pages.inbox.triage.merge import MergeSheet
from ui.pages.inbox.triage.snooze import SnoozeSheet
from ui.widgets.label import ElidingLabel
from ui.widgets.palette import CommandPalette
from ui.window import Window

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    """A desk with a mailbox and three tickets, two of them of one customer."""
    desk = InboxDesk(tmp_path / "desk")
    desk.some(2)
    desk.mail(address="c0@shop.example", name="Customer 0", subject="Matter again", ago_minutes=9)
    yield desk
    desk.desk.close()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox; the newest ticket is shown."""
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        yield shown


def window_of(page: Page) -> Window:
    """The window around the page."""
    window = page.window()
    assert isinstance(window, Window)
    return window


def subject(page: Page) -> str:
    """The subject of the ticket that is open."""
    return page.shown.detail.row.subject if page.shown else ""


def test_control_f_searches_from_wherever_one_is_while_writing_too(page: Page, qtbot: QtBot) -> None:
    window, edit, search = window_of(page), page.writer.composer.edit, page.list.search
    qtbot.waitUntil(window.isActiveWindow)
    edit.setFocus()
    qtbot.keyClick(edit, KEY.Key_F, CONTROL)
    qtbot.waitUntil(search.hasFocus)
    qtbot.keyClicks(search, "lamp")
    qtbot.keyClick(search, KEY.Key_F, CONTROL)
    qtbot.keyClicks(search, "chair")  # in the place of what was looked for before
    assert search.text() == "chair"
    window.go("satisfaction")
    qtbot.keyClick(window, KEY.Key_F, CONTROL)
    qtbot.waitUntil(lambda: window.current == "inbox" and search.hasFocus())
    assert {"/", "Ctrl+F"} <= {keys for words, keys in window.actions_.groups()["Everywhere"] if words == "Search"}
    window.actions_.set_keys({"follow": "Ctrl+F"})  # a person's own keys come before
    assert [one.toString() for one in window.actions_["search"].shortcuts()] == ["/"]


def test_what_is_to_be_followed_up_is_seen_in_the_list_and_above_the_conversation(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    list_, head = page.list.rows, page.header
    before = list_.grab().toImage()
    qtbot.keyClick(list_, KEY.Key_F)
    qtbot.waitUntil(lambda: any("To follow up" in one.text() for one in head.findChildren(ElidingLabel)))
    qtbot.waitUntil(lambda: list_.grab().toImage() != before)
    assert "To follow up" in str(page.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole))


def test_h_snoozes_and_the_ticket_leaves_the_list(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(0)
    qtbot.keyClick(page.list.rows, KEY.Key_H)
    sheet = window_of(page).overlay.current()
    assert isinstance(sheet, SnoozeSheet)
    assert sheet.field.text()
    sheet.offers[0].click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2 and page.model.place_of(key) < 0)
    found = made.desk.ask(ticket, key)
    assert found is not None
    assert found.row.snooze_until is not None
    assert found.row.snooze_until > clock.now()


def test_while_one_writes_its_keys_are_text_and_the_menu_can_still_delete(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    edit, opened = page.writer.composer.edit, page.ticket
    assert opened is not None
    edit.setFocus()
    qtbot.keyClicks(edit, "ab!")
    qtbot.keyClick(edit, KEY.Key_Home)
    qtbot.keyClick(edit, KEY.Key_Delete)
    assert edit.toPlainText() == "b!"
    page.context.actions.refresh()
    act = page.context.actions["delete"]
    assert act.isEnabled()
    act.trigger()
    qtbot.waitUntil(lambda: opened in made.desk.ask(ticket_ids, View(Pile.BIN)))


def test_a_letter_that_does_nothing_leads_to_no_other_ticket(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.mail(address="c7@shop.example", name="Customer 7", subject="Ωmega", ago_minutes=1)
    rows, opened = page.list.rows, page.ticket
    qtbot.waitUntil(lambda: page.model.rowCount() == 4 and page.context.tasks.running == 0)
    rows.setFocus()
    typed = QKeyEvent(QEvent.Type.KeyPress, 0x3A9, Qt.KeyboardModifier.ShiftModifier, "Ω")
    QApplication.sendEvent(rows, typed)
    assert page.model.id_at(rows.currentIndex().row()) == opened


def test_two_tickets_of_one_customer_become_one(page: Page, qtbot: QtBot) -> None:
    qtbot.keyClick(page.list.rows, KEY.Key_M, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: window_of(page).overlay.current() is not None)
    sheet = window_of(page).overlay.current()
    assert isinstance(sheet, MergeSheet)
    sheet.go.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    qtbot.waitUntil(lambda: page.shown is not None and len(page.shown.messages) == 2)


def test_x_marks_one_by_one_and_what_is_done_is_done_to_the_marked(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    one, two, three = (page.model.id_at(n) for n in range(3))
    rows = page.list.rows
    for key in (KEY.Key_X, KEY.Key_J, KEY.Key_J, KEY.Key_X):
        qtbot.keyClick(rows, key)
    assert page.list.selected() == [one, three]
    qtbot.keyClick(rows, KEY.Key_E)
    qtbot.waitUntil(lambda: made.desk.ask(ticket_ids, view_named("solved")) is not None and page.model.rowCount() == 1)
    assert page.model.id_at(0) == two


def test_what_was_undone_is_done_again(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key, actions = page.model.id_at(0), page.context.actions

    def status() -> str:
        found = made.desk.ask(ticket, key)
        return found.row.status if found and page.context.tasks.running == 0 else ""

    qtbot.keyClick(page.list.rows, KEY.Key_E)
    qtbot.waitUntil(lambda: status() == "solved")
    assert actions.run("undo")
    qtbot.waitUntil(lambda: status() == "new")
    assert actions.run("redo")
    qtbot.waitUntil(lambda: status() == "solved")


def test_the_side_panel_stays_hidden_while_one_reads_on(page: Page, qtbot: QtBot) -> None:
    assert page.side.isVisible()
    page.context.actions.run("side")
    assert not page.side.isVisible()
    qtbot.keyClick(page.list.rows, KEY.Key_J)
    qtbot.waitUntil(lambda: subject(page) == "Matter 1" and page.context.tasks.running == 0)
    assert not page.side.isVisible()
    page.context.actions.run("side")
    assert page.side.isVisible()


def test_the_palette_finds_the_bin_from_the_board(page: Page, qtbot: QtBot) -> None:
    page.context.actions.run("delete")
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    window = window_of(page)
    window.go("board")
    window.open_palette()
    palette = window.overlay.current()
    assert isinstance(palette, CommandPalette)
    palette.field.setText("bin")
    assert palette.lines()[0] == "Show the Bin"
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert window.current == "inbox"
    qtbot.waitUntil(lambda: page.model.view == View(Pile.BIN, page.me) and page.model.rowCount() == 1)
    assert page.list.title.text() == "Bin"


def test_the_palette_knows_where_a_setting_is(page: Page, qtbot: QtBot) -> None:
    window = window_of(page)
    for typed, name, category in (("backup", "Data and backup", "data"), ("signature", "Mailboxes", "mailboxes")):
        window.open_palette()
        palette = window.overlay.current()
        assert isinstance(palette, CommandPalette)
        palette.field.setText(typed)
        assert name in palette.lines()
        palette._run(palette._model.index([one.text for one in palette._model.shown].index(name), 0))
        assert window.current == "settings"
        shown: Any = window.page()
        assert shown.current == category


def test_every_list_of_the_inbox_has_its_action(page: Page) -> None:
    offered = {offer.action.key for offer in page.context.actions.offers() if offer.enabled}
    assert set(LISTS) <= offered
    assert set(LISTS.values()) == {view.key for view in BUILT_IN}


def test_a_list_chosen_before_the_inbox_was_made_stays_chosen(
    made: InboxDesk, page: Page, qapp: QApplication, qtbot: QtBot
) -> None:
    window = Window(made.desk, window_of(page)._theme)
    qtbot.addWidget(window)
    window.go("board")
    window.show()
    assert window.actions_.run("view.bin")
    other = window._pages["inbox"]
    assert isinstance(other, Page)
    qtbot.waitUntil(lambda: other.model.is_loaded and window.tasks.running == 0)
    assert other.model.view == View(Pile.BIN, other.me)
    assert other.model.rowCount() == 0
    assert window.shut()


def test_down_from_the_search_goes_to_what_was_found_not_to_its_heading(page: Page, qtbot: QtBot) -> None:
    page.list.search.setFocus()
    page.list.search.setText('"Matter 1"')
    qtbot.waitUntil(lambda: page.list.searching and page.list.hits.rowCount() == 2)
    qtbot.keyClick(page.list.search, KEY.Key_Down)
    qtbot.waitUntil(lambda: subject(page) == "Matter 1")
    assert page.list.results.currentIndex().row() == 1


def test_after_solving_the_one_below_is_next_wherever_in_the_list(page: Page, qtbot: QtBot) -> None:
    one, two, three = (page.model.id_at(n) for n in range(3))
    qtbot.keyClick(page.list.shown, KEY.Key_J)
    qtbot.waitUntil(lambda: page.ticket == two and page.shown is not None and page.shown.detail.id == two)
    qtbot.keyClick(page.list.shown, KEY.Key_E)
    qtbot.waitUntil(lambda: page.model.place_of(two) < 0 and page.ticket == three)
    assert page.list.selected() == [three]
    assert page.model.place_of(one) == 0
