"""Walking the index from its newest document backwards, some documents at a time, and left as soon as a page is full.

The cost depends on how much is shown, not on how common a word is. Documents become tickets in one question for each block:
where a message lies now, what its ticket was merged into, whether the ticket fits the other conditions. Where such conditions
let hardly anything through, a page ends before it is full (`MOST_LOOKED_AT`), and says where the next one goes on: whoever shows
it can show what is there, and nobody waits for all or nothing.

A word of a letter or two stands for so many words that FTS5 would merge them for long. So the small index of the newest documents
is asked first (`app.index.recent`), which fills most pages; behind it the texts themselves are looked at for as long as that is
worth while (`app.search.scanning`). Behind all of these come the words that have what is looked for within them
(`app.index.parts`): whoever looks for `lampe` wants lamps first, then also “Stehlampe”.

Where only a few tickets fit the other conditions, walking to them is the long way: then the documents of those few are asked
whether they have the words. Where none of those looked at fits because all that fit are older, the walk leaps to the newest of
their documents.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.index import recent
from app.index.queries import documents_with, number_of_documents
from app.kernel.database.bulk import driver
from app.search.belonging import Document, documents_of, has_placements, newest_place, tickets_with
from app.search.question import Wanted, in_full, inside
from app.search.scanning import Look

MOST_LOOKED_AT: Final = 1_500
"""Tickets that a page looks at before it ends, full or not."""

_SOME: Final = 200
_SELDOM: Final = 10
"""When of so many tickets, and more than some, hardly one in so many fits, it is asked whether only a few fit at all."""

_LONG: Final = 1_000
"""When of so many tickets none fits, it is asked where the newest that fits could be."""

_FEW: Final = 500
"""So few tickets that fit are looked at themselves, instead of all documents that have the words."""

_MANY: Final = 60_000
"""Among so many tickets that fit, the newest document is not sought: it would take longer than walking to it."""

_AT_ONCE: Final = 300
"""Documents of such tickets that are asked at a time."""

_END: Final = 2**62
_LATELY, _LOOK, _INDEX, _WITHIN, _DONE = 0, 1, 2, 3, 4
_LEAST, _MOST = 40, 1_000
"""Documents that are read at a time. Reading on costs little, but each of them may be long to find where several words must be there."""

_SPARE: Final = 1.2
"""So many times as many as would do if as many fitted as up to then."""


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket, and the newest of its documents that fits; `place` is where that stands. `within`: a word only stands
    within another one there.
    """

    ticket: UUID
    kind: str
    key: UUID
    place: int
    within: bool = False


Few = Literal["unknown", "asked first", "no"]
"""Do only a few tickets fit the other conditions? It is not known yet; the next page finds out first; no."""


@dataclass(frozen=True, slots=True)
class After:
    """Where a search goes on: the stage, the place up to which everything was looked at, and what was found so far. `leaps`:
    it may pay to ask where the next ticket that fits could be. `few`: whether only a few tickets fit the other conditions.
    """

    stage: int = _LATELY
    place: int = _END
    key: bytes = b"\xff" * 16
    seen: frozenset[bytes] = field(default_factory=frozenset)
    leaps: bool = True
    few: Few = "unknown"


_DOCS: Final = (
    "SELECT f.rowid, d.kind, d.key, d.ticket FROM {0} f CROSS JOIN search_doc d ON d.rowid = f.rowid"
    " WHERE {0} MATCH ? AND f.rowid < ? AND f.rowid >= ? ORDER BY f.rowid DESC"
)
_ALL_DOCS: Final = _DOCS.format("search_fts")
_LATE_DOCS: Final = _DOCS.format("search_fts_lately")
_TICKETS = (
    "SELECT t.last_message_at, 'ticket', t.id, t.id FROM ticket t WHERE {where}"
    " AND (t.last_message_at, t.id) < (:place, :key) ORDER BY t.last_message_at DESC, t.id DESC LIMIT :size"
)
# Joined so that SQLite begins with the ids: an index that suits a condition would tempt it.
_LIVING = "WITH v(id) AS (VALUES {those}) SELECT t.id, t.id FROM v CROSS JOIN ticket t ON t.id = v.id WHERE {where}"
_MERGED_INTO = (
    "WITH v(id) AS (VALUES {those}) SELECT o.id, t.id FROM v CROSS JOIN ticket o ON o.id = v.id"
    " LEFT JOIN ticket n ON n.id = o.merged_into LEFT JOIN ticket q ON q.id = n.merged_into"
    " JOIN ticket t ON t.id = coalesce(q.merged_into, n.merged_into, o.merged_into)"
    " WHERE o.merged_into IS NOT NULL AND {where}"
)
_PLACES = (
    "SELECT p.id, p.ticket FROM placement p WHERE p.deleted_at IS NULL AND p.id IN ({those}) UNION ALL"
    " SELECT a.id, p.ticket FROM attachment a JOIN placement p ON p.id = a.message AND p.deleted_at IS NULL"
    " WHERE a.id IN ({those})"
)

