"""A lock whose waiters come in turn.

The lock of the standard library goes to whoever asks at the right moment: a thread that writes one batch after another
takes it back at once, and one that waits for its first may wait for seconds. Here it is handed to who came first.
"""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """A reentrant lock, first come, first served. Use it with `with`."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._owner = 0
        self._depth = 0
        self._waiting: deque[tuple[int, threading.Lock]] = deque()

    @property
    def is_wanted(self) -> bool:
        """Does anybody wait for it?"""
        return bool(self._waiting)

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._owner in {0, me}:
                self._owner, self._depth = me, self._depth + 1
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append((me, gate))
        try:
            gate.acquire()
        except BaseException:  # Ctrl-C while waiting
            self._give_up(me, gate)
            raise

    def __exit__(self, *_exc: object) -> None:
        with self._guard:
            self._leave()

    def _give_up(self, me: int, gate: threading.Lock) -> None:
        with self._guard:
            if (me, gate) in self._waiting:
                self._waiting.remove((me, gate))
            else:  # it was handed over at this very moment
                self._leave()

    def _leave(self) -> None:
        self._depth -= 1
        if self._depth:
            return
        self._owner = 0
        if self._waiting:
            self._owner, gate = self._waiting.popleft()
            self._depth = 1
            gate.release()
