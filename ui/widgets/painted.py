"""Lines of a list, painted once into a picture and shown from there for as long as they say and look the same.

A key that takes one ticket out of a list has all of them painted two or three times, a third of a millisecond each; a sheet that opens
above a page has the whole page painted beneath the shade that it throws.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QStyle

from ui.theme import tokens

SHOWN: Final = (
    QStyle.StateFlag.State_Selected
    | QStyle.StateFlag.State_HasFocus
    | QStyle.StateFlag.State_KeyboardFocusChange
    | QStyle.StateFlag.State_MouseOver
)
"""What of a line's state is to be seen."""

_MOST: Final = 48
_TOLD_S: Final = 10
"""For so long an age ("2 min") may be shown that has passed by."""


class Painted:
    """Lines as they were painted last, on the ground of their list (the name of its colour). What lies between whole pixels is
    painted afresh, or it would blur.
    """

    def __init__(self, ground: str) -> None:
        self._ground = ground
        self._made: dict[object, tuple[object, QPixmap]] = {}

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        line: object,
        look: object,
        paint: Callable[[QPainter, QRect], None],
        now: datetime,
    ) -> None:
        """Show a line at `rect`, painted by `paint` unless there is a picture. `look`: all that its looks depend on beside the line
        itself, the size, the theme and the time.
        """
        ratio = painter.device().devicePixelRatioF()
        if not ratio.is_integer():
            painter.save()
            paint(painter, rect)
            painter.restore()
            return
        told = int(now.timestamp()) // _TOLD_S
        key = (id(line), rect.width(), rect.height(), ratio, tokens().name, painter.font().key(), told, look)
        made = self._made.pop(key, None)
        if made is None:
            picture = QPixmap(rect.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(QColor(tokens().colour(self._ground)))
            with QPainter(picture) as own:
                own.setFont(painter.font())
                paint(own, QRect(QPoint(), rect.size()))
            made = (line, picture)
            if len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
        self._made[key] = made  # the one that was not shown for longest is first
        painter.drawPixmap(rect.topLeft(), made[1])
