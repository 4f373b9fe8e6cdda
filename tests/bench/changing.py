"""Changing thousands of tickets from an open window: whether it stays lively while an engine works them off.

Two pauses are told: by the clock, which on a shared machine is other people's too, and of processor time, which is ours.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, QTimer

from app.cli.benchmarks.figures import Figure
from app.cli.benchmarks.surroundings import surroundings
from app.kernel import jobs
from app.tickets.bulk import Act, change_many
from app.tickets.queries import Pile, View, ticket_keys
from ui.models.blocks import WIDTH

if TYPE_CHECKING:
    from tests.bench.lively import Driven

MANY = 5000
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


def changing(driven: Driven, scratch: Path) -> list[Figure]:
    """The event loop while the newest 5,000 tickets, which the list shows, are given another priority."""
    driven.window.go("inbox", view="all")
    driven.rest()
    block = driven.desk.ask(ticket_keys, View(Pile.ALL), MANY)
    program = [sys.executable, "-m", "app", "--data", str(driven.desk.workspace.folder), "engine"]
    engine = subprocess.Popen(program, env=surroundings(scratch))
    try:
        driven.rest(3.0)
        began = time.perf_counter()
        with Pauses(driven) as pauses:
            _change(driven, block)
            driven.rest()
        took = time.perf_counter() - began
    finally:
        engine.terminate()
        engine.wait(60)
    count = len(block) // WIDTH
    wall, own = sorted(pauses.wall), sorted(pauses.processor)
    told = f"{count:,} tickets in {took:.0f} s; p99 {wall[int(len(wall) * 0.99)]:.1f} ms"
    return [
        Figure("window", "longest pause while many are changed", round(wall[-1], 1), "ms", len(wall), told),
        Figure("window", "its own part of a pause, at most", round(own[-1], 1), "ms", len(own), "processor time"),
    ]


def _change(driven: Driven, block: bytes) -> None:
    """Ask for it as the window does, off its thread, and wait for the end of the job."""
    tasks, window = driven.window.tasks, driven.window
    given: list[UUID] = []
    tasks.do(change_many, block, [Act("priority", "high")], then=lambda asked: given.append(asked.job), owner=window)
    driven.until(lambda: given)
    ended: list[jobs.JobInfo] = []
    look = QTimer(driven.app, interval=500)
    look.timeout.connect(lambda: tasks.ask(jobs.info, given[0], then=ended.append, owner=window, key="bench-job"))
    look.start()
    driven.until(lambda: ended and ended[-1].state not in (jobs.WAITING, jobs.RUNNING))
    look.stop()
