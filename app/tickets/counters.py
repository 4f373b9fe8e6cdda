"""How many tickets lie on each pile, kept as rows, so that the lists' numbers cost nothing to read.

One place adjusts them: before each flush, every ticket row that is new or changed is compared with what it was. A
command cannot forget it. `check` compares them with a recount.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, event, func, inspect, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from app.kernel.database.bulk import Bulk
from app.kernel.database.memo import memo
from app.kernel.database.tables import Counter
from app.kernel.database.transaction import Tx
from app.tickets.rules import Standing, piles
from app.tickets.tables import Ticket

_COUNTED = ("status", "assignee", "follow_up", "deleted_at", "merged_into", "snooze_until")
NUMBER = "ticket_number"

_insert = insert(Counter.__table__)  # type: ignore[arg-type]
_ADD = Bulk(
    _insert.on_conflict_do_update(
        index_elements=["name"], set_={"value": Counter.__table__.c.value + _insert.excluded.value}
    ),
    ("name", "value"),
)
_VALUE = select(Counter.value).where(Counter.name == bindparam("name"))


def next_number(tx: Tx) -> int:
    """The next ticket number, given once and never again. Read once a transaction."""
    known = memo(tx, "counter")
    if NUMBER not in known:
        known[NUMBER] = tx.connection().execute(_VALUE, {"name": NUMBER}).scalar() or 0
    known[NUMBER] += 1
    _count(tx, NUMBER, 1)
    return int(known[NUMBER])


def reserve_numbers(tx: Tx, highest: int) -> None:
    """Numbers up to `highest` are taken (imports, samples): the next one is beyond."""
    taken = tx.connection().execute(_VALUE, {"name": NUMBER}).scalar() or 0
    if highest > taken:
        _count(tx, NUMBER, highest - taken)
        memo(tx, "counter").pop(NUMBER, None)


@event.listens_for(Tx, "before_flush")
def _adjust(tx: Tx, _context: object, _instances: object) -> None:
    tally: Tally[str] = Tally()
    for row in tx.new:
        if isinstance(row, Ticket):
            tally.update(piles(_now(row)))
    for row in tx.dirty:
        if isinstance(row, Ticket) and (before := _before(row)):
            tally.update(piles(_now(row)))
            tally.subtract(piles(_standing(row, before)))
    for row in tx.deleted:
        if isinstance(row, Ticket):
            tally.subtract(piles(_standing(row, _before(row))))
    for name, value in tally.items():
        _count(tx, name, value)
    tx.write_rows()


def count(tx: Tx, names: Iterable[str], by: int = 1) -> None:
    """One more ticket on these piles, or (-1) one less: for a ticket that was written as a plain row."""
    for name in names:
        _count(tx, name, by)


def _count(tx: Tx, name: str, by: int) -> None:
    if by:
        tx.unwritten(_ADD).setdefault(name, {"name": name, "value": 0})["value"] += by


def _before(row: Ticket) -> dict[str, Any]:
    """The old values of those counted fields that differ from what is stored."""
    changed = inspect(row).committed_state
    return {name: changed[name] for name in _COUNTED if name in changed}


def _now(row: Ticket) -> Standing:
    return _standing(row, {})


def _standing(row: Ticket, old: dict[str, Any]) -> Standing:
    status, assignee, follow_up, deleted, merged, snoozed = (old.get(name, getattr(row, name)) for name in _COUNTED)
    return _standing_of(status, assignee, follow_up, deleted is not None, merged is not None, snoozed is not None)


def _standing_of(status: Any, assignee: Any, follow_up: Any, deleted: bool, merged: bool, snoozed: bool) -> Standing:
    return Standing(str(status), assignee, bool(follow_up), deleted=deleted, merged=merged, snoozed=snoozed)


def stored(db: Session) -> dict[str, int]:
    """The counters as they are kept, zeros left out."""
    rows = db.execute(select(Counter.name, Counter.value))
    return {name: value for name, value in rows if value and _is_ours(name)}


def recount(db: Session) -> dict[str, int]:
    """The counters as they should be, counted from the tickets. For `check`."""
    marks = (column.isnot(None) for column in (Ticket.deleted_at, Ticket.merged_into, Ticket.snooze_until))
    grouped = (Ticket.status, Ticket.assignee, Ticket.follow_up, *marks)
    tally: Tally[str] = Tally()
    for *fields, number in db.execute(select(*grouped, func.count()).group_by(*grouped)):
        for name in piles(_standing_of(*fields)):
            tally[name] += number
    return dict(tally)


def wrong_counters(db: Session) -> dict[str, tuple[int, int]]:
    """The counters that are wrong: (kept, counted) by name. Empty is well."""
    kept, counted = stored(db), recount(db)
    return {
        name: (kept.get(name, 0), counted.get(name, 0))
        for name in sorted(kept.keys() | counted.keys())
        if kept.get(name, 0) != counted.get(name, 0)
    }


def repair_counters(tx: Tx) -> int:
    """Put every counter to what a recount says; how many were wrong."""
    tx.flush()
    wrong = wrong_counters(tx)
    for name, (_, counted) in wrong.items():
        tx.execute(delete(Counter).where(Counter.name == name))
        _count(tx, name, counted)
    return len(wrong)


def _is_ours(name: str) -> bool:
    return name in {"all", "bin", "to_do", "snoozed", "unassigned", "follow_up"} or name.startswith(
        ("status:", "assignee:")
    )
