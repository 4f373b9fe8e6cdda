"""A small real desk with a mailbox and some mail, and a window over it that shows the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from ui.pages.inbox.page import Page
from ui.theme import Theme
from ui.window import Window


class InboxDesk:
    """`mail()` receives one; times go back a minute for each earlier one."""

    def __init__(self, folder: Path) -> None:
        self.desk = empty_desk(folder)
        self.ann = self.desk.work(add_agent, "Ann Lee", "ann@desk.example")
        self.bob = self.desk.work(add_agent, "Bob Ray", "bob@desk.example")
        self.desk.sit_down(self.ann)
        box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "ref")
        self.mailbox = self.desk.work(add_mailbox, box)

    def mail(self, ticket: UUID | None = None, *, ago_minutes: int = 0, **fields: Any) -> tuple[UUID, UUID]:
        """A customer's mail, (ticket, message)."""
        at = clock.now() - timedelta(minutes=ago_minutes)

        def ingest(tx: Tx) -> tuple[UUID, UUID]:
            return mail_in(tx, ticket, mailbox=self.mailbox, at=at, **fields)

        return self.desk.work(ingest)

    def some(self, count: int) -> list[UUID]:
        """Tickets of different customers, newest first."""
        return [
            self.mail(ago_minutes=n, address=f"c{n}@shop.example", name=f"Customer {n}", subject=f"Matter {n}")[0]
            for n in range(count)
        ]


@contextmanager
def inbox_window(made: InboxDesk, app: QApplication, bot: QtBot, size: tuple[int, int] = (1440, 900)) -> Iterator[Page]:
    """The page in its window, when the first list is there."""
    theme = app.findChild(Theme) or Theme(app)
    theme.choose("light")
    window = Window(made.desk, theme)
    window.resize(*size)
    window.start()
    window.show()
    page = window._pages["inbox"]
    assert isinstance(page, Page)
    bot.waitUntil(lambda: page.model.is_loaded and page.context.tasks.running == 0)
    window.activateWindow()
    try:
        yield page
    finally:
        window.close()
        assert window.shut()
        window.deleteLater()
