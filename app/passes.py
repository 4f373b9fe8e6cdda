"""A pass: receive, timers, send, once; and the comparison of the ledger with the servers. By whoever holds the engine lock.

The command line makes one without an engine, and the engine makes one when the command line asks it to. What fails with
one mailbox is told and stops no other.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from app.conversations.queries import mailboxes as all_mailboxes
from app.desk import Desk
from app.desk.maintenance import backup_job
from app.inbox.queries import receiving_mailboxes
from app.kernel import clock, secrets
from app.kernel.errors import ExternalError, UserError
from app.kernel.files.locks import FileLock, holder
from app.kernel.log import brief
from app.kernel.sentences import said
from app.kernel.state import jobs
from app.outbox.delivery import settle_leftovers
from app.outbox.queries import copies_due
from app.workers import timers
from app.workers.parsing import FEW, ParsePool
from app.workers.receiving import mailbox_pass
from app.workers.receiving.intake import ALONE, Pace
from app.workers.sending import senders
from app.workers.thread_pool import LeftError, Life, ThreadPool

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Mailboxes that one pass receives from at a time; without those that wait for a server."""

R = TypeVar("R")


@dataclass
class Pass:
    """What one pass did, in the words of the command line's contract; `problems` are sentences for people."""

    received: int = 0
    new_tickets: int = 0
    appended: int = 0
    duplicates: int = 0
    bounces: int = 0
    auto_replies: int = 0
    quarantined: int = 0
    sent: int = 0
    held: int = 0
    failed: int = 0
    uncertain: int = 0
    problems: list[str] = field(default_factory=list)

    def took(self, counts: mailbox_pass.PassCounts) -> None:
        """Count what receiving did."""
        for name in ("received", "new_tickets", "appended", "duplicates", "bounces", "auto_replies", "quarantined"):
            setattr(self, name, getattr(self, name) + getattr(counts, name))

    def gave(self, counts: senders.SendCounts) -> None:
        """Count what sending did."""
        for name in ("sent", "held", "failed", "uncertain"):
            setattr(self, name, getattr(self, name) + getattr(counts, name))


