"""Where the words that were looked for stand in a text: the same words as the index finds, with or without accents.

A word is marked where it begins; a quoted one as a whole; one behind a star (`*lampe`), and scripts without blanks, anywhere. Letters that fold to several (ß) keep
their places, since every folded letter remembers where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from app.index.words import is_unspaced, parts_of, plain

WITHIN: Final = "*"
"""Before a word: it is marked within other words as well."""

_AROUND: Final = 60
_MOVING = re.compile("[\u0300-\u036f\u0130ßẞæÆœŒ]")
"""Letters that become none or two, so that what stands behind them moves."""

_RUNS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")
_BLANK = re.compile(r"\s+")
LONGEST: Final = 500_000
"""Characters of a text that are looked at."""

_BEGINNING: Final = 1_500
"""Characters that are looked at first: mostly a word stands there, and folding a long letter takes ten times as long."""


def marked_words(words: Sequence[str], *, within: bool) -> tuple[str, ...]:
    """The words that are to be marked where they begin, or `within` other words."""
    return tuple(f"{WITHIN}{word}" for word in words) if within else tuple(words)


def spans(text: str, words: Sequence[str], phrases: Sequence[str] = ()) -> list[tuple[int, int]]:
    """(begin, end) of every place in `text`, from left to right, none overlapping. `phrases`: those of `words` that were
    quoted, so that they are words as a whole.
    """
    pattern = _pattern(tuple(words), tuple(phrases))
    if pattern is None or not text:
        return []
    folded, places = _folded(text[:LONGEST])
    if places is None:
        return [found.span() for found in pattern.finditer(folded)]
    return [(places[found.start()], places[found.end()]) for found in pattern.finditer(folded)]


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...], phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    found: dict[str, None] = {}
    for word in sorted(words, key=len, reverse=True):
        parts = [re.escape(plain(part).lower()) for part in parts_of(word)]
        if not parts:
            continue
        begin = "" if word.startswith(WITHIN) or is_unspaced(parts_of(word)[0]) else r"(?<![^\W_])"
        end = r"(?![^\W_])" if word in phrases and begin else ""
        found[begin + r"[\W_]*".join(parts) + end] = None
    return re.compile("|".join(found)) if found else None


def _folded(text: str) -> tuple[str, list[int] | None]:
    """`text` as it is compared, and where each of its letters came from; None if nothing moved."""
    if text.isascii():
        return text.lower(), None
    folded = plain(text).lower()
    if len(folded) == len(text) and not _MOVING.search(text):
        return folded, None
    pieces: list[str] = []
    places: list[int] = []
    for run in _RUNS.finditer(text):
        piece, place = run.group(), run.start()
        if piece.isascii():
            pieces.append(piece.lower())
            places.extend(range(place, run.end()))
        else:
            folded = _folded_letter(piece)
            pieces.append(folded)
            places.extend([place] * len(folded))
    places.append(len(text))
    return "".join(pieces), places


@lru_cache(maxsize=4096)
def _folded_letter(letter: str) -> str:
    return plain(letter).lower()


def first_place(text: str, words: Sequence[str], phrases: Sequence[str] = ()) -> int:
    """Where the first of `words` stands, -1 if none does."""
    pattern = _pattern(tuple(words), tuple(phrases))
    if pattern is None or not text:
        return -1
    for much in (_BEGINNING, LONGEST):
        folded, places = _folded(text[:much])
        found = pattern.search(folded)
        if found is not None and (len(text) <= much or found.end() < len(folded) - _AROUND):
            return found.start() if places is None else places[found.start()]
        if len(text) <= much:
            break
    return -1


def around(text: str, words: Sequence[str], phrases: Sequence[str] = ()) -> str:
    """About 140 characters of `text` around the first of `words`, in one line."""
    first = max(0, first_place(text, words, phrases))
    begin = max(0, first - 2 * _AROUND)
    flat = " ".join(text[begin : first + 6 * _AROUND].split())
    place = len(_BLANK.sub(" ", text[begin:first]).lstrip())
    start = max(0, place - _AROUND)
    if start:
        start = flat.find(" ", start) + 1 or start
    piece = flat[start : start + 2 * _AROUND + 20]
    is_cut = start + len(piece) < len(flat) or first + 6 * _AROUND < len(text)
    return ("… " if start or begin else "") + piece + (" …" if is_cut else "")
