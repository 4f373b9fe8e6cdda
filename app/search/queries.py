"""Search as a person types. Newest first: the index is walked from its end and left as soon as enough is found, so a
common word costs no more than a rare one; nothing is ranked over the whole desk and nothing is capped. A word half typed is
asked for as the words that begin so (`app.index.queries`); where they are too many, the newest texts are looked at first.
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
from app.index.queries import match_beginning
from app.index.words import CUSTOMER, match_word, plain
from app.kernel import clock
from app.search.filters import Filter

_LOOKED_THROUGH = 500
"""Documents whose texts are looked at for a word of a letter or two."""

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
    parts = _parts(db, query)
    rows = _matching(db, query, parts, limit, me)
    customers = _customers(db, parts, limit) if words and len(words) == len(query.groups) else []
    return tuple([*customers, *_ticket_hits(db, rows, words)][:limit])


def ticket_ids(db: Session, typed: str, *, limit: int | None = None, me: UUID | None = None) -> tuple[UUID, ...]:
    """Ids of the tickets that fit, newest message first. An empty query is every ticket that is not in the Bin."""
    query = parse(typed)
    if any(not term.negated for term in query.words):
        return tuple(row.ticket for row in _matching(db, query, _parts(db, query), limit, me))
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


def _matching(db: Session, query: Query, parts: Sequence[_Part], limit: int | None, me: UUID | None) -> list[_Match]:
    """The newest document of each fitting ticket, newest first, each ticket once."""
    found: dict[UUID, _Match] = {}
    wanted = _Wanted.of(query, parts, me)
    walks = [_look_through, _walk] if wanted.begun and limit is not None else [_walk]
    for walk in walks:
        for match in walk(db, wanted):
            found.setdefault(match.ticket, match)
            if limit is not None and len(found) >= limit:
                return list(found.values())
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A query made ready: the words as FTS5 wants them, the rest as SQL.

    `begun`: words that stand for so many words of the index (a letter or two) that FTS5 would take long over them; `others`
    are the rest then.
    """

    match: str
    where: str
    values: dict[str, object]
    others: str = ""
    begun: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, query: Query, parts: Sequence[_Part], me: UUID | None) -> _Wanted:
        """Make a query ready."""
        filters = Filter(me, clock.now())
        where = filters.where(query)
        others = " AND ".join(part for _, part, quick in parts if quick)
        joined = " AND ".join(part for _, part, _ in parts)
        begun = [re.compile(rf"(?<!\w){re.escape(plain(word))}", re.I) for word, _, quick in parts if not quick]
        return cls(joined, where, filters.values, others, tuple(begun))


_DOCUMENTS = (
    "SELECT t.id, d.kind, d.key{more} FROM {source}"
    " LEFT JOIN placement p ON p.id = d.key AND p.deleted_at IS NULL"
    " JOIN ticket o ON o.id = coalesce(p.ticket, d.ticket)"
    " JOIN ticket t ON t.id = coalesce(o.merged_into, o.id)"
)
_INDEXED = "search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid"


def _walk(db: Session, wanted: _Wanted) -> Iterator[_Match]:
    """All documents that fit, newest first. Rows come as they are asked for: whoever has enough just stops."""
    if wanted.match:
        sql = _DOCUMENTS.format(more="", source=_INDEXED)
        sql += f" WHERE search_fts MATCH :match AND {wanted.where} ORDER BY f.rowid DESC"
    else:
        sql = f"SELECT t.id, 'ticket', t.id FROM ticket t WHERE {wanted.where} ORDER BY t.last_message_at DESC"
    rows = db.connection().execute(text(sql), wanted.values | {"match": wanted.match})
    with rows:
        for row in rows:
            yield _Match(UUID(bytes=row[0]), row[1], UUID(bytes=row[2]))


def _look_through(db: Session, wanted: _Wanted) -> Iterator[_Match]:
    """Those that fit among the newest documents, by looking at their texts.

    A letter or two begin some word of nearly every letter, so that the newest hundreds give more than anybody reads. If
    they do not, the word is rare after all, and the index is quick enough.
    """
    more = ", coalesce(m.subject, t.subject), m.sender, m.text, d.fields"
    source, match, order = (
        (_INDEXED, "search_fts MATCH :match AND", "f") if wanted.others else ("search_doc d", "", "d")
    )
    sql = _DOCUMENTS.format(more=more, source=source) + " LEFT JOIN message m ON m.id = d.key"
    sql += f" WHERE {match} {wanted.where} ORDER BY {order}.rowid DESC LIMIT {_LOOKED_THROUGH}"
    rows = db.connection().execute(text(sql), wanted.values | {"match": wanted.others})
    with rows:
        for row in rows:
            words = plain("\n".join(part for part in row[3:] if part))
            if all(one.search(words) for one in wanted.begun):
                yield _Match(UUID(bytes=row[0]), row[1], UUID(bytes=row[2]))


_Part = tuple[str, str, bool]
"""A word, as FTS5 wants it, whether that is quick."""


def _parts(db: Session, query: Query) -> list[_Part]:
    """The free words, each also as the beginning of words, unless it was quoted."""
    parts: list[_Part] = []
    for term in query.words:
        if term.negated:
            continue
        match, quick = (
            (match_word(term.value, prefix=False), True) if term.is_phrase else match_beginning(db, term.value)
        )
        if match:
            parts.append((term.value, match, quick))
    return parts


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


def _customers(db: Session, parts: Sequence[_Part], limit: int) -> list[Hit]:
    if not parts:
        return []
    values: dict[str, object] = {"limit": min(limit, 5)}
    marked = [match_beginning(db, word, CUSTOMER) for word, _, _ in parts]
    if all(quick for _, quick in marked):
        values["match"] = " AND ".join(part for part, _ in marked)
        where = f"{_INDEXED} JOIN customer c ON c.id = d.key WHERE search_fts MATCH :match AND d.kind = 'customer'"
        order = "f.rowid"
    else:
        named = []
        for number, (word, _, _) in enumerate(parts):
            values |= {f"begins{number}": f"{_escaped(word)}%", f"within{number}": f"% {_escaped(word)}%"}
            named.append(_BEGINS.format(number))
        where, order = f"customer c WHERE c.rowid > {_NEWEST} AND {' AND '.join(named)}", "c.rowid"
    sql = (
        "SELECT c.id, c.name, c.created_at, (SELECT i.handle FROM identity i WHERE i.customer = c.id ORDER BY i.created_at"
        f" LIMIT 1) AS handle FROM {where} AND c.deleted_at IS NULL AND c.merged_into IS NULL"
        f" ORDER BY {order} DESC LIMIT :limit"
    )
    return [
        Hit("customer", None, None, UUID(bytes=row.id), row.name or row.handle or "", row.handle or "",
            row.handle or "", 2.0, clock.from_us(row.created_at))
        for row in db.connection().execute(text(sql), values)
    ]  # fmt: skip


_NEWEST = "(SELECT max(rowid) - 2000 FROM customer)"
"""For a letter or two, some of those who came last are enough to be offered."""

_BEGINS = (
    "(c.name LIKE :begins{0} ESCAPE '\\' OR c.name LIKE :within{0} ESCAPE '\\' OR EXISTS"
    " (SELECT 1 FROM identity i WHERE i.customer = c.id AND i.handle LIKE :begins{0} ESCAPE '\\'))"
)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


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
