"""Finding a phrase by a few of its letters, and saying which letters hit.

Letters must occur in order; hits at the start of a word and runs of letters count more, so that "sn" finds "Snooze"
before "Send note". Pure text, no Qt; works for any script because it compares case-folded characters.
"""

from __future__ import annotations

from dataclasses import dataclass

_START, _WORD, _RUN, _ANY = 12.0, 8.0, 9.0, 1.0
_LONG = 0.02  # each letter of the phrase costs a little: of two equal hits the shorter phrase wins


@dataclass(frozen=True)
class Match:
    """How well it fits (higher is better) and the positions that hit."""

    score: float
    hits: tuple[int, ...]


def fuzzy(query: str, phrase: str) -> Match | None:
    """The best way to find `query` in `phrase`, or None. An empty query fits everything alike."""
    wanted = [c for c in query.casefold() if not c.isspace()]
    if not wanted:
        return Match(0.0, ())
    folded = [c.casefold() for c in phrase]
    if any(c not in folded for c in wanted):
        return None
    best: dict[int, tuple[float, tuple[int, ...]]] = {-1: (0.0, ())}
    for letter in wanted:
        best = _step(letter, folded, phrase, best)
        if not best:
            return None
    score, hits = max(best.values())
    return Match(score - _LONG * len(phrase), hits)


def _step(
    letter: str, folded: list[str], phrase: str, before: dict[int, tuple[float, tuple[int, ...]]]
) -> dict[int, tuple[float, tuple[int, ...]]]:
    """For every place where `letter` may hit next: the best way to get there."""
    after: dict[int, tuple[float, tuple[int, ...]]] = {}
    for place, here in enumerate(folded):
        if here != letter:
            continue
        options = [
            (score + _worth(place, last, phrase), (*hits, place))
            for last, (score, hits) in before.items()
            if last < place and not _leaps(last, place, phrase)
        ]
        if options:
            after[place] = max(options)
    return after


def _leaps(last: int, place: int, phrase: str) -> bool:
    """From one word into the middle of another: nobody who types "lamp" means "Look: as the computer"."""
    runs_on = place == last + 1  # onto a colon or a hyphen too
    return last >= 0 and not runs_on and phrase[place - 1].isalnum() and not phrase[last : place + 1].isalnum()


def _worth(place: int, last: int, phrase: str) -> float:
    if last >= 0 and place == last + 1:
        return _RUN
    if place == 0:
        return _START
    return _WORD if not phrase[place - 1].isalnum() else _ANY
