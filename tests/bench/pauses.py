"""How long the event loop does not turn: by the clock, which on a shared machine is other people's too, and of processor time,
which is ours. Measured by a timer of a few milliseconds. Where the system tells it (Linux), also how long the window wanted a
processor and none was free: what is neither that nor our own processor time was waiting for a lock or the disk.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

if TYPE_CHECKING:
    from tests.bench.lively import Driven

_TICK_MS = 5


class Pauses:
    """The pauses between the turns of the event loop while this is open, in ms: by the clock, of processor time, and of waiting for
    a processor (0 where nobody tells).
    """

    def __init__(self, driven: Driven) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []
        self.waiting: list[float] = []
        self._timer = QTimer(driven.app, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> Pauses:
        self._told = -1
        with contextlib.suppress(OSError):
            self._told = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._last = time.perf_counter(), time.thread_time(), self._waited()
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.stop()
        self._timer.deleteLater()
        if self._told >= 0:
            os.close(self._told)

    def _tick(self) -> None:
        wall, processor, waited = time.perf_counter(), time.thread_time(), self._waited()
        self.wall.append((wall - self._last[0]) * 1e3)
        self.processor.append((processor - self._last[1]) * 1e3)
        self.waiting.append(waited - self._last[2])
        self._last = wall, processor, waited

    def _waited(self) -> float:
        """For how many ms this thread was ready and no processor was free, since it began."""
        return int(os.pread(self._told, 100, 0).split()[1]) / 1e6 if self._told >= 0 else 0.0
