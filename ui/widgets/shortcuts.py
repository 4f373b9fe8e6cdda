"""The sheet that `?` opens: every shortcut, by group, as key caps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.text import tr
from ui.theme import SMALL, font, tokens
from ui.widgets.label import Label, key_parts
from ui.widgets.layout import column
from ui.widgets.overlay import Dialog
from ui.widgets.paint import draw_key, key_width

_LINE_HEIGHT, _MOST_HEIGHT = 22, 400
_GAP, _CAP_GAP, _BETWEEN = 4, 4, 6
_WRAPPED: Final = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class ShortcutSheet(Dialog):
    """Groups of (what, shortcut) in three columns."""

    light_dismiss = True

    def __init__(self, groups: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__(tr("Keyboard shortcuts"), width=1040)
        sides: list[list[QWidget]] = [[], [], []]
        heights = [0, 0, 0]
        for name, rows in groups.items():
            side = heights.index(min(heights))
            heights[side] += len(rows) + 2
            sides[side].append(_group(name, rows))
        inner = QWidget()
        layout = QHBoxLayout(inner)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(32)
        for widgets in sides:
            lane = QVBoxLayout()
            lane.setSpacing(20)
            for widget in widgets:
                lane.addWidget(widget)
            lane.addStretch(1)
            layout.addLayout(lane, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        area.setMinimumHeight(min(520, 40 + 28 * max(heights)))
        area.setAccessibleName(tr("Keyboard shortcuts"))
        self.content.addWidget(area, 1)


def _group(name: str, rows: Sequence[tuple[str, str]]) -> QWidget:
    return column(Label(name, "section"), _Lines(name, rows), spacing=6)


class _Lines(QWidget):
    """What keys do, a line each, with the caps at the right. Painted: a hundred lines are to be there at once when somebody
    presses a key, and with labels, caps and layouts they took five times as long. A screen reader is told all of them.
    """

    def __init__(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        small, body = QFontMetricsF(font(SMALL)), QFontMetrics(font())
        self._lines = [_line(small, body, what, key_parts(shortcut)) for what, shortcut in rows]
        self._tops: dict[int, list[int]] = {}
        self.setAccessibleName(name)
        self.setAccessibleDescription("\n".join(f"{what}: {shortcut}" for what, shortcut in rows))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int, /) -> int:
        return self._laid_out(width)[-1] - _BETWEEN

    def sizeHint(self) -> QSize:
        return QSize(280, (_LINE_HEIGHT + _BETWEEN) * len(self._lines) - _BETWEEN)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, _LINE_HEIGHT)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        tops = self._laid_out(self.width())
        with QPainter(self) as painter:
            for line, top, after in zip(self._lines, tops, tops[1:], strict=False):
                if after < event.rect().top() or top > event.rect().bottom():
                    continue
                height = after - _BETWEEN - top
                x = float(self.width())
                for part in reversed(line.parts):
                    x = draw_key(painter, x, top + height / 2, part) - _CAP_GAP
                painter.setFont(font())
                painter.setPen(QColor(tokens().text))
                painter.drawText(QRectF(0, top, line.room(self.width()), height), _WRAPPED, line.what)

    def _laid_out(self, width: int) -> list[int]:
        """Where each line begins, and where the next one would; layouts ask dozens of times, for the same few widths."""
        if (known := self._tops.get(width)) is not None:
            return known
        body, tops = QFontMetrics(font()), [0]
        for line in self._lines:
            height = _LINE_HEIGHT
            if line.wish > line.room(width):
                place = QRect(0, 0, line.room(width), _MOST_HEIGHT)
                height = max(height, body.boundingRect(place, _WRAPPED, line.what).height())
            tops.append(tops[-1] + height + _BETWEEN)
        self._tops[width] = tops
        return tops


@dataclass(frozen=True, slots=True)
class _Line:
    """`wish` and `caps`: how wide the words are in one line, and the caps with the gaps before them, in px."""

    what: str
    parts: Sequence[str]
    wish: int
    caps: int

    def room(self, width: int) -> int:
        """What of a width is left for the words, in px."""
        return max(1, width - self.caps - _GAP)


def _line(small: QFontMetricsF, body: QFontMetrics, what: str, parts: Sequence[str]) -> _Line:
    caps = math.ceil(sum(key_width(small, part) + _CAP_GAP for part in parts))
    return _Line(what, parts, body.horizontalAdvance(what) + 2, caps)
