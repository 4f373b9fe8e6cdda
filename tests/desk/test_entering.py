"""Going into a desk: nobody looks before they hold it, an older form is brought forward after a copy, others are named."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from app.desk import Desk, entering
from app.desk.entering import CHANGING, COMMAND, ENGINE, SAVING, WAITING, WINDOW, NotAtOnceError, in_use
from app.desk.maintenance import restoring
from app.desk.maintenance.backing_up import write_file
from app.kernel.errors import UserError
from app.kernel.files import switching
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.backup import BackupStoppedError, backups_in
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.later_form import know_a_later_form

LONG_S = 120.0


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A desk with one ticket, which nobody has open."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        desk.work(lambda tx: mail_in(tx, address="c@shop.example"))
        return desk.workspace


@pytest.fixture
def later_form(place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A desk of an older form than the program knows."""
    know_a_later_form(tmp_path, monkeypatch)
    return place


class Told:
    """Notes what is told, and lets it go on until what `ends` it is told."""

    def __init__(self, ends: str = "") -> None:
        self.phases: list[str] = []
        self.known = threading.Event()
        self._ends = ends

    def __call__(self, what: str, done: int, of: int) -> bool:
        assert 0 <= done <= of
        if not self.phases or self.phases[-1] != what:
            self.phases.append(what)
        self.known.set()
        return what != self._ends


def test_whoever_comes_while_two_desks_are_exchanged_waits_and_gets_the_new_one(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Desk.open(place.folder) as desk:
        write_file(desk, tmp_path / "x.deskbell")
        desk.work(lambda tx: mail_in(tx, address="later@shop.example"))
    assert restoring.prepare(place, tmp_path / "x.deskbell") is not None
    told, found, real = Told(), list[Any](), Path.rename

    def comes() -> None:
        with Desk.open(place.folder, told=told, patience_s=LONG_S) as desk:
            found.append(desk.ask(lambda db: db.connection().exec_driver_sql("SELECT count(*) FROM ticket").scalar()))

    other = threading.Thread(target=comes)

    def rename(self: Path, target: Path) -> Path:
        if target == place.database:  # at this moment there is none
            other.start()
            assert told.known.wait(LONG_S)
            assert not place.database.exists()
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with FileLock(place.workspace_lock, role="restore"):
        switching.exchange(place)
    other.join(LONG_S)
    assert (told.phases, found) == ([WAITING], [1])
    assert switching.exchange(place) is None  # done, by whomever


def test_an_older_form_is_brought_forward_after_a_copy(later_form: Workspace) -> None:
    place = later_form
    with pytest.raises(NotAtOnceError):
        Desk.open(place.folder, at_once=True)
    with pytest.raises(BackupStoppedError):
        Desk.open(place.folder, told=Told(ends=SAVING))
    assert backups_in(place.backups) == []
    told = Told()
    with Desk.open(place.folder, told=told):
        pass
    assert told.phases == [SAVING, CHANGING]
    assert [one.kind for one in backups_in(place.backups)] == ["upgrade"]
    Desk.open(place.folder, at_once=True).close()


def test_an_older_form_is_left_alone_while_somebody_has_it_open(
    later_form: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = later_form
    monkeypatch.setattr(entering, "PATIENCE_S", 0.1)
    with FileLock(place.workspace_lock, shared=True, role=ENGINE), pytest.raises(UserError, match=r"engine --stop"):
        Desk.open(place.folder)
    with FileLock(place.workspace_lock, role="restore"), pytest.raises(NotAtOnceError, match="a restore"):
        Desk.open(place.folder, at_once=True)


def test_who_has_it_open_is_named_and_what_to_do(place: Workspace) -> None:
    me = f"(process {os.getpid()})"
    held = [FileLock(place.workspace_lock, shared=True, role=role) for role in (f"{COMMAND} backup", ENGINE, WINDOW)]
    wanted = (
        f"“deskbell backup” {me}. Wait until that is done",
        f"receives and sends {me}. End it with “deskbell --data {place.folder} engine --stop”",
        f"its window {me}. Quit Deskbell in that window or in its tray icon",
    )
    assert "another program" in in_use(place)
    for lock, words in zip(held, wanted, strict=True):
        assert lock.acquire(timeout_s=LONG_S)
        assert words in in_use(place)
    for lock in held:
        lock.release()
