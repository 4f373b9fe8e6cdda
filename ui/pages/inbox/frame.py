"""The inbox's columns: list, conversation (or a new mail), customer; and how they make do with less room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ui.models.tickets import TicketModel
from ui.pages import BasePage, Context
from ui.pages.chats.answers import AnswerCaller
from ui.pages.inbox.beside.panel import SidePanel
from ui.pages.inbox.conversation.header import ConversationHeader
from ui.pages.inbox.conversation.hit_marks import HitMarks
from ui.pages.inbox.conversation.mail_files import MailFiles
from ui.pages.inbox.conversation.view import Conversation
from ui.pages.inbox.selection import SelectionPanel
from ui.pages.inbox.ticket_list.panel import ListPanel
from ui.pages.inbox.writing.new_mail import NewMail
from ui.pages.inbox.writing.writer import Writer
from ui.text import tr
from ui.widgets.layout import set_box
from ui.widgets.state import EmptyState

_LIST, _LIST_NARROW = 348, 320


class InboxFrame(BasePage):
    """The widgets and their places; what they do is the page's."""

    narrow_below = 1200
    """In a window narrower than this (px) the customer is behind a button."""

    def __init__(self, context: Context, model: TicketModel, files: MailFiles) -> None:
        super().__init__(context)
        self._side_wanted: bool | None = None
        self._wide = True
        self._behind: QWidget = self
        self._build(model, files)

    @property
    def writing_new(self) -> bool:
        """Is a new mail in front?"""
        return self._stack.currentWidget() is self.new_mail

    def show_nothing(self) -> None:
        """No ticket is shown."""
        self._bring(self._nothing)

    def show_talk(self) -> None:
        """The conversation is in front."""
        self._bring(self._talk)

    def show_new(self) -> None:
        """A new mail is in front."""
        self._behind = self.new_mail
        self._stack.setCurrentWidget(self.new_mail)

    def show_selection(self, on: bool) -> None:
        """While several tickets are chosen, they are in front; what was there comes back then."""
        if on:
            self._behind = self._stack.currentWidget() or self._nothing
            self._stack.setCurrentWidget(self.chosen)
        elif self._stack.currentWidget() is self.chosen:
            self._stack.setCurrentWidget(self._behind)

    def _bring(self, widget: QWidget) -> None:
        self._behind = widget
        if self._stack.currentWidget() is not self.chosen:
            self._stack.setCurrentWidget(widget)

    @property
    def talking(self) -> bool:
        """Is a conversation in front?"""
        return self._stack.currentWidget() is self._talk

    def toggle_side(self) -> None:
        """Show or hide the customer."""
        self._side_wanted = not self.side.isVisible()
        self._fit(wide=self._wide)
        if self._side_wanted and not self._wide:
            self.side.take_focus()

    def leave_writing(self) -> None:
        """Esc: the keyboard goes back to where one goes on from."""
        self.list.focus_rows()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape and not self._wide and self.side.isVisible():
            self.toggle_side()
        elif event.key() == Qt.Key.Key_Escape and self.list.results.hasFocus():
            self.list.search.clear()  # the search is over: back to the list
            self.list.focus_rows()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave_writing()
        else:
            super().keyPressEvent(event)

    def _build(self, model: TicketModel, files: MailFiles) -> None:
        set_box(self, "canvas")
        actions = self.context.actions
        self.list = ListPanel(model, actions["new"])
        self.header = ConversationHeader(actions)
        self.talk = Conversation(files)
        self.marks = HitMarks(self.talk)
        self.writer = Writer()
        self.side = SidePanel(self.context)
        self.new_mail = NewMail()
        self._talk = QFrame()
        column = QVBoxLayout(self._talk)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.marks)
        column.addWidget(self.talk, 1)
        column.addWidget(self.writer)
        self.writer.composer.take_files_from(self._talk)
        self.answers = AnswerCaller(self.writer.composer.edit, self.writer.composer, self._talk)
        self.writer.canned_wanted.connect(self.answers.open)
        self._nothing = EmptyState(
            tr("No ticket chosen"), tr("Choose one on the left, or press J."), icon="inbox-outline", tone="plain"
        )
        self.chosen = SelectionPanel(actions)
        self._stack = QStackedWidget()
        for widget in (self._nothing, self._talk, self.new_mail, self.chosen):
            self._stack.addWidget(widget)
        self._columns = QHBoxLayout(self)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(0)
        self._columns.addWidget(self.list)
        self._columns.addWidget(self._stack, 1)
        self._columns.addWidget(self.side)
        self._stack.currentChanged.connect(lambda _place: self._fit(wide=self._wide))
        self._fit(wide=True)
        for writer in (self.writer, self.new_mail.writer):
            writer.composer.edit.escaped.connect(self.leave_writing)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._float()
        self.answers.place()
        self.new_mail.answers.place()
        wide = self.window().width() >= self.narrow_below
        if wide != self._wide:
            self._side_wanted = None
            self._fit(wide=wide)

    def _fit(self, *, wide: bool) -> None:
        """Columns for this width: in a narrow window the customer is behind a button."""
        self._wide = wide
        self.list.setFixedWidth(_LIST if wide else _LIST_NARROW)
        side = wide if self._side_wanted is None else self._side_wanted
        place = self._columns.indexOf(self.side)
        if wide and place < 0:
            self._columns.addWidget(self.side)
        elif not wide and place >= 0:
            self._columns.removeWidget(self.side)
        self.side.setVisible(side and self.talking)
        self._float()
        self.header.side.setChecked(side)
        self.header.side.setVisible(not wide or not side)
        for part in (self.header, self.talk, self.writer, self.new_mail.writer, self.chosen):
            part.set_narrow(not wide)

    def _float(self) -> None:
        """In a narrow window the customer lies over the conversation, below its bar."""
        if not self._wide:
            top = self.header.height()
            self.side.setGeometry(self.width() - self.side.width(), top, self.side.width(), self.height() - top)
            self.side.raise_()