MERGED = "SELECT id, merged_into FROM ticket WHERE merged_into IS NOT NULL"


@dataclass(frozen=True, slots=True)
class _Block:
    """Some documents in their order, and where the next ones begin."""

    rows: Sequence[Document]
    next: After


def living_ticket(ticket: bytes, merged: dict[bytes, bytes]) -> bytes:
    """What a ticket has become by merging."""
    for _ in range(20):
        if ticket not in merged:
            break
        ticket = merged[ticket]
    return ticket


class Fitting:
    """The tickets that fit the other conditions of a question, asked for once by all its walks."""

    def __init__(self, db: Session, wanted: Wanted) -> None:
        self._db, self._wanted = db, wanted
        self._known: tuple[int, int | None] | None = None

    def newest(self, below: int) -> int | None:
        """`newest_place` of them; None if they are too many."""
        if self._known is None or (self._known[1] is not None and not self._known[1] < below <= self._known[0]):
            place = newest_place(self._db, self._wanted.fitting, self._wanted.fitting_values, below, _MANY)
            self._known = (below, place)
        return self._known[1]

    @cached_property
    def documents(self) -> Sequence[Document] | None:
        """Their documents, from the newest to the oldest; None if more than a few tickets fit."""
        sql, values = f"{self._wanted.fitting} LIMIT {_FEW + 1}", self._wanted.fitting_values
        fitting = [row[0] for row in self._db.connection().exec_driver_sql(sql, values).all()]
        if len(fitting) > _FEW:
            return None
        documents = documents_of(self._db, fitting) if fitting else {}
        return [documents[place] for place in sorted(documents, reverse=True)]


