"""Long work in short steps: a row that whoever holds the engine lock works off, and everybody can watch or cancel.

A job's step is a function `(tx, job) -> bool` (True: there is more) that does at most 100 items or 50 ms of work and
moves `job.cursor` on, in one transaction with the work itself: after a crash it goes on exactly where it was. All
steps of a job carry one `action`, so that one undo takes all of it back. What a person waits for comes before what the
program does of its own accord.

A job that is no work on rows (a backup) has no steps: it is declared `apart`, and whoever does it says how far it is, asks
now and then whether it is still wanted, and says how it ended.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, defer

from app.kernel import ids
from app.kernel.database.store import Store
from app.kernel.database.tables import Job, JobKeys
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, StoreError, UserError
from app.kernel.sentences import words_of

log = logging.getLogger(__name__)

MOST_ITEMS = 100
STEP_S = 0.05
PAUSE_S = 0.003

WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
_OPEN = (WAITING, RUNNING)
_WIDTH, _TOGETHER = 16, 500


@dataclass
class Work:
    """A job as its step sees it. `cursor` and `done` are kept; `payload` is what was frozen when it was asked for."""

    id: UUID
    payload: dict[str, Any]
    cursor: dict[str, Any]
    done: int
    total: int
    started: float = field(default_factory=time.monotonic)

    def has_time(self) -> bool:
        """May this step go on?"""
        return time.monotonic() - self.started < STEP_S


Step = Callable[[Tx, Work], bool]

_steps: dict[str, Step] = {}
_apart: set[str] = set()


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A job for those who watch it."""

    id: UUID
    name: str
    state: str
    done: int
    total: int
    error: str
    action: UUID
    agent: UUID | None
    result: dict[str, Any]
    """What the steps have noted down on their way (the job's cursor)."""
    asked_at: datetime


def declare(name: str, step: Step) -> None:
    """Say how a kind of job is worked off."""
    _steps[name] = step


def declare_apart(name: str) -> None:
    """Say that a kind of job is done by somebody of its own (`tell`, `is_wanted`, `finish`, `fail`, `put_back`)."""
    _apart.add(name)


def start(tx: Tx, name: str, payload: dict[str, Any], *, total: int = 0, keys: bytes = b"") -> UUID:
    """Ask for a job; returns its id. `keys`: the ids of what it has to do, 16 bytes each, for `keys_from`."""
    key = ids.new_id()
    size = _WIDTH * _TOGETHER
    for place, at in enumerate(range(0, len(keys), size)):
        tx.add(JobKeys(job=key, place=place, keys=keys[at : at + size]))
    tx.add(
        Job(id=key, name=name, state=WAITING, payload=payload, cursor={}, total=total, agent=tx.agent,
            action=tx.action, created_at=tx.now)
    )  # fmt: skip
    return key


def keys_from(db: Session, job: UUID, place: int, count: int) -> list[UUID]:
    """The next `count` things that a job has to do from `place` on, as they were given; fewer at a row's end, none at the end."""
    block = db.scalar(select(JobKeys.keys).where(JobKeys.job == job, JobKeys.place == place // _TOGETHER)) or b""
    at = place % _TOGETHER * _WIDTH
    some = block[at : at + count * _WIDTH]
    return [UUID(bytes=some[n : n + _WIDTH]) for n in range(0, len(some), _WIDTH)]


def cancel(tx: Tx, job: UUID) -> bool:
    """Stop a job between two steps; False if it has ended. What it has done stays done, and can be undone."""
    row = _row(tx, job)
    if row.state not in _OPEN:
        return False
    _end(tx, row, CANCELLED)
    return True


def info(db: Session, job: UUID) -> JobInfo:
    """How a job stands. Raises NotFoundError."""
    return _info(_row(db, job))


def unfinished(db: Session) -> tuple[JobInfo, ...]:
    """Jobs that wait or run, as they are worked off: those that a person asked for first, else oldest first."""
    query = select(Job).options(defer(Job.payload)).where(Job.state.in_(_OPEN))
    rows = db.scalars(query.order_by(Job.agent.is_(None), Job.created_at, Job.id))
    return tuple(_info(row) for row in rows)


def work_off(store: Store, stop: threading.Event | None = None) -> int:
    """Work off every job that waits, with a pause between steps so that others can write. Returns how many ended.

    Raises StoreError while nothing can be written; the jobs wait.
    """
    ended = 0
    while not (stop and stop.is_set()):
        with store.read() as db:
            waiting = [job for job in unfinished(db) if job.name not in _apart]
        if not waiting:
            return ended
        ended += _step(store, waiting[0])
        time.sleep(PAUSE_S)
    return ended


def tell(tx: Tx, job: UUID, done: int, total: int) -> None:
    """A job apart is being done, and is so far. Nothing happens when it has ended."""
    row = _row(tx, job)
    if row.state in _OPEN:
        row.state, row.done, row.total = RUNNING, done, total


def is_wanted(db: Session, job: UUID) -> bool:
    """Has nobody cancelled it?"""
    return db.scalar(select(Job.state).where(Job.id == job)) in _OPEN


def payload(db: Session, job: UUID) -> dict[str, Any]:
    """What was frozen when it was asked for."""
    return dict(_row(db, job).payload)


def finish(tx: Tx, job: UUID, result: dict[str, Any]) -> None:
    """A job apart is done; a word to stop that came after that is no longer heard."""
    row = _row(tx, job)
    row.cursor, row.done = result, row.total
    _end(tx, row, DONE)


def fail(tx: Tx, job: UUID, words: str) -> None:
    """A job apart could not be done; `words` say why, for people."""
    row = _row(tx, job)
    row.error = words
    _end(tx, row, FAILED)


def put_back(tx: Tx, job: UUID, cursor: dict[str, Any]) -> None:
    """A job apart was begun and is to be begun again by whoever comes next; `cursor` is kept for them."""
    row = _row(tx, job)
    if row.state in _OPEN:
        row.state, row.cursor, row.done = WAITING, cursor, 0


def _step(store: Store, job: JobInfo) -> int:
    with store.read() as db:
        agent = _row(db, job.id).agent
    try:
        with store.write(job.name, agent=agent, action=job.action) as tx:
            row = _row(tx, job.id)
            if row.state not in _OPEN:
                return 0
            work = Work(row.id, row.payload, dict(row.cursor), row.done, row.total)
            more = _steps[row.name](tx, work)
            row.state, row.cursor, row.done, row.total = RUNNING, work.cursor, work.done, work.total
            if not more:
                _end(tx, row, DONE)
            return 0 if more else 1
    except StoreError:
        raise  # the disk is full or the desk is busy: it goes on from here at the next turn
    except Exception as error:
        log.exception("the job %s failed", job.name)
        words = (
            words_of(error) if isinstance(error, UserError) else "Something went wrong; what was done before it stays."
        )
        with store.write("job_failed") as tx:
            fail(tx, job.id, words)
        return 1


def _end(tx: Tx, row: Job, state: str) -> None:
    row.state, row.ended_at = state, tx.now
    tx.execute(delete(JobKeys).where(JobKeys.job == row.id))


def _row(db: Session, job: UUID) -> Job:
    row = db.get(Job, job)
    if row is None:
        msg = "There is no such job."
        raise NotFoundError(msg)
    return row


def _info(row: Job) -> JobInfo:
    return JobInfo(
        row.id,
        row.name,
        row.state,
        row.done,
        row.total,
        row.error,
        row.action,
        row.agent,
        dict(row.cursor),
        row.created_at,
    )
