"""A sender killed at any step: nothing is lost, nothing goes out twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.kernel import clock
from app.outbox import queries
from app.outbox.commands import note_found_in_sent, settle_leftovers
from app.workers.sending.senders import send_due
from tests.outbox.small_desk import SmallDesk
from tests.servers.smtp import SmtpServer

CHILD = Path(__file__).with_name("sender_child.py")


def child(folder: Path, phase: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(CHILD), str(folder), phase], stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def send(desk: SmallDesk) -> None:
    desk.do(settle_leftovers)
    send_due(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop)


@pytest.mark.parametrize(("phase", "after"), [("connect", "sent"), ("envelope", "sent"), ("data", "uncertain")])
def test_killed_when_a_phase_was_committed(tmp_path: Path, smtp: SmtpServer, phase: str, after: str) -> None:
    desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{smtp.port}")
    desk.incoming()
    key = desk.reply()
    process = child(tmp_path, phase)
    assert process.stdout is not None
    assert process.stdout.readline() == "reached\n"
    assert (desk.state(key), desk.row(key).phase) == ("sending", phase)
    frozen = desk.row(key).blob
    kill(process)
    assert smtp.letters == []
    for _ in range(3):
        send(desk)
    assert (desk.state(key), desk.row(key).blob) == (after, frozen)
    assert len(smtp.letters) == (1 if after == "sent" else 0)
    assert desk.row(key).attempts == (2 if after == "sent" else 1)
    desk.close()


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path, smtp: SmtpServer) -> None:
    """Many messages, many deaths: each arrives at most once, and what is uncertain is told."""
    desk = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{smtp.port}")
    desk.incoming()
    keys = [desk.reply(f"number {number}") for number in range(20)]
    chance = random.Random(7)
    for _ in range(4):
        before = len(smtp.letters)
        process = child(tmp_path, "none")
        with contextlib.suppress(TimeoutError):
            smtp.wait_for(before + chance.randrange(1, 4), seconds=10)
        kill(process)
        desk.do(settle_leftovers)
    send(desk)
    arrived = Counter(letter.message["X-Deskbell-Id"] for letter in smtp.letters)
    assert max(arrived.values()) == 1
    states = {key: desk.state(key) for key in keys}
    assert set(states.values()) <= {"sent", "uncertain"}
    assert all(arrived[key.hex] == 1 for key, state in states.items() if state == "sent")
    for key in [key for key, state in states.items() if state == "uncertain" and arrived[key.hex]]:
        desk.do(note_found_in_sent, key.hex)
        assert desk.state(key) == "sent"
    assert desk.ask(queries.due, clock.now()) == ()
    desk.close()
