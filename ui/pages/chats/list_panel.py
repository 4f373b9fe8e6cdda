"""The left column: how many places are taken, whether one is there for visitors, until when, and the list of chats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QProgressBar, QStackedWidget, QVBoxLayout

from app.chats.queries import ChatCounts, ChatRow, Opening
from app.kernel import clock
from ui.models.chats import ID_ROLE, ChatModel, Heading
from ui.pages.chats.loading import Overview
from ui.pages.chats.rows import HEADING_HEIGHT, ROW_HEIGHT, ChatPainter
from ui.pages.chats.words import hours_text, row_words
from ui.pages.inbox.ticket_list.choosing import Rows
from ui.pages.inbox.ticket_list.view import NO_OTHERS, Others
from ui.text import tr
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row, set_box
from ui.widgets.state import EmptyState, ErrorState, Skeleton
from ui.widgets.toggle import Switch

WIDTH, NARROW_WIDTH = 320, 272
_TICK_MS = 1000


def items_of(found: Overview) -> list[Heading | ChatRow]:
    """The list with its headings: one's own first, then who waits for anyone."""
    piles: Sequence[tuple[str, str, Sequence[ChatRow]]] = (
        ("mine", tr("Your chats"), found.mine),
        ("waiting", tr("Waiting for anyone"), found.waiting),
        ("others", tr("With colleagues"), found.others),
        ("over", tr("Over"), found.over),
    )
    items: list[Heading | ChatRow] = []
    for key, words, rows in piles:
        if rows:
            items += [Heading(key, words, len(rows)), *rows]
    return items


def capacity_texts(counts: ChatCounts) -> tuple[str, str]:
    """How many places are taken, and how many are free."""
    free = max(0, counts.capacity - counts.mine)
    taken = tr("{n} of {all} places taken", n=counts.mine, all=counts.capacity)
    return taken, tr("{n} free", n=free) if free else tr("Full")


