"""Small words about messages: pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import Final

from app.index.words import fields

SNIPPET_LENGTH: Final = 140
_HEAD: Final = 600
_ENOUGH: Final = 240

SAMPLE: Final = "sample"
"""Why the mailbox of a sample desk is paused, for good: nobody ever tries to reach its servers."""


class Direction(enum.StrEnum):
    """Which way a message went. Stored, and part of the command line's contract."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Kind(enum.StrEnum):
    """What a message is. Stored."""

    MAIL = "mail"
    NOTE = "note"
    SURVEY = "survey"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    CHAT = "chat"
    CALL = "call"


def indexed_words(
    subject: str, text: str, people: Iterable[Sequence[str]], files: Iterable[str], *, note: bool = False
) -> list[str]:
    """What the index gets of a message, column by column: who wrote it to whom (`people`, name and address each), the names
    of its files; `note`: nobody but us reads it.
    """
    names = " ".join(dict.fromkeys(part for person in people for part in person if part))
    return fields("message", subject, text, names, " ".join(files), note=note)


def snippet_of(text: str) -> str:
    """The first words of a text on one line, without what it quotes and without a signature; for lists."""
    head = text[:_HEAD]
    if ">" not in head and "--" not in head:  # most letters: nothing to leave out
        joined = " ".join(head[:_ENOUGH].split())
        if len(joined) > SNIPPET_LENGTH:
            return _cut(joined)
        joined = " ".join(head.split())
        if len(joined) > SNIPPET_LENGTH or len(text) <= _HEAD:
            return _cut(joined)
    words: list[str] = []
    length = 0
    for line in text[:4000].splitlines():
        if line.rstrip() == "--" or line == "-- ":
            break
        if line.lstrip().startswith(">"):
            continue
        for word in line.split():
            words.append(word)
            length += len(word) + 1
        if length > SNIPPET_LENGTH:
            break
    joined = " ".join(words) or " ".join(text[:1000].split())
    return _cut(joined)


def _cut(words: str) -> str:
    return words if len(words) <= SNIPPET_LENGTH else words[: SNIPPET_LENGTH - 1].rstrip() + "…"
