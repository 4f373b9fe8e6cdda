"""Changing many tickets: at once or as a job, with one undo, leaving alone what somebody changed meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.kernel.database.tables import JobKeys
from app.kernel.database.transaction import Tx
from app.kernel.errors import StoreError, UserError
from app.kernel.state import jobs
from app.people.queries import blocked
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets import bulk
from app.tickets.bulk import AT_ONCE, Act, Cause, Left, change_many, tally_of
from app.tickets.commands import delete_ticket, merge, set_priority, set_status, snooze, undo
from app.tickets.facts import TicketSolved
from app.tickets.queries import ticket, wrong_counters
from app.tickets.rules import UNTIL_REPLY, OnReply
from app.tickets.tables import Ticket
from tests.desk_fixture import SmallDesk, mail_in

MANY = 12 * AT_ONCE
SOLVED = (Act("status", "solved"),)


def _open_many(tx: Tx, count: int) -> list[UUID]:
    return [mail_in(tx, address=f"c{number}@shop.example")[0] for number in range(count)]


def _by_status(desk: SmallDesk) -> dict[str, int]:
    with desk.store.read() as db:
        return dict(db.execute(select(Ticket.status, func.count()).group_by(Ticket.status)).all())


def _job(desk: SmallDesk, job: UUID | None) -> jobs.JobInfo:
    assert job is not None
    jobs.work_off(desk.store)
    return desk.ask(jobs.info, job)


def test_a_few_are_changed_at_once_and_undone_at_once(desk: SmallDesk) -> None:
    few = desk.work(_open_many, AT_ONCE)
    desk.do(set_status, few[0], "solved")
    asked = desk.do(change_many, [*few, few[3]], [*SOLVED, Act("tag+", "late")])
    assert (asked.job, asked.tickets, asked.tally.changed) == (None, AT_ONCE, AT_ONCE)
    assert _by_status(desk) == {"solved": AT_ONCE}
    assert desk.do(undo, asked.action).job is None
    assert _by_status(desk) == {"solved": 1, "new": AT_ONCE - 1}


def test_solving_many_leaves_what_was_closed_long_ago(desk: SmallDesk) -> None:
    few = desk.work(_open_many, 4)
    desk.do(set_status, few[:2], "closed")
    asked = desk.do(change_many, few, [Act("solve")])
    assert (asked.tally.done, asked.tally.changed, asked.tally.left) == (4, 2, ())
    assert _by_status(desk) == {"closed": 2, "solved": 2}
    desk.do(undo, asked.action)
    assert _by_status(desk) == {"closed": 2, "new": 2}


def test_many_are_a_job_of_one_action_with_one_undo(desk: SmallDesk) -> None:
    many = desk.work(_open_many, MANY)
    asked = desk.do(change_many, b"".join(key.bytes for key in many), SOLVED)
    assert _by_status(desk) == {"new": MANY}
    info = _job(desk, asked.job)
    assert (info.state, info.done, info.total, tally_of(info.result).changed) == (jobs.DONE, MANY, MANY, MANY)
    assert _by_status(desk) == {"solved": MANY}
    assert desk.ask(wrong_counters) == {}
    with desk.store.read() as db:
        assert db.scalar(select(func.count()).where(Event.action == asked.action, Event.kind == EventKind.DID)) == 1
        assert db.scalar(select(func.count()).select_from(JobKeys)) == 0
    _job(desk, desk.do(undo).job)
    assert _by_status(desk) == {"new": MANY}


def test_what_others_did_meanwhile_stays_and_is_told(desk: SmallDesk) -> None:
    many = desk.work(_open_many, MANY)
    desk.do(set_priority, many[1], "urgent", agent=desk.bob)  # before it was asked for: no reason to leave it
    asked = desk.do(change_many, many, [Act("priority", "low")])
    desk.do(set_priority, many[0], "high", agent=desk.bob)
    desk.do(set_status, many[2], "waiting", agent=desk.bob)  # another field
    desk.do(delete_ticket, many[3])
    desk.do(merge, [many[4]], many[5])
    tally = tally_of(_job(desk, asked.job).result)
    assert (tally.done, tally.total) == (MANY - 3, MANY)
    assert {(one.cause, one.detail): one.count for one in tally.left} == {
        (Cause.BY_OTHER, "Bob Ray"): 1,
        (Cause.IN_BIN, ""): 1,
        (Cause.MERGED, ""): 1,
    }
    found = desk.ask(ticket, many[0])
    assert found is not None
    assert found.row.priority == "high"


def test_a_ticket_that_refuses_costs_only_itself(desk: SmallDesk) -> None:
    few = desk.work(_open_many, 12)
    desk.do(set_status, few[7], "solved")
    tomorrow = desk.later(days=1).isoformat()
    desk.later(days=-1)
    tally = desk.do(change_many, few, [Act("tag+", "later"), Act("snooze", tomorrow)]).tally
    assert (tally.changed, tally.same) == (11, 0)
    (left,) = tally.left
    assert (left.cause, left.count, left.numbers) == (Cause.REFUSED, 1, (8,))
    refused = desk.ask(ticket, few[7])
    assert refused is not None
    assert refused.row.tags == ()


def test_what_a_refused_ticket_took_back_is_told_to_nobody(desk: SmallDesk) -> None:
    few, told = desk.work(_open_many, 3), list[UUID]()
    desk.store.on(TicketSolved, lambda _tx, fact: told.append(fact.ticket))
    tomorrow = desk.later(days=1).isoformat()
    desk.later(days=-1)
    tally = desk.do(change_many, few, [*SOLVED, Act("snooze", tomorrow)]).tally
    assert (tally.changed, [left.cause for left in tally.left]) == (0, [Cause.REFUSED])
    assert (_by_status(desk), told) == ({"new": 3}, [])


def test_a_cancelled_job_leaves_the_rest_and_what_it_did_can_be_undone(desk: SmallDesk) -> None:
    many = desk.work(_open_many, MANY)
    asked = desk.do(change_many, many, SOLVED)
    assert asked.job is not None
    stop = threading.Event()
    quit_listening = desk.store.watcher.listen(lambda changes: stop.set() if changes.touches("job") else None)
    jobs.work_off(desk.store, stop)
    quit_listening()
    desk.do(jobs.cancel, asked.job)
    jobs.work_off(desk.store)
    info = desk.ask(jobs.info, asked.job)
    solved = _by_status(desk).get("solved", 0)
    assert info.state in (jobs.CANCELLED, jobs.DONE)  # a quick machine may have been done before it heard
    assert solved == info.done
    _job_or_none(desk, desk.do(undo).job)
    assert _by_status(desk) == {"new": MANY}


def test_a_job_waits_while_nothing_can_be_written(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    many = desk.work(_open_many, AT_ONCE + 1)
    asked = desk.do(change_many, many, SOLVED)
    full = [StoreError("The disk is full.")]

    def step(tx: Tx, work: jobs.Work) -> bool:
        if full:
            raise full.pop()
        return bulk.commands.step(tx, work)

    monkeypatch.setitem(jobs._steps, bulk.JOB, step)
    with pytest.raises(StoreError):
        jobs.work_off(desk.store)
    assert _job(desk, asked.job).state == jobs.DONE
    assert _by_status(desk) == {"solved": AT_ONCE + 1}


def _job_or_none(desk: SmallDesk, job: UUID | None) -> None:
    if job is not None:
        _job(desk, job)


def test_spam_goes_to_the_bin_and_its_sender_is_blocked_until_undone(desk: SmallDesk) -> None:
    (key,) = desk.work(_open_many, 1)
    asked = desk.do(change_many, [key], [Act("spam", True)])
    found = desk.ask(ticket, key)
    assert found is not None
    assert (found.row.deleted_at is not None, found.outcome) == (True, "spam")
    assert desk.ask(blocked) == ("c0@shop.example",)
    desk.do(undo, asked.action)
    found = desk.ask(ticket, key)
    assert found is not None
    assert (found.row.deleted_at, found.outcome) == (None, "")
    assert not desk.ask(blocked)


def test_what_cannot_be_done_is_refused_before_anything_is(desk: SmallDesk) -> None:
    few = desk.work(_open_many, 2)
    with pytest.raises(UserError, match="colour"):
        desk.do(change_many, few, [*SOLVED, Act("colour", "red")])
    assert _by_status(desk) == {"new": 2}


def test_a_tally_says_what_was_left() -> None:
    kept = {"changed": 3, "same": 1, "left": [["by_other", "Tom", 2, [4, 5]]]}
    tally = tally_of(kept)
    assert (tally.done, tally.total, tally.left) == (4, 6, (Left(Cause.BY_OTHER, "Tom", 2, (4, 5)),))


def _times(desk: SmallDesk, keys: list[UUID]) -> set[tuple[object, ...]]:
    columns = (Ticket.snooze_until, Ticket.snooze_days, Ticket.snooze_reply)
    with desk.store.read() as db:
        return {tuple(row) for row in db.execute(select(*columns).where(Ticket.id.in_(keys)))}


def test_many_are_snoozed_in_every_way_and_one_undo_puts_their_own_times_back(desk: SmallDesk) -> None:
    many = desk.work(_open_many, MANY)
    until = desk.now + timedelta(days=9)
    desk.do(snooze, many[:20], until, on_reply=OnReply.SLEEP)
    before = _times(desk, many)
    for value in ({"until": UNTIL_REPLY.isoformat(), "reply": "thanks"}, {"days": 4, "reply": "thanks"}):
        asked = desk.do(change_many, many, [Act("snooze", value)])
        assert tally_of(_job(desk, asked.job).result).changed == MANY
        ((at, days, reply),) = _times(desk, many)
        assert (days, reply) == (value.get("days"), "thanks")
        assert at == (desk.now + timedelta(days=4) if days else UNTIL_REPLY)
        _job(desk, desk.do(undo).job)
        assert _times(desk, many) == before


def test_many_are_snoozed_again_each_until_its_own_time(desk: SmallDesk) -> None:
    few = desk.work(_open_many, 3)
    for days, key in enumerate(few[:2], 1):
        desk.do(snooze, key, desk.now + timedelta(days=days))
    desk.do(snooze, few, None)
    tally = desk.do(change_many, few, [Act("snooze", {"again": True})]).tally
    assert (tally.changed, [(one.cause, one.numbers) for one in tally.left]) == (2, [(Cause.REFUSED, (3,))])
    assert _times(desk, few[:2]) == {(desk.now + timedelta(days=days), None, "wake") for days in (1, 2)}
