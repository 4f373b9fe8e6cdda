# mypy: disable-error-code="no-untyped-call"
"""Several windows over one desk: a ticket in a window of its own, keys where the keyboard is, and one letter in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.outbox.queries import draft_of, drafts, outbox_rows
from app.tickets.queries import ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.desk_window import Windows
from ui.pages.inbox.alone import Alone
from ui.pages.inbox.page import Page
from ui.ticket_window import TicketWindow
from ui.window import Window

KEY = Qt.Key


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with three tickets."""
    made.some(3)
    with inbox_window(made, qapp, qtbot) as found:
        qtbot.waitUntil(lambda: found.shown is not None and found.context.tasks.running == 0)
        windows = windows_of(found)
        yield found
        for one in windows.all[1:]:
            one.close()
        qtbot.waitUntil(lambda: len(windows.all) == 1)


def windows_of(page: Page) -> Windows:
    """All windows of the program."""
    window = page.window()
    assert isinstance(window, Window)
    return window.windows


def opened(page: Page, qtbot: QtBot, by: Callable[[], object]) -> tuple[TicketWindow, Alone]:
    """The ticket window that this opens, with the keyboard in it."""
    by()
    windows = windows_of(page)
    qtbot.waitUntil(lambda: len(windows.all) == 2)
    window = windows.all[1]
    assert isinstance(window, TicketWindow)
    alone = window.page()
    assert isinstance(alone, Alone)
    qtbot.waitUntil(lambda: alone.shown is not None and window.tasks.running == 0)
    front(window, qtbot)
    return window, alone


def front(window: Window | TicketWindow, qtbot: QtBot) -> None:
    """Give a window the keyboard."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def main_window(page: Page) -> Window:
    """The window that the list is in."""
    window = page.window()
    assert isinstance(window, Window)
    return window


def status(made: InboxDesk, key: UUID) -> str:
    """A ticket's status now."""
    found = made.desk.ask(ticket, key)
    assert found is not None
    return found.row.status


def test_a_ticket_has_one_window_of_its_own_by_key_by_mouse_and_by_menu(page: Page, qtbot: QtBot) -> None:
    rows, first = page.list.rows, page.model.id_at(0)

    def by_key() -> None:
        qtbot.keyClick(rows, KEY.Key_O, Qt.KeyboardModifier.ShiftModifier)

    window, alone = opened(page, qtbot, by_key)
    assert window.alone == first
    assert alone.shown is not None
    assert window.windowTitle() == f"#{alone.shown.detail.row.number} Matter 0 – Deskbell"
    assert not alone.list.isVisible()
    assert alone.talk.isVisible()
    assert alone.writer.isVisible()
    qtbot.waitUntil(lambda: findings(window) == [])  # layouts come to rest
    for row in (0, 1):
        place = rows.visualRect(rows.model().index(row, 0)).center()
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert len(windows_of(page).all) == 2 + row
    assert [one.alone for one in windows_of(page).all[1:]] == [first, page.model.id_at(1)]


