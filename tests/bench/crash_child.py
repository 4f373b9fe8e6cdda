"""Passes of the engine that can be made to stand still at a named step, for `tests.bench.crash` to kill them there.

    python -m tests.bench.crash_child DESK

Each line on standard input begins one pass (`deskbell sync`), or the long-running engine (`deskbell engine`), in a process
of its own, a fork of this one, so that it costs no start of Python. The line is `WHAT POINT NTH AHEAD`: `sync` or `engine`,
where to stand still, and the how-manieth time (`- 0` for nowhere), and by how many seconds its clock is ahead. On standard
output come `pid N`, then `reached` if it stands, then `ended STATUS`.

The program has no door for this. The steps that only it can show (a flush, a commit) are watched by wrapping the very
functions here, in the child; what the other end of a line can show is done there, by the peer.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import app.engine
import app.workers.sending.senders  # noqa: F401 - loaded here once, not in every pass
from app.cli import main
from app.desk.desk import Desk
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.files import disk

FLUSH = "flush"
BEFORE, AFTER = "before-", "after-"


class Stand:
    """Stand still at the how-manieth time, for good."""

    def __init__(self, nth: int) -> None:
        self._left = nth
        self._guard = threading.Lock()

    def __call__(self) -> None:
        with self._guard:
            self._left -= 1
            if self._left != 0:
                return
        os.write(1, b"reached\n")
        threading.Event().wait()


def arm(point: str, stand: Stand) -> None:
    """Watch a step: `flush`, `before-COMMAND` or `after-COMMAND` (the commit of that command's transaction)."""
    if point == FLUSH:
        disk.sync_file = _before(stand, disk.sync_file)
    elif point.startswith((BEFORE, AFTER)):
        early, command = point.startswith(BEFORE), point.partition("-")[2]
        commit = Tx.commit

        def watched(tx: Tx) -> None:
            if early and tx.name == command:
                stand()
            commit(tx)
            if not early and tx.name == command:
                stand()

        Tx.commit = watched  # type: ignore[method-assign, assignment]


def _before(stand: Stand, real: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*args: Any) -> Any:
        stand()
        return real(*args)

    return watched


def one_run(folder: Path, what: str, point: str, nth: int, ahead_s: int) -> None:
    """In the fork: the pass or the engine, to its end or to the point."""
    now = clock.now
    clock.now = lambda: now() + timedelta(seconds=ahead_s)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    sys.stdout = os.fdopen(sink, "w")
    arm(point, Stand(nth))
    os._exit(main([what, "--data", str(folder), *(["--json"] if what == "sync" else [])]))


def serve(folder: Path) -> None:
    """Begin a pass for each line, one after the other."""
    Desk.open(folder).close()
    while line := sys.stdin.readline():
        what, point, nth, ahead = line.split()
        pid = os.fork()
        if pid == 0:
            one_run(folder, what, point, int(nth), int(ahead))
        os.write(1, b"pid %d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(1, b"ended %d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
