"""The window measured from outside (start, memory) and from inside (see `lively`):
`python -m tests.bench.window DESK [--small DESK]`.

Prints progress on stderr and, as its last line, the figures as JSON. It is a program of its own because it needs Qt;
`deskbell bench window` starts it on a large desk. With Xvfb installed it brings a screen of its own, else Qt draws
into memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from app.cli.benchmarks.figures import Figure, absent, in_turns, median, pss_mb, ratio
from app.cli.benchmarks.surroundings import surroundings
from app.desk import Desk
from app.desk.sample import fill_many
from app.views.queries import view_id
from app.views.tally import kept_totals
from tests.bench.thunderbird import NoWindowError, Thunderbird, missing

ROUNDS = 5
FEW = 400
"""Tickets of the small desk: some twenty are active, one screenful, since what counts is the first rows on the screen."""
CALM_S = 1.5
PATIENCE_S = 60


@contextlib.contextmanager
def screen() -> Iterator[dict[str, str]]:
    """The environment of a screen nobody looks at; yields what it is."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    read, write = os.pipe()
    command = [xvfb, "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as line:
            yield {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{line.readline().strip()}"}
    finally:
        process.terminate()
        process.wait()


class Starts:
    """Starting the program on a desk, as a person does."""

    def __init__(self, around: dict[str, str]) -> None:
        self._around = around | {"DESKBELL_BENCH": "1"}
        self.memory: dict[Path, list[float]] = {}

    def once(self, folder: Path) -> float:
        """Seconds from the start of the process to the first rows on the screen."""
        began = time.perf_counter()
        command = [sys.executable, "-m", "ui", "--data", str(folder), "--no-engine"]
        process = subprocess.Popen(command, env=self._around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        alarm = threading.Timer(PATIENCE_S, process.kill)
        alarm.start()
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.strip() == "first rows":
                    took = time.perf_counter() - began
                    time.sleep(CALM_S)  # what is done after the first paint belongs to the memory, not to the start
                    self.memory.setdefault(folder, []).append(pss_mb(process.pid) or 0.0)
                    return took
            assert process.stderr is not None
            raise SystemExit("the window ended before its first rows: " + process.stderr.read()[-500:])
        finally:
            alarm.cancel()
            process.terminate()
            process.wait(PATIENCE_S)


def start_figures(large: Path, small: Path, scratch: Path, around: dict[str, str]) -> list[Figure]:
    """First rows on the screen with a large desk beside a small one, in turns, and the window's memory."""
    starts = Starts(around)
    for folder in (small, large):
        starts.once(folder)
    starts.memory.clear()
    contestants = {"small": lambda: starts.once(small), "large": lambda: starts.once(large)}
    peer, why = _peer(scratch, around)
    if peer is not None:
        contestants["thunderbird"] = peer.once
    took = in_turns(contestants, ROUNDS)
    found = [
        Figure("window", "first rows, large desk", median(took["large"]), "s", ROUNDS, _size(large)),
        Figure("window", "first rows, small desk", median(took["small"]), "s", ROUNDS, _size(small)),
        ratio("window", "start, large beside small", took["large"], took["small"], "less is better"),
        Figure("window", "memory, large desk", median(starts.memory[large]), "MB", ROUNDS, "PSS, without engine"),
        Figure("window", "memory, small desk", median(starts.memory[small]), "MB", ROUNDS, "PSS, without engine"),
    ]
    if peer is None:
        return [*found, absent("window", "start, beside Thunderbird", why)]
    return [
        *found,
        Figure("window", "Thunderbird, painted", median(took["thunderbird"]), "s", ROUNDS, "empty profile"),
        Figure("window", "Thunderbird, memory", median(peer.memory), "MB", ROUNDS, "PSS"),
        ratio("window", "start, beside Thunderbird", took["large"], took["thunderbird"], "less is better"),
        ratio("window", "memory, beside Thunderbird", starts.memory[large], peer.memory, "less is better"),
    ]


def _peer(scratch: Path, around: dict[str, str]) -> tuple[Thunderbird | None, str]:
    """Thunderbird with its profile made by a first start that is not counted; or none, and why.

    Our own figures don't depend on whether it starts.
    """
    if missing() or "DISPLAY" not in around:
        return None, f"not installed: {', '.join(missing())}"
    peer = Thunderbird(scratch / "thunderbird", around)
    try:
        peer.once()
    except NoWindowError as said:
        print(said, file=sys.stderr)
        return None, str(said)
    peer.memory.clear()
    return peer, ""


def _size(folder: Path) -> str:
    with Desk.open(folder) as desk:
        return f"{desk.ask(kept_totals)[view_id('all')]:,} tickets"


def _small(scratch: Path) -> Path:
    with Desk.open(scratch / "small", create=True) as desk:
        fill_many(desk, FEW)
    return scratch / "small"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("large", type=Path)
    parser.add_argument("--small", type=Path)
    given = parser.parse_args()
    large = given.large
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-window-") as name, screen() as display:
        scratch = Path(name)
        around = surroundings(scratch) | display
        figures = start_figures(large, given.small or _small(scratch), scratch, around)
        os.environ.update(around)
        from tests.bench.lively import lively_figures

        figures += lively_figures(large, scratch)
    print(json.dumps([asdict(figure) for figure in figures]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
