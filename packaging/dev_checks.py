"""The checks that need no running program: style, format, types, layers, sizes. Each prints its name and its findings.

All of them run even when one fails, so that a person sees everything at once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dev_environment import BINARIES, PYTHON, ROOT

# (name, line); the first word of a line is a program of the environment.
STAGES: tuple[tuple[str, tuple[str | Path, ...]], ...] = (
    ("style", (BINARIES / "ruff", "check", "--quiet", "--output-format", "concise", ".")),
    ("format", (BINARIES / "ruff", "format", "--check", "--output-format", "concise", ".")),
    ("types", (PYTHON, "-m", "mypy")),
    ("layers", (BINARIES / "lint-imports", "--no-logo")),
    ("sizes", (PYTHON, "packaging/sizes.py")),
)


def heading(name: str) -> None:
    print(f"--- {name}", flush=True)


def static_checks() -> list[str]:
    """Run every stage; returns the names of those that failed."""
    failed = []
    for name, line in STAGES:
        heading(name)
        done = subprocess.run([str(word) for word in line], cwd=ROOT, check=False)
        sys.stdout.flush()
        if done.returncode:
            failed.append(name)
    return failed
