"""How long the event loop does not turn: by the clock, which on a shared machine is other people's too, and of processor time,
which is ours. Measured by a timer of a few milliseconds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

if TYPE_CHECKING:
    from tests.bench.lively import Driven

_TICK_MS = 5


class Pauses:
    """The pauses between the turns of the event loop while this is open, in ms: by the clock, and of processor time."""

    def __init__(self, driven: Driven) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []
        self._timer = QTimer(driven.app, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> Pauses:
        self._last = time.perf_counter(), time.thread_time()
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.stop()
        self._timer.deleteLater()

    def _tick(self) -> None:
        wall, processor = time.perf_counter(), time.thread_time()
        self.wall.append((wall - self._last[0]) * 1e3)
        self.processor.append((processor - self._last[1]) * 1e3)
        self._last = wall, processor
