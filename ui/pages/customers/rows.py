"""How customers and moments of their history are painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.kernel import clock
from app.timeline.queries import Moment
from ui.icons import draw_icon
from ui.models.customers import LINE_ROLE, CustomerLine, TimelineLine, words_of
from ui.models.words import status_word
from ui.text import count_text, tr, when_text
from ui.theme import SMALL, font, tokens
from ui.widgets.paint import PILL_HEIGHT, draw_avatar, draw_focus, draw_pill, draw_row_ground, draw_text, pill_width

CUSTOMER_HEIGHT = 48
MOMENT_HEIGHT = 62
HEADING_HEIGHT = 36
_RING = 32
_Index = QModelIndex | QPersistentModelIndex
_TONES = {"new": "info", "open": "warn", "waiting": "plain", "solved": "ok", "closed": "plain"}


class CustomerDelegate(QStyledItemDelegate):
    """Cells of the list: a face beside the name; the rest is text."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(80, CUSTOMER_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        line = index.data(LINE_ROLE)
        if not isinstance(line, CustomerLine):
            return
        t, rect = tokens(), QRectF(option.rect)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(t.selected if chosen else t.hover))
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawLine(QPointF(rect.left(), rect.bottom() - 0.5), QPointF(rect.right(), rect.bottom() - 0.5))
        if index.column() == 0:
            _paint_name(painter, rect, line)
        else:
            colour = "text" if index.column() in (2, 3) else "text2"
            draw_text(painter, rect.adjusted(8, 0, -8, 0), str(index.data()), px=SMALL, colour=colour)
        if chosen and _has_focus(option):
            _frame_row(painter, rect, index.column(), index.model().columnCount())
        painter.restore()


def _paint_name(painter: QPainter, rect: QRectF, line: CustomerLine) -> None:
    face = QRectF(rect.left() + 8, rect.top() + (rect.height() - 28) / 2, 28, 28)
    draw_avatar(painter, face, line.name)
    room = rect.adjusted(48, 0, -8, 0)
    draw_text(painter, room, line.name, weight=QFont.Weight.Medium)


def _has_focus(option: QStyleOptionViewItem) -> bool:
    view = option.widget
    return isinstance(view, QAbstractItemView) and view.hasFocus()


def _frame_row(painter: QPainter, rect: QRectF, column: int, columns: int) -> None:
    """One frame around all cells of a row: each cell draws its part of it."""
    painter.setClipRect(rect)
    wide = rect.adjusted(0 if column == 0 else -20, 0, 0 if column == columns - 1 else 20, 0)
    draw_focus(painter, wide, 4)


class MomentDelegate(QStyledItemDelegate):
    """The history: headings, and moments with their sign on a line that leads to the next."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        line = index.data(LINE_ROLE)
        return QSize(200, HEADING_HEIGHT if isinstance(line, TimelineLine) and line.moment is None else MOMENT_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        line = index.data(LINE_ROLE)
        if not isinstance(line, TimelineLine):
            return
        painter.save()
        rect = QRectF(option.rect)
        if option.widget is not None:
            rect.setRight(option.widget.width())  # under the scroll bar's column too: dates stand below the tiles' edge
        if line.moment is None:
            place = rect.adjusted(24, 8, -24, 0)
            draw_text(painter, place, line.heading, px=SMALL, weight=QFont.Weight.DemiBold, colour="text3")
        else:
            state = option.state
            current = bool(state & QStyle.StateFlag.State_Selected) and _has_focus(option)
            ground = rect.adjusted(16, 1, -16, -1)
            draw_row_ground(
                painter,
                ground,
                selected=current,
                hovered=bool(state & QStyle.StateFlag.State_MouseOver) and line.moment.ticket is not None,
                focused=current,
            )
            _paint_moment(painter, rect.adjusted(24, 0, -24, 0), line, line.moment)
        painter.restore()


def _paint_moment(painter: QPainter, rect: QRectF, line: TimelineLine, moment: Moment) -> None:
    t = tokens()
    ring = QRectF(rect.left(), rect.top() + 8, _RING, _RING)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(t.line_strong), 1))
    if not line.last:
        middle = round(ring.center().x()) + 0.5
        painter.drawLine(QPointF(middle, ring.bottom()), QPointF(middle, rect.bottom() + 8))
    painter.setBrush(QColor(t.raised))
    painter.drawEllipse(ring.adjusted(0.5, 0.5, -0.5, -0.5))
    sign, colour = sign_of(moment)
    draw_icon(painter, QPointF(ring.x() + 9, ring.y() + 9), sign, colour, 14)
    right = _paint_facts(painter, rect, line, moment)
    title, text = words_of(moment)
    left = rect.left() + _RING + 16
    room = right - left - 12
    weight = QFont.Weight.Medium if moment.kind != "ticket" else QFont.Weight.Normal
    draw_text(painter, QRectF(left, rect.top() + 8, room, 20), title, weight=weight)
    draw_text(painter, QRectF(left, rect.top() + 29, room, 18), " ".join(text.split()), px=SMALL, colour="text2")


def _paint_facts(painter: QPainter, rect: QRectF, line: TimelineLine, moment: Moment) -> float:
    """State and date at the right; returns where they begin."""
    painter.setFont(font(SMALL))
    when = when_text(moment.at, clock.now())
    width = max(96, painter.fontMetrics().horizontalAdvance(when) + 8)
    place = QRectF(rect.right() - width, rect.top() + 8, width, PILL_HEIGHT)
    draw_text(painter, place, when, px=SMALL, colour="text2", align=Qt.AlignmentFlag.AlignRight)
    left = place.left()
    if line.show_status:
        word = status_word(moment.status)
        draw_pill(painter, left - 4, rect.top() + 8, word, _TONES.get(moment.status, "plain"), right=True)
        left -= pill_width(word) + 4
    return left


def sign_of(moment: Moment) -> tuple[str, str]:
    """The icon of a moment and its colour."""
    if moment.kind == "mail":
        return ("email-outline" if moment.what == "in" else "reply-outline"), "text2"
    if moment.kind == "note":
        return "note-text-outline", "text2"
    if moment.kind == "survey":
        return ("star" if moment.what == "answered" else "star-outline"), "accent_text"
    signs = {"solved": ("check", "ok"), "closed": ("archive-outline", "text3"), "reopened": ("restart", "warn")}
    return signs.get(moment.what, ("ticket-outline", "text3"))


def kind_words(counts: dict[str, int]) -> list[tuple[str, str]]:
    """The chips over a history with their counts; they sum to All. What has never happened is left out."""
    names = {"mail": tr("E-mail"), "note": tr("Notes"), "survey": tr("Surveys"), "ticket": tr("Tickets")}
    chips = [("", f"{tr('All')} {count_text(sum(counts.values()))}")]
    chips += [(kind, f"{name} {count_text(counts[kind])}") for kind, name in names.items() if counts.get(kind)]
    return chips
