"""The columns of the page of chats: the list, the conversation or several of them, the customer; and less room."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout

from ui.pages import BasePage, Context
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.list_panel import ChatList
from ui.pages.chats.side import ChatSide
from ui.pages.chats.stage import ChatStage
from ui.widgets.layout import set_box


class ChatsFrame(BasePage):
    """The widgets and their places; what they do is the page's."""

    narrow_below = 1200
    """In a window narrower than this (px) the customer is behind a button."""

    beside_from = 1100
    """A window narrower than this shows one chat, whatever was chosen."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.beside_wanted = False
        self._side_wanted: bool | None = None
        self._wide = True
        set_box(self, "canvas")
        self.list = ChatList(self.is_typing)
        self.stage = ChatStage(context.actions, self.listen)
        self.side = ChatSide(context)
        self._columns = QHBoxLayout(self)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(0)
        self._columns.addWidget(self.list)
        self._columns.addWidget(self.stage, 1)
        self._columns.addWidget(self.side)
        self.fit()

    def listen(self, column: ChatColumn) -> None:
        """A column has been made."""
        raise NotImplementedError

    def is_typing(self, conversation: UUID | None) -> bool:
        """Does the visitor type?"""
        raise NotImplementedError

    def laid_out(self) -> None:
        """There is another amount of room."""

    @property
    def can_stand_beside(self) -> bool:
        """Is there room for several?"""
        return self.window().width() >= self.beside_from

    def toggle_side(self) -> None:
        """Show or hide the customer."""
        self._side_wanted = not self.side.isVisible()
        self.fit()
        if self._side_wanted and not self._wide:
            self.side.panel.take_focus()

    def want_side(self) -> None:
        """Something there is to be filled in."""
        if not self.side.isVisible() and not self.stage.is_beside:
            self.toggle_side()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape and not self._wide and self.side.isVisible():
            self.toggle_side()
        elif event.key() == Qt.Key.Key_Escape:
            self.list.focus_rows()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        wide = self.window().width() >= self.narrow_below
        if wide != self._wide:
            self._wide, self._side_wanted = wide, None
            self.fit()
        self._float()
        if event.size().width() != event.oldSize().width():
            self.laid_out()

    def fit(self) -> None:
        """Columns for this width and for what is shown."""
        wide, beside = self._wide, self.stage.is_beside
        talking = self.stage.current is not None and not beside
        self.list.setVisible(not beside)
        self.list.set_narrow(not wide)
        place = self._columns.indexOf(self.side)
        if wide and place < 0:
            self._columns.addWidget(self.side)
        elif not wide and place >= 0:
            self._columns.removeWidget(self.side)
        side = wide if self._side_wanted is None else self._side_wanted
        self.side.setVisible(side and talking)
        head = self.stage.alone.head
        head.set_narrow(not wide)
        head.side.setVisible(not wide or not side)
        head.side.setChecked(side)
        self._float()

    def _float(self) -> None:
        """In a narrow window the customer lies over the conversation, below its bar."""
        if not self._wide:
            top = self.stage.alone.head.height()
            self.side.setGeometry(self.width() - self.side.width(), top, self.side.width(), self.height() - top)
            self.side.raise_()
