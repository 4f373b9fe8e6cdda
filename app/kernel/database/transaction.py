"""One write transaction: what a command is handed, and what happens at each flush.

There are no triggers: a listener notes what a flush changed, and the commit writes it to the `change` log (`store`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.orm import ORMExecuteState, Session

from app.kernel.database.base import Base, Mutable, change_keys
from app.kernel.database.bulk import Bulk

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
