# mypy: disable-error-code="no-untyped-call"
"""A ticket that is a chat, opened in the inbox: its lines are bubbles, and an answer goes by chat while the visitor is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.chats.queries import chat
from app.templates.commands import add_canned
from tests.ui.chat_desk import ChatDesk, Visitor
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.chats.page import Page as Chats
from ui.pages.inbox.conversation.chat_card import ChatCard
from ui.pages.inbox.page import Page
from ui.window import Window


@pytest.fixture
def place(made: InboxDesk) -> ChatDesk:
    """A desk with a chat channel and a mail."""
    made.mail()
    return ChatDesk(made.desk)


@pytest.fixture
def page(made: InboxDesk, place: ChatDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox."""
    with inbox_window(made, qapp, qtbot) as found:
        yield found


def open_chat(page: Page, made: InboxDesk, visitor: Visitor, qtbot: QtBot) -> None:
    """Open the ticket of a chat."""
    assert visitor.conversation is not None
    view = made.desk.ask(chat, visitor.conversation)
    assert view is not None
    page.open(view.row.ticket)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == view.row.ticket)


def said(made: InboxDesk, visitor: Visitor) -> list[tuple[str, str, str]]:
    """What is in the chat's ticket."""
    assert visitor.conversation is not None
    view = made.desk.ask(chat, visitor.conversation)
    assert view is not None
    return [(one.kind, one.direction, one.text) for one in view.lines]


def send(page: Page, qtbot: QtBot, words: str) -> None:
    """Type and send."""
    edit = page.writer.composer.edit
    page.writer.set_mode("reply")
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, words)
    qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_an_answer_goes_by_chat_while_the_visitor_is_there(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    visitor = place.chatting("Elena", "Is it in stock?")
    open_chat(page, made, visitor, qtbot)
    assert page.shown is not None
    cards = [page.talk.card(one.id) for one in page.shown.messages]
    assert all(isinstance(card, ChatCard) for card in cards)
    assert page.writer.by_chat
    assert page.writer.composer.aside.text() == "To Elena, in the chat"
    assert not page.writer.formatting.isVisible()
    send(page, qtbot, "Yes, it is.")
    qtbot.waitUntil(lambda: ("chat", "out", "Yes, it is.") in said(made, visitor))
    qtbot.waitUntil(lambda: page.shown is not None and len(page.shown.messages) == 2)


def test_an_answer_goes_by_mail_once_the_visitor_has_left(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    visitor = place.chatting("Elena", "Is it in stock?", email="elena@brandt.example")
    open_chat(page, made, visitor, qtbot)
    page.writer.set_mode("reply")
    qtbot.waitUntil(page.writer.composer.edit.hasFocus)
    qtbot.keyClicks(page.writer.composer.edit, "It is ")
    visitor.leaves()
    qtbot.waitUntil(lambda: not page.writer.by_chat)
    assert page.writer.composer.text() == "It is"  # what was begun goes on as a mail
    assert page.writer.formatting.isVisible()
    send(page, qtbot, "again.")
    qtbot.waitUntil(lambda: any(kind == "mail" and way == "out" for kind, way, _ in said(made, visitor)))
    assert page.shown is not None
    assert page.shown.to == (("Elena", "elena@brandt.example"),)


def test_words_that_were_searched_for_are_marked_in_bubbles(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    visitor = place.chatting("Elena", "Is <b>walnut</b> in stock? https://shop.example/walnut")
    open_chat(page, made, visitor, qtbot)
    assert page.shown is not None
    card = page.talk.card(page.shown.messages[0].id)
    assert isinstance(card, ChatCard)
    (label,) = [one for one in card.findChildren(QLabel) if "stock" in one.text()]
    plain = label.text()
    page.marks.look_for(("walnut",), ())
    assert page.marks.count == 2
    assert label.text().count(">walnut</span>") == 2
    assert "<b>" not in label.text(), "what a stranger wrote is never markup"
    page.marks.look_for((), ())
    assert label.text() == plain


def test_from_the_ticket_to_its_chat(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    assert not page.context.actions.run("chat.show")  # a mail has none
    visitor = place.chatting("Elena")
    open_chat(page, made, visitor, qtbot)
    assert page.context.actions.run("chat.show")
    window = page.window()
    assert isinstance(window, Window)
    chats = window.page()
    assert isinstance(chats, Chats)
    qtbot.waitUntil(lambda: chats.row is not None and chats.row.id == visitor.conversation)


def test_a_mail_after_a_chat_is_a_mail_again(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    mail = page.ticket
    assert mail is not None
    visitor = place.chatting("Elena")
    open_chat(page, made, visitor, qtbot)
    assert page.writer.by_chat
    page.open(mail)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == mail)
    assert not page.writer.by_chat
    assert page.writer.formatting.isVisible()
    assert page.writer.letter().to != ()


def test_canned_answers_are_called_in_a_mail_too(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.do(add_canned, "Opening hours", "From nine to five, {{agent.name}} is here.", "hours")
    edit = page.writer.composer.edit
    page.writer.set_mode("reply")
    qtbot.waitUntil(lambda: page.around is not None and len(page.around.answers) == 1 and bool(page.facts))
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, "Hello, /hou")
    qtbot.waitUntil(lambda: page.answers.list.is_open)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert page.writer.composer.text() == "Hello, From nine to five, Ann Lee is here."


def test_canned_answers_are_called_in_a_new_mail_and_know_to_whom_it_goes(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    made.desk.do(add_canned, "Hello", "Hello {{customer.first_name}},\n{{agent.name}} ({{ticket.number}})", "hello")
    for number in range(6):
        made.desk.do(add_canned, f"Other {number}", "Something else", f"other-{number}")
    qtbot.waitUntil(lambda: page.around is not None and len(page.around.answers) == 7)
    assert page.context.actions.run("new")
    writer = page.new_mail.writer
    edit = writer.composer.edit
    qtbot.waitUntil(lambda: page.writing_new and writer.canned.isVisible())
    writer.recipients.to.setText("Clara Winther <clara@shop.example>")
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    assert page.context.actions.run("canned")
    qtbot.waitUntil(lambda: page.new_mail.answers.list.is_open)
    called = page.new_mail.answers.list
    assert page.new_mail.rect().contains(called.geometry())
    assert not called.geometry().intersects(writer.composer.geometry().translated(writer.pos()))
    page.window().resize(960, 640)
    qtbot.waitUntil(lambda: page.new_mail.rect().contains(called.geometry()))
    typed = edit.mapTo(page.new_mail, edit.cursorRect().center())
    assert not called.geometry().contains(typed), "what is typed stays in sight"
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert writer.composer.text() == "Hello Clara,\nAnn Lee ()"
