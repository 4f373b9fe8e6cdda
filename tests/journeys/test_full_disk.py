"""A disk that fills up, or cannot be written any more, at every write of an import: a clear word, and nothing lost.

The full disk is a real small file system where the system lets us have one (root on Linux), else a limit on the size of
files. A database that turns read-only is made so from its nth transaction on. A disk that turns read-only under open files,
as one does that has failed, is a real one on a loop device, which is told to abort: what was flushed is on it, the rest is not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.kernel.database import connections
from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import desk_on, letter
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.slow

MAILS, SIZE = 6, 20_000
STEP = 48 * 1024
ROOM = 16 * 1024 * 1024


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of `ROOM` bytes in `folder`; False where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(folder)]
    allowed = sys.platform == "linux" and os.geteuid() == 0
    if not allowed or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class FailingDisk:
    """An ext4 file system in a file; `fail` makes it read-only under whoever has files open on it, `mend` brings it back."""

    def __init__(self, folder: Path) -> None:
        self._image, self.folder = folder / "disk.img", folder / "mounted"
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(96 * 1024 * 1024)

    def make(self) -> bool:
        """False where that is not allowed."""
        if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
            return False
        return self._run("mkfs.ext4", "-q", "-F", str(self._image)) and self._mount()

    def fail(self) -> bool:
        """From now on nothing can be written; nobody is asked."""
        return self._run("mount", "-o", "remount,abort", str(self.folder))

    def mend(self) -> None:
        """As a person does it: unmount, check, mount again."""
        assert self._run("umount", str(self.folder))
        self._run("e2fsck", "-fy", str(self._image))  # it says 1 when it mended something
        assert self._mount()

    def leave(self) -> None:
        self._run("umount", "-l", str(self.folder))

    def _mount(self) -> bool:
        return self._run("mount", "-o", "loop", str(self._image), str(self.folder))

    def _run(self, *command: str) -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def only(free: int, disk: Path, *, real: bool) -> Iterator[None]:
    """So many bytes are free on the disk, or no file may grow larger than that."""
    if real:
        ballast, there = disk / "ballast", os.statvfs(disk)
        ballast.write_bytes(b"\0" * max(0, there.f_bavail * there.f_bsize - free))
        try:
            yield
        finally:
            ballast.unlink()
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> CommandLine:
    """A desk that has received nothing yet, and a mailbox with mails in it."""
    dice = random.Random(3)
    for number in range(MAILS):
        text = "\n".join(f"{dice.getrandbits(240):060x}" for _ in range(SIZE // 61))
        dovecot.deliver(account, letter("Ann <ann@example.org>", account.address, f"Mail {number}", text).as_bytes())
    made = desk_on(tmp_path / "fresh", account, dovecot, smtp, "--history", "all")
    (tmp_path / "disk").mkdir()
    return made


def expect_everything(cli: CommandLine) -> None:
    """After the disk is well again one pass brings everything, once."""
    assert cli("sync")["quarantined"] == 0
    with closing(sqlite3.connect(cli.folder / "deskbell.sqlite")) as db:
        assert db.execute("SELECT count(*), count(DISTINCT external_id) FROM message").fetchone() == (MAILS, MAILS)
    for row in cli("ledger"):  # the pass has just compared it with the server
        assert row["unaccounted"] == row["waiting"] == 0


def test_a_full_disk_at_every_write_of_an_import(tmp_path: Path, desk: CommandLine) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk) as real:
        failed, free = 0, 0
        cli = CommandLine(disk / "desk")
        while True:
            shutil.copytree(desk.folder, cli.folder)
            with only(free, disk, real=real):
                ended = cli.run("sync")
            if ended.returncode:
                failed += 1
                assert "The dis" in ended.stderr, ended.stderr
                assert "inside Deskbell" not in ended.stderr
            expect_everything(cli)
            shutil.rmtree(cli.folder)
            if not ended.returncode:
                break
            free += STEP
            assert free < ROOM // 2
        assert failed >= 8  # the limit moved through the whole import


def test_a_database_that_turns_read_only_at_every_write_of_an_import(
    tmp_path: Path, desk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = connections.begin_immediate, 0

    def begin(connection: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            connection.exec_driver_sql("PRAGMA query_only = 1")
        real(connection)

    monkeypatch.setattr(connections, "begin_immediate", begin)
    cli = CommandLine(tmp_path / "disk" / "desk")
    for nth in itertools.count(1):
        shutil.copytree(desk.folder, cli.folder)
        left = nth
        ended = cli.run("sync")
        reached, left = left <= 0, 0
        if ended.returncode:
            assert "cannot be written" in ended.stderr, ended.stderr
        expect_everything(cli)
        shutil.rmtree(cli.folder)
        if not reached:
            assert nth > 8
            break


def test_a_disk_that_turns_read_only_under_a_running_engine(
    tmp_path: Path, desk: CommandLine, dovecot: Dovecot, account: Account
) -> None:
    disk = FailingDisk(tmp_path)
    if not disk.make():
        pytest.skip("a file system of its own needs root and mkfs.ext4")
    cli = CommandLine(disk.folder / "desk")
    process: subprocess.Popen[bytes] | None = None
    try:
        shutil.copytree(desk.folder, cli.folder)
        subprocess.run(["sync", "-f", str(disk.folder)], check=True)  # what the program flushes is its own affair
        process = cli.start("engine")
        wait_until(lambda: len(cli("tickets")) >= 1)
        assert disk.fail()
        dovecot.deliver(account, letter("Bo <bo@example.org>", account.address, "Late", "Hello").as_bytes())
        written = cli.run("note", "1", "--text", "Nothing can be written now.")
        assert written.returncode == 1
        assert "inside Deskbell" not in written.stderr
        assert "Traceback" not in written.stderr
        assert process.poll() is None  # it waits for a disk that is well again
        process.terminate()
        _, errors = process.communicate(timeout=120)
        assert b"Traceback" not in errors, errors.decode()
        disk.mend()
        assert cli("sync")["quarantined"] == 0
        with closing(sqlite3.connect(cli.folder / "deskbell.sqlite")) as db:
            counted = db.execute("SELECT count(*), count(DISTINCT external_id) FROM message").fetchone()
        assert counted == (MAILS + 1, MAILS + 1)
        for row in cli("ledger", "--reconcile"):
            assert row["unaccounted"] == row["waiting"] == 0
        assert cli("check")["ok"]
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(60)
        disk.leave()
