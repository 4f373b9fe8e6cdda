"""The database: one short write transaction at a time, any number of readers.

House rules of SQLite kept here and nowhere else: WAL with `synchronous=FULL` (an acknowledged word survives a power
cut), our own BEGIN so that DDL rolls back too, `BEGIN IMMEDIATE` retried by us every millisecond (SQLite's own
back-off sleeps up to 100 ms and starves the other process), readers that cannot write. There are no triggers: a
flush listener notes what changed and the commit writes it to the `change` log in the same transaction.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Text, create_engine, event, insert
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.pool import QueuePool, StaticPool

from app.kernel import clock, ids
from app.kernel.database.bulk import Bulk
from app.kernel.database.changes import Watcher
from app.kernel.database.fair_lock import FairLock
from app.kernel.errors import DamagedError, StoreError
from app.kernel.files.blobs import sync_file

log = logging.getLogger(__name__)

BUSY_S = 5.0
SLOW_S = 0.1
LET_IN_S = 0.0015
"""Between two writes of a process that follow each other at once: long enough for another process that waits for its turn."""

_PRIMARY: Final = 0xFF
"""Of an extended result code: its kind."""
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_NORMAL: Final = 1
"""Of `PRAGMA synchronous`: only checkpoints wait for the disk."""


class Base(DeclarativeBase):
    """Every table. `change_kind`: what the change log calls a row of it; None = not logged."""

    change_kind: ClassVar[str | None] = None


class Mutable:
    """A row that people change: it carries the hybrid logical clock of its last change, for merging between devices."""

    clk: Mapped[str] = mapped_column(Text, default="")


Reaction = Callable[["Tx", Any], None]
Unwritten = dict[Hashable, dict[str, Any]]
"""Rows that wait to be written by one statement, by a key of the writer's choice."""


def _turn(bulk: Bulk) -> int:
    """When a waiting statement's turn is: rows of a table before those that point to them, changes of rows last."""
    return _order(len(Base.metadata.tables)).get(bulk.table, 1000)


@lru_cache(maxsize=1)
def _order(_tables: int) -> dict[object, int]:
    return {table: number for number, table in enumerate(Base.metadata.sorted_tables)}


class Tx(Session):
    """One write transaction: a SQLAlchemy session that knows the moment, who acts, and which action this is.

    Commands take it as their first argument. `emit(fact)` tells the reactions that are wired in the desk; they run
    at the end of the command, in this transaction, each in a savepoint of its own.

    Plain rows wait in memory (`unwritten`) until something is read or flushed, and then go out with one call a table:
    a command that asks first and writes afterwards costs a few statements, however many mails it deals with, and one
    that asks in between still sees everything that it wrote.
    """

    now: datetime
    agent: UUID | None
    action: UUID
    name: str
    tick: Callable[[str], str]
    """The next `clk` of a `Mutable` row that has this one; for rows that are changed plainly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.touched: dict[tuple[str, UUID], None] = {}
        self.facts: list[object] = []
        self.signals: list[tuple[str, dict[str, object], float]] = []
        self.later: list[Callable[[], None]] = []
        self.writes = 0
        self._unwritten: dict[Bulk, Unwritten] = {}

    def unwritten(self, bulk: Bulk) -> Unwritten:
        """What waits for a statement, to be added to. An INSERT comes after those of the tables that it points to, any
        other statement after all INSERTs. Each row has the same names.
        """
        return self._unwritten.setdefault(bulk, {})

    def write_rows(self) -> None:
        """Write what waits. Whatever reads through this session calls it by itself."""
        while self._unwritten:
            waiting, self._unwritten = self._unwritten, {}
            self.writes += 1
            connection = super().connection()
            for bulk in sorted(waiting, key=_turn):
                if rows := list(waiting[bulk].values()):
                    bulk.write(connection, rows)

    def forget_rows(self) -> None:
        """What waits is not to be written: it belongs to what was rolled back."""
        self._unwritten.clear()

    def connection(self, *args: Any, **kwargs: Any) -> Connection:
        """The connection itself, after what waits was written."""
        self.write_rows()
        return super().connection(*args, **kwargs)

    def flush(self, objects: Any = None) -> None:
        """Write everything that is not written yet."""
        self.write_rows()
        super().flush(objects)

    def emit(self, fact: object) -> None:
        """Tell a fact, in the past tense (`TicketSolved`)."""
        self.facts.append(fact)

    def touch(self, kind: str, key: UUID) -> None:
        """Say that something changed which no flushed row shows (bulk writes, counters, derived views)."""
        self.touched[kind, key] = None

    def signal(self, topic: str, payload: dict[str, object] | None = None, *, ttl_s: float = 60) -> None:
        """Tell the other processes something short-lived."""
        self.signals.append((topic, payload or {}, ttl_s))

    def after_commit_call(self, call: Callable[[], None]) -> None:
        """Run `call` once this transaction is committed."""
        self.later.append(call)


class Store:
    """The database file of a workspace. Thread-safe: writes queue on one lock, reads run beside them."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._write_lock = FairLock()
        url = f"sqlite:///{database}"
        options: dict[str, Any] = {"hide_parameters": True, "connect_args": {"check_same_thread": False, "timeout": 0}}
        self.writer: Engine = create_engine(url, poolclass=StaticPool, **options)
        self.reader: Engine = create_engine(url, poolclass=QueuePool, pool_size=4, max_overflow=16, **options)
        event.listen(self.writer, "connect", _prepare_writer)
        event.listen(self.reader, "connect", _prepare_reader)
        event.listen(self.writer, "begin", _begin_immediate)
        event.listen(self.reader, "begin", _begin_deferred)
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
        from app.kernel.database.tables import SignalRow

        if tx.touched:
            rows = [{"kind": kind, "key": key, "at": tx.now} for kind, key in tx.touched]
            _changes().write(tx.connection(), rows)
        for topic, payload, ttl_s in tx.signals:
            expires = clock.from_us(clock.to_us(tx.now) + int(ttl_s * 1e6))
            tx.connection().execute(
                insert(SignalRow.__table__),  # type: ignore[arg-type]
                {"topic": topic, "payload": payload, "at": tx.now, "expires_at": expires},
            )


