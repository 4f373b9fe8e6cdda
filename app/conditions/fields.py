"""The fields of the condition language: kind, operators, fixed values, other names. Pure; what a desk adds to it (people,
tags, its own fields) is told by `app.search.catalogue`.
"""

from __future__ import annotations

import difflib
import enum
import re
from dataclasses import dataclass
from typing import Final

from app.conditions.dates import EXAMPLES, is_date
from app.conditions.tree import Check, Node, Op, QueryError, checks
from app.kernel.sentences import said


class Kind(enum.StrEnum):
    """What a field's values are."""

    CHOICE = "choice"
    PERSON = "person"
    TAG = "tag"
    DATE = "date"
    AGE = "age"
    NUMBER = "number"
    TEXT = "text"
    WORDS = "words"
    CUSTOM = "custom"


_EMPTINESS: Final = (Op.EMPTY, Op.FILLED)
_ORDER: Final = (Op.IS, Op.IS_NOT, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST)
_TEXT: Final = (Op.CONTAINS, Op.IS, Op.IS_NOT)
OPERATORS: Final[dict[Kind, tuple[Op, ...]]] = {
    Kind.CHOICE: (Op.IS, Op.IS_NOT),
    Kind.PERSON: (*_TEXT, *_EMPTINESS),
    Kind.TAG: (Op.IS, Op.IS_NOT, *_EMPTINESS),
    Kind.DATE: (*_ORDER, *_EMPTINESS),
    Kind.AGE: (Op.IS,),
    Kind.NUMBER: _ORDER,
    Kind.TEXT: (*_TEXT, *_EMPTINESS),
    Kind.WORDS: (Op.CONTAINS, Op.IS),
    Kind.CUSTOM: (Op.CONTAINS, *_ORDER, *_EMPTINESS),
}
"""By kind; the first is what a colon means."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `name` as it is typed, its kind, `values` where they are fixed, what it is in words.

    `ahead`: a date that usually lies ahead, so that `due<2d` counts from now on. `operators`: in the order of a menu.
    """

    name: str
    kind: Kind
    label: str
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ahead: bool = False
    only: tuple[Op, ...] = ()

    @property
    def operators(self) -> tuple[Op, ...]:
        """The operators it can have; the first is what a colon means."""
        return self.only or OPERATORS[self.kind]


STATES: Final = (
    "new", "open", "waiting", "solved", "closed", "active", "todo", "unread", "unassigned", "mine", "overdue",
    "snoozed", "followup", "deleted", "spam",
)  # fmt: skip
_IS: Final = (Op.IS, Op.IS_NOT)

ALL_FIELDS: Final = (
    Field("words", Kind.WORDS, "Words"),
    Field("text", Kind.WORDS, "Words of messages"),
    Field("note", Kind.WORDS, "Words of notes"),
    Field("file", Kind.WORDS, "Words of files"),
    Field("is", Kind.CHOICE, "Is", STATES),
    Field("status", Kind.CHOICE, "Status", ("new", "open", "waiting", "solved", "closed")),
    Field("state", Kind.TEXT, "Own status"),
    Field("priority", Kind.CHOICE, "Priority", ("low", "normal", "high", "urgent")),
    Field("assignee", Kind.PERSON, "Assignee", ("me",)),
    Field("team", Kind.TEXT, "Team"),
    Field("tag", Kind.TAG, "Tag"),
    Field("from", Kind.TEXT, "Customer", aliases=("customer",)),
    Field("to", Kind.TEXT, "Recipient", only=(Op.CONTAINS,)),
    Field("organisation", Kind.TEXT, "Organisation", aliases=("organization", "company")),
    Field("subject", Kind.TEXT, "Subject"),
    Field("has", Kind.CHOICE, "Has", ("attachment", "note", "reply", "draft", "survey"), only=_IS),
    Field("channel", Kind.CHOICE, "Channel", ("email", "chat", "phone", "api")),
    Field("mailbox", Kind.TEXT, "Mailbox", aliases=("in",)),
    Field("number", Kind.NUMBER, "Number"),
    Field("messages", Kind.NUMBER, "Messages"),
    Field("created", Kind.DATE, "Created"),
    Field("updated", Kind.DATE, "Changed", only=_ORDER),
    Field("solved", Kind.DATE, "Solved"),
    Field("due", Kind.DATE, "Due", ahead=True),
    Field("snoozed", Kind.DATE, "Snoozed until", ahead=True),
    Field("waiting", Kind.DATE, "Waiting for us since"),
    Field("older", Kind.AGE, "Last message older than"),
    Field("newer", Kind.AGE, "Last message newer than"),
)  # fmt: skip
PLACES: Final = {"bin": "deleted", "spam": "spam"}
"""What `in:` means beside mailboxes."""

