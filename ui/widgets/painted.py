"""Lines of a list, painted once into a picture and shown from there for as long as they say and look the same.

A key that takes one ticket out of a list has all of them painted two or three times, a third of a millisecond each; a sheet that opens
above a page has the whole page painted beneath the shade that it throws.

Where many lines change at once, and a thread that reads wants Python's lock meanwhile, all of them take longer than the window may
stand still. They can be painted in portions: a line whose turn has not come is shown as it was, for a few milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from PySide6.QtCore import QObject, QPoint, QRect, QSize, QTimer
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

_Made = TypeVar("_Made")
_MOST: Final = 48
_TOLD_S: Final = 10
"""For so long an age ("2 min") may be shown that has passed by."""


@dataclass(frozen=True, slots=True)
class Portions:
    """Lines that change are painted for `at_once_ms` and at least one of them; for the others `again()` is called on a later turn of
    the loop, if `owner` is still there: it asks for the list to be painted.
    """

    owner: QObject
    again: Callable[[], None]
    at_once_ms: float = 6.0


class Painted:
    """Lines as they were painted last, on the ground of their list (the name of its colour). What lies between whole pixels is
    painted afresh, or it would blur.
    """

    def __init__(self, ground: str, portions: Portions | None = None) -> None:
        self._ground = ground
        self._made: dict[object, tuple[object, QPixmap]] = {}
        self._portions = portions
        self._former: dict[object, QPixmap] = {}
        self._began: float | None = None
        self._is_behind = False

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        line: object,
        look: object,
        paint: Callable[[QPainter, QRect], None],
        now: datetime | None = None,
        known: object = None,
    ) -> None:
        """Show a line at `rect`, painted by `paint` unless there is a picture. `look`: all that its looks depend on beside the line
        itself, the size and the theme. `now`: it tells ages that are not in `look`, so the picture is good for seconds. `known`: with portions, what a line is known by while it changes, with whatever must
        be seen without delay.
        """
        ratio = painter.device().devicePixelRatioF()
        if not ratio.is_integer():
            painter.save()
            paint(painter, rect)
            painter.restore()
            return
        told = int(now.timestamp()) // _TOLD_S if now is not None else 0
        ground = (rect.width(), rect.height(), ratio, tokens().name, painter.font().key())
        key = (id(line), told, look, ground)
        made = self._made.pop(key, None)
        if made is None:
            former = self._former.pop((known, ground), None)
            if former is not None and not self._has_time():
                self._former[known, ground] = former
                painter.drawPixmap(rect.topLeft(), former)
                return
            made = (line, self._picture(painter, rect.size(), ratio, paint))
            if self._portions is not None:
                _keep(self._former, (known, ground), made[1])
        _keep(self._made, key, made)
        painter.drawPixmap(rect.topLeft(), made[1])

    def _picture(
        self, painter: QPainter, size: QSize, ratio: float, paint: Callable[[QPainter, QRect], None]
    ) -> QPixmap:
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(tokens().colour(self._ground)))
        with QPainter(picture) as own:
            own.setFont(painter.font())
            paint(own, QRect(QPoint(), size))
        return picture

    def _has_time(self) -> bool:
        """May one more line be painted on this turn of the loop? If not, it is asked for on a later one."""
        if self._portions is None:
            return True
        if self._began is None:
            self._began = time.perf_counter()
            QTimer.singleShot(0, self._portions.owner, self._on_next_turn)
            return True
        if (time.perf_counter() - self._began) * 1000 < self._portions.at_once_ms:
            return True
        self._is_behind = True
        return False

    def _on_next_turn(self) -> None:
        self._began, is_behind, self._is_behind = None, self._is_behind, False
        if is_behind and self._portions is not None:
            self._portions.again()


def _keep(pictures: dict[object, _Made], key: object, made: _Made) -> None:
    """As the last one; the one that was not shown for longest is first, and goes."""
    if len(pictures) >= _MOST:
        del pictures[next(iter(pictures))]
    pictures[key] = made
