"""The time, read in one place, so that tests and screenshots can stand it still.

Every time in Deskbell is an aware datetime in UTC; naive ones are refused where they would be stored. Appointments are
kept by that clock, which a person or a time server may set at any moment; waits go by `elapsed`, which nobody sets.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_source: Callable[[], datetime] | None = None
_elapsed: Callable[[], float] | None = None


def now() -> datetime:
    """The present moment, aware, UTC. `DESKBELL_NOW` (ISO 8601) freezes it for a whole process."""
    if _source is not None:
        return _source()
    frozen = os.environ.get("DESKBELL_NOW")
    return datetime.fromisoformat(frozen).astimezone(UTC) if frozen else datetime.now(UTC)


def elapsed() -> float:
    """Seconds since some moment: they go on while the computer sleeps, and whatever the clock on the wall is set to.

    `time.monotonic` stands still while Linux and macOS sleep: a pause of ten seconds would outlast a night.
    """
    return _elapsed() if _elapsed is not None else _system_elapsed()


def _system_elapsed() -> float:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


def set_source(source: Callable[[], datetime] | None, elapsed_s: Callable[[], float] | None = None) -> None:
    """Replace the clock of this process (`None`: the system's again). For tests, screenshots and the sample desk.

    `elapsed_s` replaces `elapsed`; left out, as many seconds go by as the clock goes on.
    """
    global _source, _elapsed  # noqa: PLW0603 - the process has one clock
    _source = source
    _elapsed = elapsed_s or ((lambda: source().timestamp()) if source is not None else None)


class Doubt:
    """Notices that the clock was set forward while this process ran, which may be a mistake.

    What cannot be taken back (mail at a chosen time, emptying the Bin) waits until the clock has kept its new time for
    ten minutes. Going back, small steps and a computer that slept raise no doubt. Belongs to one thread.
    """

    LASTS_S = 600.0
    STEP_S = 120.0

    def __init__(self) -> None:
        self._known = self._ahead = now().timestamp() - elapsed()
        self._since: float | None = None

    def believed(self) -> datetime:
        """The time by which appointments are kept: the clock's, or while there is doubt the one without its jump."""
        at, passed = now(), elapsed()
        ahead = at.timestamp() - passed
        if ahead - self._known > self.STEP_S:
            if self._since is None or abs(ahead - self._ahead) > self.STEP_S:
                self._since, self._ahead = passed, ahead
            if passed - self._since < self.LASTS_S:
                return at - timedelta(seconds=ahead - self._known)
        self._known, self._since = ahead, None
        return at

    @property
    def doubts(self) -> bool:
        """Is there doubt at this moment?"""
        self.believed()
        return self._since is not None


def to_utc(at: datetime) -> datetime:
    """In UTC; a naive one is of this machine's zone. Raises ValueError for one that lies outside the years 1 to 9999 there."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(at)) from error


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        msg = "a time without a zone cannot be stored"
        raise ValueError(msg)
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(value: int) -> datetime:
    """The aware UTC time of `value` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return to_us(at) // 1000
