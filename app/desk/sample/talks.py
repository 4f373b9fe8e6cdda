"""One conversation of the sample desk: how far it has come, and when each of its messages was written."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from app.desk.sample import times
from app.desk.sample.cast import Agent, Person
from app.desk.sample.letters import Said
from app.desk.sample.stories import Line, Story


class Ending(enum.Enum):
    """How a conversation stands now."""

    DONE = enum.auto()
    NEW = enum.auto()
    OPEN = enum.auto()
    WAITING = enum.auto()


@dataclass(slots=True, eq=False)
class Talk:
    """One conversation, while it goes on. `last`: the mail that the next one answers."""

    story: Story
    customer: Person
    colleague: Person
    agent: Agent
    words: dict[str, str]
    subject: str
    ending: Ending
    told: list[tuple[datetime, Line]] = field(default_factory=list)
    last: Said | None = None
    opened_as: UUID | None = None

    @property
    def ticket(self) -> UUID:
        """Its ticket, from the first mail on."""
        assert self.opened_as is not None, "the customer writes first"
        return self.opened_as

    @property
    def last_at(self) -> datetime:
        """When the last message was written."""
        return self.told[-1][0]


def _minutes(*some: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=each) for each in some)


RECENT: Final = (
    (Ending.NEW, _minutes(9, 34, 71, 128, 190, 305, 460, 700, 1130, 1500, 1900, 2700)),
    (Ending.OPEN, _minutes(22, 52, 95, 160, 240, 390, 610, 980, 1300, 1750, 2300, 3100, 4300)),
    (Ending.WAITING, _minutes(45, 110, 210, 330, 520, 760, 1050, 1400, 1700, 2200, 2900, 3500, 4400, 5600, 7100, 8600,
                              10100, 11700, 13900, 16800)),
)  # fmt: skip
"""What is still going on: how long ago its last word was written."""

DUE_IN: Final = _minutes(-34, 29, -6, 95, -260, 180, 1500, -1300, 2900)
"""When some of it is due, from now."""


def fits(story: Story, ending: Ending) -> bool:
    """Can this story stop there?"""
    if ending is Ending.OPEN:
        return any(line.incoming for line in story.lines[1:])
    return ending is not Ending.WAITING or any(line.who == "agent" for line in story.lines)


def cut(lines: Sequence[Line], ending: Ending) -> tuple[Line, ...]:
    """As much of a story as has been told by now."""
    if ending is Ending.DONE:
        return tuple(lines)
    if ending is Ending.NEW:
        return tuple(lines[:1])
    last = next(
        number
        for number, line in enumerate(lines)
        if (line.incoming and number if ending is Ending.OPEN else line.who == "agent")
    )
    return tuple(lines[: last + 1])


def timed(
    lines: Sequence[Line], at: datetime, now: datetime, ending: Ending, dice: Random
) -> list[tuple[datetime, Line]]:
    """When each message was written. What is done began at `at`; what is still going on had its last word then."""
    told = [(at, lines[0])]
    for line in lines[1:]:
        before = told[-1][0] + (line.later or timedelta())
        if line.who == "note":
            before += timedelta(minutes=dice.randint(3, 30))
        elif line.who == "agent":
            before = times.answered_at(before, dice)
        else:
            before = times.replied_at(before, dice)
        told.append((before, line))
    latest = at if ending is not Ending.DONE else now - timedelta(hours=26)
    late = told[-1][0] - latest
    if late > timedelta() or ending is not Ending.DONE:
        told = [(moment - late, line) for moment, line in told]
    return told
