"""What a view can be, and the built-in ones: pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from app.conditions.tree import Node
from app.conditions.typed import parse, to_text
from app.kernel import ids
from app.kernel.errors import UserError
from app.kernel.sentences import said


class Sort(enum.StrEnum):
    """What orders a list. Stored; never renamed. Each has a natural direction, see `NATURAL_ASCENDING`."""

    LAST_MESSAGE = "last_message"
    CREATED = "created"
    DUE = "due"
    PRIORITY = "priority"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    SOLVED = "solved"
    DELETED = "deleted"
    BEST = "best"  # what fits its words best; a condition without words has the newest first then


NATURAL_ASCENDING: Final = frozenset({Sort.DUE, Sort.WAITING, Sort.SNOOZED})
"""Orders that begin with the earliest: what is due first, who waits longest, what wakes next. The others begin with the
newest, the most pressing.
"""


class Group(enum.StrEnum):
    """By what a list is divided under headings. Stored; never renamed."""

    NONE = ""
    STATUS = "status"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    CUSTOMER = "customer"
    DAY = "day"
    TAG = "tag"


class Density(enum.StrEnum):
    """How close the rows stand; empty: as everywhere."""

    NONE = ""
    COMFORTABLE = "comfortable"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A view that every desk has, under the same id everywhere. `text`: its condition as it would be typed."""

    id: UUID
    key: str
    name: str
    condition: Node
    text: str
    icon: str
    sort: Sort


def _built_in(key: str, name: str, typed: str, icon: str, sort: Sort = Sort.LAST_MESSAGE) -> BuiltIn:
    condition = parse(typed)
    return BuiltIn(ids.derived_id("view", key), key, name, condition, to_text(condition), icon, sort)


TO_DO: Final = "to_do"
"""The key of the view with which a desk opens; its unread tickets are the number beside the inbox."""

BUILT_IN: Final = (
    _built_in(TO_DO, "To do", "is:todo", "inbox"),
    _built_in("unassigned", "Unassigned", "is:todo assignee:none", "user-x"),
    _built_in("mine", "Mine", "is:todo assignee:me", "user"),
    _built_in("overdue", "Overdue", "is:todo is:overdue", "clock", Sort.DUE),
    _built_in("unread", "Unread", "is:todo is:unread", "circle"),
    _built_in("follow_up", "Follow up", "is:followup", "flag"),
    _built_in("drafts", "Drafts", "has:draft", "pencil"),
    _built_in("snoozed", "Snoozed", "is:snoozed", "moon", Sort.SNOOZED),
    _built_in("waiting", "Waiting", "is:waiting", "hourglass"),
    _built_in("recently_solved", "Recently solved", "is:solved solved<=7d", "check", Sort.SOLVED),
    _built_in("solved", "Solved", "is:solved", "check"),
    _built_in("open", "Open", "is:active", "tray"),
    _built_in("closed", "Closed", "is:closed", "archive"),
    _built_in("all", "All tickets", "", "stack"),
    _built_in("bin", "Bin", "is:deleted", "trash", Sort.DELETED),
)
"""In the order in which they stand before anybody moves them; behind them come a desk's own."""

STEP: Final = 1000
"""Between the positions of two views."""

LONGEST_NAME: Final = 80
COLOURS: Final = ("", "info", "warn", "plain", "ok", "bad")
"""The tones of the look, as of statuses."""


def natural_ascending(sort: Sort) -> bool:
    """Does this order begin with the earliest by nature?"""
    return sort in NATURAL_ASCENDING


def tidy_name(name: str) -> str:
    """A name on one line. Raises UserError for an empty one."""
    shown = " ".join(name.split())[:LONGEST_NAME].strip()
    if not shown:
        msg = "A view needs a name."
        raise UserError(msg)
    return shown


def as_sort(word: str) -> Sort:
    """The order that a word means. Raises UserError."""
    return _one_of(Sort, word, "order")


def as_group(word: str) -> Group:
    """The division that a word means. Raises UserError."""
    return _one_of(Group, word, "way to group")


def as_density(word: str) -> Density:
    """The density that a word means. Raises UserError."""
    return _one_of(Density, word, "density")


def as_colour(word: str) -> str:
    """A colour by its name, empty for none. Raises UserError."""
    colour = word.strip().casefold()
    if colour not in COLOURS:
        msg = said("“{word}” is no colour. There are: {known}.", word=word, known=", ".join(filter(None, COLOURS)))
        raise UserError(msg)
    return colour


E = TypeVar("E", Sort, Group, Density)


def _one_of(kind: type[E], word: str, what: str) -> E:
    try:
        return kind(word.strip().casefold())
    except ValueError:
        msg = said(
            "“{word}” is no {what}. There are: {known}.",
            word=word,
            what=said(what),
            known=", ".join(filter(None, kind)),
        )
        raise UserError(msg) from None
