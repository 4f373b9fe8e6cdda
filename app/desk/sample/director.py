"""Plans the conversations of the sample desk, and lets everything happen in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

from app.desk.sample import letters, texts, times
from app.desk.sample.cast import Agent, Cast, Person
from app.desk.sample.files import attached
from app.desk.sample.letters import Mail, Post
from app.desk.sample.stage import Arrived, Stage
from app.desk.sample.stories import Line, Story, stories
from app.desk.sample.talks import RECENT, Ending, Talk, cut, fits, timed
from app.people.commands import update_customer
from app.people.queries import customer_of
from app.tickets import commands as tickets

_SPAN: Final = timedelta(hours=30)
"""Steps this close together share a transaction."""

Act = Callable[[datetime], None]


class Director:
    """Knows everybody, and what happens when."""

    def __init__(
        self, stage: Stage, cast: Cast, agents: tuple[Agent, ...], post: Post, dice: Random, now: datetime
    ) -> None:
        self.stage, self.cast, self.agents, self.post, self.dice, self.now = stage, cast, agents, post, dice, now
        self.talks: list[Talk] = []
        self._steps: list[tuple[datetime, int, bool, Act]] = []
        self._number = count()
        self._met: set[str] = set()
        self.when_solved: Callable[[Talk, datetime], None] = lambda _talk, _at: None

    # -- planning

    def plan(self, total: int) -> None:
        """Plan `total` conversations: those that are told once, those still going on, and for the rest the usual ones."""
        every = stories()
        usual = [story for story in every if not story.key]
        for number, story in enumerate(story for story in every if story.key):
            self._begin(story, self.now - timedelta(days=12 + 55 * number), Ending.DONE)
        for ending, agos in RECENT:
            fitting = [story for story in usual if fits(story, ending)]
            for story, ago in zip(self.dice.sample(fitting, len(agos)), agos, strict=True):
                self._begin(story, self.now - ago, ending)
        for start in times.starts(self.now, total - len(self.talks), self.dice):
            self._begin(self._drawn(usual), start, Ending.DONE)
        for day in range(times.DAYS, 0, -2):
            self.do(self.now.replace(hour=4, minute=12) - timedelta(days=day), self._close_old)

    def do(self, at: datetime, act: Act, *, alone: bool = False) -> None:
        """Something happens at `at`; `alone`: after everything before it is committed, with what that set off."""
        heapq.heappush(self._steps, (at, next(self._number), alone, act))

    def _drawn(self, some: list[Story]) -> Story:
        return self.dice.choices(some, [story.weight for story in some])[0]

    def _begin(self, story: Story, at: datetime, ending: Ending) -> None:
        dice = self.dice
        customer = self.cast.named(story.customer) if story.customer else self.cast.writer(story.language, story.who)
        lists = texts.read("shop.toml")["words"]
        words = texts.drawn_words(dice, {**lists, "product": story.products or lists["product"]})
        talk = Talk(
            story=story,
            customer=customer,
            colleague=self.cast.colleague(customer),
            agent=dice.choice([one for one in self.agents if story.language in one.languages]),
            words=words,
            subject=texts.sentence(texts.filled(dice.choice(story.subjects), words, dice)),
            ending=ending,
            told=timed(cut(story.lines, ending), at, self.now, ending, dice),
        )
        self.talks.append(talk)
        for number, (moment, line) in enumerate(talk.told):
            is_last = number == len(talk.told) - 1 and ending is Ending.DONE
            self.do(moment, lambda at, line=line, is_last=is_last: self._say(talk, line, at, solve=is_last))  # type: ignore[misc]
        if ending is Ending.DONE and talk.told[-1][1].who != "agent":
            self.do(times.answered_at(talk.last_at, dice), lambda at: self._solve(talk, at))
        if ending is Ending.NEW and dice.random() < 0.3:
            self.do(talk.last_at + timedelta(minutes=4), lambda at: self._take_on(talk, at))

    # -- playing

    def play(self, progress: Callable[[float], None] | None = None) -> None:
        """Let everything happen; `progress` hears how much of the time has gone by."""
        begun = self._steps[0][0] if self._steps else self.now
        while self._steps:
            if progress is not None:
                progress(min(1.0, (self._steps[0][0] - begun) / (self.now - begun)))
            with self.stage.scene():
                until = self._steps[0][0] + _SPAN
                first = True
                while self._steps and self._steps[0][0] <= until and (first or not self._steps[0][2]):
                    at, _, _, act = heapq.heappop(self._steps)
                    act(at)
                    first = False

    def _say(self, talk: Talk, line: Line, at: datetime, *, solve: bool) -> None:
        body = texts.filled(line.text, talk.words, self.dice)
        files = attached(line.file, talk.words, self.dice) if line.file else ()
        if line.incoming:
            self._customer_writes(talk, line, body, at)
        elif line.who == "note":
            tickets.add_note(self.stage.at(at, self.dice.choice(self.agents).id, "note"), talk.ticket, body)
        else:
            self._take_on(talk, at - timedelta(minutes=3))
            text = letters.answer_text(talk.customer, talk.agent.name, body, self.dice)
            talk.last = self.stage.answer(talk.ticket, text, at, talk.agent.id, files=files, solve=solve)
            if solve:
                self.when_solved(talk, at)

    def _customer_writes(self, talk: Talk, line: Line, body: str, at: datetime) -> None:
        writer = talk.colleague if line.who == "colleague" else talk.customer
        is_first = talk.opened_as is None
        in_copy = (line.cc or (not is_first and self.dice.random() < 0.3)) and talk.colleague not in {
            writer,
            talk.customer,
        }
        mail = Mail(
            sender=writer,
            subject=talk.subject if is_first else f"{'AW' if writer.language == 'de' else 'Re'}: {talk.subject}",
            text=letters.letter_text(writer, body, self.dice, agent="" if is_first else talk.agent.name),
            at=at - timedelta(seconds=self.dice.randint(2, 40)),
            cc=[talk.colleague] if in_copy else (),
            answers=talk.last,
            files=attached(line.file, talk.words, self.dice) if line.file else (),
            as_html=line.html or self.dice.random() < 0.3,
            quotes=self.dice.random() < 0.75,
        )
        arrived = self.arrive(mail, at, talk)
        if is_first:
            talk.opened_as = arrived.ticket
            self._sort(talk, at)

    def arrive(self, mail: Mail, at: datetime, talk: Talk | None = None) -> Arrived:
        """A mail comes; `talk`: the conversation that goes on from it."""
        raw, said = self.post.raw(mail)
        arrived = self.stage.arrives(raw, at)
        if talk is not None:
            talk.last = said
            self._meet(mail.sender, at)
        return arrived

    def _meet(self, person: Person, at: datetime) -> None:
        """The first time that somebody writes, what is known of them is noted."""
        if person.address in self._met:
            return
        self._met.add(person.address)
        tx = self.stage.at(at + timedelta(minutes=1), None, "customer_set")
        customer = customer_of(tx, person.address)
        fields = {key: value for key, value in (("city", person.city), ("role", person.role)) if value}
        if customer is not None:
            update_customer(tx, customer, language=person.language, fields=fields)

    def _sort(self, talk: Talk, at: datetime) -> None:
        """A ticket gets its tags and its priority soon after it came."""
        if talk.ending is Ending.NEW and self.dice.random() < 0.5:
            return
        tx = self.stage.at(at + timedelta(minutes=2), self.agents[0].id, "set")
        for tag in talk.story.tags:
            tickets.add_tag(tx, talk.ticket, tag)
        if talk.story.priority or self.dice.random() < 0.1:
            tickets.set_priority(tx, talk.ticket, talk.story.priority or self.dice.choice(("low", "high", "high")))

    def _take_on(self, talk: Talk, at: datetime) -> None:
        tickets.assign(self.stage.at(at, talk.agent.id, "assign"), talk.ticket, talk.agent.id)

    def _solve(self, talk: Talk, at: datetime) -> None:
        self._take_on(talk, at)
        tickets.set_status(self.stage.at(at, talk.agent.id, "set"), talk.ticket, "solved")
        self.when_solved(talk, at)

    def _close_old(self, at: datetime) -> None:
        tickets.close_solved(self.stage.at(at, None, "close_solved"), at)
