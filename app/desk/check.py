"""`deskbell check`: is everything that was promised still true? Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.desk.desk import Desk
from app.inbox.queries import ledger
from app.kernel.blobs import BlobRef
from app.kernel.soundness import integrity
from app.kernel.tables import Blob, Counter
from app.tickets.queries import recount


def problems(desk: Desk) -> list[str]:
    """What is wrong with database, packs, index, counters and ledger, one sentence each; empty when all is well."""
    blobs = desk.ask(_blobs)
    found = list(integrity(desk.workspace.database, desk.workspace.packs, blobs))
    found += desk.ask(_index_problems)
    found += desk.ask(_counter_problems)
    found += [
        f"{line.unaccounted} mails of {line.mailbox}, {line.folder}, have no line in the ledger."
        for line in desk.ask(ledger)
        if line.unaccounted
    ]
    return found


def _blobs(db: Session) -> list[tuple[str, BlobRef]]:
    rows: Iterator[Blob] = iter(db.scalars(select(Blob)))
    return [(row.id.hex, BlobRef(row.pack, row.offset, row.length, row.sha256)) for row in rows]


def _index_problems(db: Session) -> list[str]:
    missing = db.execute(
        text(
            "SELECT count(*) FROM message m WHERE m.ticket IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM search_doc d WHERE d.kind = 'message' AND d.key = m.id)"
        )
    ).scalar()
    return [f"{missing} messages are not in the search index."] if missing else []


def _counter_problems(db: Session) -> list[str]:
    kept = {row.name: row.value for row in db.scalars(select(Counter))}
    counted = recount(db)
    return [
        f"The counter {name} says {kept.get(name, 0)}, but there are {value}."
        for name, value in sorted(counted.items())
        if kept.get(name, 0) != value
    ]
