"""Short turns: asked for by a thread for itself alone."""

import ctypes
import platform
import struct
import sys
import threading

import pytest

from app.kernel.program.time_slice import TURN_NS, ask_for_short_turns

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
