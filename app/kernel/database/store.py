"""The database: one short write transaction at a time, any number of readers.

Writers of a process take their turns by a lock, those of several processes by SQLite's own (`connections`). What a transaction
changed is written to the `change` log in the same transaction, and told when it is committed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool, StaticPool

from app.kernel import clock, ids
from app.kernel.database import connections
from app.kernel.database.bulk import Bulk
from app.kernel.database.changes import Watcher
from app.kernel.database.connections import plain_errors
from app.kernel.database.fair_lock import FairLock
from app.kernel.database.tables import Change, SignalRow
from app.kernel.database.transaction import Tx
from app.kernel.files.disk import sync_file

log = logging.getLogger(__name__)

SLOW_S = 0.1
LET_IN_S = 0.0015
"""Between two writes of a process that follow each other at once: long enough for another process that waits for its turn."""

_NORMAL: Final = 1
"""Of `PRAGMA synchronous`: only checkpoints wait for the disk."""

_CHANGES: Final = Bulk(insert(Change.__table__), ("kind", "key", "at"))  # type: ignore[arg-type]

Reaction = Callable[[Tx, Any], None]


class Store:
    """The database file of a workspace. Thread-safe: writes queue on one lock, reads run beside them."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._write_lock = FairLock()
        url = f"sqlite:///{database}"
        options: dict[str, Any] = {"hide_parameters": True, "connect_args": {"check_same_thread": False, "timeout": 0}}
        self.writer: Engine = create_engine(url, poolclass=StaticPool, **options)
        self.reader: Engine = create_engine(url, poolclass=QueuePool, pool_size=4, max_overflow=16, **options)
        event.listen(self.writer, "connect", connections.prepare_writer)
        event.listen(self.reader, "connect", connections.prepare_reader)
        event.listen(self.writer, "begin", connections.begin_immediate)
        event.listen(self.reader, "begin", connections.begin_deferred)
        self.reactions: dict[type, list[Reaction]] = {}
        self.watcher = Watcher(database)
        self._clock = _LogicalClock()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent, read-only view of the desk."""
        with plain_errors(), Session(self.reader, autoflush=False, expire_on_commit=False) as session:
            try:
                yield session
            finally:
                session.rollback()

    @contextlib.contextmanager
    def write(
        self, name: str, *, agent: UUID | None = None, action: UUID | None = None, on_record: bool = False
    ) -> Iterator[Tx]:
        """One short write transaction, committed at the end of the block, rolled back by any exception.

        `on_record`: its cause lies on the disk elsewhere until `settle` has returned, and it is done again after a power cut;
        so its commit does not wait for the disk. What waits for the disk after it brings it there as well (WAL is one file).
        """
        with self._write_lock, self._unhurried() if on_record else contextlib.nullcontext():
            started = time.monotonic()
            tx = Tx(self.writer, expire_on_commit=False, autoflush=False)
            tx.now, tx.agent, tx.action, tx.name = clock.now(), agent, action or ids.new_id(), name
            tx.tick = partial(self._clock.next, tx.now)
            try:
                with tx, plain_errors():
                    tx.connection()
                    began = time.monotonic()
                    yield tx
                    self._react(tx)
                    tx.flush()
                    self._log_changes(tx)
                    tx.commit()
            finally:
                tx.close()
            took = time.monotonic() - began
            if took > SLOW_S:
                log.info("slow transaction %s: %.0f ms (waited %.0f ms)", name, took * 1e3, (began - started) * 1e3)
            if self._write_lock.is_wanted:
                time.sleep(LET_IN_S)
        self.watcher.wake()
        for call in tx.later:
            call()

    def settle(self) -> None:
        """What was committed before is on the disk when this returns, also what did not wait for it. Raises OSError.

        What a checkpoint has moved into the database meanwhile it has brought onto the disk before and after (SQLite, WAL).
        """
        log_file = self.database.with_name(f"{self.database.name}-wal")
        with contextlib.suppress(FileNotFoundError), log_file.open("rb+") as file:
            sync_file(file.fileno())

    @contextlib.contextmanager
    def _unhurried(self) -> Iterator[None]:
        """The writer's commits do not wait for the disk. Outside of a transaction, by whoever has the turn."""
        with contextlib.closing(self.writer.raw_connection()) as connection:
            dbapi = connection.dbapi_connection
            assert isinstance(dbapi, sqlite3.Connection)
            (usual,) = dbapi.execute("PRAGMA synchronous").fetchone()
            dbapi.execute(f"PRAGMA synchronous={min(usual, _NORMAL)}")
            try:
                yield
            finally:
                dbapi.execute(f"PRAGMA synchronous={usual}")

    def on(self, fact: type, reaction: Reaction) -> None:
        """Wire a reaction to a fact. Only the desk does this."""
        self.reactions.setdefault(fact, []).append(reaction)

    def close(self) -> None:
        """Let go of every connection."""
        self.watcher.close()
        self.reader.dispose()
        self.writer.dispose()

    def _react(self, tx: Tx) -> None:
        depth = 0
        while tx.facts:
            facts, tx.facts = tx.facts, []
            depth += 1
            if depth > 5:
                log.error("reactions of %s go too deep; the rest was left out", tx.name)
                return
            for fact in facts:
                for reaction in self.reactions.get(type(fact), ()):
                    self._react_once(tx, reaction, fact)

    @staticmethod
    def _react_once(tx: Tx, reaction: Reaction, fact: object) -> None:
        tx.flush()
        said: tuple[list[Any], ...] = (tx.facts, tx.signals, tx.later)
        before = [len(each) for each in said]
        try:
            with tx.begin_nested():
                reaction(tx, fact)
                tx.flush()
        except Exception:
            for each, length in zip(said, before, strict=True):
                del each[length:]  # what it said has not come to pass
            log.exception("a reaction to %s failed; the command stands", type(fact).__name__)

    @staticmethod
    def _log_changes(tx: Tx) -> None:
        if tx.touched:
            rows = [{"kind": kind, "key": key, "at": tx.now} for kind, key in tx.touched]
            _CHANGES.write(tx.connection(), rows)
        for topic, payload, ttl_s in tx.signals:
            expires = clock.from_us(clock.to_us(tx.now) + int(ttl_s * 1e6))
            tx.connection().execute(
                insert(SignalRow.__table__),  # type: ignore[arg-type]
                {"topic": topic, "payload": payload, "at": tx.now, "expires_at": expires},
            )


class _LogicalClock:
    """A hybrid logical clock as sortable text: 12 hex ms, 4 hex counter, 8 hex device."""

    def __init__(self) -> None:
        self._ms, self._count = 0, 0
        self._device = os.urandom(4).hex()

    def next(self, now: datetime, beyond: str) -> str:
        """Later than everything given before, and than `beyond`, whatever this machine's clock says."""
        ms = clock.to_ms(now)
        if beyond:
            known = int(beyond[:12], 16), int(beyond[12:16], 16)
            self._ms, self._count = max((self._ms, self._count), known)
        if ms <= self._ms:
            self._count += 1
        else:
            self._ms, self._count = ms, 0
        if self._count > 0xFFFF:
            self._ms, self._count = self._ms + 1, 0
        return f"{self._ms:012x}{self._count:04x}{self._device}"
