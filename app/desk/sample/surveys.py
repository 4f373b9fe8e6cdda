"""Surveys on the sample desk: invitations go out when they are due, and about every second one is answered."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from app.desk.sample import texts
from app.desk.sample.cast import Person
from app.desk.sample.director import Director
from app.desk.sample.letters import Mail
from app.desk.sample.talks import Talk
from app.kernel.state import options
from app.outbox import queries as outbox_queries
from app.outbox.tables import Outbox
from app.surveys import commands as surveys
from app.surveys.tables import SurveyInvite

_TOKEN: Final = re.compile(r"DB-[a-z2-7]{26}")
_SCORES: Final = (5, 4, 3, 2, 1)
_WEIGHTS: Final = (62, 24, 6, 5, 3)
_ANSWERS: Final = 0.6
_SINCE: Final = timedelta(days=110)
"""The shop has not always asked."""


class Asking:
    """Sends what is due, and writes the answers."""

    def __init__(self, director: Director) -> None:
        self._director, self._dice = director, director.dice
        director.when_solved = self.solved
        director.do(director.now - _SINCE, self._begin)

    def solved(self, talk: Talk, at: datetime) -> None:
        """A ticket was solved: look for due invitations when its own will be."""
        due = at + timedelta(minutes=66)
        if self._director.now - _SINCE <= at and due < self._director.now:
            self._director.do(due, self._send_due, alone=True)

    def _begin(self, at: datetime) -> None:
        options.put(self._director.stage.at(at, self._director.agents[0].id, "setting"), "survey_enabled", value=True)

    def _send_due(self, at: datetime) -> None:
        stage = self._director.stage
        tx = stage.at(at, None, "survey_send")
        surveys.send_due(tx)
        tx.flush()
        query = select(Outbox.id, SurveyInvite.address).join(SurveyInvite, SurveyInvite.message == Outbox.id)
        for message, address in tx.execute(query.where(Outbox.state == "queued", Outbox.automatic)).all():
            frozen = outbox_queries.letter(tx, message)
            token = _TOKEN.search(frozen.letter.html or "") if frozen else None
            stage.sent(message, at + timedelta(seconds=20))
            if self._dice.random() < _ANSWERS and token is not None:
                self._plan_answer(self._director.cast.named(address), token[0], at)

    def _plan_answer(self, person: Person, token: str, asked_at: datetime) -> None:
        at = asked_at + timedelta(minutes=self._dice.choice((4, 11, 35, 90, 240, 700, 1500, 2900)))
        if at < self._director.now:
            self._director.do(at, lambda when: self._answer(person, token, when))

    def _answer(self, person: Person, token: str, at: datetime) -> None:
        said = texts.read("answers.toml").get(person.language, texts.read("answers.toml")["en"])
        score = self._dice.choices(_SCORES, _WEIGHTS)[0]
        if str(score) not in said:
            score = 5
        comment = self._dice.choice(said[str(score)])
        text = f"{score}, {comment}" if comment else str(score)
        subject = f"{score} of 5 [{token}]" if self._dice.random() < 0.7 else f"Re: [{token}]"
        self._director.arrive(Mail(person, subject, text, at, quotes=False), at)
