"""What the satisfaction page reads in one go, and what follows from it: pure arithmetic over the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.kernel import clock
from app.kernel.state import options
from app.surveys.queries import (
    InviteInfo,
    Overview,
    ResponseInfo,
    Week,
    invitations,
    responses,
    suppressions,
    survey_overview,
)

ENOUGH: Final = 5
"""Under so many answers an average says more about chance, and perhaps about one person, than about us."""

PERIODS: Final = {"30": 30, "90": 90, "365": 365, "all": 0}
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """The page's numbers. `before`: the average of the period before, where it had enough answers; `next_due`: the
    invitation that goes out next; `refused`: how many asked not to be asked again.
    """

    overview: Overview
    before: float | None
    weeks: tuple[Week, ...]
    answers: tuple[ResponseInfo, ...]
    answers_ever: int
    next_due: InviteInfo | None
    failed: int
    skipped: int
    refused: int
    enabled: bool
    delay_minutes: int

    @property
    def has_enough(self) -> bool:
        """Are there enough answers for an average?"""
        return self.overview.answered >= ENOUGH

    @property
    def answered_of_sent(self) -> int:
        """How many of the invitations sent in the period were answered (an answer may belong to an older one)."""
        return round((self.overview.response_rate or 0) * self.overview.invited)

    @property
    def with_comment(self) -> int:
        """How many counted answers came with words."""
        return sum(bool(answer.comment.strip()) for answer in self.answers if answer.latest)


def read_satisfaction(db: Any, days: int) -> Satisfaction:
    """Everything of the last `days` days (0: ever)."""
    now = clock.now()
    since = now - timedelta(days=days) if days else None
    everything = responses(db, kind="csat", with_uncounted=True, limit=_MOST)
    asked = [one for one in invitations(db, limit=_MOST) if one.kind == "csat"]
    recent = [one for one in asked if since is None or (one.sent_at or one.due_at) >= since]
    due = [one for one in asked if one.state == "due"]
    return Satisfaction(
        overview=survey_overview(db, now, since=since),
        before=_average_between(everything, since - timedelta(days=days), since) if since is not None else None,
        weeks=survey_overview(db, now, weeks=13).weeks,
        answers=tuple(answer for answer in everything if since is None or answer.at >= since),
        answers_ever=len(everything),
        next_due=min(due, key=lambda one: one.due_at, default=None),
        failed=sum(one.delivery == "failed" for one in recent),
        skipped=sum(one.state == "skipped" for one in recent),
        refused=len(suppressions(db)),
        enabled=bool(options.get(db, "survey_enabled")),
        delay_minutes=int(options.get(db, "survey_delay_minutes")),
    )


def _average_between(answers: Sequence[ResponseInfo], first: datetime, until: datetime) -> float | None:
    scores = [one.score for one in answers if one.latest and one.score is not None and first <= one.at < until]
    return sum(scores) / len(scores) if len(scores) >= ENOUGH else None


def axis_of(weeks: Sequence[Week]) -> tuple[float, float, list[float]]:
    """(low, high, labelled lines) of the trend: from the half point below the worst week up to 5."""
    known = [week.average for week in weeks if week.answers]
    low = min([3.5, *(int(value * 2) / 2 for value in known)])
    low = max(1.0, low)
    step = 0.5 if low >= 3 else 1.0
    ticks = []
    value = low
    while value <= 5:
        ticks.append(value)
        value += step
    if ticks[-1] < 5:
        ticks.append(5.0)
    return low, 5.0, ticks
