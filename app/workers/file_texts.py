"""Reading what files say, in a process of its own: a file that crashes, hangs or swells costs itself and nothing else.

One process, of low priority, with limits on processor time and memory that the system enforces; it is started when a file waits
and ended when none does. It reads the bytes from the packs itself, so that only the words cross the line. What it was reading
when it ended is noted as unreadable, so that nothing is tried for ever.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from app.conversations.filetexts import WaitingFile, find_files, keep_text, waiting_files
from app.kernel.errors import UserError
from app.kernel.files.blobs import Packs
from app.kernel.files.disk import StorageError
from app.mime.content.parts import part_bytes
from app.mime.files.texts import NoTextError, text_of

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]

LIMIT_S: Final = 15.0
"""Processor time for one file."""

SILENCE_S: Final = 120.0
"""By the clock; long because a busy machine, or one that slept, is no fault of the file."""

MEMORY: Final = 1_500_000_000
"""Bytes of address space, the interpreter included."""

_EVERY_S: Final = 30.0
_CALM_S: Final = 1.0
"""Between two looks while mail comes in."""

_LINGER_S: Final = 4.0
"""How long the process is kept for a file that may follow."""

_SHARE: Final = 20

Told = tuple[str, str]
"""The words of a file, and why there are none."""


class FileReader:
    """The process that reads files, while there is one."""

    def __init__(
        self,
        packs: Path,
        *,
        limit_s: float = LIMIT_S,
        silence_s: float = SILENCE_S,
        read: Callable[[Packs, WaitingFile], Told] | None = None,
    ) -> None:
        self._packs, self._limit_s, self._silence_s = packs, limit_s, silence_s
        self._read = read or read_file
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def read(self, file: WaitingFile) -> Told:
        """What one file says. Whatever goes wrong belongs to this file alone."""
        line = self._started()
        try:
            line.send(file)
            if not line.poll(self._silence_s):
                self.close()
                return "", "Reading the file took too long."
            told: Told = line.recv()
        except (EOFError, OSError):
            self.close()
            return "", "Reading the file took too long, or too much memory."
        return told

    def close(self) -> None:
        """End the process. The next `read` starts a fresh one."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.join(5)
            with contextlib.suppress(ValueError):
                self._process.close()
        self._process = self._line = None

    def _started(self) -> Connection:
        if self._line is None or self._process is None or not self._process.is_alive():
            self.close()
            context = multiprocessing.get_context("spawn")
            self._line, theirs = context.Pipe()
            work = (theirs, self._packs, self._limit_s, self._read)
            self._process = context.Process(target=_serve, args=work, name="deskbell-files", daemon=True)
            self._process.start()
            theirs.close()
        return self._line


def read_file(packs: Packs, file: WaitingFile) -> Told:
    """What one stored file says, or why nothing can be taken out of it."""
    try:
        data = packs.read(file.ref)
        if file.part:
            data = part_bytes(data, file.part)
        return text_of(data, file.kind), ""
    except (NoTextError, StorageError, UserError) as error:
        return "", str(error)
    except MemoryError:
        return "", "Reading the file took too much memory."
    except Exception as error:
        log.exception("a file could not be read")
        return "", f"The file could not be read ({type(error).__name__})."


def run(
    do: Do, ask: Ask, packs: Path, stop: threading.Event, wake: threading.Event, reader: FileReader | None = None
) -> None:
    """Read what waits, now and soon after `wake` is set, until `stop` (set `wake` then too).

    Files that were here before files were read are found once; all later ones wait as rows from the start. While mail pours
    in, it is looked at once a second, not after every write, and the process that reads stays for the next file.
    """
    reader, old_ones_known = reader or FileReader(packs), False
    try:
        while not stop.is_set():
            wake.clear()
            try:
                old_ones_known = old_ones_known or find_all(do, stop)
                read_waiting(do, ask, reader, stop)
            except Exception:
                log.exception("reading files failed; it goes on at its next turn")
            if not stop.wait(_CALM_S) and not wake.wait(_LINGER_S):
                reader.close()
                wake.wait(_EVERY_S)
    finally:
        reader.close()


def find_all(do: Do, stop: threading.Event) -> bool:
    """Let the files wait that came before files were read; True when all are known."""
    while not stop.is_set():
        if not do(find_files):
            return True
    return False


def read_waiting(do: Do, ask: Ask, reader: FileReader, stop: threading.Event) -> int:
    """Read all files that wait. Returns how many were read."""
    done = 0
    while not stop.is_set() and (waiting := ask(waiting_files, _SHARE)):
        done += _read_some(do, reader, stop, waiting)
    return done


def _read_some(do: Do, reader: FileReader, stop: threading.Event, waiting: Sequence[WaitingFile]) -> int:
    done = 0
    for file in waiting:
        if stop.is_set():
            break
        do(keep_text, file.id, *reader.read(file))
        done += 1
    return done


def _serve(line: Connection, folder: Path, limit_s: float, read: Callable[[Packs, WaitingFile], Told]) -> None:
    """The process: read what is asked for until the owner is gone."""
    for name in ("SIGINT", "SIGTERM"):  # the owner decides when this ends; a Ctrl-C in a terminal reaches everybody
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every flaw in a file
    if sys.platform != "win32":
        import resource

        os.nice(10)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    packs = Packs(folder)
    with contextlib.suppress(EOFError, OSError):
        while True:
            file: WaitingFile = line.recv()
            if sys.platform != "win32":
                signal.setitimer(signal.ITIMER_PROF, limit_s)
            told = read(packs, file)
            if sys.platform != "win32":
                signal.setitimer(signal.ITIMER_PROF, 0)
            line.send(told)
