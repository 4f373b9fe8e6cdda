"""Fetches the libraries that the Flatpak is built with into build/flatpak/wheels: those of packaging/locks/run.txt, by their hashes.

    .venv/bin/python packaging/flatpak/wheels.py [--python 3.12] [--machine x86_64]

Builds of Flatpaks have no network, so everything lies beside the manifest before. Qt is not among it: the base of the manifest
brings a PySide6 of its own. `--python` is the one of the runtime.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "packaging/locks/run.txt"
TARGET: Final = ROOT / "build/flatpak"
OF_THE_BASE: Final = ("pyside6", "shiboken6")
SYSTEMS: Final = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "linux")


def wanted(lock: str) -> Iterator[str]:
    """The entries of a lock, each with its hashes, without what the base of the manifest brings."""
    for entry in re.split(r"\n(?=[A-Za-z])", lock):
        if "==" in entry and not entry.startswith(OF_THE_BASE):
            yield entry


def fetch(python: str, machine: str) -> None:
    """Fetch them anew. Raises CalledProcessError when one is not to be had."""
    wheels, lock = TARGET / "wheels", TARGET / "run.txt"
    wheels.mkdir(parents=True, exist_ok=True)
    for old in wheels.iterdir():
        old.unlink()
    lock.write_text("\n".join(wanted(LOCK.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")
    platforms = [word for system in SYSTEMS for word in ("--platform", f"{system}_{machine}")]
    line = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    target = ["--python-version", python, "--implementation", "cp", *platforms]
    subprocess.run([*line, *target, "--dest", str(wheels), "-r", str(lock)], check=True)
    print(f"{sum(1 for _ in wheels.iterdir())} wheels in {wheels.relative_to(ROOT)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default="3.12")
    parser.add_argument("--machine", default="x86_64")
    given = parser.parse_args()
    fetch(given.python, given.machine)
