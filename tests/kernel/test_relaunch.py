"""Leaving while a package replaces the program, and coming back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.kernel.files.locks import holder, is_held
from app.kernel.files.paths import Workspace
from app.kernel.program.relaunch import come_back
from tests.conftest import ROOT
from tests.journeys.command_line import CommandLine
from tests.servers.ports import wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="packages of Linux")


def test_it_comes_back_when_the_mark_is_gone_and_not_before(tmp_path: Path) -> None:
    mark, sign = tmp_path / "mark", tmp_path / "came back"
    mark.touch()
    waiter = come_back([sys.executable, "-c", f"open({str(sign)!r}, 'w').write('yes')"], mark)
    with pytest.raises(subprocess.TimeoutExpired):
        waiter.wait(1.5)
    assert not sign.exists()
    mark.unlink()
    assert waiter.wait(60) == 0
    assert sign.read_text() == "yes"


def test_a_waiter_survives_who_started_it(tmp_path: Path) -> None:
    mark, sign = tmp_path / "mark", tmp_path / "came back"
    mark.touch()
    text = "import sys, pathlib, app.kernel.program.relaunch as r; r.come_back(['touch', sys.argv[1]], pathlib.Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-W", "ignore", "-c", text, sign, mark], cwd=ROOT, check=True)
    mark.unlink()
    wait_until(sign.exists)


def test_an_engine_that_is_asked_leaves_and_comes_back(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path / "desk")
    cli("init")
    lock = Workspace(cli.folder).engine_lock
    engine = cli.start("engine")
    try:
        wait_until(lambda: holder(lock) is not None)
        engine.send_signal(signal.SIGUSR1)
        engine.communicate(timeout=60)
        assert engine.returncode == 0
        wait_until(lambda: (who := holder(lock)) is not None and who.pid != engine.pid)
    finally:
        engine.kill()
        if (who := holder(lock)) is not None:
            os.kill(who.pid, signal.SIGTERM)
    wait_until(lambda: not is_held(lock))
