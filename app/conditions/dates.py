"""Dates in conditions: days, months, moments, and spans that count from now.

Every comparison becomes an interval in which the moment must lie, so that SQL and memory cannot differ. A span without a
sign is a distance from now: `created<3d` is less than three days old, `due<2d` has less than two days left (what is
overdue included). A span with a sign is a moment: `created>-3d` is after the moment three days ago. Days are those of
the machine's time zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from app.conditions.tree import Op

_SPAN = re.compile(r"^([+-]?)(\d{1,5})(m|h|d|w|mo|y)$")
_DAY = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_NAMED: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_TICK: Final = timedelta(microseconds=1)
_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)

EXAMPLES: Final = "3d, 2w, 6mo, today, 2026-01-31 or 2026-01"


@dataclass(frozen=True, slots=True)
class Interval:
    """From `since` (included) until `until` (not included); None is open."""

    since: datetime | None = None
    until: datetime | None = None


def is_date(value: str) -> bool:
    """Can this be compared with a date?"""
    return is_relative(value) or _absolute(value) is not None


def is_relative(value: str) -> bool:
    """Does it mean another moment as time goes by?"""
    return value in _NAMED or _SPAN.match(value) is not None


def interval(op: Op, value: str, now: datetime, *, ahead: bool = False) -> Interval:
    """Where a date must lie to compare so. For IS_NOT it is the interval in which it must not lie.

    `ahead`: the field looks ahead (due, snoozed), so that a span without a sign is counted from now on, not back.
    Raises ValueError for what is no date; `is_date` tells before.
    """
    if (match := _SPAN.match(value)) is not None:
        return _of_span(op, match, now, ahead)
    start, end = _named(value, now) if value in _NAMED else _absolute(value) or (None, None)
    if start is None or end is None:
        msg = f"“{value}” is no date"
        raise ValueError(msg)
    match op:
        case Op.BELOW:
            return Interval(None, start)
        case Op.AT_MOST:
            return Interval(None, end)
        case Op.ABOVE:
            return Interval(end, None)
        case Op.AT_LEAST:
            return Interval(start, None)
        case _:
            return Interval(start, end)


def within(name: str, op: Op, value: str, now: datetime, *, ahead: bool) -> Interval:
    """The interval of a check on the field `name`. `older:` and `newer:` than a day mean before, and since, it began."""
    if name not in {"older", "newer"}:
        return interval(op, value, now, ahead=ahead)
    if _SPAN.match(value):
        return interval(Op.ABOVE if name == "older" else Op.AT_MOST, value, now)
    begins = interval(Op.IS, value, now).since
    return Interval(None, begins) if name == "older" else Interval(begins, None)


def days(inside: Interval) -> tuple[str, str]:
    """The days that begin inside an interval: the first, and the first behind it, as `2026-01-31`; empty is open."""
    return _first_day(inside.since), _first_day(inside.until)


def _first_day(at: datetime | None) -> str:
    """The first day of this machine's calendar that does not begin before `at`."""
    if at is None:
        return ""
    here = at.astimezone().replace(tzinfo=None)
    starts = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return (starts if starts == here else starts + timedelta(days=1)).date().isoformat()


def _of_span(op: Op, match: re.Match[str], now: datetime, ahead: bool) -> Interval:
    sign, number, unit = match.groups()
    span = int(number) * _UNITS[unit]
    moment = _shifted(now, span if sign == "+" or (not sign and ahead) else -span)
    if sign and op not in {Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST}:
        return Interval(min(now, moment), max(now, moment) + _TICK)
    if not sign and not ahead:  # a larger distance is an earlier moment
        op = {Op.BELOW: Op.ABOVE, Op.AT_MOST: Op.AT_LEAST, Op.ABOVE: Op.BELOW, Op.AT_LEAST: Op.AT_MOST}.get(
            op, Op.AT_LEAST
        )
    match op:
        case Op.BELOW:
            return Interval(None, moment)
        case Op.ABOVE:
            return Interval(moment + _TICK, None)
        case Op.AT_LEAST:
            return Interval(moment, None)
        case _:
            return Interval(None, moment + _TICK)


def _shifted(now: datetime, span: timedelta) -> datetime:
    try:
        return min(max(now + span, _FIRST), _LAST)
    except OverflowError:
        return _FIRST if span < timedelta(0) else _LAST


def _named(value: str, now: datetime) -> tuple[datetime, datetime]:
    day = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    first = day + timedelta(days=_NAMED[value])
    return _local(first), _local(first + timedelta(days=1))


def _absolute(value: str) -> tuple[datetime, datetime] | None:
    """The first moment of what is named, and the first one behind it."""
    try:
        if (match := _DAY.match(value)) is None:
            return _minute(value)
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        if month is None:
            return _local(datetime(year, 1, 1)), _local(datetime(year + 1, 1, 1))  # noqa: DTZ001 - local, see below
        if day is None:
            after = (year + month // 12, month % 12 + 1)
            return _local(datetime(year, month, 1)), _local(datetime(*after, 1))  # noqa: DTZ001
        first = datetime(year, month, day)  # noqa: DTZ001
        return _local(first), _local(first + timedelta(days=1))
    except (ValueError, OverflowError):
        return None


def _minute(value: str) -> tuple[datetime, datetime] | None:
    if not re.match(r"^\d{4}-\d{2}-\d{2}t\d{2}:\d{2}$", value):
        return None
    at = _local(datetime.strptime(value, "%Y-%m-%dt%H:%M"))  # noqa: DTZ007 - local
    return at, at + timedelta(minutes=1)


def _local(naive: datetime) -> datetime:
    """A moment of this machine's wall clock."""
    if not 2 <= naive.year <= 9998:
        raise ValueError
    return naive.astimezone(UTC)
