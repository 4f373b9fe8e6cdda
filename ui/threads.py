"""Threads of the window that do its slow work, and end without anybody waiting for ever.

They are Python's and not Qt's: a QThreadPool that is deleted with its window waits for its threads, and holds meanwhile
what they wait for to go on, Python's own lock. Then both wait for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Threads:
    """At most `most` threads that do what they are given, in its order."""

    def __init__(self, most: int) -> None:
        self._executor = ThreadPoolExecutor(most, thread_name_prefix="task")
        self._left: dict[Future[None], list[Callable[[], None]]] = {}
        self._changed = threading.Condition()

    def start(self, run: Callable[[], None]) -> None:
        """Do this as soon as a thread is free.

        When it is said to be done the thread has let go of it: what only it held (a window that was closed meanwhile) must
        not end in this thread.
        """
        held = [run]

        def once() -> None:
            held.pop()()

        with self._changed:
            given = self._executor.submit(once)
            self._left[given] = held
        given.add_done_callback(self._done)

    def drop(self) -> None:
        """Forget what was not begun, here and now: a thread finds nothing left of it."""
        with self._changed:
            waiting = tuple(self._left.items())
        for one, held in waiting:
            if one.cancel():
                held.clear()

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; False if something still is after the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._left, timeout_s)

    def _done(self, given: Future[None]) -> None:
        with self._changed:
            self._left.pop(given, None)
            self._changed.notify_all()
