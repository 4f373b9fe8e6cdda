"""Looking through the newest texts themselves for half a word that stands for very many words, for as long as that pays.

FTS5 merges everything under such a beginning, however few hits are wanted: 0.15 µs a document that has it, a tenth of a second for
a letter on a desk of a million. Reading a text costs some thirty times as much, but only until a page is full. So some of the
newest are read, and from how many of them fit follows what is cheaper from there on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from app.index.words import plain
from app.search.belonging import Document
from app.search.question import Wanted
from app.search.scopes import Scope

LOOK: Final = 33
"""What reading a text costs, beside one document more for FTS5 to merge."""

SAMPLE: Final = 100
MOST: Final = 1_000
"""Texts that are read at a time: at first, and later."""

_OF_MESSAGE: Final = "(SELECT {0} FROM message m WHERE m.id = d.key)"
_TEXTS: Final = {
    Scope.SUBJECT: "CASE d.kind WHEN 'ticket' THEN (SELECT t.subject FROM ticket t WHERE t.id = d.key)"
    f" ELSE {_OF_MESSAGE.format('m.subject')} END, NULL",
    Scope.PEOPLE: _OF_MESSAGE.format("m.sender || ' ' || m.\"to\" || ' ' || m.cc") + ", NULL",
    Scope.CONVERSATION: _OF_MESSAGE.format("CASE WHEN m.direction <> 'internal' THEN m.text END") + ", NULL",
    Scope.ALL: "CASE d.kind WHEN 'ticket' THEN d.fields WHEN 'file' THEN (SELECT a.filename || ' ' || x.text FROM attachment a"
    " JOIN file_text x ON x.attachment = a.id WHERE a.id = d.key) ELSE "
    + _OF_MESSAGE.format("m.subject || ' ' || m.sender || ' ' || m.\"to\" || ' ' || m.cc || char(10) || m.text")
    + " END, CASE WHEN d.kind = 'message' THEN"
    " (SELECT group_concat(n.filename, ' ') FROM attachment n WHERE n.message = d.key) END",
}
"""What stands in a document, by where one looks: only what its kind needs is read."""

_EVERY: Final = (
    "SELECT d.rowid, d.kind, d.key, d.ticket, {texts} FROM search_doc d"
    " WHERE d.ticket IS NOT NULL AND d.rowid < :place AND d.rowid >= :since ORDER BY d.rowid DESC LIMIT :size"
)
_AMONG: Final = (
    "SELECT d.rowid, d.kind, d.key, d.ticket, {texts} FROM search_fts f CROSS JOIN search_doc d ON d.rowid = f.rowid"
    " WHERE search_fts MATCH :others AND d.ticket IS NOT NULL AND f.rowid < :place AND f.rowid >= :since"
    " ORDER BY f.rowid DESC LIMIT :size"
)
_THOSE: Final = "SELECT d.rowid, {texts} FROM search_doc d WHERE d.rowid IN ({those})"


def begins_somewhere(text: str, beginning: str) -> bool:
    """Does a word of `text` begin so? A pattern would take many times as long."""
    place = text.find(beginning)
    while place > 0 and text[place - 1].isalnum():
        place = text.find(beginning, place + 1)
    return place >= 0


class Look:
    """One look through the texts of a desk with so many documents."""

    def __init__(self, line: Connection, wanted: Wanted, documents: int) -> None:
        self._line, self._wanted, self._documents = line, wanted, documents
        self._read = self._fit = 0

    def block(self, below: int, need: int) -> tuple[list[Document], int | None]:
        """(those of the next documents below a place that fit, the place of the last one read; None behind the oldest).
        `need`: how many are still wanted.
        """
        wanted, size = self._wanted, self._size(need)
        sql = (_AMONG if wanted.others else _EVERY).format(texts=_TEXTS[wanted.scope])
        values = {"others": wanted.others, "place": below, "since": wanted.since, "size": size}
        read = self._line.exec_driver_sql(sql, values).all()
        fit = [(row[0], row[1], row[2], row[3]) for row in read if self._fits(row[4], row[5])]
        self._read += len(read)
        self._fit += len(fit)
        return fit, read[-1][0] if len(read) == size else None

    def among(self, places: Sequence[int]) -> set[int]:
        """Those of some hundred documents that fit."""
        sql = _THOSE.format(texts=_TEXTS[self._wanted.scope], those=", ".join("?" * len(places)))
        read = self._line.exec_driver_sql(sql, tuple(places)).all()
        return {row[0] for row in read if self._fits(row[1], row[2])}

    def is_worth(self, need: int) -> bool:
        """Is reading on until so many more fit cheaper than letting FTS5 merge all that there are?"""
        share = (self._fit + 1) / (self._read + 1)
        return need * LOOK <= self._documents * share * share

    def _size(self, need: int) -> int:
        if not self._read:
            return SAMPLE
        return min(MOST, max(SAMPLE, math.ceil(need * self._read / (self._fit + 1))))

    def _fits(self, text: str | None, more: str | None) -> bool:
        words = f"{text}\n{more}" if text and more else text or more or ""
        folded = words.lower() if words.isascii() else plain(words).lower()
        return all(begins_somewhere(folded, one) for one in self._wanted.begun)
