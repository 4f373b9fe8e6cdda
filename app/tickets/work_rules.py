"""Rules of the work on a ticket: how a span of time and a due date are typed, which links there are, a line of a checklist. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.sentences import said

RELATED, BLOCKS, BLOCKED_BY, DUPLICATES, DUPLICATED_BY = (
    "related",
    "blocks",
    "blocked_by",
    "duplicates",
    "duplicated_by",
)
LINKS: Final = (RELATED, BLOCKS, BLOCKED_BY, DUPLICATES, DUPLICATED_BY)
"""What a person says of two tickets. Mail says `possible_match` and `continues` besides."""

BACKWARDS: Final = {
    RELATED: RELATED,
    BLOCKS: BLOCKED_BY,
    BLOCKED_BY: BLOCKS,
    DUPLICATES: DUPLICATED_BY,
    DUPLICATED_BY: DUPLICATES,
}
"""The same link seen from the other ticket."""

LONGEST_LINE: Final = 300

_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d)")
_PART: Final = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*([a-z]*)\.?\s*")
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek"), 1),
    **dict.fromkeys(("", "m", "min", "mins", "minute", "minutes", "minuten"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"), 3600),
}


def seconds_of(typed: str) -> int:
    """The span that was typed, in seconds: `15m`, `1h 30m`, `1:30`, `1.5h`, `90` (minutes). Raises UserError."""
    words = typed.strip().casefold()
    if clock := _CLOCK.fullmatch(words):
        return int(clock[1]) * 3600 + int(clock[2]) * 60
    seconds, at, unit = 0.0, 0, 0
    while match := _PART.match(words, at):
        follows_hours = unit == 3600 and not match[2]
        if match[2] not in _UNITS:
            break
        unit = 60 if follows_hours else _UNITS[match[2]]
        seconds += float(match[1].replace(",", ".")) * unit
        at = match.end()
    if not words or at < len(words):
        msg = said("“{typed}” is not a time. Write it as 15m, 1h 30m or 1:30.", typed=typed.strip())
        raise UserError(msg)
    return round(seconds)


def span_words(seconds: int) -> str:
    """A span as it is typed: `1h 30m`; below a minute in seconds."""
    if seconds < 60:
        return f"{seconds}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join(part for part in (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "") if part)


def tidy_line(words: str, if_empty: str) -> str:
    """Words on one line. Raises UserError with `if_empty` for none."""
    line = " ".join(words.split())[:LONGEST_LINE].strip()
    if not line:
        raise UserError(if_empty)
    return line


DUE_HOUR: Final = 17
"""The local hour by which something is due where only a day was said: while somebody is still there."""

_SPAN: Final = re.compile(r"(\d{1,4})\s*(h|d|w)")
_SPANS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def due_of(typed: str, now: datetime) -> datetime | None:
    """The moment that was typed, in UTC: `2026-01-31`, `2026-01-31T09:00`, `today`, `tomorrow`, `4h`, `2d`, `1w`; None for `none`.

    A day alone means 17:00 of it, here. `now` is aware. Raises UserError.
    """
    words = typed.strip().casefold()
    if words in {"", "none", "no"}:
        return None
    local = now.astimezone()
    evening = local.replace(hour=DUE_HOUR, minute=0, second=0, microsecond=0, tzinfo=None)
    days = {"today": 0, "tomorrow": 1}
    if words in days:
        return (evening + timedelta(days=days[words])).astimezone(UTC)
    if span := _SPAN.fullmatch(words):
        step = int(span[1]) * _SPANS[span[2]]
        return (now + step if span[2] == "h" else (evening + step).astimezone(UTC)).replace(microsecond=0)
    try:
        at = datetime.fromisoformat(typed.strip())
        if len(words) <= len("2026-01-31"):
            at = at.replace(hour=DUE_HOUR)
        return clock.to_utc(at)
    except ValueError:
        msg = said(
            "“{typed}” is not a time. Write it as 2026-01-31, 2026-01-31T09:00, tomorrow, 4h or 2d.",
            typed=typed.strip(),
        )
        raise UserError(msg) from None
