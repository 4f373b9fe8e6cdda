"""Bringing the search index into shape while nobody waits for anything.

What comes in can be found at once. That it stays quick is work of its own, some tenths of a second after each few thousand
documents; done in the middle of an import or of many chats it would take its turns from those who wait.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from app.conversations.recent_index import keep_recent
from app.conversations.vocabulary import Stocktaking, learn_words
from app.index.tidying import tidy
from app.workers.steps import repeat

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]

QUIET_S: Final = 5.0
"""Nothing has come for so long."""
PATIENCE_S: Final = 120.0
"""It is not put off for longer than this."""
_STEPS: Final = 100
_READS: Final = 40


class IndexTidying:
    """`do`: a command that need not wait for the disk, as all of this can be made anew from what is stored. `seconds`: a clock."""

    def __init__(self, do: Do, ask: Ask, seconds: Callable[[], float] = time.monotonic) -> None:
        self._do, self._ask, self._seconds = do, ask, seconds
        self._stock = Stocktaking()
        self._came = float("-inf")
        self._done = seconds()

    def something_came(self) -> None:
        """From any thread: documents are coming in now."""
        self._came = self._seconds()

    def look(self) -> bool:
        """Go on with it if it is quiet, or has waited for long; whether it did. Failures are logged."""
        now = self._seconds()
        if now - self._came < QUIET_S and now - self._done < PATIENCE_S:
            return False
        for part in (tidy, keep_recent, learn_words):
            repeat(self._do, part, _STEPS)
        self._take_stock()
        self._done = self._seconds()
        return True

    def _take_stock(self) -> None:
        stock = self._stock
        try:
            if self._ask(stock.is_due):
                self._do(stock.begin)
                if any(self._ask(stock.step) for _ in range(_READS)):
                    self._do(stock.keep)
        except Exception:
            log.exception("taking stock of all words failed")
