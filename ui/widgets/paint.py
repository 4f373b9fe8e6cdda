"""What widgets and delegates both draw: avatars, pills, boxes to tick, focus frames, shadows.

Each function takes a painter and leaves its state as it found it, apart from pen, brush and font. Positions are
device-independent pixels; colours come from the tokens in force.
"""

from __future__ import annotations

import math
import unicodedata
from functools import cache, lru_cache
from unicodedata import bidirectional

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter, QPen, QPixmap

from ui.icons import draw_icon
from ui.theme import BODY, SMALL, TITLE, font, tokens

PILL_HEIGHT = 20


def initials(name: str) -> str:
    """Letters for an avatar: "Tomás Hughes" → "TH", "Priya" → "P"; "?" when there is nothing to go by."""
    words = [w for w in name.replace("@", " ").split() if unicodedata.category(w[0])[0] in "LN"]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def draw_avatar(painter: QPainter, rect: QRectF, name: str, *, icon: str | None = None) -> None:
    """A round ground with initials, or with `icon` on grey for somebody who is not known by name."""
    t = tokens()
    if icon:
        ground, ink = (t.canvas, t.text) if t.hc else (t.line, t.text2)
    else:
        ground, ink = t.avatars[sum(map(ord, name)) % len(t.avatars)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(ink), 1.5) if t.hc else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawEllipse(rect.adjusted(1, 1, -1, -1) if t.hc else rect)
    side = rect.width()
    if icon:
        px = round(side * 0.56)
        draw_icon(painter, QPointF(rect.x() + (side - px) / 2, rect.y() + (side - px) / 2), icon, ink, px)
        return
    px = 9 if side < 24 else 10 if side < 28 else SMALL if side < 40 else TITLE - 1
    painter.setPen(QColor(ink))
    painter.setFont(font(px, QFont.Weight.DemiBold))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, initials(name))


def draw_badge(painter: QPainter, centre: QPointF, icon: str, *, ground: str) -> None:
    """The small channel icon at an avatar's edge, on a disc of the row's own `ground` (token name)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().colour(ground)))
    painter.drawEllipse(centre, 8.5, 8.5)
    draw_icon(painter, QPointF(centre.x() - 6.5, centre.y() - 6.5), icon, "text2", 13)


def pill_width(text: str, icon: str | None = None) -> int:
    """How wide `draw_pill` will draw."""
    advance = QFontMetrics(font(SMALL, QFont.Weight.Medium)).horizontalAdvance(text)
    return advance + 16 + (16 if icon else 0)


def pill_text(text: str, width: int, icon: str | None = None) -> str:
    """As much of a text as a pill of this width shows: all of it in one as wide as it wants to be, whose pixels are whole ones."""
    if pill_width(text, icon) <= width:
        return text
    metrics = QFontMetrics(font(SMALL, QFont.Weight.Medium))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - pill_width("", icon))


def draw_pill(
    painter: QPainter,
    x: float,
    y: float,
    text: str,
    tone: str,
    *,
    right: bool = False,
    icon: str | None = None,
    ground: str = "",
) -> int:
    """A state in a word on its own ground, 20 px high; with `right`, `x` is its right edge. Returns its width.

    `ground` is another colour beneath it, for a pill on a box of its own tone, where nobody would see it.
    """
    t = tokens()
    own, ink = t.tone(tone)
    ground = t.colour(ground) if ground else own or ""
    width = pill_width(text, icon)
    left = x - width if right else x
    rect = QRectF(left, y, width, PILL_HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(ink), 1) if t.hc else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5) if t.hc else rect, 10, 10)
    start = left + 8
    if icon:
        draw_icon(painter, QPointF(left + 7, y + 4), icon, ink, 12)
        start += 16
    painter.setFont(font(SMALL, QFont.Weight.Medium))
    painter.setPen(QColor(ink))
    painter.drawText(QRectF(start, y, width, PILL_HEIGHT), int(Qt.AlignmentFlag.AlignVCenter), text)
    return width


def fraction_width(done: int, whole: int) -> int:
    """How wide `draw_fraction` will draw."""
    return QFontMetrics(font(SMALL)).horizontalAdvance(f"{done}/{whole}") + 18


def draw_fraction(painter: QPainter, x: float, y: float, done: int, whole: int) -> int:
    """How much of a list is done, "1/3" with a small box, quietly, 20 px high. Returns its width."""
    is_done = done == whole
    icon = "checkbox-marked-outline" if is_done else "checkbox-blank-outline"
    draw_icon(painter, QPointF(x, y + 3), icon, "ok" if is_done else "text3", 14)
    width = fraction_width(done, whole)
    draw_text(painter, QRectF(x + 18, y, width, PILL_HEIGHT), f"{done}/{whole}", px=SMALL, colour="text3")
    return width


def draw_check(painter: QPainter, x: float, y: float, state: Qt.CheckState, *, enabled: bool = True) -> None:
    """A box to tick, 16 px: empty, ticked or "some"."""
    t = tokens()
    on = state is not Qt.CheckState.Unchecked
    edge = t.accent if on and enabled else t.text3
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(edge), 1)
    if not enabled and t.hc:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(QColor(edge if on else t.canvas))
    painter.drawRoundedRect(QRectF(x + 0.5, y + 0.5, 15, 15), 4, 4)
    if on:
        name = "minus-thick" if state is Qt.CheckState.PartiallyChecked else "check-bold"
        draw_icon(painter, QPointF(x + 2, y + 2), name, "on_accent" if enabled else "canvas", 12)


def draw_dot(painter: QPainter, centre: QPointF, colour: str, size: float = 8) -> None:
    """A filled circle, for unread and presence."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().colour(colour)))
    painter.drawEllipse(centre, size / 2, size / 2)


