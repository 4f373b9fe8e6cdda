"""What can be typed next in a search: fields while a word could become one, values behind a colon.

Only the condition in which the cursor stands is looked at. Values with blanks come quoted, so that what is taken over means what
it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from app.conditions.fields import PLACES, field_named
from app.conditions.typed import quoted
from app.search.catalogue import catalogue, values_of

MOST: Final = 8
_HERE = re.compile(
    r'(?:^|(?<=[\s(]))-?(?:(?P<field>[A-Za-z]+|field\.[^\s:"()]+):(?P<value>"[^"]*|[^\s"()]*)|(?P<word>[A-Za-z.]+))$'
)
_PLAIN = re.compile(r"[^\s\"()]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to type: `text` takes the place of what stands between the two ends. `label`: what it is, in English words,
    or a value as it is; `is_field`: a value has to follow.
    """

    text: str
    label: str
    is_field: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """Offers for the condition from `start` to `end`, in characters."""

    start: int
    end: int
    offers: tuple[Offer, ...] = ()


def completion(db: Session, typed: str, cursor: int) -> Completion:
    """What could stand where the cursor is."""
    found = _HERE.search(typed[:cursor])
    if found is None or (cursor < len(typed) and not typed[cursor].isspace()):
        return Completion(cursor, cursor)
    if found["field"] is None:
        start = found.start("word")
        return Completion(start, cursor, _fields(db, found["word"].lower()) if len(found["word"]) > 1 else ())
    start = found.start("value")
    return Completion(start, cursor, _values(db, found["field"].lower(), found["value"].lstrip('"')))


def _fields(db: Session, word: str) -> tuple[Offer, ...]:
    """Fields whose name, or whose label, begins so."""
    near = [
        Offer(f"{one.name}:" if _PLAIN.fullmatch(one.name) else f"field.{quoted(one.name[6:])}:", one.label, True)
        for one in catalogue(db)
        if one.name != "words" and word in {one.name[: len(word)], one.label[: len(word)].lower()}
    ]
    if "in".startswith(word):
        near.append(Offer("in:", "Place", True))
    return tuple(sorted(near, key=lambda offer: not offer.text.startswith(word)))[:MOST]


def _values(db: Session, field: str, typed: str) -> tuple[Offer, ...]:
    one = field_named(field)
    if one is None:
        return ()
    values = list(values_of(db, one.name, typed, MOST))
    if field == "in":
        values = [place for place in PLACES if place.startswith(typed.lower())] + values
    if [value.lower() for value in values] == [typed.lower()]:
        return ()  # it is typed in full
    return tuple(Offer(value if _PLAIN.fullmatch(value) else quoted(value), value) for value in values[:MOST])
