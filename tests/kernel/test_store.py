"""The store: one writer at a time, readers that cannot write, changes that everybody hears of, reactions that fail alone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from app.kernel import clock, ids
from app.kernel.database.changes import ENDS, Changes, Watcher, collect
from app.kernel.database.store import Store
from app.kernel.database.tables import Job, SignalRow
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.state import jobs, signals
from app.people.tables import Agent
from app.schema import metadata


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "desk.sqlite")
    with one.writer.begin() as connection:
        metadata.create_all(connection)
    yield one
    one.close()


def _add(tx: Tx, name: str) -> None:
    tx.add(Agent(id=ids.new_id(), name=name, created_at=tx.now))


class Heard:
    """Collects what a listener is told, and waits for it."""

    def __init__(self) -> None:
        self.all = Changes()
        self._news = threading.Condition()

    def __call__(self, changes: Changes) -> None:
        with self._news:
            self.all = self.all.merged(changes)
            self._news.notify_all()

    def wait_for(self, *kinds: str) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self.all.touches(*kinds) or bool(self.all.signals), 20)


def _level(tx: Tx) -> int:
    return int(tx.connection().exec_driver_sql("PRAGMA synchronous").scalar_one())


def test_what_lies_elsewhere_does_not_wait_for_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.write("usual") as tx:
        usual = _level(tx)
    with pytest.raises(ZeroDivisionError), store.write("fails", on_record=True):
        raise ZeroDivisionError
    with store.write("on record", on_record=True) as tx:
        _add(tx, "Ann")
        levels = [_level(tx)]
    with store.write("usual") as tx:
        levels.append(_level(tx))
    assert (usual, levels) == (2, [1, 2])
    brought: list[int] = []
    if sys.platform != "darwin":  # there it is asked of the drive in another way
        monkeypatch.setattr(os, "fsync", lambda fd: brought.append(os.fstat(fd).st_ino))
        store.settle()
        assert brought == [store.database.with_name(f"{store.database.name}-wal").stat().st_ino]


def test_a_failed_command_leaves_nothing_behind(store: Store) -> None:
    def half() -> None:
        with store.write("half") as tx:
            _add(tx, "Ann")
            tx.flush()
            msg = "no"
            raise UserError(msg)

    with pytest.raises(UserError):
        half()
    with store.read() as db:
        assert db.scalars(select(Agent)).all() == []
        assert db.execute(text("SELECT count(*) FROM change")).scalar() == 0


def test_readers_cannot_write(store: Store) -> None:
    with store.read() as db, pytest.raises(OperationalError):
        db.execute(text("DELETE FROM agent"))


def test_a_bulk_write_must_name_its_changes(store: Store) -> None:
    def silent() -> None:
        with store.write("bulk") as tx:
            tx.execute(update(Agent).values(name="x"))

    with pytest.raises(RuntimeError):
        silent()


def test_naive_times_are_refused(store: Store) -> None:
    def naive() -> None:
        with store.write("naive") as tx:
            tx.add(Agent(id=ids.new_id(), name="Ann", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001

    with pytest.raises(Exception, match="without a zone"):
        naive()


def test_a_commit_of_another_process_is_heard(store: Store) -> None:
    heard = Heard()
    store.watcher.poll_s = 0.02
    store.watcher.listen(heard)
    program = (
        "import sys; from pathlib import Path; from app.kernel import ids; from app.kernel.database.store import Store\n"
        "from app.people.tables import Agent; s = Store(Path(sys.argv[1]))\n"
        "with s.write('x') as tx: tx.add(Agent(id=ids.new_id(), name='Bo', created_at=tx.now))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(store.database)], check=True)
    assert heard.wait_for("agent")
    assert heard.all.of("agent")


class Stumbling(Watcher):
    """The log cannot be read the first time."""

    stumbled = False

    def _look(self, db: Any) -> None:
        if not self.stumbled:
            self.stumbled = True
            msg = "database is locked"
            raise sqlite3.OperationalError(msg)
        super()._look(db)


def test_a_change_that_could_not_be_read_is_told_later(store: Store) -> None:
    heard, watcher = Heard(), Stumbling(store.database, poll_s=0.02)
    watcher.listen(heard)
    with store.write("add") as tx:
        _add(tx, "Ann")
    assert heard.wait_for("agent")
    assert watcher.stumbled
    watcher.close()


def test_a_signal_is_heard_and_is_nothing_after_its_time(store: Store) -> None:
    heard = Heard()
    store.watcher.listen(heard)
    with store.write("say") as tx:
        signals.send(tx, "check_now", {"mailbox": "a"}, ttl_s=-1)
        signals.send(tx, "stay", ttl_s=60)
    assert heard.wait_for("nothing")
    assert [signal.topic for signal in heard.all.signals] == ["check_now", "stay"]
    with store.read() as db:
        assert signals.latest(db, "stay") == {}
        assert signals.latest(db, "check_now") is None


def test_a_look_at_the_log_does_not_read_all_of_it(store: Store) -> None:
    with store.read() as db:
        steps = [row[3] for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {ENDS}")]
    assert "SEARCH change" in steps
    assert "SCAN change" not in steps


def test_who_stops_listening_is_neither_called_nor_held_any_more(store: Store) -> None:
    """The thread that tells would else be the one in which a window ends."""
    gate, heard, last = threading.Event(), Heard(), Heard()

    def wait_until_open() -> None:
        gate.wait(60)

    gone = weakref.ref(heard)
    stop = store.watcher.listen(heard)
    store.watcher.listen(lambda _changes: wait_until_open())
    store.watcher.listen(last)
    with store.write("add") as tx:
        _add(tx, "Ann")
    assert heard.wait_for("agent")
    stopping = threading.Thread(target=stop)
    stopping.start()
    stopping.join(0.1)
    assert stopping.is_alive()  # as long as others are told, the thread that tells them may hold it
    gate.set()
    stopping.join(60)
    del heard, stop, stopping
    assert gone() is None
    assert last.wait_for("agent")


def test_many_ids_become_everything_of_their_kind() -> None:
    changes = collect(("ticket", ids.new_id().bytes) for _ in range(501))
    assert changes.of("ticket") is None
    assert changes.touches("ticket")
    assert not changes.touches("message")


def test_a_failing_reaction_is_taken_back_alone(store: Store) -> None:
    class Fact: ...

    def good(tx: Tx, _fact: object) -> None:
        _add(tx, "good")

    class Consequence: ...

    told: list[str] = []

    def bad(tx: Tx, _fact: object) -> None:
        _add(tx, "bad")
        tx.emit(Consequence())
        tx.signal("bad")
        tx.after_commit_call(lambda: told.append("bad"))
        tx.flush()
        msg = "broken"
        raise ValueError(msg)

    store.on(Fact, bad)
    store.on(Fact, good)
    store.on(Consequence, lambda tx, _fact: _add(tx, "what came of bad"))
    with store.write("command") as tx:
        _add(tx, "command")
        tx.emit(Fact())
    with store.read() as db:
        assert sorted(db.scalars(select(Agent.name))) == ["command", "good"]
        assert db.scalars(select(SignalRow.topic)).all() == []
    assert told == []


def test_two_writers_take_turns(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "desk.sqlite")
    failures: list[BaseException] = []

    def work(mine: Store, name: str) -> None:
        try:
            for number in range(40):
                with mine.write("turn") as tx:
                    _add(tx, f"{name}{number}")
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in ((store, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.close()
    assert failures == []
    with store.read() as db:
        assert db.execute(text("SELECT count(*) FROM agent")).scalar() == 80
        clocks = list(db.scalars(select(Agent.clk)))
    assert len(set(clocks)) == 80


def test_a_change_is_later_than_the_one_before_whichever_process_made_it(store: Store, tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    clock.set_source(lambda: at)
    other = Store(tmp_path / "desk.sqlite")

    def rename(mine: Store, name: str) -> str:
        with mine.write("rename") as tx:
            row = tx.scalars(select(Agent)).one()
            row.name = name
            tx.flush()
            return row.clk

    try:
        with store.write("add") as tx:
            _add(tx, "Ann")
        known = [rename(store, "a"), rename(store, "b"), rename(other, "c"), rename(other, "d"), rename(store, "e")]
        at -= timedelta(hours=1)  # somebody has set the clock back
        known += [rename(other, "f"), rename(store, "g")]
    finally:
        clock.set_source(None)
        other.close()
    assert known == sorted(set(known))


def test_a_job_goes_on_where_it_was_and_has_one_action(store: Store) -> None:
    def step(tx: Tx, work: jobs.Work) -> bool:
        _add(tx, str(work.done))
        work.done += 1
        work.cursor["at"] = work.done
        if work.done == 2 and "crashed" not in work.payload:
            raise KeyboardInterrupt
        return work.done < work.total

    jobs.declare("test_count", step)
    with store.write("ask") as tx:
        job = jobs.start(tx, "test_count", {}, total=4)
    with pytest.raises(KeyboardInterrupt):
        jobs.work_off(store)
    with store.write("after the crash") as tx:
        row = tx.get(Job, job)
        assert row is not None
        assert row.done == 1
        row.payload = {"crashed": True}
    assert jobs.work_off(store) == 1
    with store.read() as db:
        assert jobs.info(db, job).state == jobs.DONE
        assert sorted(db.scalars(select(Agent.name))) == ["0", "1", "2", "3"]


def test_a_job_that_fails_says_so_and_blocks_no_other(store: Store) -> None:
    def step(_tx: Tx, _work: jobs.Work) -> bool:
        msg = "The list is empty."
        raise UserError(msg)

    jobs.declare("test_fail", step)
    jobs.declare("test_good", lambda _tx, _work: False)
    with store.write("ask") as tx:
        bad, good = jobs.start(tx, "test_fail", {}), jobs.start(tx, "test_good", {})
    jobs.work_off(store)
    with store.read() as db:
        assert (jobs.info(db, bad).state, jobs.info(db, bad).error) == (jobs.FAILED, "The list is empty.")
        assert jobs.info(db, good).state == jobs.DONE
