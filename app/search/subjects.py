"""Which tickets could have a part of a word in their subject: what keeps `subject:lamp` from looking at every subject of the desk.

The index knows which words begin so, and the list of all words which have it within (`app.index.parts`). What was indexed a moment
ago and is not learnt yet is taken as well. So all that have it are among them, and the subjects themselves decide.
"""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy.orm import Session

from app.index import recent
from app.index.parts import SHORTEST, stock, waiting, words_within
from app.index.queries import number_of_documents, words_beginning
from app.index.words import parts_of, phrase
from app.kernel.database.bulk import driver
from app.search.scopes import Scope, within

MOST: Final = 500
"""Of more tickets than this many fit, so that they are found soon."""

_TITLED: Final = (
    "SELECT d.key FROM search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid"
    " WHERE search_fts MATCH ? AND d.kind = 'ticket' LIMIT ?"
)
_NEW: Final = "SELECT d.key FROM json_each(?) j CROSS JOIN search_doc d ON d.rowid = j.value WHERE d.kind = 'ticket'"


def tickets_titled(db: Session, part: str) -> list[bytes] | None:
    """The ids of all tickets that may have `part` in their subject; None where that cannot be told, or they are too many."""
    if not part.isascii() or len(part) < SHORTEST or parts_of(part) != [part]:
        return None
    line, sought = db.connection(), part.lower()
    unlearnt = waiting(line)
    if unlearnt is None or stock(line) is None or number_of_documents(db) < recent.LARGE:
        return None
    begun, others = words_beginning(db, sought), words_within(db, sought)
    if begun is None or others is None:
        return None
    found: list[bytes] = []
    if words := [*begun, *others]:
        match = within(" OR ".join(phrase([word]) for word in words), Scope.SUBJECT)
        found = [row[0] for row in driver(line).execute(_TITLED, (match, MOST + 1))]
    if len(found) > MOST:
        return None
    return found + [row[0] for row in driver(line).execute(_NEW, (json.dumps(unlearnt),))]
