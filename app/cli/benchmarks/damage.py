"""Damage drills: backups cut, flipped, killed, on full disks, under other users; databases and packs with nonsense in them.

They measure no speed and are therefore no part of `all`. The harness is among the tests of a development checkout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

from app.cli.benchmarks.figures import Figure, absent
from app.kernel.errors import UserError

ROUNDS = 20


def damage(size: int) -> list[Figure]:
    """`size` rounds of each drill. Raises UserError if anything was believed, lost or left that should not be."""
    try:
        if find_spec("tests.bench.damage") is None:
            raise ModuleNotFoundError
    except ModuleNotFoundError:
        return [absent("damage", "damage", "needs a development checkout: the harness is among its tests")]
    command = [sys.executable, "-m", "tests.bench.damage", str(size or ROUNDS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines()
    if not lines:
        msg = f"The harness ended with {done.returncode}."
        raise UserError(msg)
    result = json.loads(lines[-1])
    if result["faults"]:
        msg = f"Not everything was as it should be: {result['faults']}"
        raise UserError(msg)
    return [Figure("damage", name, count, "") for name, count in result["counts"].items()]
