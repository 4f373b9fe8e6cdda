"""The inbox's page without its list: what a ticket's own window shows."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.kernel.database.changes import Changes
from ui.pages import Context
from ui.pages.inbox.actions.keys import bind
from ui.pages.inbox.loading import Opened
from ui.pages.inbox.page import Page
from ui.text import tr

_IN_THE_INBOX = ("next", "previous", "open", "select", "select_all", "own_window")


class Alone(Page):
    """One ticket: header, conversation, composer, customer. The list is there but empty, and never asked for."""

    named = Signal(str)  # what the window is called
    narrow_below = 900

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.list.hide()

    def activate(self) -> None:
        bind(self)
        for key in _IN_THE_INBOX:
            self.context.actions.bind(self, key, lambda: None, lambda: tr("This is done in the inbox"))
        self.context.actions.bind(self, "search", lambda: self.context.go("inbox", search=""))
        self.context.actions.bind(self, "new", lambda: self.context.go("inbox", new_to=""))
        self.talk.setFocus()

    def refresh(self, changes: Changes) -> None:
        self.me = self.context.desk.me()
        ids = changes.of("ticket")
        if self.ticket is not None and (
            ids is None or self.ticket in ids or changes.touches("draft", "message", "state")
        ):
            self.reload()
        elif self.shown is not None and changes.touches("customer", "field"):
            self._ask_beside()
        if changes.touches("mailbox", "agent", "setting", "outbox", "state"):
            self._ask_around()

    def leave_writing(self) -> None:
        self.talk.setFocus()

    def _begin(self) -> None:
        self._ask_around()

    def _take(self, opened: Opened | None) -> None:
        super()._take(opened)
        if opened is not None:
            self.named.emit(f"#{opened.detail.row.number} {opened.detail.row.subject}")
