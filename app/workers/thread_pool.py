"""Threads for work of which much is only waiting for servers.

So many may be at work at a time, since they share one processor and one turn to write. Whoever waits for a server that
says nothing costs neither, and does not count: however many servers hang, the next mailbox has its turn in seconds.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, ParamSpec, TypeVar

STILL_S: Final = 3.0
"""Who has read and written nothing for so long waits for a server."""
MOST_THREADS: Final = 240
"""Each is a connection and a stack."""
_LOOK_S: Final = 0.1

P = ParamSpec("P")
R = TypeVar("R")


class LeftError(Exception):
    """Nobody waits for this work any more; it is not to read or write anything."""


class Life:
    """When a piece of work was last seen to read or write something here, and whether anybody waits for it still."""

    def __init__(self) -> None:
        self._seen_at = time.monotonic()
        self._is_left = False

    def shown_by(self, call: Callable[P, R]) -> Callable[P, R]:
        """`call`, of which each use shows life. It raises LeftError once the work was left."""

        @functools.wraps(call)
        def shown(*args: P.args, **kwargs: P.kwargs) -> R:
            if self._is_left:
                raise LeftError
            self._seen_at = time.monotonic()
            try:
                return call(*args, **kwargs)
            finally:
                self._seen_at = time.monotonic()

        return shown

    @property
    def is_still(self) -> bool:
        """Has it shown none for a while?"""
        return time.monotonic() - self._seen_at > STILL_S

    def leave(self) -> None:
        """Wait for it no more."""
        self._is_left = True


Work = Callable[[Life], None]
"""What a thread does; it shows by the `Life` that it goes on. What it raises is for the log of threads."""


class ThreadPool:
    """The threads of one kind of work; at most `most` are at work at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Condition()
        self._lives: list[Life] = []

    def begin(self, name: str, work: Work) -> bool:
        """Begin this on a thread of its own; False if there is no room now."""
        with self._guard:
            if len(self._lives) >= MOST_THREADS or sum(not life.is_still for life in self._lives) >= self._most:
                return False
            life = Life()
            self._lives.append(life)
        threading.Thread(target=self._run, args=(work, life), name=name, daemon=True).start()
        return True

    def do_all(self, name: str, works: Iterable[Work], stop: threading.Event) -> None:
        """Begin all of these as there is room, and wait for their end; after `stop` (Ctrl-C is one) for nobody."""
        todo = deque(works)
        try:
            while (todo or not self._is_over) and not stop.is_set():
                if todo and self.begin(name, todo[0]):
                    todo.popleft()
                else:
                    self._wait()
        except (KeyboardInterrupt, SystemExit):
            stop.set()
            raise

    def leave_still(self) -> None:
        """At the end: wait for those that are at work; those that only wait for a server are left."""
        while not all(life.is_still for life in self._now()):
            self._wait()
        for life in self._now():
            life.leave()

    def _run(self, work: Work, life: Life) -> None:
        try:
            work(life)
        finally:
            with self._guard:
                self._lives.remove(life)
                self._guard.notify_all()

    @property
    def _is_over(self) -> bool:
        with self._guard:
            return not self._lives

    def _wait(self) -> None:
        """Until one has ended, or may have grown still."""
        with self._guard:
            if self._lives:
                self._guard.wait(_LOOK_S)

    def _now(self) -> list[Life]:
        with self._guard:
            return list(self._lives)
