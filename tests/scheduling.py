"""Who runs which test next, when a process of the tests has died.

pytest-xdist starts another process in its place and gives it a single test. A process begins a test only when it knows what
comes after, so that one was never begun and the run never ended. The test that ended the process was given out again as
well. Here the new process gets its share, and what crashed has failed: `packaging/dev_tests.py` looks at it again alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadGroupScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

_TO_BEGIN = 2


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]  # comes without types
    """Tests of one group in one process, the others where there is room; goes on when a process dies."""

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a process out; returns the test in which it died, if it did."""
        crashed: str | None = super().remove_node(node)
        if crashed is not None:
            scope = self._split_scope(crashed)
            unit = self.workqueue.get(scope, {})
            if crashed in unit:
                unit[crashed] = True
                if all(unit.values()):
                    del self.workqueue[scope]
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        if not node.shutting_down and self._pending_of(self.assigned_work[node]) < _TO_BEGIN:
            super()._reschedule(node)
