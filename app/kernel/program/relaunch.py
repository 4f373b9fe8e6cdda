"""Leaving for a moment: while a package replaces the program's files nothing of it may run, and afterwards it shall be back.

The package marks that time with a file and asks whoever runs to leave and come back (SIGUSR1, packaging/linux/leaving.sh).
Who leaves starts a waiter, a few lines of the system's own shell with nothing of ours open, which waits until the mark is gone
and then starts the program again, as the same user in the same surroundings.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

MARK: Final = Path("/run/deskbell-is-being-replaced")
"""There while the files are replaced; the package's scripts make and remove it."""

_WAIT: Final = """
left=900
while [ -e "$1" ] && [ "$left" -gt 0 ]; do sleep 1; left=$((left - 1)); done
shift
exec "$@"
"""


def on_request(leave: Callable[[], object]) -> None:
    """Call `leave` when a package asks us to leave and come back. On the main thread; where there are such signals."""
    number = getattr(signal, "SIGUSR1", None)
    if number is not None:
        signal.signal(number, lambda *_: leave())


def come_back(command: Sequence[str], mark: Path = MARK) -> subprocess.Popen[bytes]:
    """Have the command started once the mark is gone, at the latest after a quarter of an hour."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _WAIT, "deskbell-returns", os.fspath(mark), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
