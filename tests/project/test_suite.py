"""What the suite promises to its own tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import ROOT
from tests.scheduling import Scheduling

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


class _Process:
    """A process of the tests, as whoever shares them out sees it."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.workerinput = {"testrunuid": "none"}
        self.shutting_down = False
        self.given: list[int] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.given += numbers

    def shutdown(self) -> None:
        self.shutting_down = True


def test_a_new_process_gets_what_is_open_and_not_what_the_dead_one_had_done() -> None:
    """With nothing but what was done already it waited for ever, and the whole run with it."""
    option = SimpleNamespace(loadscopereorder=True)
    config: Any = SimpleNamespace(getvalue=lambda _name: ["popen", "popen"], option=option)
    sharing = Scheduling(config)
    sharing._groups = {}
    found = [f"test_one[{number}]" for number in range(9)]
    processes: list[Any] = [_Process(number) for number in range(3)]
    lives, dies, comes = processes

    def joins(process: Any) -> None:
        sharing.add_node(process)
        sharing.add_node_collection(process, found)

    joins(lives)
    joins(dies)
    sharing.schedule()
    sharing.mark_test_complete(dies, dies.given[0])
    for number in lives.given:  # it grows meanwhile, until nothing is left for it
        sharing.mark_test_complete(lives, number)
    assert lives.shutting_down
    sharing.remove_node(lives)
    done, begun, *waits = dies.given
    assert sharing.remove_node(dies) == found[begun]
    joins(comes)
    sharing.schedule()
    assert comes.given == waits != [], f"{done} is done"
    assert comes.shutting_down, "it can begin its last one"


def test_tests_that_share_something_are_done_by_one_process(tmp_path: Path) -> None:
    said = run(tmp_path, _TOGETHER, "-n", "2", "--dist", "loadgroup")
    assert "9 passed" in said, said
    assert len(set((tmp_path / "processes").read_text().split())) == 1
