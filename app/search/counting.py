"""How many tickets a search finds: exactly, in steps that take some hundredths of a second each, so that the number can be shown
while it grows and left as soon as nobody wants it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.search.belonging import has_placements
from app.search.question import Question, Wanted, in_full, inside, wanted
from app.search.walking import MERGED, After, Walk, living_ticket

STEP: Final = 20_000
"""Documents a step walks."""

_ALL_AT_ONCE: Final = 10_000_000
_PAGE: Final = 1_000
_START: Final = 2**62
_TICKETS = (
    "SELECT d.ticket, min(f.rowid), count(*) FROM (SELECT rowid FROM search_fts WHERE search_fts MATCH :match"
    " AND rowid < :place ORDER BY rowid DESC LIMIT :step) f CROSS JOIN search_doc d ON d.rowid = f.rowid GROUP BY d.ticket"
)
_BINNED = "SELECT id FROM ticket WHERE deleted_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tickets were counted so far, and whether that is all of them."""

    tickets: int
    is_done: bool


class Counting:
    """One count, step by step. Each step may be asked with another session; one after the other."""

    def __init__(self, asked: Question) -> None:
        self._asked = asked
        self._found: set[bytes] = set()
        self._fitting: set[bytes] | None = None
        self._gone: set[bytes] = set()
        self._merged: dict[bytes, bytes] = {}
        self._inside = ""
        self._place = _START
        self._after: After | None = None
        self._number = 0

    def step(self, db: Session) -> Tally:
        """Count some more. Raises QueryError."""
        question = in_full(db, wanted(db, self._asked))
        if question.match and not question.without and not has_placements(db):
            if self._place == _START:
                self._begin(db, question)
            return self._by_documents(db, question)
        if not question.match and not question.without:
            sql = f"SELECT count(*) FROM ticket t WHERE {question.where}"
            return Tally(int(db.connection().execute(text(sql), question.values).scalar_one()), True)
        found, self._after = Walk(db, question, self._after).page(_PAGE)
        self._number += len(found)
        return Tally(self._number, self._after is None)

    def _begin(self, db: Session, question: Wanted) -> None:
        """What decides which tickets count, read once."""
        line = db.connection()
        self._inside = inside(db, question) if question.within else ""
        self._merged = {row[0]: row[1] for row in line.exec_driver_sql(MERGED)}
        if question.is_free:
            self._gone = {row[0] for row in line.exec_driver_sql(_BINNED)}
        else:
            self._fitting = {row[0] for row in line.execute(text(question.fitting), question.fitting_values)}

    def _by_documents(self, db: Session, question: Wanted) -> Tally:
        """The tickets of all documents that have the words."""
        step = _ALL_AT_ONCE if question.begun else STEP  # FTS5 merges half a word anew for each step
        match = f"({question.match}) OR ({self._inside})" if self._inside else question.match
        values = {"match": match, "place": self._place, "step": step}
        rows = db.connection().execute(text(_TICKETS), values).all()
        self._place = min((row[1] for row in rows), default=0)
        for row in rows:
            ticket = row[0] if row[0] not in self._merged else living_ticket(row[0], self._merged)
            if ticket is not None and (ticket not in self._gone if self._fitting is None else ticket in self._fitting):
                self._found.add(ticket)
        return Tally(len(self._found), sum(row[2] for row in rows) < step)
