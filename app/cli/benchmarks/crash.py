"""Killing and cutting: the engine SIGKILLed at every named step, both lines cut at random bytes, and the sum at the end.

The harness needs the private mail servers and is among the tests of a development checkout; it runs as a process of
its own. It takes a quarter of an hour, measures no speed and is therefore no part of `all`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

from app.cli.benchmarks.figures import Figure, absent
from app.kernel.errors import UserError

KILLS = 30
"""SIGKILLs of a pass at each of the ten points; a third as many of the running engine; ten times as many cuts."""


def crash(size: int) -> list[Figure]:
    """`size` kills for each point. Raises UserError if anything was lost, doubled or sent twice."""
    try:
        if find_spec("tests.bench.crash") is None:
            raise ModuleNotFoundError
    except ModuleNotFoundError:
        return [absent("crash", "crash", "needs a development checkout: the harness is among its tests")]
    command = [sys.executable, "-m", "tests.bench.crash", str(size or KILLS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines()
    if not lines:
        msg = f"The harness ended with {done.returncode}."
        raise UserError(msg)
    result = json.loads(lines[-1])
    if result["faults"]:
        msg = f"Not everything was kept: {result['faults']}"
        raise UserError(msg)
    kills = [Figure("crash", f"killed: {point}", count, "times") for point, count in result["kills"].items()]
    live = [
        Figure("crash", f"running engine killed: {point}", count, "times") for point, count in result["live"].items()
    ]
    cuts = [Figure("crash", f"cut: {line}", count, "times") for line, count in result["cuts"].items()]
    words = {
        "mails": "mails received",
        "replies": "replies sent",
        "told": "replies whose end nobody could know, shown as uncertain",
        "mails_lost": "mails lost",
        "mails_doubled": "mails doubled in tickets",
        "answers_astray": "answers in another ticket",
        "replies_lost": "replies lost",
        "replies_twice": "replies sent twice",
        "copies_missing": "copies missing in Sent",
        "copies_twice": "copies twice in Sent",
        "unaccounted": "mails without a line in the ledger",
    }
    return [*kills, *live, *cuts, *(Figure("crash", text, result["sum"][name], "") for name, text in words.items())]
