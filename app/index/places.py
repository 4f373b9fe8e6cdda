"""Where a document stands in the index: by its time, so that walking the index backwards is walking back in time.

Mail does not arrive in the order of its times: a mailbox's history comes newest block first, an archive in any order. So the
number of a document is its time in quarters of a second, or the next number that is free. Quarters, because FTS5 keeps the
distances between numbers: finer ones would make the index larger, coarser ones would not keep two mails apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from app.kernel import clock
from app.kernel.database.bulk import driver

_QUARTER_US: Final = 250_000
_NEAR: Final = 4
_TAKEN = "SELECT d.rowid FROM json_each(?) j JOIN search_doc d ON d.rowid BETWEEN j.value AND j.value + ?"
_END_OF_RUN = (
    "SELECT d.rowid FROM search_doc d WHERE d.rowid >= ?"
    " AND NOT EXISTS (SELECT 1 FROM search_doc e WHERE e.rowid = d.rowid + 1) ORDER BY d.rowid LIMIT 1"
)
_runs: WeakKeyDictionary[Engine, tuple[int, int]] = WeakKeyDictionary()
"""The run of taken places that was met last, from and to: while much comes at once, its end need not be walked to again."""


def place_of(at: datetime) -> int:
    """The number that a document of this time would like to have."""
    return max(1, clock.to_us(at) // _QUARTER_US)


def age_days(place: int) -> float:
    """How old what stands there is, in days; 0 for what is said to come from the future."""
    return max(0.0, (place_of(clock.now()) - place) / (86_400 * 4))


def free_places(connection: Connection, wanted: Sequence[int]) -> list[int]:
    """Numbers that are free, ascending, each the wanted one or the next after it. `wanted`: ascending."""
    if not wanted:
        return []
    near = driver(connection).execute(_TAKEN, (json.dumps(sorted(set(wanted))), _NEAR))
    taken = {row[0] for row in near}
    found: list[int] = []
    last = 0
    for want in wanted:
        place = max(want, last + 1)
        if place in taken or (place > want + _NEAR and _is_taken(connection, place)):
            place = _after_run(connection, place)
        found.append(place)
        last = place
    return found


def _after_run(connection: Connection, place: int) -> int:
    """The first free place behind one that is taken."""
    first, last = _runs.get(connection.engine, (0, 0))
    begin = place
    if first <= place <= last:
        begin, place = first, last + 1
    if _is_taken(connection, place):
        place = int(driver(connection).execute(_END_OF_RUN, (place,)).fetchone()[0]) + 1
    _runs[connection.engine] = (begin, place)
    return place


def set_free(connection: Connection, place: int) -> None:
    """A document was taken away from `place`: a run that it stood in has a hole now, which the next one is to fill."""
    first, last = _runs.get(connection.engine, (0, 0))
    if first <= place <= last:
        del _runs[connection.engine]


def _is_taken(connection: Connection, place: int) -> bool:
    return driver(connection).execute("SELECT 1 FROM search_doc WHERE rowid = ?", (place,)).fetchone() is not None
