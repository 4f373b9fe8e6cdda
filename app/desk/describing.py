"""Says what a copy of a desk's database is and holds, by plain SQL: the copy may be of another revision, or damaged."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from app import VERSION
from app.kernel import clock
from app.kernel.files.integrity import connect
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.description import About, Described, Source, clean


def source_of(place: Workspace) -> Source:
    """A workspace as what is to be backed up."""
    return Source(place.database, place.arrivals, place.packs, VERSION, describe)


def describe(database: Path) -> Described:
    """What a copy is. Never raises for what cannot be read: that is left out."""
    try:
        with contextlib.closing(connect(database)) as db:
            revision = _one(db, "SELECT version_num FROM alembic_version")
            workspace = _one(db, "SELECT value FROM meta WHERE key = 'workspace'")
            return Described(clean(revision), clean(workspace), _about(db))
    except sqlite3.Error:
        return Described("", "", About())


def workspace_of(database: Path) -> str:
    """The desk's own id, without looking at anything else; "" for what cannot be read."""
    try:
        with contextlib.closing(connect(database)) as db:
            return clean(_one(db, "SELECT value FROM meta WHERE key = 'workspace'"))
    except sqlite3.Error:
        return ""


def is_empty(database: Path) -> bool:
    """Has nobody worked here yet, so that there is nothing to keep? What cannot be read is not empty."""
    if not database.exists():
        return True
    try:
        with contextlib.closing(connect(database)) as db:
            counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _SIGNS_OF_WORK]  # noqa: S608 - ours
    except sqlite3.Error:
        return False
    return not any(counts)


_SIGNS_OF_WORK = ("agent", "mailbox", "ticket", "message", "customer", "draft")


def _about(db: sqlite3.Connection) -> About:
    name = _one(db, "SELECT value FROM setting WHERE key = 'desk_name'")
    newest = _one(db, "SELECT max(occurred_at) FROM message")
    return About(
        clean(json.loads(name) if name else ""),
        _list(db, "SELECT name FROM agent ORDER BY id LIMIT 20"),
        _list(db, "SELECT address FROM mailbox WHERE deleted_at IS NULL ORDER BY id LIMIT 20"),
        int(_one(db, "SELECT count(*) FROM ticket WHERE deleted_at IS NULL") or 0),
        int(_one(db, "SELECT count(*) FROM message") or 0),
        int(_one(db, "SELECT count(*) FROM customer WHERE deleted_at IS NULL") or 0),
        clock.from_us(newest) if newest else None,
    )


def _one(db: sqlite3.Connection, statement: str) -> Any:
    try:
        row = db.execute(statement).fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row else None


def _list(db: sqlite3.Connection, statement: str) -> tuple[str, ...]:
    try:
        return tuple(clean(row[0]) for row in db.execute(statement))
    except sqlite3.Error:
        return ()
