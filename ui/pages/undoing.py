"""Undo and redo of the window: the keys take back the last that was done, a toast's button what it tells of.

A large one is a job of the engine. It is followed here, so that what was left as it is, and by whom, is said in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from app.kernel.database.changes import Changes
from app.kernel.state import jobs
from app.tickets.commands.results import UndoResult
from ui.bridge import Bridge
from ui.tasks import Tasks
from ui.text import count_text, tr
from ui.widgets.toast import ToastHost

_TOLD = 3
"""So many sentences of what was left as it is fit a toast."""


class Undoing(QObject):
    """One a window."""

    begins = Signal()  # what is being written is to be kept first: what comes back is written below it

    def __init__(self, tasks: Tasks, bridge: Bridge, toasts: ToastHost, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._toasts = tasks, toasts
        self._jobs: dict[UUID, bool] = {}
        bridge.changed.connect(self._look)
        tasks.undo_offered.connect(self._offer)

    def undo(self) -> None:
        """Take back the last thing done, which may be newer than what a toast still tells of."""
        self._undo(None)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._redo()

    def _offer(self, words: str, action: UUID) -> None:
        self._toasts.offer_undo(words, lambda: self._undo(action))

    def _undo(self, action: UUID | None) -> None:
        from app.tickets.commands.undo import undo  # when it is first wanted: a start does without

        self.begins.emit()
        self._tasks.do(undo, action, then=lambda result: self._done(result, back=True), owner=self)

    def _redo(self) -> None:
        from app.tickets.commands.undo import redo

        self._tasks.do(redo, then=lambda result: self._done(result, back=False), owner=self)

    def _done(self, result: UndoResult, *, back: bool) -> None:
        if result.job is not None:
            self._jobs[result.job] = back
            words = (
                tr("This takes a moment: it is being undone.") if back else tr("This takes a moment: it is done again.")
            )
            self._toasts.say(words, "info")
            self._ask(result.job)
        elif result.undone:
            self._tell(_done_words(result.numbers, back=back), result.undone, result.kept, result.action, back=back)
        else:
            self._toasts.say(_few(result.kept), "info")

    def _tell(self, done: str, undone: int, kept: Sequence[str], action: UUID | None, *, back: bool) -> None:
        words = " ".join(part for part in (done, _few(kept)) if part)
        if not undone:
            self._toasts.say(words, "info")
        elif back:
            self._toasts.offer_redo(words, self._redo)
        else:
            self._toasts.offer_undo(words, lambda: self._undo(action))

    # -- a job to its end

    def _look(self, changes: Changes) -> None:
        ids = changes.of("job")
        for job in list(self._jobs):
            if ids is None or job in ids:
                self._ask(job)

    def _ask(self, job: UUID) -> None:
        self._tasks.ask(jobs.info, job, then=self._take, owner=self, key=f"undo-{job.hex}")

    def _take(self, info: jobs.JobInfo) -> None:
        if info.state in (jobs.WAITING, jobs.RUNNING) or info.id not in self._jobs:
            return
        back = self._jobs.pop(info.id)
        n = int(info.result.get("undone", 0))
        n_text = count_text(n)
        done = tr("Undone: {all} changes.", all=n_text) if back else tr("Done again: {all} changes.", all=n_text)
        if info.state == jobs.CANCELLED:
            done = " ".join((tr("Cancelled."), done, tr("Another undo goes on from there.") if back else "")).rstrip()
        if info.state == jobs.FAILED:
            done = f"{done} {info.error}"
        action = UUID(hex=info.result["of"]) if "of" in info.result else None
        self._tell(done, n, info.result.get("kept", ()), action, back=back)


def _few(kept: Sequence[str]) -> str:
    more = tr("And {n} more.", n=len(kept) - _TOLD) if len(kept) > _TOLD else ""
    return " ".join([*kept[:_TOLD], *([more] if more else [])])


def _done_words(numbers: Sequence[int], *, back: bool) -> str:
    """That it is done, and where: whoever takes back one thing after the other wants to know how far that has come."""
    if len(numbers) == 1:
        (number,) = numbers
        return tr("Undone in #{number}.", number=number) if back else tr("Done again in #{number}.", number=number)
    if numbers:
        n = len(numbers)
        return tr("Undone in {n} tickets.", n=n) if back else tr("Done again in {n} tickets.", n=n)
    return tr("Undone.") if back else tr("Done again.")
