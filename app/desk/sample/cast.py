"""Who writes to the sample shop, and who answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from uuid import UUID

from app.desk.sample import texts

_TITLES: Final = frozenset({"Dr.", "Empfang", "Haustechnik", "Goods", "Parcelbird"})
_EAST_ASIAN: Final = "ja"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes. `organisation` is a domain, or empty for private persons."""

    name: str
    address: str
    language: str
    organisation: str = ""
    role: str = ""
    city: str = ""

    @property
    def first(self) -> str:
        """How a letter calls them: the first name, or for titles and Japanese names the whole."""
        first = self.name.split()[0]
        return self.name if first in _TITLES or self.language == _EAST_ASIAN else first


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers."""

    id: UUID
    name: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """A company, known by its domain."""

    name: str
    domain: str
    notes: str


class Cast:
    """Everybody who writes, with a taste for regulars: some people write much more often than others."""

    def __init__(self, dice: Random) -> None:
        read = texts.read("people.toml")
        self.organisations = [
            Organisation(each["name"], each["domain"], each["notes"]) for each in read["organisation"]
        ]
        self._groups = {
            "private": [
                Person(name, address, language, "", "", city) for name, address, city, language in read["private"]
            ],
            "organisation": _staff(one for one in read["organisation"] if not one.get("supplier")),
            "supplier": _staff(one for one in read["organisation"] if one.get("supplier")),
        }
        self.everybody = [person for group in self._groups.values() for person in group]
        self._dice = dice
        self._weight = {one.address: dice.choice((1, 1, 2, 2, 3, 5)) for one in self.everybody}

    def writer(self, language: str, who: str) -> Person:
        """Somebody who writes in `language`; `who`: private, organisation, supplier, or any (but a supplier)."""
        asked = self._groups["private"] + self._groups["organisation"] if who == "any" else self._groups[who]
        fitting = [one for one in asked if one.language == language]
        return self._dice.choices(fitting, [self._weight[one.address] for one in fitting])[0]

    def colleague(self, person: Person) -> Person:
        """Somebody else of the same organisation; private persons have only themselves."""
        others = [one for one in self.everybody if one.organisation == person.organisation and one != person]
        return self._dice.choice(others) if others and person.organisation else person

    def named(self, address: str) -> Person:
        """The person with this address."""
        return next(one for one in self.everybody if one.address == address)


def _staff(organisations: Iterable[dict[str, Any]]) -> list[Person]:
    return [
        Person(name, f"{local}@{each['domain']}", language, each["domain"], role, each["city"])
        for each in organisations
        for name, local, role, language in each["people"]
    ]
