"""Changing tickets from any page: one or thousands, the same way, with one toast, one undo, and the truth of what came of it.

A few are changed at once; more are a job of the engine, which is followed here to its end. The side effects that a
person may not think of (surveys that leave) are said with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from app.kernel import clock
from app.kernel.database.changes import Changes
from app.kernel.state import jobs
from app.surveys.queries import leaving
from app.tickets.bulk import Act, Cause, Left, Many, Tally, change_many, tally_of
from ui.pages import Context
from ui.text import count_text, span_text, told, tr

_SAID_MS: Final = 40
"""What a change does is seen first; what is to be said about it would only keep the list from being read."""


@dataclass(frozen=True, slots=True)
class Listed:
    """All tickets of a list, however many: `ids(db)` gives them as a block, off the window's thread. `count`: about so many."""

    ids: Callable[[Any], bytes]
    count: int


Tickets = Sequence[UUID] | bytes | Listed
"""Which tickets: ids, a block of ids (16 bytes each), or all of a list."""


def how_many(tickets: Tickets) -> int:
    """The number of tickets, for words that are said at once."""
    if isinstance(tickets, Listed):
        return tickets.count
    return len(tickets) // 16 if isinstance(tickets, bytes) else len(tickets)


def change(
    context: Context,
    tickets: Tickets,
    acts: Sequence[Act],
    done: str | Callable[[int], str],
    *,
    failed: Callable[[Exception], bool] | None = None,
) -> None:
    """Do the same to all of these tickets. `done`: what a toast says then (the text, or the text for so many tickets).

    `failed(error)` may deal with what the command, or a single ticket, refuses, by returning True.
    """
    said = done if callable(done) else lambda _count: done
    if isinstance(tickets, Listed):
        ids = tickets.ids

        def found(block: bytes) -> None:
            change(context, block, acts, done, failed=failed)

        context.tasks.ask(ids, then=found, owner=context.overlay)
    elif tickets:
        some = tickets if isinstance(tickets, bytes) else list(tickets)
        context.tasks.do(change_many, some, acts, then=lambda many: _asked(context, many, acts, said), failed=failed)


def _asked(context: Context, many: Many, acts: Sequence[Act], said: Callable[[int], str]) -> None:
    if many.job is not None:
        _Following(context, many, many.job, acts, said)
    else:
        _report(context, many, many.tally, acts, said)


def _report(
    context: Context, many: Many, tally: Tally, acts: Sequence[Act], said: Callable[[int], str], before: str = ""
) -> None:
    """Say what came of it, with Undo where anything changed, and what follows from it."""
    if not said(1) and not tally.left:
        return  # what shows by itself and is not undone: that something was read
    words = " ".join(part for part in (before, result_words(tally, said)) if part)

    def tell(surveys: tuple[int, Any]) -> None:
        count, first = surveys
        after = _surveys_words(count, first) if count else ""
        text = " ".join(part for part in (words, after) if part)
        if tally.changed:
            context.tasks.undo_offered.emit(text, many.action)
        else:
            context.tasks.said.emit(text, "bad" if tally.left else "info")

    if any(act.field in {"status", "solve"} for act in acts) and tally.changed:
        ask = partial(context.tasks.ask, leaving, many.action, then=tell, owner=context.overlay)
        QTimer.singleShot(_SAID_MS, context.overlay, ask)
    else:
        tell((0, None))


def result_words(tally: Tally, said: Callable[[int], str]) -> str:
    """What came of a change, in a sentence or two."""
    if not tally.left:
        return said(tally.changed) if tally.changed else tr("Nothing to change: it is set like this already.")
    if tally.total == 1:
        return why_words(tally.left[0])
    counted = tr("{done} of {all}.", done=count_text(tally.done), all=count_text(tally.total))
    return " ".join([counted, *(left_words(one) for one in tally.left)])


def left_words(left: Left) -> str:
    """Why so many tickets were left as they are."""
    n = left.count
    some = ", ".join(f"#{number}" for number in left.numbers) + (" …" if n > len(left.numbers) else "")
    return {
        Cause.BY_OTHER: tr("{n} changed by {name}: {some}.", n=n, name=left.detail, some=some),
        Cause.BY_YOU: tr("{n} changed by you meanwhile: {some}.", n=n, some=some),
        Cause.IN_BIN: tr("{n} in the Bin: {some}.", n=n, some=some),
        Cause.MERGED: tr("{n} merged into another: {some}.", n=n, some=some),
        Cause.GONE: tr("{n} erased.", n=n),
        Cause.REFUSED: tr("{n} not changed ({some}): {why}", n=n, some=some, why=told(left.detail).replace("#…", some)),
    }[left.cause]


def why_words(left: Left) -> str:
    """Why the one ticket in question was left as it is."""
    some = ", ".join(f"#{number}" for number in left.numbers)
    if left.cause is Cause.REFUSED:
        return told(left.detail).replace("#…", some)
    return {
        Cause.BY_OTHER: tr("{name} has changed {some} meanwhile.", name=left.detail, some=some),
        Cause.BY_YOU: tr("You have changed {some} meanwhile.", some=some),
        Cause.IN_BIN: tr("{some} is in the Bin. Restore it first.", some=some),
        Cause.MERGED: tr("{some} has become part of another ticket.", some=some),
        Cause.GONE: tr("This ticket has been erased."),
    }[left.cause]


def _surveys_words(count: int, first: Any) -> str:
    span = span_text((first - clock.now()).total_seconds() + 30)  # the seconds since it was solved do not count
    return tr("{n} survey leaves in {span}.|{n} surveys leave in {span}.", n=count, span=span)


class _Following(QObject):
    """Follows a job to its end and tells what came of it. What it does meanwhile is shown by `ui.pages.working`."""

    def __init__(
        self, context: Context, many: Many, job: UUID, acts: Sequence[Act], said: Callable[[int], str]
    ) -> None:
        super().__init__(context.overlay)
        self._context, self._many, self._job, self._acts, self._said = context, many, job, acts, said
        self._told = False
        context.bridge.changed.connect(self._changed)
        self._look()

    def _changed(self, changes: Changes) -> None:
        ids = changes.of("job")
        if ids is None or self._job in ids:
            self._look()

    def _look(self) -> None:
        self._context.tasks.ask(jobs.info, self._job, then=self._take, owner=self, key=f"job-{self._job.hex}")

    def _take(self, info: jobs.JobInfo) -> None:
        if self._told or info.state in (jobs.WAITING, jobs.RUNNING):
            return
        self._told = True
        before = ""
        if info.state == jobs.CANCELLED:
            before = tr("Cancelled after {n}.", n=info.done)
        elif info.state == jobs.FAILED:
            before = info.error
        tally = tally_of(info.result)
        if info.state == jobs.CANCELLED and not tally.changed:
            self._context.tasks.said.emit(tr("Cancelled. Nothing was changed."), "info")
        else:
            _report(self._context, self._many, tally, self._acts, self._said, before)
        self.deleteLater()
