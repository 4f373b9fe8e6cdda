"""The checks that need no running program: style, format, types, layers, sizes. Each prints its name and its findings.

All of them run even when one fails, so that a person sees everything at once; and beside each other, because the types take
as long as all the rest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dev_environment import BINARIES, PYTHON, ROOT

# (name, line); the first word of a line is a program of the environment.
STAGES: tuple[tuple[str, tuple[str | Path, ...]], ...] = (
    ("types", (PYTHON, "-m", "mypy")),
    ("style", (BINARIES / "ruff", "check", "--quiet", "--output-format", "concise", ".")),
    ("format", (BINARIES / "ruff", "format", "--check", "--output-format", "concise", ".")),
    ("layers", (BINARIES / "lint-imports", "--no-logo")),
    ("sizes", (PYTHON, "packaging/sizes.py")),
)


def heading(name: str) -> None:
    print(f"--- {name}", flush=True)


class Checks:
    """Every stage, from the moment this is made. `ended` waits for them; leaving the block ends what nobody waited for."""

    def __init__(self) -> None:
        self._running = [(name, _started(line)) for name, line in STAGES]

    def ended(self) -> list[str]:
        """Print what each stage has to say; the names of those that failed."""
        failed = []
        for name, stage in self._running:
            heading(name)
            sys.stdout.write(stage.communicate()[0])
            sys.stdout.flush()
            if stage.returncode:
                failed.append(name)
        return failed

    def __enter__(self) -> Checks:
        return self

    def __exit__(self, *_exc: object) -> None:
        for _, stage in self._running:
            with stage:
                stage.kill()


def static_checks() -> list[str]:
    """Run every stage; returns the names of those that failed."""
    with Checks() as checks:
        return checks.ended()


def _started(line: tuple[str | Path, ...]) -> subprocess.Popen[str]:
    words = [str(word) for word in line]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
