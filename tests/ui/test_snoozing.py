# mypy: disable-error-code="no-untyped-call"
"""Snoozing as a person does it: until an answer, after days without one, what an answer does, and the same time again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.outbox.rules import Hold
from app.tickets.commands import snooze
from app.tickets.commands.snooze import Sleep, sleeps
from app.tickets.queries import HistoryLine, ticket
from app.tickets.rules import UNTIL_REPLY, OnReply
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from tests.ui.screens import LOWEST, WIDTHS, speaking
from ui.pages.inbox.beside.changes import line_words
from ui.pages.inbox.page import Page
from ui.pages.inbox.triage.snooze import SnoozeSheet
from ui.widgets.button import Button


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    desk = InboxDesk(tmp_path / "desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    SnoozeSheet.remembered = OnReply.WAKE
    made.some(2)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.around is not None, timeout=30_000)
        yield shown
    SnoozeSheet.remembered = OnReply.WAKE


def asked(page: Page, qtbot: QtBot) -> SnoozeSheet:
    """The sheet, opened by its key."""
    page.list.focus_rows()
    qtbot.keyClick(page.list.rows, Qt.Key.Key_H)
    found: list[SnoozeSheet] = []

    def is_open() -> bool:
        sheet = page.context.overlay.current()
        found[:] = [sheet] if isinstance(sheet, SnoozeSheet) else []
        return bool(found)

    qtbot.waitUntil(is_open, timeout=30_000)
    return found[0]


def settled(page: Page, qtbot: QtBot, what: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: bool(what()) and page.context.tasks.running == 0, timeout=30_000)


def until(made: InboxDesk, key: UUID) -> Any:
    found = made.desk.ask(ticket, key)
    return found.row.snooze_until if found is not None else None


def test_until_an_answer_or_after_days_without_one(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    first = page.model.id_at(0)
    sheet = asked(page, qtbot)
    qtbot.waitUntil(
        lambda: findings(page.window()) == [], timeout=30_000
    )  # the panels beside it are still being laid out
    sheet.until_reply.click()
    settled(page, qtbot, lambda: until(made, first) == UNTIL_REPLY)
    settled(page, qtbot, lambda: page.model.rowCount() == 1)
    second = page.model.id_at(0)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == second)
    asked(page, qtbot).no_answer[0].click()
    settled(page, qtbot, lambda: until(made, second) is not None)
    assert timedelta(days=2) < until(made, second) - clock.now() <= timedelta(days=3)


def test_what_an_answer_does_is_chosen_and_remembered(page: Page, qtbot: QtBot) -> None:
    sheet = asked(page, qtbot)
    sheet.on_reply.choose(OnReply.SLEEP)
    sheet.on_reply.chosen.emit(OnReply.SLEEP)
    assert not sheet.until_reply.isEnabled()  # nothing would bring it back
    sheet.close_dialog()
    again = asked(page, qtbot)
    assert again.on_reply.current() == OnReply.SLEEP
    again.on_reply.choose(OnReply.THANKS)
    again.on_reply.chosen.emit(OnReply.THANKS)
    assert again.until_reply.isEnabled()


def test_the_time_before_is_offered_again(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key, at = page.model.id_at(0), clock.now() + timedelta(days=9)
    assert key is not None
    made.desk.do(snooze, key, at)
    made.desk.do(snooze, key, None)
    settled(page, qtbot, lambda: page.model.rowCount() == 2 and until(made, key) is None)
    page.list.choose(key)
    page.open(key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key)
    sheet = asked(page, qtbot)

    def offered() -> list[Button]:
        return [one for one in sheet.findChildren(Button) if one.text().startswith("As before")]

    qtbot.waitUntil(lambda: bool(offered()), timeout=30_000)
    offered()[0].click()
    settled(page, qtbot, lambda: until(made, key) == at)


def test_of_a_ticket_that_sleeps_the_sheet_says_how_and_lets_only_the_answer_be_changed(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    key, at = page.model.id_at(0), clock.now() + timedelta(days=2)
    made.desk.do(snooze, key, at, on_reply=OnReply.THANKS)
    settled(page, qtbot, lambda: page.model.rowCount() == 1)
    page.show_pile("snoozed")
    settled(page, qtbot, lambda: page.model.rowCount() == 1 and page.model.id_at(0) == key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key)
    sheet = asked(page, qtbot)
    qtbot.waitUntil(sheet.standing.isVisible, timeout=30_000)
    assert sheet.standing.text().startswith("It sleeps until ")
    assert (sheet.on_reply.current(), sheet.keep.isEnabled()) == (OnReply.THANKS, False)
    assert SnoozeSheet.remembered == OnReply.WAKE, "that is this ticket's, not the person's wish for the next"
    sheet.on_reply.choose(OnReply.SLEEP)
    sheet.on_reply.chosen.emit(OnReply.SLEEP)
    sheet.keep.click()

    def how() -> frozenset[Sleep]:
        return made.desk.ask(sleeps, [key])

    settled(page, qtbot, lambda: how() == {Sleep(at, 0, OnReply.SLEEP)})
    page.context.actions.run("undo")
    settled(page, qtbot, lambda: how() == {Sleep(at, 0, OnReply.THANKS)})


def test_the_sheet_of_a_ticket_that_sleeps_fits_the_lowest_window_in_a_long_language(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    key, now = page.model.id_at(0), clock.now()
    friday = (now + timedelta(days=(3 - now.weekday()) % 7 + 1)).replace(hour=10)
    clock.set_source(lambda: friday)  # one time more is offered than on a Monday
    try:
        made.desk.do(snooze, key, friday + timedelta(days=2))
        page.show_pile("snoozed")
        settled(
            page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key and page.model.rowCount() == 1
        )
        page.window().resize(WIDTHS[0], LOWEST)
        with speaking("de"):
            sheet = asked(page, qtbot)
            assert len(sheet.offers) == 4
            qtbot.waitUntil(sheet.standing.isVisible, timeout=30_000)
            qtbot.waitUntil(lambda: findings(sheet) == [], timeout=5_000)
    finally:
        clock.set_source(None)


def test_several_after_any_number_of_days(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    keys = [page.model.id_at(0), page.model.id_at(1)]
    page.context.actions.run("select_all")
    settled(page, qtbot, lambda: page.picked.count == 2)
    sheet = asked(page, qtbot)
    sheet.days.setValue(5)
    sheet.after_days.click()
    settled(page, qtbot, lambda: all(until(made, key) is not None for key in keys))
    for key in keys:
        assert timedelta(days=4) < until(made, key) - clock.now() <= timedelta(days=5)


@pytest.mark.parametrize(
    ("field", "new"),
    [("complaint", "id"), *(("delivery", {"state": "held", "reason": str(hold)}) for hold in Hold),
     *(("delivery", {"state": state}) for state in ("failed", "partial", "uncertain", "retry"))],
)  # fmt: skip
def test_every_problem_of_the_history_has_words(field: str, new: Any) -> None:
    key, now = UUID(int=1), clock.now()
    words = line_words(HistoryLine(key, now, "problem", field, None, new, None, "", "", key, key), now)
    assert words != "A problem was found"