@lru_cache(maxsize=1)
def _changes() -> Bulk:
    from app.kernel.database.tables import Change

    return Bulk(insert(Change.__table__), ("kind", "key", "at"))  # type: ignore[arg-type]


def change_keys(row: Any) -> list[tuple[str, UUID]]:
    """What the change log says of a changed row: itself, and whatever it stands for (`change_also`)."""
    keys = [(str(row.change_kind), row.id)] if getattr(row, "id", None) is not None else []
    for kind, attribute in getattr(row, "change_also", {}).items():
        if (value := getattr(row, attribute)) is not None:
            keys.append((kind, value))
    return keys


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


def _prepare(dbapi: sqlite3.Connection) -> None:
    dbapi.isolation_level = None
    for setting in ("foreign_keys=ON", "cache_size=-16000", "mmap_size=268435456", "temp_store=MEMORY"):
        # Some of them look into the file, which another program may be turning to WAL at this very moment.
        _until_free(partial(dbapi.execute, f"PRAGMA {setting}"))


def _prepare_writer(dbapi: sqlite3.Connection, _record: object) -> None:
    _prepare(dbapi)
    dbapi.execute("PRAGMA trusted_schema=OFF")
    # Turning WAL on needs the file for a moment; another process may be opening it at this very time.
    _until_free(lambda: dbapi.execute("PRAGMA journal_mode=WAL").fetchall())
    dbapi.execute("PRAGMA synchronous=FULL")
    if sys.platform == "darwin":
        dbapi.execute("PRAGMA fullfsync=1")


def _prepare_reader(dbapi: sqlite3.Connection, _record: object) -> None:
    _prepare(dbapi)
    dbapi.execute("PRAGMA busy_timeout=5000")
    dbapi.execute("PRAGMA query_only=ON")


def _begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


def _begin_immediate(connection: Any) -> None:
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


@event.listens_for(Tx, "do_orm_execute")
def _write_first(state: ORMExecuteState) -> None:
    tx = state.session
    assert isinstance(tx, Tx)
    tx.write_rows()


@event.listens_for(Tx, "after_soft_rollback")
def _forget_unwritten(tx: Tx, _previous: object) -> None:
    """What waits belongs to what was rolled back: all that came before was written when the savepoint began."""
    tx.forget_rows()


# Listeners of the class: to give each transaction its own takes longer than a small one does.


@event.listens_for(Tx, "before_flush")
def _stamp(tx: Tx, _context: object, _instances: object) -> None:
    # Session.new, .dirty and .deleted build a fresh set at every access: each is read once.
    for row in [*tx.new, *(row for row in tx.dirty if tx.is_modified(row)), *tx.deleted]:
        if isinstance(row, Mutable):
            row.clk = tx.tick(row.clk)
        if row.change_kind is not None:
            # A foreign thing may stand for its subject (`change_keys`): a message also changes its ticket.
            for kind, key in change_keys(row):
                tx.touched[kind, key] = None


@event.listens_for(Tx, "do_orm_execute")
def _forbid_silent_bulk(state: ORMExecuteState) -> None:
    """A bulk UPDATE or DELETE of logged tables must name its changes: `execution_options(changes=[(kind, id), …])`."""
    if not (state.is_update or state.is_delete):
        return
    named = state.execution_options.get("changes")
    mapper = state.bind_mapper
    if named is None and mapper is not None and mapper.class_.change_kind is not None:
        msg = f"bulk write to {mapper.class_.__name__} without execution_options(changes=…)"
        raise RuntimeError(msg)
    tx = state.session
    assert isinstance(tx, Tx)
    for kind, key in named or ():
        tx.touched[kind, key] = None
