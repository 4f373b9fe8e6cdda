"""The live connections of an engine: one thread a mailbox, begun and ended as mailboxes come, go, pause and are lent.

A pass that somebody asked for receives by connections of its own and counts what came, so each mailbox's live one is out
of the way while the pass is at that mailbox (`lend`), and no longer: how long another server takes is not its matter.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from app.connectors.wake import Wake
from app.desk import Desk
from app.inbox.queries import receiving_mailboxes
from app.passes import hands_of
from app.workers.parsing import ParsePool
from app.workers.receiving.hands import Arrived, Hands
from app.workers.receiving.live import Looks, Sessions, run_mailbox

GRACE_S: Final = 2.0
"""So long a mailbox may take to its end before its lines are cut: what it was told then comes again."""
LOOK_S: Final = 20.0
"""So long somebody waits for a look into a mailbox: its server may say nothing."""


class LiveMailboxes:
    """All of them. Of any thread."""

    def __init__(self, desk: Desk, stop: threading.Event, arrived: Arrived) -> None:
        self._desk, self._stop, self._arrived = desk, stop, arrived
        self._guard = threading.Lock()
        self._live: dict[UUID, _Mailbox] = {}
        self._lent: set[UUID] = set()

    def see(self, pool: ParsePool) -> None:
        """Start what is new, end what is gone, wake the rest: a new sign-in may have come."""
        with self._guard:
            rest = list(self._live.values())
            self._follow(pool)
            for one in rest:
                one.wake.set()

    def _follow(self, pool: ParsePool) -> None:
        if self._stop.is_set():
            return
        wanted = set(self._desk.ask(receiving_mailboxes)) - self._lent
        _end_all([self._live.pop(key) for key in set(self._live) - wanted])
        for key in wanted:
            if key not in self._live or not self._live[key].thread.is_alive():
                self._live[key] = _Mailbox(self._desk, key, pool, self._arrived)

    def lend(self, keys: Collection[UUID]) -> None:
        """End these, and begin none of them before it is given back."""
        with self._guard:
            self._lent |= set(keys)
            _end_all([self._live.pop(key) for key in keys if key in self._live])

    def give_back(self, keys: Iterable[UUID], pool: ParsePool) -> None:
        """These may be live again, and are at once."""
        with self._guard:
            self._lent -= set(keys)
            self._follow(pool)

    def wake_all(self) -> None:
        """Have all of them look for new mail."""
        with self._guard:
            for one in self._live.values():
                one.wake.set()

    def look_into(self, keys: Iterable[UUID]) -> None:
        """Have them look for new mail, and wait for it; not for long, since a server may say nothing."""
        until = time.monotonic() + LOOK_S
        for key in keys:
            with self._guard:
                one = self._live.get(key)
            if one is not None:
                one.look(until - time.monotonic(), self._stop)

    def end(self) -> None:
        """End them all."""
        with self._guard:
            _end_all(self._live.values())


class _Mailbox:
    """One mailbox's live thread, and how to end it."""

    def __init__(self, desk: Desk, key: UUID, pool: ParsePool, arrived: Arrived) -> None:
        self.stop, self.wake, self._sessions, self._looks = threading.Event(), Wake(), Sessions(), Looks()
        work = (replace(hands_of(desk, key, pool, self.stop), arrived=arrived),)
        self.thread = threading.Thread(target=self._run, args=work, name=f"mailbox-{key.hex[-4:]}", daemon=True)
        self.thread.start()

    def _run(self, hands: Hands) -> None:
        with contextlib.closing(self.wake):
            run_mailbox(hands, self.wake, sessions=self._sessions, looks=self._looks)

    def look(self, seconds: float, stop: threading.Event) -> None:
        """Have it look for new mail now, and wait for that, at most so long."""
        self._looks.wait_for_next(self.wake, seconds, lambda: stop.is_set() or not self.thread.is_alive())

    def tell(self) -> None:
        """Say that it is to end once it has finished what it writes."""
        self.stop.set()
        self.wake.set()

    def end(self) -> None:
        """Let the thread finish what it writes, and wait for it. For a server that says nothing only a moment: the line to
        it is cut, and a thread that still dials it ends by itself, later, and does nothing any more.
        """
        self.tell()
        self.thread.join(GRACE_S)
        self._sessions.cut()
        if not self._sessions.is_dialling:
            self.thread.join(30)


def _end_all(mailboxes: Iterable[_Mailbox]) -> None:
    """End them all at the same time."""
    ending = list(mailboxes)
    for one in ending:
        one.tell()
    for one in ending:
        one.end()
