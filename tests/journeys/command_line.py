"""Driving the command line as another program would: arguments in, JSON out, secrets on standard input.

Commands run in the test's own process, since starting Python takes longer than most of them; what must be a process
of its own (an engine, something to kill) is started as one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from app.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class CommandLine:
    """`deskbell --data FOLDER --json …`."""

    folder: Path

    def run(self, *words: str, stdin: str = "") -> Ended:
        """Run a command and give back how it ended."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch("sys.stdin", io.StringIO(stdin)),
        ):
            try:
                status = main([*words, "--json", "--data", str(self.folder)])
            except SystemExit as ended:
                status = int(ended.code or 0)
        return Ended(status, out.getvalue(), err.getvalue())

    def __call__(self, *words: str, stdin: str = "") -> Any:
        """Run a command that must succeed; its JSON."""
        ended = self.run(*words, stdin=stdin)
        assert ended.returncode == 0, f"{words}: {ended.stderr}"
        return json.loads(ended.stdout)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command in a process of its own."""
        command = [sys.executable, "-m", "app", *words, "--data", str(self.folder)]
        root = Path(__file__).resolve().parents[2]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
