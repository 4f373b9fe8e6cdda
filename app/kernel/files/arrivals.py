"""What came in and is ours already, before it has its place in the desk: one small file with one row for each of them.

Whoever waits for an acknowledgement waits for a commit, and a commit of the desk's database may stand behind a
transaction of mail, of a window, of another process. A file of its own has one writer (the engine), one page a row, and the
same durability (WAL, `synchronous=FULL`): a word that is in here survives a power cut. What is worked off is taken out
later, many at a time; that it was worked off is known by its own id in the desk, so a row that is read twice harms nothing.

A copy of a desk (a backup, a salvage) is one database: what waits here goes into it as rows of `meta`, under `COPIED`, and is
worked off like the rest by the engine that opens the copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.kernel.files.integrity import connect, quick_check

COPIED: Final = "arrived."
"""How the keys of rows in `meta` begin that hold what waited when a copy was made."""
_ENDS: Final = ("", "-wal", "-shm")
_ROOM: Final = 5 << 20
"""Bytes of a log that is worked off every 1,000 pages. In a file that need not grow, a commit waits for its own bytes alone and
not for the disk's own records too, nor for what other files brought into those.
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One of them: its number (the order in which they came), and what came, as text."""

    number: int
    payload: str


class Arrivals:
    """The file, for its one writer. It is made with the first row. Raises sqlite3.Error, as after a full disk."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._line: sqlite3.Connection | None = None
        self._last = 0

    def keep(self, payloads: Sequence[str]) -> range:
        """Their numbers, once all of them are on the disk, by one commit."""
        line = self._open()
        numbers = range(self._last + 1, self._last + 1 + len(payloads))
        rows = list(zip(numbers, payloads, strict=True))
        if len(rows) == 1:
            line.execute("INSERT INTO arrived VALUES (?, ?)", rows[0])
        else:
            # One statement: every further one would wait for its turn among the threads of this process.
            line.execute(
                "INSERT INTO arrived SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)",
                (json.dumps(rows),),
            )
        self._last = numbers[-1] if rows else self._last
        return numbers

    def forget(self, numbers: Sequence[int]) -> None:
        """These are worked off."""
        self._open().execute(
            "DELETE FROM arrived WHERE number IN (SELECT value FROM json_each(?))", (json.dumps(list(numbers)),)
        )

    def waiting(self) -> list[Arrived]:
        """Everything that is not worked off, in order."""
        if self._line is None and not self._place.exists():
            return []
        return [Arrived(*row) for row in self._open().execute("SELECT number, payload FROM arrived ORDER BY number")]

    def close(self) -> None:
        """Let go of the file."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def set_aside(self) -> Path:
        """Begin with a new file, as this one is damaged; where the damaged one lies now."""
        self.close()
        number = 1
        while (aside := self._place.with_name(f"{self._place.stem}-damaged-{number}{self._place.suffix}")).exists():
            number += 1
        for file in files_of(self._place):
            if file.exists():
                file.rename(aside.with_name(file.name.replace(self._place.name, aside.name)))
        return aside

    def _open(self) -> sqlite3.Connection:
        if self._line is None:
            line = sqlite3.connect(self._place, isolation_level=None, timeout=5, check_same_thread=False)
            try:
                self._last = max(self._last, _prepared(line))  # no number twice in one run, whatever file it is
            except BaseException:
                line.close()
                raise
            self._line = line
            _make_room(self._place)
        return self._line


def _prepared(line: sqlite3.Connection) -> int:
    """Make the file what it is to be; the highest number in it."""
    settings = ["journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "trusted_schema=OFF"]
    for setting in settings + ["fullfsync=1"] * (sys.platform == "darwin"):
        line.execute(f"PRAGMA {setting}")
    line.execute("CREATE TABLE IF NOT EXISTS arrived (number INTEGER PRIMARY KEY, payload TEXT NOT NULL)")
    return int(line.execute("SELECT coalesce(max(number), 0) FROM arrived").fetchone()[0])


def _make_room(place: Path) -> None:
    """Let SQLite's log be as large as it will be. What lies behind its last valid page is not read; its locks are on other files."""
    with contextlib.suppress(OSError), place.with_name(place.name + "-wal").open("r+b") as log:  # a full disk: as it is
        log.write(bytes(max(0, _ROOM - log.seek(0, os.SEEK_END))))
        log.flush()
        os.fsync(log.fileno())


def waiting_in(place: Path, *, all_that_can_be_read: bool = False) -> list[Arrived]:
    """What waits in a file, read beside its writer; nothing where there is no file. Raises sqlite3.Error.

    `all_that_can_be_read`: of a damaged file, what lies before the damage.
    """
    if not place.exists():
        return []
    found = []
    try:
        with contextlib.closing(connect(place)) as line:
            if line.execute("SELECT 1 FROM sqlite_schema WHERE name = 'arrived'").fetchone():
                for number, payload in line.execute("SELECT number, payload FROM arrived ORDER BY number"):
                    found.append(Arrived(int(number), str(payload)))
    except sqlite3.Error:
        if not all_that_can_be_read:
            raise
    return found


def put_into_copy(database: Path, waiting: Sequence[Arrived]) -> None:
    """What waited, into a copy of the desk that nobody has open. Raises sqlite3.Error."""
    if not waiting:
        return
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as line:
        line.execute("BEGIN IMMEDIATE")
        rows = [(f"{COPIED}{one.number:016d}", one.payload) for one in waiting]
        line.executemany(
            "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", [row for row in rows if not _is_there(line, *row)]
        )
        line.execute("COMMIT")


def _is_there(line: sqlite3.Connection, key: str, payload: str) -> bool:
    found = line.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if found is not None and found[0] != payload:  # of another desk's numbers: both are kept
        line.execute("UPDATE meta SET key = key || '.' || hex(randomblob(8)) WHERE key = ?", (key,))
        return False
    return found is not None


def problems_in(place: Path) -> list[str]:
    """What SQLite finds wrong in the file; empty for a sound one, and where there is none."""
    return quick_check(place) if place.exists() else []


def files_of(place: Path) -> list[Path]:
    """The file and what SQLite keeps beside it; itself last, so that nothing is ever left beside another one."""
    return [place.with_name(place.name + end) for end in reversed(_ENDS)]
