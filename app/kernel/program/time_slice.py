"""Whose turn it is at the processor, thread by thread: short turns for one that somebody waits for, the last for one that can wait.

On two cores, a thread that wakes up finds both at work now and then: with a visitor's word just as the words before are put into
their tickets. Linux lets whoever runs end a turn of three milliseconds first, unless the thread that wakes up asks for shorter turns
itself (since 6.12, `sched_setattr(2)`). It gets no more of the processor by that, only sooner. Other systems raise a thread that
woke up by themselves.

That alone does not help a thread that waits for Python's lock: Linux wakes it on the core of the thread that let go of the lock, which
goes on with its turn there, until the next tick of the clock, while the other core stands idle. A thread that wants little goes at
once. It may want little only while a core is free: it would be left standing otherwise, with Python's lock in its hand.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
import threading
from pathlib import Path
from typing import Final

TURN_NS: Final = 100_000
"""The shortest turn that Linux grants."""

MODESTY: Final = 10
"""Steps of niceness: a tenth of what others get. With five a thread that wakes up still waits; with all there are it is left standing."""

_LOAD: Final = Path("/proc/loadavg")
_NUMBER: Final = {"x86_64": 314, "aarch64": 274}
_ATTR: Final = struct.Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, runtime, deadline, period
_OTHER, _NOT_FOR_CHILDREN = 0, 1


def ask_for_short_turns() -> bool:
    """For the calling thread, not for those that it starts. False where the system does not know of it; then nothing changes."""
    number = _NUMBER.get(platform.machine())
    if not sys.platform.startswith("linux") or number is None:
        return False
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    wish = _ATTR.pack(_ATTR.size, _OTHER, _NOT_FOR_CHILDREN, niceness, 0, TURN_NS, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, ctypes.create_string_buffer(wish), 0) == 0)


def ask_for_little() -> bool:
    """For the calling thread, for good: whoever else wakes up goes first. False where threads have no priority of their own."""
    if not sys.platform.startswith("linux"):
        return False
    mine = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, mine, os.getpriority(os.PRIO_PROCESS, mine) + MODESTY)
        return True
    return False


def is_a_core_free() -> bool:
    """Does nobody who wants to run have to wait just now? False where the system does not say (proc_loadavg(5))."""
    try:
        running = int(_LOAD.read_bytes().split()[3].partition(b"/")[0])
    except (OSError, ValueError, IndexError):
        return False
    return running <= (os.cpu_count() or 1)
