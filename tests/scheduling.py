"""Who runs which test next: tests of one group in one process, and what becomes of the others when a process has died.

pytest-xdist tells groups by letters that it adds to the names of tests, and pytest 9 no longer lets it: groups were torn apart
without a word, so that several processes each made what a group shares, and it took minutes longer. Here the processes write
down once which test is of which group, and whoever shares the tests out reads it.

When a process dies, pytest-xdist starts another in its place and gives it a single test. A process begins a test only when it
knows what comes after, so that one was never begun and the run never ended. The test that ended the process was given out again
as well, and so was what it had done already, of which nothing is left to do: a process that was given only that waited for ever, too.
Here the new process gets its share of what is open, and what crashed has failed: `packaging/dev_tests.py` looks at it again alone.
"""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

_TO_BEGIN = 2


def tell_groups(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """In a process of the tests, before it says what it has found: which test is of which group."""
    run = getattr(config, "workerinput", {}).get("testrunuid")
    if run is None:
        return
    groups = {item.nodeid: mark.args[0] for item in items if (mark := item.get_closest_marker("xdist_group"))}
    there = _place(run)
    mine = there.with_suffix(f".{os.getpid()}")
    mine.write_text(json.dumps(groups), encoding="utf-8")
    mine.replace(there)  # whole, or not there: every process writes the same
    atexit.register(partial(there.unlink, missing_ok=True))


def _place(run: str) -> Path:
    return Path(tempfile.gettempdir(), f"deskbell-groups-{run}")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # comes without types
    """Tests of one group in one process, the largest group first, the others where there is room; goes on when a process dies."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._groups: dict[str, str] | None = None

    def schedule(self) -> None:
        if self._groups is None and self.nodes:  # by now every process has said what it found
            run = self.nodes[0].workerinput["testrunuid"]
            self._groups = json.loads(_place(run).read_text(encoding="utf-8"))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return (self._groups or {}).get(nodeid, nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a process out; returns the test in which it died, if it did. What it had not done is for others."""
        work = self.assigned_work.pop(node)
        open_ones = [(scope, test) for scope, unit in work.items() for test, done in unit.items() if not done]
        if not open_ones:
            return None
        scope, crashed = open_ones[0]
        work[scope][crashed] = True
        self.workqueue.update({scope: unit for scope, unit in work.items() if not all(unit.values())})
        for other in self.nodes:
            self._reschedule(other)
        return str(crashed)

    def _reschedule(self, node: WorkerController) -> None:
        """Give it more, until it can begin one or is told that there is no more. A new one first says what it has found."""
        if node not in self.registered_collections:
            return
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < _TO_BEGIN:
            super()._reschedule(node)
