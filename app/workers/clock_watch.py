"""Watches the computer's clock from the start of the engine on, and tells the window when it may be wrong.

Nobody sets a clock on purpose to 1970 or to next year, a flat battery does. Such a start cannot be told from a long
holiday by the clock alone: so nothing that cannot be taken back is done for a while (`clock.Doubt`), and a person is
asked to look. A clock that is wrong by less is noticed by what the mail servers have (`server_clock`), and only said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from app.kernel import clock
from app.kernel.database import change_times
from app.kernel.state import signals
from app.workers.server_clock import ServerClocks

TOPIC: Final = "clock"
IMPOSSIBLE, AHEAD, DIFFERS, BEHIND, GOOD = "impossible", "ahead", "differs", "behind", ""
_SLACK: Final = timedelta(minutes=10)
_SAY_AGAIN_S: Final = 3600.0


class ClockWatch:
    """What the clock is measured by: the times that the desk had seen when the engine started. Made before it works."""

    def __init__(self, do: Callable[..., Any], ask: Callable[..., Any]) -> None:
        self._do = do
        self._latest = ask(change_times.latest)
        self._last = ask(change_times.last_at_work, clock.now())
        self.doubt = clock.Doubt(None if clock.is_ordered() else self._last)
        clock.watch(self.doubt)
        self.servers = ServerClocks()
        self._began = clock.elapsed()
        self._said, self._said_at = GOOD, self._began

    def look(self) -> str:
        """How the clock is now: `impossible`, `ahead` (in doubt), `differs` (from the mail servers'), `behind`, or nothing; told
        when that changed.
        """
        kind = self._judged()
        if kind != self._said or (kind and clock.elapsed() - self._said_at > _SAY_AGAIN_S):
            self._said, self._said_at = kind, clock.elapsed()
            known = self._latest if kind == BEHIND else self._last
            payload = {"kind": kind, "known": known.isoformat() if known else "", "at": clock.now().isoformat()}
            if kind == DIFFERS:
                payload["seconds"] = str(round((self.servers.ahead() or timedelta()).total_seconds()))
            self._do(signals.send, TOPIC, payload, ttl_s=2 * _SAY_AGAIN_S)
        return kind

    def _judged(self) -> str:
        if clock.is_impossible():
            return IMPOSSIBLE
        if self.doubt.doubts:
            return AHEAD
        if self.servers.ahead() is not None:
            return DIFFERS
        # Whether it is wrong now, or was when the later times were written, nobody can know: said, but not for ever.
        is_fresh = clock.elapsed() - self._began < clock.Doubt.START_LASTS_S
        is_behind = self._latest is not None and clock.now() < self._latest - _SLACK
        return BEHIND if is_fresh and is_behind else GOOD
