"""Parsing in processes of its own: a mail that crashes or hangs the reader costs that mail, and the window never waits.

The processes read the bytes from the packs themselves, so only where they lie crosses the line to them. They are
started when they are first needed and end when the pool is closed or its owner dies. A handful of fresh mails is read
in the calling thread, because starting a process costs more than reading them.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from app.kernel.blobs import BlobRef, Packs, StorageError
from app.mime.model import ParsedMail

log = logging.getLogger(__name__)

LIMIT_S: Final = 20.0
"""Longer than this no mail is worth waiting for."""

FEW: Final = 8
_SHARE: Final = 16  # mails handed to a process at a time


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A mail that could not be read, and why, in words for a person."""

    reason: str


Parsed = ParsedMail | Unparsed


class ParsePool:
    """One or two parsing processes. Safe to use from several threads; they take turns."""

    def __init__(self, packs: Path, *, processes: int | None = None, limit_s: float = LIMIT_S) -> None:
        self._packs = packs
        self._count = processes or max(1, min(2, (os.cpu_count() or 2) - 1))
        self._limit_s = limit_s
        self._readers: list[_Reader] = []
        self._turn = threading.Lock()

    def parse(self, refs: Sequence[BlobRef], *, apart: bool = False) -> list[Parsed]:
        """What the mails say, in the order given. `apart`: in a process even if they are few (after an unclean end)."""
        if not apart and len(refs) <= FEW and not self._readers:
            packs = Packs(self._packs)
            return [read_mail(packs, ref) for ref in refs]
        with self._turn:
            results: dict[int, Parsed] = {}
            while len(self._readers) < min(self._count, len(refs)):
                self._readers.append(_Reader(self._packs))
            shares = _Shares(refs)
            while len(results) < len(refs):
                self._hand_out(shares, refs)
                self._collect(results, shares)
            return [results[number] for number in range(len(refs))]

    def pids(self) -> tuple[int, ...]:
        """The processes, for whoever counts memory."""
        return tuple(reader.process.pid for reader in self._readers if reader.process.pid)

    def close(self) -> None:
        """End the processes. The next `parse` starts fresh ones."""
        with self._turn:
            for reader in self._readers:
                reader.close()
            self._readers.clear()

    def __enter__(self) -> ParsePool:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _hand_out(self, shares: _Shares, refs: Sequence[BlobRef]) -> None:
        for number, reader in enumerate(self._readers):
            if reader.busy:
                continue
            if not reader.process.is_alive():
                reader = self._renew(number)
            if share := shares.take():
                try:
                    reader.begin([(index, refs[index]) for index in share])
                except OSError:
                    shares.give_back(reader.pending)
                    self._renew(number)

    def _collect(self, results: dict[int, Parsed], shares: _Shares) -> None:
        busy = {reader.line: number for number, reader in enumerate(self._readers) if reader.busy}
        if not busy:
            return
        ready = wait(list(busy), self._limit_s)
        for line in ready:
            number = busy[line]  # type: ignore[index]
            reader = self._readers[number]
            try:
                index, parsed = reader.line.recv()
            except (EOFError, OSError, ValueError, TypeError, AttributeError, ImportError):
                self._lost(number, "Reading this mail ended the reader.", results, shares)
                continue
            results[index] = parsed
            reader.pending.remove(index)
        if not ready:
            for number in busy.values():
                self._lost(number, f"Reading this mail took longer than {self._limit_s:.0f} s.", results, shares)

    def _lost(self, number: int, reason: str, results: dict[int, Parsed], shares: _Shares) -> None:
        """The mail in hand is to blame; those behind it are handed to a fresh process."""
        pending = self._readers[number].pending
        log.warning("a parsing process was lost: %s", reason)
        results[pending[0]] = Unparsed(reason)
        shares.give_back(pending[1:])
        self._renew(number)

    def _renew(self, number: int) -> _Reader:
        self._readers[number].close()
        self._readers[number] = _Reader(self._packs)
        return self._readers[number]


class _Shares:
    """Which mails nobody has taken yet."""

    def __init__(self, refs: Sequence[BlobRef]) -> None:
        self._left = list(range(len(refs)))

    def take(self) -> list[int]:
        share, self._left = self._left[:_SHARE], self._left[_SHARE:]
        return share

    def give_back(self, share: Sequence[int]) -> None:
        self._left = [*share, *self._left]


class _Reader:
    """One process and the line to it. It answers in the order it was asked, so the first pending mail is in its hands."""

    def __init__(self, packs: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.line: Connection
        self.line, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, packs), name="deskbell-parse", daemon=True
        )
        self.process.start()
        theirs.close()
        self.pending: list[int] = []

    @property
    def busy(self) -> bool:
        return bool(self.pending)

    def begin(self, work: list[tuple[int, BlobRef]]) -> None:
        self.pending = [index for index, _ in work]
        self.line.send(work)

    def close(self) -> None:
        self.line.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5)
        with contextlib.suppress(ValueError):
            self.process.close()


def read_mail(packs: Packs, ref: BlobRef) -> Parsed:
    """Read one stored mail. Whatever goes wrong belongs to this mail alone."""
    from app.mime.parse import parse

    try:
        raw = packs.read(ref)
    except StorageError as error:
        return Unparsed(str(error))
    try:
        mail = parse(raw, want_html=False, want_files=False)
    except Exception as error:
        log.exception("a mail could not be read")
        return Unparsed(f"This mail could not be read ({type(error).__name__}).")
    if mail.auto_reasons == ("unreadable",):
        return Unparsed(mail.warnings[0] if mail.warnings else "This mail could not be read.")
    return mail


def _serve(line: Connection, folder: Path) -> None:
    """The process: read what is asked for until the owner is gone."""
    import signal

    for name in ("SIGINT", "SIGTERM"):  # the owner decides when this ends; a Ctrl-C in a terminal reaches everybody
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    packs = Packs(folder)
    with contextlib.suppress(EOFError, OSError):
        while True:
            work: list[tuple[int, BlobRef]] = line.recv()
            for index, ref in work:
                line.send((index, read_mail(packs, ref)))
