"""What conditions mean for a ticket, as SQL on the alias `t`. Every piece is true or false, never NULL, so that NOT is safe.

`tests/search/test_two_evaluations.py` compares it with the same said in memory. Statuses are
written as literals, in the words of the partial indexes of `app.tickets.tables`: SQLite uses such an index only for a
query that says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.conditions.dates import Interval, within
from app.conditions.fields import CUSTOM, asks_for_deleted, field_named
from app.conditions.texts import spellings
from app.conditions.tree import EVERYTHING, AllOf, AnyOf, Check, Node, Not, Op
from app.conditions.words import PLACED, Gathered, Words, gathered
from app.fields.queries import FieldInfo, fields
from app.index.words import match_word
from app.kernel import clock
from app.search import own_fields, scopes, subjects
from app.tickets.commands.tags import tag_id

_UNDONE: Final = "t.status <> 'closed' AND t.status <> 'waiting' AND t.status <> 'solved'"
_IS: Final = {
    "new": "t.status = 'new'",
    "open": "t.status IN ('new', 'open') AND t.status <> 'closed'",
    "waiting": "t.status = 'waiting'",
    "solved": "t.status = 'solved'",
    "closed": "t.status = 'closed'",
    "active": "t.status <> 'closed'",
    "todo": f"{_UNDONE} AND t.snooze_until IS NULL",
    "unassigned": "t.assignee IS NULL AND t.status IN ('new', 'open', 'waiting') AND t.status <> 'closed'",
    "mine": "t.assignee IS NOT NULL AND t.assignee = :me",
    "overdue": f"t.due_at IS NOT NULL AND t.due_at <= :now AND {_UNDONE}",
    "snoozed": "t.snooze_until IS NOT NULL AND t.status <> 'closed'",
    "deleted": "t.deleted_at IS NOT NULL",
    "spam": "t.outcome = 'spam'",
    "followup": "t.follow_up = 1",
    "unread": f"t.last_incoming_at IS NOT NULL AND {_UNDONE} AND t.last_incoming_at >"
    " coalesce((SELECT s.at FROM seen s WHERE s.ticket = t.id AND s.agent = :me), 0)",
}
UNREAD: Final = _IS["unread"]
"""News of the customer that the agent `:me` has not seen: what a row's mark says."""

_HAS: Final = {
    "attachment": "t.has_attachment = 1",
    "note": "t.id IN (SELECT m.ticket FROM message m LEFT JOIN placement p ON p.id = m.id AND p.deleted_at IS NULL"
    " WHERE m.direction = 'internal' AND coalesce(p.ticket, m.ticket) = m.ticket)",
    "reply": "t.first_reply_at IS NOT NULL",
    "survey": "EXISTS (SELECT 1 FROM survey_response r WHERE r.ticket = t.id)",
    "draft": "t.id IN (WITH RECURSIVE home(id) AS (SELECT d.ticket FROM draft d"
    " WHERE d.ticket IS NOT NULL AND d.agent = :me AND d.deleted_at IS NULL"
    " UNION SELECT o.merged_into FROM home h JOIN ticket o ON o.id = h.id WHERE o.merged_into IS NOT NULL)"
    " SELECT id FROM home)",
}
_HAS_EACH: Final = {
    "note": "EXISTS (SELECT 1 FROM message m LEFT JOIN placement p ON p.id = m.id AND p.deleted_at IS NULL"
    " WHERE m.ticket = t.id AND m.direction = 'internal' AND coalesce(p.ticket, t.id) = t.id)",
    "draft": "EXISTS (WITH RECURSIVE part(id) AS (SELECT t.id"
    " UNION SELECT o.id FROM part p JOIN ticket o ON o.merged_into = p.id)"
    " SELECT 1 FROM part p JOIN draft d ON d.ticket = p.id WHERE d.agent = :me AND d.deleted_at IS NULL)",
}
"""The same for looking at a few tickets."""

_DATES: Final = {
    "created": "t.created_at",
    "solved": "t.solved_at",
    "due": "t.due_at",
    "snoozed": "t.snooze_until",
    "older": "t.last_message_at",
    "newer": "t.last_message_at",
    "waiting": "(CASE WHEN t.status IN ('new', 'open') THEN t.last_incoming_at END)",
}
_TEXTS: Final = {"subject": "t.subject", "team": "t.team"}
_SIGNS: Final = {Op.IS: "=", Op.BELOW: "<", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.AT_LEAST: ">="}
_FOUND: Final = (
    "t.id IN (SELECT coalesce(q.merged_into, n.merged_into, o.merged_into, o.id)"
    " FROM search_fts f JOIN search_doc d ON d.rowid = f.rowid"
    " LEFT JOIN attachment a ON d.kind = 'file' AND a.id = d.key"
    " LEFT JOIN placement p ON p.id = coalesce(a.message, d.key) AND p.deleted_at IS NULL"
    " JOIN ticket o ON o.id = coalesce(p.ticket, d.ticket)"
    " LEFT JOIN ticket n ON n.id = o.merged_into LEFT JOIN ticket q ON q.id = n.merged_into WHERE search_fts MATCH {0})"
)

