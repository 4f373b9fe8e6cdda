"""A list under headings: which there are, how many tickets stand under each, and all ids in that order.

SQLite gives the tickets, each with what it is divided by, those of a heading together; the headings are then put in order as a
whole. Sorting tickets by names there would look up each one's customer and compare words: at 300,000 tickets of 60,000 customers
that took five times as long, and twice, once for the headings and once for the ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.tickets.rules import Priority, Status
from app.views.rules import Group

WIDTH: Final = 16
_AT_ONCE: Final = 500
_MANY: Final = 20_000
"""So many names are asked for together by their ids; where more than so many are wanted, all there are are read."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a grouped list and how many tickets stand under it.

    `key`: a status, a priority, a day (`2026-01-31`, of this machine's calendar), a tag's name, or the id of an agent or a
    customer in hex; empty for those without. `label`: names where the key is an id, else the key. A ticket with several
    tags stands under the first of them.
    """

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class _Division:
    """By what tickets are divided (SQL on `t`, text or an id), what the keys are called, and in which order they come."""

    by: str
    names: Callable[[Session, Sequence[str]], Mapping[str, str]]
    order: Callable[[Heading], Any]
    are_ids: bool = False


def _as_they_are(_db: Session, keys: Sequence[str]) -> Mapping[str, str]:
    return {key: key for key in keys}


def _agents(db: Session, _keys: Sequence[str]) -> Mapping[str, str]:
    return {row[0].hex(): row[1] for row in db.connection().exec_driver_sql("SELECT id, name FROM agent")}


_CUSTOMERS: Final = (
    "SELECT c.id, CASE WHEN c.name <> '' THEN c.name ELSE coalesce((SELECT i.shown FROM identity i"
    " WHERE i.customer = c.id ORDER BY i.created_at, i.id LIMIT 1), '') END FROM customer c"
)


def _customers(db: Session, keys: Sequence[str]) -> Mapping[str, str]:
    """What customers are called: the name, or the earliest address of who has none."""
    line, wanted = db.connection(), [bytes.fromhex(key) for key in keys if key]
    if len(wanted) > _MANY:
        return {row[0].hex(): row[1] for row in line.exec_driver_sql(_CUSTOMERS)}
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = tuple(wanted[start : start + _AT_ONCE])
        sql = f"{_CUSTOMERS} WHERE c.id IN ({', '.join('?' * len(some))})"
        found |= {row[0].hex(): row[1] for row in line.exec_driver_sql(sql, some)}
    return found


def _place_in(words: Iterable[str]) -> Callable[[Heading], Any]:
    places = {word: place for place, word in enumerate(words)}
    return lambda top: (places.get(top.key, len(places)), top.key)


_DIVISIONS: Final[Mapping[Group, _Division]] = {
    Group.STATUS: _Division("t.status", _as_they_are, _place_in(map(str, Status))),
    Group.PRIORITY: _Division("t.priority", _as_they_are, _place_in(map(str, reversed(list(Priority))))),
    Group.ASSIGNEE: _Division(
        "t.assignee", _agents, lambda top: (bool(top.key), top.label.casefold(), top.key), are_ids=True
    ),
    Group.CUSTOMER: _Division("t.customer", _customers, lambda top: (top.label.casefold(), top.key), are_ids=True),
    Group.DAY: _Division(
        "date(t.last_message_at / 1000000, 'unixepoch', 'localtime')", _as_they_are, lambda top: top.key
    ),
    Group.TAG: _Division(
        "(SELECT min(n.name) FROM ticket_tag g JOIN tag n ON n.id = g.tag"
        " WHERE g.ticket = t.id AND g.deleted_at IS NULL)",
        _as_they_are,
        lambda top: (not top.key, top.key.casefold(), top.key),
    ),
}


def divided(
    db: Session, group: Group, source: str, values: dict[str, object], *, backwards: bool = False
) -> tuple[bytes, tuple[Heading, ...]]:
    """All ids under their headings as one block, 16 bytes each, and the headings in their order (`backwards`: turned round).

    `source`: SQL behind `FROM ticket t`: conditions, and an order in which those of a heading stand together, as they do when
    it begins with `k`, the heading's key; `values` are its values.
    """
    division = _DIVISIONS[group]
    sql = (
        "SELECT group_concat(hex(id), ''), group_concat(k)"
        f" FROM (SELECT t.id AS id, hex({division.by}) AS k FROM ticket t {source})"
    )
    ids, said = db.connection().exec_driver_sql(sql, values).one()
    if not ids:
        return b"", ()
    counts = Counter(said.split(","))  # in the order in which they first come
    read = {raw: raw.lower() if division.are_ids else bytes.fromhex(raw).decode() for raw in counts}
    names = division.names(db, tuple(read.values()))
    tops = [Heading(key, names.get(key, ""), counts[raw]) for raw, key in read.items()]
    block, end = bytes.fromhex(ids), 0
    parts: dict[str, bytes] = {}
    for top in tops:
        start, end = end, end + top.count * WIDTH
        parts[top.key] = block[start:end]
    tops.sort(key=division.order, reverse=backwards)
    return b"".join(parts[top.key] for top in tops), tuple(tops)
