"""Painting of the list of chats: headings, and rows with who, how long they wait, where they are and their last words.

While many write, the list changes five times a second. Rows that are as they were are not painted again; the others are, in portions.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.chats.queries import ChatRow
from app.kernel import clock
from ui.icons import draw_icon
from ui.models.chats import CHAT_ROLE, Heading
from ui.pages.chats.words import GOING_ON, is_named, second_line, state_pill, state_text, visitor_name
from ui.text import count_text, tr
from ui.theme import SMALL, font
from ui.widgets.paint import draw_avatar, draw_dot, draw_pill, draw_row_ground, draw_text, pill_width
from ui.widgets.painted import SHOWN, Painted, Portions

ROW_HEIGHT, HEADING_HEIGHT = 84, 36
_Index = QModelIndex | QPersistentModelIndex
_Standing = str | tuple[str, str]
"""Words for how a chat stands; with a tone, if they are a pill."""
_MEDIUM, _BOLD = QFont.Weight.Medium, QFont.Weight.DemiBold


class ChatPainter(QStyledItemDelegate):
    """Paints the list `view`. `is_typing(conversation)`: does the visitor type just now?"""

    def __init__(self, view: QAbstractItemView, is_typing: Callable[[UUID], bool]) -> None:
        super().__init__(view)
        self._is_typing = is_typing
        self._painted = Painted("surface", Portions(self, lambda: view.viewport().update()))

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(200, HEADING_HEIGHT if isinstance(index.data(CHAT_ROLE), Heading) else ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        item = index.data(CHAT_ROLE)
        if isinstance(item, Heading):
            painter.save()
            _paint_heading(painter, QRectF(option.rect), item)
            painter.restore()
        elif isinstance(item, ChatRow):
            self._show_row(painter, option, item)

    def _show_row(self, painter: QPainter, option: QStyleOptionViewItem, row: ChatRow) -> None:
        now, state, typing = clock.now(), option.state & SHOWN, self._is_typing(row.id)
        standing = state_pill(row, now) or state_text(row, now)

        def paint(own: QPainter, place: QRect) -> None:
            _paint_row(own, place, state, row, standing, typing=typing)

        self._painted.draw(
            painter, option.rect, row, (state.value, standing, typing), paint, now, known=(row.id, state.value)
        )


def _paint_heading(painter: QPainter, rect: QRectF, item: Heading) -> None:
    line = rect.adjusted(20, 10, -20, 0)
    draw_text(painter, line, item.text, px=SMALL, weight=_BOLD, colour="text3")
    width = QFontMetrics(font(SMALL, _BOLD)).horizontalAdvance(item.text) + 8
    draw_text(painter, line.adjusted(width, 0, 0, 0), count_text(item.count), px=SMALL, colour="text3")


def _paint_row(
    painter: QPainter, place: QRect, state: QStyle.StateFlag, row: ChatRow, standing: _Standing, *, typing: bool
) -> None:
    frame = QRectF(place).adjusted(8, 2, -8, -2)
    draw_row_ground(
        painter,
        frame,
        selected=bool(state & QStyle.StateFlag.State_Selected),
        hovered=bool(state & QStyle.StateFlag.State_MouseOver),
        focused=bool(state & QStyle.StateFlag.State_HasFocus)
        and bool(state & QStyle.StateFlag.State_KeyboardFocusChange),
    )
    left, top, right = frame.x() + 12, frame.y() + 10, frame.right() - 12
    name = visitor_name(row)
    draw_avatar(painter, QRectF(left, top + 2, 32, 32), name, icon=None if is_named(row) else "account-outline")
    words, end = left + 44, _paint_state(painter, standing, right, top)
    if row.state in GOING_ON and (row.verified or row.email):
        end -= 18
        shield = ("shield-check-outline", "ok") if row.verified else ("shield-alert-outline", "warn")
        draw_icon(painter, QPointF(end, top + 2), shield[0], shield[1], 14)
        end -= 4
    weight = _BOLD if _is_unread(row) else _MEDIUM
    draw_text(painter, QRectF(words, top, end - words - 4, 18), name, weight=weight)
    draw_text(painter, QRectF(words, top + 20, right - words, 18), second_line(row), px=SMALL, colour="text2")
    _paint_last(painter, QRectF(words, top + 41, right - words, 18), row, typing=typing)


def _paint_state(painter: QPainter, standing: _Standing, right: float, top: float) -> float:
    """How long they wait, or what is the case instead; where the name must end."""
    if not isinstance(standing, str):
        words, tone = standing
        draw_pill(painter, right, top - 1, words, tone, right=True)
        return right - pill_width(words) - 4
    width = QFontMetrics(font(SMALL)).horizontalAdvance(standing) + 2
    draw_text(painter, QRectF(right - width, top, width, 18), standing, px=SMALL, colour="text3")
    return right - width - 4


def _paint_last(painter: QPainter, line: QRectF, row: ChatRow, *, typing: bool) -> None:
    if typing:
        for place in range(3):
            draw_dot(painter, QPointF(line.x() + 3 + 9 * place, line.center().y()), "accent", 5)
        words = tr("typing")
        draw_text(painter, line.adjusted(32, 0, 0, 0), words, px=SMALL, weight=_MEDIUM, colour="accent_text")
        return
    room = line
    unread = _is_unread(row)
    if unread:
        draw_dot(painter, QPointF(line.right() - 4, line.center().y()), "accent")
        room = line.adjusted(0, 0, -16, 0)
    draw_text(painter, room, row.snippet, px=SMALL, colour="text" if unread else "text3")


def _is_unread(row: ChatRow) -> bool:
    """Words that nobody has read; of a chat that was answered and is over they do not matter any more."""
    return row.unread > 0 and row.state != "ended"
