"""Conditions in the person's words: fields, operators, values, colours, icons."""

from __future__ import annotations

from app.conditions.fields import Kind
from app.conditions.tree import Op
from app.search.catalogue import FieldEntry
from ui.models.words import status_word
from ui.pages.inbox.words import priority_word
from ui.text import tr

ICONS = {
    "filter-variant": "Filter",
    "star-outline": "Star",
    "heart-outline": "Heart",
    "fire": "Fire",
    "flag-outline": "Flag",
    "tag-outline": "Label",
    "account-star-outline": "Person",
    "truck-outline": "Truck",
    "gift-outline": "Gift",
    "bug-outline": "Bug",
    "phone-outline": "Telephone",
    "briefcase-outline": "Case",
    "lightning-bolt-outline": "Bolt",
    "home-outline": "House",
    "earth": "World",
}
"""What a view's icon can be. Words pass through `tr` where they are shown."""


def field_word(entry: FieldEntry) -> str:
    """The name of a field; the desk's own are called as the desk calls them."""
    if entry.is_own:
        return entry.label
    return {
        "words": tr("Words"), "text": tr("Words of messages"), "note": tr("Words of notes"),
        "file": tr("Words of files"), "is": tr("Ticket"), "status": tr("Status"), "state": tr("Own status"),
        "priority": tr("Priority"), "assignee": tr("Assignee"), "team": tr("Team"), "tag": tr("Tag"),
        "from": tr("Customer"), "to": tr("Recipient"), "organisation": tr("Organisation"), "subject": tr("Subject"),
        "has": tr("Ticket has"), "channel": tr("Channel"), "mailbox": tr("Mailbox"), "number": tr("Number"),
        "messages": tr("Messages"), "created": tr("Created"), "updated": tr("Changed"), "solved": tr("Solved"),
        "due": tr("Due"), "snoozed": tr("Snoozed until"), "waiting": tr("Waiting for us since"),
        "older": tr("Silent for more than"), "newer": tr("Last message within"),
    }.get(entry.name, entry.label)  # fmt: skip


def operator_word(op: Op, entry: FieldEntry, *, negated: bool = False) -> str:
    """An operator; dates are before and after, not smaller and larger."""
    date = entry.kind is Kind.DATE
    if entry.name == "has":
        return tr("no") if (op is Op.IS_NOT) is not negated else tr("one or more")
    if entry.kind is Kind.AGE:
        return tr("does not hold for") if negated else tr("this")
    plain = {
        Op.CONTAINS: tr("have") if entry.kind is Kind.WORDS else tr("contains"),
        Op.IS: tr("have exactly") if entry.kind is Kind.WORDS else tr("is"),
        Op.IS_NOT: tr("is not"),
        Op.BELOW: tr("less than, before") if date else tr("less than"),
        Op.AT_MOST: tr("at most, until") if date else tr("at most"),
        Op.ABOVE: tr("more than, after") if date else tr("more than"),
        Op.AT_LEAST: tr("at least, from") if date else tr("at least"),
        Op.EMPTY: tr("is empty"),
        Op.FILLED: tr("is filled"),
    }
    if not negated:
        return plain[op]
    if entry.kind is Kind.WORDS:
        return tr("do not have") if op is Op.CONTAINS else tr("do not have exactly")
    if op is Op.CONTAINS:
        return tr("does not contain")
    return tr("is not") if op is Op.IS else tr("not: {operator}", operator=plain[op])


def value_word(field: str, value: str) -> str:
    """A fixed value of a field."""
    if field == "status":
        return status_word(value)
    if field == "priority":
        return priority_word(value)
    words = {
        ("is", "new"): tr("new"), ("is", "open"): tr("open or new"), ("is", "waiting"): tr("waiting for the customer"),
        ("is", "solved"): tr("solved"), ("is", "closed"): tr("closed"), ("is", "active"): tr("not closed"),
        ("is", "todo"): tr("to do now"), ("is", "unread"): tr("unread"), ("is", "unassigned"): tr("nobody's"),
        ("is", "mine"): tr("mine"), ("is", "overdue"): tr("overdue"), ("is", "snoozed"): tr("snoozed"),
        ("is", "followup"): tr("to follow up"), ("is", "deleted"): tr("in the Bin"), ("is", "spam"): tr("spam"),
        ("has", "attachment"): tr("attachments"), ("has", "note"): tr("notes"), ("has", "reply"): tr("replies"),
        ("has", "survey"): tr("survey answers"), ("has", "draft"): tr("draft of mine"), ("channel", "email"): tr("E-mail"), ("channel", "chat"): tr("Chat"),
        ("channel", "phone"): tr("Phone"), ("channel", "api"): tr("Program"),
    }  # fmt: skip
    return words.get((field, value), value)


def group_words() -> list[tuple[str, str]]:
    """How the conditions of a group go together."""
    return [
        ("all", tr("All of these hold")),
        ("any", tr("Any of these holds")),
        ("none", tr("None of these holds")),
    ]


def colour_words() -> list[tuple[str, str]]:
    """The colours of a view."""
    return [
        ("", tr("No colour")),
        ("info", tr("Blue")),
        ("ok", tr("Green")),
        ("warn", tr("Amber")),
        ("bad", tr("Red")),
    ]


def placeholder(kind: Kind) -> str:
    """What can be typed as a value."""
    return {
        Kind.DATE: tr("3d, today, 2026-01-31"),
        Kind.AGE: tr("3d, 2w, 6mo"),
        Kind.NUMBER: tr("A number"),
        Kind.PERSON: tr("A name, or me"),
        Kind.TAG: tr("A tag"),
        Kind.WORDS: tr("Words"),
    }.get(kind, tr("A value"))
