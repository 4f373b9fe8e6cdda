"""One window a desk, as processes: a second start goes to the first, and who leaves for a package comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.files.paths import Workspace
from tests.conftest import ROOT
from tests.journeys.command_line import CommandLine
from tests.servers.ports import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals, and packages that send them"),
]
PATIENCE_S = 180.0


class Window:
    """The window on one desk, without a screen and without an engine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, folder.with_name("said")
        self.around = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self.process = self.start()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the program on this desk."""
        line = [sys.executable, "-X", "faulthandler", "-m", "ui", "--data", str(self.folder), "--no-engine", *words]
        with self.said.open("ab") as said:
            return subprocess.Popen(line, cwd=ROOT, env=self.around, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def ends(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for its good end; else what all of them printed."""
        try:
            status = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # faulthandler then prints what every thread did
            status = process.wait()
        assert status == 0, self.said.read_text("utf-8", "replace")

    def holder(self) -> int:
        """The process that has the window's lock; 0 for nobody (or somebody who has died)."""
        try:
            number = int(Workspace(self.folder).window_lock.read_text(encoding="utf-8").split("\n", 1)[0])
            os.kill(number, 0)
        except (OSError, ValueError):
            return 0
        return number


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    CommandLine(tmp_path / "desk")("init")
    made = Window(tmp_path / "desk")
    yield made
    for number in {made.holder(), made.process.pid} - {0}:
        if number != made.process.pid or made.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    made.process.wait(PATIENCE_S)


def test_a_second_start_goes_to_the_first_and_a_package_gets_both_out_of_its_way(window: Window) -> None:
    wait_until(lambda: window.holder() == window.process.pid)
    # At once, while the first is still starting: that is what an impatient second click does.
    window.ends(window.start("mailto:ana@lindqvist.example?subject=Lamp"))
    assert window.holder() == window.process.pid

    window.process.send_signal(signal.SIGUSR1)
    window.ends(window.process)
    wait_until(lambda: window.holder() not in (0, window.process.pid))
    window.ends(window.start())  # the one that came back hears, too

    os.kill(window.holder(), signal.SIGTERM)
    wait_until(lambda: window.holder() == 0)
