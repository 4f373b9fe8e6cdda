"""Putting documents into the search index and taking them out, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text

from app.index.tables import SearchDoc
from app.index.words import kind_word, spaced
from app.kernel.bulk import Bulk
from app.kernel.rows import insert_rows
from app.kernel.store import Tx

_INSERT = Bulk(
    text("INSERT INTO search_fts(rowid, title, body, people, extra) VALUES (:rowid, :title, :body, :people, :extra)")
)
_FORGET = text(
    "INSERT INTO search_fts(search_fts, rowid, title, body, people, extra)"
    " VALUES ('delete', :rowid, :title, :body, :people, :extra)"
)
_CHANGEABLE = frozenset({"ticket", "customer"})


@dataclass(frozen=True, slots=True)
class Doc:
    """One document: kind `message`, `ticket` or `customer`, and its words by field.

    `title`: subject or name; `body`: the text; `people`: names and addresses; `extra`: tags, numbers, file names.
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


def put(tx: Tx, docs: Sequence[Doc], *, fresh: bool = False) -> None:
    """Index `docs`, replacing what was indexed of changeable ones. A message is put once, when it is written.

    `fresh`: none of them was ever indexed, so that there is nothing to look for and forget.
    """
    if not docs:
        return
    changeable = [] if fresh else [doc for doc in docs if doc.kind in _CHANGEABLE]
    for doc in changeable:
        _forget_changeable(tx, doc.kind, doc.key)
    rowid = _next_rowid(tx, len(docs))
    rows = []
    words = []
    for number, doc in enumerate(docs, rowid):
        fields = _fields(doc)
        words.append(dict(zip(("title", "body", "people", "extra"), fields, strict=True)) | {"rowid": number})
        rows.append(
            {
                "rowid": number,
                "kind": doc.kind,
                "key": doc.key,
                "ticket": doc.ticket,
                "customer": doc.customer,
                "fields": fields if doc.kind in _CHANGEABLE else None,
                "occurred_at": doc.occurred_at or tx.now,
            }
        )
    insert_rows(tx, SearchDoc, rows)
    waiting = tx.unwritten(_INSERT)
    waiting.update(enumerate(words, len(waiting)))


def remove(tx: Tx, kind: str, key: UUID, doc: Doc | None = None) -> None:
    """Forget a document. For a message, `doc` must say the words that were put: the index does not keep them."""
    if kind in _CHANGEABLE:
        _forget_changeable(tx, kind, key)
        return
    rowid = tx.execute(select(SearchDoc.rowid).where(SearchDoc.kind == kind, SearchDoc.key == key)).scalar()
    if rowid is None or doc is None:
        return
    _forget(tx, rowid, _fields(doc))


def _fields(doc: Doc) -> list[str]:
    """The words of a document by field; those of changeable kinds say their kind, see `kind_word`."""
    extra = spaced(doc.extra)
    if doc.kind in _CHANGEABLE:
        extra = f"{extra} {kind_word(doc.kind)}".lstrip()
    return [spaced(doc.title), spaced(doc.body), spaced(doc.people), extra]


def _forget_changeable(tx: Tx, kind: str, key: UUID) -> None:
    row = tx.execute(
        select(SearchDoc.rowid, SearchDoc.fields).where(SearchDoc.kind == kind, SearchDoc.key == key)
    ).one_or_none()
    if row is not None:
        _forget(tx, row.rowid, row.fields)


def _forget(tx: Tx, rowid: int, fields: list[str]) -> None:
    values = dict(zip(("title", "body", "people", "extra"), fields, strict=True))
    tx.connection().execute(_FORGET, {"rowid": rowid, **values})
    tx.execute(delete(SearchDoc).where(SearchDoc.rowid == rowid))


def _next_rowid(tx: Tx, count: int) -> int:
    """The first of `count` fresh row ids; read once a transaction."""
    following = tx.info.get("search_rowid")
    if following is None:
        following = (tx.connection().execute(text("SELECT coalesce(max(rowid), 0) FROM search_doc")).scalar() or 0) + 1
    tx.info["search_rowid"] = following + count
    return int(following)
