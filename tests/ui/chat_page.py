# mypy: disable-error-code="no-untyped-call"
"""A window that shows the chats of a small desk, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.chat_desk import Visitor
from tests.ui.inbox_desk import InboxDesk
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.page import Page
from ui.theme import Theme
from ui.window import Window


@contextmanager
def chat_window(made: InboxDesk, app: QApplication, bot: QtBot, size: tuple[int, int] = (1440, 900)) -> Iterator[Page]:
    """The page in its window, when the list is there."""
    theme = app.findChild(Theme) or Theme(app)
    theme.choose("light")
    window = Window(made.desk, theme)
    window.resize(*size)
    window.go("chats")
    window.show()
    window.activateWindow()
    bot.waitExposed(window)
    page = window._pages["chats"]
    assert isinstance(page, Page)
    bot.waitUntil(lambda: page.overview is not None and window.tasks.running == 0)
    try:
        yield page
    finally:
        window.close()
        assert window.shut()
        window.deleteLater()


def window_of(page: Page) -> Window:
    """The window around the page."""
    window = page.window()
    assert isinstance(window, Window)
    return window


def front(page: Page, bot: QtBot, visitor: Visitor) -> ChatColumn:
    """Open somebody's chat; its column, when it shows it."""
    assert visitor.conversation is not None
    page.open(visitor.conversation)
    return shown(page, bot, visitor.conversation)


def shown(page: Page, bot: QtBot, conversation: UUID) -> ChatColumn:
    """The column that the keyboard acts on, when it shows this chat."""
    bot.waitUntil(lambda: page.row is not None and page.row.id == conversation)
    column = page.stage.current
    assert column is not None
    return column


def texts(column: ChatColumn) -> list[str]:
    """What was said, as it is shown; grey lines left out."""
    return [one.text for one in column.lines.bubbles() if one.kind in ("in", "out", "note")]


def type_into(column: ChatColumn, bot: QtBot, words: str) -> None:
    """The keyboard writes, when it is there."""
    edit = column.writer.composer.edit
    column.writer.take_focus()
    bot.waitUntil(edit.hasFocus)
    bot.keyClicks(edit, words)


def until(bot: QtBot, page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds and nothing is asked any more."""
    bot.waitUntil(lambda: holds() and page.context.tasks.running == 0)
