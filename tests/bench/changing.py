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

from PySide6.QtCore import QTimer

from app.cli.benchmarks.figures import Figure
from app.cli.benchmarks.surroundings import surroundings
from app.kernel.state import jobs
from app.tickets.bulk import Act, change_many
from app.tickets.queries import Pile, View, ticket_keys
from tests.bench.pauses import Pauses
from ui.models.blocks import WIDTH

if TYPE_CHECKING:
    from tests.bench.lively import Driven

MANY = 5000


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
