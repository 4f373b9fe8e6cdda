"""All actions with their keys as one painted list: some 170 lines, of which a screenful costs anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui.icons import draw_icon
from ui.pages.keymap import FIXED
from ui.text import tr
from ui.theme import SMALL, font
from ui.widgets.label import key_parts
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_key, draw_row_ground, draw_text

ROW, HEADING = 40, 42
_EDGE: Final = 12
_BACK: Final = 28
"""px at the right end of a line, for the way back to its usual keys."""

_CHANGE: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Space})
_RESET: Final = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})


@dataclass(frozen=True, slots=True)
class KeyLine:
    """An action with its keys as this system writes them, or (no `action`) a heading. `own`: they are a person's own."""

    text: str
    action: str = ""
    keys: str = ""
    own: bool = False

    @property
    def can_change(self) -> bool:
        """May it have other keys?"""
        return bool(self.action) and self.action not in FIXED


class KeyLines(Lines[KeyLine]):
    """The lines."""

    def words(self, one: KeyLine) -> str:
        return one.text

    def spoken(self, one: KeyLine) -> str:
        if not one.action:
            return one.text
        keys = one.keys or tr("none")
        return f"{one.text}, {keys}, {tr('your own')}" if one.own else f"{one.text}, {keys}"

    def flags(self, index: Index, /) -> Qt.ItemFlag:
        is_line = index.isValid() and bool(self.shown[index.row()].action)
        return super().flags(index) if is_line else Qt.ItemFlag.NoItemFlags

    def place_of(self, action: str) -> int:
        """The line of an action, -1 if it is not shown."""
        return next((place for place, one in enumerate(self.shown) if one.action == action), -1)


class _Painter(QStyledItemDelegate):
    """Draws them."""

    def __init__(self, lines: KeyLines, parent: QWidget) -> None:
        super().__init__(parent)
        self._lines = lines

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(200, ROW if self._lines.shown[index.row()].action else HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        line, rect = self._lines.shown[index.row()], QRectF(option.rect)
        painter.save()
        if line.action:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            over = bool(option.state & QStyle.StateFlag.State_MouseOver) and line.can_change
            draw_row_ground(painter, rect, selected=chosen, hovered=over)
            self._paint_line(painter, rect.adjusted(_EDGE, 0, -_EDGE, 0), line, near=chosen or over)
        else:
            place = rect.adjusted(_EDGE, 14, 0, 0)
            draw_text(painter, place, line.text, px=SMALL, weight=QFont.Weight.DemiBold, colour="text2")
        painter.restore()

    def _paint_line(self, painter: QPainter, rect: QRectF, line: KeyLine, *, near: bool) -> None:
        x, middle = rect.right() - _BACK, rect.center().y()
        if line.own:
            draw_icon(painter, QPointF(rect.right() - 18, middle - 8), "restore", "text2", 16)
        for part in reversed(key_parts(line.keys) if line.keys else []):
            x = draw_key(painter, x, middle, part) - 4
        right = Qt.AlignmentFlag.AlignRight
        if not line.keys:
            none = QRectF(rect.left(), rect.top(), x - rect.left(), rect.height())
            draw_text(painter, none, tr("none"), px=SMALL, colour="text3", align=right)
            x -= QFontMetricsF(font(SMALL)).horizontalAdvance(tr("none")) + 4
        if near and line.can_change:
            room = QRectF(rect.left(), rect.top(), x - 12 - rect.left(), rect.height())
            draw_text(painter, room, tr("Change"), px=SMALL, colour="accent_text", align=right)
            x -= QFontMetricsF(font(SMALL)).horizontalAdvance(tr("Change")) + 24
        draw_text(painter, QRectF(rect.left(), rect.top(), max(0.0, x - rect.left()), rect.height()), line.text)


class KeyList(QListView):
    """The list: Enter or a click asks for other keys, Delete or the arrow at the end for the usual ones."""

    change_wanted = Signal(str)  # an action
    reset_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.lines = KeyLines(self)
        self.setModel(self.lines)
        self.setItemDelegate(_Painter(self.lines, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(tr("Actions and their keys"))
        self.setAccessibleDescription(tr("Enter changes the keys, Delete brings back the usual ones."))

    def current(self) -> str:
        """The action that is chosen, "" for none."""
        row = self.currentIndex().row()
        return self.lines.shown[row].action if 0 <= row < len(self.lines.shown) else ""

    def show_lines(self, lines: list[KeyLine]) -> None:
        """Show these; what is chosen stays so, wherever it stands now."""
        chosen = self.current()
        self.lines.show(lines)
        self.choose(chosen)

    def choose(self, action: str) -> None:
        """Put the keyboard on the line of an action, if it is shown."""
        place = self.lines.place_of(action)
        if place >= 0:
            self.setCurrentIndex(self.lines.index(place))

    def put_over(self, action: str, widget: QWidget | None) -> None:
        """Show a widget in the place of a line, or (None) the line again."""
        place = self.lines.place_of(action)
        if place >= 0:
            self.setIndexWidget(self.lines.index(place), widget)  # type: ignore[arg-type]
            if widget is not None:
                self.scrollTo(self.lines.index(place))

    def _ask(self, action: str, asked: Callable[[str], object]) -> None:
        if action and action not in FIXED:
            asked(action)

    def event(self, event: QEvent, /) -> bool:
        is_ours = isinstance(event, QKeyEvent) and Qt.Key(event.key()) in _CHANGE | _RESET and not event.modifiers()
        if event.type() is QEvent.Type.ShortcutOverride and is_ours:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        key = Qt.Key(event.key())
        if key in _CHANGE and not event.modifiers():
            self._ask(self.current(), self.change_wanted.emit)
        elif key in _RESET and not event.modifiers():
            self._ask(self.current(), self.reset_wanted.emit)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for the field above."""

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        line = self.lines.shown[index.row()]
        is_back = line.own and self.way_back(self.visualRect(index)).contains(event.position().toPoint())
        self._ask(line.action, self.reset_wanted.emit if is_back else self.change_wanted.emit)

    @staticmethod
    def way_back(rect: QRect) -> QRect:
        """Where in a line's rectangle the way back to its usual keys is."""
        return QRect(rect.right() - _EDGE - _BACK + 4, rect.top(), _BACK, rect.height())

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        if not self.current():
            first = next((one.action for one in self.lines.shown if one.action), "")
            self.choose(first)
