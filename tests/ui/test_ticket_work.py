# mypy: disable-error-code="no-untyped-call"
"""The work on a ticket beside its conversation: by keyboard, by mouse, with what is refused said where it was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QDate, QLocale, QPoint, Qt
from PySide6.QtWidgets import QApplication, QCalendarWidget, QMenu
from pytestqt.qtbot import QtBot

from app.fields.commands import add_field
from app.kernel.state import options
from app.states.commands import add_state
from app.tickets.commands import add_item, link_tickets
from app.tickets.queries import View, Work, links, ticket, ticket_ids, ticket_rows, work
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox.beside.checklist import ItemRow
from ui.pages.inbox.beside.days import day_of
from ui.pages.inbox.beside.due import DueSheet, due_times
from ui.pages.inbox.page import Page
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.overlay import Dialog, Popover

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with three tickets on a desk with fields and a status of its own; the newest is shown."""
    made.some(3)
    made.desk.do(add_state, "Waiting for supplier", "waiting", "warn")
    made.desk.do(add_field, "Cause", "text", required=True)
    made.desk.do(add_field, "Pieces", "number")
    with inbox_window(made, qapp, qtbot) as shown:
        settled(shown, qtbot, lambda: shown.shown is not None and shown.side.acts.ticket == shown.shown.detail.id)
        settled(shown, qtbot, lambda: len(shown.side.fields.rows.rows()) == 2)
        yield shown


def settled(page: Page, qtbot: QtBot, what: Callable[[], bool]) -> None:
    """Wait until something is so and nothing runs any more."""
    qtbot.waitUntil(lambda: what() and page.context.tasks.running == 0)


def shown(page: Page) -> UUID:
    assert page.shown is not None
    return page.shown.detail.id


def work_of(page: Page) -> Work:
    return page.context.desk.ask(work, shown(page))


def custom(page: Page, key: UUID) -> Any:
    found = page.context.desk.ask(ticket, key)
    assert found is not None
    return list(found.custom.values())


def test_a_checklist_by_the_keyboard_alone(page: Page, qtbot: QtBot) -> None:
    side = page.side
    page.context.actions.run("checklist")
    qtbot.waitUntil(side.checklist.field.hasFocus)
    for words in ("Call", "Write", "Send"):
        qtbot.keyClicks(side.checklist.field, words)
        qtbot.keyClick(side.checklist.field, KEY.Key_Return)
    settled(page, qtbot, lambda: len(side.checklist.rows.rows()) == 3)
    qtbot.waitUntil(side.checklist.field.hasFocus)
    first = side.checklist.rows.rows()[0]
    assert isinstance(first, ItemRow)
    first.box.setFocus()
    qtbot.waitUntil(first.box.hasFocus)  # a new row is shown in the next turn
    qtbot.keyClick(first.box, KEY.Key_Space)
    settled(page, qtbot, lambda: side.checklist.summary.text() == "1 of 3")
    qtbot.waitUntil(first.box.hasFocus)  # the row is the same, with the keyboard in it
    qtbot.keyClick(first.box, KEY.Key_Down, Qt.KeyboardModifier.AltModifier)
    settled(page, qtbot, lambda: [one.title for one in work_of(page).checklist] == ["Write", "Call", "Send"])
    settled(page, qtbot, lambda: side.checklist.rows.rows()[1] is first)
    qtbot.keyClick(first.box, KEY.Key_Delete)
    settled(page, qtbot, lambda: len(side.checklist.rows.rows()) == 2)
    focus = QApplication.focusWidget()
    assert focus is not None
    assert side.checklist.isAncestorOf(focus), "the line in its place has the keyboard"
    page.context.actions.run("undo")
    settled(page, qtbot, lambda: len(side.checklist.rows.rows()) == 3)


