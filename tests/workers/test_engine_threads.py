"""A thread of the engine that ends by mistake begins anew; one that is done, or told to stop, does not."""

from __future__ import annotations

import threading

from app.engine import keep_going


def test_a_thread_that_ends_by_mistake_begins_anew() -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise KeyError("a mistake of ours")

    keep_going("test", work, threading.Event(), 0.0)
    assert runs == [0, 1, 2]


def test_it_ends_with_the_engine() -> None:
    stop = threading.Event()

    def work() -> None:
        stop.set()
        raise KeyError("a mistake of ours")

    keep_going("test", work, stop, 60.0)
    keep_going("test", work, stop)
