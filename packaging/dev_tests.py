"""Run the tests, and look a second time at the few that failed. Standard library only.

Half of the tests drive real windows, servers and processes beside each other on whatever machine there is. A few that fail
there are run again by themselves, one after the other: what fails twice is a fault, what passes alone is named at the end,
with what it looked like, and is to be mended (docs/decisions/0024). More than a few are a fault at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from dev_environment import ROOT, say

MOST = 3
"""So many failures may be looked at again."""

ABREAST = 3
"""So many processes share the tests: on two cores, what one waits for (a server, a process, a pause) is another's time to work."""

_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
_SOME_FAILED = 1  # pytest's exit status; anything else is no failure of tests


def run_tests(pytest: Callable[..., int], arguments: Sequence[str], failed: Path = _FAILED) -> int:
    """Run `pytest(*options)` with these arguments, and again for the few that failed; returns the exit status.

    `failed`: where pytest notes what failed.
    """
    status = pytest("-n", str(ABREAST), "--dist", "loadgroup", "--cache-clear", *arguments)
    names = _read(failed)
    if status != _SOME_FAILED or not 0 < len(names) <= MOST:
        return status
    say("looking again, one by one, at: " + ", ".join(names))
    status = pytest("--last-failed", "--last-failed-no-failures", "none", "-p", "no:randomly", *arguments)
    if status == 0:
        say("failed beside others and passed alone, to be mended: " + ", ".join(names))
    return status


def _read(failed: Path) -> list[str]:
    try:
        return sorted(json.loads(failed.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
