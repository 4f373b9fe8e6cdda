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


_ONE_CRASHES = """
import os
import pytest

@pytest.mark.parametrize("number", range(24))
def test_one(number):
    if number == 8:
        os._exit(3)
"""


_TOGETHER = """
import os
import pathlib
import pytest

@pytest.mark.xdist_group("what they share")
@pytest.mark.parametrize("number", range(8))
def test_one(number):
    with open(pathlib.Path(__file__).with_name("processes"), "a") as noted:
        noted.write(f"{os.getpid()}\\n")

def test_alone():
    pass
"""


def run(folder: Path, tests: str, *options: str) -> str:
    """What pytest says of these tests, run as ours are."""
    (folder / "test_them.py").write_text(tests)
    line: list[str | Path] = [sys.executable, "-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", folder]
    line += ["-p", "tests.conftest", "-p", "no:randomly", "-p", "no:cacheprovider", *options, folder]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    return done.stdout + done.stderr


def test_what_is_left_of_a_window_ends_in_its_own_thread(tmp_path: Path) -> None:
    """Not in a thread of whatever test comes next, which now and then ended the whole run."""
    said = run(tmp_path, _TWO_TESTS)
    assert "2 passed" in said, said


def test_a_process_that_dies_costs_one_test_and_the_others_go_on(tmp_path: Path) -> None:
    said = run(tmp_path, _ONE_CRASHES, "-n", "2", "--dist", "loadgroup")
    assert "1 failed, 23 passed" in said, said


def test_tests_that_share_something_are_done_by_one_process(tmp_path: Path) -> None:
    said = run(tmp_path, _TOGETHER, "-n", "2", "--dist", "loadgroup")
    assert "9 passed" in said, said
    assert len(set((tmp_path / "processes").read_text().split())) == 1
