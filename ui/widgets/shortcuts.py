"""The sheet that `?` opens: every shortcut, by group, as key caps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
_GAP, _CAP_GAP = 4, 4
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
    return column(Label(name, "section"), *(_Line(what, shortcut) for what, shortcut in rows), spacing=6)


class _Line(QWidget):
    """What a key does, and its caps at the right. Painted: a hundred of these are to be there at once when somebody presses a
    key, and as labels in layouts they took four times as long.
    """

    def __init__(self, what: str, shortcut: str) -> None:
        super().__init__()
        self._what, self._parts = what, key_parts(shortcut)
        small, body = QFontMetricsF(font(SMALL)), QFontMetrics(font())
        self._caps = math.ceil(sum(key_width(small, part) + _CAP_GAP for part in self._parts))
        self._wish = body.horizontalAdvance(what) + 2
        self._heights: dict[int, int] = {}  # layouts ask twenty times
        self.setAccessibleName(f"{what}: {shortcut}")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int, /) -> int:
        room = max(1, width - self._caps - _GAP)
        if room >= self._wish:
            return _LINE_HEIGHT
        if room not in self._heights:
            place = QFontMetrics(font()).boundingRect(QRect(0, 0, room, _MOST_HEIGHT), _WRAPPED, self._what)
            self._heights[room] = max(_LINE_HEIGHT, place.height())
        return self._heights[room]

    def sizeHint(self) -> QSize:
        return QSize(self._caps + _GAP + 120, _LINE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._caps + _GAP + 60, _LINE_HEIGHT)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            x = float(self.width())
            for part in reversed(self._parts):
                x = draw_key(painter, x, self.height() / 2, part) - _CAP_GAP
            painter.setFont(font())
            painter.setPen(QColor(tokens().text))
            painter.drawText(QRectF(0, 0, self.width() - self._caps - _GAP, self.height()), _WRAPPED, self._what)
