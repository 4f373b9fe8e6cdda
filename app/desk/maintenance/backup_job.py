"""Backups as work that goes on by itself: asked for anywhere, made by whoever holds the backup lock, watched and called off
everywhere.

It is a job apart (`app.kernel.state.jobs`): the engine makes it, so that it goes on when the window is closed; the command line makes
its own, and a window without an engine, too. The lock keeps it at one at a time, the daily one included, and is free the
instant its holder dies: then the next one begins the same backup anew and clears away what was left of the other. A passphrase
waits in the keyring, or in memory where there is none, never in the row.

Every window imports this to show how far one is; what makes one is imported by whoever does (a start of the window does without).
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets as randomness
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel import clock, secrets
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.files.locks import FileLock, is_alive
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.backup import BackupStoppedError
from app.kernel.sentences import said, words_of
from app.kernel.state import jobs

if TYPE_CHECKING:
    from app.desk.desk import Desk
    from app.kernel.maintenance.archive import Going

log = logging.getLogger(__name__)

JOB: Final = "backup"
TRIES: Final = 3
"""How often it is begun again after whoever made it died."""
_LOOK_S, _TELL_S = 0.25, 1.0
_SECRET_S: Final = 60.0
"""How long a passphrase may take to arrive: it comes another way than the row."""
EXPIRES: Final = timedelta(days=1)
"""After so long nobody expects any more what was asked for: the disk may be another one, the passphrase forgotten."""
_ALREADY: Final = "A backup is being made already. Wait until it is done, or cancel it."
_TOO_LATE: Final = "This backup was asked for more than a day ago, and nothing made it meanwhile. Ask for it once more."
_GONE: Final = "The program that knew the passphrase ended before the backup was done. Ask for the backup once more."

jobs.declare_apart(JOB)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: one `file`, or (None) the scheduled copies, now. `passphrase`: its name in the keyring, "" for none.
    `by`: the number of the one process that can make it, 0 for any.
    """

    file: Path | None = None
    replace: bool = False
    passphrase: str = ""
    with_passwords: bool = False
    by: int = 0


def file_order(file: Path, *, replace: bool, passphrase: str | None, with_passwords: bool) -> Order:
    """An order for one file, whose passphrase waits where whoever makes it finds it.

    Raises UserError for a place where no file can be.
    """
    from app.kernel.maintenance.archive import check_target

    check_target(file, replace=replace)
    ref = keep_passphrase(passphrase) if passphrase is not None else ""
    return Order(file, replace, ref, with_passwords and passphrase is not None)


def keep_passphrase(passphrase: str) -> str:
    """Let a passphrase wait for whoever makes the backup; its name. Without a keyring it is known to this process alone."""
    ref = f"backup-{randomness.token_hex(8)}"
    try:
        secrets.store_secret(ref, passphrase)
    except secrets.KeyringError:
        secrets.for_this_run.put(ref, passphrase)
    return ref


def only_here(order: Order) -> Order:
    """The same order, to be made by this process (`make_mine`): nobody else can be told its passphrase."""
    return replace(order, by=os.getpid())


def ask_for(tx: Tx, order: Order) -> UUID:
    """Ask for a backup; the job's id. Raises UserError while another one is being made."""
    if (other := under_way(tx)) is not None:
        if not _is_too_late(other, tx.now):
            raise UserError(_ALREADY)
        jobs.fail(tx, other.id, _TOO_LATE)
        tx.after_commit_call(partial(_forget, jobs.payload(tx, other.id)["passphrase"]))
    payload = {
        "file": None if order.file is None else str(order.file),
        "replace": order.replace,
        "passphrase": order.passphrase,
        "with_passwords": order.with_passwords,
        "by": order.by,
    }
    return jobs.start(tx, JOB, payload)


def under_way(db: Session) -> jobs.JobInfo | None:
    """The backup that waits or is being made, or None."""
    return next((job for job in jobs.unfinished(db) if job.name == JOB), None)


def work_off(desk: Desk, stop: threading.Event, *, wait_s: float = 0.0) -> int:
    """Make what was asked for, unless somebody else is making backups; how many ended. `stop` puts it back for the next one.

    What another process alone can make is left to it as long as it lives.
    """
    ended = 0
    with _alone(desk.workspace, wait_s) as is_ours:
        while is_ours and not stop.is_set() and (job := desk.ask(under_way)) is not None:
            making = _Making(desk, job, stop.is_set)
            if making.is_for_another:
                break
            making.run()
            ended += 1
    return ended


def make_mine(desk: Desk, job: UUID, stop: threading.Event) -> None:
    """Make what this process alone can make, as soon as nobody else makes backups."""
    while not stop.is_set() and desk.ask(jobs.is_wanted, job):
        work_off(desk, stop, wait_s=_LOOK_S)


def due(desk: Desk, now: datetime, stop: threading.Event) -> bool:
    """Make the scheduled backups that are due, unless somebody else is making backups. Raises as `back_up_when_due` does."""
    from app.desk.maintenance import backing_up

    with _alone(desk.workspace) as is_ours:
        choice = desk.ask(backing_up.chosen)
        return is_ours and backing_up.back_up_when_due(desk.workspace, choice, now, lambda: not stop.is_set())


def call_off(desk: Desk) -> bool:
    """Call off the backup that waits or is being made, by whatever program; False if there is none.

    What a program left that was killed meanwhile is taken away.
    """
    job = desk.ask(under_way)
    if job is None or not desk.do(jobs.cancel, job.id):
        return False
    with _alone(desk.workspace) as nobody_makes_it:
        if nobody_makes_it:
            _clear_away(desk.ask(jobs.payload, job.id))
    return True