def test_a_line_of_the_checklist_is_carried_with_the_mouse_and_esc_lets_it_fall(page: Page, qtbot: QtBot) -> None:
    side = page.side
    page.context.actions.run("checklist")
    for words in ("Call", "Write", "Send"):
        page.side.acts.here(add_item, words, said="")
    settled(page, qtbot, lambda: len(side.checklist.rows.rows()) == 3)
    rows: list[Any] = side.checklist.rows.rows()
    qtbot.waitUntil(lambda: all(row.height() > 10 and row.y() > above.y() for above, row in pairwise(rows)))
    carrier = side.checklist.carrier

    def carry(row: Any, to: Any) -> QPoint:
        words = row.words
        end: QPoint = words.mapFromGlobal(to.mapToGlobal(QPoint(30, to.height() - 2)))
        qtbot.mousePress(words, LEFT, pos=QPoint(5, 5))
        for step in range(1, 9):
            qtbot.mouseMove(words, QPoint(5, 5) + (end - QPoint(5, 5)) * step / 8)
        assert carrier.is_carrying
        return end

    end = carry(rows[0], rows[2])
    qtbot.keyClick(page.list.rows, KEY.Key_Escape)
    assert not carrier.is_carrying
    qtbot.mouseRelease(rows[0].words, LEFT, pos=end)
    end = carry(rows[0], rows[1])
    qtbot.mouseRelease(rows[0].words, LEFT, pos=end)
    settled(page, qtbot, lambda: [one.title for one in work_of(page).checklist] == ["Write", "Call", "Send"])
    settled(page, qtbot, lambda: side.checklist.rows.rows()[1] is rows[0])
    qtbot.mouseDClick(rows[0], LEFT)
    qtbot.waitUntil(rows[0].field.isVisible)


def test_a_field_is_kept_on_enter_and_what_is_refused_is_said_there(page: Page, qtbot: QtBot) -> None:
    pieces = page.side.fields.rows.rows()[1]
    editor: Any = pieces.editor  # type: ignore[attr-defined]
    editor.setFocus()
    qtbot.keyClicks(editor, "many")
    qtbot.keyClick(editor, KEY.Key_Return)
    settled(page, qtbot, lambda: bool(editor.toolTip()))
    assert "“many” is not a number" in editor.toolTip()
    editor.selectAll()
    qtbot.keyClicks(editor, "12")
    qtbot.keyClick(editor, KEY.Key_Return)
    settled(page, qtbot, lambda: custom(page, shown(page)) == [12])
    assert editor.toolTip() == ""


def test_a_day_is_typed_as_people_write_it_or_taken_from_a_calendar(page: Page, qtbot: QtBot) -> None:
    page.context.desk.do(add_field, "Bought", "date")
    settled(page, qtbot, lambda: len(page.side.fields.rows.rows()) == 3)
    editor: Any = page.side.fields.rows.rows()[2].editor  # type: ignore[attr-defined]
    editor.setFocus()
    qtbot.keyClicks(editor, "yes")  # E solves a ticket, S opens its statuses: not while a day is typed
    assert not page.context.overlay.is_open
    qtbot.keyClick(editor, KEY.Key_Return)
    settled(page, qtbot, lambda: "is not a day" in editor.toolTip())
    editor.selectAll()
    qtbot.keyClicks(editor, "2026-11-03")
    qtbot.keyClick(editor, KEY.Key_Return)
    settled(page, qtbot, lambda: custom(page, shown(page)) == ["2026-11-03"] and "Nov" in editor.text())
    assert editor.toolTip() == ""
    qtbot.keyClick(editor, KEY.Key_Down)
    calendar = QApplication.activePopupWidget()
    assert isinstance(calendar, Popover)
    window = page.window()
    frame = calendar.geometry().translated(-window.mapToGlobal(QPoint(0, 0)))
    assert window.rect().contains(frame), "not beyond the window’s edge"
    calendar.findChild(QCalendarWidget).clicked.emit(QDate(2026, 11, 4))  # type: ignore[union-attr]
    settled(page, qtbot, lambda: custom(page, shown(page)) == ["2026-11-04"])


