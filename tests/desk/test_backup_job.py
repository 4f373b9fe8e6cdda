"""A backup is one job at a time: made wherever somebody can, called off from anywhere, begun anew after whoever made it died."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.desk import Desk
from app.desk.maintenance import backing_up, backup_job
from app.desk.maintenance.backup_job import JOB, Order, ask_for, file_order, make_here, under_way, work_off
from app.kernel import clock, secrets
from app.kernel.errors import UserError
from app.kernel.files.locks import FileLock
from app.kernel.maintenance.archive import opened
from app.kernel.state import jobs, options, signals
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine
from tests.servers.ports import wait_until

WORDS = "four plain words here"
LONG_S = 300


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        desk.work(lambda tx: [mail_in(tx, address=f"c{number}@shop.example") for number in range(3)])
        yield desk


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "x.deskbell"


def locked(target: Path) -> Order:
    return file_order(target, replace=False, passphrase=WORDS, with_passwords=False)


def state(desk: Desk, job: UUID) -> str:
    return desk.ask(jobs.info, job).state


def test_it_tells_what_it_made_and_forgets_the_passphrase(desk: Desk, target: Path) -> None:
    order = locked(target)
    made = make_here(desk, order)
    assert (made.state, made.name, made.result["tickets"]) == (jobs.DONE, JOB, 3)
    assert made.result["bytes"] == target.stat().st_size
    assert WORDS not in str(desk.ask(jobs.payload, made.id))
    assert secrets.load_secret(order.passphrase) is None
    with opened(target, WORDS) as archive:
        archive.check()


def test_a_large_desk_is_left_to_a_process_of_its_own(
    desk: Desk, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up, "SMALL", 0)
    made = make_here(desk, locked(target))
    assert (made.state, made.result["tickets"]) == (jobs.DONE, 3)
    assert desk.workspace.backup_hands_lock.exists()
    with opened(target, WORDS) as archive:
        archive.check()
    assert make_here(desk, Order()).state == jobs.DONE
    assert backing_up.standing(desk.workspace, ("daily", "")).here_at is not None
    with pytest.raises(UserError, match="exists already"):
        make_here(desk, Order(target))
    assert make_here(desk, Order(target, replace=True), lambda _done, _of: False).state != jobs.DONE
    assert [one.name for one in target.parent.iterdir()] == [target.name]


def test_there_is_one_at_a_time(desk: Desk, target: Path) -> None:
    desk.do(ask_for, Order(target))
    with pytest.raises(UserError, match="already"):
        desk.do(ask_for, Order())
    other = FileLock(desk.workspace.backup_lock)
    with other:
        assert work_off(desk, threading.Event()) == 0
        assert not backup_job.due(desk, clock.now(), threading.Event())
        with pytest.raises(UserError, match="another program"):
            make_here(desk, Order())
    assert not target.exists()
    assert make_here(desk, Order()).state == jobs.DONE
    assert target.exists()  # what was asked for first was made first


def test_work_on_rows_goes_on_beside_a_backup_that_waits(desk: Desk, target: Path) -> None:
    desk.do(ask_for, Order(target))
    assert jobs.work_off(desk.store) == 0
    assert desk.ask(under_way) is not None


def test_called_off_by_somebody_else_nothing_is_left(desk: Desk, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_job, "_LOOK_S", -1.0)

    def going(_done: int, _of: int) -> bool:
        job = desk.ask(under_way)
        return job is None or desk.do(jobs.cancel, job.id)

    assert make_here(desk, Order(target), going).state == jobs.CANCELLED
    assert list(target.parent.iterdir()) == []
    assert backing_up.standing(desk.workspace, ("daily", "")).problem == ""


def test_a_person_at_the_keyboard_calls_it_off(desk: Desk, target: Path) -> None:
    def pressed(_done: int, _of: int) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_here(desk, Order(target), pressed)
    assert desk.ask(under_way) is None
    assert list(target.parent.iterdir()) == []


def test_what_went_wrong_is_told_until_a_backup_succeeds(desk: Desk, target: Path) -> None:
    target.parent.rmdir()
    with pytest.raises(UserError, match="no folder"):
        make_here(desk, Order(target))
    lost = desk.do(ask_for, Order(target.parent.parent / "y.deskbell", passphrase="gone"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup_job, "_SECRET_S", 0.0)
        work_off(desk, threading.Event())
    assert "not known any more" in desk.ask(jobs.info, lost).error


def test_whoever_has_to_stop_puts_it_back_for_the_next_one(desk: Desk, target: Path) -> None:
    order = locked(target)
    secrets.delete_secret(order.passphrase)  # so that it stands still in the middle, until it comes
    job, stop = desk.do(ask_for, order), threading.Event()
    first = threading.Thread(target=work_off, args=(desk, stop))
    first.start()
    wait_until(lambda: state(desk, job) == jobs.RUNNING)
    stop.set()
    first.join(LONG_S)
    assert state(desk, job) == jobs.WAITING
    secrets.store_secret(order.passphrase, WORDS)
    assert work_off(desk, threading.Event()) == 1
    assert state(desk, job) == jobs.DONE
    assert target.exists()


def test_after_an_engine_was_killed_the_next_one_makes_it_and_leaves(desk: Desk, target: Path) -> None:
    cli = CommandLine(desk.workspace.folder)
    order = locked(target)
    secrets.delete_secret(order.passphrase)
    (target.parent / ".x.deskbell.making").mkdir()  # as a run leaves it that died later
    (target.parent / "x.deskbell.part").write_bytes(b"half")
    job = desk.do(ask_for, order)

    def tries() -> object:
        found = desk.ask(jobs.info, job)
        return found.state == jobs.RUNNING and found.result["tries"]

    engines: list[subprocess.Popen[bytes]] = []
    try:
        engines.append(cli.start("engine"))
        wait_until(lambda: tries() == 1)
        engines[0].kill()
        engines[0].wait(LONG_S)
        engines.append(cli.start("engine"))
        wait_until(lambda: tries() == 2)
        desk.work(signals.send, "stop_after_backup")
        secrets.store_secret(order.passphrase, WORDS)
        assert engines[1].wait(LONG_S) == 0
    finally:
        for engine in engines:
            engine.kill()
            engine.communicate(timeout=LONG_S)
    info = desk.ask(jobs.info, job)
    assert (info.state, info.error) == (jobs.DONE, "")
    assert [one.name for one in target.parent.iterdir()] == [target.name]
    assert secrets.load_secret(order.passphrase) is None


def test_what_nobody_made_for_a_day_is_not_made_any_more(desk: Desk, target: Path) -> None:
    order = locked(target)
    job = desk.do(ask_for, order)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=2))
    try:
        newer = desk.do(ask_for, Order())  # it is in nobody's way
        assert desk.ask(jobs.info, job).state == jobs.FAILED
        clock.set_source(lambda: datetime.now(UTC) + timedelta(days=4))
        work_off(desk, threading.Event())
    finally:
        clock.set_source(None)
    assert "more than a day ago" in desk.ask(jobs.info, newer).error
    assert not target.exists()
    assert secrets.load_secret(order.passphrase) is None


def test_without_a_keyring_whoever_knows_the_passphrase_makes_it(desk: Desk, target: Path) -> None:
    secrets.for_this_run.put("only-here", WORDS)
    mine = backup_job.only_here(Order(target, passphrase="only-here"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        job = desk.do(ask_for, replace(mine, by=other.pid))
        assert work_off(desk, threading.Event()) == 0  # that process lives, and will make it
        with pytest.raises(UserError, match="already"):
            make_here(desk, Order())
    work_off(desk, threading.Event())
    assert "knew the passphrase" in desk.ask(jobs.info, job).error
    secrets.for_this_run.put("only-here", WORDS)
    job = desk.do(ask_for, mine)
    backup_job.make_mine(desk, job, threading.Event())
    assert state(desk, job) == jobs.DONE
    with opened(target, WORDS) as archive:
        archive.check()


def test_the_day_s_backup_that_fails_keeps_no_other_from_being_made(desk: Desk, target: Path) -> None:
    place, now, never = desk.workspace, clock.now(), threading.Event()
    desk.do(options.put, "backup_folder", str(target.parent))
    shutil.rmtree(place.backups)
    place.backups.write_text("in the way")
    with pytest.raises(UserError):
        backup_job.due(desk, now, never)
    elsewhere = next(target.parent.iterdir())
    assert len(list(elsewhere.glob("*.sqlite"))) == 1
    assert not backup_job.due(desk, now + timedelta(minutes=1), never)  # each try would copy the whole database
    place.backups.unlink()
    assert backup_job.due(desk, now + timedelta(minutes=16), never)
    assert backing_up.standing(place, desk.ask(backing_up.chosen)).problem == ""


def test_a_night_in_which_the_machine_slept_is_made_up_for_at_once(desk: Desk) -> None:
    now, never = clock.now(), threading.Event()
    assert backup_job.due(desk, now, never)
    assert not backup_job.due(desk, now + timedelta(hours=3), never)
    assert backup_job.due(desk, now + timedelta(days=2), never)
    assert not backup_job.due(desk, now + timedelta(days=2, minutes=1), never)  # once, however many were missed


def test_a_second_place_that_is_not_plugged_in_is_a_problem_once_it_is_due(desk: Desk, target: Path) -> None:
    place, now, never = desk.workspace, clock.now(), threading.Event()
    desk.do(options.put, "backup_folder", str(target.parent))
    choice = desk.ask(backing_up.chosen)
    assert backup_job.due(desk, now, never)
    away = target.parent.rename(target.parent.with_name("drawer"))
    backup_job.due(desk, now + timedelta(hours=2), never)
    assert backing_up.standing(place, choice).problem == ""
    backup_job.due(desk, now + timedelta(days=1), never)
    assert "not there" in backing_up.standing(place, choice).problem
    away.rename(target.parent)
    backup_job.due(desk, now + timedelta(days=1, minutes=1), never)
    assert backing_up.standing(place, choice).problem == ""
    assert len(backing_up.copies(place, choice[1])) == 4


def test_what_a_killed_program_left_is_taken_away_when_its_backup_is_called_off(desk: Desk, target: Path) -> None:
    desk.do(ask_for, Order(target))
    (target.parent / ".x.deskbell.making").mkdir()
    (target.parent / "x.deskbell.part").write_bytes(b"half")
    with FileLock(desk.workspace.backup_lock):
        assert backup_job.call_off(desk)
    assert len(list(target.parent.iterdir())) == 2  # whoever has the lock clears away
    desk.do(ask_for, Order(target))
    assert backup_job.call_off(desk)
    assert list(target.parent.iterdir()) == []
    assert not backup_job.call_off(desk)


def killed(*_args: object, going: object) -> None:
    """In the place of what makes a file."""
    os._exit(9)


def test_what_a_killed_process_left_is_taken_away_by_its_owner(
    desk: Desk, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up, "SMALL", 0)
    monkeypatch.setattr(backing_up, "file_at", killed)
    (target.parent / "x.deskbell.part").write_bytes(b"half")
    with pytest.raises(UserError, match="ended before it was done"):
        make_here(desk, Order(target))
    assert list(target.parent.iterdir()) == []


def test_one_that_kills_its_maker_each_time_is_given_up(desk: Desk, target: Path) -> None:
    job = desk.do(ask_for, Order(target))
    desk.work(jobs.put_back, job, {"tries": backup_job.TRIES})
    assert work_off(desk, threading.Event()) == 1
    assert "3 times" in desk.ask(jobs.info, job).error
