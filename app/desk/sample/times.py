"""When things happen in the sample shop: customers write at all hours, most on Mondays; the shop answers when it is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final

DAYS: Final = 265
_DAY_WEIGHT: Final = (9, 6, 6, 6, 5, 2, 2)  # Monday first
_HOUR_WEIGHT: Final = (0, 0, 0, 0, 0, 1, 3, 6, 9, 10, 9, 7, 6, 7, 8, 7, 6, 5, 5, 5, 3, 2, 1, 0)
OPENS: Final = 7  # UTC
CLOSES: Final = 17


def starts(now: datetime, count: int, dice: Random) -> list[datetime]:
    """When `count` conversations began, oldest first; more of late, for the shop grows."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=ago) for ago in range(DAYS, 1, -1)]
    weights = [_DAY_WEIGHT[day.weekday()] * (1 + number / DAYS) for number, day in enumerate(days)]
    return sorted(
        day + timedelta(hours=dice.choices(range(24), _HOUR_WEIGHT)[0], seconds=dice.randrange(3600))
        for day in dice.choices(days, weights, k=count)
    )


def answered_at(asked_at: datetime, dice: Random) -> datetime:
    """When the shop answers: within some hours in which it is open."""
    at = asked_at + timedelta(minutes=dice.choice((12, 25, 40, 55, 80, 120, 170, 240)), seconds=dice.randrange(60))
    return open_at(at, dice)


def open_at(at: datetime, dice: Random) -> datetime:
    """The same time if the shop is open then, else soon after it opens next."""
    if at.hour >= CLOSES:
        at = _morning(at + timedelta(days=1), dice)
    elif at.hour < OPENS:
        at = _morning(at, dice)
    while at.weekday() >= 5:
        at = _morning(at + timedelta(days=1), dice)
    return at


def replied_at(answered: datetime, dice: Random) -> datetime:
    """When a customer writes back: after minutes, after dinner, or days later; not in the night."""
    at = answered + timedelta(minutes=dice.choice((9, 22, 45, 90, 200, 420, 1500, 2900)), seconds=dice.randrange(60))
    return at + timedelta(hours=9) if at.hour < 5 else at


def _morning(day: datetime, dice: Random) -> datetime:
    return day.replace(hour=OPENS, minute=dice.randrange(59), second=dice.randrange(60))
