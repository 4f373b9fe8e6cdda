# mypy: disable-error-code="no-untyped-call"
"""Bubbles, the list of chats and how it changes: nothing that a stranger writes is markup, and whoever reads is not moved."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.chats.queries import ChatRow
from app.templates.queries import Canned
from ui.models.chats import ChatModel, Heading, Item, key_of
from ui.pages.chats.answers import fitting
from ui.pages.chats.words import page_text, waiting_text, waiting_tone
from ui.widgets.bubbles import Bubble
from ui.widgets.bubbletext import as_markup
from ui.widgets.bubbleview import FIRST, BubbleView

AT = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


def chat_row(number: int, **more: object) -> ChatRow:
    """A chat of a list."""
    key = UUID(int=number)
    facts: dict[str, object] = {
        "id": key, "ticket": key, "number": number, "state": "live", "visitor": key, "name": f"Visitor {number}",
        "email": "", "verified": False, "customer": key, "assignee": None, "assignee_name": "", "started_at": AT,
        "waiting_since": None, "last_at": AT, "snippet": "Hello", "unread": 0, "there": True, "blocked": False,
        "page": "", "position": None,
    }  # fmt: skip
    return ChatRow(**{**facts, **more})  # type: ignore[arg-type]


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> BubbleView:
    """A conversation of an ordinary size."""
    made = BubbleView("Conversation")
    qtbot.addWidget(made)
    made.resize(480, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def many(count: int) -> list[Bubble]:
    """Turns of two people."""
    return [Bubble(n, "in" if n % 2 else "out", f"Message {n}\nwith two lines", "14:00") for n in range(count)]


def settled(view: BubbleView, qtbot: QtBot) -> None:
    """Wait until the newest is in sight."""
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 0 and view.is_at_end)


def test_what_a_stranger_writes_is_no_markup(view: BubbleView) -> None:
    hostile = '<b>bold</b> <img src="https://evil.example/a.png"> <a href="javascript:alert(1)">x</a>'
    view.show_bubbles(1, [Bubble(1, "in", hostile)])
    row = view.row(1)
    assert row is not None
    label = row.findChild(QLabel)
    assert label is not None
    assert "<img" not in label.text()
    assert "<b>" not in label.text()
    assert "&lt;img" in label.text()


def test_only_addresses_of_the_web_are_links() -> None:
    markup = as_markup(
        "See https://shop.example/a?b=1&c=2, javascript:alert(1) or file:///etc/passwd (http://x.example)."
    )
    assert markup.count("<a ") == 2
    assert '<a href="https://shop.example/a?b=1&amp;c=2">' in markup
    assert '<a href="http://x.example">' in markup


def test_a_long_word_is_read_to_its_end_and_copied_as_it_was(view: BubbleView, qtbot: QtBot) -> None:
    said = "See https://shop.example/" + "a<b" * 150
    view.show_bubbles(1, [Bubble(1, "in", said)])
    row = view.row(1)
    assert row is not None
    label = row.findChild(QLabel)
    assert label is not None
    qtbot.waitUntil(lambda: label.width() > 100)
    laid = QTextDocument()
    laid.setDefaultFont(label.font())
    laid.setHtml(label.text())
    laid.setTextWidth(label.width())
    assert laid.idealWidth() <= label.width() + 1
    label.setSelection(0, len(laid.toPlainText()))
    qtbot.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == said


def test_the_newest_is_in_sight_until_one_reads_further_up(view: BubbleView, qtbot: QtBot) -> None:
    bubbles = many(20)
    view.show_bubbles(1, bubbles)
    settled(view, qtbot)
    view.show_bubbles(1, [*bubbles, Bubble("new", "in", "Still there?")])
    settled(view, qtbot)
    assert view.row("new") is not None
    bar = view.verticalScrollBar()
    bar.setValue(40)
    top, before = view.row(3), bar.maximum()
    assert top is not None
    y = top.y() - bar.value()
    view.show_bubbles(1, [*bubbles, Bubble("new", "in", "Still there?"), Bubble("newer", "in", "Hello?")])
    qtbot.waitUntil(lambda: bar.maximum() > before)
    assert top.y() - bar.value() == y


def test_earlier_messages_are_made_when_they_are_wanted(view: BubbleView, qtbot: QtBot) -> None:
    view.show_bubbles(1, many(FIRST + 25))
    settled(view, qtbot)
    assert view.row(0) is None
    oldest = view.row(25)
    assert oldest is not None
    view.verticalScrollBar().setValue(0)
    view.show_earlier()
    first = view.row(0)
    assert first is not None
    qtbot.waitUntil(lambda: first.y() < oldest.y() and oldest.y() > view.height())
    assert view.row(25) is oldest


def test_a_message_that_changes_stays_the_same_widget(view: BubbleView) -> None:
    view.show_bubbles(1, [Bubble(1, "out", "Hello", state="Sending")])
    row = view.row(1)
    view.show_bubbles(1, [Bubble(1, "out", "Hello", state="Read"), Bubble(2, "in", "Hi")])
    assert view.row(1) is row
    assert row is not None
    assert row.bubble.state == "Read"
    view.show_bubbles(2, [Bubble(1, "out", "Somebody else's")])
    assert view.row(1) is not row


def test_the_list_keeps_qts_promises_however_it_changes(qapp: QApplication) -> None:
    dice, model = random.Random(7), ChatModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for _ in range(300):
        rows = dice.sample(range(12), dice.randrange(12))
        items: list[Item] = [chat_row(n, unread=dice.randrange(3)) for n in rows]
        for name in dice.sample(["mine", "waiting", "over"], dice.randrange(4)):
            items.insert(dice.randrange(len(items) + 1), Heading(name, name, dice.randrange(5)))
        model.show(items)
        assert [model.item(n) for n in range(model.rowCount())] == items
        assert all(model.place_of(key_of(one)) == n for n, one in enumerate(items) if isinstance(one, ChatRow))  # type: ignore[arg-type]
    assert tester.model() is model


def test_canned_answers_are_found_by_their_word_first() -> None:
    def answer(number: int, name: str, text: str, word: str, used: int = 0) -> Canned:
        return Canned(UUID(int=number), name, text, word, own=False, used=used)

    answers = [
        answer(1, "Trade customers", "Prices start at ten pieces", "trade"),
        answer(2, "Paying by transfer", "Use the number", "pay", used=3),
        answer(3, "Hours", "From nine; transfers take longer", "hours"),
    ]
    assert [one.id.int for one in fitting(answers, "tra")] == [1, 2, 3]
    assert [one.id.int for one in fitting(answers, "hours")] == [3]
    assert fitting(answers, "zzz") == []
    assert [one.id.int for one in fitting(answers, "")] == [2, 3, 1]


def test_words_of_time_and_place() -> None:
    assert [waiting_text(n) for n in (0, 42, 134, 3723)] == ["0:00", "0:42", "2:14", "1:02:03"]
    assert [waiting_tone(n) for n in (29, 30, 119, 120)] == ["plain", "warn", "warn", "bad"]
    assert page_text("https://shop.example/frames/walnut%20large") == "frames · walnut large"
    assert page_text("https://shop.example/") == "shop.example"
    assert page_text("") == ""
