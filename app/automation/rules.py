"""A weekly calendar with a time zone and holidays: open now, and until when? Pure.

Hours are said on the wall clock of a place, since that is what is written on a shop's door. Where the clocks are put
forward, hours that do not exist are simply not there; where they are put back, an hour that comes twice is open twice.
So each span is turned into moments of UTC day by day, and everything else is counted there.
"""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from app.kernel.errors import UserError
from app.kernel.sentences import said

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
_LOOK_AHEAD: Final = 400
"""So many days are looked through for the next opening: a year of holidays, and some."""

Span = tuple[int, int]
"""From and to, in minutes since midnight of the wall clock; `to` may be 1440, midnight of the next day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a desk is open. `week`: seven days from Monday, each with its spans. `zone`: IANA name. `holidays`: closed days.

    No hours at all (`ALWAYS`) is: always open.
    """

    zone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = ((),) * 7
    holidays: frozenset[date] = field(default_factory=frozenset)
    always: bool = False


ALWAYS: Final = Hours(always=True)


def hours_of(zone: str, week: Mapping[str, Sequence[Sequence[str]]], holidays: Sequence[str] = ()) -> Hours:
    """Hours from words: `{"mon": [["09:00", "17:00"]]}`, holidays as `2026-12-25`. Raises UserError.

    Spans that touch or overlap become one. A span to `00:00` ends at midnight.
    """
    _zone(zone)
    unknown = week.keys() - set(DAYS)
    if unknown:
        msg = said("“{day}” is no day. Days are {known}.", day=min(unknown), known=", ".join(DAYS))
        raise UserError(msg)
    days = tuple(_joined([_span(one) for one in week.get(day, ())]) for day in DAYS)
    return Hours(zone, days, frozenset(_date(one) for one in holidays))


def from_text(words: str) -> Hours:
    """Hours from the JSON that a setting holds; empty, or what cannot be read, is always open."""
    if not words.strip():
        return ALWAYS
    try:
        data = json.loads(words)
        return hours_of(str(data["zone"]), data["week"], data.get("holidays", ()))
    except (ValueError, KeyError, TypeError, AttributeError, UserError):
        return ALWAYS


def to_text(hours: Hours) -> str:
    """Hours as a setting holds them; "" for always."""
    if hours.always:
        return ""
    week = {
        day: [[_words(start), _words(end)] for start, end in spans]
        for day, spans in zip(DAYS, hours.week, strict=True)
        if spans
    }
    data: dict[str, Any] = {"zone": hours.zone, "week": week}
    if hours.holidays:
        data["holidays"] = [one.isoformat() for one in sorted(hours.holidays)]
    return json.dumps(data)


def is_open(hours: Hours, at: datetime) -> bool:
    """Is it open at this moment (aware)? The end of a span is not part of it."""
    return hours.always or any(start <= at < end for start, end in _around(hours, at))


def next_change(hours: Hours, at: datetime) -> datetime | None:
    """When it closes next, if it is open at `at`, else when it opens; None if never (within a year and some).

    Spans that follow each other without a gap, over midnight too, are one: it does not close between them.
    """
    if hours.always:
        return None
    closing: datetime | None = None
    for start, end in _from(hours, at):
        if closing is not None:
            if start > closing:
                return closing
            closing = max(closing, end)
        elif start <= at < end:
            closing = end
        elif start > at:
            return start
    return closing if closing is not None and closing < at + timedelta(days=_LOOK_AHEAD - 2) else None


def _around(hours: Hours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = _day(hours, at)
    return _moments(hours, day - timedelta(days=1), day)


def _from(hours: Hours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = _day(hours, at)
    return _moments(hours, day - timedelta(days=1), day + timedelta(days=_LOOK_AHEAD))


def _day(hours: Hours, at: datetime) -> date:
    return at.astimezone(_zone(hours.zone)).date()


def _moments(hours: Hours, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """The open spans of some days as moments of UTC, in order."""
    zone = _zone(hours.zone)
    day = first
    while day <= last:
        if day not in hours.holidays:
            for start, end in hours.week[day.weekday()]:
                opens, closes = _moment(day, start, zone), _moment(day, end, zone, later=True)
                if opens < closes:
                    yield opens, closes
        day += timedelta(days=1)


def _moment(day: date, minutes: int, zone: zoneinfo.ZoneInfo, *, later: bool = False) -> datetime:
    """A time of the wall clock as a moment. One that is skipped is the moment of the change; of one that comes twice the
    first, or (`later`, for closing) the second, so that the hour between is open.
    """
    whole = day + timedelta(days=minutes // DAY_MINUTES)
    clock = time(minutes % DAY_MINUTES // 60, minutes % 60)
    wall = datetime.combine(whole, clock, zone)
    there = wall.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return wall.replace(fold=1).astimezone(UTC) if later else there
    # It does not exist: with fold=0 the offset from before the change is taken, which lands behind it by the gap's length.
    return _change_near(there - timedelta(days=1), there, zone)


def _change_near(low: datetime, high: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """The moment between two at which the offset changes, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        msg = said("“{name}” is no time zone. One looks like Europe/Berlin.", name=name)
        raise UserError(msg) from None


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return tuple(made)


def _span(words: Sequence[str]) -> Span:
    if len(words) != 2:
        msg = "Hours are two times, for example 09:00 and 17:00."
        raise UserError(msg)
    start, end = (_minutes(one) for one in words)
    end = end or DAY_MINUTES
    if start >= end:
        msg = said(
            "{start} to {end} is no span of one day. Over midnight it takes two, one for each day.",
            start=words[0],
            end=words[1],
        )
        raise UserError(msg)
    return start, end


def _minutes(words: str) -> int:
    hours, colon, minutes = words.strip().partition(":")
    if colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2:
        value = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and value <= DAY_MINUTES:
            return value
    msg = said("“{words}” is no time. One looks like 09:00.", words=words)
    raise UserError(msg)


def _words(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _date(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        msg = said("“{words}” is no day. One looks like 2026-12-25.", words=words)
        raise UserError(msg) from None
