"""Backups as one window sees them: asked for here, and one place that knows what is being made just now.

A backup is a job of the desk (`app.desk.maintenance.backup_job`): the engine makes it, so it goes on when the window is closed, and every
window shows how far it is, with Cancel (`ui.pages.working`). Only where no engine is at work, or where it cannot be told the passphrase,
this window makes it itself.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import QObject, Qt, Signal

from app.desk.maintenance import backup_job
from app.desk.maintenance.backup_job import Order
from app.desk.supervisor import engine_pid
from app.kernel import secrets
from app.kernel.database.changes import Changes
from app.kernel.state import jobs
from ui.pages import Context
from ui.text import size_text, told, tr


class Backups(QObject):
    """What goes on with backups, as one window sees it. `ended`: nothing runs any more."""

    ended = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._is_asking = False
        self._job: UUID | None = None
        self._mine: set[UUID] = set()
        context.bridge.changed.connect(self._hear)
        self._look()

    @property
    def is_running(self) -> bool:
        """Is one asked for or being made, by whomever?"""
        return self._is_asking or self._job is not None

    def now(self) -> None:
        """The scheduled backup, now: here, and in the second place."""
        self._begin()
        self._ask_for(Order())

    def write(self, target: Path, passphrase: str | None = None, *, with_passwords: bool = False) -> None:
        """One file; an existing one was agreed to in the dialog."""
        self._begin()
        self._context.tasks.run(
            lambda: backup_job.file_order(target, replace=True, passphrase=passphrase, with_passwords=with_passwords),
            then=self._ask_for,
            owner=self,
            failed=self._refused,
        )

    # -- asking -------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._is_asking = True

    def _ask_for(self, order: Order) -> None:
        kept = secrets.for_this_run.get(order.passphrase) if order.passphrase else None
        if kept is not None and not self._context.engine_secret(order.passphrase, kept):
            order = backup_job.only_here(order)  # there is no keyring, and the engine is somebody else's
        then = partial(self._asked_for, is_mine=bool(order.by))
        self._context.tasks.do(backup_job.ask_for, order, then=then, owner=self, failed=self._refused)

    def _asked_for(self, job: UUID, *, is_mine: bool) -> None:
        self._is_asking, self._job = False, job
        self._mine.add(job)
        desk, stop = self._context.desk, self._context.tasks.closing

        def work() -> None:
            if is_mine:
                backup_job.make_mine(desk, job, stop)
            elif engine_pid(desk.workspace) is None:
                backup_job.work_off(desk, stop)

        self._context.tasks.run(work, then=lambda _none: self._look(), owner=self)

    def _refused(self, _error: Exception) -> bool:
        self._is_asking = False
        self.ended.emit()
        return False

    # -- following ----------------------------------------------------------------------------------------------------

    def _hear(self, changes: Changes) -> None:
        if changes.touches("job"):
            self._look()

    def _look(self) -> None:
        self._context.tasks.ask(backup_job.under_way, then=self._take, owner=self, key="backup")

    def _take(self, found: jobs.JobInfo | None) -> None:
        before, self._job = self._job, found.id if found is not None else None
        if before is not None and before != self._job:
            self._context.tasks.ask(jobs.info, before, then=self._tell, owner=self)

    def _tell(self, job: jobs.JobInfo) -> None:
        """How one ended, in the window that asked for it."""
        if job.id in self._mine:
            self._mine.discard(job.id)
            self._context.toasts.say(*_words(job))
        if not self.is_running:
            self.ended.emit()


def _words(job: jobs.JobInfo) -> tuple[str, str]:
    """What came of a backup, and in which tone that is said."""
    if job.state == jobs.FAILED:
        return told(job.error), "bad"
    if job.state == jobs.CANCELLED:
        return tr("Stopped. No backup was written."), "info"
    if not job.result.get("file"):
        return tr("A backup was made."), "ok"
    name, size = Path(job.result["file"]).name, size_text(job.result["bytes"])
    return tr("Backup written and read again: {name}, {size}.", name=name, size=size), "ok"


def backups_of(context: Context) -> Backups:
    """The one of this window."""
    return known_backups(context) or Backups(context, context.overlay)


def known_backups(context: Context) -> Backups | None:
    """The one of this window, if anybody asked for it yet. This is asked with every key: so only the overlay's own children are looked at, never the sheets on it."""
    found = context.overlay.findChild(Backups, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found if isinstance(found, Backups) else None
