"""Is a database file what it should be? For our own after years on a disk, and for one that came from elsewhere.

A database from elsewhere can hold more than rows: triggers and views that act when somebody writes or reads, columns
that are computed, tables that are not ours. So its form is compared with ours before anything of it is used, on a
connection that trusts no schema and cannot write.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from app.kernel.files.blobs import BlobRef, Packs
from app.kernel.files.disk import StorageError

Form = frozenset[tuple[str, str, str, str]]
"""The form of a database: (type, name, table, SQL) of all that is in it."""

_PROBLEM_LIMIT = 100
_STEPS = 10_000
_OF_SQLITE = re.compile(r"sqlite_(sequence|stat1|stat4)")


def connect(database: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open to read only, without belief in the schema. Raises sqlite3.Error.

    `immutable`: nobody else writes to it; then not even a log beside it is looked for or made.
    """
    if not database.exists():
        msg = f"unable to open database file {database.name}"
        raise sqlite3.OperationalError(msg)
    uri = f"{database.absolute().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
    connection.text_factory = _lenient
    for setting in ("trusted_schema=OFF", "query_only=ON", "mmap_size=0"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _lenient(raw: bytes) -> str:
    """Messages of SQLite may quote what a damaged file holds."""
    return raw.decode("utf-8", "replace")


def form_of(connection: sqlite3.Connection) -> Form:
    """What tables, indexes, triggers and views a database has. Raises sqlite3.Error."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return frozenset(
        (str(kind), str(name), str(table), str(sql or ""))
        for kind, name, table, sql in rows
        if not (kind == "table" and _OF_SQLITE.fullmatch(str(name)))
    )


def examine(database: Path, ours: Form) -> list[str]:
    """Why a private file from elsewhere is not taken, in words; empty for one that is in order.

    What is wrong with the form is found before any of its rows is read.
    """
    try:
        with contextlib.closing(connect(database, immutable=True)) as connection:
            found = form_of(connection)
            strange = sorted(f"{kind} {name}" for kind, name, _, _ in found ^ ours)
            if strange:
                return [f"its form is not that of a Deskbell desk ({', '.join(strange[:3])})"]
            broken = _quick_check(connection)
            return broken or _foreign_keys(connection)
    except sqlite3.Error as error:
        return [str(error)]


def quick_check(database: Path, going: Callable[[], bool] | None = None) -> list[str]:
    """What SQLite finds wrong in a database file, at most 100 lines; empty for a sound one. Never raises for damage.

    `going` is asked now and then whether to go on; when it said no, what comes out says nothing.
    """
    try:
        with contextlib.closing(connect(database)) as connection:
            if going is not None:
                connection.set_progress_handler(lambda: not going(), _STEPS)
            return _quick_check(connection)
    except sqlite3.Error as error:
        return [str(error)]


def foreign_key_check(database: Path) -> list[str]:
    """Rows that point to missing rows, at most 100; empty if there are none."""
    try:
        with contextlib.closing(connect(database)) as connection:
            return _foreign_keys(connection)
    except sqlite3.Error as error:
        return [str(error)]


def blobs_of(connection: sqlite3.Connection) -> list[tuple[str, BlobRef]]:
    """Every blob that the database points to, by its id in hex, in the order in which they lie. Raises sqlite3.Error."""
    rows = connection.execute('SELECT id, pack, "offset", length, sha256 FROM blob ORDER BY pack, "offset"')
    return [
        (bytes(key).hex(), BlobRef(pack, offset, length, bytes(digest))) for key, pack, offset, length, digest in rows
    ]


def damaged(packs: Path, blobs: Iterable[tuple[str, BlobRef]]) -> list[tuple[str, str]]:
    """The blobs whose bytes are missing or are not those that were stored, and what is wrong with each."""
    store, found = Packs(packs), []
    for name, ref in blobs:
        try:
            store.read(ref)
        except StorageError as error:
            found.append((name, str(error)))
    return found


def _quick_check(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA quick_check({_PROBLEM_LIMIT})").fetchall()
    return [str(row[0]) for row in rows if row[0] != "ok"]


def _foreign_keys(connection: sqlite3.Connection) -> list[str]:
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_PROBLEM_LIMIT)
    return [f"{table}: a row points to a missing row of {parent}" for table, _, parent, _ in broken]
