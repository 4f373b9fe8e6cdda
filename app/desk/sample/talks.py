"""Conversations on the sample desk: planned from templates, then played in the order of time."""

from __future__ import annotations

import enum
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final
from uuid import UUID

from app.desk.sample import letters, texts, times
from app.desk.sample.cast import Agent, Cast, Person
from app.desk.sample.files import attached
from app.desk.sample.letters import Mail, Post, Said
from app.desk.sample.stage import Stage
from app.desk.sample.stories import Line, Story, stories
from app.tickets import commands as tickets

_SPAN: Final = timedelta(hours=2)
"""Steps this close together share a transaction."""


class Ending(enum.Enum):
    """How a conversation stands now."""

    DONE = enum.auto()
    NEW = enum.auto()
    OPEN = enum.auto()
    WAITING = enum.auto()


@dataclass(slots=True)
class Talk:
    """One conversation, while it goes on."""

    story: Story
    customer: Person
    colleague: Person
    agent: Agent
    words: dict[str, str]
    subject: str
    ending: Ending
    ticket: UUID | None = None
    last: Said | None = None
    told: list[tuple[datetime, Line]] = field(default_factory=list)


Step = tuple[datetime, int, Callable[[datetime], None]]


class Director:
    """Plans the conversations and plays them."""

    def __init__(
        self, stage: Stage, cast: Cast, agents: tuple[Agent, ...], post: Post, dice: Random, now: datetime
    ) -> None:
        self.stage, self.cast, self.agents, self.post, self.dice, self.now = stage, cast, agents, post, dice, now
        self.talks: list[Talk] = []
        self._steps: list[Step] = []
        self._number = count()
        self._stories = stories()

    # -- planning

    def plan(self, total: int) -> None:
        """Plan `total` conversations and what else happens."""
        recent = [*_ago(NEW_AGO, Ending.NEW), *_ago(OPEN_AGO, Ending.OPEN), *_ago(WAITING_AGO, Ending.WAITING)]
        told = [story for story in self._stories if not story.key]
        past = times.starts(self.now, total - len(recent), self.dice)
        weights = [story.weight for story in told]
        for start in past:
            self._begin(self.dice.choices(told, weights)[0], start, Ending.DONE)
        for ago, ending in recent:
            fitting = [story for story in told if _fits(story, ending)]
            self._begin(self.dice.choices(fitting, [one.weight for one in fitting])[0], self.now - ago, ending)
        for day in range(times.DAYS, 0, -1):
            self.do(self.now.replace(hour=4, minute=12) - timedelta(days=day), self._close_old)

    def do(self, at: datetime, act: Callable[[datetime], None]) -> None:
        """Something happens at `at`."""
        heapq.heappush(self._steps, (at, next(self._number), act))

    def _begin(self, story: Story, at: datetime, ending: Ending) -> None:
        dice = self.dice
        customer = self.cast.named(story.customer) if story.customer else self.cast.writer(story.language, story.who)
        words = texts.drawn_words(dice, texts.read("shop.toml")["words"])
        fitting = [one for one in self.agents if story.language in one.languages]
        talk = Talk(
            story=story,
            customer=customer,
            colleague=self.cast.colleague(customer),
            agent=dice.choice(fitting),
            words=words,
            subject=texts.sentence(texts.filled(dice.choice(story.subjects), words, dice)),
            ending=ending,
        )
        talk.told = self._timed(_cut(story.lines, ending), at, ending)
        self.talks.append(talk)
        for number, (moment, line) in enumerate(talk.told):
            final = number == len(talk.told) - 1 and ending is Ending.DONE
            self.do(moment, lambda at, line=line, final=final: self._say(talk, line, at, final=final))
        last_at, last_line = talk.told[-1]
        if ending is Ending.DONE and last_line.who != "agent":
            self.do(times.answered_at(last_at, dice), lambda at: self._solve(talk, at))
        if ending is Ending.OPEN and len(talk.told) == 1:
            self.do(last_at + timedelta(minutes=4), lambda at: self._open(talk, at))

    def _timed(self, lines: tuple[Line, ...], at: datetime, ending: Ending) -> list[tuple[datetime, Line]]:
        told = [(at, lines[0])]
        for line in lines[1:]:
            before = told[-1][0] + (line.later or timedelta())
            if line.who == "note":
                before += timedelta(minutes=self.dice.randint(3, 30))
            elif line.who == "agent":
                before = times.answered_at(before, self.dice)
            else:
                before = times.replied_at(before, self.dice)
            told.append((before, line))
        # What is still going on ends at `at`; what is done was done some hours ago at the latest.
        late = told[-1][0] - at if ending is not Ending.DONE else told[-1][0] - (self.now - timedelta(hours=30))
        if late > timedelta():
            told = [(moment - late, line) for moment, line in told]
        return told

    # -- playing

    def play(self) -> None:
        """Let everything happen, in the order of time."""
        while self._steps:
            with self.stage.scene():
                until = self._steps[0][0] + _SPAN
                while self._steps and self._steps[0][0] <= until:
                    at, _, act = heapq.heappop(self._steps)
                    act(at)

    def _say(self, talk: Talk, line: Line, at: datetime, *, final: bool) -> None:
        body = texts.sentence(texts.filled(line.text, talk.words, self.dice))
        files = attached(line.file, talk.words, self.dice) if line.file else ()
        if line.incoming:
            self._customer_writes(talk, line, body, at)
        elif line.who == "note":
            agent = self.dice.choice(self.agents)
            tickets.add_note(self.stage.at(at, agent.id, "note"), _ticket(talk), body)
        else:
            self._take_on(talk, at)
            text = letters.answer_text(talk.customer, talk.agent.name, body, self.dice)
            talk.last = self.stage.answer(_ticket(talk), text, at, talk.agent.id, files=files, solve=final)

    def _customer_writes(self, talk: Talk, line: Line, body: str, at: datetime) -> None:
        writer = talk.colleague if line.who == "colleague" else talk.customer
        first = talk.ticket is None
        mail = Mail(
            sender=writer,
            subject=talk.subject if first else f"Re: {talk.subject}",
            text=letters.letter_text(writer, body, self.dice, first=first),
            at=at - timedelta(seconds=self.dice.randint(2, 40)),
            cc=[talk.colleague]
            if (line.cc or not first) and writer is talk.customer and talk.colleague != writer
            else (),
            answers=talk.last,
            files=attached(line.file, talk.words, self.dice) if line.file else (),
            as_html=line.html or self.dice.random() < 0.3,
            quotes=self.dice.random() < 0.75,
        )
        raw, said = self.post.raw(mail)
        arrived = self.stage.arrives(raw, at)
        talk.last = said
        if first:
            talk.ticket = arrived.ticket
            self._sort(talk, at)

    def _sort(self, talk: Talk, at: datetime) -> None:
        """A ticket gets its tags and its priority soon after it came."""
        if talk.ending is Ending.NEW and self.dice.random() < 0.6:
            return
        tx = self.stage.at(at + timedelta(minutes=2), self.agents[0].id, "set")
        for tag in talk.story.tags:
            tickets.add_tag(tx, _ticket(talk), tag)
        if talk.story.priority or self.dice.random() < 0.12:
            tickets.set_priority(
                tx, _ticket(talk), talk.story.priority or self.dice.choice(("low", "high", "high", "urgent"))
            )

    def _take_on(self, talk: Talk, at: datetime) -> None:
        tickets.assign(self.stage.at(at - timedelta(minutes=3), talk.agent.id, "assign"), _ticket(talk), talk.agent.id)

    def _open(self, talk: Talk, at: datetime) -> None:
        self._take_on(talk, at)
        tickets.set_status(self.stage.at(at, talk.agent.id, "set"), _ticket(talk), "open")

    def _solve(self, talk: Talk, at: datetime) -> None:
        self._take_on(talk, at)
        tickets.set_status(self.stage.at(at, talk.agent.id, "set"), _ticket(talk), "solved")

    def _close_old(self, at: datetime) -> None:
        tickets.close_solved(self.stage.at(at, None, "close_solved"), at)

    # -- how things stand

    def set_the_scene(self) -> None:
        """What has been looked at, what is due, what lies in the Bin."""
        me = self.agents[0].id
        recent = [talk for talk in self.talks if talk.ending in {Ending.NEW, Ending.OPEN}]
        recent.sort(key=lambda talk: talk.told[-1][0], reverse=True)
        tx = self.stage.at(self.now, me, "mark_seen")
        tickets.mark_seen(tx, [_ticket(talk) for talk in recent[8:]])
        for talk, due in zip(recent[2:], DUE_IN, strict=False):
            tickets.set_fields(
                self.stage.at(self.now - timedelta(hours=2), me, "set"), _ticket(talk), due_at=self.now + due
            )


