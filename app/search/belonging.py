"""Which documents belong to a ticket: its own, those of tickets that were merged into it, and what was moved to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.index.queries import documents_with
from app.kernel.database.bulk import driver

Document = tuple[int, str, bytes, bytes | None]
"""Place, kind, key and ticket of a document, as the index has them."""

_HOMES: Final = (
    "WITH RECURSIVE home(id, ticket) AS (SELECT id, id FROM ticket WHERE id IN ({0})"
    " UNION SELECT o.id, h.ticket FROM home h CROSS JOIN ticket o ON o.merged_into = h.id)"
)
_OWN: Final = "SELECT d.rowid, d.kind, d.key, h.ticket FROM home h CROSS JOIN search_doc d ON d.ticket = h.id"
_STAYED: Final = " WHERE NOT EXISTS (SELECT 1 FROM placement p WHERE p.id = {0} AND p.deleted_at IS NULL)"
_MOVED: Final = (
    " UNION ALL SELECT d.rowid, d.kind, d.key, h.ticket FROM home h CROSS JOIN placement p ON p.ticket = h.id"
    " CROSS JOIN search_doc d ON d.kind = 'message' AND d.key = p.id WHERE p.deleted_at IS NULL"
    " UNION ALL SELECT d.rowid, d.kind, d.key, h.ticket FROM home h CROSS JOIN placement p ON p.ticket = h.id"
    " CROSS JOIN attachment a ON a.message = p.id CROSS JOIN search_doc d ON d.kind = 'file' AND d.key = a.id"
    " WHERE p.deleted_at IS NULL"
)
_OF_WHAT: Final = "coalesce((SELECT a.message FROM attachment a WHERE d.kind = 'file' AND a.id = d.key), d.key)"


def has_placements(db: Session) -> bool:
    """Does any message lie elsewhere than where it came?"""
    return driver(db.connection()).execute("SELECT 1 FROM placement LIMIT 1").fetchone() is not None


def documents_of(db: Session, tickets: Collection[bytes]) -> dict[int, Document]:
    """All documents of some hundred tickets by their places, each with the ticket it belongs to now."""
    sql = _HOMES.format(", ".join("?" * len(tickets))) + _OWN
    if has_placements(db):
        sql += _STAYED.format(_OF_WHAT) + _MOVED
    found: Sequence[Document] = db.connection().exec_driver_sql(sql, tuple(tickets)).all()
    return {row[0]: row for row in found}


_FIT: Final = (
    "WITH RECURSIVE fit(id) AS (SELECT id FROM ({0} LIMIT :most)), home(id) AS (SELECT id FROM fit"
    " UNION SELECT o.id FROM home h CROSS JOIN ticket o ON o.merged_into = h.id)"
)
_NEWEST_OWN: Final = (
    " SELECT (SELECT count(*) FROM fit), max(place) FROM (SELECT (SELECT max(d.rowid) FROM search_doc d"
    " WHERE d.ticket = h.id AND d.rowid < :below) AS place FROM home h"
)
_NEWEST_MOVED: Final = (
    " UNION ALL SELECT d.rowid FROM placement p CROSS JOIN search_doc d ON d.kind = 'message' AND d.key = p.id"
    " WHERE p.ticket IN (SELECT id FROM home) AND d.rowid < :below"
    " UNION ALL SELECT d.rowid FROM placement p CROSS JOIN attachment a ON a.message = p.id"
    " CROSS JOIN search_doc d ON d.kind = 'file' AND d.key = a.id"
    " WHERE p.ticket IN (SELECT id FROM home) AND d.rowid < :below"
)


def newest_place(db: Session, fitting: str, values: dict[str, object], below: int, most: int) -> int | None:
    """Behind no later place than this stands a document of the tickets that `fitting` selects; 0 where none does at all,
    None if there are `most` tickets or more, to look at which would take too long.
    """
    sql = _FIT.format(fitting) + _NEWEST_OWN + (_NEWEST_MOVED if has_placements(db) else "") + ")"
    asked = values | {"below": below, "most": most}
    count, place = db.connection().exec_driver_sql(sql, asked).one()
    return None if count >= most else place or 0


def tickets_with(db: Session, tickets: Collection[bytes], matches: Sequence[str]) -> set[bytes]:
    """Those of some hundred tickets in which one of the FTS5 expressions is found, in whatever document: what `-word` takes
    away.
    """
    if not tickets or not matches:
        return set()
    documents = documents_of(db, tickets)
    found = documents_with(db, " OR ".join(matches), list(documents))
    return {ticket for place in found if (ticket := documents[place][3]) is not None}
