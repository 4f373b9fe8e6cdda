# mypy: disable-error-code="no-untyped-call"
"""Searching in the window: pages while one scrolls, marks in the conversation, what was meant, what can be typed next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.commands import NewAttachment
from app.conversations.filetexts import keep_text
from app.conversations.tables import Attachment
from app.search.queries import Scope
from app.tickets import commands
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox import searching
from ui.pages.inbox.page import Page

KEY = Qt.Key
_LONG = "Nothing of interest.\n\n" * 40


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    """A desk with six tickets that speak of marmalade, one of them at length."""
    desk = InboxDesk(tmp_path / "desk")
    tickets = [
        desk.mail(
            ago_minutes=10 + n, address=f"c{n}@shop.example", subject=f"Order {n}", words=f"Marmalade {n}, please."
        )
        for n in range(6)
    ]
    desk.mail(tickets[3][0], ago_minutes=3, words=f"{_LONG}My MARMÁLADE is late. Marmalade!", subject="Re: Order 3")
    desk.mail(ago_minutes=1, address="d@shop.example", subject="Other", words="Hello.")  # it is open at first
    desk.desk.do(commands.add_note, tickets[5][0], "The duchess likes it.")
    yield desk
    desk.desk.close()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox; the newest ticket is shown."""
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.context.tasks.running == 0)
        yield shown


def titles(page: Page) -> list[str]:
    """The subjects of the tickets found."""
    return [line.title for line in page.list.hits.found if line.kind == "ticket"]


def file_named(db: Session, name: str) -> UUID:
    """The file of this name."""
    return db.scalars(select(Attachment.id).where(Attachment.filename == name)).one()


def count(page: Page) -> str:
    """What is said of how many were found."""
    return page.list._count.text()


def test_what_is_found_grows_while_one_scrolls_and_the_number_is_exact(
    page: Page, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", 2)
    monkeypatch.setattr(searching, "_AHEAD_PX", -100_000)  # nothing is asked for before somebody goes there
    page.list.search.setText("marmalade")
    qtbot.waitUntil(lambda: titles(page) == ["Order 3", "Order 0"] and count(page) == "6 found")
    monkeypatch.setattr(searching, "_AHEAD_PX", 2_000)
    page.list.results.verticalScrollBar().valueChanged.emit(0)
    qtbot.waitUntil(lambda: len(titles(page)) == 6)
    assert titles(page) == ["Order 3", "Order 0", "Order 1", "Order 2", "Order 4", "Order 5"]
    assert count(page) == "6 found"


def test_places_are_marked_in_the_conversation_and_gone_to_one_by_one(page: Page, qtbot: QtBot) -> None:
    page.list.search.setText("marmalade")
    qtbot.waitUntil(lambda: len(titles(page)) == 6)
    page.list.focus_rows()
    qtbot.waitUntil(
        lambda: page.shown is not None and page.shown.detail.row.subject == "Order 3" and page.marks.isVisible()
    )
    newest = page.talk.newest
    assert page.marks.count == 3
    qtbot.waitUntil(lambda: page.marks._label.text() == "“marmalade”: hit 2 of 3")  # the message that was found
    qtbot.keyClick(page.list.results, KEY.Key_F3)
    qtbot.waitUntil(lambda: page.marks._label.text() == "“marmalade”: hit 3 of 3")
    bar = page.talk.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)
    assert newest is not None
    card = page.talk.card(newest)
    assert card is not None
    card.set_open(False)
    qtbot.keyClick(page.list.results, KEY.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: card.is_open and page.marks._label.text() == "“marmalade”: hit 2 of 3")
    page.list.search.clear()
    qtbot.waitUntil(lambda: not page.marks.isVisible() and page.marks.count == 0)


