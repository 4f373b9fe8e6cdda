"""Search as a person types. Newest first: the index is walked from its end and left as soon as enough is found, so a
common word costs no more than a rare one; nothing is ranked over the whole desk and nothing is capped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.language import Query, Term, parse
from app.index.words import kind_word, match_word
from app.kernel import clock
from app.search.filters import Filter

_PAGE = 256
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: a ticket (by its subject, tags or one of its messages), or a customer.

    `snippet` holds the words around the first match. `score`: 2 when the title has it, 1 when the text has it.
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


def search(db: Session, typed: str, *, limit: int = 50, me: UUID | None = None) -> tuple[Hit, ...]:
    """The newest `limit` tickets, and customers by name or address, for what was typed. Raises QueryError."""
    query = parse(typed)
    if not query:
        return ()
    words = [term.value for term in query.words if not term.negated]
    rows = _matching(db, query, limit, me)
    customers = _customers(db, query, limit) if words and len(words) == len(query.groups) else []
    return tuple([*customers, *_ticket_hits(db, rows, words)][:limit])


def ticket_ids(db: Session, typed: str, *, limit: int | None = None, me: UUID | None = None) -> tuple[UUID, ...]:
    """Ids of the tickets that fit, newest message first. An empty query is every ticket that is not in the Bin."""
    query = parse(typed)
    if any(not term.negated for term in query.words):
        return tuple(row.ticket for row in _matching(db, query, limit, me))
    filters = Filter(me, clock.now())
    where = filters.where(query)
    sql = f"SELECT t.id FROM ticket t WHERE {where} ORDER BY t.last_message_at DESC LIMIT :limit"
    filters.values["limit"] = -1 if limit is None else limit
    return tuple(UUID(bytes=row[0]) for row in db.connection().execute(text(sql), filters.values))


@dataclass(frozen=True, slots=True)
class _Match:
    ticket: UUID
    kind: str
    key: UUID


def _matching(db: Session, query: Query, limit: int | None, me: UUID | None) -> list[_Match]:
    """The best document of each fitting ticket, newest first, each ticket once."""
    found: dict[UUID, _Match] = {}
    for match in _walk(db, query, me):
        found.setdefault(match.ticket, match)
        if limit is not None and len(found) >= limit:
            break
    return list(found.values())


def _walk(db: Session, query: Query, me: UUID | None) -> Iterator[_Match]:
    filters = Filter(me, clock.now())
    where = filters.where(query)
    phrase = _phrase(query)
    filters.values |= {"page": _PAGE}
    if not phrase:
        if any(not term.negated for term in query.words):
            return  # only signs that no index knows
        sql = f"SELECT t.id, 'ticket', t.id FROM ticket t WHERE {where} ORDER BY t.last_message_at DESC"
        for row in db.connection().execute(text(sql), filters.values):
            yield _Match(UUID(bytes=row[0]), row[1], UUID(bytes=row[2]))
        return
    sql = (
        "SELECT t.id, d.kind, d.key, f.rowid FROM search_fts f"
        " CROSS JOIN search_doc d ON d.rowid = f.rowid"
        " LEFT JOIN placement p ON p.id = d.key AND p.deleted_at IS NULL"
        " JOIN ticket o ON o.id = coalesce(p.ticket, d.ticket)"
        " JOIN ticket t ON t.id = coalesce(o.merged_into, o.id)"
        f" WHERE search_fts MATCH :phrase AND f.rowid < :before AND {where} ORDER BY f.rowid DESC LIMIT :page"
    )
    before = 1 << 62
    while True:
        rows = db.connection().execute(text(sql), filters.values | {"phrase": phrase, "before": before}).fetchall()
        for row in rows:
            yield _Match(UUID(bytes=row[0]), row[1], UUID(bytes=row[2]))
        if len(rows) < _PAGE:
            return
        before = rows[-1][3]


def _phrase(query: Query, columns: str = "") -> str:
    """The free words as one FTS5 expression; the last word also as the beginning of words, since it is being typed."""
    words = [term for term in query.words if not term.negated]
    parts = [match_word(term.value, prefix=not term.is_phrase) for term in words]
    joined = " AND ".join(part for part in parts if part)
    return f"{{{columns}}} : ({joined})" if columns and joined else joined


def _ticket_hits(db: Session, matches: Sequence[_Match], words: Sequence[str]) -> list[Hit]:
    tickets = _rows(
        db,
        "SELECT t.id, t.number, t.subject, t.snippet, t.customer, t.last_message_at, coalesce(c.name, '') AS who"
        " FROM ticket t LEFT JOIN customer c ON c.id = t.customer WHERE t.id IN ({})",
        [match.ticket for match in matches],
    )
    texts = _rows(
        db,
        "SELECT id, text FROM message WHERE id IN ({})",
        [match.key for match in matches if match.kind == "message"],
    )
    hits = []
    for match in matches:
        row = tickets.get(match.ticket)
        if row is None:
            continue
        body = texts[match.key].text if match.key in texts else row.snippet
        in_title = any(word.casefold() in row.subject.casefold() for word in words)
        hits.append(
            Hit(
                "ticket",
                match.ticket,
                row.number,
                UUID(bytes=row.customer) if row.customer else None,
                row.subject,
                row.who,
                around(body, words),
                2.0 if in_title else 1.0,
                clock.from_us(row.last_message_at),
            )
        )
    return hits


def _customers(db: Session, query: Query, limit: int) -> list[Hit]:
    phrase = _phrase(query)
    if not phrase:
        return []
    sql = text(
        "SELECT c.id, c.name, c.created_at, (SELECT i.handle FROM identity i WHERE i.customer = c.id ORDER BY i.created_at"
        " LIMIT 1) AS handle FROM search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid"
        " JOIN customer c ON c.id = d.key WHERE search_fts MATCH :phrase AND d.kind = 'customer'"
        " AND c.deleted_at IS NULL AND c.merged_into IS NULL ORDER BY f.rowid DESC LIMIT :limit"
    )
    # The index itself keeps to customers: the words of a common name stand in very many mails.
    only = f'({_phrase(query, "title people")}) AND {{extra}} : "{kind_word("customer")}"'
    values = {"phrase": only, "limit": min(limit, 5)}
    return [
        Hit("customer", None, None, UUID(bytes=row.id), row.name or row.handle or "", row.handle or "",
            row.handle or "", 2.0, clock.from_us(row.created_at))
        for row in db.connection().execute(sql, values)
    ]  # fmt: skip


def around(body: str, words: Sequence[str]) -> str:
    """About 120 characters of `body` around the first of `words`, in one line."""
    flat = re.sub(r"\s+", " ", body).strip()
    folded = flat.casefold()
    places = [place for word in words if (place := folded.find(word.casefold())) >= 0]
    start = max(0, min(places, default=0) - _AROUND)
    if start:
        start = flat.find(" ", start) + 1 or start
    piece = flat[start : start + 2 * _AROUND + 20]
    return ("… " if start else "") + piece + (" …" if start + len(piece) < len(flat) else "")


def _rows(db: Session, sql: str, keys: Sequence[UUID]) -> dict[UUID, Any]:
    """Rows by id, asked for in one statement a few hundred at a time."""
    found: dict[UUID, Any] = {}
    for at in range(0, len(keys), 500):
        some = {f"k{n}": key.bytes for n, key in enumerate(keys[at : at + 500])}
        names = ", ".join(f":{name}" for name in some)
        for row in db.connection().execute(text(sql.format(names)), some):
            found[UUID(bytes=row[0])] = row
    return found


def words_of(typed: str) -> tuple[str, ...]:
    """The free words of a query, to mark them where they are shown."""
    terms: tuple[Term, ...] = parse(typed).words
    return tuple(term.value for term in terms if not term.negated)
