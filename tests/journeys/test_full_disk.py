"""A disk that fills up, or cannot be written any more, at every write of an import: a clear word, and nothing lost.

The full disk is a real small file system where the system lets us have one (root on Linux), else a limit on the size of
files. A disk that turns read-only while files are open cannot be made without harm to the machine; what SQLite says of
one it also says of a connection that may not write, so the database is made so from its nth transaction on.
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

from app.kernel import store
from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import desk_on, letter
from tests.servers.dovecot import Account, Dovecot
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
    real, left = store._begin_immediate, 0

    def begin(connection: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            connection.exec_driver_sql("PRAGMA query_only = 1")
        real(connection)

    monkeypatch.setattr(store, "_begin_immediate", begin)
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
