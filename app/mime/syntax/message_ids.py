"""Message ids: reading them tolerantly, making unguessable ones, and keeping References short."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Final

from app.mime import limits

_ONE: Final = re.compile(r"<[!-;=?-~]{1,200}>\Z")
_ID: Final = re.compile(r"<([^<>]{1,998})>")


def new_message_id(domain: str) -> str:
    """A fresh id of 128 random bits without angle brackets: nobody can guess it, so naming it proves having had it."""
    return f"{secrets.token_hex(16)}@{domain or 'localhost'}"


def parse_ids(line: str) -> tuple[str, ...]:
    """Ids named in a field, without brackets, in their order, each once; also those that lost their brackets."""
    if not line:
        return ()
    if _ONE.match(line):
        return (line[1:-1],)
    found = ["".join(each.split()) for each in _ID.findall(line)]
    if not found:
        found = [word.strip('<>,;"') for word in line.split() if "@" in word]
    ids = tuple(dict.fromkeys(each for each in found if each))
    return ids if len(ids) <= limits.REFERENCES else (ids[0], *ids[1 - limits.REFERENCES :])


def fold_references(ids: Iterable[str], limit: int = 1500) -> tuple[str, ...]:
    """The ids to put into References within about `limit` characters: the first, which names the thread, and the newest.

    RFC 5322 sets no limit but long fields are refused or cut by servers on the way.
    """
    known = [each for each in dict.fromkeys(ids) if each and not re.search(r"[\s<>]", each) and len(each) < 900]
    if not known:
        return ()
    size = len(known[0]) + 3
    kept: list[str] = []
    for each in reversed(known[1:]):
        size += len(each) + 3
        if size > limit:
            break
        kept.append(each)
    return (known[0], *reversed(kept))
