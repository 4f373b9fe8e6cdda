"""Waiting for a server: a wake-up call from another thread, and noticing that the computer slept meanwhile.

The wake-up call is a socket pair, because `select` takes sockets everywhere.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable
from typing import Final

from app.kernel import clock

_SLEPT_S: Final = 20.0
_SLICE_S: Final = 15.0


class AwakeClock:
    """Tells a long wait from a sleep of the computer.

    What counts the time of a wait stands still on most systems while the machine sleeps; other clocks do not. So a
    wait is cut into slices, and a slice that took much more time than was asked for means that the machine slept (or
    its clock was set): a connection that was open before is then worth nothing. Two clocks are asked: the one on the
    wall may have been set back meanwhile, the other one stands still where a whole virtual machine was halted.
    """

    def __init__(self, wall: Callable[[], float] = time.time, slice_s: float = _SLICE_S) -> None:
        self._clocks, self.slice_s = (wall, clock.elapsed), slice_s
        self.begin()

    def begin(self) -> None:
        """A slice begins."""
        self._began = [each() for each in self._clocks]

    def slept(self, at_most_s: float) -> bool:
        """Did the slice, which was to last `at_most_s`, take so long that the machine must have slept?"""
        passed = max(each() - at for each, at in zip(self._clocks, self._began, strict=True))
        return passed > at_most_s + _SLEPT_S


class Wake:
    """`set()` from any thread ends a wait at once; it stays set until `clear()`."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)

    def set(self) -> None:
        with contextlib.suppress(OSError):  # full: it is set already; closed: nobody waits any more
            self._there.send(b"!")

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            while self._here.recv(4096):
                pass

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait until set, at most `seconds`. True if it is set."""
        return bool(select.select([self._here], [], [], seconds)[0])

    def wait_awake(self, seconds: float, awake: AwakeClock | None = None) -> bool:
        """As `wait`, but a sleep of the computer ends it too. True if it is set."""
        awake = awake or AwakeClock()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            step = min(left, awake.slice_s)
            awake.begin()
            if self.wait(step):
                return True
            if awake.slept(step):
                return False
        return self.is_set()

    def fileno(self) -> int:
        return self._here.fileno()

    def close(self) -> None:
        self._here.close()
        self._there.close()
