"""What conditions mean, said once more in memory: does one ticket, known by its facts, fit?

`app.search.filters` says it as SQL; this is what it is compared with, and nothing else uses it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from app.conditions.dates import Interval, days, interval, within
from app.conditions.fields import CUSTOM, asks_for_deleted, field_named
from app.conditions.texts import contains, fits_choice, is_same
from app.conditions.tree import AllOf, Check, Node, Not, Op
from app.conditions.words import Gathered, Words, gathered
from app.search.own_fields import YES_NO
from tests.search.facts import Facts, Own

_TO_DO: Final = ("new", "open")


def fits_condition(tree: Node, facts: Facts, now: datetime) -> bool:
    """Is the ticket one of those that the condition lists? What lies in the Bin is not, unless it is asked for."""
    if facts.is_merged or (facts.is_deleted and not asks_for_deleted(tree)):
        return False
    return holds(tree, facts, now)


def holds(tree: Node, facts: Facts, now: datetime) -> bool:
    """Is the condition true of the ticket, wherever that lies?"""
    return _holds(gathered(tree), facts, now)


def _holds(node: Gathered | Check | Words, facts: Facts, now: datetime) -> bool:
    if isinstance(node, Words):
        return node in facts.words
    if isinstance(node, Check):
        return _check(node, facts, now)
    if node.kind is Not:
        return not _holds(node.parts[0], facts, now)
    held = (_holds(part, facts, now) for part in node.parts)
    return all(held) if node.kind is AllOf else any(held)


def _check(check: Check, facts: Facts, now: datetime) -> bool:
    if check.op is Op.IS_NOT:
        return not _check(Check(check.field, Op.IS, check.value), facts, now)
    if check.op is Op.FILLED:
        return not _check(Check(check.field, Op.EMPTY), facts, now)
    if check.field.startswith(CUSTOM):
        return _own(check, facts.own.get(" ".join(check.field[len(CUSTOM) :].split()).casefold()), now)
    match check.field:
        case "is":
            return _is(check.value, facts, now)
        case "has":
            return _has(check.value, facts)
        case "status" | "priority" | "channel":
            return bool(getattr(facts, check.field) == check.value)
        case "tag":
            return not facts.tags if check.op is Op.EMPTY else check.value.casefold() in facts.tags
        case "number":
            number = int(check.value)
            return number in facts.numbers if check.op is Op.IS else _compares(check.op, facts.number, number)
        case "messages":
            return _compares(check.op, facts.messages, int(check.value))
        case "older" | "newer" | "updated" | "created" | "solved" | "due" | "snoozed" | "waiting":
            return _date(check, facts, now)
        case _:
            return _text(check, facts)


def _is(state: str, facts: Facts, now: datetime) -> bool:
    is_to_do = facts.status in _TO_DO
    match state:
        case "open":
            return is_to_do
        case "active":
            return facts.status != "closed"
        case "todo":
            return is_to_do and facts.snooze_until is None
        case "unassigned":
            return not facts.assignee and facts.status in {*_TO_DO, "waiting"}
        case "mine":
            return facts.is_mine
        case "overdue":
            return is_to_do and facts.due_at is not None and facts.due_at <= now
        case "snoozed":
            return facts.snooze_until is not None and facts.status != "closed"
        case "deleted":
            return facts.is_deleted
        case "spam":
            return facts.is_spam
        case "followup":
            return facts.follow_up
        case "unread":
            return facts.is_unread
        case _:
            return facts.status == state


def _has(what: str, facts: Facts) -> bool:
    return {
        "attachment": facts.has_attachment,
        "note": facts.has_note,
        "reply": facts.first_reply_at is not None,
        "survey": facts.has_survey,
        "draft": facts.has_draft,
    }[what]


def _text(check: Check, facts: Facts) -> bool:
    if check.field == "assignee" and check.op is Op.IS and check.value == "me":
        return facts.is_mine
    texts: tuple[str, ...]
    match check.field:
        case "subject" | "team":
            text = getattr(facts, check.field)
            texts = (text,) if text else ()
        case "from":
            texts = facts.customer
        case "to":
            texts = facts.recipients
        case _:
            texts = getattr(facts, check.field)
    return _fits(check.op, check.value, texts)


def _fits(op: Op, value: str, texts: tuple[str, ...]) -> bool:
    """Does any of `texts` compare so? None of them is EMPTY; IS_NOT is that none is the same."""
    match op:
        case Op.CONTAINS:
            return any(contains(text, value) for text in texts)
        case Op.IS:
            return any(is_same(text, value) for text in texts)
        case Op.IS_NOT:
            return not any(is_same(text, value) for text in texts)
        case Op.EMPTY:
            return not texts
        case _:
            return bool(texts)


def _date(check: Check, facts: Facts, now: datetime) -> bool:
    at = _moment(check.field, facts)
    if check.op is Op.EMPTY:
        return at is None
    one = field_named(check.field)
    return lies_in(within(check.field, check.op, check.value, now, ahead=one is not None and one.ahead), at)


def lies_in(inside: Interval, at: datetime | None) -> bool:
    """No moment lies nowhere."""
    if at is None:
        return False
    return (inside.since is None or at >= inside.since) and (inside.until is None or at < inside.until)


def _moment(name: str, facts: Facts) -> datetime | None:
    match name:
        case "older" | "newer":
            return facts.last_message_at
        case "waiting":
            return facts.last_incoming_at if facts.status in _TO_DO else None
        case "snoozed":
            return facts.snooze_until
        case _:
            at: datetime | None = getattr(facts, f"{name}_at")
            return at


def _own(check: Check, own: Own | None, now: datetime) -> bool:
    if own is not None and own.kind == "flag" and check.op is Op.EMPTY:
        return not own.values[0]
    if own is None or check.op is Op.EMPTY:
        return own is None and check.op is Op.EMPTY
    match own.kind:
        case "text":
            return _fits(check.op, check.value, own.values)
        case "number":
            return _compares(check.op, own.values[0], float(check.value))
        case "flag":
            return bool(own.values[0]) is YES_NO[check.value.lower()]
        case "date":
            first, behind = days(interval(check.op, check.value.lower(), now, ahead=True))
            return (not first or own.values[0] >= first) and (not behind or own.values[0] < behind)
        case _:
            op = Op.CONTAINS if check.op is Op.CONTAINS else Op.IS
            return any(fits_choice(op, check.value, name, path) for name, path in own.values)


def _compares(op: Op, one: Any, other: Any) -> bool:
    match op:
        case Op.BELOW:
            return bool(one < other)
        case Op.AT_MOST:
            return bool(one <= other)
        case Op.ABOVE:
            return bool(one > other)
        case Op.AT_LEAST:
            return bool(one >= other)
        case _:
            return bool(one == other)
