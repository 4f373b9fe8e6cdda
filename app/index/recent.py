"""The newest documents once more, in an index of their own that stays small.

FTS5 answers half a word by merging everything that stands under every word that begins so, 0.15 µs a document: a millisecond
among eight thousand documents, a third of a second for a letter among a million. But a page is hardly ever longer than what the
newest eight thousand give, so that they are asked first.

Here stands exactly what the whole index has from one place on (`since`), no more and no less. So a search that goes on in the
whole index behind that place leaves nothing out, and it does not matter to any answer how far this index reaches just now. A desk
with few documents has none: its whole index is small.

Its table is called `search_fts_lately`; a table keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from app.kernel.database.bulk import Bulk, driver

LARGE: Final = 10_000
"""From so many documents on there is such an index."""

KEPT: Final = 8_000
MOST: Final = 14_000
"""So many documents it is filled with; with more than so many it is begun anew."""

END: Final = 2**62
"""Behind all places: nothing is here yet."""

_SINCE = "SELECT value FROM meta WHERE key = 'search_lately'"
_REACH = text(
    "INSERT INTO meta(key, value) VALUES ('search_lately', :value) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
)
_FORGET_REACH = text("DELETE FROM meta WHERE key = 'search_lately'")
_EMPTY = text("INSERT INTO search_fts_lately(search_fts_lately) VALUES ('delete-all')")
_INSERT = Bulk(
    text(
        "INSERT INTO search_fts_lately(rowid, title, body, people, extra) VALUES (:rowid, :title, :body, :people, :extra)"
    )
)
_DELETE = text(
    "INSERT INTO search_fts_lately(search_fts_lately, rowid, title, body, people, extra)"
    " VALUES ('delete', :rowid, :title, :body, :people, :extra)"
)


def since(connection: Connection) -> int | None:
    """The place from which on everything is here; None where there is no such index."""
    found = driver(connection).execute(_SINCE).fetchone()
    return None if found is None else int(found[0])


def begin(connection: Connection) -> None:
    """Empty: nothing is here from now on."""
    connection.execute(_EMPTY)
    connection.execute(_REACH, {"value": str(END)})


def leave(connection: Connection) -> None:
    """Do without such an index, as a desk with few documents does."""
    if since(connection) is not None:
        connection.execute(_EMPTY)
        connection.execute(_FORGET_REACH)


def reach(connection: Connection, place: int, words: Sequence[dict[str, Any]]) -> None:
    """All documents from `place` up to where everything is here already, in their order: everything from there on is."""
    if words:
        _INSERT.write(connection, words)
    connection.execute(_REACH, {"value": str(place)})


def add(connection: Connection, words: Sequence[dict[str, Any]]) -> None:
    """Documents that were just put into the whole index: those that belong here."""
    first = since(connection)
    if first is not None and (here := [row for row in words if row["rowid"] >= first]):
        _INSERT.write(connection, here)


def forget(connection: Connection, words: Mapping[str, Any]) -> None:
    """A document that is taken out of the whole index, with the words that were put."""
    first = since(connection)
    if first is not None and words["rowid"] >= first:
        connection.execute(_DELETE, dict(words))
