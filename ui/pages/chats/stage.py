"""The middle: one chat in front, or several side by side with the one that has the keyboard in a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QStackedWidget

from app.chats.queries import ChatCounts, Opening
from ui.actions import Actions
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.list_panel import capacity_texts
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import horizontal, row, set_box, vertical
from ui.widgets.panel import BarHeader
from ui.widgets.pill import Pill
from ui.widgets.state import EmptyState
from ui.widgets.toggle import Choices, Switch

MOST_BESIDE = 4
COLUMN_WIDTH = 320
_GAP = 16


class BesideBar(BarHeader):
    """The bar above several chats: what the list says where there is no list."""

    one_wanted = Signal()
    accepting_chosen = Signal(bool)
    next_wanted = Signal()

    def __init__(self) -> None:
        self._ways = Choices(
            [("one", tr("One")), ("beside", tr("Side by side"))],
            "beside",
            kind="segment",
            name=tr("How chats are shown"),
        )
        self.accepting = Switch(tr("Accept chats"), True)
        self._words = Label(tr("Accepting"), "small")
        super().__init__(tr("Chats"), self._ways, self._words, self.accepting)
        self._ways.chosen.connect(self._way_chosen)
        self.accepting.toggled.connect(self.accepting_chosen)
        self._taken, self._waiting = Pill("", "plain"), Button("", "small", clicked=self.next_wanted.emit)
        self._more = Button("", "small", clicked=self.one_wanted.emit)
        self.set_beside(self._taken, self._waiting, self._more)
        self._waiting.hide()
        self._more.hide()

    def show_numbers(self, counts: ChatCounts, opening: Opening) -> None:
        """Places taken, who waits, and whether one is there for visitors."""
        self._taken.set_state(capacity_texts(counts)[0], "plain")
        self._waiting.setText(tr("{n} waiting for anyone", n=counts.waiting))
        self._waiting.setVisible(counts.waiting > 0)
        self._words.setText(tr("Away") if opening.away else tr("Accepting"))
        blocked = self.accepting.blockSignals(True)
        self.accepting.setChecked(not opening.away)
        self.accepting.blockSignals(blocked)
        self.accepting.update()

    def show_more(self, count: int) -> None:
        """How many of one's own chats there is no room for."""
        self._more.setText(tr("{n} more of yours", n=count))
        self._more.setVisible(count > 0)

    def _way_chosen(self, key: str) -> None:
        self._ways.choose("beside")
        if key == "one":
            self.one_wanted.emit()


class ChatStage(QFrame):
    """`made(column)` is called for each column that is made to stand beside others, to listen to it."""

    moved = Signal()  # another column has the keyboard

    def __init__(self, actions: Actions, made: Callable[[ChatColumn], object]) -> None:
        super().__init__()
        self._actions, self._made = actions, made
        self.alone = self._make(compact=False)
        self.beside: list[ChatColumn] = []
        self._active = self.alone
        self.bar = BesideBar()
        self.nothing = EmptyState(
            tr("No chat chosen"), tr("Choose one on the left, or press J."), icon="message-outline", tone="plain"
        )
        self._none_beside = EmptyState(
            tr("You have no chats"),
            tr("Take one that waits, and it stands here."),
            icon="message-outline",
            tone="plain",
        )
        self._columns = QFrame()
        self._row = horizontal(self._columns)
        self._row.setContentsMargins(24, 20, 24, 24)
        self._row.setSpacing(_GAP)
        self._row.addWidget(self._none_beside, 1)
        several = QFrame()
        set_box(several, "canvas")
        column = vertical(several)
        column.addWidget(self.bar)
        column.addWidget(self._columns, 1)
        self._several = several
        self._stack = QStackedWidget()
        for widget in (self.nothing, self.alone, several):
            self._stack.addWidget(widget)
        layout = vertical(self)
        layout.addWidget(row((self._stack, 1)))

    # -- for the page

    @property
    def is_beside(self) -> bool:
        """Are several shown side by side?"""
        return self._stack.currentWidget() is self._several

    @property
    def current(self) -> ChatColumn | None:
        """The column that the keyboard acts on."""
        if self.is_beside:
            return self._active if self._active in self.beside else (self.beside[0] if self.beside else None)
        return self.alone if self._stack.currentWidget() is self.alone else None

    def columns(self) -> list[ChatColumn]:
        """The columns in sight."""
        if self.is_beside:
            return list(self.beside)
        return [self.alone] if self._stack.currentWidget() is self.alone else []

    def show_nothing(self) -> None:
        """No chat."""
        self._stack.setCurrentWidget(self.nothing)

    def show_alone(self) -> None:
        """One chat in front."""
        self._stack.setCurrentWidget(self.alone)

    def show_beside(self, conversations: Sequence[UUID]) -> list[ChatColumn]:
        """These side by side, as many as there is room for; the columns that show another chat now."""
        wanted = list(conversations)[: self.room]
        self._stack.setCurrentWidget(self._several)
        kept = {one.conversation: one for one in self.beside if one.conversation in wanted}
        free = [one for one in self.beside if one.conversation not in wanted]
        changed, columns = [], []
        for key in wanted:
            column = kept.get(key)
            if column is None:
                column = free.pop() if free else self._make(compact=True)
                column.set_conversation(key)
                changed.append(column)
            columns.append(column)
        for column in free:
            column.set_conversation(None)
            self._row.removeWidget(column)
            column.hide()
            column.deleteLater()
        for place, column in enumerate(columns):
            if self._row.indexOf(column) != place:
                self._row.insertWidget(place, column, 1)
            column.show()
        self.beside = columns
        self._none_beside.setVisible(not columns)
        self._mark()
        return changed

    @property
    def room(self) -> int:
        """How many columns fit."""
        inner = self.width() - 48 + _GAP
        return max(1, min(MOST_BESIDE, inner // (COLUMN_WIDTH + _GAP)))

    def go_to(self, place: int) -> bool:
        """The keyboard goes to a column; False if there is none."""
        if not self.is_beside or not 0 <= place < len(self.beside):
            return False
        self.beside[place].writer.take_focus()
        self._focused(self.beside[place])
        return True

    # -- columns

    def _make(self, *, compact: bool) -> ChatColumn:
        column = ChatColumn(self._actions, compact=compact)
        column.focused.connect(lambda: self._focused(column))
        if compact:
            self._made(column)
        return column

    def _focused(self, column: ChatColumn) -> None:
        if column is not self._active:
            self._active = column
            self._mark()
            self.moved.emit()

    def _mark(self) -> None:
        current = self.current
        for place, column in enumerate(self.beside, start=1):
            column.set_active(column is current, self._actions.keys(f"chat.place{place}"))
