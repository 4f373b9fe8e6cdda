"""Keeping the words of a large desk (`app.index.parts`) true: all of them once in a while, those of new documents at once.

Reading all words takes FTS5 some seconds for a million messages. So it is done in pieces, between which everybody else has
their turn, and only when a fiftieth more documents have come; until then the words of new ones are read from their texts.
"""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.conversations.recent_index import words_of
from app.index import parts
from app.index.queries import number_of_documents
from app.index.words import plain
from app.kernel.database.transaction import Tx

AT_ONCE: Final = 4_000
"""Words that are read between two looks at who else wants something."""

STEP: Final = 20
"""Documents whose words are learnt in one transaction."""

_SHARE: Final = 50
_WORD: Final = re.compile(r"[^\W_]+")
_MOST_WAITING: Final = 5_000
"""With so many documents waiting (a history that is brought in), all words are read again instead."""
_THOSE: Final = "SELECT rowid, kind, key, fields FROM search_doc WHERE rowid IN ({})"


class Stocktaking:
    """Reads all words of an index, some at a time; each time may be another session."""

    def __init__(self) -> None:
        self._words: list[str] | None = None
        self._documents = 0
        self._waited: frozenset[int] = frozenset()

    def is_due(self, db: Session) -> bool:
        """Has the desk become large, or grown much since stock was taken? Or was it begun?"""
        if self._words is not None:
            return True
        documents, line = number_of_documents(db), db.connection()
        if documents < parts.SMALL:
            return False
        before = parts.stock(line)
        return before is None or documents > before + before // _SHARE or len(parts.waiting(line) or ()) > _MOST_WAITING

    def begin(self, tx: Tx) -> None:
        """What comes from now on waits to be learnt."""
        if self._words is None:
            self._waited = frozenset(parts.waiting(tx.connection()) or ())
            parts.begin(tx.connection())
            self._words, self._documents = [], number_of_documents(tx)

    def step(self, db: Session) -> bool:
        """Read some more; True when all were read."""
        assert self._words is not None
        first = self._words[-1] + "\0" if self._words else ""
        some = parts.some_words(db.connection(), first, AT_ONCE)
        self._words += some
        return len(some) < AT_ONCE

    def keep(self, tx: Tx) -> None:
        """Store what was read; the next time begins anew."""
        parts.take_stock(tx.connection(), parts.joined(self._words or ()), self._documents, self._waited)
        self._words = None


def learn_words(tx: Tx) -> int:
    """Learn the words of some documents that wait; 0 when there are none, else 1."""
    line = tx.connection()
    places = parts.waiting(line)
    if not places:
        return 0
    some = places[:STEP]
    rows = line.exec_driver_sql(_THOSE.format(", ".join("?" * len(some))), tuple(some)).all()
    documents = words_of(tx, [(row[0], row[1], UUID(bytes=row[2]), row[3]) for row in rows])
    texts = " ".join(str(one[column]) for one in documents for column in ("title", "body", "people", "extra"))
    parts.learn(line, _WORD.findall(plain(texts).lower()), places[STEP:])
    return 1
