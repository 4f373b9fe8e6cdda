"""The engine as a process of its own, to be killed in the middle of a word."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.servers.ports import greets_web, wait_until

ROOT = Path(__file__).resolve().parents[2]


class EngineProcess:
    """`python -m app engine` on a desk; `port` is where its chat listens. Ended at the end of the block.

    `secret`: lines of secrets for this run; `is_open`: how to see that chat is open, where nothing listens.
    """

    def __init__(
        self, folder: Path, port: int = 0, *, secret: bytes = b"", is_open: Callable[[], bool] | None = None
    ) -> None:
        self._folder, self._secret = folder, secret
        self._is_open = is_open or (lambda: greets_web(port))
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
        self._process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
        assert self._process.stdin is not None
        with self._process.stdin as said:
            said.write(self._secret)
        wait_until(self._is_open, 120, "the engine's chat")

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        self._process = None
