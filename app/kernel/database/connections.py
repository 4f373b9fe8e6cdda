"""Connections to the database file: how they are set up, how a transaction begins, and what their failures mean.

House rules of SQLite kept here and nowhere else: WAL with `synchronous=FULL` (an acknowledged word survives a power
cut), our own BEGIN so that DDL rolls back too, `BEGIN IMMEDIATE` retried by us every millisecond (SQLite's own
back-off sleeps up to 100 ms and starves the other process), readers that cannot write.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import DatabaseError

from app.kernel.errors import DamagedError, StoreError

BUSY_S: Final = 5.0

_PRIMARY: Final = 0xFF
"""Of an extended result code: its kind."""
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _prepare(dbapi: sqlite3.Connection) -> None:
    dbapi.isolation_level = None
    for setting in ("foreign_keys=ON", "cache_size=-16000", "mmap_size=268435456", "temp_store=MEMORY"):
        # Some of them look into the file, which another program may be turning to WAL at this very moment.
        _until_free(partial(dbapi.execute, f"PRAGMA {setting}"))


def prepare_writer(dbapi: sqlite3.Connection, _record: object) -> None:
    _prepare(dbapi)
    dbapi.execute("PRAGMA trusted_schema=OFF")
    # Turning WAL on needs the file for a moment; another process may be opening it at this very time.
    _until_free(lambda: dbapi.execute("PRAGMA journal_mode=WAL").fetchall())
    dbapi.execute("PRAGMA synchronous=FULL")
    if sys.platform == "darwin":
        dbapi.execute("PRAGMA fullfsync=1")


def prepare_reader(dbapi: sqlite3.Connection, _record: object) -> None:
    _prepare(dbapi)
    dbapi.execute("PRAGMA busy_timeout=5000")
    dbapi.execute("PRAGMA query_only=ON")


def begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


def begin_immediate(connection: Any) -> None:
    dbapi = connection.connection.dbapi_connection
    _until_free(lambda: dbapi.execute("BEGIN IMMEDIATE"))


def _until_free(attempt: Callable[[], object]) -> None:
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            attempt()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if time.monotonic() > deadline:
                msg = "The desk is busy: another program holds its database. Try again in a moment."
                raise StoreError(msg) from error
            time.sleep(0.001)
        else:
            return


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """What the disk says, in words for a person: StoreError for a full disk, one that may not be written, one that fails;
    DamagedError where what it gives back is no database any more.

    SQLite says "disk I/O error" also when the small files beside the database find no room.
    """
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        told = error.orig if isinstance(error, DatabaseError) else error
        words = str(told)
        if getattr(told, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGED:
            msg = "The desk's database is damaged. “deskbell check” says what can be done."
            raise DamagedError(msg) from error
        if not isinstance(told, sqlite3.OperationalError):
            raise
        if "full" in words:
            msg = "The disk is full. Nothing was lost; free some space and try again."
        elif "readonly" in words or "unable to open" in words:
            msg = "The desk's folder cannot be written. Check its permissions."
        elif "disk I/O" in words:
            msg = "The disk is full, or it fails. Nothing that was stored is lost; free some space and try again."
        else:
            raise
        raise StoreError(msg) from error
