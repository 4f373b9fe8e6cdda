"""Sending: every mailbox that has something due has a thread of its own, and so has the filing of its copies.

A server that is slow, or says nothing at all, holds up nobody but its own mailbox: of those that have to do something
here no more than `MOST_AT_ONCE` are at it, and who waits for a server is not counted (`pool`). A mailbox with nothing
due has no thread. How one mailbox sends is in `hand_over`, how it files its
copies in `sent_copies`; here is who begins when, and how all of it comes to an end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from app.connectors.wake import AwakeClock
from app.conversations.queries import MailboxInfo, mailbox
from app.kernel import clock
from app.kernel.files.blobs import Packs
from app.kernel.files.disk import StorageError
from app.outbox import commands, queries, waits
from app.workers.sending.hand_over import HandOver, Kit, MailboxError
from app.workers.sending.sent_copies import Ask, Do, Filing, Secrets
from app.workers.thread_pool import Life, ThreadPool

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 16
"""Mailboxes that send at a time, and that file copies; without those that wait for a server."""
GRACE_S: Final = 1.0
"""So long a server may take over its answer when the engine ends; then its line is cut."""
GOING_OVER_S: Final = 10.0
"""While a mail is going over it is longer: cut off there, nobody would know whether it went out."""
_TO_NOTICE_S: Final = 1.0
_TO_END_S: Final = 25.0
_LONGEST_WAIT_S = 60.0
_OLD: Final = timedelta(minutes=1)
"""A reply that has waited for so long (no line, a chosen time, the engine was off) goes after a look for new mail only."""
_LOOK_S = 0.05
_QUIET_S = (5.0, 20.0, 60.0)


@dataclass(frozen=True, slots=True)
class SendCounts:
    """What one pass did, in messages."""

    sent: int = 0
    held: int = 0
    failed: int = 0
    uncertain: int = 0
    retry: int = 0
    partial: int = 0
    waiting: int = 0  # no connection or no sign-in: nothing was tried


def send_due(do: Do, ask: Ask, packs: Packs, secrets: Secrets, stop: threading.Event) -> SendCounts:
    """Send what is due now, once, and file the copies. Every failure is written to its row; none is raised."""
    return Sender(do, ask, packs, secrets, stop).send_due()


def run(sender: Sender, stop: threading.Event, wake: threading.Event) -> None:
    """Send until `stop`. Set `wake` when the outbox or a mailbox has changed, and at stop."""
    try:
        while not stop.is_set():
            wake.clear()
            try:
                sender.begin_due(wake.set)
                pause = sender.pause_s()
            except Exception:
                log.exception("sending failed; it goes on in a minute")
                pause = _LONGEST_WAIT_S
            stop.wait(_LOOK_S)  # while mails go over, every step of each is a change of the outbox
            if not stop.is_set() and _rest(wake, pause):
                sender.try_again()
    finally:
        sender.end()


def _rest(wake: threading.Event, seconds: float) -> bool:
    """Wait for `wake`, at most so long. True if the computer slept meanwhile: its lines may be well again."""
    awake, until = AwakeClock(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        step = min(left, awake.slice_s)
        awake.begin()
        if wake.wait(step):
            return False
        if awake.slept(step):
            return True
    return False


class Sender:
    """The sending of one process. Remembers which mailboxes are quiet after a failed connection.

    A mailbox is quiet for seconds that go by, never until an hour of the clock; a time that the rep chose is one, but
    not while the clock is in doubt (`clock.Doubt`). `look`: look into a mailbox for new mail, and wait for it a while.
    """

    def __init__(
        self,
        do: Do,
        ask: Ask,
        packs: Packs,
        secrets: Secrets,
        stop: threading.Event,
        doubt: clock.Doubt | None = None,
        look: Callable[[UUID], None] = lambda _mailbox: None,
    ) -> None:
        self._kit = Kit(do, ask, packs, secrets, stop)
        self._doubt, self._look = doubt or clock.Doubt(), look
        self._chosen_by: datetime | None = None
        self._places: dict[_Work, _Place] = {}
        self._guard = threading.Condition()
        self._pools = {files: ThreadPool(MOST_AT_ONCE) for files in (False, True)}

    def send_due(self) -> SendCounts:
        """One pass over everything that is due: mailboxes beside each other; at its end all of them have done theirs.

        A mailbox that is at work because of `begin_due` is waited for, and does the rest in this pass.
        """
        keys = {work.mailbox for work in (*self._due(), *self._begun())}
        totals, faults = Counter[str](), list[BaseException]()

        def work_off(key: UUID, life: Life) -> None:
            try:
                counts = self._do(_Work(key, files=False), life) + self._do(_Work(key, files=True), life)
            except Exception as error:  # noqa: BLE001 - raised where somebody waits for the pass
                faults.append(error)
                return
            with self._guard:
                totals.update(counts)

        works = [partial(work_off, key) for key in sorted(keys, key=self._failures)]
        try:
            ThreadPool(MOST_AT_ONCE).do_all("send", works, self.stop)
        finally:
            if self.stop.is_set():
                self.end()
        if faults:
            raise faults[0]
        return SendCounts(**totals)

    def begin_due(self, tell: Callable[[], None]) -> None:
        """Begin whatever is due where nobody is at it, each on a thread of its own, and wait for none of them.

        `tell` is called when one has done its work: there may be room for the next, or copies to be filed.
        """
        for work in sorted(self._due(), key=lambda each: self._failures(each.mailbox)):
            place = self._place(work)
            if not place.is_begun:
                name = f"{'file' if work.files else 'send'}-{work.mailbox.hex[-4:]}"
                place.is_begun = True
                if not self._pools[work.files].begin(name, partial(self._alone, work, tell)):
                    place.is_begun = False

    def pause_s(self) -> float:
        """Seconds until something may be due where nobody is at it; at most a minute (the clock may be set)."""
        pause, now, begun = _LONGEST_WAIT_S, clock.now(), self._begun()
        for work, at in self._times().items():
            if work not in begun:  # who is at it tells when it is done
                pause = min(pause, max((at - now).total_seconds(), self._place(work).quiet_s))
        return max(pause, 0.2)

    def try_again(self) -> None:
        """Forget that mailboxes were unreachable: the line is back, or somebody asked."""
        with self._guard:
            for place in self._places.values():
                place.until = 0.0

    @property
    def stop(self) -> threading.Event:
        """Set it to bring all of it to an end."""
        return self._kit.stop

    def end(self) -> None:
        """After `stop`: wait for what has nearly been done, then cut the lines, so that a silent server holds up nothing.

        What was cut before its data phase waits as if it had not been tried. A mail that is going over has longer.
        """
        began = time.monotonic()
        while tasks := self._tasks():
            passed = time.monotonic() - began
            late = [each for each in tasks if passed > (GOING_OVER_S if each.is_going_over else GRACE_S)]
            are_cut = [each.cut() for each in late]
            if passed > (_TO_END_S if any(are_cut) or len(late) < len(tasks) else GRACE_S + _TO_NOTICE_S):
                break
            with self._guard:
                self._guard.wait(0.05)
        for each in tasks:  # one that dials a server which says nothing ends by itself, later, and writes nothing
            each.leave()

    # -- what is due

    def _due(self) -> set[_Work]:
        """What has to be begun now, after what was left undone by others is put right."""
        kit = self._kit
        for _ in range(len(kit.late)):
            command, values = kit.late.pop(0)
            kit.write(command, *values)
        for key in kit.ask(queries.overtaken):
            kit.do(commands.recall_overtaken, key)
        if kit.ask(waits.overlong_waits, clock.now()):
            kit.do(waits.shorten_waits)
        now = clock.now()
        believed = self._doubt.believed()
        self._chosen_by = believed if believed < now else None
        return {work for work, at in self._times().items() if at <= now and not self._is_quiet(work)}

    def _times(self) -> dict[_Work, datetime]:
        """When each mailbox wants to send next, and to file; without what waits for a time while the clock is in doubt."""
        sending: dict[UUID, datetime] = self._kit.ask(queries.sending_times, chosen_by=self._chosen_by)
        filing: dict[UUID, datetime] = self._kit.ask(queries.copy_times)
        times = {_Work(key, files=False): at for key, at in sending.items()}
        return times | {_Work(key, files=True): at for key, at in filing.items()}

    def _failures(self, key: UUID) -> int:
        """Who failed before comes later: there may be more silent servers than threads."""
        return self._place(_Work(key, files=False)).failures

    def _is_quiet(self, work: _Work) -> bool:
        """Was it unreachable a moment ago, and is it still the same server and sign-in?"""
        place = self._place(work)
        if place.quiet_s <= 0:
            return False
        box: MailboxInfo | None = self._kit.ask(mailbox, work.mailbox)
        return box is not None and place.access == _access(box)

    # -- who is at work

    def _place(self, work: _Work) -> _Place:
        with self._guard:
            return self._places.setdefault(work, _Place())

    def _begun(self) -> set[_Work]:
        with self._guard:
            return {work for work, place in self._places.items() if place.is_begun}

    def _tasks(self) -> list[HandOver | Filing]:
        with self._guard:
            return [place.task for place in self._places.values() if place.task is not None]

    def _alone(self, work: _Work, tell: Callable[[], None], life: Life) -> None:
        try:
            self._do(work, life)
        except Exception:
            log.exception("sending failed; it goes on in a while")
        finally:
            self._place(work).is_begun = False
            tell()

    def _do(self, work: _Work, life: Life) -> Counter[str]:
        """What is due of this by now, once nobody else is at it; what became of the messages."""
        place = self._place(work)
        kit = replace(self._kit, do=life.shown_by(self._kit.do), ask=life.shown_by(self._kit.ask))
        with place.lock:
            box: MailboxInfo | None = kit.ask(mailbox, work.mailbox)
            if box is None or kit.stop.is_set() or self._is_quiet(work):
                return Counter()
            try:
                task, run = self._task(kit, work, box)
                place.task = task
                run()
            except MailboxError:
                place.fail(box)
            except StorageError as error:
                log.warning("sending stops: %s", error)
                place.fail(box)
            except Exception:
                place.fail(box)
                raise
            else:
                place.failures, place.until = 0, 0.0
            finally:
                done, place.task = place.task, None
                with self._guard:
                    self._guard.notify_all()
        return done.counts if isinstance(done, HandOver) else Counter()

    def _task(self, kit: Kit, work: _Work, box: MailboxInfo) -> tuple[HandOver | Filing, Callable[[], None]]:
        now = clock.now()
        if work.files:
            filing = Filing(kit.do, kit.packs, kit.secrets, kit.stop, box)
            copies: tuple[queries.SentCopy, ...] = kit.ask(queries.copies_due, now, box.id)
            return filing, lambda: filing.run(copies)
        sending = HandOver(kit, box)
        messages: tuple[queries.Due, ...] = kit.ask(queries.due, now, box.id, chosen_by=self._chosen_by)
        if any(one.written_at is not None and now - one.written_at > _OLD for one in messages):
            self._look(box.id)  # the customer may have written meanwhile: claiming notices it
        return sending, lambda: sending.run(messages)


@dataclass(frozen=True, slots=True)
class _Work:
    """A mailbox's sending, or the filing of its copies."""

    mailbox: UUID
    files: bool


@dataclass(slots=True)
class _Place:
    """Where this work is done, by one thread at a time. After a failure it is quiet until a moment of `clock.elapsed`,
    unless the mailbox gets another way in.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    is_begun: bool = False
    task: HandOver | Filing | None = None
    failures: int = 0
    until: float = 0.0
    access: tuple[object, ...] = ()

    @property
    def quiet_s(self) -> float:
        """Seconds that it stays quiet."""
        return self.until - clock.elapsed() if self.until else 0.0

    def fail(self, box: MailboxInfo) -> None:
        """Be quiet for a while, longer each time."""
        self.until = clock.elapsed() + _QUIET_S[min(self.failures, len(_QUIET_S) - 1)]
        self.failures, self.access = self.failures + 1, _access(box)


def _access(box: MailboxInfo) -> tuple[object, ...]:
    return (box.smtp_url, box.user, box.smtp_pin, box.secret_ref, box.secret_version)
