"""Merging with the result in view, taking apart, and splitting off: what the sheets show and what comes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.outbox.commands import cancel, hold
from app.outbox.drafts import DraftContent, save_draft
from app.outbox.queries import drafts
from app.outbox.rules import Hold
from app.tickets.commands import add_note, add_tag, assign, merge, reply, set_priority
from app.tickets.queries import TicketDetail, message_ids, ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox.page import Page
from ui.pages.inbox.triage.merge import MergeSheet
from ui.pages.inbox.triage.merge_parts import UnmergeSheet
from ui.pages.inbox.triage.split import SplitSheet
from ui.pages.inbox.writing.elsewhere import Elsewhere
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.pill import Pill
from ui.widgets.state import Banner
from ui.window import Window

S = TypeVar("S")


@pytest.fixture
def tickets(made: InboxDesk) -> list[UUID]:
    """Two of Mia, one of Ben; the first with two messages."""
    first, _ = made.mail(ago_minutes=30, subject="Lamp", words="The lamp is broken.")
    made.mail(first, ago_minutes=1, subject="Re: Lamp", words="Any news?")
    second, _ = made.mail(ago_minutes=10, subject="Photos", words="Here are the photos.")
    other, _ = made.mail(ago_minutes=20, address="ben@shop.example", name="Ben", subject="Chair", words="My chair?")
    made.desk.do(set_priority, second, "high")
    made.desk.do(add_tag, second, "photos")
    made.desk.do(assign, second, made.bob)
    return [first, second, other]


@pytest.fixture
def page(made: InboxDesk, tickets: list[UUID], qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        yield shown


def sheet_of(page: Page, kind: type[S], qtbot: QtBot) -> S:
    window = page.window()
    assert isinstance(window, Window)
    qtbot.waitUntil(lambda: isinstance(window.overlay.current(), kind))
    found = window.overlay.current()
    assert isinstance(found, kind)
    return found


def detail(made: InboxDesk, key: UUID) -> TicketDetail:
    found = made.desk.ask(ticket, key)
    assert found is not None
    return found


def words(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(Label)]


def test_what_results_is_seen_and_decided_before_it_is_done(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first, second, _ = tickets
    qtbot.waitUntil(lambda: page.ticket == first)
    assert page.context.actions.run("merge")
    sheet = sheet_of(page, MergeSheet, qtbot)
    qtbot.waitUntil(lambda: "Any news?" in words(sheet.result))
    numbers = [pill.text() for pill in sheet.result.findChildren(Pill)]
    assert numbers == ["#1", "#2", "#1"]  # in order of time, each line with where it is from
    assert "3 messages, in order of time" in words(sheet.result)
    assert sheet.priority.current() == "high"
    sheet.subject.setText("Broken lamp")
    sheet.go.click()
    qtbot.waitUntil(lambda: detail(made, first).merged_into == second)
    qtbot.waitUntil(lambda: page.ticket == second and page.shown is not None and len(page.shown.messages) == 3)
    kept = detail(made, second)
    assert (kept.row.subject, kept.row.tags, kept.row.assignee_name) == ("Broken lamp", ("photos",), "Bob Ray")
    qtbot.waitUntil(lambda: any("#1 is part" in one.accessibleName() for one in page.talk.findChildren(Banner)))
    assert page.context.actions.run("unmerge")
    qtbot.waitUntil(lambda: detail(made, first).merged_into is None)
    assert (len(made.desk.ask(message_ids, first)), len(made.desk.ask(message_ids, second))) == (2, 1)
    assert page.context.actions.run("undo")
    qtbot.waitUntil(lambda: detail(made, first).merged_into == second)


def test_different_customers_are_warned_of_and_one_of_several_parts_is_chosen(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    assert page.context.actions.run("select_all")
    assert page.context.actions.run("merge")
    sheet = sheet_of(page, MergeSheet, qtbot)
    warned = [one.accessibleName() for one in sheet.findChildren(Banner)]
    assert any("different customers" in one and "mia@shop.example" in one for one in warned)
    sheet.go.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    kept = page.model.id_at(0)
    qtbot.waitUntil(lambda: page.shown is not None and len(page.shown.detail.numbers) == 3)
    assert page.context.actions.run("unmerge")
    parts = sheet_of(page, UnmergeSheet, qtbot)
    assert len(parts.buttons) == 2
    parts.buttons[1].click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert len(detail(made, kept).numbers) == 2


def test_what_was_written_since_is_said_before_one_is_taken_out(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first, second, _ = tickets
    made.desk.do(merge, first, second)
    (asked, *_) = made.desk.ask(message_ids, first)
    ours = made.desk.do(reply, second, text="It comes today.", answers=asked)
    made.desk.do(add_note, second, "A good customer.")
    page.open(second)

    def is_whole() -> bool:
        return page.shown is not None and page.shown.detail.id == second and len(page.shown.messages) == 5

    qtbot.waitUntil(is_whole, timeout=30_000)
    qtbot.waitUntil(lambda: page.context.tasks.running == 0, timeout=30_000)
    assert page.context.actions.run("unmerge")
    parts = sheet_of(page, UnmergeSheet, qtbot)
    said = " ".join(words(parts))
    assert "1 reply written since answers its messages and goes with it." in said
    assert "1 reply or note written since stays in #2." in said
    parts.buttons[0].click()
    qtbot.waitUntil(lambda: ours.message in made.desk.ask(message_ids, first), timeout=30_000)


def test_a_message_and_what_followed_it_become_a_ticket(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first = tickets[0]
    qtbot.waitUntil(lambda: page.ticket == first and page.shown is not None and len(page.shown.messages) == 2)
    assert page.context.actions.run("split")
    sheet = sheet_of(page, SplitSheet, qtbot)
    assert sheet.radios.index(sheet.first) == 1  # the newest of the customer
    sheet.following.setChecked(True)
    sheet.subject.setText("News")
    sheet.go.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.row.subject == "News")
    assert len(made.desk.ask(message_ids, first)) == 1
    assert page.context.actions.run("undo")
    qtbot.waitUntil(lambda: len(made.desk.ask(message_ids, first)) == 2)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)


def test_letters_begun_in_tickets_that_are_merged_stay_at_hand_and_are_never_made_one(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first, _, other = tickets
    content = DraftContent("Dear Ben, your chair", to=[("Ben", "ben@shop.example")])
    made.desk.do(save_draft, content, ticket=other)

    def kept() -> dict[UUID | None, str]:
        return {one.ticket: one.text for one in made.desk.ask(drafts)}

    def written() -> str:
        return page.writer.composer.text()

    offered = page.writer.findChild(Elsewhere)
    assert offered is not None
    qtbot.waitUntil(lambda: page.ticket == first)
    page.writer.composer.edit.insertPlainText("Dear Mia, your lamp")  # kept only when its time comes
    made.desk.do(merge, other, first)
    qtbot.waitUntil(lambda: len(offered.buttons) == 1)
    assert written() == "Dear Mia, your lamp"
    offered.buttons[0].click()
    assert (written(), page.writer.draft().to) == ("Dear Ben, your chair", (("Ben", "ben@shop.example"),))
    page.writer.composer.edit.insertPlainText(" comes")
    offered.buttons[0].click()
    assert written() == "Dear Mia, your lamp"
    both = {first: "Dear Mia, your lamp", other: "Dear Ben, your chair comes"}
    qtbot.waitUntil(lambda: kept() == both)
    offered.buttons[0].click()
    assert page.context.actions.run("send")
    qtbot.waitUntil(lambda: kept() == {first: "Dear Mia, your lamp"})
    qtbot.waitUntil(lambda: written() == "Dear Mia, your lamp")
    page.writer.composer.edit.insertPlainText(" is there")
    assert page.context.actions.run(
        "undo"
    )  # the letter is called back: it is below what was written since, of which nothing is lost
    qtbot.waitUntil(lambda: written() == "Dear Mia, your lamp is there\n\nDear Ben, your chair comes")


def test_what_was_begun_before_a_merge_is_said_there_and_goes_back_when_it_is_taken_apart(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first, second, _ = tickets
    page.writer.composer.edit.insertPlainText("Dear Mia, your lamp")
    page.writer.keep_now()
    qtbot.waitUntil(lambda: bool(made.desk.ask(drafts)))
    assert page.context.actions.run("merge")
    sheet = sheet_of(page, MergeSheet, qtbot)
    qtbot.waitUntil(lambda: any("#1 has an unsent draft" in one for one in words(sheet)))
    sheet.go.click()
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == second)
    qtbot.waitUntil(lambda: page.writer.composer.text() == "Dear Mia, your lamp")
    page.writer.composer.edit.insertPlainText(" is here")
    assert page.context.actions.run("unmerge")
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == first)
    qtbot.waitUntil(lambda: page.writer.composer.text() == "Dear Mia, your lamp is here")
    page.open(second)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == second)
    assert page.writer.composer.text() == ""


def test_a_reply_of_a_part_that_did_not_arrive_is_told_in_the_list_and_above_the_conversation(
    page: Page, made: InboxDesk, tickets: list[UUID], qtbot: QtBot
) -> None:
    first, second, _ = tickets
    sent = made.desk.do(reply, second, text="\n".join(["They are fine."] * 99)).message
    made.desk.do(merge, second, first)
    page.open(first)
    qtbot.waitUntil(lambda: page.shown is not None and len(page.shown.messages) == 4)
    assert not page.header.problem.isVisible()
    made.desk.do(hold, sent, Hold.DEAD_ADDRESS)
    qtbot.waitUntil(page.header.problem.isVisible)
    assert page.header.problem.accessibleName() == "Held"
    place = page.model.place_of(first)
    qtbot.waitUntil(lambda: "Held" in str(page.model.index(place, 0).data(Qt.ItemDataRole.AccessibleTextRole)))
    page.talk.verticalScrollBar().setValue(0)
    page.header.problem.click()
    again = next(one for one in page.talk.findChildren(Button) if one.text() == "Send anyway")
    qtbot.waitUntil(lambda: page.talk.viewport().rect().contains(again.mapTo(page.talk.viewport(), QPoint(1, 1))))
    made.desk.do(cancel, sent)
    qtbot.waitUntil(lambda: not page.header.problem.isVisible())
