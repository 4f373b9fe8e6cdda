# mypy: disable-error-code="no-untyped-call"
"""Whoever begins to wait is told wherever one is: a number on the rail, a toast that leads there, a sound unless it is off."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.chats import commands
from app.kernel.state import options
from tests.ui.chat_desk import ChatDesk
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.chats.arrivals import Arrivals, WaitingCount
from ui.pages.inbox.page import Page
from ui.widgets.sound import write_bell
from ui.window import Window


class Heard:
    """What a watcher tells and how often it rings; `reading` are the chats before somebody's eyes."""

    def __init__(self, page: Page) -> None:
        self.told: list[tuple[str, UUID]] = []
        self.rang = 0
        self.reading: set[UUID] = set()
        self.watcher = Arrivals(page.context, lambda: self.reading, self._ring)
        self.watcher.noticed.connect(lambda words, _text, key: self.told.append((words, key)))

    def _ring(self) -> None:
        self.rang += 1


@pytest.fixture
def place(made: InboxDesk) -> ChatDesk:
    """A desk with a chat channel, and one who waited before the window was opened."""
    desk = ChatDesk(made.desk)
    desk.visitor("Early").enters("I was here first")
    return desk


@pytest.fixture
def page(made: InboxDesk, place: ChatDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox is in front."""
    with inbox_window(made, qapp, qtbot) as found:
        yield found


@pytest.fixture
def heard(page: Page, qtbot: QtBot) -> Heard:
    """A watcher that has had its first look."""
    made = Heard(page)
    qtbot.waitUntil(lambda: bool(made.watcher.known))
    return made


def window_of(page: Page) -> Window:
    """The window around the page."""
    window = page.window()
    assert isinstance(window, Window)
    return window


def test_a_new_chat_is_told_once_and_the_toast_leads_to_it(
    page: Page, heard: Heard, place: ChatDesk, qtbot: QtBot
) -> None:
    WaitingCount(page.context)
    visitor = place.visitor("Elena")
    key = visitor.enters("Hello")
    qtbot.waitUntil(lambda: heard.told == [("Elena wants to chat", key)])
    assert heard.rang == 1
    qtbot.waitUntil(lambda: window_of(page).counts.get("chats") == 2)
    visitor.says("Anybody?")
    place.visitor("Jonas").enters("Me too")
    qtbot.waitUntil(lambda: len(heard.told) == 2)
    assert [words for words, _ in heard.told] == ["Elena wants to chat", "Jonas wants to chat"]
    toast = page.context.toasts.current
    assert toast is not None
    assert toast.text == "Elena wants to chat"
    assert page.context.toasts.act()
    qtbot.waitUntil(lambda: window_of(page).current == "chats")
    chats = window_of(page).page()
    qtbot.waitUntil(lambda: key in chats.chats_in_sight())  # type: ignore[union-attr]


def test_ones_own_visitor_is_told_unless_one_reads_it(page: Page, heard: Heard, place: ChatDesk, qtbot: QtBot) -> None:
    mine, read = place.chatting("Mine"), place.chatting("Read")
    assert mine.conversation is not None
    assert read.conversation is not None
    heard.reading = {read.conversation}
    qtbot.waitUntil(lambda: {mine.conversation, read.conversation} <= heard.watcher.known)
    heard.told.clear()
    read.says("You see this")
    mine.says("You do not see this")
    qtbot.waitUntil(lambda: ("Mine wrote in the chat", mine.conversation) in heard.told)
    assert all(key != read.conversation for _, key in heard.told)


def test_a_chat_that_a_colleague_hands_over_is_told(
    page: Page, made: InboxDesk, heard: Heard, place: ChatDesk, qtbot: QtBot
) -> None:
    visitor = place.visitor("Elena")
    key = visitor.enters("Hello")
    qtbot.waitUntil(lambda: key in heard.watcher.known)
    made.desk.act(made.bob, commands.accept, key)
    qtbot.waitUntil(lambda: key not in heard.watcher.known)
    heard.told.clear()
    made.desk.act(made.bob, commands.transfer, key, made.ann)
    qtbot.waitUntil(lambda: heard.told == [("Elena was handed over to you", key)])


def test_the_sound_can_be_off(page: Page, made: InboxDesk, heard: Heard, place: ChatDesk, qtbot: QtBot) -> None:
    made.desk.work(options.put, "chat_sound", False)
    place.visitor("Elena").enters("Hello")
    qtbot.waitUntil(lambda: len(heard.told) == 1)
    assert heard.rang == 0


def test_the_bell_is_a_short_sound(tmp_path: Path) -> None:
    write_bell(tmp_path / "sounds" / "bell.wav")
    with wave.open(str(tmp_path / "sounds" / "bell.wav")) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert 0.2 < sound.getnframes() / sound.getframerate() < 1
        assert any(sound.readframes(2000))
