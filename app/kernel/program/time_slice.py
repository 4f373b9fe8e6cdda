"""Short turns at the processor, for a thread that somebody waits for.

On two cores, a thread that wakes up finds both at work now and then: with a visitor's word just as the words before are put into
their tickets. Linux lets whoever runs end a turn of three milliseconds first, unless the thread that wakes up asks for shorter turns
itself (since 6.12, `sched_setattr(2)`). It gets no more of the processor by that, only sooner. Other systems raise a thread that
woke up by themselves.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from typing import Final

TURN_NS: Final = 100_000
"""The shortest turn that Linux grants."""

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
