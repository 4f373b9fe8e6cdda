"""Conversations as templates: who says what, in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.desk.sample import texts

FILES: Final = ("stories_en.toml", "stories_de.toml", "stories_more.toml")
_TIME: Final = re.compile(r"\+?(\d+)([mhd])\Z")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_ATTACHED: Final = frozenset({"photo", "photos", "invoice", "table", "log", "drawing"})


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a template. `who`: customer, colleague, agent or note."""

    who: str
    text: str
    file: str = ""
    html: bool = False
    cc: bool = False
    later: timedelta | None = None

    @property
    def incoming(self) -> bool:
        """Does it come from outside?"""
        return self.who in {"customer", "colleague"}


@dataclass(frozen=True, slots=True)
class Story:
    """A conversation. `key` names the few that are told once; the rest is told again and again in other words."""

    subjects: tuple[str, ...]
    lines: tuple[Line, ...]
    language: str = "en"
    tags: tuple[str, ...] = ()
    who: str = "any"
    weight: int = 2
    key: str = ""
    customer: str = ""
    priority: str = ""
    products: tuple[str, ...] = ()


def stories() -> list[Story]:
    """Every story of the sample shop."""
    return [_story(raw) for name in FILES for raw in texts.read(name)["story"]]


def _story(raw: dict[str, Any]) -> Story:
    return Story(
        subjects=tuple(raw["subject"]),
        lines=tuple(_line(each) for each in raw["talk"]),
        language=raw.get("language", "en"),
        tags=tuple(raw.get("tags", ())),
        who=raw.get("who", "any"),
        weight=raw.get("weight", 2),
        key=raw.get("key", ""),
        customer=raw.get("customer", ""),
        priority=raw.get("priority", ""),
        products=tuple(raw.get("product", ())),
    )


def _line(raw: str) -> Line:
    head, _, text = raw.partition(":")
    who, *options = head.split()
    later = next((one for one in options if _TIME.match(one) and one.startswith("+")), "")
    return Line(
        who=who,
        text=text.strip(),
        file=next((one for one in options if one in _ATTACHED), ""),
        html="html" in options,
        cc="cc" in options,
        later=in_time(later) if later else None,
    )


def in_time(text: str) -> timedelta:
    """A time as the sample's texts say it: `3m`, `+4h`, `2d`. Raises ValueError for anything else."""
    found = _TIME.match(text)
    if found is None:
        msg = f"no time: {text}"
        raise ValueError(msg)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
