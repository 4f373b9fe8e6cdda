"""One statement for many rows of plain values: compiled once a process, then only the values are turned and handed over.

SQLAlchemy's own way with many rows costs more per row than SQLite does. Here the statement, the way to turn each
value and the defaults come from SQLAlchemy too, so that columns and types are said once, in the tables. What is ready is
handed to the driver itself: SQLAlchemy's way there costs three times what SQLite needs for a row or two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Insert, TextClause, Update
from sqlalchemy.engine import Dialect

from app.kernel.types import to_driver


def driver(connection: Connection) -> Any:
    """The driver's own connection, in the same transaction; its errors are those of `sqlite3`."""
    return connection.connection.dbapi_connection


class Bulk:
    """A statement that is run with many rows. Of an INSERT, `columns` are those that each row has; the others get
    their defaults. Raises ValueError for a column that the table has not.
    """

    def __init__(self, statement: Insert | Update | TextClause, columns: Sequence[str] = ()) -> None:
        self.statement = statement
        self.table = statement.table if isinstance(statement, Insert) else None
        if self.table is not None and (unknown := set(columns) - {column.name for column in self.table.columns}):
            msg = f"{self.table} has no column “{min(unknown)}”"
            raise ValueError(msg)
        self._columns = list(columns) or None
        self._sql = ""
        self._pick: Callable[[dict[str, Any]], tuple[Any, ...]] = tuple
        self._turns: list[tuple[int, Callable[[Any], Any]]] = []
        self._defaults: dict[str, Any] = {}

    def write(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Run the statement once with all rows."""
        if not connection.dialect.positional:
            connection.execute(self.statement, rows)
            return
        if not self._sql:
            self._prepare(connection.dialect)
        if self._defaults:
            rows = [self._defaults | row for row in rows]
        columns: list[Any] = list(zip(*map(self._pick, rows), strict=True))
        for place, turn in self._turns:  # column by column: a call a value, and nothing else
            columns[place] = list(map(turn, columns[place]))
        driver(connection).executemany(self._sql, zip(*columns, strict=True) if columns else [()] * len(rows))

    def _prepare(self, dialect: Dialect) -> None:
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._columns)
        for column in compiled.insert_prefetch if self.table is not None else ():
            default = column.default
            self._defaults[column.name] = default.arg if default.is_scalar else default.arg(None)
        names: list[str] = list(compiled.positiontup)
        self._pick = itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)
        turns = [to_driver(compiled.binds[name].type, dialect) for name in names]
        self._turns = [(place, turn) for place, turn in enumerate(turns) if turn is not None]
        self._sql = str(compiled)
