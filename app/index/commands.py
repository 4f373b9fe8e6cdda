"""Putting documents into the search index and taking them out, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, text, update

from app.index import parts, recent
from app.index.places import free_places, place_of, set_free
from app.index.tables import SearchDoc
from app.index.words import fields
from app.kernel.database.bulk import Bulk
from app.kernel.database.transaction import Tx

_INSERT = Bulk(
    text("INSERT INTO search_fts(rowid, title, body, people, extra) VALUES (:rowid, :title, :body, :people, :extra)")
)
_FORGET = text(
    "INSERT INTO search_fts(search_fts, rowid, title, body, people, extra)"
    " VALUES ('delete', :rowid, :title, :body, :people, :extra)"
)
_CHANGEABLE = frozenset({"ticket", "customer"})
_COLUMNS = ("title", "body", "people", "extra")


@dataclass(frozen=True, slots=True)
class Doc:
    """One document: kind `message`, `file`, `ticket` or `customer`, and its words by field.

    `title`: subject or name; `body`: the text; `people`: names and addresses; `extra`: tags, numbers, file names, the
    organisation of a customer; `note`: a message that nobody but us reads. `words`: what `fields_of` would give, where
    somebody worked it out before; the fields themselves may be left out then.
    """

    kind: str
    key: UUID
    title: str = ""
    body: str = ""
    people: str = ""
    extra: str = ""
    ticket: UUID | None = None
    customer: UUID | None = None
    occurred_at: datetime | None = None
    note: bool = False
    words: list[str] | None = None


def put(tx: Tx, docs: Sequence[Doc], *, fresh: bool = False) -> None:
    """Index `docs`, replacing what was indexed of changeable ones. A message is put once, when it is written.

    `fresh`: none of them was ever indexed, so that there is nothing to look for and forget.
    """
    for doc in docs:
        if not fresh and doc.kind in _CHANGEABLE:
            _forget_changeable(tx, doc.kind, doc.key)
    waiting = tx.unwritten(_PUT)
    for doc in docs:
        waiting[doc.kind, doc.key] = {
            "kind": doc.kind,
            "key": doc.key,
            "ticket": doc.ticket,
            "customer": doc.customer,
            "occurred_at": doc.occurred_at or tx.now,
            "fields": fields_of(doc),
        }


def remove(tx: Tx, kind: str, key: UUID, doc: Doc | None = None) -> None:
    """Forget a document. For one that never changes, `doc` must say the words that were put: the index does not keep them."""
    if kind in _CHANGEABLE:
        _forget_changeable(tx, kind, key)
        return
    rowid = tx.execute(select(SearchDoc.rowid).where(SearchDoc.kind == kind, SearchDoc.key == key)).scalar()
    if rowid is None or doc is None:
        return
    _forget(tx, rowid, fields_of(doc))


def move(tx: Tx, keys: Sequence[UUID], ticket: UUID) -> None:
    """Documents of messages and files belong to another ticket now; their words stay as they are."""
    tx.execute(
        update(SearchDoc).where(SearchDoc.key.in_(keys), SearchDoc.kind.in_(("message", "file"))).values(ticket=ticket)
    )


class _Put(Bulk):
    """Documents that wait to be written get their places when all of them are known, so that one question finds what is
    taken, and FTS5 gets them in the order of their places: each one out of order would make it write a piece to the disk.
    """

    def write(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write the documents and their words."""
        rows = sorted(rows, key=lambda row: row["occurred_at"])
        places = free_places(connection, [place_of(row["occurred_at"]) for row in rows])
        docs, words = [], []
        for place, row in zip(places, rows, strict=True):
            words.append(words_at(place, row["fields"]))
            kept = row["fields"] if row["kind"] in _CHANGEABLE else None
            docs.append(row | {"rowid": place, "fields": kept})
        super().write(connection, docs)
        _INSERT.write(connection, words)
        recent.add(connection, words)
        parts.wait(connection, places)


_PUT = _Put(
    insert(SearchDoc.__table__),  # type: ignore[arg-type]
    ("rowid", "kind", "key", "ticket", "customer", "fields", "occurred_at"),
)


def words_at(place: int, words: Sequence[str]) -> dict[str, Any]:
    """What the index gets of a document that stands at a place."""
    return {"rowid": place, **dict(zip(_COLUMNS, words, strict=True))}


def fields_of(doc: Doc) -> list[str]:
    """The words of a document by column, as they are put."""
    return doc.words or fields(doc.kind, doc.title, doc.body, doc.people, doc.extra, note=doc.note)


def _forget_changeable(tx: Tx, kind: str, key: UUID) -> None:
    row = tx.execute(
        select(SearchDoc.rowid, SearchDoc.fields).where(SearchDoc.kind == kind, SearchDoc.key == key)
    ).one_or_none()
    if row is not None:
        _forget(tx, row.rowid, row.fields)


def _forget(tx: Tx, rowid: int, words: list[str]) -> None:
    values = words_at(rowid, words)
    tx.connection().execute(_FORGET, values)
    recent.forget(tx.connection(), values)
    tx.execute(delete(SearchDoc).where(SearchDoc.rowid == rowid))
    set_free(tx.connection(), rowid)