class Walk:
    """One walk through what fits a question, page by page."""

    def __init__(self, db: Session, wanted: Wanted, after: After | None = None, fitting: Fitting | None = None) -> None:
        self._db, self._wanted = db, wanted
        self._fitting = fitting or Fitting(db, wanted)
        self._line: Connection = db.connection()
        self._driver = driver(self._line)
        self._recent = recent.since(self._line) if wanted.half else None
        self._at = after or After(_INDEX if not wanted.half else _LOOK if self._recent is None else _LATELY)
        self._seen, self._leaps = set(self._at.seen), self._at.leaps
        self._living_of: dict[bytes, bytes | None] = {}
        self._few: list[Document] | None = None
        self._reading: sqlite3.Cursor | None = None
        self._is_over = False
        is_limited = bool(wanted.fitting and wanted.match)
        self._is_few: Few = self._at.few if is_limited else "no"
        self._may_leap = is_limited and self._leaps
        self._is_placed = has_placements(db)
        self._is_merged = self._driver.execute(f"{MERGED} LIMIT 1").fetchone() is not None

    @cached_property
    def _whole(self) -> Wanted:
        """The question as the whole index is asked."""
        return in_full(self._db, self._wanted)

    @cached_property
    def _inside(self) -> str:
        """What finds words within others, as FTS5 wants it."""
        return inside(self._db, self._wanted)

    @cached_property
    def _look(self) -> Look | None:
        """The look through the texts, if words are sought that FTS5 would take long over."""
        return Look(self._line, self._whole, number_of_documents(self._db)) if self._whole.begun else None

    def begin(self, seen: frozenset[bytes]) -> After:
        """The place before the first document, when some tickets are shown already."""
        return replace(self._at, seen=seen)

    def page(self, limit: int, *, patient: bool = False) -> tuple[list[Match], After | None]:
        """The next tickets, at most `limit`, and where the page after them begins; None behind the last. Before what takes
        long, a page that has something ends, unless one is `patient`: the next one does it.
        """
        found: list[Match] = []
        at, size, read = self._at, max(_LEAST, math.ceil(_SPARE * limit)), 0
        while (at := self._beyond(at)).stage != _DONE and len(found) < limit:
            if (looked_at := len(self._living_of)) >= MOST_LOOKED_AT:
                break
            if self._is_few == "unknown" and looked_at > _SOME and len(found) * _SELDOM < looked_at:
                self._is_few = "asked first"
            if found and not patient and self._takes_long(at):
                break
            if self._is_few == "asked first":
                self._ask_for_few()
            if self._may_leap and looked_at > _LONG and not found:
                at = self._leap(at)
                if at.stage == _DONE:
                    continue
            begun, block, room = at, self._read(at, size, limit - len(found)), limit - len(found)
            matches, at = self._resolved(block.rows, room, is_within=begun.stage == _WITHIN), block.next
            found += matches
            if len(matches) == room:
                last = matches[-1]
                at = After(begun.stage, last.place, last.key.bytes)
            elif at.stage == _DONE and begun.stage == _WITHIN:
                self._is_over = True
            read += len(block.rows)
            enough = math.ceil(_SPARE * (limit - len(found)) * (read + 1) / (len(found) + 1))
            size = max(_LEAST, min(_MOST, size * 2, enough))
        self._stop_reading()
        few: Few = "asked first" if self._few is not None else self._is_few
        self._at = After(at.stage, at.place, at.key, frozenset(self._seen), self._leaps, few)
        return found, None if at.stage == _DONE else self._at

    def _beyond(self, at: After) -> After:
        """Behind the last document that has the words begin those that have them within others."""
        if at.stage != _DONE or self._is_over or not self._wanted.within or not self._inside:
            return at
        self._stop_reading()
        return After(_WITHIN)

    def _takes_long(self, at: After) -> bool:
        """Is it now to be asked whether only a few tickets fit, or FTS5 to merge all that begins with a letter or two?"""
        if self._is_few == "asked first":
            return True
        return at.stage == _INDEX and self._reading is None and bool(self._whole.begun)

    # -- documents in their order

    def _read(self, at: After, size: int, need: int) -> _Block:
        if not self._wanted.match:
            sql = _TICKETS.format(where=self._wanted.where)
            rows = self._rows(sql, place=at.place, key=at.key, size=size)
            return _Block(rows, _behind(rows, at.stage, size))
        if self._few is not None:
            return self._of_few(at)
        if at.stage == _WITHIN:
            return self._found(_ALL_DOCS, self._inside, at, self._wanted.since, size)
        if at.stage == _LATELY:
            return self._read_recent(at, size)
        if at.stage == _LOOK and self._look is not None:
            fit, last = self._look.block(at.place, need)
            if last is None:
                return _Block(fit, After(_DONE))
            return _Block(fit, After(_LOOK if self._look.is_worth(need - len(fit)) else _INDEX, last))
        return self._found(_ALL_DOCS, self._whole.match, at, self._wanted.since, size)

    def _read_recent(self, at: After, size: int) -> _Block:
        """Half a word among the newest documents. Where those end may have moved since the page before: what is asked
        here ends where they do now.
        """
        first = max(recent.END if self._recent is None else self._recent, self._wanted.since)
        block = self._found(_LATE_DOCS, self._wanted.match, at, first, size)
        return block if block.next.stage == _LATELY else _Block(block.rows, After(_LOOK, min(at.place, first)))

    def _found(self, sql: str, match: str, at: After, since: int, size: int) -> _Block:
        """The next documents that FTS5 finds. It is asked once, and goes on as far as is read: half a word is merged anew
        each time that it is asked.
        """
        if self._reading is None:
            self._reading = self._driver.execute(sql, (match, at.place, since))
        found: Sequence[Any] = self._reading.fetchmany(size)
        if len(found) < size:
            self._stop_reading()
        return _Block(found, _behind(found, at.stage, size))

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _leap(self, at: After) -> After:
        """To the newest document of all tickets that fit, if it is further back than the walk has come."""
        self._may_leap = False
        if self._few is not None:
            return at
        self._stop_reading()
        place = self._fitting.newest(at.place)
        self._leaps = place is not None and place < at.place - 1
        if not self._leaps or place is None:
            return at
        return After(_DONE) if place == 0 else replace(at, place=place + 1)

    def _ask_for_few(self) -> None:
        """If only a few tickets fit, the walk goes through their documents from now on."""
        self._is_few = "no"
        if (documents := self._fitting.documents) is not None:
            self._few = [row for row in documents if self._wanted.since <= row[0]]

    def _of_few(self, at: After) -> _Block:
        """Those that have the words among the next documents of the few tickets that fit."""
        some = [row for row in self._few or () if row[0] < at.place][:_AT_ONCE]
        places, whole = [row[0] for row in some], self._whole
        if at.stage == _WITHIN:
            having = documents_with(self._db, self._inside, places)
            return _Block([row for row in some if row[0] in having], _behind(some, at.stage, _AT_ONCE))
        if self._look is None or whole.others:
            having = documents_with(self._db, whole.others or whole.match, places)
            places = [place for place in places if place in having]
        having = set(places) if self._look is None else self._look.among(places)
        return _Block([row for row in some if row[0] in having], _behind(some, at.stage, _AT_ONCE))

    # -- documents become tickets

    def _resolved(self, rows: Sequence[Document], room: int, *, is_within: bool) -> list[Match]:
        """The tickets of documents that fit and were not found before, each once, in the order of the documents; at most
        `room`, which are found from now on.
        """
        found: list[Match] = []
        at = 0
        while at < len(rows) and len(found) < room:
            some = rows[at : at + max(_LEAST, 2 * (room - len(found)))]
            found += self._resolved_some(some, room - len(found), is_within)
            at += len(some)
        return found

    def _resolved_some(self, rows: Sequence[Document], room: int, is_within: bool) -> list[Match]:
        homes = self._homes(rows)
        living_of, seen = self._living_of, self._seen
        self._learn({home for home in homes if home is not None and home not in living_of})
        found: list[Match] = []
        for row, home in zip(rows, homes, strict=True):
            ticket = living_of[home] if home is not None else None
            if ticket is not None and ticket not in seen:
                seen.add(ticket)
                found.append(Match(UUID(bytes=ticket), row[1], UUID(bytes=row[2]), row[0], is_within))
                if len(found) == room:
                    break
        return found

    def _homes(self, rows: Sequence[Document]) -> list[bytes | None]:
        """The ticket in which each document lies now."""
        if not self._is_placed or not self._wanted.match or not rows:
            return [row[3] for row in rows]
        keys = [row[2] for row in rows]
        sql = _PLACES.format(those=", ".join("?" * len(keys)))
        moved = {row[0]: row[1] for row in self._driver.execute(sql, (*keys, *keys))}
        return [moved.get(row[2], row[3]) for row in rows]

    def _learn(self, homes: set[bytes]) -> None:
        """For each ticket that fits, or was merged into one that fits, the one that it is now; None for the others."""
        if not homes:
            return
        wanted = self._wanted
        if wanted.match:
            living = self._asked_of(_LIVING, homes)
            if self._is_merged and (others := homes - living.keys()):
                living |= self._asked_of(_MERGED_INTO, others)
        else:
            living = {home: home for home in homes}
        excluded = tickets_with(self._db, set(living.values()), wanted.without)
        for home in homes:
            ticket = living.get(home)
            self._living_of[home] = None if ticket in excluded else ticket

    def _asked_of(self, sql: str, homes: set[bytes]) -> dict[bytes, bytes]:
        names = {f"o{number}": home for number, home in enumerate(homes)}
        asked = sql.format(those=", ".join(f"(:{name})" for name in names), where=self._wanted.where)
        return {row[0]: row[1] for row in self._rows(asked, **names)}

    def _rows(self, sql: str, **values: Any) -> Sequence[Any]:
        rows: Sequence[Any] = self._driver.execute(sql, self._wanted.values | values).fetchall()
        return rows


def _behind(rows: Sequence[Any], stage: int, size: int) -> After:
    """Where reading goes on after `rows`; nowhere if there were fewer than asked for."""
    if len(rows) < size:
        return After(_DONE)
    return After(stage, rows[-1][0], rows[-1][2])
