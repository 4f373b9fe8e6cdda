"""What else is on a desk: newsletters, junk, automatic answers, bounces, an unreadable mail, strangers, an outbox, a bin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Message
from app.desk.sample import letters, texts
from app.desk.sample.cast import Person
from app.desk.sample.director import Act, Director
from app.desk.sample.letters import Mail
from app.desk.sample.talks import DUE_IN, Ending, Talk
from app.inbox import commands as inbox
from app.kernel.database.transaction import Tx
from app.outbox import commands as outbox
from app.outbox.rules import Phase
from app.people.tables import Organisation
from app.tickets import commands as tickets

_NEWSLETTERS: Final = 26
_JUNK: Final = 31
_AWAY: Final = 7
_BOUNCES: Final = 3


class Scenery:
    """Everything beside the conversations."""

    def __init__(self, director: Director) -> None:
        self._director, self._dice, self._now = director, director.dice, director.now
        self._texts = texts.read("others.toml")

    # -- mail that is no customer's letter

    def plan(self) -> None:
        """Plan what comes besides letters. The conversations are planned already."""
        for _ in range(_NEWSLETTERS):
            self._director.do(self._some_time(), self._newsletter)
        for _ in range(_JUNK):
            self._director.do(self._some_time(), self._junk)
        answered = [talk for talk in self._director.talks if talk.ending is Ending.WAITING]
        past = [talk for talk in self._director.talks if talk.ending is Ending.DONE and talk.told[-1][1].who == "agent"]
        for talk in self._dice.sample(answered + past, _AWAY):
            self._director.do(talk.last_at + timedelta(seconds=50), self._away_of(talk))
        for talk in self._dice.sample(past, _BOUNCES):
            self._director.do(talk.last_at + timedelta(minutes=2), self._bounce_of(talk))
        self._director.do(self._now - timedelta(hours=17), self._unreadable)
        for key, talk in zip(("stranger", "second_stranger"), answered[4:6], strict=True):
            self._director.do(talk.last_at + timedelta(minutes=25), self._stranger_at(talk, key))

    def _some_time(self) -> datetime:
        return self._now - timedelta(minutes=self._dice.randint(200, 380_000))

    def _newsletter(self, at: datetime) -> None:
        name, address, subject, text = self._dice.choice(self._texts["newsletter"])
        subject = subject.format(month=self._dice.choice(self._texts["month"]))
        headers = {"List-Unsubscribe": f"<mailto:leave@{address.partition('@')[2]}>", "Precedence": "bulk"}
        mail = Mail(Person(name, address, "en"), subject, text, at, as_html=True, headers=headers)
        self._director.arrive(mail, at)

    def _junk(self, at: datetime) -> None:
        name, address, subject, text = self._dice.choice(self._texts["spam"])
        raw, _ = self._director.post.raw(Mail(Person(name, address, "en"), subject, text, at))
        self._director.stage.arrives(raw, at, "Junk")

    def _away_of(self, talk: Talk) -> Act:
        def away(at: datetime) -> None:
            known = {each["language"]: each for each in self._texts["away"]}
            each = known.get(talk.customer.language, known["en"])
            subject, text = each["subject"].format(subject=talk.subject), each["text"].format_map(talk.words)
            headers = {"Auto-Submitted": "auto-replied"}
            mail = Mail(talk.customer, subject, text, at, answers=talk.last, quotes=False, headers=headers)
            self._director.arrive(mail, at)

        return away

    def _bounce_of(self, talk: Talk) -> Act:
        def bounce(at: datetime) -> None:
            assert talk.last is not None
            raw = letters.bounce(talk.customer.address, self._director.post.address, talk.last, at)
            self._director.stage.arrives(raw, at)

        return bounce

    def _stranger_at(self, talk: Talk, key: str) -> Act:
        def stranger(at: datetime) -> None:
            who = self._texts[key]
            person = Person(who["name"], who["address"], who["language"])
            text = who["text"].format(first=talk.customer.first)
            self._director.arrive(Mail(person, f"Fwd: {talk.subject}", text, at, answers=talk.last), at)

        return stranger

    def _unreadable(self, at: datetime) -> None:
        odd = self._texts["quarantine"]
        mail = Mail(Person(odd["name"], odd["address"], "de"), odd["subject"], odd["text"], at, as_html=True)
        raw, _ = self._director.post.raw(mail)
        head, _, body = raw.partition(b"\r\n\r\n")
        item = self._director.stage.shown(head + b"\r\n\r\n" + body.replace(b"--=_", b"-=_"), at)
        inbox.quarantine(self._director.stage.at(at + timedelta(seconds=9), None, "ingest"), item, odd["reason"])

    # -- how things stand now

    def set_up(self) -> None:
        """What has been looked at, what is due, what lies in the Bin, what waits in the outbox."""
        stage, me = self._director.stage, self._director.agents[0].id
        recent = [talk for talk in self._director.talks if talk.ending in {Ending.NEW, Ending.OPEN}]
        recent.sort(key=lambda talk: talk.last_at, reverse=True)
        tickets.mark_seen(stage.at(self._now, me, "mark_seen"), [talk.ticket for talk in recent[9:]])
        tickets.mark_seen(stage.tx, [recent[1].ticket, recent[4].ticket])
        for talk, due in zip(recent[3:], DUE_IN, strict=False):
            tx = stage.at(self._now - timedelta(hours=1), me, "set")
            tickets.set_fields(tx, talk.ticket, due_at=self._now + due)
        done = [talk for talk in self._director.talks if talk.ending is Ending.DONE]
        tickets.set_follow_up(stage.at(self._now - timedelta(hours=3), me, "set"), done[-3].ticket, follow_up=True)
        for number, talk in enumerate(done[-9:-7]):
            tickets.delete_ticket(stage.at(self._now - timedelta(days=number + 1), me, "delete"), talk.ticket)
        self._name_organisations()
        self._fill_outbox(recent)

    def _name_organisations(self) -> None:
        """Organisations are met by their domain; a person says what they are called."""
        known = {one.domain: one for one in self._director.cast.organisations}
        tx = self._director.stage.at(self._now - timedelta(days=1), self._director.agents[0].id, "organisation_set")
        for row in tx.scalars(select(Organisation)):
            if row.domain in known:
                row.name, row.notes = known[row.domain].name, known[row.domain].notes

    def _fill_outbox(self, recent: list[Talk]) -> None:
        open_ones = [talk for talk in recent if talk.ending is Ending.OPEN]
        waiting = self._waiting()
        self._held(next(talk for talk in reversed(open_ones) if talk.customer.language == "en"))
        self._uncertain(waiting[1])
        self._refused(waiting[2])
        self._retry(waiting[3])
        tomorrow = (self._now + timedelta(days=1)).replace(hour=7, minute=0, second=0)
        self._queued(waiting[4], "later", timedelta(minutes=50), not_before=tomorrow)

    def _waiting(self) -> list[Talk]:
        """Conversations in English that wait for a customer, one a customer."""
        talks = (talk for talk in self._director.talks if talk.ending is Ending.WAITING)
        return list({talk.customer: talk for talk in talks if talk.customer.language == "en"}.values())

    def _queued(
        self, talk: Talk, key: str, ago: timedelta, *, not_before: datetime | None = None, seen: UUID | None = None
    ) -> tuple[UUID, datetime]:
        at = self._now - ago
        body = texts.sentence(self._texts["outbox"][key])
        text = letters.answer_text(talk.customer, talk.agent.name, body, self._dice)
        stage = self._director.stage
        return stage.queued(talk.ticket, text, at, talk.agent.id, not_before=not_before, seen=seen), at

    def _held(self, talk: Talk) -> None:
        """The customer wrote again while the answer was being written."""
        stage = self._director.stage
        shown = select(Message.id).where(Message.ticket == talk.ticket).order_by(Message.occurred_at)
        seen = stage.tx.scalars(shown).first()
        message, at = self._queued(talk, "held", timedelta(minutes=41), seen=seen)
        stage.claimed(message, at + timedelta(seconds=15))

    def _uncertain(self, talk: Talk) -> None:
        """The line broke after the text was handed over."""
        message, at = self._queued(talk, "uncertain", timedelta(minutes=26))
        tx = self._claimed(message, at)
        outbox.set_phase(tx, message, Phase.DATA)
        outbox.record_uncertain(
            tx, message, "The line broke after the text was handed over and before the server said yes."
        )

    def _refused(self, talk: Talk) -> None:
        """The server knows nobody of this name."""
        message, at = self._queued(talk, "refused", timedelta(minutes=73))
        tx = self._claimed(message, at)
        refused = {talk.customer.address: (550, f"5.1.1 <{talk.customer.address}>: user unknown")}
        outbox.record_results(tx, message, (), refused)

    def _retry(self, talk: Talk) -> None:
        """The server wants it later."""
        message, at = self._queued(talk, "retry", timedelta(minutes=12))
        tx = self._claimed(message, at)
        outbox.record_retry(tx, message, "The server asked to try again later. (451 4.7.1 Greylisted)")

    def _claimed(self, message: UUID, at: datetime) -> Tx:
        stage = self._director.stage
        stage.claimed(message, at + timedelta(seconds=12))
        return stage.at(at + timedelta(seconds=15), None, "send")
