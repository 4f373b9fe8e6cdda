"""Which of many backups stay: one of each of the last days, one of each of the last weeks, one of each of the last months.

A mistake is often found a day late, damage sometimes months late; so there are few old ones and many young ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from typing import Final

DAYS: Final = 7
WEEKS: Final = 4
MONTHS: Final = 6


def kept(times: Iterable[datetime], days: int = DAYS, weeks: int = WEEKS, months: int = MONTHS) -> set[datetime]:
    """Of these times the newest of each of the last `days`, `weeks` (ISO 8601) and `months` in which there is one (UTC).

    The newest of all always stays.
    """
    newest_first = sorted(times, reverse=True)
    rules: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (days, lambda at: at.date()),
        (weeks, lambda at: at.isocalendar()[:2]),
        (months, lambda at: (at.year, at.month)),
    )
    found = set(newest_first[:1])
    for number, part in rules:
        first: dict[Hashable, datetime] = {}
        for at in newest_first:
            first.setdefault(part(at.astimezone(UTC)), at)
        found.update(list(first.values())[:number])
    return found
