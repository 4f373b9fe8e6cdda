"""Rules of the work on a ticket: how a span of time is typed, which links there are, a line of a checklist. Pure."""

from __future__ import annotations

import re
from typing import Final

from app.kernel.errors import UserError

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
        msg = f"“{typed.strip()}” is not a time. Write it as 15m, 1h 30m or 1:30."
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
