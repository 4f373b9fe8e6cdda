"""How many tickets lie in each view, and how many of them are unread: exactly, and cheap to read again and again.

Whoever shows numbers keeps one `Tally` and asks it after every change. It remembers which tickets lie in which view (by
their numbers) as of a place in the change log. Reading goes on from there: only tickets that the log names are looked at
again, all views in one statement. So no write costs anything for being counted, and no view costs a count over the desk.

How many there are in a built-in view that the desk keeps a counter of (`app.tickets.counters`) is read there, which
`kept_totals` does alone, for whoever cannot wait. What the log cannot tell is counted anew: a view whose condition means something else as time goes by, at most once a
minute; one that asks for free words, after a change, at most every few seconds. `as_of` says when, and `stale` that
something may have changed since.
"""

from __future__ import annotations

import sys
import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.dates import is_relative
from app.conditions.fields import CUSTOM, Kind, field_named
from app.conditions.tree import Check, Node, QueryError, checks
from app.conditions.words import PLACED
from app.kernel import clock
from app.search.catalogue import check_names
from app.search.filters import UNREAD, Filter
from app.tickets.rules import NOWHERE
from app.views.queries import ViewInfo, view_id, views
from app.views.rules import TO_DO

EVERY: Final = timedelta(seconds=60)
"""A view with relative times is counted anew when its numbers are as old as this."""

AFTER_WORDS: Final = timedelta(seconds=5)
"""One with free words, if anything has changed and its numbers are as old as this, or as 50 times what counting took."""

_MOST_CHANGED: Final = 5000
"""Above so many changed tickets counting everything anew is quicker."""

_NEWS: Final = f"{UNREAD} AND t.deleted_at IS NULL AND t.merged_into IS NULL"
_CHANGED: Final = "(SELECT c.key FROM change c WHERE c.seq > :since AND c.seq <= :until AND c.kind = '{}')"
_GONE: Final = text(
    "SELECT count(*) AS changed, coalesce(sum(NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = k.key)), 0) AS gone"
    " FROM (SELECT DISTINCT c.key FROM change c WHERE c.seq > :since AND c.seq <= :until AND c.kind = 'ticket'"
    " AND c.key <> :nowhere) k"
)
_KINDS: Final = text("SELECT DISTINCT kind FROM change WHERE seq > :since AND seq <= :until")
_COUNTER: Final = text("SELECT name, value FROM counter")
_COUNTERS: Final = {
    TO_DO: ("to_do",),
    "unassigned": ("unassigned",),
    "mine": ("assignee:{}",),
    "follow_up": ("follow_up",),
    "snoozed": ("snoozed",),
    "waiting": ("status:waiting",),
    "solved": ("status:solved",),
    "open": ("all", "-status:closed"),
    "closed": ("status:closed",),
    "all": ("all",),
    "bin": ("bin",),
}
"""The counters that add up to a built-in view; those with a minus are taken away."""

_LOG: Final = text("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM change")
_NAMED_BY: Final = {
    "agent": "assignee",
    "mailbox": "mailbox",
    "organisation": "organisation",
    "state": "state",
    "survey": "has:survey",
}
"""Changes of what kind make a check on which field mean something else."""


@dataclass(frozen=True, slots=True)
class ViewCount:
    """The numbers of a view. `stale`: something may have changed since `as_of`, which does not count when numbers are
    compared. `problem`: why it cannot be counted.
    """

    total: int
    unread: int
    as_of: datetime = field(compare=False)
    stale: bool = False
    problem: str = ""


