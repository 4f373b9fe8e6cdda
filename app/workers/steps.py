"""Work in short steps, one transaction each, so that whoever has something to write waits for one of them at most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


def repeat(do: Callable[..., Any], command: Callable[..., int], most: int) -> int:
    """Run a command that does a part at a time until it finds nothing more, at most `most` times; how much it did.

    A failure is logged and stops nobody else: the rest waits for the next turn.
    """
    total = 0
    try:
        for _ in range(most):
            done = int(do(command))
            total += done
            if not done:
                break
    except Exception:
        log.exception("%s failed", command.__name__)
    return total
