"""Walking the index from its newest document backwards, some documents at a time, and left as soon as a page is full.

The cost depends on how much is shown, not on how common a word is. Documents become tickets in one question for each block:
where a message lies now, what its ticket was merged into, whether the ticket fits the other conditions. Where such conditions
let hardly anything through, a page ends before it is full (`MOST_LOOKED_AT`), and says where the next one goes on: whoever shows
it can show what is there, and nobody waits for all or nothing.

A word of a letter or two stands for so many words that FTS5 would merge them for long. It begins some word of nearly every
letter, so that the newest texts themselves are looked at first, for as long as that is worth while.

Where hardly any ticket fits the other conditions, asking for them block by block is the long way: then all that fit are asked for
once, and the walk goes on in strides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.index.queries import documents_with
from app.index.words import plain
from app.search.asking import Scope, Wanted
from app.search.excluding import has_placements, tickets_with

MOST_LOOKED_AT: Final = 1_500
"""Tickets that a page looks at before it ends, full or not."""

MOST_READ: Final = 60_000
"""Documents that a page reads in strides before it ends."""

_SOME: Final = 200
_SELDOM: Final = 10
"""Strides begin when of so many tickets, and more than some, hardly one in so many fits."""

_STRIDE: Final = 10_000
_FEW: Final = 500
"""So few tickets that fit are looked at themselves, instead of all documents that have the words."""

_END: Final = 2**62
_LOOK, _INDEX, _DONE = 0, 1, 2
_LEAST, _MOST = 60, 1_000
_WORTH: Final = 10
_WORTH_OF_A_LETTER: Final = 40
"""Looking through goes on while at least one document of so many fits: for a letter alone, FTS5 takes longest."""


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket, and the newest of its documents that fits; `place` is where that stands."""

    ticket: UUID
    kind: str
    key: UUID
    place: int


@dataclass(frozen=True, slots=True)
class After:
    """Where a search goes on: the stage, the place up to which everything was looked at, and what was found so far."""

    stage: int = _LOOK
    place: int = _END
    key: bytes = b"\xff" * 16
    seen: frozenset[UUID] = field(default_factory=frozenset)


_FOUND: Final = "search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid"
_DOCS: Final = (
    f"SELECT f.rowid, d.kind, d.key, d.ticket FROM {_FOUND}"
    " WHERE search_fts MATCH ? AND f.rowid < ? AND f.rowid >= ? ORDER BY f.rowid DESC LIMIT ?"
)
_DOCS_OF: Final = (
    "SELECT d.rowid, d.kind, d.key, d.ticket FROM search_doc d WHERE d.ticket IN ({those}) AND d.rowid < ?"
)
_OF_MESSAGE: Final = "(SELECT {0} FROM message m WHERE m.id = d.key)"
_TEXTS: Final = {
    Scope.SUBJECT: f"CASE d.kind WHEN 'ticket' THEN (SELECT t.subject FROM ticket t WHERE t.id = d.key)"
    f" ELSE {_OF_MESSAGE.format('m.subject')} END",
    Scope.PEOPLE: _OF_MESSAGE.format("m.sender || ' ' || m.\"to\" || ' ' || m.cc"),
    Scope.CONVERSATION: _OF_MESSAGE.format("CASE WHEN m.direction <> 'internal' THEN m.text END"),
    Scope.ALL: "CASE d.kind WHEN 'ticket' THEN d.fields WHEN 'file' THEN (SELECT a.filename || ' ' || x.text FROM attachment a"
    " JOIN file_text x ON x.attachment = a.id WHERE a.id = d.key) ELSE "
    + _OF_MESSAGE.format("m.subject || ' ' || m.sender || ' ' || m.\"to\" || ' ' || m.cc || char(10) || m.text")
    + " END, CASE WHEN d.kind = 'message' THEN"
    " (SELECT group_concat(n.filename, ' ') FROM attachment n WHERE n.message = d.key) END",
}
"""What stands in a document, by where one looks: only what its kind needs is read."""

