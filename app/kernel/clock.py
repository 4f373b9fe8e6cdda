"""The time, read in one place, so that tests and screenshots can stand it still.

Every time in Deskbell is an aware datetime in UTC; naive ones are refused where they would be stored.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present moment, aware, UTC. `DESKBELL_NOW` (ISO 8601) freezes it for a whole process."""
    if _source is not None:
        return _source()
    frozen = os.environ.get("DESKBELL_NOW")
    return datetime.fromisoformat(frozen).astimezone(UTC) if frozen else datetime.now(UTC)


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replace the clock of this process (`None`: the system's again). For tests, screenshots and the sample desk."""
    global _source  # noqa: PLW0603 - the process has one clock
    _source = source


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
