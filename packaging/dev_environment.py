"""The virtual environment `.venv` of a checkout: made once, filled from a hash-pinned lock, and renewed when it changes.

A bare Debian has Python without `ensurepip`, so `python3 -m venv` fails there, and pip refuses to install into the
system's Python. `pip install --target` is allowed and touches nothing: it fetches uv into `.venv-tools`, and uv makes
the environment. Both `run` and `test` use the same lock (`dev.txt`), so that there is one environment and no surprise;
installers are built in `.venv-package`, from `package.txt`: what the program needs (`run.txt`) and what freezes it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"
VENV = ROOT / ".venv"
TOOLS = ROOT / ".venv-tools"
WINDOWS = os.name == "nt"
OLDEST = (3, 11)


class DevError(Exception):
    """The command cannot go on; the text says what to do."""


def say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)


def pip(python: str | Path) -> list[str | Path]:
    """The beginning of a quiet pip installation with that Python."""
    return [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore"]


def command(line: Sequence[str | Path], *, env: Mapping[str, str] | None = None, quiet: bool = False) -> None:
    """Run a program in the checkout; a failure ends the set-up. `quiet` shows what it printed only if it failed."""
    words = [str(word) for word in line]
    pipe = subprocess.PIPE if quiet else None
    done = subprocess.run(
        words, cwd=ROOT, env=env, check=False, stdout=pipe, stderr=subprocess.STDOUT if quiet else None
    )
    if done.returncode:
        if quiet:
            sys.stderr.write(done.stdout.decode(errors="replace"))
        raise DevError(f"failed with status {done.returncode}: {' '.join(words)}")


@dataclass(frozen=True)
class Environment:
    """A virtual environment in the checkout that holds exactly what a lock says."""

    folder: Path
    lock: str

    @property
    def binaries(self) -> Path:
        return self.folder / ("Scripts" if WINDOWS else "bin")

    @property
    def python(self) -> Path:
        return self.binaries / ("python.exe" if WINDOWS else "python")

    def ensure(self) -> None:
        """Make it hold exactly the versions of the lock; quick when it does already."""
        path = LOCKS / f"{self.lock}.txt"
        wanted = hashlib.sha256(path.read_bytes() + platform.python_version().encode()).hexdigest()
        stamp = self.folder / "deskbell-lock"
        if self.python.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
        if not self._has_pip():
            say(f"creating {self.folder.name}")
            self._make()
        say(f"installing {path.relative_to(ROOT)} into {self.folder.name} (the first time about 200 MB)")
        command([*pip(self.python), "--require-hashes", "-r", path])
        stamp.write_text(wanted, encoding="ascii")

    def _has_pip(self) -> bool:
        """Can it be filled? Not if its making was cut short, or the Python that it was made from is another one now."""
        try:
            done = subprocess.run([str(self.python), "-m", "pip", "--version"], check=False, capture_output=True)
        except OSError:
            return False
        return done.returncode == 0

    def _make(self) -> None:
        if find_spec("ensurepip") is not None:
            command([sys.executable, "-m", "venv", "--clear", self.folder])
            return
        uv = _uv()
        if uv is None:
            raise DevError(
                "this Python has neither venv nor pip; on Debian and Ubuntu: sudo apt-get install python3-venv"
            )
        command([uv, "venv", "-q", "--clear", "--seed", "--python", sys.executable, self.folder])


DEVELOPMENT = Environment(VENV, "dev")
PACKAGE = Environment(ROOT / ".venv-package", "package")
BINARIES = DEVELOPMENT.binaries
PYTHON = DEVELOPMENT.python


def _uv() -> Path | None:
    """The program uv: from the path, or fetched into `.venv-tools`; None where there is no pip to fetch it with."""
    found = shutil.which("uv")
    if found:
        return Path(found)
    fetched = TOOLS / "bin" / ("uv.exe" if WINDOWS else "uv")
    if not fetched.exists():
        if find_spec("pip") is None:
            return None
        say("fetching uv into .venv-tools")
        command([*pip(sys.executable), "--upgrade", "--target", TOOLS, "uv"])
    return fetched


def write_locks() -> None:
    """Rewrite the locks from pyproject.toml: every platform, Python 3.11 and later, hashes, no index address."""
    uv = _uv()
    if uv is None:
        raise DevError("locks are made with uv; install it or pip first")
    for name, extra in (
        ("run", []),
        ("dev", ["--group", "dev"]),
        ("package", ["--group", "package", "-c", LOCKS / "run.txt"]),
    ):
        options = ["--universal", "--python-version", ".".join(map(str, OLDEST)), "--generate-hashes"]
        plain = ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
        out = LOCKS / f"{name}.txt"
        command([uv, "pip", "compile", "-q", "--upgrade", *options, *plain, "pyproject.toml", *extra, "-o", out])
        say(f"wrote {out.relative_to(ROOT)}")
