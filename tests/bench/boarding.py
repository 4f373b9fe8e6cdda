"""The board driven from inside: first paint, frames while scrolling and while cards are carried, and one's own move.

Frames are taken twice: by the clock, which a person sees, and as time of the processor, which a busy machine does not change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.cli.benchmarks.figures import Figure, p95
from app.tickets.rules import LaneBy
from tests.bench.lively import Driven

FRAMES = 240
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
Took = tuple[float, float]
"""Milliseconds by the clock, and of the processor."""


def boarding(driven: Driven) -> list[Figure]:
    """All figures of the board; afterwards the inbox is shown again."""
    began = time.perf_counter()
    driven.window.go("board")
    page: Any = driven.window._pages["board"]
    driven.until(lambda: page.view is not None and _is_known(page))
    QApplication.processEvents()
    first = (time.perf_counter() - began) * 1e3
    driven.rest()
    cards = page.view.count
    found = [Figure("window", "board, first cards painted", round(first, 1), "ms", 1, f"{cards:,} cards")]
    found += _figures("board, scroll frame", _scrolled(driven, page))
    found += _figures("board, frame while cards are carried", _carried(driven, page))
    page.lanes_by(LaneBy.ASSIGNEE)
    driven.until(lambda: bool(page.view.lanes))
    driven.rest()
    found += _figures("board, scroll frame with lanes", _scrolled(driven, page))
    page.lanes_by(LaneBy.NONE)
    driven.rest()
    driven.window.go("inbox")
    driven.rest()
    return found


def _figures(name: str, times: Sequence[Took]) -> list[Figure]:
    clock, work = [one for one, _ in times], [one for _, one in times]
    note = f"{sorted(work)[len(work) // 2]:.1f} ms of the processor in the middle"
    return [
        Figure("window", f"{name}, p95", p95(clock), "ms", len(times)),
        Figure("window", f"{name}, processor, p95", p95(work), "ms", len(times), note),
    ]


def _timed(act: Callable[[], object]) -> Took:
    clock, work = time.perf_counter(), time.thread_time()
    act()
    return (time.perf_counter() - clock) * 1e3, (time.thread_time() - work) * 1e3


def _scrolled(driven: Driven, page: Any) -> list[Took]:
    """Three cards at a time through the longest column; the cards on the way are read as they come."""
    cards = max(page.columns.columns(), key=lambda one: int(one.count)).list
    bar, times = cards.verticalScrollBar(), []
    for frame in range(FRAMES):
        to = min(bar.maximum(), frame * 318)

        def shown(to: int = to) -> None:
            bar.setValue(to)
            QApplication.processEvents()

        times.append(_timed(shown))
        driven.turn()
    bar.setValue(0)
    driven.rest()
    return times


def _carried(driven: Driven, page: Any) -> list[Took]:
    """A card is held over one column after the other, near an edge too, where cards scroll beneath it."""
    columns = page.columns.columns()
    source = columns[0].list
    port, times = source.viewport(), []
    start = QPoint(60, 40)
    _mouse(port, QMouseEvent.Type.MouseButtonPress, start)
    for frame in range(FRAMES):
        target = columns[frame * len(columns) // FRAMES].list.viewport()
        y = target.height() - 20 if frame % 3 == 0 else 60 + frame % 300
        at = port.mapFromGlobal(target.mapToGlobal(QPoint(40 + frame % 160, y)))

        def held(at: QPoint = at) -> None:
            _mouse(port, QMouseEvent.Type.MouseMove, at)
            QApplication.processEvents()

        times.append(_timed(held))
        driven.turn()
    page.columns.drag.cancel()
    driven.rest()
    return times[8:]


def _mouse(port: QWidget, kind: QMouseEvent.Type, at: QPoint) -> None:
    button = _LEFT if kind is not QMouseEvent.Type.MouseMove else _NONE
    there = QPointF(at)
    event = QMouseEvent(kind, there, QPointF(port.mapToGlobal(at)), button, _LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(port, event)


def _is_known(page: Any) -> bool:
    """Has the first column rows to paint?"""
    cards = page.columns.columns()[0].list.cards()
    return bool(cards.rowCount()) and cards.row_at(0) is not None