_LOOKED = (
    "SELECT d.rowid, d.kind, d.key, d.ticket, {texts} FROM {source}"
    " WHERE {match} d.ticket IS NOT NULL AND {order} < :place AND {order} >= :since ORDER BY {order} DESC LIMIT :size"
)
_TICKETS = (
    "SELECT t.last_message_at, 'ticket', t.id, t.id FROM ticket t WHERE {where}"
    " AND (t.last_message_at, t.id) < (:place, :key) ORDER BY t.last_message_at DESC, t.id DESC LIMIT :size"
)
_LIVING = (
    "SELECT o.id, t.id FROM ticket o LEFT JOIN ticket n ON n.id = o.merged_into LEFT JOIN ticket q ON q.id = n.merged_into"
    " JOIN ticket t ON t.id = coalesce(q.merged_into, n.merged_into, o.merged_into, o.id)"
    " WHERE o.id IN ({those}) AND {where}"
)
_PLACES = (
    "SELECT p.id, p.ticket FROM placement p WHERE p.deleted_at IS NULL AND p.id IN ({those}) UNION ALL"
    " SELECT a.id, p.ticket FROM attachment a JOIN placement p ON p.id = a.message AND p.deleted_at IS NULL"
    " WHERE a.id IN ({those})"
)

MERGED = "SELECT id, merged_into FROM ticket WHERE merged_into IS NOT NULL"

_Row = tuple[int, str, bytes, bytes | None]
"""Place, kind, key and ticket of a document, as the index has them."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Some documents in their order, and where the next ones begin."""

    rows: Sequence[_Row]
    next: After


def living_ticket(ticket: bytes, merged: dict[bytes, bytes]) -> bytes:
    """What a ticket has become by merging."""
    for _ in range(20):
        if ticket not in merged:
            break
        ticket = merged[ticket]
    return ticket


def begins_somewhere(text: str, beginning: str) -> bool:
    """Does a word of `text` begin so? A pattern would take many times as long."""
    if f" {beginning}" in text or text.startswith(beginning):
        return True
    place = text.find(beginning)
    while place > 0 and text[place - 1].isalnum():
        place = text.find(beginning, place + 1)
    return place >= 0


