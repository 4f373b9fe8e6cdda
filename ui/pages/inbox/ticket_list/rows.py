"""Painting of the list: rows of tickets, and what the search found."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemDelegate, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.kernel import clock
from app.search.marking import spans
from app.tickets.queries import TicketRow
from ui.icons import draw_icon
from ui.models.hits import HIT_ROLE, Found
from ui.models.tickets import ROW_ROLE
from ui.pages.inbox.words import channel_icon, preview_text, row_pill
from ui.text import ago, tr
from ui.theme import BODY, SMALL, font, tokens
from ui.widgets.paint import (
    draw_avatar,
    draw_badge,
    draw_check,
    draw_dot,
    draw_fraction,
    draw_pill,
    draw_row_ground,
    draw_text,
    fraction_width,
)

ROW_HEIGHT = 84
_Index = QModelIndex | QPersistentModelIndex
_MEDIUM, _BOLD = QFont.Weight.Medium, QFont.Weight.DemiBold


class RowPainter(QStyledItemDelegate):
    """Paints a ticket's row: who, when, subject, the last words, and one state. `boxes`: to tick, in the place of avatars."""

    boxes = False

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        self.paint_at(painter, QRect(option.rect), option.state, index)

    def paint_at(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, index: _Index) -> None:
        """Paint a row there. Lists of our own ask here, with a place that is a value: `option.rect` is a reference into one piece of
        memory that every row would share.
        """
        row = index.data(ROW_ROLE)
        painter.save()
        if row is None:
            _paint_waiting(painter, QRectF(rect))
        else:
            paint_row(painter, rect, state, row, clock.now(), boxes=self.boxes)
        painter.restore()


def paint_at(
    painter: QPainter,
    option: QStyleOptionViewItem,
    delegate: QAbstractItemDelegate,
    rect: QRect,
    state: QStyle.StateFlag,
    index: _Index,
) -> None:
    """Have a row painted there: by our own painters directly (see `RowPainter.paint_at`), by others as Qt does."""
    if isinstance(delegate, RowPainter):
        delegate.paint_at(painter, rect, state, index)
        return
    option.rect, option.state = rect, state
    delegate.paint(painter, option, index)


