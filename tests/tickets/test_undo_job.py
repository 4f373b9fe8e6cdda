"""Undoing a large action: in short steps, so that nobody else waits, and whole also after an interruption."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import event, select

from app.kernel.database.transaction import Tx
from app.kernel.state import jobs
from app.tickets.commands import assign, redo, set_status, undo
from app.tickets.commands.results import UndoResult
from app.tickets.commands.undo import AT_ONCE
from app.tickets.queries import wrong_counters
from app.tickets.tables import Ticket
from tests.desk_fixture import SmallDesk, mail_in

MANY = 3 * AT_ONCE


def _open_many(tx: Tx) -> list[UUID]:
    return [mail_in(tx, address=f"c{number}@shop.example")[0] for number in range(MANY)]


@pytest.fixture
def tickets(desk: SmallDesk) -> list[UUID]:
    """Tickets that were all solved in one action."""
    found = desk.work(_open_many)
    desk.do(set_status, found, "solved")
    return found


def _states(desk: SmallDesk) -> set[str]:
    with desk.store.read() as db:
        return set(db.scalars(select(Ticket.status)))


def test_a_large_action_is_undone_by_a_job_and_can_be_done_again(desk: SmallDesk, tickets: list[UUID]) -> None:
    asked = desk.do(undo)
    assert asked.job is not None
    assert _states(desk) == {"solved"}
    assert jobs.work_off(desk.store) == 1
    info = desk.ask(jobs.info, asked.job)
    assert (info.state, info.done, info.total, info.result["undone"]) == (jobs.DONE, MANY, MANY, MANY)
    assert _states(desk) == {"new"}
    assert desk.ask(wrong_counters) == {}
    assert desk.do(redo).job is not None
    jobs.work_off(desk.store)
    assert _states(desk) == {"solved"}


def test_no_step_of_it_holds_the_writer_for_long(desk: SmallDesk, tickets: list[UUID]) -> None:
    desk.do(undo)
    steps: list[float] = []
    began = [0.0]
    event.listen(desk.store.writer, "begin", lambda _line: began.__setitem__(0, time.thread_time()))
    event.listen(desk.store.writer, "commit", lambda _line: steps.append(time.thread_time() - began[0]))
    jobs.work_off(desk.store)
    assert len(steps) > MANY / jobs.MOST_ITEMS
    # Of processor time; the rest is other people's. One step may carry what a process does for the first time.
    assert sorted(steps)[-2] < 6 * jobs.STEP_S


def test_an_interrupted_undo_goes_on_where_it_was(desk: SmallDesk, tickets: list[UUID]) -> None:
    asked = desk.do(undo)
    stop = threading.Event()
    quit_listening = desk.store.watcher.listen(lambda changes: stop.set() if changes.touches("job") else None)
    jobs.work_off(desk.store, stop)
    quit_listening()
    jobs.work_off(desk.store)
    assert desk.ask(jobs.info, asked.job).result["undone"] == MANY
    assert _states(desk) == {"new"}


def stopped(desk: SmallDesk, verb: Callable[[Tx], UndoResult]) -> None:
    """Undo or redo, cancelled after a step."""
    asked, stop = desk.do(verb).job, threading.Event()
    quit_listening = desk.store.watcher.listen(lambda changes: stop.set() if changes.touches("job") else None)
    jobs.work_off(desk.store, stop)
    quit_listening()
    assert desk.do(jobs.cancel, asked)


def bobs(desk: SmallDesk) -> int:
    """How many tickets are Bob's."""
    with desk.store.read() as db:
        return len(db.scalars(select(Ticket.id).where(Ticket.assignee == desk.bob)).all())


def test_an_undo_that_was_cancelled_goes_on_with_the_next_one_or_is_done_again_as_far_as_it_came(
    desk: SmallDesk, tickets: list[UUID]
) -> None:
    desk.do(assign, tickets, desk.bob)
    stopped(desk, undo)
    assert 0 < bobs(desk) < MANY
    again = desk.do(redo).job
    jobs.work_off(desk.store)
    assert bobs(desk) == MANY
    assert desk.ask(jobs.info, again).result.get("kept", []) == []
    stopped(desk, undo)
    left = bobs(desk)
    onwards = desk.do(undo).job
    jobs.work_off(desk.store)
    info = desk.ask(jobs.info, onwards)
    assert (bobs(desk), _states(desk)) == (0, {"solved"})  # not the action before it
    assert (info.total, info.result["undone"], info.result["kept"]) == (left, left, [])
    desk.do(undo)
    jobs.work_off(desk.store)
    assert _states(desk) == {"new"}


def test_a_redo_that_was_cancelled_goes_on_with_the_next_one(desk: SmallDesk, tickets: list[UUID]) -> None:
    desk.do(assign, tickets, desk.bob)
    desk.do(undo)
    jobs.work_off(desk.store)
    stopped(desk, redo)
    left = MANY - bobs(desk)
    assert 0 < left < MANY
    onwards = desk.do(redo).job
    jobs.work_off(desk.store)
    info = desk.ask(jobs.info, onwards)
    assert (bobs(desk), info.total, info.result["undone"], info.result["kept"]) == (MANY, left, left, [])
    assert desk.do(redo).kept == ("There is nothing to do again.",)
    desk.do(undo)
    jobs.work_off(desk.store)
    assert (bobs(desk), _states(desk)) == (0, {"solved"})


def test_while_it_runs_nothing_else_is_undone(desk: SmallDesk, tickets: list[UUID]) -> None:
    desk.do(undo)
    for verb in (undo, redo):
        assert desk.do(verb).kept == ("The last undo is still under way.",)


def test_what_somebody_changed_since_stays_and_is_told(desk: SmallDesk, tickets: list[UUID]) -> None:
    desk.do(set_status, tickets[5], "closed", agent=desk.bob)
    action = desk.do(undo).job
    jobs.work_off(desk.store)
    (kept,) = desk.ask(jobs.info, action).result["kept"]
    assert "Bob" in kept
    assert _states(desk) == {"new", "closed"}


def test_a_small_action_is_undone_at_once(desk: SmallDesk, tickets: list[UUID]) -> None:
    desk.do(assign, tickets[:10], desk.bob)
    result = desk.do(undo)
    assert (result.undone, result.job) == (10, None)
