"""What the suite promises to its own tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

_TWO_TESTS = """
import threading
import pytest

ended_in = []

class Window:
    def __init__(self):
        self.itself = self  # garbage once nobody holds it

    def __del__(self):
        ended_in.append(threading.current_thread())

@pytest.fixture
def window(qapp):
    return Window()

def test_one(window):
    pass

def test_two():
    def make_garbage():
        for _ in range(100_000):
            one = []
            one.append(one)

    other = threading.Thread(target=make_garbage)
    other.start()
    other.join()
    assert ended_in == [threading.main_thread()]
"""


def test_what_is_left_of_a_window_ends_in_its_own_thread(tmp_path: Path) -> None:
    """Not in a thread of whatever test comes next, which now and then ended the whole run."""
    (tmp_path / "test_two_tests.py").write_text(_TWO_TESTS)
    line: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        tmp_path,
    ]
    line += ["-p", "tests.conftest", "-p", "no:randomly", "-p", "no:cacheprovider", tmp_path]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
