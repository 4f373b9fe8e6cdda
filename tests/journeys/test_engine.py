"""The engine as a process of its own: mail comes by itself, it stops cleanly, and killing it loses and doubles nothing."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.desk.supervisor import engine_pid
from app.kernel.files.paths import Workspace
from tests.bench import crash
from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import desk_on, letter
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.slow

MAILS = 48


@contextmanager
def engine(cli: CommandLine) -> Iterator[subprocess.Popen[bytes]]:
    """An engine that has taken its lock; ended at the end of the block, cleanly if it is still there."""
    process = cli.start("engine")
    try:
        wait_until(lambda: engine_pid(Workspace(cli.folder)) == process.pid or process.poll() is not None)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert b"Traceback" not in errors, errors.decode()


def test_mail_comes_and_goes_by_itself_and_the_end_is_clean(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    with engine(cli) as process:
        dovecot.deliver(account, letter("Ann <ann@example.org>", account.address, "First", "One").as_bytes())
        wait_until(lambda: len(cli("tickets")) == 1)
        dovecot.deliver(account, letter("Bo <bo@example.org>", account.address, "Second", "Two").as_bytes())
        wait_until(lambda: len(cli("tickets")) == 2)
        cli("reply", "1", "--text", "Here you are.")
        (sent,) = smtp.wait_for(1, 30)
        assert sent.recipients == ("ann@example.org",)
        counted = cli("sync")
        assert counted["new_tickets"] == counted["appended"] == 0
        rows = cli("ledger", "--reconcile")
        assert sum(row["unaccounted"] for row in rows) == 0
        second = cli.start("engine")
        _, errors = second.communicate(timeout=60)
        assert second.returncode == 1
        assert str(process.pid) in errors.decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert engine_pid(Workspace(cli.folder)) is None


def test_a_killed_engine_loses_and_doubles_nothing(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    chance = random.Random(7)
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    for number in range(MAILS):
        mail = letter(f"C{number} <c{number}@example.org>", account.address, f"Mail {number}", "Hi")
        dovecot.deliver(account, mail.as_bytes())
    answered = 0
    for turn in range(5):
        with engine(cli) as process:
            if turn < 2:  # in the middle of receiving and storing
                most = (turn + 1) * MAILS // 4
                wait_until(lambda: len(cli("tickets", "--limit", "1000")) >= most or process.poll() is not None)  # noqa: B023
            else:  # in the middle of sending
                wait_until(lambda: cli("tickets", "is:open"))
                for row in cli("tickets", "is:open", "--limit", "3"):
                    cli("reply", str(row["number"]), "--text", f"Answer to {row['number']}")
                    answered += 1
                if chance.random() < 0.5:
                    smtp.wait_for(len(smtp.letters) + 1, 30)
            process.kill()
            process.wait(60)
    cli("sync")
    wait_until(
        lambda: (
            not [row for row in cli("outbox") if row["state"] in ("queued", "retry", "sending")] or cli("sync") is None
        )
    )
    rows = cli("tickets", "--limit", "1000")
    assert Counter(row["subject"] for row in rows) == Counter(f"Mail {number}" for number in range(MAILS))
    for ledger in cli("ledger", "--reconcile"):
        assert ledger["unaccounted"] == ledger["waiting"] == 0
    delivered = Counter(one.recipients for one in smtp.letters)
    assert max(delivered.values()) == 1
    conversations = [cli("ticket", str(row["number"]))["messages"] for row in rows]
    states = Counter(one["delivery"] for messages in conversations for one in messages if one["delivery"])
    assert states.total() == answered
    assert set(states) <= {"sent", "uncertain"}
    assert cli("check")["ok"]


def test_without_a_line_work_goes_on_and_is_sent_later(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    dovecot.deliver(account, letter("Ann <ann@example.org>", account.address, "First", "One").as_bytes())
    cli("sync")
    dovecot.stop()
    smtp.stop()
    try:
        cli("reply", "1", "--text", "Written without a line.")
        offline = cli.run("sync")
        assert offline.returncode == 1
        assert offline.stderr.strip()
        assert cli("search", "line")[0]["ticket"] == 1
        assert cli("set", "1", "priority=high")["priority"] == "high"
    finally:
        dovecot.start()
        smtp.start()
    wait_until(lambda: cli("sync")["sent"] == 1, 90)
    assert [one.recipients for one in smtp.letters] == [("ann@example.org",)]


def test_lines_deleted_behind_the_programs_back_are_noticed_and_fetched_again(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    import sqlite3

    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    for number in range(5):
        dovecot.deliver(account, letter("Ann <ann@example.org>", account.address, f"Mail {number}", "Hi").as_bytes())
    cli("sync")
    with sqlite3.connect(tmp_path / "desk" / "deskbell.sqlite") as db:
        db.execute("DELETE FROM mail_item WHERE uid IN (2, 4)")
    inbox = next(row for row in cli("ledger", "--reconcile") if row["folder"] == "INBOX")
    assert inbox["unaccounted"] == 2
    cli("sync")
    inbox = next(row for row in cli("ledger", "--reconcile") if row["folder"] == "INBOX")
    assert (inbox["unaccounted"], inbox["server"]) == (0, 5)
    assert len(cli("tickets")) == 5


def test_kills_at_every_step_and_cuts_lose_and_double_nothing(tmp_path: Path) -> None:
    """A short run of `deskbell bench crash`: every point once, of a pass and of the running engine, both lines both ways."""
    folder = Path(tempfile.mkdtemp(prefix="deskbell-crash-"))  # not tmp_path: its folders are closed to other users
    try:
        done = crash.run(folder, kills=1, cuts=4, live=1, seed=11)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert set(done.kills.values()) == set(done.live.values()) == {1}
    assert (len(done.kills), len(done.live), len(done.cuts)) == (10, 11, 4)
    assert done.sum.faults() == {}
    assert (done.sum.mails, done.sum.replies) > (60, 25)
