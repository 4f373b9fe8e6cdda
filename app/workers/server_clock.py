"""What time mail servers have, as far as mail that comes tells it: for noticing that this computer has another.

IMAP has no word for the time. But a server notes when it got a mail (INTERNALDATE, RFC 9051, section 2.3.3), and of one
that comes between two looks it is known when that was. What stands in the mail itself plays no part: anybody can write
that. A mail that a program moves into INBOX keeps the time of long ago, and a server's own clock may be wrong; so one
mail proves nothing. Only when some in a row, which came one after the other, tell the same time is it believed, and
never while another mailbox's server has our time.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.kernel import clock

ENOUGH: Final = 3
SLACK: Final = timedelta(minutes=10)
_SAME_S: Final = 120.0
_KEPT_S: Final = 86_400.0
_LONGEST_S: Final = 180.0
"""Between two looks; who was away for longer knows too little of when a mail came."""


class ServerClocks:
    """The times that the servers of some mailboxes have. Of any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._told: dict[UUID, deque[tuple[float, float]]] = {}  # what it has beyond `elapsed`, and when it said so

    def arrived(self, mailbox: UUID, at: datetime, within_s: float) -> None:
        """A mail came into INBOX within so many seconds, and its server says that it was at that time."""
        here = clock.elapsed()
        if within_s <= _LONGEST_S and not clock.is_ordered():
            with self._guard:
                self._told.setdefault(mailbox, deque(maxlen=ENOUGH)).append((at.timestamp() - here, here))

    def ahead(self) -> timedelta | None:
        """How far this computer's clock is ahead of the servers' (negative: behind); None while nothing speaks against it."""
        here = clock.elapsed()
        ours = clock.now().timestamp() - here
        with self._guard:
            told = [[has for has, _ in each] for each in self._told.values() if here - each[-1][1] < _KEPT_S]
        if any(abs(ours - each[-1]) < SLACK.total_seconds() for each in told):
            return None
        sure = [each for each in told if len(each) == ENOUGH and max(each) - min(each) < _SAME_S]
        return timedelta(seconds=ours - sure[0][-1]) if sure else None