@pytest.mark.parametrize(
    ("locale", "typed", "meant"),
    [
        ("en_GB", "Tomorrow", "2026-12-01"),
        ("en_GB", "3/4", "2026-04-03"),
        ("en_US", "3/4/26", "2026-03-04"),
        ("de_DE", "3.4.", "2026-04-03"),
        ("de_DE", "3.4.2025", "2025-04-03"),
        ("ja_JP", "2026/4/3", "2026-04-03"),
        ("en_US", "Apr 3, 2026", "2026-04-03"),
        ("en_GB", "31.2.", None),
        ("en_GB", "soon", None),
    ],
)
def test_days_as_they_are_typed(locale: str, typed: str, meant: str | None) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        assert day_of(typed, date(2026, 11, 30)) == (date.fromisoformat(meant) if meant else None)
    finally:
        QLocale.setDefault(before)


def test_what_is_typed_belongs_to_the_ticket_that_was_shown(page: Page, qtbot: QtBot) -> None:
    first = shown(page)
    editor: Any = page.side.fields.rows.rows()[0].editor  # type: ignore[attr-defined]
    editor.setFocus()
    qtbot.keyClicks(editor, "Broken")
    page.open(page.model.id_at(1))
    settled(page, qtbot, lambda: shown(page) != first and page.side.acts.ticket == shown(page))
    settled(page, qtbot, lambda: custom(page, first) == ["Broken"])
    assert custom(page, shown(page)) == []
    settled(page, qtbot, lambda: editor.text() == "")


def test_solving_asks_for_what_is_missing(page: Page, qtbot: QtBot) -> None:
    page.list.rows.setFocus()
    key = shown(page)
    page.context.actions.run("solve")
    cause = page.side.fields.rows.rows()[0]
    qtbot.waitUntil(cause.editor.hasFocus)  # type: ignore[attr-defined]
    assert "“Cause”" in page.context.toasts.current.text  # type: ignore[union-attr]
    qtbot.keyClicks(cause.editor, "Broken")  # type: ignore[attr-defined]
    qtbot.keyClick(cause.editor, KEY.Key_Return)  # type: ignore[attr-defined]
    settled(page, qtbot, lambda: custom(page, key) == ["Broken"])
    page.context.actions.run("solve")
    settled(page, qtbot, lambda: status(page, key) == ("solved", ""))


def status(page: Page, key: UUID) -> tuple[str, str]:
    found = page.context.desk.ask(ticket, key)
    assert found is not None
    return found.row.status, found.row.state_name


def test_send_and_solve_keeps_the_letter_when_a_field_is_missing(page: Page, qtbot: QtBot) -> None:
    page.writer.composer.edit.setPlainText("It is on its way.")
    page.context.actions.run("send_solve")
    settled(page, qtbot, lambda: page.context.toasts.current is not None)
    settled(page, qtbot, lambda: page.writer.composer.text().strip() == "It is on its way.")
    assert status(page, shown(page))[0] == "new"


