"""Words by a part of them: `lampe` of “Stehlampe”, the middle of an order's number, a piece of a domain.

FTS5 knows words and how they begin, not what lies within them; an index of all pieces of all texts would be several times as
large as the texts. The words themselves are few: half a million of them, four megabytes, for a million messages, and looking
through these takes two milliseconds. So a large desk keeps all its words once more as one text, each in a line of its own
(`take_stock`), and the words that came since as a second one (`learn`); the engine keeps both true, a moment after mail has come
(`app.conversations.vocabulary`). A small desk asks the index itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.index.queries import averages, number_of_documents
from app.index.words import CUSTOMER
from app.kernel import ids
from app.kernel.database.bulk import driver

SHORTEST: Final = 4
"""Letters or digits of a part: fewer stand in too many words to mean anything."""

MOST: Final = 400
"""A part of more words than this is a syllable, and says nothing."""

SMALL: Final = 1_500
"""A desk of so many documents keeps nothing: its few thousand words are read within some milliseconds."""

_ALL, _NEW, _REACH, _WAIT = "search_words", "search_words_new", "search_words_reach", "search_words_wait"
_WAIT_FOR: Final = "UPDATE meta SET value = value || ? WHERE key = 'search_words_wait'"
_VALUE: Final = "SELECT value FROM meta WHERE key = ?"
_PUT: Final = text(
    "INSERT INTO meta(key, value) VALUES (:key, :value) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
)
_WORDS: Final = "SELECT term FROM search_fts_words WHERE term >= ? AND term < ? LIMIT ?"


@dataclass(slots=True)
class _Known:
    """All words as they were read last, what tells that they are still these, and what was found among them for the last parts: whoever
    types a second word, or turns a page, asks for the first one again.
    """

    stamp: object
    words: bytes
    within: dict[str, list[str] | None] = field(default_factory=dict)


_MOST_KNOWN: Final = 200
_known: dict[str, _Known] = {}
"""By database."""


def words_within(db: Session, part: str) -> list[str] | None:
    """The words that have `part` in them, but not at their beginning; None if they are too many. `part`: folded as the index
    folds it.
    """
    known = _all_words(db)
    if part not in known.within:
        if len(known.within) >= _MOST_KNOWN:
            known.within = {}
        known.within[part] = _sought(known.words, part.encode())
    return known.within[part]


def _sought(words: bytes, part: bytes) -> list[str] | None:
    found: list[str] = []
    at = words.find(part)
    while at >= 0:
        begin, end = words.rfind(b"\n", 0, at) + 1, words.find(b"\n", at)
        if begin < at:
            found.append(words[begin:end].decode())
            if len(found) > MOST:
                return None
        at = words.find(part, end)
    return list(dict.fromkeys(found))


def _all_words(db: Session) -> _Known:
    line = db.connection()
    database, is_small = str(line.engine.url.database), number_of_documents(db) < SMALL
    stamp: object = averages(db) if is_small else _value(line, _REACH)
    known = _known.get(database)
    if known is None or known.stamp != stamp:
        words = joined(some_words(line, "", -1)) if is_small else (_value(line, _ALL) + _value(line, _NEW)).encode()
        known = _known[database] = _Known(stamp, words)
    return known


def joined(words: Iterable[str]) -> bytes:
    """Words as they are looked through: each ends its line."""
    return "".join(f"{word}\n" for word in words).encode()


def some_words(line: Connection, first: str, most: int) -> list[str]:
    """The next words of the index from `first` on, in their order, without those behind a mark; `most` below 0: all of them."""
    return [row[0] for row in line.exec_driver_sql(_WORDS, (first, CUSTOMER, most))]


def wait(line: Connection, places: Iterable[int]) -> None:
    """The documents at these places were just put into the index: their words are to be learnt. Called for every mail."""
    driver(line).execute(_WAIT_FOR, (_places(places),))


def waiting(line: Connection) -> list[int] | None:
    """The places of the documents whose words are to be learnt; None where none are kept."""
    found = line.exec_driver_sql(_VALUE, (_WAIT,)).scalar()
    return None if found is None else [int(place) for place in found.split()]


def stock(line: Connection) -> int | None:
    """How many documents there were when stock was taken; None before."""
    found = _value(line, _REACH).split()
    return int(found[0]) if found else None


def begin(line: Connection) -> None:
    """Stock is going to be taken: what comes from now on waits. What waited before does so until it is."""
    _keep(line, _WAIT, _value(line, _WAIT))


def take_stock(line: Connection, words: bytes, documents: int, waited: Collection[int] = ()) -> None:
    """These are all words of all documents, so many, but of those that wait. `waited`: places of those that waited before it was
    begun; they do no longer.
    """
    left = [place for place in waiting(line) or () if place not in waited]
    _keep(line, _WAIT, _places(left))
    _keep(line, _ALL, words.decode())
    _keep(line, _NEW, "")
    _keep(line, _REACH, f"{documents} {ids.new_id().hex}")


def learn(line: Connection, words: Iterable[str], waiting: Sequence[int]) -> None:
    """These are all words of some documents that waited; `waiting`: the places of those that still do."""
    new, all_words = _value(line, _NEW), _value(line, _ALL).encode()
    known = set(new.split())
    came = [word for word in dict.fromkeys(words) if word not in known and not _is_in(all_words, word.encode())]
    if came:
        _keep(line, _NEW, new + joined(came).decode())
        _keep(line, _REACH, f"{stock(line) or 0} {ids.new_id().hex}")
    _keep(line, _WAIT, _places(waiting))


def _places(places: Iterable[int]) -> str:
    return "".join(f" {place}" for place in places)


def _is_in(words: bytes, word: bytes) -> bool:
    """Is a word among those in order?"""
    low, high = 0, len(words)
    while low < high:
        begin = words.rfind(b"\n", 0, (low + high) // 2) + 1
        end = words.find(b"\n", begin)
        here = words[begin:end]
        if here == word:
            return True
        if here < word:
            low = end + 1
        else:
            high = begin
    return False


def _keep(line: Connection, key: str, value: str) -> None:
    line.execute(_PUT, {"key": key, "value": value})


def _value(line: Connection, key: str) -> str:
    found = driver(line).execute(_VALUE, (key,)).fetchone()
    return "" if found is None else str(found[0])
