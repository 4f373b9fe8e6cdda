"""The engine as a process of its own, to be killed in the middle of a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.servers.ports import greets_web, wait_until

ROOT = Path(__file__).resolve().parents[2]


class EngineProcess:
    """`python -m app engine` on a desk; `port` is where its chat listens. Ended at the end of the block."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def start(self) -> None:
        """Start it, and wait until chat is open."""
        line = [sys.executable, "-m", "app", "--data", str(self._folder), "engine"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(line, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet)
        wait_until(lambda: greets_web(self._port), 120, "the engine's chat")

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        self._process = None
