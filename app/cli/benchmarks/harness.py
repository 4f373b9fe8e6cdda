"""Benches whose harness is among the tests of a development checkout: run as a process of its own, which prints its result
as JSON in its last line. A program that was installed has none of them, and says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from app.cli.benchmarks.figures import Figure, absent
from app.kernel.errors import UserError

LONGEST_S = 1200.0
"""After this a harness that measures is given up, so that a run of all benches ends."""


def figures_of(bench: str, module: str, *args: str) -> list[Figure]:
    """The figures that a harness prints; one that says why, where it is not there or fails."""
    if not _is_here(module):
        return [_absent(bench)]
    try:
        done = _run(module, args, LONGEST_S)
    except subprocess.TimeoutExpired:
        return [absent(bench, bench, f"the harness had not ended after {LONGEST_S:.0f} s")]
    if done.returncode:
        return [absent(bench, bench, f"the harness ended with {done.returncode}")]
    return [replace(Figure(**row), bench=bench) for row in json.loads(done.stdout.splitlines()[-1])]


def faultless(bench: str, module: str, size: int) -> dict[str, Any] | list[Figure]:
    """What a harness found that does harm on purpose; a figure that says why, where it is not there.

    Raises UserError for whatever it found at fault.
    """
    if not _is_here(module):
        return [_absent(bench)]
    done = _run(module, (str(size),), None)
    lines = done.stdout.splitlines()
    if not lines:
        msg = f"The harness ended with {done.returncode}."
        raise UserError(msg)
    result: dict[str, Any] = json.loads(lines[-1])
    if result["faults"]:
        msg = f"Not everything was as it should be: {result['faults']}"
        raise UserError(msg)
    return result


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _absent(bench: str) -> Figure:
    return absent(bench, bench, "needs a development checkout: the harness is among its tests")


def _run(module: str, args: tuple[str, ...], longest_s: float | None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *args]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=longest_s)