def test_a_key_acts_in_the_window_that_has_the_keyboard(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    first, second = page.model.id_at(0), page.model.id_at(1)
    window, alone = opened(page, qtbot, lambda: page.context.own_window(second))
    qtbot.keyClick(window, KEY.Key_E)
    qtbot.waitUntil(lambda: status(made, second) == "solved")
    qtbot.waitUntil(lambda: window.toasts.current is not None)
    assert main_window(page).toasts.current is None
    qtbot.waitUntil(lambda: alone.shown is not None and alone.shown.detail.row.status == "solved")
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    qtbot.keyClick(window, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: status(made, second) == "new")
    front(main_window(page), qtbot)
    qtbot.keyClick(page.list.rows, KEY.Key_E)
    qtbot.waitUntil(lambda: status(made, first) == "solved")
    assert status(made, second) == "new"


def test_news_reach_a_window_of_its_own(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(2)
    _, alone = opened(page, qtbot, lambda: page.context.own_window(key))
    made.mail(key, address="c2@shop.example", name="Customer 2", text="And another thing")
    qtbot.waitUntil(lambda: alone.shown is not None and len(alone.shown.messages) == 2)


def test_a_letter_is_one_in_all_windows(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(0)
    page.writer.composer.edit.setPlainText("Dear customer")
    window, alone = opened(page, qtbot, lambda: page.context.own_window(key))
    qtbot.waitUntil(lambda: alone.writer.composer.text() == "Dear customer")
    qtbot.keyClick(alone.writer.composer.edit, KEY.Key_End)
    qtbot.keyClicks(alone.writer.composer.edit, ", thank you")
    front(main_window(page), qtbot)  # before any pause: nothing was kept yet
    assert page.writer.composer.text() == "Dear customer, thank you"
    page.writer.composer.edit.setPlainText("Dear customer, thank you!")
    front(window, qtbot)
    assert alone.writer.composer.text() == "Dear customer, thank you!"
    qtbot.waitUntil(lambda: page.context.tasks.running == 0 and window.tasks.running == 0)
    assert [one.text for one in made.desk.ask(drafts, made.ann)] == ["Dear customer, thank you!"]


def test_what_is_sent_in_one_window_is_gone_from_the_other(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(0)
    page.writer.composer.edit.setPlainText("It is on its way.")
    window, alone = opened(page, qtbot, lambda: page.context.own_window(key))
    qtbot.waitUntil(lambda: alone.writer.composer.text() == "It is on its way.")
    qtbot.keyClick(alone.writer.composer.edit, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(made.desk.ask(outbox_rows, clock.now())) == 1)
    qtbot.waitUntil(lambda: page.writer.composer.text() == "")
    front(main_window(page), qtbot)
    qtbot.waitUntil(lambda: page.context.tasks.running == 0 and window.tasks.running == 0)
    assert page.writer.composer.text() == ""
    assert made.desk.ask(draft_of, key, made.ann, "reply") is None


def test_closing_the_window_loses_nothing(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = page.model.id_at(2)
    window, alone = opened(page, qtbot, lambda: page.context.own_window(key))
    alone.writer.composer.edit.setPlainText("Half a thou")
    qtbot.keyClick(window, KEY.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(windows_of(page).all) == 1)
    kept = made.desk.ask(draft_of, key, made.ann, "reply")
    assert kept is not None
    assert kept.text == "Half a thou"
    page.open(key)
    qtbot.waitUntil(lambda: page.writer.composer.text() == "Half a thou")


def test_a_second_window_has_everything_and_the_first_one_comes_back(page: Page, qtbot: QtBot) -> None:
    main = main_window(page)
    assert main.actions_.run("window.new")
    other = main.windows.all[1]
    assert isinstance(other, Window)
    there = other.page()
    assert isinstance(there, Page)
    qtbot.waitUntil(lambda: there.model.rowCount() == 3 and other.tasks.running == 0)
    main.close()
    assert main in main.windows.all
    front(other, qtbot)
    qtbot.keyClick(there.list.rows, KEY.Key_J)
    qtbot.waitUntil(lambda: there.ticket == there.model.id_at(1))
    main.raise_to_front()
    front(main, qtbot)
    before = page.ticket
    qtbot.keyClick(page.list.rows, KEY.Key_J)
    qtbot.waitUntil(lambda: page.ticket != before)


def test_a_window_that_was_closed_leaves_nothing_behind(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> None:
    made.some(1)

    def standing() -> list[str]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return sorted(f"{type(one).__name__} {one.accessibleName()}" for one in qapp.topLevelWidgets())

    before = standing()
    with inbox_window(made, qapp, qtbot) as page:
        qtbot.waitUntil(lambda: page.shown is not None and page.context.tasks.running == 0)
    qtbot.waitUntil(lambda: standing() == before)
