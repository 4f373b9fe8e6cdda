"""Reading FETCH answers: three patterns on the short line around each mail instead of a tokeniser.

Tolerant where servers differ: quoted keys (Courier), items in any order, items after the body, answers nobody asked
for, a body as a quoted string, a body that is missing because the mail has just been deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_LINE = re.compile(rb"\* (\d+) FETCH ", re.IGNORECASE)
_FLAGS = re.compile(rb'"?FLAGS"? \(([^)]*)\)', re.IGNORECASE)
_UID = re.compile(rb'[( ]"?UID"? (\d+)', re.IGNORECASE)
_SIZE = re.compile(rb'"?RFC822\.SIZE"? (\d+)', re.IGNORECASE)
_DATE = re.compile(
    rb'"?INTERNALDATE"? "\s*(\d{1,2}-[A-Za-z]{3}-\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})"', re.IGNORECASE
)
_QUOTED_BODY = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)?"? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(.)")
_GMAIL_ID = re.compile(rb'"?X-GM-MSGID"? "?(\d+)', re.IGNORECASE)
_EMAIL_ID = re.compile(rb'"?EMAILID"? \(([A-Za-z0-9_-]{1,255})\)', re.IGNORECASE)
_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_SET_MAX = 3500  # characters of a UID set: servers may limit a command line to 8,000 bytes, some to less
_COUNT_MAX = 1000


def is_fetch(line: bytes) -> bool:
    return _LINE.match(line) is not None


def uid_of(line: bytes) -> int | None:
    """The UID in an answer; None in one nobody asked for (a flag changed elsewhere)."""
    if line.count(b"(") > 1:
        line = _FLAGS.sub(b"", line, count=1)
    found = _UID.search(line)
    return int(found[1]) if found else None


def size_of(line: bytes) -> int | None:
    found = _SIZE.search(line)
    return int(found[1]) if found else None


def provider_id_of(line: bytes) -> str:
    """The provider's own name of a mail, the same in each of its folders: Gmail's, or that of RFC 8474. May be empty."""
    if found := _GMAIL_ID.search(line):
        return f"gm:{found[1].decode('ascii')}"
    found = _EMAIL_ID.search(line)
    return f"id:{found[1].decode('ascii')}" if found else ""


def flags_of(line: bytes) -> tuple[str, ...]:
    found = _FLAGS.search(line)
    return tuple(found[1].decode("latin-1").split()) if found else ()


def internal_at_of(line: bytes) -> datetime | None:
    """When the mail arrived, aware UTC; None if absent or not a possible time."""
    found = _DATE.search(line)
    if not found:
        return None
    day, hour, minute, second, zone = found.groups()
    since_midnight = timedelta(hours=int(hour), minutes=int(minute), seconds=min(int(second), 59))
    try:
        return _midnight(day, zone) + since_midnight if hour < b"24" and minute < b"60" else None
    except (KeyError, ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _midnight(day: bytes, zone: bytes) -> datetime:
    """When a day (`1-Feb-2026`) begins in a zone (`+0100`). Remembered: mails come by the day."""
    number, month, year = day.split(b"-")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    where = timezone(-offset if zone[:1] == b"-" else offset)
    return datetime(int(year), _MONTHS[month.lower()], int(number), tzinfo=where).astimezone(UTC)


def quoted_body_of(line: bytes) -> bytes | None:
    """A body given as a quoted string instead of a literal; None if there is none (NIL)."""
    found = _QUOTED_BODY.search(line)
    return _ESCAPED.sub(rb"\1", found[1]) if found else None


def uid_sets(uids: Iterable[int]) -> Iterator[bytes]:
    """`uids` in their order as IMAP sets, neighbours joined, each set short enough for any server."""
    parts: list[bytes] = []
    length = count = 0
    for low, high in _runs(uids):
        part = b"%d" % low if low == high else b"%d:%d" % (low, high)
        if parts and (length + len(part) > _SET_MAX or count + high - low >= _COUNT_MAX):
            yield b",".join(parts)
            parts, length, count = [], 0, 0
        parts.append(part)
        length += len(part) + 1
        count += high - low + 1
    if parts:
        yield b",".join(parts)


def _runs(uids: Iterable[int]) -> Iterator[tuple[int, int]]:
    low = high = 0
    for uid in uids:
        if low and uid == high + 1 and high - low + 1 < _COUNT_MAX:
            high = uid
            continue
        if low:
            yield low, high
        low = high = uid
    if low:
        yield low, high
