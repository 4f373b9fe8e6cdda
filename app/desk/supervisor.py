"""Keeping an engine alive while the window is open: start one when none holds the lock, and again if it dies.

The engine is a process of its own. Passwords "for this run only" are handed to it as lines on its standard input;
the end of that input never stops it. Back-off grows from one second to a minute and is forgotten after a good run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from app.desk.desk import Desk
from app.desk.entering import WINDOW
from app.kernel import secrets
from app.kernel.errors import UserError
from app.kernel.files.locks import holder, holders, is_held
from app.kernel.files.paths import Workspace
from app.kernel.program import frozen
from app.kernel.sentences import said
from app.kernel.state import signals

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
GOOD_RUN_S = 120.0
HEARS_SIGTERM = os.name != "nt"
ENDS_WITHIN_S = 30.0
NOT_STARTED = -1
"""The exit status told for an engine that could not even be started."""


def engine_pid(workspace: Workspace) -> int | None:
    """The process that holds the engine lock, or None when nobody does."""
    if not is_held(workspace.engine_lock):
        return None
    who = holder(workspace.engine_lock)
    return who.pid if who else 0


class Supervisor:
    """Runs in a thread of its own. `on_death(exit_status)` is called on that thread when an engine of ours died."""

    def __init__(self, desk: Desk, on_death: Callable[[int], None] | None = None) -> None:
        self._desk = desk
        self._on_death = on_death or (lambda _status: None)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The engine of ours that was started last."""
        return self._process

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    @property
    def is_ours(self) -> bool:
        """Is the engine that runs one that we have started?"""
        return self._process is not None and self._process.poll() is None

    def hand_secret(self, ref: str, secret: str) -> bool:
        """Keep a password for this run, here and in our engine; False where an engine is at work that cannot be told."""
        secrets.for_this_run.put(ref, secret)
        process = self._process
        if process is not None and process.stdin is not None and self.is_ours:
            self._write(process, secrets.line(ref, secret))
            return True
        return engine_pid(self._desk.workspace) is None  # the one that is started next is told

    def close(self, *, leave_engine: bool = False, wait_s: float = 15.0) -> None:
        """Stop watching; ask our engine to stop, unless it shall go on alone."""
        self._stop.set()
        self._wake.set()
        process = self._process
        if process is not None and process.poll() is None and not leave_engine:
            self._ask_to_stop(process)
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                log.warning("the engine did not stop in time and was ended")
                process.kill()
                process.wait()
        if leave_engine and process is not None:
            _hang_up(process)
        if self._thread.is_alive():
            self._thread.join(5)

    def _ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Let it finish what it has in hand. On Windows `terminate` would end it in the middle of a mail."""
        if HEARS_SIGTERM:
            process.terminate()
            return
        try:
            self._desk.work(signals.send, "stop_engine")
        except UserError:  # the disk takes no word: then there is no gentle way
            process.terminate()

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while not self._stop.is_set():
            if engine_pid(self._desk.workspace) is not None:
                self._wake.wait(2.0)
                self._wake.clear()
                continue
            began = time.monotonic()
            try:
                status = self._run_once()
            except OSError:  # no process could be made: for want of memory, or while the program's files are replaced
                log.exception("the engine could not be started")
                status = NOT_STARTED
            if self._stop.is_set():
                return
            self._on_death(status)
            wait = FIRST_WAIT_S if time.monotonic() - began > GOOD_RUN_S else min(wait * 2, LONGEST_WAIT_S)
            log.warning("the engine ended with status %s; the next start is in %.0f s", status, wait)
            self._stop.wait(wait)

    def _run_once(self) -> int:
        process = self._process = start_engine(self._desk.workspace)
        if self._stop.is_set():  # told to stop while it was starting: it has nothing in hand yet
            process.terminate()
        lines = secrets.for_this_run.lines()
        if lines:
            self._write(process, lines)
        try:
            return process.wait()
        finally:
            _hang_up(process)

    @staticmethod
    def _write(process: subprocess.Popen[bytes], lines: bytes) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(lines)
            process.stdin.flush()
        except (OSError, ValueError):  # it is gone, or its line was closed at this very moment
            log.warning("the engine does not listen")


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close our end of the line; what an engine that is gone did not hear is tried once more then, and fails again."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def start_engine(workspace: Workspace) -> subprocess.Popen[bytes]:
    """Start an engine process for a workspace; it runs on by itself.

    On Windows it gets no console, and leaves the job that the window is in, so that it does not end with that; a job that lets
    nobody out keeps it.
    """
    line = frozen.command("engine", "--data", os.fspath(workspace.folder))
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    if away := getattr(subprocess, "CREATE_BREAKAWAY_FROM_JOB", 0):
        with contextlib.suppress(PermissionError):
            return _started(line, hidden | away)
    return _started(line, hidden)


def _started(line: Sequence[str], flags: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
        start_new_session=os.name != "nt",
    )


def end_engine(place: Workspace, *, wait_s: float = ENDS_WITHIN_S) -> bool:
    """Have the engine of this desk finish what it has in hand and end; False when none is running.

    The desk need not be opened for it, since that may be what the engine is in the way of. Raises UserError where a window keeps
    it running, or when it does not end.
    """
    pid = engine_pid(place)
    if pid is None:
        return False
    if any(one.role == WINDOW for one in holders(place.workspace_lock)):
        msg = "The window of this desk keeps its engine running. Quit Deskbell there or in its tray icon: both end."
        raise UserError(msg)
    if HEARS_SIGTERM and pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    else:
        with Desk.open(place.folder) as desk:
            desk.work(signals.send, "stop_engine")
    end = time.monotonic() + wait_s
    while is_held(place.engine_lock):
        if time.monotonic() > end:
            msg = said(
                "The engine (process {pid}) was asked to end and is still at work. Try again in a moment.",
                pid=str(pid),
            )
            raise UserError(msg)
        time.sleep(0.05)
    return True


def check_now(desk: Desk) -> None:
    """Ask whatever engine is running to look for mail and to send what is due."""
    desk.work(signals.send, "check_now")
