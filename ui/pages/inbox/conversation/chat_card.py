"""A line of a chat in the conversation of its ticket: a bubble with its time and how far it got, as on the page of chats.

It answers to what a card of a mail answers to, so that a ticket may hold both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame

from app.chats.queries import Line
from app.conversations.queries import MessageView
from app.outbox.queries import OutboxRow
from app.search.files import FoundFile
from ui.pages.chats.words import bubble_of
from ui.text import when_text
from ui.widgets.bubbles import BubbleRow
from ui.widgets.layout import vertical
from ui.widgets.mailview import MailView, Marks

if TYPE_CHECKING:
    from app.desk.viewing.reading import Reading


class ChatCard(QFrame):
    """One line; never folded."""

    file_opened = Signal(object)  # UUID of an attachment
    link_clicked = Signal(str)
    is_open = True

    def __init__(self, message: MessageView, line: Line, now: datetime) -> None:
        super().__init__()
        self.message = message
        self.line = line
        self._marks: Marks | None = None
        self._row = BubbleRow(bubble_of(line))
        self._row.file_opened.connect(lambda key: self.file_opened.emit(UUID(hex=key)))
        self._row.link_clicked.connect(self.link_clicked)
        self.setToolTip(when_text(message.at, now))
        layout = vertical(self)
        layout.addWidget(self._row)

    def show_line(self, line: Line) -> None:
        """It got further."""
        if line != self.line:
            self.line = line
            self._row.show_bubble(bubble_of(line), self.width())

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._row.set_width(event.size().width())

    # -- what a card of a mail can do

    def set_open(self, _on: bool) -> None:
        """It is open."""

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of the text; None marks nothing."""
        self._marks = marks
        self._row.mark(marks)

    def show_found(self, _files: Sequence[FoundFile]) -> None:
        """Files of a chat are not read."""

    def text_views(self) -> list[MailView]:
        """It has no text of a mail."""
        return []

    def set_reading(self, _reading: Reading, *, as_text: bool) -> None:
        """Nothing of it lies in a raw mail."""

    def set_delivery(self, _found: OutboxRow | None, _now: datetime) -> None:
        """Its ticks tell."""

    def set_now(self, _now: datetime) -> None:
        """It tells the time, not the age."""

    def apply_tokens(self) -> None:
        """It asks for its colours when it paints, but for those of marks."""
        if self._marks is not None:
            self._row.mark(self._marks)
