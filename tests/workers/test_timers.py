"""What happens by the clock alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.kernel.database.changes import Changes
from app.kernel.database.tables import Change, SignalRow
from app.surveys import commands as surveys
from app.tickets.facts import TicketSolved
from app.tickets.tables import Ticket
from app.workers.timers import TimerCounts, timers_pass, trim_changes
from tests.outbox.conftest import time
from tests.outbox.small_desk import Clock, SmallDesk

__all__ = ["time"]


@pytest.fixture
def desk(tmp_path: Path, time: Clock) -> Iterator[SmallDesk]:
    made = SmallDesk(tmp_path)
    made.incoming()
    yield made
    made.close()


def solve(desk: SmallDesk) -> None:
    def solved(tx: Any) -> None:
        ticket = tx.get(Ticket, desk.ticket)
        ticket.status, ticket.solved_at = "solved", tx.now
        surveys.schedule(tx, TicketSolved(desk.ticket, tx.now))

    desk.do(solved)


def test_a_pass_asks_closes_and_does_nothing_twice(desk: SmallDesk, time: Clock) -> None:
    solve(desk)
    assert timers_pass(desk.do, desk.ask) == TimerCounts()
    time.forward(hours=2)
    assert timers_pass(desk.do, desk.ask).surveys_sent == 1
    assert timers_pass(desk.do, desk.ask).surveys_sent == 0
    time.forward(days=15)
    assert timers_pass(desk.do, desk.ask).tickets_closed == 1
    assert desk.ask(lambda db: db.get(Ticket, desk.ticket).status) == "closed"
    time.forward(days=60)
    assert timers_pass(desk.do, desk.ask).invites_expired == 1


def test_a_desk_that_was_off_for_long_does_not_ask_about_old_times(desk: SmallDesk, time: Clock) -> None:
    solve(desk)
    time.forward(days=9)
    assert timers_pass(desk.do, desk.ask).surveys_sent == 0


def test_one_part_that_fails_stops_no_other(desk: SmallDesk, time: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_now: datetime) -> bool:
        raise OSError("no room")

    solve(desk)
    time.forward(hours=2)
    counts = timers_pass(desk.do, desk.ask, backup=broken)
    assert (counts.surveys_sent, counts.backed_up) == (1, False)
    assert "the daily backup failed" in caplog.text
    assert timers_pass(desk.do, desk.ask, backup=lambda _now: True).backed_up


def test_old_traces_are_dropped_and_no_watcher_is_confused(desk: SmallDesk, time: Clock) -> None:
    def add(tx: Any) -> None:
        tx.signal("old", ttl_s=1)
        for _ in range(30):
            tx.touch("ticket", desk.ticket)

    for _ in range(3):
        desk.do(add)
    heard: list[Changes] = []
    desk.store.watcher.listen(heard.append)
    time.forward(days=8)
    before = desk.ask(lambda db: db.query(Change).count())
    assert desk.do(trim_changes) == before - 1
    assert timers_pass(desk.do, desk.ask).rows_trimmed == 2
    assert desk.ask(lambda db: (db.query(Change).count(), db.query(SignalRow).count())) == (1, 1)
    assert not any(each.everything for each in heard)
