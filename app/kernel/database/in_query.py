"""One question about many keys: compiled once a process, then only the values are turned and handed over.

What arrives in bulk asks for hundreds of ids, addresses or Message-IDs at a time. SQLAlchemy writes such a statement anew
for each number of keys, and turns each key and each value of the answer in several steps; that cost more than SQLite's
own work. Here the statement has a few fixed lengths, filled up with its last key, and values are turned by plain functions.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from app.kernel.database.bulk import driver
from app.kernel.database.types import from_driver, to_driver

_LENGTHS: Final = (8, 32, 128, 500)
_MOST: Final = _LENGTHS[-1]


class InQuery:
    """A query with one list of keys, `column.in_(bindparam(name, expanding=True))`, and possibly other values.

    Raises ValueError, when it is first asked, for a query with another list.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], name: str = "keys") -> None:
        self._query, self._name = query, name
        self._sql: dict[int, str] = {}
        self._turns: list[tuple[str, Callable[[Any], Any] | None]] = []
        self._back: list[tuple[int, Callable[[Any], Any]]] = []
        self._fixed: dict[str, Any] = {}
        self._row: Callable[[Any], Any] = tuple

    def rows(self, db: Session, keys: Collection[Any], **values: Any) -> Iterator[Any]:
        """The rows for all `keys` (any number), as tuples with names; `values` are the query's other ones."""
        left = iter(keys)
        while chunk := list(islice(left, _MOST)):
            connection = db.connection()  # not before: in a transaction it writes what waits
            if connection.dialect.positional and not self._sql:
                self._prepare(connection.dialect)
            if self._sql:
                yield from self._ask(connection, chunk, values)
            else:
                yield from connection.execute(self._query, {self._name: chunk, **values})

    def _ask(self, connection: Connection, keys: list[Any], values: dict[str, Any]) -> Iterator[Any]:
        length = next(one for one in _LENGTHS if one >= len(keys))
        values = self._fixed | values
        given: list[Any] = []
        for name, turn in self._turns:
            some = keys if name == self._name else [values[name]]
            given += some if turn is None else map(turn, some)
            if name == self._name:
                given += given[-1:] * (length - len(keys))
        row, back = self._row, self._back
        for found in driver(connection).execute(self._sql[length], given).fetchall():
            turned = list(found)
            for place, turn_back in back:
                turned[place] = turn_back(turned[place])
            yield row(turned)

    def _prepare(self, dialect: Dialect) -> None:
        compiled: Any = self._query.compile(dialect=dialect)
        self._turns = [(name, to_driver(compiled.binds[name].type, dialect)) for name in compiled.positiontup]
        columns = list(self._query.selected_columns)
        backs = (from_driver(column.type, dialect) for column in columns)
        self._back = [(place, back) for place, back in enumerate(backs) if back is not None]
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        make: Any = namedtuple
        self._row = make("Row", [str(column.key) for column in columns])._make
        where = f"(__[POSTCOMPILE_{self._name}])"
        sql = str(compiled)
        if sql.count("POSTCOMPILE") != 1 or where not in sql:
            msg = f"one list of keys, called {self._name}, is all that can be asked for: {sql}"
            raise ValueError(msg)
        self._sql = {length: sql.replace(where, f"({','.join('?' * length)})") for length in _LENGTHS}
