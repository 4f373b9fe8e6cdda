# mypy: disable-error-code="no-untyped-call"
"""The rep's side of chat: taking, answering, canned answers, ticks, typing, drafts, several side by side, and how a chat ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from app.chats import commands
from app.chats.queries import chat, opening
from app.kernel import clock
from app.kernel.state import options
from app.outbox.queries import draft_of
from app.people.commands import add_address
from app.people.queries import customer_of
from app.templates.commands import add_canned
from app.tickets.queries import ticket
from tests.ui.chat_desk import ChatDesk, Visitor
from tests.ui.chat_page import chat_window, front, shown, texts, type_into, until, window_of
from tests.ui.inbox_desk import InboxDesk
from ui.pages.chats.head import ChatHead
from ui.pages.chats.live_query import LiveQuery
from ui.pages.chats.page import Page
from ui.pages.chats.words import second_line
from ui.pages.settings.form import TextArea
from ui.widgets.overlay import Dialog

KEY, MOD = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def place(made: InboxDesk) -> ChatDesk:
    """A desk with a chat channel."""
    return ChatDesk(made.desk)


@pytest.fixture
def page(made: InboxDesk, place: ChatDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """Its page of chats, still empty."""
    with chat_window(made, qapp, qtbot) as found:
        yield found


def state_of(made: InboxDesk, visitor: Visitor) -> str:
    """How a chat stands."""
    assert visitor.conversation is not None
    view = made.desk.ask(chat, visitor.conversation)
    assert view is not None
    return view.row.state


def test_who_waits_is_taken_and_answered_by_keys(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.visitor("Elena Brandt")
    key = visitor.enters("Do you ship to Norway?")
    qtbot.waitUntil(lambda: page.list.model.chat(key) is not None)
    column = shown(page, qtbot, key)
    until(qtbot, page, lambda: texts(column) == ["Do you ship to Norway?"])
    qtbot.keyClick(page.list.rows, KEY.Key_A, MOD.ShiftModifier)
    until(qtbot, page, lambda: page.row is not None and page.row.state == "live" and page.row.assignee == made.ann)
    qtbot.waitUntil(column.writer.composer.edit.hasFocus)
    type_into(column, qtbot, "Yes, we do.")
    qtbot.keyClick(column.writer.composer.edit, KEY.Key_Return, MOD.ControlModifier)
    until(qtbot, page, lambda: texts(column)[-1] == "Yes, we do.")
    assert column.writer.composer.text() == ""
    view = made.desk.ask(chat, key)
    assert view is not None
    assert [(one.direction, one.text) for one in view.lines] == [
        ("in", "Do you ship to Norway?"),
        ("out", "Yes, we do."),
    ]


def test_ticks_follow_a_message(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.chatting("Elena")
    column = front(page, qtbot, visitor)
    assert visitor.conversation is not None
    sent = made.desk.do(commands.send_chat, visitor.conversation, "Hello Elena")

    def state() -> str:
        return next((one.state for one in column.lines.bubbles() if one.key == sent.message), "")

    qtbot.waitUntil(lambda: state() == "Sending")
    visitor.has(sent.message)
    qtbot.waitUntil(lambda: state() == "Delivered")
    visitor.reads(sent.seq)
    qtbot.waitUntil(lambda: state() == "Read")


def test_what_is_before_somebodys_eyes_is_read_and_what_waits_is_not(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    mine, waiting = place.chatting("Elena"), place.visitor("Jonas")
    waiting.enters("Anybody there?")
    front(page, qtbot, mine)
    mine.says("And another thing")

    def read(visitor: Visitor) -> int:
        assert visitor.conversation is not None
        view = made.desk.ask(chat, visitor.conversation)
        assert view is not None
        return view.desk_read_seq

    qtbot.waitUntil(lambda: read(mine) == 2)
    front(page, qtbot, waiting)
    until(qtbot, page, lambda: page.list.model.chat(mine.conversation) is not None)
    assert read(waiting) == 0


def test_a_canned_answer_is_called_by_a_stroke(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    made.desk.do(add_canned, "Paying by transfer", "Of course, {{customer.first_name}}.", "transfer")
    made.desk.do(add_canned, "Opening hours", "From nine to five.", "hours")
    column = front(page, qtbot, place.chatting("Elena Brandt"))
    qtbot.waitUntil(lambda: len(page.around.answers) == 2)
    writer = column.writer
    type_into(column, qtbot, "Hi! /tra")
    qtbot.waitUntil(lambda: writer.caller.list.is_open and len(writer.caller.list.shown()) == 1)
    qtbot.keyClick(writer.composer.edit, KEY.Key_Return)
    assert writer.composer.text() == "Hi! Of course, Elena."
    assert not writer.caller.list.is_open
    qtbot.keyClicks(writer.composer.edit, " /")
    qtbot.waitUntil(lambda: len(writer.caller.list.shown()) == 2)
    qtbot.keyClick(writer.composer.edit, KEY.Key_Escape)
    assert not writer.caller.list.is_open
    assert writer.composer.edit.hasFocus()
    qtbot.keyClicks(writer.composer.edit, "x")
    assert not writer.caller.list.is_open  # declined once, it stays away from this word


def test_the_visitor_is_seen_typing(page: Page, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.chatting("Elena")
    column = front(page, qtbot, visitor)
    visitor.types()
    qtbot.waitUntil(lambda: column.lines.bubbles()[-1].text == "Elena is typing")
    visitor.types(on=False)
    qtbot.waitUntil(lambda: column.lines.bubbles()[-1].kind != "typing")


def test_the_visitor_sees_that_one_types_and_stops(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    column = front(page, qtbot, place.chatting("Elena"))
    told: list[bool] = []
    stop = made.desk.listen(
        lambda changes: told.extend(
            bool((one.payload or {}).get("on"))
            for one in changes.signals
            if one.topic == "chat_typing" and (one.payload or {}).get("who") == "agent"
        )
    )
    type_into(column, qtbot, "He")
    qtbot.waitUntil(lambda: told == [True])
    column.writer.composer.edit.clear()
    qtbot.waitUntil(lambda: told == [True, False])
    stop()


def test_what_is_begun_in_a_chat_is_there_again(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    elena, jonas = place.chatting("Elena"), place.chatting("Jonas")
    column = front(page, qtbot, elena)
    type_into(column, qtbot, "For Elena")
    front(page, qtbot, jonas)
    until(qtbot, page, lambda: column.writer.composer.text() == "")
    type_into(column, qtbot, "For Jonas")
    front(page, qtbot, elena)
    until(qtbot, page, lambda: column.writer.composer.text() == "For Elena")
    assert page.row is not None
    draft = made.desk.ask(draft_of, page.row.ticket, made.ann, "reply")
    assert draft is not None
    assert draft.text == "For Elena"


def test_a_message_that_is_refused_comes_back(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.chatting("Elena")
    column = front(page, qtbot, visitor)
    type_into(column, qtbot, "One more thing")
    assert visitor.conversation is not None
    made.desk.do(commands.end_chat, visitor.conversation)  # the window hears of it when it turns its loop
    column.writer.submit()
    assert column.writer.composer.text() == ""
    qtbot.waitUntil(lambda: page.context.toasts.current is not None and page.context.toasts.current.tone == "bad")
    until(qtbot, page, lambda: page.row is not None and page.row.state == "missed" and column.writer.way == "")
    assert column.writer.composer.text() == "One more thing"
    assert not column.writer.send.isEnabled()


def test_several_stand_side_by_side(page: Page, place: ChatDesk, made: InboxDesk, qtbot: QtBot) -> None:
    elena, jonas = place.chatting("Elena"), place.chatting("Jonas")
    until(qtbot, page, lambda: len(page.list.model.chats()) == 2)
    page.context.actions.run("chat.beside")
    qtbot.waitUntil(lambda: len(page.stage.beside) == 2 and all(one.row is not None for one in page.stage.beside))
    assert [one.conversation for one in page.stage.beside] == [elena.conversation, jonas.conversation]
    page.context.actions.run("chat.place2")
    second = shown(page, qtbot, page.stage.beside[1].conversation)  # type: ignore[arg-type]
    qtbot.waitUntil(second.writer.composer.edit.hasFocus)
    qtbot.keyClicks(second.writer.composer.edit, "For Jonas")
    qtbot.keyClick(second.writer.composer.edit, KEY.Key_Return, MOD.ControlModifier)
    until(qtbot, page, lambda: texts(second)[-1] == "For Jonas")
    assert jonas.conversation is not None
    made.desk.do(commands.end_chat, jonas.conversation)
    qtbot.waitUntil(lambda: [one.conversation for one in page.stage.beside] == [elena.conversation])
    page.context.actions.run("chat.beside")
    qtbot.waitUntil(lambda: not page.stage.is_beside)


def test_who_is_taken_beside_others_gets_a_column(page: Page, place: ChatDesk, made: InboxDesk, qtbot: QtBot) -> None:
    elena, waiting = place.chatting("Elena"), place.visitor("Jonas")
    key = waiting.enters("Hello?")
    until(qtbot, page, lambda: page.overview is not None and len(page.overview.waiting) == 1)
    page.show_beside(on=True)
    qtbot.waitUntil(lambda: len(page.stage.beside) == 1)
    assert page.context.actions.run("chat.next")
    column = shown(page, qtbot, key)
    qtbot.waitUntil(column.writer.composer.edit.hasFocus)
    assert [one.conversation for one in page.stage.beside] == [elena.conversation, key]


def test_a_chat_of_a_colleague_is_looked_at_alone_and_then_they_stand_beside_again(
    page: Page, place: ChatDesk, made: InboxDesk, qtbot: QtBot
) -> None:
    place.chatting("Elena")
    other = place.visitor("Jonas")
    key = other.enters("Hello?")
    made.desk.act(made.bob, commands.accept, key)
    until(qtbot, page, lambda: page.overview is not None and len(page.overview.others) == 1)
    page.show_beside(on=True)
    qtbot.waitUntil(lambda: len(page.stage.beside) == 1)
    page.context.go("chats", conversation=key)
    shown(page, qtbot, key)
    assert not page.stage.is_beside
    page.context.go("inbox")
    page.context.go("chats")
    qtbot.waitUntil(lambda: page.stage.is_beside and len(page.stage.beside) == 1)


def test_whoever_has_left_is_answered_by_mail(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.visitor("Elena", "elena@brandt.example")
    key = visitor.enters("Is it in stock?")
    made.desk.do(commands.accept, key)
    column = front(page, qtbot, visitor)
    made.desk.do(commands.end_chat, key)
    qtbot.waitUntil(lambda: column.writer.way == "mail")
    type_into(column, qtbot, "It is again.")
    qtbot.keyClick(column.writer.composer.edit, KEY.Key_Return, MOD.ControlModifier)
    until(qtbot, page, lambda: texts(column)[-1] == "It is again.")
    view = made.desk.ask(chat, key)
    assert view is not None
    assert view.lines[-1].kind == "mail"


def test_who_is_there_is_taken_before_who_has_gone(page: Page, place: ChatDesk, qtbot: QtBot) -> None:
    gone, here = place.visitor("Elena"), place.visitor("Jonas")
    first = gone.says("Is anybody there?", ago=timedelta(minutes=3))
    gone.leaves()
    second = here.enters("Is it in stock?")
    qtbot.waitUntil(
        lambda: [(row.id, row.there) for row in page.list.model.chats()] == [(first, False), (second, True)]
    )
    assert second_line(page.list.model.chats()[0]).startswith("Not connected · ")
    page.take_next()
    qtbot.waitUntil(lambda: page.row is not None and (page.row.id, page.row.state) == (second, "live"))


def test_after_somebody_who_cannot_be_answered_the_next_one_can(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    gone, here = place.visitor("Elena"), place.visitor("Jonas")
    ended = gone.enters("Never mind.")
    key = here.enters("Is it in stock?")
    made.desk.do(commands.accept, ended)
    made.desk.do(commands.end_chat, ended)
    made.desk.do(commands.accept, key)
    column = front(page, qtbot, gone)
    qtbot.waitUntil(lambda: column.writer.mode == "note")
    column = front(page, qtbot, here)
    qtbot.waitUntil(lambda: column.writer.way == "chat")
    assert column.writer.mode == "reply"
    column = front(page, qtbot, gone)
    qtbot.waitUntil(lambda: column.writer.mode == "note")
    gone.enters("One more thing.")
    qtbot.waitUntil(lambda: (column.writer.way, column.writer.mode) == ("chat", "reply"))


@pytest.mark.parametrize(
    ("key", "answered", "state", "status"),
    [
        ("chat.end", True, "ended", "solved"),
        ("chat.end", False, "missed", "new"),
        ("chat.turn", True, "turned", "waiting"),
    ],
)
def test_how_a_chat_ends(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot, key: str, answered: bool, state: str, status: str
) -> None:
    visitor = place.chatting("Elena")
    assert visitor.conversation is not None
    if answered:
        made.desk.do(commands.send_chat, visitor.conversation, "Hello")
    front(page, qtbot, visitor)
    assert page.context.actions.run(key)
    until(qtbot, page, lambda: page.row is not None and page.row.state == state)
    assert page.row is not None
    found = made.desk.ask(ticket, page.row.ticket)
    assert found is not None
    assert found.row.status == status


def test_a_second_click_on_accept_ends_nothing(page: Page, place: ChatDesk, qtbot: QtBot) -> None:
    """Where it stood stands a button then that does nothing at once."""
    visitor = place.visitor("Elena")
    visitor.enters("Is it in stock?")
    head = front(page, qtbot, visitor).head
    assert isinstance(head, ChatHead)
    qtbot.waitUntil(head.accept.isVisible)
    head.grab()  # lays out what has just been shown
    spot = head.accept.mapTo(head, head.accept.rect().center())
    head.accept.click()
    qtbot.waitUntil(head.end.isVisible)
    head.grab()
    assert head.childAt(spot) is head.transfer


def test_whoever_is_still_there_is_not_said_to_have_left(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    visitor = place.chatting("Elena")
    column = front(page, qtbot, visitor)
    assert visitor.conversation is not None
    made.desk.do(commands.turn_into_ticket, visitor.conversation)
    qtbot.waitUntil(column._notice.isVisible)
    assert (
        column._notice_words.text() == "The chat is over, and the visitor gave no address. You can still write a note."
    )
    visitor.leaves()
    qtbot.waitUntil(lambda: column._notice_words.text().startswith("The visitor has left and gave no address."))


def test_a_chat_is_handed_over_with_a_word(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.chatting("Elena")
    front(page, qtbot, visitor)
    assert page.context.actions.run("chat.transfer")
    sheet = window_of(page).overlay.current()
    assert isinstance(sheet, Dialog)
    note = sheet.findChild(TextArea)
    assert note is not None
    note.setPlainText("She knows our prices.")
    qtbot.keyClick(note, KEY.Key_Return, MOD.ControlModifier)
    assert visitor.conversation is not None
    until(qtbot, page, lambda: page.row is not None and page.row.assignee == made.bob)
    view = made.desk.ask(chat, visitor.conversation)
    assert view is not None
    assert ("internal", "She knows our prices.") in [(one.direction, one.text) for one in view.lines]


def test_being_away_is_one_switch(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.list.accepting.click()
    until(qtbot, page, lambda: made.desk.ask(opening, clock.now()).away)
    qtbot.waitUntil(lambda: page.overview is not None and page.overview.opening.away)
    assert not page.list.accepting.isChecked()
    assert page.context.actions.run("chat.away")
    until(qtbot, page, lambda: not made.desk.ask(opening, clock.now()).away)
    qtbot.waitUntil(page.list.accepting.isChecked)


def test_blocking_asks_first(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.chatting("Mallory")
    front(page, qtbot, visitor)
    assert page.context.actions.run("chat.block")
    sheet = window_of(page).overlay.current()
    assert isinstance(sheet, Dialog)
    qtbot.keyClick(sheet, KEY.Key_Return, MOD.ControlModifier)
    qtbot.waitUntil(lambda: page.row is not None and page.row.blocked)


def test_a_visitor_who_is_proven_is_shown_so(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    visitor = place.visitor("Elena", "elena@brandt.example")
    made.desk.do(commands.accept, visitor.enters("Hello"))
    front(page, qtbot, visitor)
    until(qtbot, page, lambda: page.row is not None)
    assert page.context.actions.run("chat.verify")
    assert visitor.conversation is not None
    key = visitor.conversation

    def mailed() -> bool:
        view = made.desk.ask(chat, key)
        return view is not None and view.code_sent_at is not None

    until(qtbot, page, mailed)


def test_whoever_is_known_by_a_claimed_address_is_named_with_what_there_was(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot
) -> None:
    """By any of their addresses, not by the first alone."""
    made.mail(ago_minutes=5, address="elena@brandt.example", name="Elena Brandt", subject="A frame")
    known = made.desk.ask(customer_of, "elena@brandt.example")
    assert known is not None
    made.desk.do(add_address, known, "e.brandt@home.example")
    visitor = place.visitor("Elena", "E.Brandt@home.example")
    made.desk.do(commands.accept, visitor.enters("Hello"))
    front(page, qtbot, visitor)
    proof = page.side.proof
    qtbot.waitUntil(lambda: not proof.maybe.isHidden())
    assert proof.known.text() == "Elena Brandt"
    assert proof.before.text().startswith("1 ticket · last contact")


def test_a_file_goes_along_and_one_that_no_chat_takes_comes_back(
    page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    column = front(page, qtbot, place.chatting("Elena"))
    (tmp_path / "hours.txt").write_text("From nine to five")
    (tmp_path / "all.zip").write_bytes(b"PK")
    writer = column.writer
    writer.files_chosen.emit([str(tmp_path / "hours.txt")])
    qtbot.waitUntil(lambda: [one.filename for one in writer.draft().files] == ["hours.txt"])
    writer.submit()
    until(qtbot, page, lambda: [one.name for one in column.lines.bubbles()[-1].files] == ["hours.txt"])
    writer.files_chosen.emit([str(tmp_path / "all.zip")])
    qtbot.waitUntil(lambda: len(writer.draft().files) == 1)
    writer.submit()
    qtbot.waitUntil(lambda: page.context.toasts.current is not None and page.context.toasts.current.tone == "bad")
    assert [one.filename for one in writer.draft().files] == ["all.zip"]


def test_enter_sends_where_that_is_wished(page: Page, made: InboxDesk, place: ChatDesk, qtbot: QtBot) -> None:
    made.desk.work(options.put, "chat_enter_sends", True)
    column = front(page, qtbot, place.chatting("Elena"))
    qtbot.waitUntil(lambda: column.writer.enter_sends)
    type_into(column, qtbot, "One line")
    edit = column.writer.composer.edit
    qtbot.keyClick(edit, KEY.Key_Return, MOD.ShiftModifier)
    qtbot.keyClicks(edit, "and another")
    qtbot.keyClick(edit, KEY.Key_Return)
    until(qtbot, page, lambda: texts(column)[-1].splitlines() == ["One line", "and another"])
    column.writer.set_mode("note")
    qtbot.keyClicks(edit, "A note")
    qtbot.keyClick(edit, KEY.Key_Return)
    assert column.writer.composer.edit.toPlainText() == "A note\n"  # notes are written in peace


def test_however_much_comes_one_question_is_under_way(page: Page, qtbot: QtBot) -> None:
    asked: list[int] = []
    answers: list[int] = []

    def question(_db: object) -> int:
        asked.append(1)
        return len(asked)

    standing = LiveQuery(page.context.tasks, lambda: (question, ()), answers.append, page)
    for _ in range(500):
        standing.again()
    qtbot.waitUntil(lambda: not standing.is_under_way and page.context.tasks.running == 0)
    assert answers == [1, 2]  # the one that was under way, and one for everything that came meanwhile


def test_an_empty_page_keeps_the_keyboard_for_who_comes(page: Page, place: ChatDesk, qtbot: QtBot) -> None:
    until(qtbot, page, lambda: page.around.has_channel)
    assert not isinstance(page.focusWidget(), QAbstractButton), "a stray key presses nothing"
    waiting = place.visitor("Bob").enters("Hello?")
    until(qtbot, page, lambda: page.row is not None and page.row.id == waiting)
    qtbot.waitUntil(page.list.rows.hasFocus)
