"""The window: start, scrolling, switching, and staying lively while mail comes in.

Windows need Qt, which nothing below `app` may know; the harness that drives one is among the tests of a development
checkout and is run as a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

from app.cli.benchmarks.figures import Figure, absent
from app.cli.benchmarks.stored import SIZE, desk_of

LONGEST_S = 1200.0
"""After this the harness is given up, so that a run of all benches ends."""


def window(size: int) -> list[Figure]:
    """Everything about the window, with a large desk beside a small one."""
    try:
        folder, _ = desk_of(size or SIZE)
    except NotImplementedError:
        return [absent("window", "window", "there is no large sample desk yet")]
    return run_harness("window", "tests.bench.window", str(folder))


def run_harness(bench: str, module: str, *args: str) -> list[Figure]:
    """The figures that a harness among the tests prints; one that says why, where it is not there or fails."""
    try:
        if find_spec(module) is None:
            raise ModuleNotFoundError
    except ModuleNotFoundError:
        return [absent(bench, "window", "needs a development checkout: the harness is among its tests")]
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *args], stdout=subprocess.PIPE, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return [absent(bench, "window", f"the harness had not ended after {LONGEST_S:.0f} s")]
    if done.returncode:
        return [absent(bench, "window", f"the harness ended with {done.returncode}")]
    return [replace(Figure(**row), bench=bench) for row in json.loads(done.stdout.splitlines()[-1])]