def _ticket(talk: Talk) -> UUID:
    assert talk.ticket is not None, "the customer writes first"
    return talk.ticket


def _minutes(*some: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=each) for each in some)


NEW_AGO: Final = _minutes(9, 34, 71, 128, 190, 305, 460, 700, 1130, 1500, 1900, 2700)
OPEN_AGO: Final = _minutes(22, 52, 95, 160, 240, 390, 610, 980, 1300, 1750, 2300, 3100, 4300)
WAITING_AGO: Final = _minutes(
    45, 110, 210, 330, 520, 760, 1050, 1400, 1700, 2200, 2900, 3500, 4400, 5600, 7100, 8600, 10100, 11700, 13900, 16800
)
DUE_IN: Final = _minutes(-34, 29, -6, 95, -260, 180, 1500, -1300, 2900)


def _ago(some: tuple[timedelta, ...], ending: Ending) -> list[tuple[timedelta, Ending]]:
    return [(each, ending) for each in some]


def _fits(story: Story, ending: Ending) -> bool:
    """Can this story stop there?"""
    lines = story.lines
    if ending is Ending.OPEN:
        return any(line.incoming for line in lines[1:])
    return ending is not Ending.WAITING or any(line.who == "agent" for line in lines)


def _cut(lines: tuple[Line, ...], ending: Ending) -> tuple[Line, ...]:
    """As much of a story as has happened by now."""
    if ending is Ending.NEW:
        return lines[:1]
    if ending is Ending.OPEN:
        last = next(number for number, line in enumerate(lines) if number and line.incoming)
        return lines[: last + 1]
    if ending is Ending.WAITING:
        last = next(number for number, line in enumerate(lines) if line.who == "agent")
        return lines[: last + 1]
    return lines