class Walk:
    """One walk through what fits a question, page by page."""

    def __init__(self, db: Session, wanted: Wanted, after: After | None = None) -> None:
        self._db, self._wanted = db, wanted
        self._line: Connection = db.connection()
        self._at = after or After(_LOOK if wanted.begun else _INDEX)
        self._seen = set(self._at.seen)
        self._unfit: set[bytes] = set()
        self._looked_at = self._read_so_far = 0
        self._fitting: set[bytes] | None = None
        self._merged: dict[bytes, bytes] = {}
        self._is_placed = has_placements(db)

    def begin(self, seen: frozenset[UUID]) -> After:
        """The place before the first document, when some tickets are shown already."""
        return replace(self._at, seen=seen)

    def page(self, limit: int) -> tuple[list[Match], After | None]:
        """The next tickets, at most `limit`, and where the page after them begins; None behind the last."""
        found: list[Match] = []
        at, size = self._at, max(_LEAST, 3 * limit)
        while at.stage != _DONE and len(found) < limit and not self._is_enough():
            begun, block = at, self._read(at, size)
            self._read_so_far += len(block.rows)
            at, room = block.next, limit - len(found)
            matches = self._resolved(block.rows)
            found += matches[:room]
            if len(matches) >= room:
                last = matches[room - 1]
                at = After(begun.stage, last.place, last.key.bytes)
            size = min(_MOST, size * 2)
            if self._wanted.fitting and self._looked_at > _SOME and len(found) * _SELDOM < self._looked_at:
                size = self._stride()
        self._seen.update(match.ticket for match in found)
        self._at = After(at.stage, at.place, at.key, frozenset(self._seen))
        return found, None if at.stage == _DONE else self._at

    def _is_enough(self) -> bool:
        if self._fitting is not None:
            return self._read_so_far >= MOST_READ
        return self._looked_at >= MOST_LOOKED_AT

    def _stride(self) -> int:
        """Know all tickets that fit from now on; the number of documents to read at a time."""
        if self._fitting is None and self._wanted.match:
            fitting = self._line.execute(text(self._wanted.fitting), self._wanted.fitting_values)
            self._fitting = {row[0] for row in fitting}
            self._merged = {row[0]: row[1] for row in self._line.exec_driver_sql(MERGED)}
        return _STRIDE if self._fitting is not None else _MOST

    # -- documents in their order

    def _read(self, at: After, size: int) -> _Block:
        if not self._wanted.match:
            sql = _TICKETS.format(where=self._wanted.where)
            rows = self._rows(sql, place=at.place, key=at.key, size=size)
            return _Block(rows, _behind(rows, at.stage, size))
        if self._fitting is not None and len(self._fitting) <= _FEW and not self._is_placed:
            return _Block(self._of_few(at.place), After(_DONE))
        if at.stage == _LOOK:
            return self._look_through(at, size)
        found = self._line.exec_driver_sql(_DOCS, (self._wanted.match, at.place, self._wanted.since, size))
        rows = [(row[0], row[1], row[2], row[3]) for row in found]
        return _Block(rows, _behind(rows, at.stage, size))

    def _of_few(self, below: int) -> list[_Row]:
        """The documents that have the words among those of the few tickets that fit."""
        few = self._fitting or set()
        homes = few | {home for home in self._merged if living_ticket(home, self._merged) in few}
        sql = _DOCS_OF.format(those=", ".join("?" * len(homes)))
        rows = {row[0]: tuple(row) for row in self._line.exec_driver_sql(sql, (*homes, below))}
        having = documents_with(self._db, self._wanted.match, list(rows))
        return [rows[place] for place in sorted(having, reverse=True)]

    def _look_through(self, at: After, size: int) -> _Block:
        """Those of the next documents in whose texts the half-typed words are."""
        wanted = self._wanted
        if wanted.others:
            source, match, order = _FOUND, "search_fts MATCH :others AND", "f.rowid"
        else:
            source, match, order = "search_doc d", "", "d.rowid"
        sql = _LOOKED.format(texts=_TEXTS[wanted.scope], source=source, match=match, order=order)
        values = {"others": wanted.others, "place": at.place, "since": wanted.since, "size": size}
        read = self._line.execute(text(sql), values).all()
        rows: list[_Row] = []
        for row in read:
            words = plain("\n".join(part for part in row[4:] if part)).lower()
            if all(begins_somewhere(words, one) for one in wanted.begun):
                rows.append((row[0], row[1], row[2], row[3]))
        behind = _behind(read, at.stage, size)
        worth = _WORTH_OF_A_LETTER if min(map(len, wanted.begun)) == 1 else _WORTH
        if behind.stage == _LOOK and len(rows) * worth < len(read):
            behind = After(_INDEX, behind.place)
        return _Block(rows, behind)

    # -- documents become tickets

    def _resolved(self, rows: Sequence[_Row]) -> list[Match]:
        """The tickets of documents that fit and were not found before, each once, in the order of the documents."""
        homes = self._homes(rows)
        living = self._living({home for home in homes if home is not None and home not in self._unfit})
        found: list[Match] = []
        known: set[bytes] = set()
        for row, home in zip(rows, homes, strict=True):
            ticket = living.get(home) if home is not None else None
            if ticket is not None and ticket not in known:
                known.add(ticket)
                if (key := UUID(bytes=ticket)) not in self._seen:
                    found.append(Match(key, row[1], UUID(bytes=row[2]), row[0]))
        return found

    def _homes(self, rows: Sequence[_Row]) -> list[bytes | None]:
        """The ticket in which each document lies now."""
        if not self._is_placed or not self._wanted.match or not rows:
            return [row[3] for row in rows]
        keys = [row[2] for row in rows]
        sql = _PLACES.format(those=", ".join("?" * len(keys)))
        moved = {row[0]: row[1] for row in self._line.exec_driver_sql(sql, (*keys, *keys))}
        return [moved.get(row[2], row[3]) for row in rows]

    def _living(self, homes: set[bytes]) -> dict[bytes, bytes]:
        """For each ticket that fits, or was merged into one that fits, the one that it is now."""
        self._looked_at += len(homes)
        if not homes:
            return {}
        wanted = self._wanted
        if self._fitting is not None:
            living = {home: ticket for home in homes if (ticket := living_ticket(home, self._merged)) in self._fitting}
        elif wanted.match:
            names = {f"o{number}": home for number, home in enumerate(homes)}
            sql = _LIVING.format(those=", ".join(f":{name}" for name in names), where=wanted.where)
            living = {row[0]: row[1] for row in self._rows(sql, **names)}
        else:
            living = {home: home for home in homes}
        excluded = tickets_with(self._db, set(living.values()), wanted.without)
        living = {home: ticket for home, ticket in living.items() if ticket not in excluded}
        self._unfit.update(homes - living.keys())
        return living

    def _rows(self, sql: str, **values: Any) -> list[Any]:
        return list(self._line.execute(text(sql), self._wanted.values | values))


def _behind(rows: Sequence[Any], stage: int, size: int) -> After:
    """Where reading goes on after `rows`; nowhere if there were fewer than asked for."""
    if len(rows) < size:
        return After(_DONE)
    return After(stage, rows[-1][0], rows[-1][2])
