"""Parsing in processes of its own: a mail that crashes or hangs the reader costs that mail, and the window never waits.

The processes read the bytes from the packs themselves, so only where they lie crosses the line to them. They are
started when they are first needed and end when the pool is closed or its owner dies. A handful of small fresh mails is read
in the calling thread, because starting a process costs more than reading them; a large one could take long there, and nobody
could end it.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from app.inbox.shape import Shape
from app.kernel.errors import UserError
from app.kernel.files.blobs import BlobRef, Packs
from app.kernel.files.disk import StorageError
from app.kernel.sentences import said
from app.mime.content.fold import Fold
from app.mime.model import Address, Bounce, BounceRecipient, ParsedMail, Part, Trust
from app.workers.pickling import cross_in_one_call, line_between

log = logging.getLogger(__name__)

LIMIT_S: Final = 20.0
"""No mail is worth more processor time than this; the reader that spends it on one mail is ended by the system."""

SILENCE_S: Final = 180.0
"""A reader that says nothing for so long by the clock hangs. It is long because a busy machine, or one that slept, is
no fault of the mail that was in hand. It says when it has started, and as long it has for that."""

FEW: Final = 8
SMALL: Final = 256 * 2**10
"""Bytes up to which a mail may be read where there is no limit on its time: what could take long, has to be longer."""

STARTS: Final = 3
"""A reader that ends before it said a word, so many times in a row, will not start: that is no fault of a mail."""

_TOO_LONG: Final = getattr(signal, "SIGPROF", None)
_SHARE: Final = 32  # mails handed to a process at a time
_TOLD_AT_ONCE: Final = 32  # mails that a process answers at a time, unless they take long
_TELL_S: Final = 0.05


class NoReaderError(UserError):
    """No process that reads mails can be started here and now. No mail is to blame, and all that were asked for wait."""


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A mail that could not be read, and why, in words for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """A mail that was read, and how it will be stored."""

    mail: ParsedMail
    shape: Shape


Parsed = Read | Unparsed
Work = tuple[int, BlobRef, bool]
"""The place of a mail among those asked for, where its bytes lie, and whether they were written a moment ago."""


class ParsePool:
    """One or two parsing processes. Safe to use from several threads; they take turns."""

    def __init__(
        self, packs: Path, *, processes: int | None = None, limit_s: float = LIMIT_S, silence_s: float = SILENCE_S
    ) -> None:
        self._packs = packs
        self._count = processes or max(1, min(2, (os.cpu_count() or 2) - 1))
        self._limit_s, self._silence_s = limit_s, silence_s
        self._readers: list[_Reader] = []
        self._in_vain = 0
        """How many readers in a row ended before they said a word."""
        self._turn = threading.Lock()
        cross_in_one_call(BlobRef)

    def parse(self, refs: Sequence[BlobRef], *, apart: bool = False, fresh: bool = False) -> list[Parsed]:
        """What the mails say, in the order given. `apart`: in a process even if they are few (after an unclean end).
        `fresh`: we wrote the bytes a moment ago, so that their checksum says nothing new. Raises NoReaderError.
        """
        are_few = len(refs) <= FEW and all(ref.length <= SMALL for ref in refs)
        if are_few and not apart and not self._readers:
            packs = Packs(self._packs)
            return [read_mail(packs, ref, fresh=fresh) for ref in refs]
        with self._turn:
            try:
                return self._parse(refs, fresh=fresh)
            except NoReaderError as error:
                log.warning("%s", error)
                self._count, self._in_vain = 1, 0  # one is enough where there is no room for two
                self._end_all()
                raise

    def _parse(self, refs: Sequence[BlobRef], *, fresh: bool) -> list[Parsed]:
        results: dict[int, Parsed] = {}
        self._start(len(refs))
        shares = _Shares(refs, fresh=fresh)
        while len(results) < len(refs):
            self._hand_out(shares)
            self._collect(results, shares)
        return [results[number] for number in range(len(refs))]

    def begin(self, expected: int) -> None:
        """Start the processes for so many mails already, while something else has to be waited for."""
        if expected > FEW:
            with self._turn, contextlib.suppress(NoReaderError):  # said when there is something to read
                self._start(expected)

    def _start(self, mails: int) -> None:
        while len(self._readers) < min(self._count, mails):
            self._readers.append(self._new())

    def _new(self) -> _Reader:
        try:
            return _Reader(self._packs, self._limit_s)
        except OSError as error:
            raise _no_reader(error.strerror or type(error).__name__) from error

    def close(self) -> None:
        """End the processes. The next `parse` starts fresh ones."""
        with self._turn:
            self._end_all()

    def _end_all(self) -> None:
        for reader in self._readers:
            reader.close()
        self._readers.clear()

    def __enter__(self) -> ParsePool:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _hand_out(self, shares: _Shares) -> None:
        for number, reader in enumerate(self._readers):
            if reader.is_full or (reader.busy and shares.is_alone(reader.pending[0])):
                continue
            if not reader.busy and not reader.process.is_alive():
                reader = self._renew(number)
            if share := shares.take(is_idle=not reader.busy):
                try:
                    reader.begin(share, shares.work(share))
                except OSError:
                    shares.give_back(reader.pending)
                    self._renew(number)

    def _collect(self, results: dict[int, Parsed], shares: _Shares) -> None:
        busy = {reader.line: number for number, reader in enumerate(self._readers) if reader.busy}
        if not busy:
            return
        is_starting = any(not self._readers[number].has_started for number in busy.values())
        ready = wait(list(busy), SILENCE_S if is_starting else self._silence_s)
        for line in ready:
            number = busy[line]  # type: ignore[index]
            reader = self._readers[number]
            try:
                told: list[tuple[int, Parsed]] = reader.line.recv()
            except (EOFError, OSError, ValueError, TypeError, AttributeError, ImportError):
                self._lost(number, reader.last_words(), results, shares)
                continue
            reader.has_started, self._in_vain = True, 0
            results.update(told)
            del reader.pending[: len(told)]
        if not ready:
            for number in busy.values():
                self._lost(number, f"Reading this mail took longer than {self._silence_s:.0f} s.", results, shares)

    def _lost(self, number: int, reason: str, results: dict[int, Parsed], shares: _Shares) -> None:
        """A mail that was in hand alone is to blame; of several nobody knows which, so each is handed out alone. None is
        where the reader had not begun.
        """
        reader = self._readers[number]
        pending = reader.pending
        if not reader.has_started:
            shares.give_back(pending)
            self._renew(number)
            return
        log.warning("a parsing process was lost: %s", reason)
        if len(pending) == 1:
            results[pending[0]] = Unparsed(reason)
        else:
            shares.give_back(pending, alone=True)
        self._renew(number)

    def _renew(self, number: int) -> _Reader:
        """Another in the place of one that is gone. Raises NoReaderError where none of them ever begins."""
        gone = self._readers[number]
        if not gone.has_started:
            self._in_vain += 1
            if self._in_vain >= STARTS:
                raise _no_reader(said("it ends with {code}", code=gone.exit_code()))
        gone.close()
        self._readers[number] = self._new()
        return self._readers[number]


class _Shares:
    """Which mails nobody has taken yet."""

    def __init__(self, refs: Sequence[BlobRef], *, fresh: bool) -> None:
        self._refs, self._fresh = refs, fresh
        self._left = list(range(len(refs)))
        self._alone: set[int] = set()

    def take(self, *, is_idle: bool) -> list[int]:
        """The next share. One to be read alone only goes to a reader that has nothing else in hand."""
        if self._left and self._left[0] in self._alone:
            size = 1 if is_idle else 0
        else:
            size = next((at for at, index in enumerate(self._left[:_SHARE]) if index in self._alone), _SHARE)
        share, self._left = self._left[:size], self._left[size:]
        return share

    def give_back(self, share: Sequence[int], *, alone: bool = False) -> None:
        self._left = [*share, *self._left]
        if alone:
            self._alone.update(share)

    def work(self, share: Sequence[int]) -> list[Work]:
        """What a reader needs to know of a share."""
        return [(index, self._refs[index], self._fresh) for index in share]

    def is_alone(self, index: int) -> bool:
        return index in self._alone


class _Reader:
    """One process and the line to it. It answers in the order it was asked, some mails at a time."""

    def __init__(self, packs: Path, limit_s: float) -> None:
        self._limit_s = limit_s
        context = multiprocessing.get_context("spawn")
        self.line: Connection
        self.line, theirs = line_between(context)
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, packs, limit_s), name="deskbell-parse", daemon=True
        )
        try:
            self.process.start()
        except OSError:
            self.line.close()
            raise
        finally:
            theirs.close()
        self.pending: list[int] = []
        self.has_started = False

    @property
    def busy(self) -> bool:
        return bool(self.pending)

    @property
    def is_full(self) -> bool:
        """Has it so much in hand that it does not run dry before it is looked at again?"""
        return len(self.pending) > _SHARE

    def begin(self, share: list[int], work: list[Work]) -> None:
        self.pending += share
        self.line.send(work)

    def exit_code(self) -> str:
        """With what the process ended; it may still run, and say nothing."""
        self.process.join(5)
        return "–" if self.process.exitcode is None else str(self.process.exitcode)

    def last_words(self) -> str:
        """Why it is gone, in words for a person."""
        self.process.join(5)
        if _TOO_LONG is not None and self.process.exitcode == -_TOO_LONG:
            return f"Reading this mail took longer than {self._limit_s:.0f} s of the processor's time."
        return "Reading this mail ended the reader."

    def close(self) -> None:
        self.line.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5)
        with contextlib.suppress(ValueError):
            self.process.close()


def _no_reader(why: str) -> NoReaderError:
    return NoReaderError(
        said(
            "The process that reads mails does not start on this computer ({why}). No mail is lost; it is tried again by itself.",
            why=why,
        )
    )


def read_mail(packs: Packs, ref: BlobRef, *, fresh: bool = False) -> Parsed:
    """Read one stored mail. Whatever goes wrong belongs to this mail alone."""
    from app.inbox.shape import shape_of
    from app.mime.parse import parse

    try:
        raw = packs.read_range(ref, 0, ref.length) if fresh else packs.read(ref)
    except StorageError as error:
        return Unparsed(str(error))
    try:
        mail = parse(raw, want_html=False, want_files=False)
        read = Read(mail, shape_of(mail))
    except Exception as error:
        log.exception("a mail could not be read")
        return Unparsed(f"This mail could not be read ({type(error).__name__}).")
    if mail.auto_reasons == ("unreadable",):
        return Unparsed(mail.warnings[0] if mail.warnings else "This mail could not be read.")
    return read


def _serve(line: Connection, folder: Path, limit_s: float) -> None:
    """The process: read what is asked for until the owner is gone. The system ends it when one mail takes too long."""
    for name in ("SIGINT", "SIGTERM"):  # the owner decides when this ends; a Ctrl-C in a terminal reaches everybody
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    cross_in_one_call(Read, Shape, ParsedMail, Address, Part, Fold, Trust, Bounce, BounceRecipient)
    packs = Packs(folder)
    with contextlib.suppress(EOFError, OSError):
        line.send([])
        while True:
            work: list[Work] = line.recv()
            done: list[tuple[int, Parsed]] = []
            told = time.monotonic()
            for index, ref, fresh in work:
                _allow(limit_s)
                done.append((index, read_mail(packs, ref, fresh=fresh)))
                if len(done) == _TOLD_AT_ONCE or time.monotonic() - told > _TELL_S:
                    line.send(done)
                    done, told = [], time.monotonic()
            if done:
                line.send(done)


def _allow(limit_s: float) -> None:
    """Let this process spend so much processor time from now on. Where there is no such timer, only the clock rules."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, limit_s)
