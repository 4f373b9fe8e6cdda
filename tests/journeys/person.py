"""A person at a screen: a private X server with a window manager, keys by xdotool, eyes by `watched_window`.

Everything is done with the keyboard, because the program promises that everything can be; a thing is reached with Tab
and known by its accessible name. Nothing waits for a time to pass: each step waits for what it must see.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90.0
_LOOK_S = 0.05
_FIELDS = 60  # more steps with Tab than any page has


@dataclass(frozen=True)
class Thing:
    """Something on the screen, as a screen reader says it; x and y are its middle in pixels of the screen."""

    role: str
    name: str
    value: str
    focused: bool
    enabled: bool
    selected: bool
    x: int
    y: int


@contextlib.contextmanager
def screen() -> Iterator[dict[str, str]]:
    """An X server with openbox on it; the variables that lead a program there."""
    missing = [name for name in ("Xvfb", "openbox", "xdotool") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}; `make test` installs them")
    read, write = os.pipe()
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(os.fdopen(read))
        size = ["-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"]
        stack.enter_context(_running(["Xvfb", "-displayfd", str(write), *size], pass_fds=[write]))
        os.close(write)
        around = {"DISPLAY": f":{line.readline().strip()}", "QT_QPA_PLATFORM": "xcb", "QT_QPA_PLATFORMTHEME": ""}
        stack.enter_context(_running(["openbox", "--sm-disable"], env={**os.environ, **around}))
        yield around


@contextlib.contextmanager
def _running(command: list[str], **options: object) -> Iterator[None]:
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process: subprocess.Popen[bytes] = subprocess.Popen(command, **{**quiet, **options})  # type: ignore[call-overload]
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


class Person:
    """Somebody working with the window on one desk."""

    def __init__(self, folder: Path, around: dict[str, str], scratch: Path) -> None:
        self._around = {**os.environ, **around, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._eye = scratch / "eye"
        self._said = (scratch / "window.log").open("wb+")
        command = [sys.executable, "-m", "tests.journeys.watched_window", str(self._eye), "--data", str(folder)]
        self.window = subprocess.Popen(
            command, env=self._around, stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said
        )

    def leave(self) -> str:
        """The window is closed by its key; what the program printed. AssertionError if it does not end cleanly."""
        self.press("ctrl+q")
        status = self.window.wait(PATIENCE_S)
        words = self.printed()
        assert status == 0, words
        return words

    def printed(self) -> str:
        """What the program has printed so far."""
        self._said.flush()
        return Path(str(self._said.name)).read_text("utf-8", "replace")

    def go_away(self) -> None:
        """The end of a test, however it ended."""
        if self.window.poll() is None:
            self.window.terminate()
            try:
                self.window.wait(30)
            except subprocess.TimeoutExpired:
                self.window.kill()
                self.window.wait()
        self._said.close()

    # -- hands

    def press(self, *keys: str) -> None:
        """Press keys, as xdotool names them ("ctrl+Return")."""
        subprocess.run(["xdotool", "key", "--clearmodifiers", *keys], env=self._around, check=True)

    def write(self, text: str) -> None:
        """Type a text where the keyboard is."""
        subprocess.run(["xdotool", "type", "--delay", "2", "--", text], env=self._around, check=True)

    def click(self, name: str, *, role: str = "", right: bool = False) -> None:
        """Click with the mouse on something whose name is or begins like this, once it stands still where it can be seen.
        `right`: with the right button.
        """
        places: list[tuple[int, int]] = []

        def stands_still() -> bool:
            seen = [one for one in self.see() if one.name.startswith(name) and role in one.role and one.enabled]
            found = [one for one in seen if one.name == name] or seen
            places.append((found[-1].x, found[-1].y) if found else (-1, -1))
            return len(places) > 1 and places[-1] == places[-2] != (-1, -1)

        self.until(stands_still, f"“{name}” to click on")
        where = [str(part) for part in places[-1]]
        # Without --sync, which waits 15 s for a pointer that is there already to move; X does both in their order anyway.
        subprocess.run(["xdotool", "mousemove", *where, "click", "3" if right else "1"], env=self._around, check=True)

    def go_to(self, name: str) -> None:
        """Press Tab until the keyboard is at something of this name: everything can be reached without a mouse."""
        for _ in range(_FIELDS):
            before = self.focused()
            if before is not None and before.name == name:
                return
            self.press("Tab")
            self.until(lambda before=before: self.focused() != before, f"Tab moves on from {before}")  # type: ignore[misc]
        self._give_up(f"“{name}” cannot be reached with Tab")

    def fill(self, name: str, text: str) -> None:
        """Go to a field and type its text, instead of what may stand there."""
        self.go_to(name)
        self.press("ctrl+a")
        self.write(text)

    # -- eyes

    def see(self) -> list[Thing]:
        """All that is on the screen."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            try:
                line.connect(str(self._eye))
            except OSError:
                if self.window.poll() is not None:
                    raise AssertionError("the window has ended: " + self.printed()[-2000:]) from None
                return []
            parts = list(iter(lambda: line.recv(1 << 16), b""))
        return [Thing(**one) for one in json.loads(b"".join(parts) or b"[]")]

    def focused(self) -> Thing | None:
        """Where the keyboard is: the innermost thing that has a name."""
        return next((one for one in reversed(self.see()) if one.focused and one.name), None)

    def sees(self, words: str, *, role: str = "") -> bool:
        """Do these words stand on the screen?"""
        return any(words in f"{one.name}\n{one.value}" and role in one.role for one in self.see())

    def wait_for(self, words: str, *, role: str = "") -> None:
        """Wait until these words stand on the screen."""
        self.until(lambda: self.sees(words, role=role), f"“{words}” on the screen")

    def until(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait for something; AssertionError with all that is on the screen if it does not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self._give_up(f"in vain: {what}")
            time.sleep(_LOOK_S)

    def _give_up(self, why: str) -> None:
        shown = "\n".join(
            f"{one.role} “{one.name}” {one.value}{' *' if one.focused else ''}" for one in self.see() if one.name
        )
        raise AssertionError(f"{why}\n{shown[-6000:]}\n{self.printed()[-2000:]}")
