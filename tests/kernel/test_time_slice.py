"""Turns at the processor: asked for by a thread for itself alone."""

import ctypes
import os
import platform
import struct
import sys
import threading
from pathlib import Path

import pytest

from app.kernel.program import time_slice
from app.kernel.program.time_slice import MODESTY, TURN_NS, ask_for_little, ask_for_short_turns, is_a_core_free

GET = {"x86_64": 315, "aarch64": 275}.get(platform.machine())
SINCE = (6, 12)


def turn_ns() -> int:
    """Of the calling thread, as the system says (sched_getattr(2))."""
    room = ctypes.create_string_buffer(48)
    assert ctypes.CDLL(None).syscall(GET, 0, room, 48, 0) == 0
    return int(struct.unpack_from("=Q", room, 24)[0])


@pytest.mark.skipif(not sys.platform.startswith("linux") or GET is None, reason="asked of Linux only")
def test_a_thread_gets_the_short_turns_it_asks_for_and_its_children_do_not() -> None:
    if tuple(int(part) for part in platform.release().split(".")[:2]) < SINCE:
        pytest.skip("this Linux knows of no turns")
    before, seen = turn_ns(), dict[str, int]()

    def child() -> None:
        seen["child"] = turn_ns()

    def waited_for() -> None:
        assert ask_for_short_turns()
        seen["thread"] = turn_ns()
        other = threading.Thread(target=child)
        other.start()
        other.join()

    thread = threading.Thread(target=waited_for)
    thread.start()
    thread.join()
    assert (seen, turn_ns()) == ({"thread": TURN_NS, "child": before}, before)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there threads have priorities of their own")
def test_a_thread_that_wants_little_leaves_the_others_as_they_were() -> None:
    before, seen = os.getpriority(os.PRIO_PROCESS, 0), list[int]()

    def modest() -> None:
        assert ask_for_little()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=modest)
    thread.start()
    thread.join()
    assert (seen, os.getpriority(os.PRIO_PROCESS, 0)) == ([min(19, before + MODESTY)], before)


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ("0.10 0.20 0.30 1/200 4711\n", True),
        ("0.10 0.20 0.30 900/2000 4711\n", False),
        ("", False),
        ("1 2 3 x/y 4", False),
    ],
)
def test_a_core_is_free_where_no_more_want_to_run_than_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, free: bool
) -> None:
    (tmp_path / "loadavg").write_text(said)
    monkeypatch.setattr(time_slice, "_LOAD", tmp_path / "loadavg")
    assert is_a_core_free() is free


def test_where_the_system_does_not_say_no_core_counts_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slice, "_LOAD", tmp_path / "nowhere")
    assert not is_a_core_free()
