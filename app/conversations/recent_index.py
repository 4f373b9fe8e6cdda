"""Filling the index of the newest documents (`app.index.recent`), a step at a time, from what is stored.

What comes in later stands there at once. So a step is only needed when a desk has become large, and after some thousand
documents more, when that index is begun anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.conversations.completing import stored_doc
from app.conversations.filetexts import file_docs
from app.conversations.tables import Message
from app.index import recent
from app.index.commands import fields_of, words_at
from app.index.queries import number_of_documents
from app.kernel.database.transaction import Tx

STEP: Final = 20
"""Documents that a step reads and writes: some hundredths of a second."""

_LARGE_NOW: Final = "search_fts_lately"
_NEXT: Final = "SELECT rowid, kind, key, fields FROM search_doc WHERE rowid < ? ORDER BY rowid DESC LIMIT ?"


def keep_recent(tx: Tx) -> int:
    """Bring the index of the newest documents a step nearer to what it should be; 0 when it is, else 1."""
    line = tx.connection()
    since = recent.since(line)
    if since is None:
        if number_of_documents(tx) < recent.LARGE:
            return 0
        recent.begin(line)
        return 1
    held = number_of_documents(tx, _LARGE_NOW)
    if held > recent.MOST:
        recent.begin(line)
        return 1
    if since == 0 or held >= recent.KEPT:
        return 0
    rows = line.exec_driver_sql(_NEXT, (since, STEP)).all()
    words = words_of(tx, [(row[0], row[1], UUID(bytes=row[2]), row[3]) for row in reversed(rows)])
    recent.reach(line, rows[-1][0] if len(rows) == STEP else 0, words)
    return 1


def words_of(tx: Tx, rows: Sequence[tuple[int, str, UUID, str | None]]) -> list[dict[str, Any]]:
    """The words of documents, as the whole index got them."""
    letters = [key for _, kind, key, _ in rows if kind == "message"]
    stored = tx.scalars(select(Message).where(Message.id.in_(letters))).all()
    docs = [stored_doc(tx, row) for row in stored]
    docs += file_docs(tx, [key for _, kind, key, _ in rows if kind == "file"])
    found = {doc.key: fields_of(doc) for doc in docs}
    for row in stored:
        tx.expunge(row)
    each = ((place, json.loads(kept) if kept else found.get(key)) for place, _, key, kept in rows)
    return [words_at(place, words) for place, words in each if words is not None]
