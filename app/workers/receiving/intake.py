"""From the ledger into tickets: parse what was received, put it in order, write it in short transactions.

One bad mail never holds up the rest: what cannot be read goes into quarantine, and a batch that fails is done again
one mail at a time, so that only the mail to blame is set aside.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from app.inbox import commands
from app.inbox.commands import Ingested, MailToIngest
from app.inbox.queries import WaitingItem, waiting_items
from app.inbox.rules import MOST_ATTEMPTS, Outcome, best_date
from app.index.tidying import gather
from app.kernel.errors import StoreError
from app.workers.parsing import NoReaderError, Parsed, ParsePool, Unparsed
from app.workers.prefetch import Prefetch

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]

_MOST_AT_ONCE: Final = 500
_FIRST_AT_ONCE: Final = 20
_LEFTOVERS: Final = 200
_FEW: Final = 16
_SWITCH_S: Final = 0.001
_OBJECTS: Final = 200_000


@dataclass(slots=True)
class PassCounts:
    """What one pass did, in mails, and how many tickets are new."""

    received: int = 0
    new_tickets: int = 0
    appended: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def duplicates(self) -> int:
        return self.outcomes[Outcome.DUPLICATE]

    @property
    def bounces(self) -> int:
        return self.outcomes[Outcome.BOUNCE]

    @property
    def auto_replies(self) -> int:
        return self.outcomes[Outcome.AUTO_REPLY]

    @property
    def quarantined(self) -> int:
        return self.outcomes[Outcome.QUARANTINED]

    def add(self, done: Ingested) -> None:
        self.new_tickets += done.new_tickets
        self.appended += done.appended
        self.outcomes.update(done.outcomes)

    def plus(self, other: PassCounts) -> None:
        """Count another pass in."""
        self.received += other.received
        self.new_tickets += other.new_tickets
        self.appended += other.appended
        self.outcomes.update(other.outcomes)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a write is to keep others out, and after how long it ends although mails are left; how long it lets them
    in between (all in seconds); how many mails are worth a write of their own, and how many threads are decided at once.
    """

    aim_s: float = 0.02
    limit_s: float = 0.025
    pause_s: float = 0.003
    least: int = 1
    threads: int = 100


WITH_WINDOW: Final = Pace()
ALONE: Final = Pace(aim_s=0.3, limit_s=1.0, pause_s=0.0, least=500, threads=1000)


