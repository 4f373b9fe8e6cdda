"""“Did you mean”: words of the index that are one slip away from a word that is in it hardly or not at all.

A slip is a letter too many, too few, another, or two changed round; or two words written as one. What could have been meant is
made from what was typed and sought in the index, a few microseconds each; of those that are there, the most frequent is offered.

Where nothing was found because a condition names somebody or something that this desk does not know, that is said (`why_nothing`).
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.tree import Check, Op, QueryError, checks
from app.conditions.typed import parse
from app.index.queries import frequency, words_among
from app.index.words import parts_of, plain
from app.search.catalogue import check_names
from app.search.queries import page
from app.search.question import Question
from app.tickets.commands.tags import tag_id

_RARE: Final = 2
"""A word that stands in so few documents may be a slip itself."""

_MUCH: Final = 10
_SHORTEST: Final = 3
_LONG: Final = 5
"""Of longer words, the commonest slips may come twice."""

_LETTERS: Final = string.ascii_lowercase
_IS_TAG: Final = text("SELECT EXISTS (SELECT 1 FROM ticket_tag x WHERE x.tag = :tag AND x.deleted_at IS NULL)")


def did_you_mean(db: Session, asked: Question) -> str:
    """What to type instead, so that something is found; empty when nothing better is known. Raises QueryError."""
    tree = parse(asked.typed, typing=True)
    better = asked.typed
    for check in sorted(checks(tree), key=lambda one: -one.position):
        if check.field == "words" and check.op is Op.CONTAINS and (word := _better(db, check)):
            better = better[: check.position] + word + better[check.position + check.length :]
    if better == asked.typed:
        return ""
    try:
        found = page(db, Question(better, asked.scope, asked.order, asked.me), limit=1)
    except QueryError:
        return ""
    return better if found.tickets or found.customers or found.after else ""


def why_nothing(db: Session, asked: Question) -> str:
    """Which name in a question is one that nobody and nothing here has; empty when all are known. A tag that no ticket has
    is a mistake only here: a view may well wait for the first one. Raises QueryError.
    """
    tree = parse(asked.typed)
    try:
        check_names(db, tree, asked.me)
    except QueryError as error:
        return str(error)
    for check in checks(tree):
        is_tag = check.field == "tag" and check.op is Op.IS
        if is_tag and not db.connection().execute(_IS_TAG, {"tag": tag_id(check.value).bytes}).scalar():
            return f"No ticket has the tag “{check.value}”."
    return ""


def _better(db: Session, check: Check) -> str:
    parts = parts_of(check.value)
    if len(parts) != 1 or len(parts[0]) < _SHORTEST or not plain(parts[0]).isascii() or parts[0].isdigit():
        return ""
    word = plain(parts[0]).lower()
    here = frequency(db, word, prefix=True)
    if here > _RARE:
        return ""
    near = words_among(db, sorted(set(_slips(word)) - {word}))
    if not near and not here and (two := _split(db, word)):
        return two
    if not near and len(word) > _LONG:
        near = words_among(db, sorted({two for one in _likely(word) for two in _likely(one)} - {word}))
    best = max(((frequency(db, one), one) for one in near), default=(0, ""))
    return best[1] if best[0] > _MUCH * here else ""


def _slips(word: str) -> Iterator[str]:
    """All that is one slip away."""
    yield from _likely(word)
    for place in range(len(word) + 1):
        for letter in _LETTERS:
            yield word[:place] + letter + word[place:]
            yield word[:place] + letter + word[place + 1 :]


def _likely(word: str) -> Iterator[str]:
    """The commonest slips: a letter too many, two changed round, one typed twice or once too few."""
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + word[place] + word[place:]
        yield word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]


def _split(db: Session, word: str) -> str:
    """Two words that were written as one."""
    pairs = [(word[:place], word[place:]) for place in range(_SHORTEST, len(word) - _SHORTEST + 1)]
    known = set(words_among(db, sorted({part for pair in pairs for part in pair})))
    both = [
        (min(frequency(db, left), frequency(db, right)), left, right) for left, right in pairs if {left, right} <= known
    ]
    best = max(both, default=(0, "", ""))
    return f"{best[1]} {best[2]}" if best[0] else ""
