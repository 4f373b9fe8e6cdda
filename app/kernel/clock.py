"""The time, read in one place, so that tests and screenshots can stand it still.

Every time in Deskbell is an aware datetime in UTC; naive ones are refused where they would be stored. Appointments are
kept by that clock, which a person or a time server may set at any moment; waits go by `elapsed`, which nobody sets.

A clock may be wrong from the beginning: a flat battery starts it in 1970, or in some year to come. A time before the
program existed is no time: then the desk's own goes on from the last one that it has seen (`go_on_from`). A long leap
since then is doubted for a while (`Doubt`).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""No Deskbell is older."""

_source: Callable[[], datetime] | None = None
_elapsed: Callable[[], float] | None = None
_seen: tuple[datetime, float] | None = None
_doubt: Doubt | None = None


def now() -> datetime:
    """The present moment, aware, UTC. `DESKBELL_NOW` (ISO 8601) freezes it for a whole process."""
    at = _told()
    if at >= EARLIEST or _seen is None or is_ordered():
        return at
    return _seen[0] + timedelta(seconds=elapsed() - _seen[1])


def _told() -> datetime:
    if _source is not None:
        return _source()
    frozen = os.environ.get("DESKBELL_NOW")
    return datetime.fromisoformat(frozen).astimezone(UTC) if frozen else datetime.now(UTC)


def is_ordered() -> bool:
    """Has somebody told this process by `DESKBELL_NOW` what time it is? Then there is nothing to doubt."""
    return _source is None and "DESKBELL_NOW" in os.environ


def is_impossible() -> bool:
    """Does the computer's clock say a time at which there was no Deskbell?"""
    return _told() < EARLIEST and not is_ordered()


def go_on_from(seen: datetime) -> None:
    """While the computer's clock says an impossible time, time goes on from this moment. The latest one told counts."""
    global _seen  # noqa: PLW0603 - the process has one clock
    if _seen is None or seen > now():
        _seen = (seen, elapsed())


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
    global _source, _elapsed, _seen, _doubt  # noqa: PLW0603 - the process has one clock
    _source, _seen, _doubt = source, None, None
    _elapsed = elapsed_s or ((lambda: source().timestamp()) if source is not None else None)


class Doubt:
    """Notices that the clock was set forward, while this process ran or since `seen`, which may be a mistake.

    What cannot be taken back (mail at a chosen time, emptying the Bin) waits until the clock has kept its new time for
    ten minutes; for an hour after a start that comes so long after what was `seen` last that a flat battery is as likely
    as a long holiday. Going back, small steps and a computer that slept raise no doubt. Of any thread.
    """

    LASTS_S = 600.0
    STEP_S = 120.0
    START_LASTS_S = 3600.0
    LONG = timedelta(days=14)

    def __init__(self, seen: datetime | None = None) -> None:
        self._guard = threading.Lock()
        self._known = self._ahead = now().timestamp() - elapsed()
        self._since: float | None = None
        self._lasts_s = self.LASTS_S
        if seen is not None and now() - seen > self.LONG:
            self._known, self._since = seen.timestamp() - elapsed(), elapsed()
            self._lasts_s = self.START_LASTS_S

    def believed(self) -> datetime:
        """The time by which appointments are kept: the clock's, or while there is doubt the one without its jump."""
        with self._guard:
            return self._believed()

    def _believed(self) -> datetime:
        at, passed = now(), elapsed()
        ahead = at.timestamp() - passed
        if ahead - self._known > self.STEP_S:
            if self._since is None or abs(ahead - self._ahead) > self.STEP_S:
                self._since, self._ahead, self._lasts_s = passed, ahead, self.LASTS_S
            if passed - self._since < self._lasts_s:
                return at - timedelta(seconds=ahead - self._known)
        self._known, self._since = ahead, None
        return at

    @property
    def doubts(self) -> bool:
        """Is there doubt at this moment?"""
        self.believed()
        return self._since is not None


def watch(doubt: Doubt) -> None:
    """From now on this is what the whole process asks whether its clock is in doubt."""
    global _doubt  # noqa: PLW0603 - the process has one clock
    _doubt = doubt


def in_doubt() -> bool:
    """Is it unknown at this moment whether the clock is right? Then a certificate that “has expired” may be a good one."""
    return is_impossible() or (_doubt is not None and _doubt.doubts)


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
