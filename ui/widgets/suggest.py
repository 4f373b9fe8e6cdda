"""A list that offers itself over a text while one writes: what fits, arrows to move, Enter or Tab to take, Esc to leave.

The keyboard stays in the text the whole time. So the list is no sheet and no window of its own: it lies above the field, in
the page, and takes from the text's keys those that are its own while it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from ui.text import count_text, tr
from ui.theme import SMALL, font
from ui.widgets.label import Label
from ui.widgets.layout import row, set_box
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_row_ground, draw_text

ROW: Final = 32
_MOST = 6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line: the word it is called by, its name, and how it begins."""

    key: str
    word: str
    name: str
    text: str


class _Suggestions(Lines[Suggestion]):
    def words(self, one: Suggestion) -> str:
        return one.name

    def spoken(self, one: Suggestion) -> str:
        return ". ".join(part for part in (one.name, one.word, one.text) if part)


class _Painter(QStyledItemDelegate):
    def __init__(self, options: _Suggestions, parent: QObject) -> None:
        super().__init__(parent)
        self._options = options

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(160, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        one, rect = self._options.shown[index.row()], QRectF(option.rect)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        draw_row_ground(painter, rect.adjusted(6, 1, -6, -1), selected=chosen, hovered=hovered)
        left, right = rect.x() + 16, rect.right() - 16
        word = f"/{one.word}" if one.word else ""
        words, names = self._columns(int(rect.width()))
        wide = words
        draw_text(painter, QRectF(left, rect.y(), wide, ROW), word, px=SMALL, colour="text2")
        left += wide + (12 if wide else 0)
        name = names if one.text else int(right - left)
        draw_text(painter, QRectF(left, rect.y(), name, ROW), one.name, weight=QFont.Weight.Medium)
        left += name + 16
        if right - left > 40:
            draw_text(painter, QRectF(left, rect.y(), right - left, ROW), one.text, px=SMALL, colour="text3")
        painter.restore()

    def _columns(self, width: int) -> tuple[int, int]:
        """How wide the words and the names are: as the longest that is offered, so that all lines begin alike."""
        small, medium = QFontMetrics(font(SMALL)), QFontMetrics(font(weight=QFont.Weight.Medium))
        shown = self._options.shown
        words = max((small.horizontalAdvance(f"/{one.word}") + 4 for one in shown if one.word), default=0)
        names = max((medium.horizontalAdvance(one.name) + 4 for one in shown), default=0)
        return min(words, width // 5), min(names, width // 3)


class SuggestList(QFrame):
    """The list. `watch(field)` lets it take its keys; `offer` shows lines above that field, none hides it."""

    taken = Signal(str)
    left = Signal()  # Esc

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_box(self, "popover")
        self.setAccessibleName(title)
        self._options = _Suggestions(self)
        self.list = QListView()
        self.list.setModel(self._options)
        self.list.setItemDelegate(_Painter(self._options, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(title)
        self.list.clicked.connect(lambda index: self._take(index.row()))
        self._count = Label("", "caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 6, 1, 6)
        layout.setSpacing(2)
        layout.addWidget(row(Label(title, "section"), None, self._count, margins=(15, 2, 15, 2)))
        layout.addWidget(self.list)
        self.hide()

    def watch(self, field: QWidget) -> None:
        """Take the keys of this field while the list is open."""
        field.installEventFilter(self)

    @property
    def is_open(self) -> bool:
        """Is something offered?"""
        return not self.isHidden()

    def shown(self) -> tuple[Suggestion, ...]:
        """What is offered, best first."""
        return self._options.shown

    def offer(self, shown: Sequence[Suggestion], of: int, over: QWidget) -> None:
        """Offer these out of so many, above `over`; the first is chosen."""
        if not shown:
            self.hide()
            return
        if tuple(shown) != self._options.shown:
            self._options.show(shown)
            self.list.setCurrentIndex(self._options.index(0, 0))
        self._count.setText(tr("{n} of {total}", n=len(shown), total=count_text(of)))
        self.list.setFixedHeight(ROW * min(_MOST, len(shown)))
        self.place(over)
        self.show()
        self.raise_()

    def place(self, over: QWidget) -> None:
        """Lie above this widget, as wide as it; below it, or over its end, where it has no room above."""
        page = self.parentWidget()
        assert page is not None
        height = self.sizeHint().height()
        corner = over.mapTo(page, QPoint(0, 0))
        above, below = corner.y() - height - 6, corner.y() + over.height() + 6
        if (
            above < 0 and corner.y() < page.height() // 2
        ):  # a text begins at its top: in a low window its end is covered
            above = min(below, page.height() - height - 6)
        self.setGeometry(corner.x(), max(0, above), over.width(), height)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if event.type() is QEvent.Type.FocusOut:
            self.hide()
        if not self.is_open or not isinstance(event, QKeyEvent):
            return False
        if event.type() is QEvent.Type.ShortcutOverride:  # these keys are the list's now, not the window's
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
                event.accept()
                return True
            return False
        return event.type() is QEvent.Type.KeyPress and not event.modifiers() and self._key(event.key())

    def _key(self, key: int) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(key))
        if step is not None:
            place = (self.list.currentIndex().row() + step) % len(self._options.shown)
            self.list.setCurrentIndex(self._options.index(place, 0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._take(self.list.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            self.hide()
            self.left.emit()
        else:
            return False
        return True

    def _take(self, place: int) -> None:
        if 0 <= place < len(self._options.shown):
            key = self._options.shown[place].key
            self.hide()
            self.taken.emit(key)
