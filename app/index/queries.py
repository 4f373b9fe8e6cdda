"""Which words of the index begin so: what makes a search for half a word as quick as one for a whole word.

FTS5 answers `lam*` by merging everything that stands under every such word before it gives the first hit: the more mail has
such words, the longer it takes, however few hits are wanted. The words themselves are few. They are found by seeking from
one to the next (some microseconds each) and asked for by name, each a list that is read from its end and left early.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.index import recent
from app.index.words import match_word, parts_of, phrase, plain
from app.kernel.database.bulk import driver

MOST_WORDS = 150
"""More words than this are not asked for by name."""

_too_many: dict[str, set[str]] = {}
"""By database: beginnings that were found to have more words. Words hardly ever leave an index, so that this stays true."""

_MOST_KNOWN = 200
_known: dict[str, tuple[bytes, dict[str, list[str]]]] = {}
"""By database: what was found for the last beginnings, for as long as the index notes the same averages, which is as long as
nothing comes or goes. Whoever types a second word, or turns a page, asks the same again; getting over a frequent word takes 2 ms.
"""

_SEEK = text(
    "WITH RECURSIVE found(term, n) AS ("
    " SELECT (SELECT term FROM search_fts_terms WHERE term >= :first LIMIT 1), 1 UNION ALL"
    " SELECT (SELECT term FROM search_fts_terms WHERE term >= found.term || ' ' LIMIT 1), n + 1"
    " FROM found WHERE term < :end AND n <= :most"
    ") SELECT term FROM found WHERE term < :end"
)


def words_beginning(db: Session, beginning: str) -> list[str] | None:
    """The words that begin so, in order; None if they are more than `MOST_WORDS`, or if that is only a letter. `beginning`: ASCII letters or digits,
    perhaps behind a mark.
    """
    first, database = beginning.lower(), str(db.connection().engine.url.database)
    if len(first) == 1:
        return None  # nearly always too many, and each of them may be long to get over
    too_many, known = _too_many.setdefault(database, set()), _known_now(db, database)
    if first in too_many:
        return None
    if first in known:
        return known[first]
    end = first[:-1] + chr(ord(first[-1]) + 1)
    found = [row[0] for row in db.connection().execute(_SEEK, {"first": first, "end": end, "most": MOST_WORDS})]
    if len(found) <= MOST_WORDS:
        known[first] = found
        return found
    too_many.add(first)
    return None


def _known_now(db: Session, database: str) -> dict[str, list[str]]:
    """What was found before and still holds."""
    noted = averages(db)
    before, known = _known.get(database, (b"", {}))
    if before != noted or len(known) > _MOST_KNOWN:
        known = {}
        _known[database] = (noted, known)
    return known


def match_beginning(db: Session, word: str, mark: str = "") -> tuple[str, bool]:
    """(a word that is perhaps half typed as an FTS5 expression, whether FTS5 answers it quickly). `mark`: only where it
    stands behind this mark.
    """
    whole = match_word(word, prefix=True, mark=mark)
    *before, last = parts_of(word) or [""]
    last = plain(last)
    if not whole.endswith("*") or not last.isascii() or number_of_documents(db) < recent.LARGE:
        return whole, True
    words = words_beginning(db, mark + last)
    if words is None:
        return whole, False
    named = [phrase([*(mark + part for part in before), one]) for one in words]
    return f"({' OR '.join(named)})" if named else whole, True


_SCANNED = 4_000
_BETWEEN = text(
    "SELECT rowid FROM search_fts WHERE search_fts MATCH :match AND rowid BETWEEN :first AND :last ORDER BY rowid LIMIT :most"
)
_EACH = text(
    "SELECT f.rowid FROM json_each(:rowids) j CROSS JOIN search_fts f ON f.rowid = j.value WHERE search_fts MATCH :match"
)


def documents_with(db: Session, match: str, rowids: Sequence[int]) -> set[int]:
    """Which of a few hundred documents fit an FTS5 expression.

    Asking for one document takes FTS5 as long as walking hundreds, so what lies between the first and the last is walked,
    unless that is too much.
    """
    if not rowids:
        return set()
    line, wanted = db.connection(), sorted(rowids)
    values = {"match": match, "first": wanted[0], "last": wanted[-1], "most": _SCANNED}
    walked = [row[0] for row in line.execute(_BETWEEN, values)]
    found = set(walked).intersection(wanted)
    if len(walked) == _SCANNED:
        left = json.dumps([rowid for rowid in wanted if rowid > walked[-1]])
        found.update(row[0] for row in line.execute(_EACH, {"match": match, "rowids": left}))
    return found


_NOTED = "SELECT block FROM {}_data WHERE id = 1"


def averages(db: Session, table: str = "search_fts") -> bytes:
    """What FTS5 notes of an index: how many documents, and how many words in each column. It changes with each document."""
    found = driver(db.connection()).execute(_NOTED.format(table)).fetchone()
    return b"" if found is None else bytes(found[0])


def number_of_documents(db: Session, table: str = "search_fts") -> int:
    """How many documents there are, as FTS5 notes it for itself: the first number of its record of averages, seven bits a
    byte. Counting them would read them all.
    """
    number = 0
    for byte in averages(db, table):
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number


_FREQUENT = 20_000
_HOW_OFTEN = text("SELECT count(*) FROM (SELECT 1 FROM search_fts WHERE search_fts MATCH :match LIMIT :most)")
_THOSE = text(
    "SELECT j.value FROM json_each(:words) j WHERE (SELECT v.term FROM search_fts_terms v WHERE v.term >= j.value LIMIT 1) = j.value"
)


def frequency(db: Session, word: str, *, prefix: bool = False) -> int:
    """In how many documents a word stands, counted up to 20,000. `prefix`: also words that begin so."""
    values = {"match": match_word(word, prefix=prefix), "most": _FREQUENT}
    return int(db.connection().execute(_HOW_OFTEN, values).scalar_one())


def words_among(db: Session, words: Sequence[str]) -> list[str]:
    """Those of some hundred words, folded as the index folds them, that it knows."""
    return [row[0] for row in db.connection().execute(_THOSE, {"words": json.dumps(list(words))})]
