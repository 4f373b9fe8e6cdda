"""One column of the board: its title with the count, and the list of cards with its keys, drags and drops.

Each column is one list view with its own model; a widget a card would take seconds for a thousand of them.
"""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QListView, QVBoxLayout

from app.tickets.queries import BoardBy, BoardColumn
from ui.models.board import MIME, ColumnModel, column_name, empty_words, unpack
from ui.models.cache import TicketCache
from ui.models.tickets import ID_ROLE, ROW_ROLE
from ui.pages.board.card import INSET, CardDelegate, drag_pixmap
from ui.text import count_text, tr
from ui.theme import tokens
from ui.widgets.avatar import Avatar
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.paint import draw_text
from ui.widgets.pill import Pill

MIN_WIDTH = 208


class CardList(QListView):
    """The cards of a column."""

    opened = Signal(object)  # UUID
    dropped = Signal(object)  # tuple[UUID, ...]
    pushed = Signal(int)  # Shift with an arrow: the selected cards go to the column beside
    placed = Signal(int)  # a number key: the selected cards go to that column, counted from 0
    wandered = Signal(int, int)  # an arrow: to the column beside, at this height
    hovered_drop = Signal(bool)
    chosen = Signal()
    menu_wanted = Signal(QPoint)  # on the screen

    def __init__(self, model: ColumnModel) -> None:
        super().__init__()
        self._cards = model
        self.empty_text = ""
        self.setModel(model)
        self.setItemDelegate(CardDelegate(self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setAutoScroll(True)
        self.setAutoScrollMargin(48)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(32)
        self.doubleClicked.connect(self._open)
        self.selectionModel().selectionChanged.connect(self._tell_chosen)

    def cards(self) -> ColumnModel:
        """The model."""
        return self._cards

    def selected(self) -> tuple[UUID, ...]:
        """The selected cards, from top to bottom."""
        places = sorted(index.row() for index in self.selectedIndexes())
        return tuple(self._cards.ids[place] for place in places)

    def select(self, keys: tuple[UUID, ...]) -> bool:
        """Select these cards and go to the first; False if none of them is here."""
        places = sorted(place for key in keys if (place := self._cards.place_of(key)) >= 0)
        if not places:
            return False
        first = self._cards.index(places[0])
        self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        for place in places[1:]:
            self.selectionModel().select(self._cards.index(place), QItemSelectionModel.SelectionFlag.Select)
        self.scrollTo(first)
        return True

    def keep_choice(self) -> None:
        """Where the keyboard is, a card is chosen, if there is any."""
        if not self.selectionModel().hasSelection() and self._cards.rowCount():
            here = self._cards.index(max(0, self.currentIndex().row()))
            self.selectionModel().setCurrentIndex(here, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def select_at(self, height: int) -> None:
        """Go to the card at this height (in the view), or to the last one above it."""
        index = self.indexAt(QPoint(INSET + 8, max(0, height)))
        if not index.isValid():
            index = self._cards.index(self._cards.rowCount() - 1)
        self.setCurrentIndex(index)

    def step(self, by: int) -> None:
        """Go up or down."""
        now = self.currentIndex().row() if self.currentIndex().isValid() else -1
        place = min(max(0, now + by), self._cards.rowCount() - 1)
        if place >= 0:
            self.setCurrentIndex(self._cards.index(place))

    def open_current(self) -> None:
        """Open the card that the keyboard is on."""
        self._open(self.currentIndex())

    def _open(self, index: QModelIndex) -> None:
        key = index.data(ID_ROLE)
        if isinstance(key, UUID):
            self.opened.emit(key)

    def current_corner(self) -> QPoint:
        """Where, on the screen, a menu for the current card opens."""
        return self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())

    def contextMenuEvent(self, event: QContextMenuEvent, /) -> None:
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        if self.selected():
            self.menu_wanted.emit(event.globalPos() if by_mouse else self.current_corner())

    def _tell_chosen(self) -> None:
        if self.selectionModel().hasSelection():  # a column whose cards are let go must not let go those of the others
            self.chosen.emit()

    # -- keys

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        others = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if others:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._sideways(-1 if key == Qt.Key.Key_Left else 1, shift=shift)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.placed.emit(int(key) - int(Qt.Key.Key_1))
        else:
            super().keyPressEvent(event)

    def _sideways(self, by: int, *, shift: bool) -> None:
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            by = -by
        if shift:
            self.pushed.emit(by)
        else:
            self.wandered.emit(by, self.visualRect(self.currentIndex()).center().y())

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions, not for jumping to a subject."""

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        self.keep_choice()
        self.chosen.emit()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # -- drag and drop

    def startDrag(self, supported: Qt.DropAction, /) -> None:
        indexes = sorted(self.selectedIndexes(), key=lambda index: index.row())
        if not indexes:
            return
        drag = QDrag(self)
        drag.setMimeData(self._cards.mimeData(indexes))
        width = self.width() - 2 * INSET
        drag.setPixmap(drag_pixmap(indexes[0].data(ROW_ROLE), len(indexes), width, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(48, 28))
        drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent, /) -> None:
        if event.mimeData().hasFormat(MIME):
            self.setState(QAbstractItemView.State.DraggingState)
            self.hovered_drop.emit(True)
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent, /) -> None:
        super().dragMoveEvent(event)  # scrolls near the edges
        if event.mimeData().hasFormat(MIME):
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent, /) -> None:
        super().dragLeaveEvent(event)
        self.hovered_drop.emit(False)

    def dropEvent(self, event: QDropEvent, /) -> None:
        self.stopAutoScroll()
        self.setState(QAbstractItemView.State.NoState)
        self.hovered_drop.emit(False)
        keys = unpack(event.mimeData())
        if keys:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self.dropped.emit(keys)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        super().paintEvent(event)
        if self.empty_text and not self._cards.rowCount():
            with QPainter(self.viewport()) as painter:
                rect = QRectF(INSET, 16, self.viewport().width() - 2 * INSET, 20)
                draw_text(painter, rect, self.empty_text, colour="text3", align=Qt.AlignmentFlag.AlignHCenter)


class Column(QFrame):
    """Title, count, cards."""

    def __init__(self, by: BoardBy, key: str, cache: TicketCache) -> None:
        super().__init__()
        self.by, self.key = by, key
        self.count = 0
        self._marked = False
        self.setMinimumWidth(MIN_WIDTH)
        self.list = CardList(ColumnModel(cache, self))
        self.list.hovered_drop.connect(self._mark)
        self._pill = Pill()
        self._name = ElidingLabel("", "medium")
        self._face = Avatar("", 20)
        self._count = Label("", "small")
        head = QHBoxLayout()
        head.setContentsMargins(INSET, 0, INSET, 0)
        head.setSpacing(8)
        if by is BoardBy.ASSIGNEE:
            self._face.setVisible(bool(key))
            head.addWidget(self._face)
            head.addWidget(self._name, 1)
            head.addWidget(self._count)
        else:
            head.addWidget(self._pill)
            head.addWidget(self._count)
            head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 8)
        layout.setSpacing(9)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)

    def show_column(self, column: BoardColumn, names: dict[str, str], *, filtered: bool) -> None:
        """Take over what is stored now."""
        self.count = column.count
        title, tone = column_name(self.by, self.key, names)
        self._pill.set_state(title, tone)
        self._name.setText(title)
        self._face.set_name(title)
        self._count.setText(count_text(column.count))
        said = tr("{n} ticket|{n} tickets", n=column.count)
        self.list.setAccessibleName(f"{title}, {said}")
        self.list.empty_text = empty_words(self.by, self.key, filtered=filtered)
        self.list.setAccessibleDescription(self.list.empty_text if not column.count else "")
        self.list.cards().show(column)
        self.list.viewport().update()

    def _mark(self, on: bool) -> None:
        self._marked = on
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t = tokens()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            edge = t.accent if self._marked else t.line if t.hc else ""
            painter.setPen(QPen(QColor(edge), 2) if edge else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_soft if self._marked else t.surface))
            inset = 1 if edge else 0
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), t.radius, t.radius)
