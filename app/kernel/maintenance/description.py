"""What a desk says of itself in a backup, so that a person recognises it years later and on another computer.

A description may come from a file of somebody else: texts are cut and cleaned before anybody sees them, numbers bounded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class About:
    """Whose desk it is and how much is in it, as told by whoever made the backup: for a person to recognise it."""

    desk: str = ""
    people: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    tickets: int = 0
    messages: int = 0
    customers: int = 0
    newest_at: datetime | None = None

    def plain(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "desk": self.desk,
            "people": list(self.people),
            "mailboxes": list(self.mailboxes),
            "tickets": self.tickets,
            "messages": self.messages,
            "customers": self.customers,
            "newest_at": self.newest_at.isoformat() if self.newest_at else None,
        }

    @classmethod
    def read(cls, plain: object) -> About:
        """From a manifest; what is not as it should be is left out."""
        found: Mapping[str, Any] = plain if isinstance(plain, dict) else {}
        return cls(
            clean(found.get("desk")),
            _texts(found.get("people")),
            _texts(found.get("mailboxes")),
            _count(found.get("tickets")),
            _count(found.get("messages")),
            _count(found.get("customers")),
            time_of(found.get("newest_at")),
        )


@dataclass(frozen=True, slots=True)
class Described:
    """A copy of a database: the form that it has, the desk's own id, and what is in it."""

    revision: str
    workspace: str
    about: About


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: the live files (`arrivals`: what came in and waits for its place in the database), the program's
    version, and who can say what a copy of the database holds.
    """

    database: Path
    arrivals: Path
    packs: Path
    program: str
    describe: Callable[[Path], Described]


def clean(text: object, most: int = _MOST_TEXT) -> str:
    """A text from outside on one line, without control and direction characters, cut to `most` characters."""
    if not isinstance(text, str):
        return ""
    kept = (char if char.isprintable() else " " for char in text[: most * 4])
    return " ".join("".join(char for char in kept if unicodedata.category(char) != "Cf").split())[:most]


def _texts(plain: object) -> tuple[str, ...]:
    return tuple(clean(one) for one in plain[:20] if clean(one)) if isinstance(plain, list) else ()


def _count(plain: object) -> int:
    return plain if type(plain) is int and 0 <= plain < 1 << 53 else 0


def time_of(plain: object) -> datetime | None:
    """A time from outside, as UTC; None for what is none."""
    try:
        at = datetime.fromisoformat(plain) if isinstance(plain, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
