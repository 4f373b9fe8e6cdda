"""The engine's keeper outlives whatever becomes of the engines that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.desk import supervisor
from app.desk.entering import WINDOW
from app.desk.supervisor import NOT_STARTED, Supervisor
from app.kernel import secrets
from app.kernel.files.locks import FileLock
from tests.empty_desk import empty_desk
from tests.journeys.command_line import CommandLine

PATIENCE_S = 60.0


def _died(folder: Path, times: int, meanwhile: Callable[[Supervisor], object] = id) -> list[int]:
    """The exit statuses of the first engines that the keeper of a desk started."""
    told: list[int] = []
    enough = threading.Event()

    def died(status: int) -> None:
        told.append(status)
        if len(told) >= times:
            enough.set()

    with empty_desk(folder) as desk:
        keeper = Supervisor(desk, died)
        keeper.start()
        try:
            meanwhile(keeper)
            assert enough.wait(PATIENCE_S)
        finally:
            keeper.close()
    return told


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next start comes at once."""
    monkeypatch.setattr(supervisor, "FIRST_WAIT_S", 0.01)


@pytest.mark.usefixtures("impatient")
def test_it_tries_again_where_no_process_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "not-there"))
    assert _died(tmp_path / "desk", 2)[:2] == [NOT_STARTED, NOT_STARTED]


@pytest.mark.usefixtures("impatient")
@pytest.mark.skipif(sys.platform == "win32", reason="a program of the shell")
def test_it_tries_again_when_an_engine_ends_without_having_heard_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf, ready, go = (tmp_path / name for name in ("deaf", "deaf.ready", "deaf.go"))
    deaf.write_text(
        '#!/bin/sh\nexec 0<&-\n[ -e "$0.ready" ] || exit 3\necho > "$0.ready"\nread line < "$0.go"\nexit 3\n'
    )
    deaf.chmod(0o755)
    os.mkfifo(ready)
    os.mkfifo(go)
    monkeypatch.setattr(sys, "executable", str(deaf))
    monkeypatch.setattr(secrets, "for_this_run", secrets.RunSecrets())

    def tell(keeper: Supervisor) -> None:
        ready.read_text()  # waits until nobody reads the line to the engine any more
        keeper.hand_secret("mailbox-1", "a password")
        ready.unlink()
        go.write_text("on\n")

    assert _died(tmp_path / "desk", 2, tell)[:2] == [3, 3]


@pytest.mark.slow
def test_where_there_are_no_signals_an_engine_is_asked_by_a_word_and_ends_cleanly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HEARS_SIGTERM", False)
    told: list[int] = []
    runs = threading.Event()
    with empty_desk(tmp_path / "desk") as desk:
        quit_listening = desk.listen(
            lambda changes: runs.set() if any(word.topic == "engine_state" for word in changes.signals) else None
        )
        keeper = Supervisor(desk, told.append)
        keeper.start()
        try:
            assert runs.wait(PATIENCE_S)
            running = keeper.process
            assert running is not None
            keeper.close(wait_s=PATIENCE_S)
            assert running.returncode == 0  # nothing on Linux ends a process by itself with that but its own will
        finally:
            keeper.close()
            quit_listening()
    assert told == []


_HOLDS = """
import sys
from pathlib import Path
from app.kernel.files.locks import FileLock
lock = FileLock(Path(sys.argv[1]), role="engine")
assert lock.acquire(timeout_s=60)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal of POSIX")
def test_an_engine_is_ended_from_the_command_line_unless_a_window_keeps_it(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path / "desk")
    with empty_desk(tmp_path / "desk") as desk:
        place = desk.workspace
    assert cli("engine", "--stop") == {"ended": False}
    line = [sys.executable, "-c", _HOLDS, str(place.engine_lock)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        with FileLock(place.workspace_lock, shared=True, role=WINDOW):
            refused = cli.run("engine", "--stop")
        assert (refused.returncode, "Quit Deskbell there" in refused.stderr) == (1, True)
        assert engine.poll() is None
        assert cli("engine", "--stop") == {"ended": True}
        assert engine.wait(PATIENCE_S) == -signal.SIGTERM
