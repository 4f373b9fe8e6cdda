"""Putting rows below each other in another order with the mouse: one is carried, a line says where it would go, Esc lets it fall.

The window system's own drag and drop brings a loop of its own, in which rows may go away; the rows stay where they are, so the
mouse is followed here. By keys the same is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ui.theme import tokens

_EDGE = 24  # px around the mouse that stay in sight


class _Gap(QWidget):
    """Where it would go."""

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(tokens().accent))


class RowCarrier(QObject):
    """Carries rows of `host`; `rows()` are those that there are, from top to bottom."""

    moved = Signal(object, int)  # the row, its place among all of them, from 0

    def __init__(self, host: QWidget, rows: Callable[[], Sequence[QWidget]]) -> None:
        super().__init__(host)
        self._host, self._rows = host, rows
        self._pressed: tuple[QWidget, QWidget, QPoint] | None = None  # the handle, its row, where on the screen
        self._gap: _Gap | None = None

    def watch(self, handle: QWidget) -> None:
        """Whoever presses the mouse on `handle` and moves it carries the row that it is part of."""
        handle.installEventFilter(self)

    @property
    def is_carrying(self) -> bool:
        """Is a row in the hand?"""
        return self._gap is not None

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if isinstance(event, QKeyEvent):
            return self._key(event)
        if not isinstance(event, QMouseEvent) or not isinstance(watched, QWidget):
            return False
        kind, at = event.type(), event.globalPosition().toPoint()
        if kind is QEvent.Type.MouseButtonPress and event.button() is Qt.MouseButton.LeftButton:
            row = next((one for one in self._rows() if one.isAncestorOf(watched)), None)
            if row is None or self.is_carrying:
                return False
            self._pressed = (watched, row, at)
            return True  # else the widget would let go of the mouse
        if kind is QEvent.Type.MouseMove and self._pressed is not None:
            self._carry(at)
        elif kind is QEvent.Type.MouseButtonRelease and self._pressed is not None:
            self._drop(at)
        return False

    def _carry(self, at: QPoint) -> None:
        assert self._pressed is not None
        handle, row, began = self._pressed
        if not shiboken6.isValid(row) or row not in self._rows():
            self.let_go()
            return
        if self._gap is None:
            if (at - began).manhattanLength() < QApplication.startDragDistance():
                return
            self._gap = _Gap(self._host)
            handle.setCursor(Qt.CursorShape.ClosedHandCursor)
            QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
        self._show_gap(self._place_at(at))
        self._keep_in_sight(at)

    def _show_gap(self, place: int) -> None:
        rows = self._rows()
        y = rows[place].y() if place < len(rows) else rows[-1].geometry().bottom() + 1
        assert self._gap is not None
        self._gap.setGeometry(QRect(0, max(0, y - 1), self._host.width(), 2))
        self._gap.raise_()
        self._gap.show()

    def _place_at(self, at: QPoint) -> int:
        """Before which row something would be put that is let fall here, the carried one counted."""
        y = self._host.mapFromGlobal(at).y()
        return sum(row.geometry().center().y() < y for row in self._rows())

    def _keep_in_sight(self, at: QPoint) -> None:
        area = self._host.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None and (inner := area.widget()) is not None:
            here = inner.mapFromGlobal(at)
            area.ensureVisible(here.x(), here.y(), 0, _EDGE)

    def _drop(self, at: QPoint) -> None:
        assert self._pressed is not None
        row, carried = self._pressed[1], self.is_carrying
        place = self._place_at(at)
        self.let_go()
        rows = list(self._rows())
        if carried and row in rows:
            was = rows.index(row)
            place -= place > was
            if place != was:
                self.moved.emit(row, place)

    def _key(self, event: QKeyEvent) -> bool:
        if not self.is_carrying or event.key() != Qt.Key.Key_Escape:
            return False
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() is QEvent.Type.KeyPress:
            self.let_go()
        return True

    def let_go(self) -> None:
        """It falls back to where it was."""
        if self._pressed is not None and shiboken6.isValid(self._pressed[0]):
            self._pressed[0].unsetCursor()
        self._pressed = None
        if self._gap is not None:
            QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
            self._gap.hide()
            self._gap.deleteLater()
            self._gap = None
