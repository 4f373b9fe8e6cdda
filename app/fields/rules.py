"""What may stand in a field of each kind, and how it is read and shown: pure.

A value is kept as plain JSON: text and URL as text, number as a number, date as `2026-01-31` (a day has no zone), choice and
tree as the choice's key, multi as a list of keys in the field's order, checkbox as true. Nothing chosen is no value at all.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from app.kernel.errors import UserError
from app.kernel.sentences import said, words_of


class Kind(enum.StrEnum):
    """The kinds of fields. Stored; never renamed."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    MULTI = "multi"
    TREE = "tree"
    CHECKBOX = "checkbox"
    URL = "url"


CHOSEN: Final = (Kind.CHOICE, Kind.MULTI, Kind.TREE)
"""Kinds with choices."""

MOST_FIELDS: Final = 60
MOST_CHOICES: Final = 500
LONGEST_TEXT: Final = 2000
STEP: Final = " / "
"""Between the names of a tree's path."""

Value = str | int | float | bool | list[str] | None


class FieldsMissingError(UserError):
    """Tickets cannot be solved yet. `ticket` is the first of them, `fields` what it lacks, in the desk's order."""

    def __init__(self, text: str, ticket: UUID, fields: tuple[UUID, ...]) -> None:
        super().__init__(text)
        self.ticket = ticket
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice. `path` is its name, in a tree with those above it; `gone`: kept for old tickets, not offered."""

    key: str
    name: str
    parent: str = ""
    gone: bool = False
    path: str = ""


def as_kind(word: str) -> Kind:
    """The kind that a word means. Raises UserError."""
    try:
        return Kind(word.strip().casefold())
    except ValueError:
        msg = said("“{word}” is no kind of field. There are: {known}.", word=word, known=", ".join(Kind))
        raise UserError(msg) from None


def tidy_name(name: str) -> str:
    """A field's name on one line; a colon or a quote would break the typed form. Raises UserError for an empty one."""
    shown = " ".join(name.replace(":", " ").replace('"', " ").split())[:60].strip()
    if not shown:
        msg = "A field needs a name."
        raise UserError(msg)
    return shown


def read(name: str, kind: str, choices: Sequence[Choice], given: Any) -> Value:
    """What is kept of a value that was typed or chosen; None for nothing. Raises UserError that names the field."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    try:
        return _READERS[Kind(kind)](choices, given)
    except ValueError as error:
        msg = said("“{name}”: {error}", name=name, error=words_of(error))
        raise UserError(msg) from None


def shown(kind: str, choices: Sequence[Choice], value: Value) -> str:
    """A kept value in words, without any language of its own: keys become names. Empty for none."""
    if value is None:
        return ""
    if kind in CHOSEN:
        paths = {one.key: one.path or one.name for one in choices}
        keys = value if isinstance(value, list) else [value]
        return ", ".join(paths.get(str(key), "?") for key in keys)
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _text(_choices: Sequence[Choice], given: Any) -> Value:
    text = str(given).strip()
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"at most {LONGEST_TEXT:,} characters fit.")
    return text


def _number(_choices: Sequence[Choice], given: Any) -> Value:
    words = str(given).strip().replace("\u00a0", "").replace(" ", "")
    if "," in words and "." not in words:
        words = words.replace(",", ".")
    try:
        number = float(words.replace(",", ""))
    except ValueError:
        raise ValueError(f"“{given}” is not a number.") from None
    if isinstance(given, bool) or not math.isfinite(number) or abs(number) > 1e15:
        raise ValueError(f"“{given}” is not a number that can be kept.")
    return int(number) if number.is_integer() else number


def _date(_choices: Sequence[Choice], given: Any) -> Value:
    try:
        return date.fromisoformat(str(given).strip()).isoformat()
    except ValueError:
        raise ValueError(f"“{given}” is not a day. Write it as 2026-01-31.") from None


def _checkbox(_choices: Sequence[Choice], given: Any) -> Value:
    word = str(given).strip().casefold()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0", "none"}:
        return None
    raise ValueError("use yes or no.")


def _url(_choices: Sequence[Choice], given: Any) -> Value:
    text = str(given).strip()
    address = text if "://" in text else f"https://{text}"
    if not _is_web(address) or len(address) > LONGEST_TEXT:
        raise ValueError(f"“{text[:80]}” is not an address of the web.")
    return address


def _is_web(address: str) -> bool:
    """An address that a browser can be sent to: http or https, with a host, without blanks (RFC 3986)."""
    if any(char.isspace() or ord(char) < 32 for char in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken address of version 6
        return False


def _choice(choices: Sequence[Choice], given: Any) -> Value:
    return _key(choices, str(given))


def _multi(choices: Sequence[Choice], given: Any) -> Value:
    words: Iterable[Any] = given if isinstance(given, (list, tuple)) else str(given).split(",")
    keys = {_key(choices, str(word)) for word in words if str(word).strip()}
    return [one.key for one in choices if one.key in keys] or None


def _key(choices: Sequence[Choice], word: str) -> str:
    """The key of the choice that a key, a path or a name means. Raises ValueError."""
    wanted = _folded(word)
    offered = [one for one in choices if not one.gone]
    for what in ("key", "path", "name"):
        found = [one for one in offered if _folded(getattr(one, what)) == wanted]
        if len(found) == 1:
            return found[0].key
        if found:
            raise ValueError(f"“{word}” is there several times; give its whole path.")
    names_told = ", ".join(one.path or one.name for one in offered[:12])
    raise ValueError(f"there is no “{word}”. There are: {names_told}{' …' if len(offered) > 12 else ''}.")


def _folded(path: str) -> str:
    return "/".join(" ".join(part.split()).casefold() for part in path.replace(">", "/").split("/"))


_READERS: Final = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.MULTI: _multi,
    Kind.TREE: _choice,
    Kind.CHECKBOX: _checkbox,
    Kind.URL: _url,
}