def test_an_own_status_is_shown_and_the_time_is_taken(page: Page, qtbot: QtBot) -> None:
    key = shown(page)
    page.header._open_more()
    menu = next(one for one in page.header.findChildren(QMenu) if one.title() == "Status")
    next(one for one in menu.actions() if one.text() == "Waiting for supplier").trigger()
    for one in page.header.findChildren(QMenu):
        one.close()
    page.window().activateWindow()  # without a window system nobody else does, once a menu is gone
    qtbot.waitUntil(page.window().isActiveWindow)
    settled(page, qtbot, lambda: page.header._pill.text() == "Waiting for supplier")
    assert status(page, key) == ("waiting", "Waiting for supplier")
    qtbot.waitUntil(lambda: page.context.toasts.current is not None)
    assert "Waiting for supplier" in page.context.toasts.current.text  # type: ignore[union-attr]
    page.context.actions.run("timer")
    settled(page, qtbot, lambda: page.side.time.timer.text() == "Stop timer")
    page.open(page.model.id_at(1))
    settled(page, qtbot, lambda: shown(page) != key and not page.side.time.elsewhere.isHidden())
    page.side.time.elsewhere.click()
    settled(page, qtbot, lambda: shown(page) == key and page.side.time.timer.text() == "Stop timer")
    page.context.actions.run("timer")
    settled(page, qtbot, lambda: page.side.time.timer.text() == "Start timer")
    page.context.actions.run("log_time")
    qtbot.waitUntil(page.side.time.field.hasFocus)
    qtbot.keyClicks(page.side.time.field, "soon")
    qtbot.keyClick(page.side.time.field, KEY.Key_Return)
    settled(page, qtbot, lambda: bool(page.side.time.field.toolTip()))
    page.side.time.field.selectAll()
    qtbot.keyClicks(page.side.time.field, "1h 30m with the supplier")
    qtbot.keyClick(page.side.time.field, KEY.Key_Return)
    settled(page, qtbot, lambda: any(one.note == "with the supplier" for one in work_of(page).times))
    assert max(one.seconds or 0 for one in work_of(page).times) == 5400


def test_a_ticket_is_linked_by_its_number_and_opened_from_there(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    first = shown(page)
    page.context.actions.run("link_ticket")
    qtbot.waitUntil(page.side.links.field.hasFocus)
    qtbot.keyClicks(page.side.links.field, "999")
    qtbot.keyClick(page.side.links.field, KEY.Key_Return)
    settled(page, qtbot, lambda: "999" in page.side.links.field.toolTip())
    page.side.links.field.selectAll()
    qtbot.keyClicks(page.side.links.field, "2")
    qtbot.keyClick(page.side.links.field, KEY.Key_Return)
    settled(page, qtbot, lambda: len(page.side.links.rows.rows()) == 1)
    (linked,) = made.desk.ask(links, first)
    page.side.links.ticket_wanted.emit(linked.ticket)
    settled(page, qtbot, lambda: shown(page) == linked.ticket and len(page.side.links.rows.rows()) == 1)


def test_a_follow_up_is_told_from_what_it_follows(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    older, newer = sorted(made.desk.ask(ticket_rows, made.desk.ask(ticket_ids, View())), key=lambda row: row.number)[:2]
    made.desk.do(link_tickets, newer.id, older.id, "continues")

    def words() -> list[str]:
        return [label.text() for link in page.side.links.rows.rows() for label in link.findChildren(ElidingLabel)]

    page.open(newer.id)
    settled(page, qtbot, lambda: words() == ["Follow-up to"])
    page.open(older.id)
    settled(page, qtbot, lambda: words() == ["Continued in"])


def test_due_by_a_moment_that_people_mean(page: Page, qtbot: QtBot) -> None:
    key = shown(page)
    page.context.actions.run("due")
    sheet = page.context.overlay.current()
    assert isinstance(sheet, DueSheet)
    sheet.offers[-1].click()
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.row.due_at is not None)
    settled(page, qtbot, lambda: not page.side.fields._due_row.isHidden())
    page.context.actions.run("changes")
    qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), Dialog))
    history = page.context.overlay.current()
    told = [one.text() for one in history.findChildren(Label)] if history is not None else []
    assert told.count("The ticket was opened") == 1, "it came by mail, which is no change"
    assert page.shown is not None
    assert page.shown.detail.id == key


def test_what_is_offered_as_due_lies_ahead_and_ends_with_the_day() -> None:
    friday_night = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    offered = due_times(friday_night)
    assert all(at > friday_night for _, at in offered)
    assert [words for words, _ in offered] == ["Tomorrow", "In a week", "In four weeks"]


def test_a_folded_section_stays_folded(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.side.fields.head.click()
    settled(page, qtbot, lambda: made.desk.ask(options.get, "side_folded") == "fields")
    page.open(page.model.id_at(1))
    settled(page, qtbot, lambda: page.side.acts.ticket == page.model.id_at(1))
    assert page.side.fields.is_folded
