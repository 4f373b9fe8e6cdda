"""Painting of the list's own rows: close ones beside the usual ones, and the headings between them."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from app.kernel import clock
from app.tickets.queries import TicketRow
from app.views.grouping import Heading
from app.views.rules import Group
from ui.icons import draw_icon
from ui.models.tickets import HEADING_ROLE, ROW_ROLE
from ui.models.words import status_word
from ui.pages.inbox.ticket_list.rows import ROW_HEIGHT, RowPainter, paint_row
from ui.pages.inbox.words import priority_word, row_pill
from ui.text import ago, count_text, date_text, tr
from ui.theme import SMALL, font, tokens
from ui.widgets.paint import draw_avatar, draw_check, draw_dot, draw_pill, draw_row_ground, draw_text
from ui.widgets.painted import SHOWN, Painted

COMPACT_HEIGHT = 52
HEADING_HEIGHT = 36
_Index = QModelIndex | QPersistentModelIndex
_State = QStyle.StateFlag
_MEDIUM, _BOLD = QFont.Weight.Medium, QFont.Weight.DemiBold


class ListPainter(RowPainter):
    """Paints a list's rows, usual or compact, and its headings. `group`: what the headings stand for."""

    compact = False
    group: Group = Group.NONE

    def __init__(self, parent: QObject | None = None, ground: str = "surface") -> None:
        super().__init__(parent)
        self._painted = Painted(ground)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(200, COMPACT_HEIGHT if self.compact else ROW_HEIGHT)

    def paint_at(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, index: _Index) -> None:
        heading, row = index.data(HEADING_ROLE), index.data(ROW_ROLE)
        if isinstance(heading, Heading):
            painter.save()
            _paint_heading(painter, QRectF(rect), heading_words(heading, self.group), heading.count)
            painter.restore()
        elif isinstance(row, TicketRow):
            self.paint_ticket(painter, rect, state, row)
        else:
            super().paint_at(painter, rect, state, index)

    def paint_ticket(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, row: TicketRow) -> None:
        """Paint a ticket, or show its picture."""
        now = clock.now()
        look = ((state & SHOWN).value, self.boxes, self.compact, ago(row.last_message_at, now), row_pill(row, now))

        def paint(own: QPainter, place: QRect) -> None:
            (_paint_compact if self.compact else paint_row)(own, place, state, row, now, boxes=self.boxes)

        self._painted.draw(painter, rect, row, look, paint)


def heading_words(heading: Heading, group: Group) -> str:
    """What stands above a group of tickets."""
    match group:
        case Group.STATUS:
            return status_word(heading.key)
        case Group.PRIORITY:
            return priority_word(heading.key)
        case Group.DAY:
            return _day_words(heading.key, clock.now().astimezone())
        case Group.ASSIGNEE:
            return heading.label or tr("Unassigned")
        case Group.CUSTOMER:
            return heading.label or tr("Unknown sender")
        case Group.TAG:
            return heading.label or tr("No tag")
        case _:
            return heading.label


def _day_words(key: str, now: datetime) -> str:
    day = datetime.fromisoformat(key).astimezone()
    if day.date() == now.date():
        return tr("Today")
    if day.date() == now.date() - timedelta(days=1):
        return tr("Yesterday")
    return date_text(day, now)


def _paint_heading(painter: QPainter, rect: QRectF, words: str, count: int) -> None:
    number = count_text(count)
    width = QFontMetrics(font(SMALL)).horizontalAdvance(number) + 4
    line = rect.adjusted(20, 10, -20, 0)
    draw_text(painter, line.adjusted(0, 0, -width - 8, 0), words, px=SMALL, weight=_BOLD, colour="text2")
    right = Qt.AlignmentFlag.AlignRight
    draw_text(painter, line, number, px=SMALL, colour="text3", align=right)


def _paint_compact(
    painter: QPainter, place: QRect, state: _State, row: TicketRow, now: datetime, *, boxes: bool
) -> None:
    """One row in two lines, 52 px high: who and when, the subject and one state."""
    frame = QRectF(place).adjusted(8, 1, -8, -1)
    keyboard = bool(state & _State.State_HasFocus) and bool(state & _State.State_KeyboardFocusChange)
    selected = bool(state & _State.State_Selected)
    hovered = bool(state & _State.State_MouseOver)
    draw_row_ground(painter, frame, selected=selected, hovered=hovered, focused=keyboard)
    left, top, right = frame.x() + 12, frame.y() + 6, frame.right() - 12
    if boxes:
        check = Qt.CheckState.Checked if selected else Qt.CheckState.Unchecked
        draw_check(painter, left + 4, frame.center().y() - 8, check)
    else:
        icon = None if row.customer_name else "account-outline"
        draw_avatar(painter, QRectF(left, frame.center().y() - 12, 24, 24), row.customer_name, icon=icon)
    words, when = left + 36, ago(row.last_message_at, now)
    when_width = QFontMetrics(font(SMALL)).horizontalAdvance(when)
    draw_text(painter, QRectF(right - when_width - 2, top, when_width + 2, 18), when, px=SMALL, colour="text3")
    who = row.customer_name or tr("Unknown sender")
    weight = _BOLD if row.unread else _MEDIUM
    draw_text(painter, QRectF(words, top, right - words - when_width - 12, 18), who, weight=weight)
    end, pill = right, row_pill(row, now)
    if row.unread:
        draw_dot(painter, QPointF(right - 4, top + 28), "accent")
        end -= 16
    if row.follow_up:
        draw_icon(painter, QPointF(end - 14, top + 21), "flag-outline", "bad", 14)
        end -= 20
    if pill is not None:
        shown = pill[2] if pill[2] and tokens().hc else None
        end -= draw_pill(painter, end, top + 18, pill[0], pill[1], right=True, icon=shown) + 8
    weight = _BOLD if row.unread else QFont.Weight.Normal
    colour = "text" if row.unread else "text2"
    draw_text(painter, QRectF(words, top + 19, end - words, 18), row.subject, weight=weight, colour=colour)
