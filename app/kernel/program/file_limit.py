"""How many files and lines a process may have open at a time.

macOS gives a program that is started from its desktop 256, and two hundred visitors of a chat alone take as many lines: then
neither the database nor a mailbox could be opened any more. More than 1,024 would be of no use, because `select`, by which a
mailbox waits for mail, looks at no higher number.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Final

ENOUGH: Final = 1024


def allow_enough() -> None:
    """Let this process have as many open as it may need, as far as the system lets it."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