_BECAME: Final = (
    "t.id IN (WITH RECURSIVE became(id) AS (SELECT r.ticket FROM ticket_ref r WHERE r.number = {0}"
    " UNION SELECT o.merged_into FROM became b JOIN ticket o ON o.id = b.id WHERE o.merged_into IS NOT NULL)"
    " SELECT id FROM became)"
)
"""What the ticket of a number became by merging, in however many steps."""

OwnFields = Mapping[str, FieldInfo]
"""A desk's own fields by their name, casefolded."""


@dataclass
class Filter:
    """Conditions on tickets as SQL, with their values. Values never become part of the SQL.

    `me` and `now`: who asks, and when. `db`: where the desk's own fields are looked up, if any is asked for. `each`: the SQL
    is for looking at a few given tickets, not for finding some among all. `narrow`: it is for finding them once, as they are now,
    so that the index may be asked first.
    """

    me: UUID | None
    now: datetime
    db: Session | None = None
    each: bool = False
    narrow: bool = False
    values: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values["me"] = self.me.bytes if self.me else b""
        self.values["now"] = clock.to_us(self.now)

    @classmethod
    def of(cls, db: Session, me: UUID | None, *, each: bool = False, narrow: bool = False) -> Filter:
        """A filter for this desk, as of now."""
        return cls(me, clock.now(), db, each, narrow)

    @cached_property
    def own(self) -> OwnFields:
        """The desk's own fields."""
        return {} if self.db is None else {one.name.casefold(): one for one in fields(self.db)}

    def where(self, tree: Node) -> str:
        """The condition as SQL. What lies in the Bin is left out unless it is asked for, and what is part of another ticket
        always. Raises QueryError for a field that this desk does not have, or a value that it cannot have.
        """
        parts = [] if tree == EVERYTHING else [self.holds(tree)]
        if not asks_for_deleted(tree):
            parts.append("t.deleted_at IS NULL")
        parts.append("t.merged_into IS NULL")
        return " AND ".join(parts)

    def holds(self, tree: Node) -> str:
        """The condition alone, wherever the tickets lie."""
        return self._node(gathered(tree))

    def _node(self, node: Gathered | Check | Words) -> str:
        if isinstance(node, Words):
            return self.found(node)
        if isinstance(node, Check):
            return f"({self._check(node)})"
        if node.kind is Not:
            return f"NOT {self._node(node.parts[0])}"
        if not node.parts:
            return "1"
        joint = " AND " if node.kind is AllOf else " OR "
        return f"({joint.join(self._node(part) for part in node.parts)})"

    def found(self, words: Words) -> str:
        """The tickets in which the index finds free words. Nothing but signs restricts nothing, negated or not."""
        node = words.node
        match = fts_match(node, whole=words.whole)
        if isinstance(node, Check) and (scope := scopes.OF_FIELD.get(node.field)):
            match = scopes.within(match, scope)
        return _FOUND.format(self._bind(match)) if match else "0" if words.whole else "1"

    def _check(self, check: Check) -> str:
        if check.op is Op.IS_NOT:
            return f"NOT ({self._check(Check(check.field, Op.IS, check.value, check.position, check.length))})"
        if check.op is Op.FILLED:
            return f"NOT ({self._check(Check(check.field, Op.EMPTY, '', check.position, check.length))})"
        if check.field.startswith(CUSTOM):
            return own_fields.sql(check, self.own, self.now, self._bind)
        match check.field:
            case "is":
                return _IS[check.value]
            case "has":
                return (_HAS | _HAS_EACH if self.each else _HAS)[check.value]
            case "status" | "priority" | "channel":
                return f"t.{check.field} = '{check.value}'"  # one of the words that `fields` lists
            case "subject" | "team":
                column = _TEXTS[check.field]
                return f"{column} = ''" if check.op is Op.EMPTY else self._narrowed(check) + self._text(check, column)
            case "number" | "messages":
                return self._number(check)
            case "tag":
                return self._tag(check)
            case "older" | "newer" | "updated" | "created" | "solved" | "due" | "snoozed" | "waiting":
                return self._date(check)
            case _:
                return self._who(check)

    def _who(self, check: Check) -> str:
        """Whatever another table names: people, companies, mailboxes, statuses of the desk's own."""
        column, where = _NAMED[check.field]
        if check.op is Op.EMPTY:
            return f"{column} IS NULL"
        if check.field == "assignee" and check.op is Op.IS and check.value == "me":
            return _IS["mine"]
        if check.field == "from":
            return self._customer(check)
        if check.field == "to":
            return where.format(self._text(check, 'm."to"'))
        return f"{column} IS NOT NULL AND {column} IN ({where.format(self.named(check))})"

    def named(self, check: Check) -> str:
        """The rows that a check names: agents (alias `a`), companies (`o`), mailboxes (`b`), own statuses (`s`)."""
        return " OR ".join(self._text(check, name) for name in _LOOKED_AT[check.field])

    def _customer(self, check: Check) -> str:
        name, handle = self._text(check, "c.name"), self._text(check, "i.handle")
        if self.each:
            return (
                f"t.customer IS NOT NULL AND (EXISTS (SELECT 1 FROM customer c WHERE c.id = t.customer AND ({name}))"
                f" OR EXISTS (SELECT 1 FROM identity i WHERE i.customer = t.customer AND ({handle})))"
            )
        return (
            f"t.customer IS NOT NULL AND t.customer IN (SELECT c.id FROM customer c WHERE {name}"
            f" UNION ALL SELECT i.customer FROM identity i WHERE {handle})"
        )

    def _tag(self, check: Check) -> str:
        if check.op is Op.EMPTY:
            return "NOT EXISTS (SELECT 1 FROM ticket_tag g WHERE g.ticket = t.id AND g.deleted_at IS NULL)"
        key = self._bind(tag_id(check.value).bytes)
        if self.each:
            return (
                f"EXISTS (SELECT 1 FROM ticket_tag g WHERE g.ticket = t.id AND +g.tag = {key} AND g.deleted_at IS NULL)"
            )
        return f"t.id IN (SELECT g.ticket FROM ticket_tag g WHERE g.tag = {key} AND g.deleted_at IS NULL)"

    def _number(self, check: Check) -> str:
        number = self._bind(int(check.value))
        if check.field == "messages":
            return f"t.message_count {_SIGNS[check.op]} {number}"
        if check.op is Op.IS:
            return _BECAME.format(number)
        return f"t.number {_SIGNS[check.op]} {number}"

    def _date(self, check: Check) -> str:
        if check.op is Op.EMPTY:
            return f"{_DATES[check.field]} IS NULL"
        one = field_named(check.field)
        inside = within(check.field, check.op, check.value, self.now, ahead=one is not None and one.ahead)
        if check.field == "updated":
            return self._updated(inside)
        column = _DATES[check.field]
        parts = [f"{column} IS NOT NULL"]
        parts += [f"{column} >= {self._bind(clock.to_us(inside.since))}"] if inside.since else []
        parts += [f"{column} < {self._bind(clock.to_us(inside.until))}"] if inside.until else []
        return " AND ".join(parts)

    def _updated(self, inside: Interval) -> str:
        """By the last message, or by the logical clock of the row, whose first 12 hex digits are milliseconds."""

        def since(at: datetime) -> str:
            us = clock.to_us(at)
            return f"(t.last_message_at >= {self._bind(us)} OR t.clk >= {self._bind(f'{-(-us // 1000):012x}')})"

        parts = [since(inside.since)] if inside.since else []
        parts += [f"NOT {since(inside.until)}"] if inside.until else []
        return " AND ".join(parts) or "1"

    def _text(self, check: Check, column: str) -> str:
        """CONTAINS or IS on a column, in the spellings of `app.conditions.texts`."""
        if check.op is Op.CONTAINS:
            ways: Iterable[str] = (f"%{_escaped(way)}%" for way in spellings(check.value))
            pieces = [f"{column} LIKE {self._bind(way)} ESCAPE '\\'" for way in ways]
        else:
            pieces = [f"lower({column}) = {self._bind(way)}" for way in spellings(check.value)]
        return pieces[0] if len(pieces) == 1 else f"({' OR '.join(pieces)})"

    def _narrowed(self, check: Check) -> str:
        """The tickets that may have it in their subject, where they are few; nothing where that is not known."""
        if not self.narrow or self.db is None or check.field != "subject" or check.op is not Op.CONTAINS:
            return ""
        those = subjects.tickets_titled(self.db, check.value)
        return "" if those is None else f"t.id IN ({', '.join(self._bind(key) for key in those)}) AND "

    def _bind(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


Bind = Callable[[object], str]

_NAMED: Final = {
    "assignee": ("t.assignee", "SELECT a.id FROM agent a WHERE {0}"),
    "organisation": ("t.organisation", "SELECT o.id FROM organisation o WHERE {0}"),
    "mailbox": ("t.mailbox", "SELECT b.id FROM mailbox b WHERE {0}"),
    "state": ("t.state", "SELECT s.id FROM state s WHERE {0}"),
    "from": ("t.customer", ""),
    "to": ("t.id", "EXISTS (SELECT 1 FROM message m WHERE m.ticket = t.id AND {0})"),
}
_LOOKED_AT: Final = {
    "assignee": ("a.name", "a.email"),
    "organisation": ("o.name", "o.domain"),
    "mailbox": ("b.address", "b.name"),
    "state": ("s.name",),
}


def fts_match(node: Node, *, whole: bool = False) -> str:
    """Free words as FTS5 wants them, unquoted ones also as the beginning of words unless `whole`; empty without words."""
    if isinstance(node, Check):
        prefix = not whole and node.op is Op.CONTAINS
        if node.field in PLACED and node.op is Op.CONTAINS:
            each = [match for word in node.value.split() if (match := match_word(word, prefix=prefix))]
            return f"({' AND '.join(each)})" if each else ""
        return match_word(node.value, prefix=prefix)
    assert isinstance(node, AllOf | AnyOf)
    matches = [match for match in (fts_match(part, whole=whole) for part in node.parts) if match]
    return f"({(' AND ' if isinstance(node, AllOf) else ' OR ').join(matches)})" if matches else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
