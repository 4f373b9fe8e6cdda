"""Reading what can be read out of a damaged database, row by row, around what cannot.

SQLite stops at the first page that makes no sense. Here a table is walked by its row numbers; where reading fails, what
is beyond the damage is looked for. Nothing is written to the damaged file. Rows
that can be read may still be wrong; therefore they go into a fresh database with all its rules, and what breaks a rule
stays out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_LAST: Final = 1 << 62
_TOGETHER: Final = 500
_HOLE: Final = 2000
"""Within so many row numbers of damage every single one is tried."""
_MOST_HOLES: Final = 5000


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of a table: rows brought over, and how many at least are missing (None: nobody can count them)."""

    table: str
    rows: int
    missing: int | None


def rescue_table(damaged: sqlite3.Connection, into: sqlite3.Connection, table: str) -> Rescued:
    """Bring over every row of a table that can be read; `into` holds the same table, empty or not."""
    columns = [row[1] for row in into.execute(f'PRAGMA table_info("{table}")')]
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    put = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own tables
    before, waiting = _count(into, table) or 0, list[Any]()
    reading = _Reading(damaged, f'SELECT rowid, {names} FROM "{table}" WHERE rowid BETWEEN ? AND ? ORDER BY rowid')  # noqa: S608
    for row in reading.rows():
        waiting.append(row[1:])
        if len(waiting) >= _TOGETHER:
            into.executemany(put, waiting)
            waiting.clear()
    into.executemany(put, waiting)
    found = (_count(into, table) or 0) - before
    expected = _count(damaged, table)
    if expected is None:
        missing = None if reading.failures else 0
    else:
        missing = max(0, expected - found)
    return Rescued(table, found, missing)


class _Reading:
    """One walk over a table. Where it fails, it looks ahead in growing steps for where reading works again."""

    def __init__(self, line: sqlite3.Connection, query: str) -> None:
        self._line, self._query, self.failures = line, query, 0

    def rows(self) -> Iterator[tuple[Any, ...]]:
        at = 0
        while True:
            try:
                for row in self._line.execute(self._query, (at, _LAST)):
                    at = int(row[0]) + 1
                    yield row
            except sqlite3.Error:
                self.failures += 1
                beyond = self._beyond(at)
                yield from self._islands(at, beyond if beyond is not None else at + _HOLE)
                if beyond is None or self.failures > _MOST_HOLES:
                    return
                at = beyond
            else:
                return

    def _beyond(self, at: int) -> int | None:
        """The first row number from which on reading works again; None if it never does."""
        step = 1
        while not self._works(at + step):
            step *= 2
            if at + step > _LAST:
                return None
        low, high = at + step // 2, at + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._works(middle) else (middle, high)
        return high

    def _islands(self, at: int, end: int) -> Iterator[tuple[Any, ...]]:
        """Single rows within a small hole that can be read all the same."""
        for number in range(at, min(end, at + _HOLE)):
            try:
                yield from self._line.execute(self._query, (number, number)).fetchall()
            except sqlite3.Error:
                continue

    def _works(self, at: int) -> bool:
        try:
            self._line.execute(self._query, (at, _LAST)).fetchone()
        except sqlite3.Error:
            return False
        return True


def _count(line: sqlite3.Connection, table: str) -> int | None:
    try:
        return int(line.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - names of our own tables
    except sqlite3.Error:
        return None


def fill_parents(line: sqlite3.Connection, backup: str) -> dict[str, int]:
    """Take rows that others point to and that are missing out of an attached database; how many, by table."""
    taken: dict[str, int] = {}
    for table, rowid, parent, key in _orphans(line):
        column, target = _reference(line, table, key)
        done = line.execute(
            f'INSERT OR IGNORE INTO main."{parent}" SELECT * FROM {backup}."{parent}" WHERE "{target}" ='  # noqa: S608
            f' (SELECT "{column}" FROM main."{table}" WHERE rowid = ?)',
            (rowid,),
        )
        taken[parent] = taken.get(parent, 0) + max(done.rowcount, 0)
    return {table: number for table, number in taken.items() if number}


def drop_orphans(line: sqlite3.Connection, told: Callable[[str, int], object]) -> None:
    """Drop rows that point to rows that nobody has; tells how many, by table."""
    while orphans := _orphans(line):
        dropped: dict[str, int] = {}
        for table, rowid, _, _ in orphans:
            done = line.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))  # noqa: S608 - names of our own tables
            dropped[table] = dropped.get(table, 0) + max(done.rowcount, 0)
        for table, number in dropped.items():
            told(table, number)


def _orphans(line: sqlite3.Connection) -> list[tuple[str, int, str, int]]:
    return [
        (table, rowid, parent, key)
        for table, rowid, parent, key in line.execute("PRAGMA foreign_key_check")
        if rowid is not None
    ]


def _reference(line: sqlite3.Connection, table: str, key: int) -> tuple[str, str]:
    for row in line.execute(f'PRAGMA foreign_key_list("{table}")'):
        if row[0] == key:
            return str(row[3]), str(row[4] or "id")
    raise KeyError(table)