def make_here(desk: Desk, order: Order, going: Going = lambda _done, _of: True) -> jobs.JobInfo:
    """Make a backup in this process, after what was asked for before. Raises UserError when it could not be made.

    Whatever ends this process calls it off, too.
    """
    with _alone(desk.workspace, wait_s=2.0) as is_ours:
        if not is_ours:
            msg = "A backup is being made by another program of this desk. Wait until it is done, or cancel it."
            raise UserError(msg)
        while (left := desk.ask(under_way)) is not None:
            making = _Making(desk, left, lambda: False)
            if making.is_for_another:
                raise UserError(_ALREADY)
            making.run()
        key = desk.do(ask_for, order)
        try:
            _Making(desk, desk.ask(jobs.info, key), lambda: False, going).run()
        except BaseException:
            desk.work(jobs.cancel, key)
            raise
    info = desk.ask(jobs.info, key)
    if info.state == jobs.FAILED:
        raise UserError(info.error)
    return info


@contextlib.contextmanager
def _alone(place: Workspace, wait_s: float = 0.0) -> Iterator[bool]:
    """Hold the backup lock; False when somebody else has it."""
    lock = FileLock(place.backup_lock, role="backup")
    is_ours = lock.acquire(timeout_s=wait_s)
    try:
        yield is_ours
    finally:
        if is_ours:
            lock.release()


class _Making:
    """One run of one job: how far it is, whether it is still wanted, and how it ended."""

    def __init__(self, desk: Desk, job: jobs.JobInfo, stops: Callable[[], bool], going: Going | None = None) -> None:
        self._desk, self._key, self._stops = desk, job.id, stops
        self._payload = desk.ask(jobs.payload, job.id)
        self._by = int(self._payload.get("by", 0))
        self._is_too_late = _is_too_late(job, clock.now())
        self._going = going or (lambda _done, _of: True)
        self._tries = int(job.result.get("tries", 0)) + 1
        self._looked = self._told = 0.0
        self._share = -1
        self._cancelled = False

    @property
    def is_for_another(self) -> bool:
        """Is there a process that alone can make it, and not this one?"""
        return self._by not in {0, os.getpid()} and is_alive(self._by) and not self._is_too_late

    def run(self) -> None:
        """Make it. Never raises for what went wrong: the job tells."""
        work, payload = self._desk.work, self._payload
        try:
            self._refuse_what_is_over()
            work(jobs.put_back, self._key, {"tries": self._tries})
            work(jobs.tell, self._key, 0, 0)
            result = self._made(payload)
        except UserError as error:
            work(jobs.fail, self._key, words_of(error))
        except Exception:
            log.exception("a backup could not be made")
            work(jobs.fail, self._key, "Something went wrong; the earlier backups are kept.")
        else:
            if result is not None:
                work(jobs.finish, self._key, result)
            elif not self._cancelled:
                work(jobs.put_back, self._key, {"tries": self._tries - 1})
                return  # its passphrase is still wanted
        _forget(payload["passphrase"])

    def _refuse_what_is_over(self) -> None:
        words = ""
        if self._tries > TRIES:
            words = said(
                "The backup was begun {times} times, and each time the program ended before it was done.", times=TRIES
            )
        elif self._is_too_late:
            words = _TOO_LATE
        elif self._by not in {0, os.getpid()}:
            words = _GONE
        if words:
            _clear_away(self._payload)
            raise UserError(words)

    def _made(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        """What came of it; None when it was called off or put back."""
        from app.desk.maintenance import backing_up

        try:
            if payload["file"] is None:
                backing_up.back_up_now(self._desk, lambda: self._goes_on(0, 0))
                return {"file": None}
            written = backing_up.write_file(
                self._desk,
                Path(payload["file"]),
                replace=payload["replace"],
                passphrase=_passphrase(payload["passphrase"], self._stops),
                with_passwords=payload["with_passwords"],
                going=self._goes_on,
            )
        except BackupStoppedError:
            return None
        if written is None:
            return None
        return {"file": payload["file"], "bytes": written.size, **written.manifest.about.plain()}

    def _goes_on(self, done: int, of: int) -> bool:
        """Called after each block: tell now and then, and look whether it is still wanted."""
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._looked = now
            self._cancelled = self._cancelled or not self._desk.ask(jobs.is_wanted, self._key)
        share = done * 100 // of if of else 0
        if share != self._share and now - self._told > _TELL_S:
            self._share, self._told = share, now
            with contextlib.suppress(UserError):  # a full disk of the desk stops no backup onto another one
                self._desk.work(jobs.tell, self._key, share, 100)
        return self._going(done, of) and not self._cancelled and not self._stops()


def _passphrase(ref: str, stops: Callable[[], bool]) -> str | None:
    """The passphrase that waits under this name; None for a file without one.

    Raises UserError when it is gone, BackupStoppedError.
    """
    if not ref:
        return None
    end = time.monotonic() + _SECRET_S
    while (found := secrets.load_secret(ref)) is None:
        if stops():
            raise BackupStoppedError
        if time.monotonic() > end:
            msg = "The passphrase of the backup is not known any more. Ask for the backup once more."
            raise UserError(msg)
        time.sleep(0.1)
    return found


def _is_too_late(job: jobs.JobInfo, now: datetime) -> bool:
    return now - job.asked_at > EXPIRES


def _clear_away(payload: dict[str, Any]) -> None:
    """Of a file that is not wanted any more, and whose maker is gone."""
    from app.kernel.maintenance.archive import clear_away

    if payload["file"] is not None:
        clear_away(Path(payload["file"]))
    _forget(payload["passphrase"])


def _forget(ref: str) -> None:
    if ref:
        with contextlib.suppress(secrets.KeyringError):
            secrets.delete_secret(ref)
