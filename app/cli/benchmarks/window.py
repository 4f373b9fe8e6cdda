"""The window: start, scrolling, switching, and staying lively while mail comes in.

Windows need Qt, which nothing below `app` may know; the harness that drives one is among the tests of a development
checkout and is run as a process of its own.
"""

from __future__ import annotations

from app.cli.benchmarks.figures import Figure, absent
from app.cli.benchmarks.harness import figures_of
from app.cli.benchmarks.stored import SIZE, desk_of


def window(size: int) -> list[Figure]:
    """Everything about the window, with a large desk beside a small one."""
    try:
        folder, _ = desk_of(size or SIZE)
    except NotImplementedError:
        return [absent("window", "window", "there is no large sample desk yet")]
    return figures_of("window", "tests.bench.window", str(folder))
