"""The heading of a lane, as each column paints its part of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from app.boards.queries import Named
from ui.icons import draw_icon
from ui.models.board import named
from ui.pages.board.card import INSET
from ui.text import count_text
from ui.theme import SMALL, font, tokens
from ui.widgets.paint import draw_text


def lane_title(by: str, lane: Named) -> str:
    """What a lane is called."""
    return named(by, lane)[0]


def paint_lane(
    painter: QPainter, rect: QRectF, title: str, count: int, *, folded: bool, held: bool, room: float
) -> None:
    """A heading: what the lane is called (in one column), and how many cards this column has in it.

    `held`: something is held over the lane, whose cards begin beneath and take `room`.
    """
    t = tokens()
    painter.setPen(Qt.PenStyle.NoPen)
    if held and room > 0:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(t.accent), 2))
        below = QRectF(rect.x() + 5, rect.bottom(), rect.width() - 10, room - 2)
        painter.drawRoundedRect(below, t.radius, t.radius)
    painter.fillRect(rect, QColor(t.accent_soft if held else t.sunken))
    painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), QColor(t.line_strong if t.hc else t.line))
    x = rect.x() + INSET
    if title:
        sign = "chevron-right" if folded else "chevron-down"
        draw_icon(painter, QPointF(x - 4, rect.y() + 10), sign, "text2", 16)
        weight = QFont.Weight.DemiBold
        width = min(QFontMetrics(font(SMALL, weight)).horizontalAdvance(title) + 2, rect.width() - 2 * INSET - 56)
        draw_text(
            painter, QRectF(x + 18, rect.y(), width, rect.height()), title, px=SMALL, weight=weight, colour="text2"
        )
        x += 18 + width + 8
    if count:
        words = QRectF(x, rect.y(), rect.right() - INSET - x, rect.height())
        draw_text(painter, words, count_text(count), px=SMALL, colour="text3")