def draw_row_ground(painter: QPainter, rect: QRectF, *, selected: bool, hovered: bool, focused: bool = False) -> str:
    """The rounded ground of a list row; returns the token name of the ground that text now stands on."""
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = "selected" if selected else "hover" if hovered else ""
    if ground:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.colour(ground)))
        painter.drawRoundedRect(rect, t.radius, t.radius)
    if focused or (t.hc and selected):
        draw_focus(painter, rect)
    return ground


def draw_focus(painter: QPainter, rect: QRectF, radius: float | None = None) -> None:
    """The frame of whatever the keyboard acts on: 2 px in the accent."""
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(t.accent), 2))
    corner = t.radius if radius is None else radius
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), corner, corner)


def reading_flags(text: str) -> int:
    """What `drawText` needs to set a line in the order in which it is read: one that begins with Arabic or Hebrew runs from right
    to left, also where English stands within it. Its place in a list stays where the others have theirs.
    """
    strong = () if text.isascii() else (side for one in text if (side := bidirectional(one)) in ("L", "R", "AL"))
    if next(iter(strong), "L") != "L":
        return int(Qt.TextFlag.TextForceRightToLeft) | int(Qt.AlignmentFlag.AlignAbsolute)
    return 0


def draw_text(
    painter: QPainter,
    rect: QRectF,
    text: str,
    *,
    px: int = BODY,
    weight: QFont.Weight = QFont.Weight.Normal,
    colour: str = "text",
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line, vertically centred, cut with an ellipsis where it does not fit."""
    painter.setFont(font(px, weight))
    painter.setPen(QColor(tokens().colour(colour)))
    cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, int(align | Qt.AlignmentFlag.AlignVCenter) | reading_flags(cut), cut)


def key_width(metrics: QFontMetricsF, text: str) -> float:
    """The width of a key cap in the small font of `metrics`."""
    return max(22.0, metrics.horizontalAdvance(text) + 16)


def draw_key(painter: QPainter, right: float, middle: float, text: str) -> float:
    """A key cap whose right edge is `right`; returns its left edge. Where pixels are whole it is a picture made once: the sheet of
    all keys has ninety caps, of thirty kinds.
    """
    width = key_width(QFontMetricsF(font(SMALL)), text)
    ratio = painter.device().devicePixelRatioF()
    if ratio.is_integer():
        painter.drawPixmap(round(right - width), round(middle - 10), _key(text, width, ratio, tokens().name))
    else:
        _paint_key(painter, QRectF(right - width, middle - 10, width, 20), text)
    return right - width


@lru_cache(maxsize=128)
def _key(text: str, width: float, ratio: float, _theme: str) -> QPixmap:
    made = QPixmap(math.ceil(width * ratio), math.ceil(20 * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        _paint_key(painter, QRectF(0, 0, width, 20), text)
    return made


def _paint_key(painter: QPainter, rect: QRectF, text: str) -> None:
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(t.line))
    painter.setBrush(QColor(t.sunken))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    draw_text(painter, rect, text, px=SMALL, colour="text2", align=Qt.AlignmentFlag.AlignHCenter)


def draw_shadow(painter: QPainter, rect: QRectF, *, radius: float = 12, blur: int = 24, drop: int = 10) -> None:
    """A soft shadow around an opaque frame that lies above the page, nothing beneath it. High contrast has none: frames do its
    work. Corners and edges come from a picture made once: painting twelve veils over half the window anew took 3 ms.
    """
    strength = tokens().shadow
    if strength <= 0:
        return
    ratio = painter.device().devicePixelRatioF()
    made = _shadow(strength, radius, blur, ratio)
    corner = radius + blur
    whole = rect.adjusted(-blur, drop - blur, blur, drop + blur)
    across = ((whole.x(), corner), (whole.x() + corner, whole.width() - 2 * corner), (whole.right() - corner, corner))
    down = ((whole.y(), corner), (whole.y() + corner, whole.height() - 2 * corner), (whole.bottom() - corner, corner))
    cut = ((0.0, corner), (corner, 1.0), (corner + 1.0, corner))
    for row, (y, height) in enumerate(down):
        for place, (x, width) in enumerate(across):
            if (row, place) != (1, 1):
                (left, wide), (top, high) = cut[place], cut[row]
                part = QRectF(left * ratio, top * ratio, wide * ratio, high * ratio)
                painter.drawPixmap(QRectF(x, y, width, height), made, part)


@cache
def _shadow(strength: float, radius: float, blur: int, ratio: float) -> QPixmap:
    """The shadow of a frame of two corners and one pixel between them."""
    side = 2 * (radius + blur) + 1
    made = QPixmap(math.ceil(side * ratio), math.ceil(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    colour, frame = QColor("#0B1020"), QRectF(blur, blur, side - 2 * blur, side - 2 * blur)
    with QPainter(made) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(blur, 0, -2):
            colour.setAlphaF(strength * 0.16 * (1 - step / blur) ** 1.5)
            painter.setBrush(colour)
            painter.drawRoundedRect(frame.adjusted(-step, -step, step, step), radius + step, radius + step)
    return made