@dataclass
class _Kept:
    """What is remembered of a view: who was in it when it was counted (`base`, by number), and who came or went since;
    of one that has counters, only those that are unread (`news`).
    """

    condition: Node
    counters: tuple[str, ...] = ()
    base: array[int] = field(default_factory=lambda: array("I"))
    since: dict[int, bool] = field(default_factory=dict)
    news: set[int] = field(default_factory=set)
    total: int = 0
    counted_at: datetime | None = None
    last_at: datetime | None = None  # the same, also when it is to be counted anew
    took: timedelta = timedelta(0)
    is_dirty: bool = False
    unreadable: str = ""
    problem: str = ""

    def __post_init__(self) -> None:
        self.problem = self.unreadable
        asked = list(checks(self.condition))
        self.fields = frozenset(map(_asked_for, asked))
        self.is_relative = any(_depends_on_time(one) for one in asked)
        self.has_words = not self.fields.isdisjoint({"words", *PLACED})

    @property
    def is_known(self) -> bool:
        """Are there numbers of it, or is it known why not?"""
        return bool(self.counters or self.problem) or self.last_at is not None

    @property
    def is_due(self) -> bool:
        """Was it never counted, or is nothing known of it any more?"""
        return not (self.counters or self.problem) and self.counted_at is None

    def has(self, number: int) -> bool:
        """Is the ticket of this number in the view?"""
        if (known := self.since.get(number)) is not None:
            return known
        at = bisect_left(self.base, number)
        return at < len(self.base) and self.base[at] == number


