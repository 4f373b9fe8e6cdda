"""What the fields of the condition language mean for a ticket, as SQL on the alias `t`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.conditions.language import Query, Term, moment
from app.index.words import match_word
from app.kernel import clock

_IS = {
    "new": "t.status = 'new'",
    "open": "t.status IN ('new', 'open')",
    "waiting": "t.status = 'waiting'",
    "solved": "t.status = 'solved'",
    "closed": "t.status = 'closed'",
    "unassigned": "t.assignee IS NULL AND t.status IN ('new', 'open', 'waiting')",
    "mine": "t.assignee = :me",
    "overdue": "t.due_at < :now AND t.status IN ('new', 'open')",
    "snoozed": "t.snooze_until > :now",
    "deleted": "t.deleted_at IS NOT NULL",
    "followup": "t.follow_up",
    "unread": "t.last_incoming_at IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM seen s WHERE s.ticket = t.id AND s.agent = :me AND s.at >= t.last_incoming_at)",
}
_HAS = {
    "attachment": "t.has_attachment",
    "file": "t.has_attachment",
    "note": "EXISTS (SELECT 1 FROM message m LEFT JOIN placement p ON p.id = m.id AND p.deleted_at IS NULL"
    " WHERE m.ticket = t.id AND m.direction = 'internal' AND coalesce(p.ticket, t.id) = t.id)",
    "reply": "t.first_reply_at IS NOT NULL",
    "survey": "EXISTS (SELECT 1 FROM survey_response r WHERE r.ticket = t.id)",
}
_WHO = (
    "(EXISTS (SELECT 1 FROM customer c WHERE c.id = t.customer AND c.name LIKE {0} ESCAPE '\\')"
    " OR EXISTS (SELECT 1 FROM identity i WHERE i.customer = t.customer AND i.handle LIKE {0} ESCAPE '\\'))"
)


@dataclass
class Filter:
    """Conditions on tickets as SQL, with their values. Values never become part of the SQL."""

    me: UUID | None
    now: datetime
    values: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values["me"] = self.me.bytes if self.me else b""
        self.values["now"] = clock.to_us(self.now)

    def where(self, query: Query) -> str:
        """The conditions of `query`, free words included where they stand in an OR or are negated."""
        parts = [self._group(group) for group in query.groups if len(group) > 1 or group[0].field or group[0].negated]
        if not any(term.field == "is" and term.value.lower() == "deleted" for group in query.groups for term in group):
            parts.append("t.deleted_at IS NULL")
        parts.append("t.merged_into IS NULL")
        return " AND ".join(f"({part})" for part in parts)

    def _group(self, group: tuple[Term, ...]) -> str:
        return " OR ".join(f"{'NOT ' if term.negated else ''}({self._term(term)})" for term in group)

    def _term(self, term: Term) -> str:
        value = term.value
        match term.field:
            case "is":
                return _IS[value.lower()]
            case "has":
                return _HAS[value.lower()]
            case "status" | "priority" | "channel":
                return f"t.{term.field} = {self._bind(value.lower())}"
            case "assignee":
                return self._assignee(value)
            case "tag":
                name = self._bind(value.casefold())
                return (
                    "EXISTS (SELECT 1 FROM ticket_tag tt JOIN tag g ON g.id = tt.tag"
                    f" WHERE tt.ticket = t.id AND tt.deleted_at IS NULL AND lower(g.name) = {name})"
                )
            case "from" | "customer":
                return _WHO.format(self._like(value))
            case "to":
                return f"EXISTS (SELECT 1 FROM message m WHERE m.ticket = t.id AND m.\"to\" LIKE {self._like(value)} ESCAPE '\\')"
            case "subject":
                return f"t.subject LIKE {self._like(value)} ESCAPE '\\'"
            case "mailbox" | "in":
                return (
                    "EXISTS (SELECT 1 FROM mailbox b WHERE b.id = t.mailbox"
                    f" AND b.address LIKE {self._like(value)} ESCAPE '\\')"
                )
            case "older" | "newer":
                sign = "<" if term.field == "older" else ">="
                return f"t.last_message_at {sign} {self._bind(clock.to_us(moment(value, self.now)))}"
            case "number":
                return f"t.id IN (SELECT r.ticket FROM ticket_ref r WHERE r.number = {self._bind(int(value))})"
            case _:
                return self._words(term)

    def _words(self, term: Term) -> str:
        phrase = match_word(term.value, prefix=False)
        if not phrase:
            return "1"
        return (
            "t.id IN (SELECT d.ticket FROM search_fts f JOIN search_doc d ON d.rowid = f.rowid"
            f" WHERE search_fts MATCH {self._bind(phrase)})"
        )

    def _assignee(self, value: str) -> str:
        if value.lower() == "me":
            return "t.assignee = :me"
        if value.lower() in ("none", "nobody"):
            return "t.assignee IS NULL"
        return f"EXISTS (SELECT 1 FROM agent a WHERE a.id = t.assignee AND a.name LIKE {self._like(value)} ESCAPE '\\')"

    def _bind(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _like(self, value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return self._bind(f"%{escaped}%")
