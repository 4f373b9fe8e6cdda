"""What changed, noticed by everybody: ids only, never rows, with "everything" as the fallback.

Every commit adds rows to the `change` log. One thread a process, the `Watcher`, notices commits of this process at
once (it is woken) and those of other processes by polling `PRAGMA data_version`, which costs microseconds. It reads
what lies above its cursor, merges it and calls the listeners. Short-lived things (progress, engine state, "check
mail now") are `signal` rows with a counter of their own.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

log = logging.getLogger(__name__)

MOST_IDS = 500
"""More ids of one kind than this are told as "everything of this kind"."""

ENDS = "SELECT (SELECT min(seq) FROM change), (SELECT max(seq) FROM change)"
"""The oldest and the newest line of the log. Asked for in one SELECT, SQLite would read all of it, at each change."""


@dataclass(frozen=True)
class Signal:
    """A short-lived word from one process to another."""

    topic: str
    payload: dict[str, object]


@dataclass(frozen=True)
class Changes:
    """Ids by kind (`ticket`, `message`, `customer`, …). `everything`: refresh all, the log had a gap."""

    ids: dict[str, frozenset[UUID]] = field(default_factory=dict)
    whole_kinds: frozenset[str] = frozenset()
    everything: bool = False
    signals: tuple[Signal, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ids or self.whole_kinds or self.everything or self.signals)

    def touches(self, *kinds: str) -> bool:
        """Has anything of one of these kinds changed?"""
        return self.everything or any(kind in self.ids or kind in self.whole_kinds for kind in kinds)

    def of(self, kind: str) -> frozenset[UUID] | None:
        """The changed ids of a kind; None when all of that kind may have changed."""
        if self.everything or kind in self.whole_kinds:
            return None
        return self.ids.get(kind, frozenset())

    def merged(self, other: Changes) -> Changes:
        """Both, as one."""
        ids = dict(self.ids)
        for kind, more in other.ids.items():
            ids[kind] = ids.get(kind, frozenset()) | more
        whole = self.whole_kinds | other.whole_kinds | {kind for kind, some in ids.items() if len(some) > MOST_IDS}
        ids = {kind: some for kind, some in ids.items() if kind not in whole}
        return Changes(ids, whole, self.everything or other.everything, self.signals + other.signals)


def collect(rows: Iterable[tuple[str, bytes]]) -> Changes:
    """Rows of the change log as one `Changes`."""
    found: dict[str, set[UUID]] = {}
    for kind, key in rows:
        found.setdefault(kind, set()).add(UUID(bytes=key))
    whole = frozenset(kind for kind, ids in found.items() if len(ids) > MOST_IDS)
    return Changes({kind: frozenset(ids) for kind, ids in found.items() if kind not in whole}, whole)


Listener = Callable[[Changes], None]


class Watcher:
    """Tells listeners, from a thread of its own, what any process committed.

    `poll_s` is how soon a commit of another process is noticed (0.2 with a visible window, 1.0 hidden).
    """

    def __init__(self, database: Path, *, poll_s: float = 0.2) -> None:
        self._database = database
        self.poll_s = poll_s
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._telling = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._cursor = self._signal_cursor = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every change from now on, on the watcher's thread; returns how to stop.

        Once that returns, the watcher neither calls the listener nor holds it: a window must not end in another thread.
        """
        with self._lock:
            self._listeners.append(listener)
            if self._thread is None:
                self._start()

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)
            with self._telling:
                pass  # a call of it has come to its end

        return stop

    def wake(self) -> None:
        """Look now: something was committed by this process."""
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    def _start(self) -> None:
        # The cursor is taken before the first query of a listener, so that nothing falls between the two.
        with self._open() as db:
            self._cursor = db.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
            self._signal_cursor = db.execute("SELECT coalesce(max(seq), 0) FROM signal").fetchone()[0]
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def _open(self) -> _Connection:
        return _Connection(self._database)

    def _run(self) -> None:
        with self._open() as db:
            seen = -1
            while not self._stop.is_set():
                self._wake.wait(self.poll_s)
                self._wake.clear()
                if self._stop.is_set():
                    return
                try:
                    version = db.execute("PRAGMA data_version").fetchone()[0]
                    if version != seen:
                        self._look(db)
                        seen = version  # only now: what could not be read is looked for again
                except sqlite3.Error:
                    log.exception("the change log could not be read")

    def _look(self, db: _Connection) -> None:
        changes = Changes()
        oldest, newest = db.execute(ENDS).fetchone()
        if newest is not None and newest > self._cursor:
            if oldest > self._cursor + 1 and self._cursor:
                changes = Changes(everything=True)
            else:
                rows = db.execute("SELECT kind, key FROM change WHERE seq > ? ORDER BY seq", (self._cursor,)).fetchall()
                changes = collect(rows)
            self._cursor = newest
        rows = db.execute(
            "SELECT seq, topic, payload FROM signal WHERE seq > ? ORDER BY seq", (self._signal_cursor,)
        ).fetchall()
        if rows:
            self._signal_cursor = rows[-1][0]
            changes = changes.merged(Changes(signals=tuple(Signal(row[1], json.loads(row[2])) for row in rows)))
        if changes:
            self._tell(changes)

    def _tell(self, changes: Changes) -> None:
        with self._telling:
            with self._lock:
                listeners = list(reversed(self._listeners))
            while listeners:
                try:
                    listeners.pop()(changes)
                except Exception:
                    log.exception("a listener failed")


class _Connection:
    """A read connection of the watcher's own."""

    def __init__(self, database: Path) -> None:
        self._db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA query_only=ON")
        self.execute = self._db.execute

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._db.close()
