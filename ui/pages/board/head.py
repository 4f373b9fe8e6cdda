"""The head of a column: what it stands for, how many cards it has, and its limit in words; and the strip of a folded one."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.boards.queries import ColumnView
from app.tickets.rules import BoardBy
from ui.icons import draw_icon
from ui.models.board import named
from ui.text import count_text, tr
from ui.theme import BODY, SMALL, font, tokens
from ui.widgets.button import pressed_by_enter
from ui.widgets.paint import PILL_HEIGHT, draw_avatar, draw_focus, draw_pill, draw_text, pill_width

_LINE, _SECOND = 24, 18
_PILLS = (BoardBy.STATUS, BoardBy.PRIORITY)
STRIP_WIDTH = 44


def limit_words(column: ColumnView) -> str:
    """The limit of a column and whether it is passed; empty without one."""
    over = column.count - column.shape.most
    if not column.shape.most:
        return ""
    if over > 0:
        return tr("{n} over the limit of {most}", n=over, most=count_text(column.shape.most))
    return tr("Limit {most}", most=count_text(column.shape.most))


def is_over(column: ColumnView) -> bool:
    """Does the column hold more than it should?"""
    return 0 < column.shape.most < column.count


def spoken_column(by: BoardBy, column: ColumnView) -> str:
    """A column as a screen reader says it."""
    parts = (named(by, column.named)[0], tr("{n} ticket|{n} tickets", n=column.count), limit_words(column))
    return ", ".join(part for part in parts if part)


class ColumnHead(QWidget):
    """Title, count, limit. Painted, so that whatever does not fit is cut and nothing moves."""

    def __init__(self, by: BoardBy) -> None:
        super().__init__()
        self._by = by
        self._column: ColumnView | None = None
        self._tall = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_column(self, column: ColumnView, *, tall: bool) -> None:
        """Show a column; `tall` keeps room for the line about limits, in all columns when one of them has one."""
        self._column, self._tall = column, tall
        self.setAccessibleName(spoken_column(self._by, column))
        self.setToolTip("\n".join(part for part in (named(self._by, column.named)[0], limit_words(column)) if part))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, _LINE + (_SECOND if self._tall else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent, /) -> None:
        column = self._column
        if column is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            over = is_over(column)
            count = count_text(column.count)
            weight = QFont.Weight.DemiBold if over else QFont.Weight.Normal
            room = self.width() - QFontMetrics(font(SMALL, weight)).horizontalAdvance(count) - 10
            width = self._paint_title(painter, column, room)
            words = QRectF(width + 8, 0, self.width() - width - 8, _LINE)
            draw_text(painter, words, count, px=SMALL, weight=weight, colour="bad" if over else "text2")
            if limit := limit_words(column):
                self._paint_limit(painter, limit, over=over)

    def _paint_title(self, painter: QPainter, column: ColumnView, room: float) -> float:
        title, tone = named(self._by, column.named)
        if self._by in _PILLS:
            cut = QFontMetrics(font(SMALL, QFont.Weight.Medium)).elidedText(
                title, Qt.TextElideMode.ElideRight, int(room) - 16
            )
            draw_pill(painter, 0, (_LINE - PILL_HEIGHT) / 2, cut, tone)
            return pill_width(cut)
        left = 0.0
        if self._by is BoardBy.ASSIGNEE and column.key:
            draw_avatar(painter, QRectF(0, 2, 20, 20), title)
            left = 28
        wish = QFontMetrics(font(BODY, QFont.Weight.Medium)).horizontalAdvance(title) + 2
        width = min(wish, room - left)
        draw_text(painter, QRectF(left, 0, width, _LINE), title, weight=QFont.Weight.Medium)
        return left + width

    def _paint_limit(self, painter: QPainter, words: str, *, over: bool) -> None:
        colour, left = "bad" if over else "text3", 0.0
        if over:
            draw_icon(painter, QPointF(0, _LINE + 2), "alert-circle-outline", colour, 14)
            left = 18
        weight = QFont.Weight.Medium if over else QFont.Weight.Normal
        place = QRectF(left, _LINE, self.width() - left, _SECOND)
        draw_text(painter, place, words, px=SMALL, colour=colour, weight=weight)


class FoldedColumn(QAbstractButton):
    """A folded column: a narrow strip with its name on its side; pressing it unfolds. Cards can be dropped on it."""

    def __init__(self, by: BoardBy) -> None:
        super().__init__()
        self._by = by
        self._column: ColumnView | None = None
        self.setFixedWidth(STRIP_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def show_column(self, column: ColumnView) -> None:
        """Show a column."""
        self._column = column
        self.setAccessibleName(tr("Unfold {name}", name=spoken_column(self._by, column)))
        self.setToolTip(spoken_column(self._by, column))
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        column = self._column
        if column is None:
            return
        t = tokens()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_icon(painter, QPointF(self.width() / 2 - 8, 12), "chevron-right", "text2", 16)
            painter.setPen(QPen(QColor(t.bad if is_over(column) else t.text2)))
            painter.setFont(font(SMALL, QFont.Weight.Medium))
            painter.translate(self.width() / 2, 40)
            painter.rotate(90)
            words = f"{named(self._by, column.named)[0]}   {count_text(column.count)}"
            cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, self.height() - 56)
            painter.drawText(QRectF(0, -10, self.height() - 52, 20), int(Qt.AlignmentFlag.AlignVCenter), cut)
            painter.resetTransform()
            if self.hasFocus():
                draw_focus(painter, QRectF(self.rect()))
