"""The peer for the window's start: Thunderbird on an empty profile, where it is installed.

Its window says nothing about itself, so it is watched from outside: from the start of the process until a window of
its own is there and the screen shows more than a few colours. `xdotool` and ImageMagick's `import` look; they cost the
machine a little, as a person's program waiting beside it would.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from app.cli.benchmarks.figures import pss_mb

PATIENCE_S, CALM_S = 90.0, 5.0
_COLOURS = 40
_LOOK_S = 0.02
_NEEDED = ("thunderbird", "xdotool", "import", "Xvfb")


def missing() -> list[str]:
    """What is not installed; empty if it can be measured."""
    return [name for name in _NEEDED if shutil.which(name) is None]


class NoWindowError(Exception):
    """Thunderbird showed none; says what it said instead."""


class Thunderbird:
    """Starts on one profile, which the first start makes."""

    def __init__(self, folder: Path, around: dict[str, str]) -> None:
        self._profile = folder / "profile"
        (folder / "home").mkdir(parents=True)
        self._profile.mkdir()
        quiet = {"HOME": str(folder / "home"), "MOZ_CRASHREPORTER_DISABLE": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        self._around = os.environ | around | quiet
        self._said = folder / "said.txt"
        self.memory: list[float] = []

    def once(self) -> float:
        """Seconds from the start of the process to a painted window. NoWindowError if none comes."""
        began = time.perf_counter()
        command = ["thunderbird", "--no-remote", "--profile", str(self._profile)]
        with self._said.open("wb") as said:
            process = subprocess.Popen(command, env=self._around, stdout=said, stderr=said, start_new_session=True)
        try:
            self._until(self._has_window, began)
            self._until(self._is_painted, began)
            took = time.perf_counter() - began
            time.sleep(CALM_S)
            self.memory.append(pss_mb(process.pid) or 0.0)
            return took
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _until(self, holds: Callable[[], bool], began: float) -> None:
        while not holds():
            if time.perf_counter() - began > PATIENCE_S:
                windows = self._ask("xdotool", "search", "--name", ".*").split()
                said = self._said.read_text(encoding="utf-8", errors="replace")[-300:]
                raise NoWindowError(
                    f"Thunderbird showed no window ({len(windows)} hidden ones; it said: {said.strip()!r})"
                )
            time.sleep(_LOOK_S)

    def _has_window(self) -> bool:
        found = self._ask("xdotool", "search", "--onlyvisible", "--name", ".*").split()
        return any(self._is_large(one) for one in found)

    def _is_large(self, window: str) -> bool:
        said = self._ask("xdotool", "getwindowgeometry", "--shell", window).splitlines()
        size = dict(line.partition("=")[::2] for line in said)
        named = self._ask("xdotool", "getwindowname", window).strip()
        return bool(named) and int(size.get("WIDTH", 0)) >= 200 and int(size.get("HEIGHT", 0)) >= 150

    def _is_painted(self) -> bool:
        dots = self._ask("import", "-window", "root", "-resize", "320x200", "-depth", "8", "txt:-").splitlines()[1:]
        return len({dot.partition("#")[2][:6] for dot in dots}) > _COLOURS

    def _ask(self, *command: str) -> str:
        return subprocess.run(command, env=self._around, capture_output=True, text=True, check=False).stdout
