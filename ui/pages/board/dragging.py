"""Carrying cards with the mouse: what hangs at it, over what it is held, scrolling near the edges, and Esc.

The window system's own drag and drop is for other programs: it brings a loop of its own in which columns may vanish, and it
does not scroll two ways. Cards stay on the board, so the mouse is followed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QWidget

from app.tickets.queries import TicketRow
from ui.pages.board.card import INSET, drag_pixmap
from ui.pages.board.column import Column
from ui.theme import SMALL
from ui.widgets.paint import PILL_HEIGHT, draw_pill, pill_width

_EDGE: Final = 56  # nearer to an edge than this, things scroll
_MOST: Final = 26  # pixels a tick, at the very edge
_TICK_MS: Final = 16
_HOLD: Final = QPoint(40, 24)  # where the card hangs at the mouse

Spot = tuple[Column, int]
"""A column and a lane (0 without lanes)."""


class Ghost(QWidget):
    """The carried cards, above everything on the page, with words about where they would go."""

    def __init__(self, parent: QWidget, pixmap: QPixmap) -> None:
        super().__init__(parent)
        self._pixmap, self._words, self._tone = pixmap, "", "info"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        size = pixmap.deviceIndependentSize().toSize()
        self.resize(size.width(), size.height() + PILL_HEIGHT + 8)

    def say(self, words: str, tone: str) -> None:
        """Say where they would go."""
        if (words, tone) != (self._words, self._tone):
            self._words, self._tone = words, tone
            self.update()

    def words(self) -> str:
        """What is said."""
        return self._words

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._pixmap)
            if self._words:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                metrics = painter.fontMetrics()
                cut = metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, self.width() - 32)
                while pill_width(cut) > self.width() - 8 and len(cut) > SMALL:
                    cut = f"{cut[:-2]}…"
                draw_pill(painter, 4, self.height() - PILL_HEIGHT - 2, cut, self._tone)


class Drag(QObject):
    """One drag at a time. `spot_at(point on the screen)` says what is there; `words_for` what dropping there would do."""

    dropped = Signal(object, object, object)  # tuple[UUID, ...], Column, int: the tickets, and where
    ended = Signal()

    def __init__(
        self,
        host: QWidget,
        area: QAbstractScrollArea,
        spot_at: Callable[[QPoint], Spot | None],
        words_for: Callable[[Spot], tuple[str, str]],
    ) -> None:
        super().__init__(host)
        self._host, self._area, self._spot_at, self._words_for = host, area, spot_at, words_for
        self._keys: tuple[UUID, ...] = ()
        self._source: Column | None = None
        self._at = QPoint()
        self._over: Spot | None = None
        self.ghost: Ghost | None = None
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._scroll)

    @property
    def is_on(self) -> bool:
        """Are cards being carried?"""
        return self.ghost is not None

    @property
    def over(self) -> Spot | None:
        """Where they would go."""
        return self._over

    @property
    def source(self) -> Column | None:
        """The column from which they were taken."""
        return self._source

    def begin(self, source: Column, keys: tuple[UUID, ...], first: TicketRow | None, at: QPoint) -> None:
        """Take cards up at a point of the screen."""
        self._source, self._keys = source, keys
        width = source.list.width() - 2 * INSET
        self.ghost = Ghost(self._host, drag_pixmap(first, len(keys), width, self._host.devicePixelRatioF()))
        self.move(at)
        self.ghost.show()
        self.ghost.raise_()
        self._tick.start()

    def move(self, at: QPoint) -> None:
        """The mouse is there now."""
        if self.ghost is None:
            return
        self._at = at
        self.ghost.move(self._host.mapFromGlobal(at) - _HOLD)
        self._look()

    def drop(self, at: QPoint) -> None:
        """Put them down."""
        if self.ghost is None:
            return
        self.move(at)
        spot, keys = self._over, self._keys
        if spot is not None:
            self.dropped.emit(keys, *spot)
        self._end()

    def cancel(self) -> None:
        """Nothing happened."""
        if self.ghost is not None:
            self._end()

    def _end(self) -> None:
        self._tick.stop()
        self._hold_over(None)
        if self.ghost is not None:
            self.ghost.hide()
            self.ghost.deleteLater()
            self.ghost = None
        if self._source is not None:
            self._source.list.let_go()
        self._source, self._keys = None, ()
        self.ended.emit()

    def _look(self) -> None:
        spot = self._spot_at(self._at)
        self._hold_over(spot)
        if self.ghost is not None:
            self.ghost.say(*(self._words_for(spot) if spot is not None else ("", "info")))

    def _hold_over(self, spot: Spot | None) -> None:
        before, self._over = self._over, spot
        if before is not None and (spot is None or spot[0] is not before[0]):
            before[0].hold_over(None)
        if spot is not None:
            spot[0].hold_over(spot[1])

    def _scroll(self) -> None:
        """Near an edge, what lies beyond it comes into sight: columns sideways, cards up and down."""
        moved = _nudge(self._area.horizontalScrollBar(), self._area.viewport(), self._at, sideways=True)
        if self._over is not None and not self._over[0].is_folded:
            cards = self._over[0].list
            moved |= _nudge(cards.verticalScrollBar(), cards.viewport(), self._at, sideways=False)
        if moved:
            self._look()


def _nudge(bar: QScrollBar, port: QWidget, at: QPoint, *, sideways: bool) -> bool:
    """Scroll a little where the mouse is near an edge: the nearer, the faster. True if anything moved."""
    inside = port.mapFromGlobal(at)
    place, length = (inside.x(), port.width()) if sideways else (inside.y(), port.height())
    edge = min(_EDGE, length // 4)
    if place < edge:
        by = -round(_MOST * min(1.0, (edge - place) / edge))
    elif place > length - edge:
        by = round(_MOST * min(1.0, (place - length + edge) / edge))
    else:
        return False
    before = bar.value()
    bar.setValue(before + by)
    return bar.value() != before
