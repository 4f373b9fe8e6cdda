"""Open files and lines: enough for the engine, and never fewer than it was given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import resource, sys
from app.kernel.program.file_limit import allow_enough
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allow_enough()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize(
    ("given", "had"), [("256 1024", "1024 1024"), ("256 600", "600 600"), ("1024 1024", "1024 1024")]
)
def test_a_process_may_have_a_thousand_open_where_the_system_lets_it(given: str, had: str) -> None:
    line = [sys.executable, "-c", _PROGRAM, *given.split()]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == had.split()