class Tally:
    """The numbers of all views of one agent on one desk. Thread-safe; ask it by `desk.ask(tally.read, agent)`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._agent: UUID | None = None
        self._cursor: int | None = None
        self._views: dict[UUID, _Kept] = {}
        self._unread: set[int] = set()

    def read(self, db: Session, agent: UUID | None = None, *, patience_s: float | None = None) -> dict[UUID, ViewCount]:
        """The numbers of the views that the agent sees, by id, as of this moment.

        `patience_s`: views of which nothing is known are counted for about so long, one at least. The next reading goes on
        with the others (`is_whole`); until then one that was counted before is stale, one that never was is left out.
        """
        with self._lock:
            end = None if patience_s is None else time.monotonic() + patience_s
            now = clock.now()
            lowest, highest = db.connection().execute(_LOG).one()
            is_older = self._cursor is not None and highest < self._cursor  # another thread knows more already
            is_new = agent != self._agent or self._cursor is None or (not is_older and self._is_gap(lowest))
            if is_new:
                self._begin(db, agent)
            elif self._cursor is not None and not is_older:
                self._go_on(db, self._cursor, highest)
            if is_new or not is_older:
                self._cursor = highest
                self._count_what_is_due(db, now, end)
            self._read_counters(db)
            return {key: _shown(kept, now) for key, kept in self._views.items() if kept.is_known}

    @property
    def is_whole(self) -> bool:
        """Were all views counted when last asked?"""
        return not any(kept.is_due for kept in list(self._views.values()))

    def forget(self) -> None:
        """Count everything anew when next asked."""
        with self._lock:
            self._cursor = None

    def _is_gap(self, lowest: int) -> bool:
        """Was the log cut off behind the place up to which it is known?"""
        return self._cursor is not None and self._cursor + 1 < lowest

    def _begin(self, db: Session, agent: UUID | None) -> None:
        self._agent = agent
        self._views = {one.id: _kept(one, agent) for one in _counted(db, agent)}
        self._read_unread(db)

    def _read_unread(self, db: Session) -> None:
        """What is unread, and in which of the views that have counters that lies."""
        filters = Filter.of(db, self._agent, each=True)
        kept_by_counters = [kept for kept in self._views.values() if kept.counters]
        columns = ["t.number", *(f"({filters.where(kept.condition)})" for kept in kept_by_counters)]
        rows = db.connection().execute(text(f"SELECT {', '.join(columns)} FROM ticket t WHERE {_NEWS}"), filters.values)
        found = rows.all()
        self._unread = {row[0] for row in found}
        for place, kept in enumerate(kept_by_counters, 1):
            kept.news = {row[0] for row in found if row[place]}
            kept.counted_at = clock.now()

    def _read_counters(self, db: Session) -> None:
        values = _stored(db)
        for kept in self._views.values():
            if kept.counters:
                kept.total = _sum(values, kept.counters)

    def _go_on(self, db: Session, since: int, until: int) -> None:
        """Bring everything from one place of the log to a later one."""
        if since == until:
            return
        span = {"since": since, "until": until}
        kinds = {row[0] for row in db.connection().execute(_KINDS, span)}
        if kinds & {"view", "field"}:
            self._redefine(db, fields_changed="field" in kinds)
            if any(kept.counters and kept.counted_at is None for kept in self._views.values()):
                self._read_unread(db)
        for kind in kinds & _NAMED_BY.keys():
            self._doubt(_NAMED_BY[kind])
        if "ticket" not in kinds and not ("customer" in kinds and self._asks_for("from")):
            return
        changed, gone = db.connection().execute(_GONE, span | {"nowhere": NOWHERE.bytes}).one()
        if gone or changed > _MOST_CHANGED:  # of an erased ticket nobody knows any more in which views it was
            self._doubt(None)
            self._read_unread(db)
            return
        self._look_again(db, span, people="customer" in kinds and self._asks_for("from"))

    def _redefine(self, db: Session, *, fields_changed: bool) -> None:
        """Views came, went or changed; those with the same condition keep what is known of them."""
        before = self._views
        self._views = {}
        for one in _counted(db, self._agent):
            kept = before.get(one.id)
            is_same = kept is not None and kept.condition == one.listing.condition and kept.unreadable == one.problem
            if kept is None or not is_same or (fields_changed and CUSTOM in kept.fields):
                kept = _kept(one, self._agent)
            self._views[one.id] = kept

    def _asks_for(self, name: str) -> bool:
        return any(name in kept.fields for kept in self._views.values())

    def _doubt(self, name: str | None) -> None:
        """Views that ask for this field (None: all) are to be counted anew."""
        for kept in self._views.values():
            if name is None or name in kept.fields:
                kept.counted_at, kept.problem = None, kept.unreadable

    def _look_again(self, db: Session, span: dict[str, int], *, people: bool) -> None:
        """Look at the changed tickets, all views in one statement."""
        filters = Filter.of(db, self._agent, each=True)
        counted = [kept for kept in self._views.values() if kept.counted_at is not None and not kept.problem]
        columns = [_NEWS]
        known: list[_Kept] = []
        for kept in counted:
            if kept.has_words:
                kept.is_dirty = True
            else:
                columns.append(filters.where(kept.condition))
                known.append(kept)
        which = f"t.id IN {_CHANGED.format('ticket')}"
        if people:
            which = f"({which} OR t.customer IN {_CHANGED.format('customer')})"
        sql = f"SELECT t.number, {', '.join(f'({column})' for column in columns)} FROM ticket t WHERE {which}"
        for row in db.connection().execute(text(sql), filters.values | span):
            self._place(row, known)

    def _place(self, row: Any, known: list[_Kept]) -> None:
        """Note where a ticket lies now, and with it what that changes in the numbers."""
        number, is_unread, *where = row
        for kept, is_in in zip(known, where, strict=True):
            if not kept.counters and kept.has(number) != is_in:
                kept.since[number] = bool(is_in)
                kept.total += 1 if is_in else -1
            if is_in and is_unread:
                kept.news.add(number)
            else:
                kept.news.discard(number)
        if is_unread:
            self._unread.add(number)
        else:
            self._unread.discard(number)

    def _count_what_is_due(self, db: Session, now: datetime, end: float | None) -> None:
        has_begun = False
        for kept in self._views.values():
            if kept.problem or kept.counters:
                continue
            age = None if kept.counted_at is None else now - kept.counted_at
            wait = max(AFTER_WORDS, 50 * kept.took) if kept.is_dirty else EVERY
            is_due = (kept.is_relative or kept.is_dirty) and age is not None and not timedelta(0) <= age < wait
            if age is None and has_begun and end is not None and time.monotonic() > end:
                continue
            if age is None or is_due:
                has_begun = True
                self._count(db, kept, now)

    def _count(self, db: Session, kept: _Kept, now: datetime) -> None:
        kept.counted_at, kept.last_at, kept.is_dirty = now, now, False
        filters, begun = Filter.of(db, self._agent), time.thread_time()
        try:
            check_names(db, kept.condition, self._agent)
            where = filters.where(kept.condition)
        except QueryError as error:
            kept.problem = str(error)
            return
        kept.base = _numbers(db, where, filters)
        kept.since.clear()
        kept.total = len(kept.base)
        kept.news = {number for number in self._unread if kept.has(number)}
        kept.took = timedelta(seconds=time.thread_time() - begun)


def kept_totals(db: Session, agent: UUID | None = None) -> dict[UUID, int]:
    """How many tickets lie in those built-in views that have counters, by id: at once, however large the desk is."""
    values = _stored(db)
    return {view_id(key): _sum(values, _counters(key, agent)) for key in _COUNTERS}


def _stored(db: Session) -> dict[str, int]:
    return dict(iter(db.connection().execute(_COUNTER)))


def _sum(values: dict[str, int], counters: tuple[str, ...]) -> int:
    return sum(-values.get(name[1:], 0) if name.startswith("-") else values.get(name, 0) for name in counters)


def _counters(key: str, agent: UUID | None) -> tuple[str, ...]:
    return tuple(name.format(agent.hex if agent else "") for name in _COUNTERS.get(key, ()))


def _counted(db: Session, agent: UUID | None) -> list[ViewInfo]:
    """The views that the agent sees, and what is to do, whose unread ones are counted in any case."""
    return [one for one in views(db, agent, hidden=True) if not one.hidden or one.key == TO_DO]


def _kept(view: ViewInfo, agent: UUID | None) -> _Kept:
    return _Kept(view.listing.condition, _counters(view.key, agent), unreadable=view.problem)


def _shown(kept: _Kept, now: datetime) -> ViewCount:
    if kept.problem:
        return ViewCount(0, 0, now, problem=kept.problem)
    if kept.is_due and kept.last_at is not None:
        return ViewCount(kept.total, len(kept.news), kept.last_at, stale=True)
    if not (kept.is_relative or kept.is_dirty) or kept.counted_at is None:
        return ViewCount(kept.total, len(kept.news), now)
    return ViewCount(kept.total, len(kept.news), kept.counted_at, stale=kept.is_dirty or now - kept.counted_at >= EVERY)


def _numbers(db: Session, where: str, filters: Filter) -> array[int]:
    """The numbers of the tickets that fit, ascending. SQLite joins them: no object is made of any row. The plus keeps it
    from walking through all tickets only because they are in order there.
    """
    sql = (
        "SELECT group_concat(printf('%08x', number), '')"
        f" FROM (SELECT t.number FROM ticket t WHERE {where} ORDER BY +t.number)"
    )
    joined = db.connection().execute(text(sql), filters.values).scalar()
    found = array("I")
    found.frombytes(bytes.fromhex(joined or ""))
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _asked_for(check: Check) -> str:
    if check.field.startswith(CUSTOM):
        return CUSTOM
    return f"has:{check.value}" if check.field == "has" else check.field


def _depends_on_time(check: Check) -> bool:
    one = field_named(check.field)
    if one is None:
        return False
    if one.kind is Kind.CHOICE:
        return (check.field, check.value) == ("is", "overdue")
    return one.kind in {Kind.DATE, Kind.AGE, Kind.CUSTOM} and is_relative(check.value.lower())


def recount(db: Session, wanted: Iterable[ViewInfo], agent: UUID | None = None) -> dict[UUID, tuple[int, int]]:
    """(total, unread) of views, counted from the tickets: what a `Tally` must say too."""
    found = {}
    for one in wanted:
        filters = Filter.of(db, agent)
        sql = f"SELECT count(*), coalesce(sum({_NEWS}), 0) FROM ticket t WHERE {filters.where(one.listing.condition)}"
        total, unread = db.connection().execute(text(sql), filters.values).one()
        found[one.id] = (total, unread)
    return found
