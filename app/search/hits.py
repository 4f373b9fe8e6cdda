"""What a search shows of a ticket or a customer it found: the words around the first place where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.index.queries import match_beginning
from app.index.words import CUSTOMER, match_word
from app.kernel import clock
from app.search.marking import around, first_place, marked_words
from app.search.question import Wanted
from app.search.walking import Match


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: a ticket (by its subject, tags or one of its messages or files), or a customer.

    `snippet` holds the words around the first match, `file` the name of the file that has them. `score`: 2 when the title has
    a word, 1 when only the text does. `message`: which message it is, to show it at once. `at`: when that was written.
    """

    kind: str
    ticket: UUID | None
    number: int | None
    customer: UUID | None
    title: str
    who: str
    snippet: str
    score: float
    at: datetime
    message: UUID | None = None
    file: str = ""
    within: bool = False
    """Does a word stand only within another one?"""


_TICKETS = (
    "SELECT t.id, t.number, t.subject, t.snippet, t.customer, t.last_message_at, coalesce(c.name, '') AS who"
    " FROM ticket t LEFT JOIN customer c ON c.id = t.customer WHERE t.id IN ({})"
)
_MESSAGES = "SELECT id, text, occurred_at FROM message WHERE id IN ({})"
_FILES = (
    "SELECT a.id, a.filename, a.message, x.text, m.occurred_at FROM attachment a JOIN message m ON m.id = a.message"
    " LEFT JOIN file_text x ON x.attachment = a.id WHERE a.id IN ({})"
)
_NAMES = (
    "SELECT a.message, group_concat(a.filename, char(10)) AS names FROM attachment a WHERE a.message IN ({}) GROUP BY 1"
)


def ticket_hits(db: Session, matches: Sequence[Match], question: Wanted) -> tuple[Hit, ...]:
    """The tickets that were found, in their order."""
    keys = [(match, match.ticket.bytes, match.key.bytes) for match in matches]
    letters = [key for match, _, key in keys if match.kind == "message"]
    tickets, messages = _rows(db, _TICKETS, [ticket for _, ticket, _ in keys]), _rows(db, _MESSAGES, letters)
    names = _rows(db, _NAMES, letters)
    files = _rows(db, _FILES, [key for match, _, key in keys if match.kind == "file"])
    return tuple(
        _hit(match, row, messages.get(key), files.get(key), names.get(key), question)
        for match, ticket, key in keys
        if (row := tickets.get(ticket)) is not None
    )


def _hit(match: Match, row: Any, message: Any, file: Any, names: Any, question: Wanted) -> Hit:
    words, phrases = marked_words(question.words, within=match.within), question.phrases
    body, name, at = row.snippet, "", row.last_message_at
    if file is not None:
        body, name, at = file.text or file.filename, file.filename, file.occurred_at
    elif message is not None:
        body, at = message.text, message.occurred_at
        name = _file_named(names.names if names is not None else "", words, phrases)
    in_title = first_place(row.subject, words, phrases) >= 0
    return Hit(
        "ticket",
        match.ticket,
        row.number,
        UUID(bytes=row.customer) if row.customer else None,
        row.subject,
        row.who,
        around(body, words, phrases),
        2.0 if in_title else 1.0,
        clock.from_us(at),
        UUID(bytes=file.message) if file is not None else match.key if message is not None else None,
        name,
        match.within,
    )


def _file_named(names: str, words: Sequence[str], phrases: Sequence[str]) -> str:
    """The first of a message's files whose name has a word that is looked for."""
    each = names.split("\n") if names else []
    return next((name for name in each if first_place(name, words, phrases) >= 0), "")


# -- customers

_ANSWER = (
    "SELECT c.id, c.name, c.created_at, (SELECT i.handle FROM identity i WHERE i.customer = c.id ORDER BY i.created_at"
    " LIMIT 1) AS handle FROM {source} WHERE {where} AND c.deleted_at IS NULL AND c.merged_into IS NULL"
    " ORDER BY {order} DESC LIMIT :limit"
)
_INDEXED = "search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid JOIN customer c ON c.id = d.key"
_NEWEST = "(SELECT max(rowid) - 500 FROM customer)"
"""For a letter or two, enough to be offered are mostly found among those who came last."""

_BEGINS = (
    "(c.name LIKE :begins{0} ESCAPE '\\' OR c.name LIKE :within{0} ESCAPE '\\' OR EXISTS"
    " (SELECT 1 FROM identity i WHERE i.customer = c.id AND i.handle LIKE :begins{0} ESCAPE '\\'))"
)


def customer_hits(db: Session, question: Wanted, limit: int) -> tuple[Hit, ...]:
    """Customers whose name, addresses or organisation have all the words; those that came last first."""
    marked = [
        (match_word(word, prefix=False, mark=CUSTOMER), True)
        if word in question.phrases
        else match_beginning(db, word, CUSTOMER)
        for word in question.words
    ]
    if not all(quick for _, quick in marked) and len(newest := _newest_customers(db, question.words, limit)) == limit:
        return newest
    where = "search_fts MATCH :match AND d.kind = 'customer'"
    values = {"match": " AND ".join(match for match, _ in marked), "limit": limit}
    return _customers(db, _ANSWER.format(source=_INDEXED, where=where, order="f.rowid"), values)


def _newest_customers(db: Session, words: Sequence[str], limit: int) -> tuple[Hit, ...]:
    """Those of the newest customers whose name or address begins so."""
    values: dict[str, object] = {"limit": limit}
    named = [f"c.rowid > {_NEWEST}"]
    for number, word in enumerate(words):
        values |= {f"begins{number}": f"{_escaped(word)}%", f"within{number}": f"% {_escaped(word)}%"}
        named.append(_BEGINS.format(number))
    return _customers(db, _ANSWER.format(source="customer c", where=" AND ".join(named), order="c.rowid"), values)


def _customers(db: Session, sql: str, values: dict[str, object]) -> tuple[Hit, ...]:
    return tuple(
        Hit("customer", None, None, UUID(bytes=row.id), row.name or row.handle or "", row.handle or "",
            row.handle or "", 2.0, clock.from_us(row.created_at))
        for row in db.connection().exec_driver_sql(sql, values)
    )  # fmt: skip


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(db: Session, sql: str, keys: Sequence[bytes]) -> dict[bytes, Any]:
    """Rows by id, asked for in one statement a few hundred at a time."""
    found: dict[bytes, Any] = {}
    for at in range(0, len(keys), 500):
        some = tuple(keys[at : at + 500])
        rows = db.connection().exec_driver_sql(sql.format(", ".join("?" * len(some))), some).all()
        found.update((row[0], row) for row in rows)
    return found
