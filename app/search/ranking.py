"""Best first, without ranking the whole desk: some candidates from each of several ways to fit are weighed; what comes behind
them follows newest first.

Weighing every document that has a common word takes a quarter of a second for a million. The ways to fit, each walked newest
first and left early: all words in the subject, the words as one phrase, all words as typed, all words as beginnings. A candidate
weighs more the better the way, and less the older it is: a letter of today that only mentions something is not hidden behind
ten years of subjects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.index.places import age_days, place_of
from app.index.words import match_word, parts_of
from app.kernel import clock
from app.search.question import Wanted, in_full
from app.search.scopes import Scope, within
from app.search.walking import After, Fitting, Match, Walk

CANDIDATES: Final = 60
"""From each way to fit."""

LATELY: Final = timedelta(days=730)
"""Where candidates are looked for first: walking all titles of ten years for a word that stands in none takes long."""

_WEIGHTS: Final = {"subject": 3.0, "phrase": 2.5, "exact": 1.5, "begun": 0.5}
_HALF_A_POINT: Final = 10.0  # what is ten times as old weighs a point less
_BEGIN: Final = -1


def best(db: Session, question: Wanted, after: After | None, limit: int) -> tuple[list[Match], After | None]:
    """A page, the best first: `After.stage` below 0 means that it is still among the candidates, at `place` of them."""
    if after is not None and after.stage >= 0:
        return Walk(db, question, after).page(limit)
    start = after.place if after is not None else 0
    ranked = candidates(db, question)
    found = ranked[start : start + limit]
    if start + limit < len(ranked):
        return found, After(_BEGIN, start + limit)
    seen = frozenset(match.ticket.bytes for match in ranked)
    begin = Walk(db, question).begin(seen)
    if len(found) < limit:
        more, behind = Walk(db, question, begin).page(limit - len(found))
        return [*found, *more], behind
    return found, begin


def candidates(db: Session, question: Wanted) -> list[Match]:
    """What is weighed, the best first: of the last years; if those are few, of all times."""
    ways, fitting = tuple(_ways(question, in_full(db, question))), Fitting(db, question)
    found = _weighed(db, ways, fitting, place_of(clock.now() - LATELY))
    return found if len(found) >= CANDIDATES else _weighed(db, ways, fitting, 0)


def _weighed(db: Session, ways: Sequence[tuple[str, Wanted]], fitting: Fitting, since: int) -> list[Match]:
    weighed: dict[object, tuple[float, Match]] = {}
    for way, one in ways:
        matches, _ = Walk(db, replace(one, since=since, within=False), fitting=fitting).page(CANDIDATES, patient=True)
        for match in matches:
            weight = _WEIGHTS[way] - math.log10(1 + age_days(match.place) / _HALF_A_POINT)
            before = weighed.get(match.ticket)
            if before is None:
                weighed[match.ticket] = (weight, match)
            else:  # fitting in several ways is better than in one
                weighed[match.ticket] = (max(before[0], weight) + 0.25, before[1])
    ordered = sorted(weighed.values(), key=lambda each: (-each[0], -each[1].place))
    return [match for _, match in ordered]


def _ways(question: Wanted, full: Wanted) -> Iterator[tuple[str, Wanted]]:
    plain = replace(question, half=False)
    exact = " AND ".join(match for word in question.words if (match := match_word(word, prefix=False)))
    if question.scope is Scope.ALL:
        yield "subject", replace(plain, match=f"{{title}} : ({exact if full.begun else full.match})")
    parts = [part for word in question.words for part in parts_of(word)]
    if len(parts) > 1:
        yield "phrase", replace(plain, match=within(match_word(" ".join(parts), prefix=False), question.scope))
    if exact:
        yield "exact", replace(plain, match=within(exact, question.scope))
    yield "begun", question
