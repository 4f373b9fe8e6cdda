"""What is known of tickets as far as conditions ask for it, as plain data: what `tests.search.in_memory` decides by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.tree import Check, Node, checks
from app.conditions.words import Gathered, Words, gathered
from app.fields.queries import FieldInfo
from app.fields.rules import Kind
from app.kernel import clock
from app.search.filters import UNREAD, Filter

_CHUNK: Final = 400
_ROWS: Final = (
    "SELECT t.id, t.number, t.subject, t.status, t.priority, t.channel, t.team, t.assignee, t.customer, t.organisation,"
    " t.mailbox, t.state, t.message_count, t.has_attachment, t.follow_up, t.outcome, t.deleted_at, t.merged_into, t.clk,"
    " t.created_at, t.last_message_at, t.last_incoming_at, t.first_reply_at, t.solved_at, t.due_at, t.snooze_until,"
    " t.custom, a.name AS assignee_name, a.email AS assignee_email, c.name AS customer_name, o.name AS organisation_name,"
    " o.domain AS organisation_domain, b.address AS mailbox_address, b.name AS mailbox_name, s.name AS state_name,"
    f" ({UNREAD}) AS unread"
    " FROM ticket t LEFT JOIN agent a ON a.id = t.assignee LEFT JOIN customer c ON c.id = t.customer"
    " LEFT JOIN organisation o ON o.id = t.organisation LEFT JOIN mailbox b ON b.id = t.mailbox"
    " LEFT JOIN state s ON s.id = t.state WHERE t.id IN ({ids})"
)
_MORE: Final = {
    "tag": "SELECT g.ticket, n.name FROM ticket_tag g JOIN tag n ON n.id = g.tag"
    " WHERE g.deleted_at IS NULL AND g.ticket IN ({ids})",
    "from": "SELECT t.id, i.handle FROM ticket t JOIN identity i ON i.customer = t.customer WHERE t.id IN ({ids})",
    "to": 'SELECT m.ticket, m."to" FROM message m WHERE m.ticket IN ({ids})',
    "number": "WITH RECURSIVE part(root, id, number) AS ("
    " SELECT t.id, t.id, t.number FROM ticket t WHERE t.id IN ({ids})"
    " UNION SELECT p.root, m.id, m.number FROM part p JOIN ticket m ON m.merged_into = p.id)"
    " SELECT root, number FROM part",
    "note": "SELECT m.ticket, 1 FROM message m LEFT JOIN placement p ON p.id = m.id AND p.deleted_at IS NULL"
    " WHERE m.ticket IN ({ids}) AND m.direction = 'internal' AND coalesce(p.ticket, m.ticket) = m.ticket",
    "survey": "SELECT r.ticket, 1 FROM survey_response r WHERE r.ticket IN ({ids})",
    "draft": "WITH RECURSIVE part(root, id) AS (SELECT t.id, t.id FROM ticket t WHERE t.id IN ({ids})"
    " UNION SELECT p.root, o.id FROM part p JOIN ticket o ON o.merged_into = p.id)"
    " SELECT p.root, 1 FROM part p JOIN draft d ON d.ticket = p.id WHERE d.agent = :me AND d.deleted_at IS NULL",
}


@dataclass(frozen=True, slots=True)
class Own:
    """What a ticket holds in one of the desk's own fields. `kind`: text, number, date (`2026-01-31`), flag, or choice
    (each value a name and a path then).
    """

    kind: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """A ticket. Texts about a thing that the ticket has not are empty tuples; tags are casefolded.

    `numbers`: its own and those of what was merged into it. `updated_at`: its last message or change of its own fields.
    `words`: which of the free words that a condition asks for are found in it.
    """

    number: int
    numbers: frozenset[int]
    subject: str
    status: str
    priority: str
    channel: str
    team: str
    assignee: tuple[str, ...]
    is_mine: bool
    customer: tuple[str, ...]
    organisation: tuple[str, ...]
    mailbox: tuple[str, ...]
    state: tuple[str, ...]
    recipients: tuple[str, ...]
    tags: frozenset[str]
    messages: int
    has_attachment: bool
    has_note: bool
    has_survey: bool
    has_draft: bool
    follow_up: bool
    is_unread: bool
    is_deleted: bool
    is_merged: bool
    is_spam: bool
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime
    last_incoming_at: datetime | None
    first_reply_at: datetime | None
    solved_at: datetime | None
    due_at: datetime | None
    snooze_until: datetime | None
    words: frozenset[Words] = frozenset()
    own: Mapping[str, Own] = field(default_factory=dict)


def facts_of(db: Session, tickets: Iterable[UUID], tree: Node, me: UUID | None = None) -> dict[UUID, Facts]:
    """The facts of these tickets, as far as `tree` asks; what does not exist is left out."""
    keys = list(tickets)
    found: dict[UUID, Facts] = {}
    for start in range(0, len(keys), _CHUNK):
        found |= _some(db, keys[start : start + _CHUNK], tree, me)
    return found


def _some(db: Session, keys: Sequence[UUID], tree: Node, me: UUID | None) -> dict[UUID, Facts]:
    filters = Filter.of(db, me)
    asked = list(checks(tree))
    me_too = {"me": filters.values["me"]}
    more = {name: _many(db, name, keys, me_too if name == "draft" else {}) for name in _needed(asked)}
    words = {one: _having(db, keys, one, me) for one in _words_in(tree)}
    rows = _query(db, _ROWS, keys, me_too)
    found = {}
    for row in rows:
        said = frozenset(word for word, having in words.items() if row.id in having)
        own = _own(json.loads(row.custom or "{}"), filters.own)
        found[UUID(bytes=row.id)] = _facts(row, more, me, {"words": said, "own": own})
    return found


def _needed(asked: Sequence[Check]) -> set[str]:
    """Which further questions must be asked."""
    names = {one.field for one in asked}
    return {name for name in _MORE if name in names} | {one.value for one in asked if one.field == "has"} & _MORE.keys()


def _facts(row: Any, more: dict[str, dict[bytes, list[Any]]], me: UUID | None, rest: dict[str, Any]) -> Facts:
    def extra(name: str) -> list[Any]:
        return more.get(name, {}).get(row.id, [])

    last = clock.from_us(row.last_message_at)
    changed = clock.from_us(int(row.clk[:12], 16) * 1000) if row.clk else last
    return Facts(
        number=row.number,
        numbers=frozenset([row.number, *extra("number")]),
        subject=row.subject,
        status=row.status,
        priority=row.priority,
        channel=row.channel,
        team=row.team,
        assignee=_texts(row.assignee, row.assignee_name, row.assignee_email),
        is_mine=me is not None and row.assignee == me.bytes,
        customer=_texts(row.customer, row.customer_name, *extra("from")),
        organisation=_texts(row.organisation, row.organisation_name, row.organisation_domain),
        mailbox=_texts(row.mailbox, row.mailbox_address, row.mailbox_name),
        state=_texts(row.state, row.state_name),
        recipients=tuple(extra("to")),
        tags=frozenset(name.casefold() for name in extra("tag")),
        messages=row.message_count,
        has_attachment=bool(row.has_attachment),
        has_note=bool(extra("note")),
        has_survey=bool(extra("survey")),
        has_draft=bool(extra("draft")),
        follow_up=bool(row.follow_up),
        is_unread=bool(row.unread),
        is_deleted=row.deleted_at is not None,
        is_merged=row.merged_into is not None,
        is_spam=row.outcome == "spam",
        created_at=clock.from_us(row.created_at),
        updated_at=max(last, changed),
        last_message_at=last,
        last_incoming_at=_time(row.last_incoming_at),
        first_reply_at=_time(row.first_reply_at),
        solved_at=_time(row.solved_at),
        due_at=_time(row.due_at),
        snooze_until=_time(row.snooze_until),
        **rest,
    )


def _texts(key: bytes | None, *texts: str | None) -> tuple[str, ...]:
    return () if key is None else tuple(one or "" for one in texts)


def _time(value: int | None) -> datetime | None:
    return None if value is None else clock.from_us(value)


def _many(db: Session, name: str, keys: Sequence[UUID], values: dict[str, object]) -> dict[bytes, list[Any]]:
    found: dict[bytes, list[Any]] = defaultdict(list)
    for row in _query(db, _MORE[name], keys, values):
        found[row[0]].append(row[1])
    return found


def _having(db: Session, keys: Sequence[UUID], words: Words, me: UUID | None) -> set[bytes]:
    """Which of these tickets the index finds for free words: what a word is, only the index knows."""
    filters = Filter(me, clock.now())
    sql = f"SELECT t.id FROM ticket t WHERE {filters.found(words)} AND t.id IN ({{ids}})"
    return {row[0] for row in _query(db, sql, keys, filters.values)}


def _query(db: Session, sql: str, keys: Sequence[UUID], values: dict[str, object]) -> list[Any]:
    ids = {f"k{number}": key.bytes for number, key in enumerate(keys)}
    names = ", ".join(f":{name}" for name in ids)
    return list(db.connection().execute(text(sql.replace("{ids}", names)), values | ids))


def _own(custom: Mapping[str, Any], own: Mapping[str, FieldInfo]) -> dict[str, Own]:
    """What a ticket holds in the desk's own fields, by the field's name, casefolded."""
    found = {}
    for name, one in own.items():
        value = custom.get(one.key)
        if one.kind == Kind.CHECKBOX:
            found[name] = Own("flag", (bool(value),))
            continue
        if value is None:
            continue
        if one.kind in {Kind.CHOICE, Kind.TREE, Kind.MULTI}:
            chosen = set(value if isinstance(value, list) else [value])
            names = tuple((each.name, each.path or each.name) for each in one.choices if each.key in chosen)
            found[name] = Own("choice", names)
        else:
            kind = {Kind.NUMBER: "number", Kind.DATE: "date"}.get(Kind(one.kind), "text")
            found[name] = Own(kind, (value,))
    return found


def _words_in(node: Node) -> frozenset[Words]:
    """All that a condition asks the index."""
    waiting = [gathered(node)]
    found = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, Words):
            found.add(one)
        elif isinstance(one, Gathered):
            waiting += one.parts
    return frozenset(found)
