"""Long work in a process of its own that lets everybody else go first, with progress and a word to stop.

A thread of the engine would share Python's lock with those that receive, decide and send, and could not stand back: whoever
has that lock is waited for. The process gets what it needs over a line, passwords too, so that no list of processes shows them.
It ends the moment its owner dies; whoever begins the same work after that waits until it has (`lock`).
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, TypeVar

from app.kernel import log as logs
from app.kernel.errors import UserError
from app.kernel.files.locks import FileLock
from app.kernel.maintenance.archive import Going, StoppedError
from app.kernel.maintenance.backup import BackupStoppedError
from app.kernel.program.background import stand_back

log = logging.getLogger(__name__)

R = TypeVar("R")

_TELL_S: Final = 0.1
_LAST_WORDS_S: Final = 10.0
"""How long it may take to put away what it has begun, once it was told to stop."""
_STOPPED: Final = (StoppedError, BackupStoppedError)


class BackgroundError(Exception):
    """The process ended without an answer, or made a mistake."""


def run_in_background(lock: Path, work: Callable[..., R], *args: Any, going: Going) -> R:
    """`work(*args, going=…)` in a process of its own; what it gave. Its function, arguments and result have to be picklable.

    `going` is called in this process, some times a second, whether there is progress or not. Raises what `work` raised, of
    UserError, StoppedError and BackupStoppedError; BackgroundError for everything else.
    """
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, lock), name="deskbell-backup", daemon=True)
    process.start()
    theirs.close()
    try:
        line.send((work, args))
        return _followed(line, going)  # type: ignore[no-any-return]
    except (EOFError, OSError) as error:
        process.join(5)
        msg = f"the process ended with {process.exitcode}"
        raise BackgroundError(msg) from error
    finally:
        _end(line, process)


def _followed(line: Connection, going: Going) -> Any:
    """The answer. Everything that happens meanwhile is told, and it is told to stop when nobody wants it any more."""
    done = of = 0
    told_at: float | None = None
    while True:
        if line.poll(_TELL_S):
            kind, what = line.recv()
            if kind == "done":
                return what
            if kind == "raised":
                raise what
            if kind == "fault":
                raise BackgroundError(what)
            done, of = what
        if told_at is None and not going(done, of):
            told_at = time.monotonic()
            line.send("stop")
        if told_at is not None and time.monotonic() - told_at > _LAST_WORDS_S:
            raise BackupStoppedError  # whoever has to end does not wait for a disk that does not answer


def _end(line: Connection, process: BaseProcess) -> None:
    """Let it put away what it has begun, whatever ended us, and then see that it is gone."""
    with contextlib.suppress(OSError):
        line.send("stop")
    process.join(_LAST_WORDS_S)
    if process.is_alive():
        log.warning("the process of a backup did not end in time and was ended")
        process.kill()
        process.join(5)
    line.close()
    with contextlib.suppress(ValueError):
        process.close()


def _serve(line: Connection, lock: Path) -> None:
    """The process."""
    for name in ("SIGINT", "SIGTERM"):  # the owner decides when this ends; a Ctrl-C in a terminal reaches everybody
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    stand_back()
    work, args = line.recv()
    stop = threading.Event()
    threading.Thread(target=_hear, args=(line, stop), name="hear", daemon=True).start()
    answer = _answer(lock, work, args, _Teller(line, stop).going)
    with contextlib.suppress(OSError):
        line.send(answer)
    os._exit(0)  # all of it is closed: the owner need not wait until Python has tidied up


def _answer(lock: Path, work: Callable[..., Any], args: tuple[Any, ...], going: Going) -> tuple[str, Any]:
    mine = FileLock(lock, role="backup")
    try:
        if not mine.acquire(timeout_s=_LAST_WORDS_S):
            return "fault", f"{lock.name} was not free"
        return "done", work(*args, going=going)
    except (UserError, *_STOPPED) as error:
        return "raised", error
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told where there is a log
        return "fault", logs.describe(error)
    finally:
        mine.release()


class _Teller:
    """Tells the owner now and then how far the work is, and the work whether it is still wanted."""

    def __init__(self, line: Connection, stop: threading.Event) -> None:
        self._line, self._stop, self._told = line, stop, 0.0

    def going(self, done: int = 0, of: int = 0) -> bool:
        now = time.monotonic()
        if now - self._told > _TELL_S:
            self._told = now
            self._line.send(("going", (done, of)))
        return not self._stop.is_set()


def _hear(line: Connection, stop: threading.Event) -> None:
    """Wait for the word to stop. An owner that is gone for good wants nothing: what was begun is found by the next one."""
    try:
        line.recv()
        stop.set()
        line.recv()
    except (EOFError, OSError):
        os._exit(1)
