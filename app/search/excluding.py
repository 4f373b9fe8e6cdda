"""Which tickets have a word in any of their documents: what `-word` takes away."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from app.index.queries import documents_with

_OWN = (
    "SELECT d.rowid, coalesce(o.merged_into, o.id) FROM ticket o CROSS JOIN search_doc d ON d.ticket = o.id"
    " WHERE {which} AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.id = d.key AND p.deleted_at IS NULL)"
)
_PLACED = (
    "SELECT d.rowid, coalesce(o.merged_into, o.id) FROM ticket o CROSS JOIN placement p ON p.ticket = o.id"
    " CROSS JOIN search_doc d ON d.kind = 'message' AND d.key = p.id WHERE {which} AND p.deleted_at IS NULL"
)


def has_placements(db: Session) -> bool:
    """Does any message lie elsewhere than where it came?"""
    return db.connection().exec_driver_sql("SELECT 1 FROM placement LIMIT 1").first() is not None


def tickets_with(db: Session, tickets: Collection[bytes], matches: Sequence[str]) -> set[bytes]:
    """Those of a few hundred tickets in which one of the FTS5 expressions is found, in whatever document."""
    if not tickets or not matches:
        return set()
    marks = ", ".join("?" * len(tickets))
    line = db.connection()
    documents: dict[int, bytes] = {}
    for sql in (_OWN, _PLACED) if has_placements(db) else (_OWN,):
        for which in (f"o.id IN ({marks})", f"o.merged_into IN ({marks})"):
            documents.update((row[0], row[1]) for row in line.exec_driver_sql(sql.format(which=which), tuple(tickets)))
    found = documents_with(db, " OR ".join(matches), list(documents))
    return {documents[rowid] for rowid in found}
