"""Names and colours of statuses: pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from app.kernel import ids
from app.kernel.errors import UserError
from app.kernel.sentences import said

CATEGORIES: Final = ("new", "open", "waiting", "solved", "closed")
"""What the state machine knows, in the order of a ticket's life."""

COLOURS: Final = ("info", "warn", "plain", "ok", "bad")
"""The tones of the look; each is readable in every theme. "" means the category's own."""

MOST: Final = 40
LONGEST: Final = 40


def builtin_id(category: str) -> UUID:
    """The id of a category's built-in status, once it has a row."""
    return ids.derived_id("state", category)


BUILTIN: Final = frozenset(builtin_id(category) for category in CATEGORIES)


def tidy_name(name: str) -> str:
    """A name on one line. Raises UserError for an empty one."""
    shown = " ".join(name.split())[:LONGEST].strip()
    if not shown:
        msg = "A status needs a name."
        raise UserError(msg)
    return shown


def as_category(word: str) -> str:
    """The category that a word means. Raises UserError."""
    category = word.strip().casefold()
    if category not in CATEGORIES:
        msg = said("“{word}” is no category. There are: {known}.", word=word, known=", ".join(CATEGORIES))
        raise UserError(msg)
    return category


def as_colour(word: str) -> str:
    """A colour by its name, "" for the category's own. Raises UserError."""
    colour = word.strip().casefold()
    if colour and colour not in COLOURS:
        msg = said("“{word}” is no colour for a status. There are: {known}.", word=word, known=", ".join(COLOURS))
        raise UserError(msg)
    return colour