class Intake:
    """Turns received mails of one mailbox into tickets."""

    def __init__(self, do: Do, ask: Ask, pool: ParsePool, stop: threading.Event, pace: Pace = WITH_WINDOW) -> None:
        self._do, self._ask, self._pool, self._stop = do, ask, pool, stop
        self.pace = pace
        self._at_once = max(_FIRST_AT_ONCE, pace.least)
        self.counts = PassCounts()

    def take(self, windows: Iterator[list[WaitingItem]], expected: int) -> None:
        """Deal with windows of received mails while the next are fetched and parsed."""
        if expected <= _FEW:
            for parsed in self._parsed(self._counted(windows)):
                self._write(parsed)
            return
        self._do(gather)
        with (
            _in_bulk(),
            Prefetch(self._counted(windows), depth=1, name="mail-fetch") as fetched,
            Prefetch(self._parsed(iter(fetched)), depth=1, name="mail-parse") as ready,
        ):
            for parsed in ready:
                self._write(parsed)

    def take_leftovers(self, mailbox: UUID) -> None:
        """Deal with what an earlier run received and did not finish: what was begun before goes one by one, apart."""
        for attempts in range(MOST_ATTEMPTS + 1):
            while not self._stop.is_set():
                items = self._ask(waiting_items, mailbox, limit=_LEFTOVERS, attempts=attempts)
                if not items:
                    break
                self._take_left(items, attempts)

    def _take_left(self, items: Sequence[WaitingItem], attempts: int) -> None:
        if attempts >= MOST_ATTEMPTS:
            for item in items:
                self._set_aside(item.id, f"Reading this mail was begun {attempts} times and never finished.")
        elif attempts == 0:
            for parsed in self._parsed(self._left(items), fresh=False):
                self._write(parsed)
        else:
            for item in items:
                for parsed in self._parsed(self._left([item]), apart=True, fresh=False):
                    self._write(parsed)

    def _counted(self, windows: Iterator[list[WaitingItem]]) -> Iterator[list[WaitingItem]]:
        for window in windows:
            self.counts.received += len(window)
            yield window
            if self._stop.is_set():
                return

    def _left(self, items: Sequence[WaitingItem]) -> Iterator[list[WaitingItem]]:
        self._do(commands.count_attempt, [item.id for item in items])
        yield list(items)

    def _parsed(
        self, windows: Iterator[list[WaitingItem]], *, apart: bool = False, fresh: bool = True
    ) -> Iterator[list[MailToIngest]]:
        """Parse windows; within one, mails are put in the order in which they were written."""
        for window in windows:
            ready = []
            for item, parsed in zip(window, self._read(window, apart=apart, fresh=fresh), strict=True):
                if isinstance(parsed, Unparsed):
                    self._set_aside(item.id, parsed.reason)
                else:
                    ready.append((item.was_there, MailToIngest(item.id, parsed.mail, parsed.shape)))
            if any(was_there for was_there, _ in ready):
                ready.sort(key=lambda one: best_date(one[1].mail))
            yield [mail for _, mail in ready]

    def _read(self, window: list[WaitingItem], *, apart: bool, fresh: bool) -> list[Parsed]:
        """What they say. Where no reader starts, none of them was begun: they wait, and are not counted against."""
        try:
            return self._pool.parse([item.blob for item in window], apart=apart, fresh=fresh)
        except NoReaderError:
            self._do(commands.take_attempt_back, [item.id for item in window])
            raise

    def _write(self, mails: list[MailToIngest]) -> None:
        at = 0
        while at < len(mails) and not self._stop.is_set():
            batch = mails[at : at + self._at_once]
            try:
                done: Ingested = self._do(commands.ingest, batch, budget_s=self.pace.limit_s)
            except StoreError:
                raise  # the disk is full or the desk is busy: the mails wait
            except Exception:
                log.exception("a batch of mails failed; it is done one by one")
                self._one_by_one(batch)
                at += len(batch)
                continue
            self.counts.add(done)
            at += done.done
            self._at_once = self._fitting(done, len(batch))
            if self.pace.pause_s:
                time.sleep(self.pace.pause_s)

    def _fitting(self, done: Ingested, asked: int) -> int:
        """How many mails fill the time that a write may take, judged by the last ones; never twice as many at once.

        After a write that ended before its last mail no more than it managed are worth a write of their own: what a batch
        asks the database for its other mails is asked in vain.
        """
        many = int(done.done * self.pace.aim_s / max(done.took_s, 0.001))
        least = min(self.pace.least, done.done if done.done < asked else self._at_once * 2)
        return max(min(many, self._at_once * 2, _MOST_AT_ONCE), least)

    def _one_by_one(self, mails: Sequence[MailToIngest]) -> None:
        for mail in mails:
            try:
                self.counts.add(self._do(commands.ingest, [mail]))
            except StoreError:
                raise
            except Exception as error:
                log.exception("a mail could not be stored")
                self._set_aside(mail.item, f"This mail could not be stored ({type(error).__name__}).")

    def _set_aside(self, item: UUID, reason: str) -> None:
        self._do(commands.quarantine, item, reason)
        self.counts.outcomes[Outcome.QUARANTINED] += 1


@contextlib.contextmanager
def _in_bulk() -> Iterator[None]:
    """While many mails come in: threads hand over sooner, so that fetching does not stand still while another computes,
    and the collector of cycles looks less often, since almost nothing of what is made here is a cycle.
    """
    with _bulk.turn:
        _bulk.running += 1
        if _bulk.running == 1:
            _bulk.usual = (sys.getswitchinterval(), gc.get_threshold())
            sys.setswitchinterval(min(_SWITCH_S, _bulk.usual[0]))
            gc.set_threshold(_OBJECTS, *_bulk.usual[1][1:])
    try:
        yield
    finally:
        with _bulk.turn:
            _bulk.running -= 1
            if not _bulk.running:
                sys.setswitchinterval(_bulk.usual[0])
                gc.set_threshold(*_bulk.usual[1])


@dataclass(slots=True)
class _Bulk:
    """How many mailboxes bring in many mails just now, and what holds for the process otherwise."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    running: int = 0
    usual: tuple[float, tuple[int, int, int]] = (0.005, (700, 10, 10))


_bulk = _Bulk()