def paint_row(
    painter: QPainter,
    place: QRect,
    state: QStyle.StateFlag,
    row: TicketRow,
    now: datetime,
    found: Found | None = None,
    *,
    boxes: bool = False,
) -> None:
    """One row, 84 px high; with `found` the words that were searched for are marked; with `boxes` one to tick."""
    frame, ground = _ground(painter, place, state)
    left, top, right = frame.x() + 12, frame.y() + 10, frame.right() - 12
    if boxes:
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        draw_check(painter, left + 8, top + 6, Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
    else:
        icon = None if row.customer_name else "account-outline"
        draw_avatar(painter, QRectF(left, top + 2, 32, 32), row.customer_name, icon=icon)
        draw_badge(painter, QPointF(left + 30, top + 32), channel_icon(row.channel), ground=ground or "surface")
    words = left + 44
    when = ago(found.at if found and found.at else row.last_message_at, now)
    when_width = QFontMetrics(font(SMALL)).horizontalAdvance(when)
    draw_text(painter, QRectF(right - when_width - 2, top, when_width + 2, 18), when, px=SMALL, colour="text3")
    who = row.customer_name or tr("Unknown sender")
    weight = _BOLD if row.unread else _MEDIUM
    draw_text(painter, QRectF(words, top, right - words - when_width - 12, 18), who, weight=weight)
    room = right
    if row.unread:
        draw_dot(painter, QPointF(right - 4, top + 30), "accent")
        room -= 16
    if row.follow_up:
        draw_icon(painter, QPointF(room - 14, top + 22), "flag-outline", "bad", 14)
        room -= 20
    line = QRectF(words, top + 20, room - words, 18)
    weight = _BOLD if row.unread else QFont.Weight.Normal
    paint_marked(painter, line, row.subject, found, colour="text" if row.unread else "text2", weight=weight)
    pill, end = row_pill(row, now), right
    if pill is not None:
        end -= draw_pill(painter, right, top + 41, pill[0], pill[1], right=True, icon=_pill_icon(pill[2])) + 8
    if row.has_attachment and pill is None:
        end -= 20
        _paint_clip(painter, QPointF(right - 14, top + 44))
    if row.checklist[1]:
        end -= fraction_width(*row.checklist)
        draw_fraction(painter, end, top + 41, *row.checklist)
        end -= 8
    if row.draft:
        begun = tr("Draft")
        width = QFontMetrics(font(SMALL, _MEDIUM)).horizontalAdvance(begun) + 2
        draw_text(painter, QRectF(words, top + 42, width, 18), begun, px=SMALL, weight=_MEDIUM, colour="accent_text")
        words += width + 6
    snippet = (found.snippet if found else "") or preview_text(row)
    paint_marked(painter, QRectF(words, top + 42, end - words, 18), snippet, found, px=SMALL, colour="text3")


def _pill_icon(icon: str) -> str | None:
    """High contrast does not tell states apart by colour, so due and overdue get an icon."""
    return icon if icon and tokens().hc else None


def _paint_clip(painter: QPainter, at: QPointF) -> None:
    draw_icon(painter, at, "paperclip", "text3", 14)


def _ground(painter: QPainter, place: QRect, state: QStyle.StateFlag) -> tuple[QRectF, str]:
    frame = QRectF(place).adjusted(8, 2, -8, -2)
    focused = bool(state & QStyle.StateFlag.State_HasFocus) and bool(state & QStyle.StateFlag.State_KeyboardFocusChange)
    ground = draw_row_ground(
        painter,
        frame,
        selected=bool(state & QStyle.StateFlag.State_Selected),
        hovered=bool(state & QStyle.StateFlag.State_MouseOver),
        focused=focused,
    )
    return frame, ground


def _paint_waiting(painter: QPainter, rect: QRectF) -> None:
    """Grey shapes where a row is being read."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().line))
    painter.drawEllipse(QRectF(rect.x() + 20, rect.y() + 14, 32, 32))
    room = rect.width() - 84
    for offset, share in ((16, 0.42), (36, 0.74), (56, 0.66)):
        painter.drawRoundedRect(QRectF(rect.x() + 64, rect.y() + offset, room * share, 8), 4, 4)


def paint_marked(
    painter: QPainter,
    rect: QRectF,
    text: str,
    found: Found | None,
    *,
    px: int = BODY,
    colour: str = "text",
    weight: QFont.Weight = QFont.Weight.Normal,
) -> None:
    """One line with the words searched for in bold and in the accent; cut where there is no room."""
    if found is None or not found.words:
        draw_text(painter, rect, text, px=px, colour=colour, weight=weight)
        return
    t, left = tokens(), rect.x()
    plain, bold = font(px, weight), font(px, QFont.Weight.DemiBold)
    for piece, hit in _pieces(text, spans(text, found.words, found.phrases)):
        painter.setFont(bold if hit else plain)
        painter.setPen(QPen(QColor(t.colour("accent_text" if hit else colour))))
        metrics = painter.fontMetrics()
        room = rect.right() - left
        cut = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(left, rect.y(), room, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), cut)
        left += metrics.horizontalAdvance(piece)
        if left >= rect.right() or cut != piece:
            return


def _pieces(text: str, marked: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    pieces, at = [], 0
    for start, end in marked:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces


class HitPainter(RowPainter):
    """Paints what the search found: headings, customers, tickets."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        found = index.data(HIT_ROLE)
        return QSize(200, found.height if isinstance(found, Found) else ROW_HEIGHT)

    def paint_at(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, index: _Index) -> None:
        found = index.data(HIT_ROLE)
        if not isinstance(found, Found):
            return
        painter.save()
        if found.kind == "heading":
            line = QRectF(rect).adjusted(20, 4, -20, 0)
            draw_text(painter, line, found.title, px=SMALL, weight=_BOLD, colour="text3")
        elif found.row is not None:
            paint_row(painter, rect, state, found.row, clock.now(), found, boxes=self.boxes)
        else:
            _paint_customer(painter, rect, state, found)
        painter.restore()


def _paint_customer(painter: QPainter, place: QRect, state: QStyle.StateFlag, found: Found) -> None:
    frame, _ = _ground(painter, place, state)
    left, middle = frame.x() + 12, place.center().y()
    draw_avatar(painter, QRectF(left, middle - 16, 32, 32), found.title)
    room = frame.right() - 12 - left - 44
    paint_marked(painter, QRectF(left + 44, middle - 18, room, 18), found.title, found, weight=_MEDIUM)
    paint_marked(painter, QRectF(left + 44, middle, room, 18), found.snippet, found, px=SMALL, colour="text3")