class ChatList(QFrame):
    """Shows what the page gives it and tells what the person wants."""

    chosen = Signal(object)  # UUID
    entered = Signal()  # Enter: go to the conversation
    accepting_chosen = Signal(bool)
    side_by_side_wanted = Signal()
    hours_wanted = Signal()
    set_up_wanted = Signal()

    def __init__(self, is_typing: Callable[[UUID], bool]) -> None:
        super().__init__()
        set_box(self, "panel")
        self.model = ChatModel()
        self.model.setParent(self)
        self.model.describe = row_words
        self._quiet = False
        self._others: Others = NO_OTHERS
        for change in (self.model.rowsInserted, self.model.rowsRemoved, self.model.rowsMoved):
            change.connect(self._measure)
        self._build(is_typing)
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._go_on)
        self._tick.start()

    # -- for the page

    def show_overview(self, found: Overview) -> None:
        """Show the list; what is chosen stays chosen."""
        self._quiet = True
        self.model.show(items_of(found))
        self._quiet = False
        taken, free = capacity_texts(found.counts)
        self._taken.setText(taken)
        self._free.setText(free)
        self._bar.setRange(0, max(1, found.counts.capacity))
        self._bar.setValue(min(found.counts.mine, found.counts.capacity))
        self.show_opening(found.opening)
        self._turn_to(0 if self.model.rowCount() else 1)

    def show_opening(self, opening: Opening) -> None:
        """Whether chat is open, and whether one is away."""
        self._hours.setText(hours_text(opening, clock.now()))
        blocked = self.accepting.blockSignals(True)
        self.accepting.setChecked(not opening.away)
        self.accepting.blockSignals(blocked)
        self.accepting.update()
        self._accepting.setText(tr("Away") if opening.away else tr("Accepting"))

    def show_set_up(self, has_channel: bool) -> None:
        """An empty list says what to do about it."""
        if has_channel:
            self._empty.set_text(tr("Nobody is chatting"), tr("A visitor who writes on your website shows up here."))
        else:
            words = tr("Put a chat bubble on your website: it is two lines to copy, in the settings.")
            self._empty.set_text(tr("Chat is not set up yet"), words)
        if self._empty.button is not None:
            self._empty.button.setVisible(not has_channel)
        self._turn_to(self._stack.currentIndex())

    def show_error(self, words: str, retry: Callable[[], object]) -> None:
        """The list could not be read."""
        old = self._stack.widget(3)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()
        self._stack.addWidget(ErrorState(tr("This list cannot be shown"), words, retry))
        self._turn_to(3)

    def choose(self, key: UUID | None) -> None:
        """Mark a chat without telling anybody."""
        place = self.model.place_of(key)
        self._quiet = True
        if place < 0:
            self.rows.setCurrentIndex(QModelIndex())
            self.rows.clearSelection()
        elif self.rows.currentIndex().row() != place or not self.rows.selectionModel().hasSelection():
            self.rows.setCurrentIndex(self.model.index(place, 0))
        self._quiet = False

    def focus_rows(self) -> None:
        """The keyboard goes to the list, or to what is to be done while it is empty. While there is neither, it waits here."""
        button, place = self._empty.button, self._stack.currentIndex()
        if place == 1 and button is not None and not button.isHidden():
            button.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            (self._stack if place else self.rows).setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn_to(self, place: int) -> None:
        """Show another part of the stack; the keyboard stays within it, if it was there."""
        now = QApplication.focusWidget()
        was_here = now is not None and (now is self._stack or self._stack.isAncestorOf(now))
        is_other = place != self._stack.currentIndex()
        self._stack.setCurrentIndex(place)
        if was_here and (is_other or now is self._stack):
            self.focus_rows()

    def set_narrow(self, narrow: bool) -> None:
        """Less room."""
        self.setFixedWidth(NARROW_WIDTH if narrow else WIDTH)

    def repaint_rows(self) -> None:
        """Somebody types, or has stopped."""
        self.rows.viewport().update()

    # -- building

    def _build(self, is_typing: Callable[[UUID], bool]) -> None:
        self.title = ElidingLabel(tr("Chats"), "title")
        self.beside = ToolButton("view-column-outline", tr("Side by side"), clicked=self.side_by_side_wanted.emit)
        self.accepting = Switch(tr("Accept chats"), True)
        self.accepting.toggled.connect(self.accepting_chosen)
        self._accepting = Label(tr("Accepting"), "small")
        head = row((self.title, 1), self.beside, self._accepting, self.accepting, margins=(20, 12, 16, 0))
        self._taken, self._free = ElidingLabel("", "small"), Label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Places taken"))
        self._hours = ElidingLabel("", "caption")
        self.hours = ToolButton(
            "clock-edit-outline", tr("Hours"), size=24, icon_size=14, clicked=self.hours_wanted.emit
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 0)  # the panel has a line there
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(row((self._taken, 1), self._free, margins=(20, 6, 20, 0)))
        layout.addWidget(row((self._bar, 1), margins=(20, 6, 20, 0)))
        layout.addWidget(row((self._hours, 1), self.hours, margins=(20, 4, 14, 4)))
        layout.addWidget(self._build_stack(is_typing), 1)
        self.set_narrow(False)

    def _build_stack(self, is_typing: Callable[[UUID], bool]) -> QStackedWidget:
        self.rows = Rows(tr("Chats"), lambda: self._others, ROW_HEIGHT)
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.rows.setModel(self.model)
        self.rows.setItemDelegate(ChatPainter(self.rows, is_typing))
        self.rows.selectionModel().currentChanged.connect(self._current_changed)
        self.rows.activated_key.connect(self.entered)
        self._empty = EmptyState(
            tr("Nobody is chatting"),
            "",
            icon="message-outline",
            tone="plain",
            action=(tr("Set up chat"), self.set_up_wanted.emit),
        )
        self._stack = QStackedWidget()
        self._stack.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        for widget in (self.rows, self._empty, Skeleton()):
            self._stack.addWidget(widget)
        self._stack.setCurrentIndex(2)
        return self._stack

    # -- what happens

    def _measure(self, *_: object) -> None:
        places = [n for n in range(self.model.rowCount()) if isinstance(self.model.item(n), Heading)]
        self._others = (places, [HEADING_HEIGHT] * len(places))

    def _current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        key = now.data(ID_ROLE) if now.isValid() else None
        if isinstance(key, UUID) and not self._quiet:
            self.chosen.emit(key)

    def _go_on(self) -> None:
        """The clocks of those who wait go on."""
        if self.isVisible() and any(one.waiting_since is not None for one in self.model.chats()):
            self.rows.viewport().update()
