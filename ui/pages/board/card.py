"""How a card is painted: subject, customer, channel and number, what presses, and who has it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from app.kernel import clock
from app.tickets.queries import TicketRow
from ui.icons import draw_icon
from ui.models.words import sleep_words, status_word
from ui.pages.board.places import CARD_HEIGHT
from ui.text import count_text, span_text, tr
from ui.theme import SMALL, font, tokens
from ui.widgets.paint import (
    PILL_HEIGHT,
    draw_avatar,
    draw_dot,
    draw_focus,
    draw_fraction,
    draw_pill,
    draw_text,
    fraction_width,
    pill_width,
)

INSET = 10  # of a card, from the edge of its list
_SOON_S = 2 * 3600
_CHANNELS = {
    "email": "email-outline",
    "phone": "phone-outline",
    "chat": "message-outline",
    "note": "note-text-outline",
}


def due_words(row: TicketRow, now: datetime) -> tuple[str, str] | None:
    """("Overdue 34 min", tone), ("Due in 29 min", tone), or None where nothing presses within two hours."""
    if row.due_at is None or row.status not in ("new", "open"):
        return None
    left = (row.due_at - now).total_seconds()
    if left <= 0:
        return tr("Overdue {span}", span=span_text(-left)), "bad"
    return (tr("Due in {span}", span=span_text(left)), "warn") if left < _SOON_S else None


def paint_card(
    painter: QPainter,
    rect: QRectF,
    row: TicketRow | None,
    now: datetime,
    *,
    selected: bool = False,
    hovered: bool = False,
    focused: bool = False,
    status: bool = False,
) -> None:
    """One card within `rect`; without a row its skeleton. `status`: say it, where neither column nor lane does."""
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = t.accent if selected else t.line_strong if hovered or t.hc else t.line
    painter.setPen(QPen(QColor(edge), 2 if selected and t.hc else 1))
    painter.setBrush(QColor(t.selected if selected else t.raised))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), t.radius, t.radius)
    if focused:
        draw_focus(painter, rect)
    if row is None:
        _paint_skeleton(painter, rect)
        return
    inner = rect.adjusted(12, 9, -12, -9)
    _paint_words(painter, inner, row, status=status)
    _paint_foot(painter, inner, row, now)


def _paint_words(painter: QPainter, inner: QRectF, row: TicketRow, *, status: bool) -> None:
    room = inner.width() - (14 if row.unread else 0)
    weight = QFont.Weight.DemiBold if row.unread else QFont.Weight.Medium
    draw_text(painter, QRectF(inner.x(), inner.y(), room, 20), row.subject or tr("No subject"), weight=weight)
    if row.unread:
        draw_dot(painter, QPointF(inner.right() - 4, inner.y() + 10), "accent")
    name = row.customer_name or (tr("No customer") if row.customer is None else tr("Unknown"))
    width = inner.width()
    if status:
        word = row.state_name or status_word(row.status)
        wish = min(QFontMetrics(font(SMALL)).horizontalAdvance(word) + 2, inner.width() / 2)
        place = QRectF(inner.right() - wish, inner.y() + 20, wish, 18)
        draw_text(painter, place, word, px=SMALL, colour="text3", align=Qt.AlignmentFlag.AlignRight)
        width -= wish + 8
    draw_text(painter, QRectF(inner.x(), inner.y() + 20, width, 18), name, px=SMALL, colour="text2")


def _paint_foot(painter: QPainter, inner: QRectF, row: TicketRow, now: datetime) -> None:
    top = inner.bottom() - PILL_HEIGHT
    right = inner.right()
    if row.assignee_name:
        draw_avatar(painter, QRectF(right - 20, top, 20, 20), row.assignee_name)
        right -= 28
    x = inner.x()
    draw_icon(painter, QPointF(x, top + 3), _CHANNELS.get(row.channel, "email-outline"), "text3", 14)
    number = f"#{row.number}"
    width = QFontMetrics(font(SMALL)).horizontalAdvance(number)
    draw_text(painter, QRectF(x + 20, top, width + 2, PILL_HEIGHT), number, px=SMALL, colour="text3")
    x += 20 + width + 8
    right -= _paint_due(painter, row, right, top, right - x, now)
    if row.checklist[1] and x + fraction_width(*row.checklist) < right:
        x += draw_fraction(painter, x, top, *row.checklist) + 6
    for icon, colour in _marks(row):
        if x + 14 < right:
            draw_icon(painter, QPointF(x, top + 3), icon, colour, 14)
            x += 18


def _paint_due(painter: QPainter, row: TicketRow, right: float, top: float, room: float, now: datetime) -> float:
    """What is due, or until when it sleeps, shorter or as a sign alone where there is no room; returns how much it took."""
    due = due_words(row, now)
    if due is not None and row.due_at is not None:
        text, tone = due
        sign, short = "clock-alert-outline", span_text(abs((row.due_at - now).total_seconds()))
        ways: list[tuple[str, str | None]] = [(text, sign if tokens().hc else None), (short, sign)]
    elif row.snooze_until is not None:
        tone, sign = "plain", "sleep"
        ways = [(words, sign) for words in sleep_words(row.snooze_until, now)]
    else:
        return 0
    for words, icon in ways:
        if pill_width(words, icon) <= room:
            return draw_pill(painter, right, top, words, tone, right=True, icon=icon) + 8
    draw_icon(painter, QPointF(right - 14, top + 3), sign, "text2" if tone == "plain" else tone, 14)
    return 22


def _marks(row: TicketRow) -> list[tuple[str, str]]:
    """Small signs beside the number: what was not delivered, what presses, what has a file."""
    marks = []
    if row.problem:
        marks.append(("alert-circle-outline", "bad"))
    if row.priority in ("urgent", "high"):
        marks.append(("flag", "bad" if row.priority == "urgent" else "warn"))
    if row.follow_up:
        marks.append(("flag-outline", "bad"))
    if row.draft:
        marks.append(("pencil-outline", "accent_text"))
    if row.has_attachment:
        marks.append(("paperclip", "text3"))
    return marks


def _paint_skeleton(painter: QPainter, rect: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().line))
    for top, share in ((14, 0.7), (36, 0.4), (76, 0.3)):
        painter.drawRoundedRect(QRectF(rect.x() + 12, rect.y() + top, (rect.width() - 24) * share, 8), 4, 4)


def drag_pixmap(row: TicketRow | None, count: int, width: int, ratio: float) -> QPixmap:
    """What hangs at the mouse while cards are dragged: the first one, and how many there are."""
    now = clock.now()
    made = QPixmap(round((width + 16) * ratio), round((CARD_HEIGHT + 16) * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.94)
        for behind in range(min(count - 1, 2), 0, -1):
            shift = behind * 4
            paint_card(painter, QRectF(shift, 8 + shift, width, CARD_HEIGHT), None, now)
        paint_card(painter, QRectF(0, 8, width, CARD_HEIGHT), row, now, selected=True)
        if count > 1:
            _paint_count(painter, width, count)
    return made


def _paint_count(painter: QPainter, width: int, count: int) -> None:
    t, words = tokens(), count_text(count)
    side = max(22, QFontMetrics(font(SMALL, QFont.Weight.DemiBold)).horizontalAdvance(words) + 12)
    rect = QRectF(width - side + 8, 0, side, 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.accent))
    painter.drawRoundedRect(rect, 11, 11)
    painter.setPen(QColor(t.on_accent))
    painter.setFont(font(SMALL, QFont.Weight.DemiBold))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)
