# mypy: disable-error-code="no-untyped-call"
"""When a ticket counts as read: who only starts the program has read nothing, and what is marked unread stays so."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.tickets.queries import ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox.page import Page

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    made.some(3)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        yield shown


def unread(page: Page, place: int) -> bool:
    found = page.context.desk.ask(ticket, page.model.id_at(place), page.me)
    assert found is not None
    return found.row.unread


def shows(page: Page, key: UUID | None) -> bool:
    return page.shown is not None and page.shown.detail.id == key and page.context.tasks.running == 0


def looked(page: Page, qtbot: QtBot) -> None:
    """The moment after which a ticket in sight is read has gone by."""
    qtbot.waitUntil(lambda: not page.mark_read._moment.isActive() and page.context.tasks.running == 0)


def test_the_first_ticket_opens_itself_and_is_read_when_somebody_turns_to_it(page: Page, qtbot: QtBot) -> None:
    assert page.ticket == page.model.id_at(0)
    looked(page, qtbot)
    qtbot.keyClick(page.list.rows, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: shows(page, page.model.id_at(1)) and not unread(page, 1))
    assert unread(page, 0), "nobody chose it"
    page.show_pile("all")
    qtbot.waitUntil(lambda: page.model.is_loaded and shows(page, page.ticket))
    qtbot.keyClick(page.list.rows, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: not unread(page, 0))


def test_a_click_on_the_row_that_is_open_already_reads_it(page: Page, qtbot: QtBot) -> None:
    looked(page, qtbot)
    assert unread(page, 0)
    row = page.list.rows.visualRect(page.model.index(0, 0))
    qtbot.mouseClick(page.list.rows.viewport(), LEFT, pos=row.topLeft() + QPoint(80, 30))
    qtbot.waitUntil(lambda: not unread(page, 0))


def test_the_keyboard_in_the_conversation_reads_it(page: Page, qtbot: QtBot) -> None:
    looked(page, qtbot)
    page.context.actions.run("open")
    qtbot.waitUntil(lambda: not unread(page, 0))


def test_what_is_marked_unread_while_it_is_open_stays_so_until_it_is_opened_again(page: Page, qtbot: QtBot) -> None:
    qtbot.keyClick(page.list.rows, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: shows(page, page.model.id_at(1)) and not unread(page, 1))
    page.context.actions.run("unread")
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.row.unread)
    looked(page, qtbot)
    assert unread(page, 1)
    qtbot.keyClick(page.list.rows, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: shows(page, page.model.id_at(2)) and not unread(page, 2))
    assert unread(page, 1)
    qtbot.keyClick(page.list.rows, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: not unread(page, 1))


def test_news_of_the_customer_in_sight_is_read(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    qtbot.keyClick(page.list.rows, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: shows(page, page.model.id_at(1)) and not unread(page, 1))
    key = page.ticket
    assert key is not None
    made.mail(key, address="c1@shop.example", name="Customer 1", subject="Matter 1", words="And one thing more.")
    qtbot.waitUntil(lambda: page.shown is not None and len(page.shown.messages) == 2)
    qtbot.waitUntil(lambda: page.model.place_of(key) >= 0 and not unread(page, page.model.place_of(key)))
