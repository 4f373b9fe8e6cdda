"""Long work in short steps: a row that whoever holds the engine lock works off, and everybody can watch or cancel.

A job's step is a function `(tx, job) -> bool` (True: there is more) that does at most 100 items or 50 ms of work and
moves `job.cursor` on, in one transaction with the work itself: after a crash it goes on exactly where it was. All
steps of a job carry one `action`, so that one undo takes all of it back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import ids
from app.kernel.errors import NotFoundError, UserError
from app.kernel.store import Store, Tx
from app.kernel.tables import Job

log = logging.getLogger(__name__)

MOST_ITEMS = 100
STEP_S = 0.05
PAUSE_S = 0.003

WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
_OPEN = (WAITING, RUNNING)


@dataclass
class Work:
    """A job as its step sees it. `cursor` and `done` are kept; `payload` is what was frozen when it was asked for."""

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
    result: dict[str, Any]
    """What the steps have noted down on their way (the job's cursor)."""


def declare(name: str, step: Step) -> None:
    """Say how a kind of job is worked off."""
    _steps[name] = step


def start(tx: Tx, name: str, payload: dict[str, Any], *, total: int = 0) -> UUID:
    """Ask for a job; returns its id."""
    key = ids.new_id()
    tx.add(
        Job(id=key, name=name, state=WAITING, payload=payload, cursor={}, total=total, agent=tx.agent,
            action=tx.action, created_at=tx.now)
    )  # fmt: skip
    return key


def cancel(tx: Tx, job: UUID) -> None:
    """Stop a job between two steps. What it has done stays done, and can be undone."""
    row = _row(tx, job)
    if row.state in _OPEN:
        row.state, row.ended_at = CANCELLED, tx.now


def info(db: Session, job: UUID) -> JobInfo:
    """How a job stands. Raises NotFoundError."""
    return _info(_row(db, job))


def unfinished(db: Session) -> tuple[JobInfo, ...]:
    """Jobs that wait or run, oldest first."""
    rows = db.scalars(select(Job).where(Job.state.in_(_OPEN)).order_by(Job.created_at))
    return tuple(_info(row) for row in rows)


def work_off(store: Store, stop: threading.Event | None = None) -> int:
    """Work off every job that waits, with a pause between steps so that others can write. Returns how many ended."""
    ended = 0
    while not (stop and stop.is_set()):
        with store.read() as db:
            waiting = unfinished(db)
        if not waiting:
            return ended
        ended += _step(store, waiting[0])
        time.sleep(PAUSE_S)
    return ended


def _step(store: Store, job: JobInfo) -> int:
    with store.read() as db:
        agent = _row(db, job.id).agent
    try:
        with store.write(job.name, agent=agent, action=job.action) as tx:
            row = _row(tx, job.id)
            if row.state not in _OPEN:
                return 0
            work = Work(row.payload, dict(row.cursor), row.done, row.total)
            more = _steps[row.name](tx, work)
            row.state = RUNNING if more else DONE
            row.cursor, row.done, row.total = work.cursor, work.done, work.total
            row.ended_at = None if more else tx.now
            return 0 if more else 1
    except Exception as error:
        log.exception("the job %s failed", job.name)
        words = str(error) if isinstance(error, UserError) else "Something went wrong; what was done before it stays."
        with store.write("job_failed") as tx:
            row = _row(tx, job.id)
            row.state, row.error, row.ended_at = FAILED, words, tx.now
        return 1


def _row(db: Session, job: UUID) -> Job:
    row = db.get(Job, job)
    if row is None:
        msg = "There is no such job."
        raise NotFoundError(msg)
    return row


def _info(row: Job) -> JobInfo:
    return JobInfo(row.id, row.name, row.state, row.done, row.total, row.error, row.action, dict(row.cursor))