def test_words_in_a_file_are_shown_beneath_its_message_and_gone_to(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    files = (
        NewAttachment("invoice.pdf", "application/pdf", 900, part="2"),
        NewAttachment("b.txt", "text/plain", 9, part="3"),
    )
    ticket, message = made.mail(ago_minutes=30, address="e@shop.example", subject="An old one", files=files)
    made.mail(ticket, ago_minutes=20, address="e@shop.example", words=f"{_LONG}Thank you.")
    for name, words in (("invoice.pdf", f"{_LONG}One walrus, stuffed. Paid in full."), ("b.txt", "No animals.")):
        made.desk.work(keep_text, made.desk.ask(file_named, name), words)
    page.list.search.setText("walrus")
    qtbot.waitUntil(lambda: titles(page) == ["An old one"])
    page.list.focus_rows()
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == ticket)
    qtbot.waitUntil(lambda: page.marks._label.text() == "“walrus”: hit 1 of 1")
    card = page.talk.card(message)
    assert card is not None
    said = card.text_views()[-1].toPlainText()
    assert said.startswith("invoice.pdf: …")
    assert "One walrus, stuffed." in said
    page.list.search.setText("invoice")  # the name of a file is a place, too
    qtbot.waitUntil(lambda: [view.toPlainText() for view in card.text_views()[1:]] == ["invoice.pdf"])
    assert page.marks.count == 1
    page.list.search.clear()
    qtbot.waitUntil(lambda: page.marks.count == 0 and len(card.text_views()) == 1)


def test_a_slip_is_corrected_by_a_press_and_words_are_sought_where_one_says(page: Page, qtbot: QtBot) -> None:
    part = page.list.finding
    page.list.search.setText("marmelade")
    qtbot.waitUntil(lambda: not part.suggestion.isHidden())
    part.suggestion.click()
    qtbot.waitUntil(lambda: len(titles(page)) == 6 and part.suggestion.isHidden())
    assert page.list.search.text() == "marmalade"
    page.list.search.setText("duchess")
    qtbot.waitUntil(lambda: titles(page) == ["Order 5"])
    part.scopes[str(Scope.SUBJECT)].click()
    qtbot.waitUntil(lambda: titles(page) == [] and count(page) == "0 found")
    part.scopes[str(Scope.NOTES)].click()
    qtbot.waitUntil(lambda: titles(page) == ["Order 5"])
    page.list.search.clear()
    qtbot.waitUntil(lambda: part.scope is Scope.ALL)


def test_fields_and_values_are_offered_while_one_types(page: Page, qtbot: QtBot) -> None:
    field = page.list.search
    page.window().activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, "prio")
    qtbot.waitUntil(lambda: field.offering)
    qtbot.keyClick(field, KEY.Key_Tab)
    qtbot.waitUntil(lambda: field.text() == "priority:" and field.offering)
    qtbot.keyClicks(field, "nor")
    qtbot.waitUntil(lambda: field.offers() == ["normal"])
    qtbot.keyClick(field, KEY.Key_Tab)
    assert field.text() == "priority:normal "
    qtbot.waitUntil(lambda: len(titles(page)) == 7)


def test_what_cannot_be_found_at_all_is_said_and_where_a_question_is_wrong(page: Page, qtbot: QtBot) -> None:
    part = page.list.finding
    for typed, said in (
        ("marmalade assignee:nobdy", "Nobody here is called “nobdy”."),
        ("tag:fragil", "No ticket has the tag “fragil”."),
        ("marmalade priority>high", "It is at character 11: “priority>high”."),
        ("is:opn", "“is:opn” is not known."),
        ("marmalade", ""),
    ):
        page.list.search.setText(typed)
        qtbot.waitUntil(
            lambda said=said: (
                page.context.tasks.running == 0 and (said in part.wrong.text() if said else part.wrong.isHidden())
            )  # type: ignore[misc]
        )
    assert len(titles(page)) == 6


def test_enter_goes_to_what_was_found_be_it_within_other_words(page: Page, qtbot: QtBot) -> None:
    field = page.list.search
    page.window().activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, "malade")
    qtbot.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: page.list.results.hasFocus() and len(titles(page)) == 6 and page.context.tasks.running == 0)
    assert [line.title for line in page.list.hits.found if line.kind == "heading"] == ["Within other words"]
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.row.subject == "Order 3")
    qtbot.waitUntil(lambda: page.marks.count > 0)


def test_esc_among_the_results_ends_the_search_and_the_ticket_stays(page: Page, qtbot: QtBot) -> None:
    page.list.search.setText("marmalade")
    qtbot.waitUntil(lambda: len(titles(page)) == 6)
    page.list.search.setFocus()
    qtbot.keyClick(page.list.search, KEY.Key_Down)
    qtbot.waitUntil(lambda: page.list.results.hasFocus() and page.shown is not None and bool(page.list.selected()))
    chosen = page.list.selected()
    qtbot.waitUntil(lambda: page.shown is not None and [page.shown.detail.id] == chosen)
    qtbot.keyClick(page.list.results, KEY.Key_Escape)
    qtbot.waitUntil(lambda: not page.list.searching and page.list.rows.hasFocus())
    assert page.list.selected() == chosen