@contextlib.contextmanager
def engine_lock(desk: Desk, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the engine lock, and first settle what the last holder left. Raises UserError with the holder's pid."""
    lock = FileLock(desk.workspace.engine_lock, role="engine")
    if not lock.acquire(timeout_s=wait_s):
        who = holder(desk.workspace.engine_lock)
        msg = said(
            "Another engine is at work on this desk (process {pid}).", pid=str(who.pid) if who else said("unknown")
        )
        raise UserError(msg)
    try:
        desk.work(settle_leftovers)
        yield
    finally:
        lock.release()


def one_pass(desk: Desk, mailbox: UUID | None = None, stop: threading.Event | None = None) -> Pass:
    """Receive, ingest, timers, send: once, by whoever holds the engine lock. What fails is told, and stops nothing else.

    When something was sent or filed, the copies that went into the Sent folders get their lines in the ledger before
    the end, so that after a pass every mail on the servers is accounted for; they are not counted as received. A pass that
    has brought in what lay in a mailbox leaves the backup to the next one: all of that is on the server still.
    """
    stop = stop or threading.Event()
    done = Pass()
    keys = [mailbox] if mailbox else list(desk.ask(receiving_mailboxes))
    first = _first_imports(desk, keys)
    with contextlib.closing(ParsePool(desk.workspace.packs)) as pool:
        if first:
            pool.begin(FEW + 1)  # they start while we connect
        receive_from(desk, keys, pool, stop, done, ALONE)
        is_filing = bool(desk.ask(copies_due, clock.now()))
        has_brought = bool(first - _first_imports(desk, keys))
        _timers_and_sending(desk, stop, done, None if has_brought else due_backups(desk))
        if done.sent or is_filing:
            receive_from(desk, keys, pool, stop, Pass(), ALONE)
    return done


def _first_imports(desk: Desk, keys: Sequence[UUID]) -> set[UUID]:
    """Of these mailboxes those whose older mail is not all in yet."""
    return {box.id for box in desk.ask(all_mailboxes) if box.id in keys and not box.first_import_done}


def receive_from(
    desk: Desk,
    mailboxes: Sequence[UUID],
    pool: ParsePool,
    stop: threading.Event,
    done: Pass,
    pace: Pace,
    *,
    ended: Callable[[UUID], object] = lambda _mailbox: None,
) -> None:
    """Receive from mailboxes, some at a time: a server that is slow to answer, or silent, holds up no other mailbox.

    `ended` hears of each with which it is through, at once.
    """

    def receive(key: UUID, life: Life) -> mailbox_pass.PassCounts | str:
        try:
            return mailbox_pass.receive_pass(_seen_by(life, hands_of(desk, key, pool, stop)), pace=pace)
        except Exception as error:  # noqa: BLE001 - told, and stops no other mailbox
            return told(error)

    for result in _side_by_side(receive, mailboxes, stop, ended):
        if isinstance(result, str):
            done.problems.append(result)
        else:
            done.took(result)


def _side_by_side(
    work: Callable[[UUID, Life], R],
    mailboxes: Sequence[UUID],
    stop: threading.Event,
    ended: Callable[[UUID], object],
) -> list[R]:
    """The results of `work` for each mailbox, in their order; at most `AT_ONCE` have something to do here at a time.

    Without those that a stop has left waiting for their server: what they still bring is received again.
    """
    results: dict[UUID, R] = {}

    def keep(key: UUID, life: Life) -> None:
        results[key] = work(key, life)
        ended(key)

    if len(mailboxes) < 2:
        for key in mailboxes:
            keep(key, Life())
        return list(results.values())
    pool = ThreadPool(AT_ONCE)
    try:
        pool.do_all("pass", [partial(keep, key) for key in mailboxes], stop)
    finally:
        pool.leave_still()
    return [results[key] for key in mailboxes if key in results]


def _seen_by(life: Life, hands: mailbox_pass.Hands) -> mailbox_pass.Hands:
    return replace(hands, do=life.shown_by(hands.do), ask=life.shown_by(hands.ask))


def told(error: Exception) -> str:
    """What went wrong, for whoever waits for the pass; a mistake of ours goes into the log as well."""
    if isinstance(error, (ExternalError, UserError, LeftError)):
        return str(error)
    log.error("a part of a pass failed", exc_info=error)
    return f"Something went wrong inside Deskbell ({brief(error)}). Nothing that was stored is lost."


def hands_of(desk: Desk, mailbox: UUID, pool: ParsePool, stop: threading.Event) -> mailbox_pass.Hands:
    """What receiving for a mailbox of this desk is handed."""
    return mailbox_pass.Hands(mailbox, desk.work, desk.ask, desk.packs, secrets.load_secret, pool, stop)


def _timers_and_sending(desk: Desk, stop: threading.Event, done: Pass, backup: timers.Backup | None) -> None:
    timers.timers_pass(desk.work, desk.ask, backup=backup)
    jobs.work_off(desk.store, stop)
    done.gave(senders.send_due(desk.work, desk.ask, desk.packs, secrets.load_secret, stop))


def due_backups(desk: Desk, stop: threading.Event | None = None) -> timers.Backup:
    """The backups of this desk that are due; one that is being made when `stop` comes is given up, and due again."""
    stop = stop or threading.Event()
    return lambda now: backup_job.due(desk, now, stop)


def reconcile(
    desk: Desk,
    mailbox: UUID | None = None,
    stop: threading.Event | None = None,
    *,
    ended: Callable[[UUID], object] = lambda _mailbox: None,
) -> list[str]:
    """Compare the ledger with fresh listings of the servers. What could not be compared is told, in sentences.

    `ended` hears of each mailbox with which it is through, at once.
    """
    stop = stop or threading.Event()

    def compare(key: UUID, life: Life) -> str:
        try:
            mailbox_pass.list_again(_seen_by(life, hands_of(desk, key, pool, stop)))
        except Exception as error:  # noqa: BLE001 - told, and stops no other mailbox
            return told(error)
        return ""

    with contextlib.closing(ParsePool(desk.workspace.packs)) as pool:
        keys = [mailbox] if mailbox else list(desk.ask(receiving_mailboxes))
        return [words for words in _side_by_side(compare, keys, stop, ended) if words]
