"""One column of the board: its head, a line to add a card, and its cards; or, folded, a narrow strip.

Each column is one list with its own model; a widget a card would take seconds for a thousand of them.
"""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.boards.queries import BoardView, ColumnView
from app.tickets.rules import BoardBy
from ui.models.board import ColumnModel, empty_words, named
from ui.models.cache import TicketCache
from ui.pages.board.card import INSET
from ui.pages.board.cards import CardList
from ui.pages.board.head import STRIP_WIDTH, ColumnHead, FoldedColumn, is_over, spoken_column
from ui.pages.board.marks import Marks
from ui.pages.board.places import Places, Plan
from ui.text import tr
from ui.theme import tokens
from ui.widgets.button import ToolButton
from ui.widgets.field import TextField
from ui.widgets.layout import row

MIN_WIDTH = 208
EDGE = 2  # the list paints all of its ground; the frame around the column stays free


class NewCard(TextField):
    """One line that becomes a ticket: Enter adds and stays for the next one, Esc leaves."""

    added = Signal(str)
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.text().strip():
                self.added.emit(self.text().strip())
                self.clear()
        else:
            super().keyPressEvent(event)


class Column(QFrame):
    """Head, cards, and the line for a new one."""

    added = Signal(str)
    lined = Signal(bool)  # the line for a new card came, or went
    unfolded = Signal()
    menu_wanted = Signal(QWidget)

    def __init__(self, by: BoardBy, key: str, cache: TicketCache, marks: Marks) -> None:
        super().__init__()
        self.by, self.key = by, key
        self.view: ColumnView | None = None
        self._shown: object = None  # all that this column was made of when it was laid out last
        self.list = CardList(ColumnModel(cache, self), marks)
        self._head = ColumnHead(by)
        self.strip = FoldedColumn(by)
        self.strip.clicked.connect(self.unfolded)
        self.new = NewCard(placeholder=tr("What is to be done?"), name=tr("New ticket"))
        self.new.added.connect(self.added)
        self.new.left.connect(self.close_new)
        self.new.editingFinished.connect(self._tidy)
        self.menu = ToolButton("dots-horizontal", tr("Column"), size=24, icon_size=16)
        self.menu.clicked.connect(lambda: self.menu_wanted.emit(self.menu))
        self._add = ToolButton("plus", tr("Add a ticket here"), size=24, icon_size=16, clicked=self.open_new)
        self._whole = QFrame()
        layout = QVBoxLayout(self._whole)
        layout.setContentsMargins(EDGE, 8, EDGE, 8)
        layout.setSpacing(9)
        head = QHBoxLayout()
        head.setContentsMargins(INSET, 0, INSET - 4, 0)
        head.setSpacing(2)
        head.addWidget(self._head, 1)
        for tool in (self._add, self.menu):
            head.addWidget(tool, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        self._line = row((self.new, 1), margins=(INSET, 0, INSET, 0))
        layout.addWidget(self._line)
        self._gap = QFrame()
        self._gap.setFixedHeight(self.new.sizeHint().height())
        layout.addWidget(self._gap)
        layout.addWidget(self.list, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._whole, 1)
        outer.addWidget(self.strip, 1)
        self._line.hide()
        self._gap.hide()
        self.strip.hide()

    @property
    def count(self) -> int:
        """How many cards there are, exactly."""
        return self.view.count if self.view is not None else 0

    @property
    def is_folded(self) -> bool:
        """Is only a strip shown?"""
        return self.view is not None and self.view.shape.folded

    @property
    def title(self) -> str:
        """What the column is called."""
        return named(self.by, self.view.named)[0] if self.view is not None else ""

    def show_column(self, column: ColumnView, board: BoardView, plan: Plan, *, tall: bool) -> None:
        """Take over what is stored now. A column that stays as it is is left alone: a move concerns two of them."""
        now = (column, board.lanes, board.lane_by, board.by, board.filtered, plan, tall)
        if now == self._shown:
            return
        self._shown, self.view = now, column
        self._head.show_column(column, tall=tall)
        self.strip.show_column(column)
        self.menu.set_name(tr("What to do with the column “{name}”", name=self.title))
        self._add.set_name(tr("Add a ticket to “{name}”", name=self.title))
        self.new.setAccessibleName(tr("New ticket in “{name}”", name=self.title))
        said = empty_words(self.by, column.key, filtered=board.filtered)
        self.list.setAccessibleName(spoken_column(self.by, column))
        self.list.setAccessibleDescription(said if not column.count else "")
        self.list.empty_text, self.list.lane_by = said, str(board.lane_by)
        self.list.tells_status = BoardBy.STATUS.value not in (board.by, board.lane_by)
        self.list.cards().show(column, board.lanes)
        self.list.cards().lane_names = {lane.key: named(str(board.lane_by), lane)[0] for lane in board.lanes}
        self.list.lay_out(Places(plan, column.cells, column.count))
        self._fold(column.shape.folded)
        self.update()

    def open_new(self) -> None:
        """Show the line for a new card, with the keyboard in it."""
        self._line.show()
        self.new.setFocus(Qt.FocusReason.OtherFocusReason)
        self.lined.emit(True)

    def give_back(self, subject: str) -> None:
        """It could not be added: what was typed is there again, unless something else is being typed."""
        if shiboken6.isValid(self) and not self.new.text():
            self.new.setText(subject)

    def close_new(self) -> None:
        """Put the line away; the keyboard goes back to the cards."""
        had = self.new.hasFocus()
        self.new.clear()
        self._line.hide()
        self.lined.emit(False)
        if had:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """The keyboard comes here."""
        (self.strip if self.is_folded else self.list).setFocus(Qt.FocusReason.OtherFocusReason)

    def hold_over(self, lane: int | None) -> None:
        """Something is held over this column, in this lane (0 without lanes), or (None) not any more."""
        self.list.hold_over(lane)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STRIP_WIDTH if self.is_folded else 280, 400)

    def _tidy(self) -> None:
        if not self.new.text() and not self.new.hasFocus():
            self._line.hide()
            self.lined.emit(False)

    def leave_room(self, on: bool) -> None:
        """Another column shows its line for a new card: with lanes, the cards of all columns begin at the same height."""
        self._gap.setVisible(on and self._line.isHidden())

    def _fold(self, folded: bool) -> None:
        if folded and (self.list.hasFocus() or self.new.hasFocus()):
            self.strip.show()
            self.strip.setFocus(Qt.FocusReason.OtherFocusReason)
        self.strip.setVisible(folded)
        self._whole.setVisible(not folded)
        self.setMinimumWidth(STRIP_WIDTH if folded else MIN_WIDTH)
        wide = QSizePolicy.Policy.Fixed if folded else QSizePolicy.Policy.Expanding
        self.setSizePolicy(wide, QSizePolicy.Policy.Expanding)
        self.setMaximumWidth(STRIP_WIDTH if folded else 16777215)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t = tokens()
        held = self.list.target is not None and (self.is_folded or not self.list.places.plan.lanes)
        over = self.view is not None and is_over(self.view)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            edge = t.accent if held else t.bad if over else t.line if t.hc else ""
            painter.setPen(QPen(QColor(edge), 2 if held else 1) if edge else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_soft if held else t.surface))
            inset = 1.0 if held else 0.5 if edge else 0.0
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), t.radius, t.radius)
