"""Filling the places of a canned answer. A plain replacer of our own: nothing is evaluated, ever. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

PLACES: Final = (
    "customer.name", "customer.first_name", "agent.name", "desk.name", "ticket.number", "ticket.subject",
)  # fmt: skip
"""What can stand in a canned answer, as `{{customer.name}}`."""

MOST_CHARS: Final = 10_000

_PLACE: Final = re.compile(r"(,?[ \t]?)\{\{\s*([a-z_]+\.[a-z_]+)\s*\}\}(?=([.,;:!?]|[ \t]*$)?)", re.MULTILINE)


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with its places filled. One that nobody knows stays as it stands, so that its writer sees the mistake;
    one of which nothing is known vanishes, with the blank before it (`Hello {{customer.first_name}},`), and with the comma where
    the sentence ends behind it (`Of course, {{customer.first_name}}.`).
    """

    def value(found: re.Match[str]) -> str:
        known = facts.get(found[2])
        if known is None and found[2] not in PLACES:
            return found[0]
        if known:
            return found[1] + known
        return "," if found[1].startswith(",") and found[3] is None else ""

    return _PLACE.sub(value, text)


def unknown_places(text: str) -> tuple[str, ...]:
    """The places in a text that nobody can fill, each once."""
    return tuple(dict.fromkeys(found[2] for found in _PLACE.finditer(text) if found[2] not in PLACES))


def tidy_shortcut(word: str) -> str:
    """A shortcut as it is typed after `/`: lower case, one word."""
    return re.sub(r"[\s/]+", "-", word.strip().lstrip("/")).strip("-").casefold()[:40]


def first_name(name: str) -> str:
    """The first name in a name as people write it; "" for what is an address or a company with a comma."""
    words = name.split()
    if not words or "@" in name:
        return ""
    if words[0].endswith(",") and len(words) > 1:
        return words[1]
    return words[0]