CUSTOM: Final = "field."
"""What the name of a desk's own field begins with."""

_BY_NAME: Final = {name: one for one in ALL_FIELDS for name in (one.name, *one.aliases)}
_SAME: Final = {("has", "file"): "attachment", ("is", "follow_up"): "followup", ("is", "to_do"): "todo"}
_MOST_LETTERS: Final = 500
_UNUSABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def field_named(name: str) -> Field | None:
    """The field of this name, other names included; a desk's own fields (`field.…`) all have the kind CUSTOM."""
    lower = name.lower()
    if lower.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return Field(CUSTOM + name[len(CUSTOM) :], Kind.CUSTOM, name[len(CUSTOM) :])
    return None if lower == "words" else _BY_NAME.get(lower)


def meant(name: str) -> str:
    """The field that somebody probably meant who typed this; empty if none."""
    if len(name) < 4 or not name.isalpha():
        return ""
    near = difflib.get_close_matches(name.lower(), [key for key in _BY_NAME if key != "words"], 1, 0.75)
    return near[0] if near else ""


def checked(name: str, op: Op, value: str, position: int = 0, length: int = 0) -> Check:
    """A check whose field, operator and value fit together. Raises QueryError that says what does not, and where."""
    if name.lower() == "in" and value.strip().lower() in PLACES:
        name, value, op = "is", PLACES[value.strip().lower()], Op.IS
    one = _BY_NAME[name] if name == "words" else field_named(name)
    if one is None:
        near = meant(name)
        pattern = "There is no field “{name}”. Did you mean “{near}”?" if near else "There is no field “{name}”."
        msg = said(pattern, name=name, near=near)
        raise QueryError(msg, position, length)
    if op not in one.operators:
        msg = said(
            "“{name}” cannot be compared like that. It can be: {known}.",
            name=one.name,
            known=", ".join(_shown(each) for each in one.operators),
        )
        raise QueryError(msg, position, length)
    if op in _EMPTINESS:
        return Check(one.name, op, "", position, length)
    value = " ".join(value.split())
    if not value:
        msg = said("“{name}” needs a value.", name=one.name)
        raise QueryError(msg, position, length)
    if len(value) > _MOST_LETTERS or _UNUSABLE.search(value):
        msg = said("The value of “{name}” is too long, or has characters that cannot be looked for.", name=one.name)
        raise QueryError(msg, position, length)
    if problem := _problem(one, value):
        raise QueryError(problem, position, length)
    return _settled(one, op, value, position, length)


def _settled(one: Field, op: Op, value: str, position: int, length: int) -> Check:
    lower = value.lower()
    if one.kind is Kind.CHOICE:
        value = _SAME.get((one.name, lower), lower)
    elif one.kind in {Kind.DATE, Kind.AGE}:
        value = lower
    elif one.kind is Kind.NUMBER:
        value = str(int(value))
    elif one.kind is Kind.PERSON and op is not Op.CONTAINS and lower in one.values:
        value = lower
    elif one.kind is Kind.TAG:
        value = value.lstrip("#").strip() or value
    return Check(one.name, op, value, position, length)


def _problem(one: Field, value: str) -> str:
    lower = value.lower()
    if one.kind is Kind.CHOICE and lower not in one.values and (one.name, lower) not in _SAME:
        return said(
            "“{name}:{value}” is not known. There is: {known}.", name=one.name, value=value, known=", ".join(one.values)
        )
    if one.kind in {Kind.DATE, Kind.AGE} and not is_date(lower):
        return said(
            "“{name}:{value}” is not a span or a date. Try {examples}.", name=one.name, value=value, examples=EXAMPLES
        )
    if one.kind is Kind.NUMBER and not (value.isascii() and value.isdigit() and len(value) <= 12):
        return said("“{name}:{value}” is not a number.", name=one.name, value=value)
    return ""


SYMBOLS: Final = {
    Op.IS: "=",
    Op.IS_NOT: "!=",
    Op.BELOW: "<",
    Op.AT_MOST: "<=",
    Op.ABOVE: ">",
    Op.AT_LEAST: ">=",
    Op.CONTAINS: ":",
}


def _shown(op: Op) -> str:
    return {Op.EMPTY: ":none", Op.FILLED: ":any"}.get(op) or SYMBOLS[op]


def asks_for_deleted(tree: Node) -> bool:
    """Does a condition name the Bin or spam, so that what was deleted is looked at too?"""
    return any(check.field == "is" and check.value in {"deleted", "spam"} for check in checks(tree))
