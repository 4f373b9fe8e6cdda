"""Dates of mail (RFC 5322 section 3.3 and the ways it is got wrong), always as aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final

_MONTHS: Final = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_USUAL: Final = re.compile(
    r"\s*(?:[A-Za-z]{2,9}\s*[,.]?\s*)?(\d{1,2})[ -]([A-Za-z]{3})[A-Za-z]{0,6}[ -](\d{4})\s+(\d{1,2}):(\d\d)(?::(\d\d))?"
    r"(?:\.\d+)?\s*(?:([+-])(\d\d):?(\d\d)|(GMT|UTC|UT|Z)\b)"
)


def parse_date(value: str) -> datetime | None:
    """The moment a date field names, or None if it names none; without a zone it is taken as UTC."""
    match = _USUAL.match(value)
    try:
        if match is not None and (month := _MONTHS.get(match[2].lower())):
            moment = datetime(
                int(match[3]),
                month,
                int(match[1]),
                int(match[4]),
                int(match[5]),
                min(int(match[6] or 0), 59),
                tzinfo=UTC,
            )
            if match[7] and match[8] + match[9] != "0000":
                shift = timedelta(hours=int(match[8]), minutes=int(match[9]))
                moment = moment - shift if match[7] == "+" else moment + shift
            return moment
        return _unusual(value.strip())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _unusual(value: str) -> datetime | None:
    if not value or len(value) > 200:
        return None
    if re.match(r"\d{4}-\d\d-\d\d", value):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    found = parsedate_tz(value)
    if found is None:
        return None
    moment = datetime(*found[:5], min(found[5], 59), tzinfo=UTC)
    return moment - timedelta(seconds=found[9] or 0)
