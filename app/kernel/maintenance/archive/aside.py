"""One thing at a time on a thread of its own, beside the work of whoever asked: hashing the block before, bringing what was
written onto the disk. Both run outside Python's lock, so a second core takes them over.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from app.kernel.program.background import STEP, bring


class Aside:
    """A thread that does one thing; the next one waits until it is done. What went wrong is raised then."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._last: Future[Any] | None = None

    def do(self, work: Callable[..., Any], *args: Any) -> None:
        """Have it done; returns as soon as what was asked before is done."""
        self.wait()
        self._last = self._thread.submit(work, *args)

    def wait(self) -> None:
        """Until all is done. Raises what it raised."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()


class Digest:
    """The sha256 of blocks that pass by, computed aside."""

    def __init__(self, aside: Aside) -> None:
        self._aside, self._sha256 = aside, hashlib.sha256()

    def update(self, block: bytes) -> None:
        """One more block, which must not be changed afterwards."""
        self._aside.do(self._sha256.update, block)

    def hexdigest(self) -> str:
        """Of all blocks."""
        self._aside.wait()
        return self._sha256.hexdigest()


class Steady:
    """Brings a file that grows onto the disk step by step, so that neither its end nor anybody's commit waits for all of it."""

    def __init__(self, aside: Aside, fd: int) -> None:
        self._aside, self._fd, self._since = aside, fd, 0

    def grown(self, by: int) -> None:
        """The file has `by` bytes more. Raises OSError for what could not be brought there before."""
        self._since += by
        if self._since >= STEP:
            self._since = 0
            self._aside.do(bring, self._fd)


def forget_cached(fd: int) -> None:
    """Let the system forget what it has of a file in memory, so that reading it again is reading the disk, where it can."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
