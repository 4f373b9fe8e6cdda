"""Which words of the index begin so: what makes a search for half a word as quick as one for a whole word.

FTS5 answers `lam*` by merging everything that stands under every such word before it gives the first hit: the more mail has
such words, the longer it takes, however few hits are wanted. The words themselves are few. They are found by seeking from
one to the next (some microseconds each) and asked for by name, each a list that is read from its end and left early.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.index.words import match_word, parts_of, phrase, plain

MOST_WORDS = 60
"""More words than this are not asked for by name."""

_SEEK = text(
    "WITH RECURSIVE found(term, n) AS ("
    " SELECT (SELECT term FROM search_fts_terms WHERE term >= :first LIMIT 1), 1 UNION ALL"
    " SELECT (SELECT term FROM search_fts_terms WHERE term >= found.term || ' ' LIMIT 1), n + 1"
    " FROM found WHERE term < :end AND n <= :most"
    ") SELECT term FROM found WHERE term < :end"
)


def words_beginning(db: Session, beginning: str) -> list[str] | None:
    """The words that begin so, in order; None if they are more than `MOST_WORDS`. `beginning`: ASCII letters or digits,
    perhaps behind a mark.
    """
    first = beginning.lower()
    end = first[:-1] + chr(ord(first[-1]) + 1)
    found = [row[0] for row in db.connection().execute(_SEEK, {"first": first, "end": end, "most": MOST_WORDS})]
    return None if len(found) > MOST_WORDS else found


def match_beginning(db: Session, word: str, mark: str = "") -> tuple[str, bool]:
    """(a word that is perhaps half typed as an FTS5 expression, whether FTS5 answers it quickly). `mark`: only where it
    stands behind this mark.
    """
    whole = match_word(word, prefix=True, mark=mark)
    *before, last = parts_of(word) or [""]
    last = plain(last)
    if not whole.endswith("*") or not last.isascii():
        return whole, True
    words = words_beginning(db, mark + last)
    if words is None:
        return whole, last.isdigit() and len(last) > 1  # numbers are many words, each of them rare
    named = [phrase([*(mark + part for part in before), one]) for one in words]
    return f"({' OR '.join(named)})" if named else whole, True
