"""Long work in one place: every job that waits or runs, with how far it is and Cancel; in each window.

What a person asked for is shown by itself; what the program does of its own accord is shown when somebody asks for it.
"""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout

from app.desk.maintenance.backup_job import JOB as BACKUP
from app.kernel.database.changes import Changes
from app.kernel.state import jobs
from app.tickets.bulk import JOB as CHANGE
from app.tickets.commands.undo import JOB as UNDO
from ui.pages import Context
from ui.text import tr
from ui.widgets.label import Label
from ui.widgets.overlay import Dialog
from ui.widgets.progress import Work, WorkLine, WorkStrip, show_lines


def job_word(name: str) -> str:
    """What a job does, in a few words."""
    words = {CHANGE: tr("Changing tickets"), UNDO: tr("Undoing"), BACKUP: tr("Making a backup")}
    return words.get(name, tr("Working in the background"))


class Working(QObject):
    """Knows what goes on. `changed` tells `works`, those that a person asked for first."""

    changed = Signal()

    def __init__(self, context: Context, strip: WorkStrip) -> None:
        super().__init__(strip)
        self._context, self._strip = context, strip
        self.works: tuple[Work, ...] = ()
        strip.stopped.connect(self.cancel)
        context.bridge.changed.connect(self._hear)
        self._look()

    def cancel(self, key: str) -> None:
        """Stop a job; what it has done stays, and can be undone."""
        self._context.tasks.do(jobs.cancel, UUID(hex=key))

    def open_sheet(self) -> None:
        """Show everything that goes on."""
        sheet = WorkSheet(self)
        self._context.overlay.open(sheet)

    def _hear(self, changes: Changes) -> None:
        if changes.touches("job"):
            self._look()

    def _look(self) -> None:
        self._context.tasks.ask(jobs.unfinished, then=self._take, owner=self, key="working")

    def _take(self, found: tuple[jobs.JobInfo, ...]) -> None:
        self.works = tuple(_work(job) for job in found)
        self._strip.show_works([_work(job) for job in found if job.agent is not None])
        self.changed.emit()


def _work(job: jobs.JobInfo) -> Work:
    remark = tr("waiting") if job.state == jobs.WAITING else ""
    if job.name == BACKUP and job.total and not remark:
        remark = tr("{n} %", n=job.done)
    return Work(job.id.hex, job_word(job.name), job.done, job.total, remark)


class WorkSheet(Dialog):
    """Every job, live."""

    light_dismiss = True

    def __init__(self, working: Working) -> None:
        super().__init__(tr("Work in progress"), width=520)
        self._working = working
        self._lines: dict[str, WorkLine] = {}
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._calm = Label(tr("Nothing is being worked on."), "muted")
        self.add(self._rows, self._calm)
        working.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        for line in show_lines(self._rows, self._lines, self._working.works):
            line.stopped.connect(self._working.cancel)
        self._calm.setVisible(not self._working.works)
