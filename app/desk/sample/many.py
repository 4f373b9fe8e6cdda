"""A desk of any size for measuring: as many tickets as asked, in seconds.

Commands write a ticket in milliseconds, which is far more than any person needs and far too slow for a hundred thousand
of them. So this writes the rows themselves, as the tables define them, and no bytes of raw mails. What lists, search,
counts and conversations read is all there; `check` finds nothing wrong with the result.

The letters are those of the sample desk, over and over. A desk that is asked for by its `Measure` has what those lack:
a vocabulary as people's is, in which a few invented words stand everywhere and most of a hundred thousand almost nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table

from app.conversations.recent_index import keep_recent
from app.conversations.rules import snippet_of
from app.conversations.tables import Message, MessageRef
from app.desk.sample import letters, texts
from app.desk.sample.cast import Cast, Person
from app.desk.sample.filling import move_in
from app.desk.sample.stories import stories
from app.index.places import place_of
from app.index.tables import SearchDoc
from app.index.tidying import tidy
from app.index.words import fields
from app.kernel import clock
from app.kernel.database.base import Base
from app.kernel.database.transaction import Tx
from app.people.tables import Customer, Event, Identity, Organisation
from app.tickets.commands import repair_counters, reserve_numbers
from app.tickets.tables import Seen, Ticket, TicketRef

if TYPE_CHECKING:
    from app.desk.desk import Desk

CHUNK: Final = 5_000
"""Tickets a transaction. Nobody else writes to a desk that is made for measuring."""

_TALKS: Final = 900
_STATUSES: Final = ("new", "open", "waiting", "solved")
_ACTIVE_WEIGHTS: Final = (29, 43, 24, 4)
_ACTIVE: Final = 0.05
_NOBODY: Final = "[]"
_SHOP: Final = ("Harbour Lamp Works", "support@harbourlamp.example")

_dumped = lru_cache(maxsize=20_000)(json.dumps)


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a desk is made. `messages` 0: as many as the letters bring, about three a ticket."""

    tickets: int
    customers: int = 0
    messages: int = 0
    years: int = 3
    invented: int = 0
    """How many words the vocabulary has beside those of the letters."""


MILLION: Final = Measure(300_000, 60_000, 1_000_000, years=10, invented=120_000)
"""A desk ten years old."""

TEN_THOUSAND: Final = Measure(3_000, 600, 10_000, years=10, invented=120_000)
"""The same desk when it was young: a hundredth of it."""


@dataclass(frozen=True, slots=True)
class _Talk:
    subject: str
    bodies: tuple[tuple[bool, str, str], ...]  # (from the customer, text, snippet)


@dataclass(frozen=True, slots=True)
class _Writer:
    key: bytes
    organisation: bytes | None
    name: str
    address: str


class _Rows:
    """Rows of one table, gathered and written in one go, in the form in which SQLite keeps them."""

    def __init__(self, model: type[Base], columns: Sequence[str], **fixed: Any) -> None:
        table = model.__table__
        assert isinstance(table, Table)
        names = [*columns, *fixed]
        marks = ", ".join("?" * len(names))
        self._sql = f"INSERT INTO {table.name} ({', '.join(_quoted(table, name) for name in names)}) VALUES ({marks})"  # noqa: S608
        self._fixed = tuple(fixed.values())
        self._rows: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> None:
        """One row: the values of the columns given at the beginning."""
        self._rows.append(values + self._fixed)

    def write(self, tx: Tx) -> None:
        """Write what was gathered."""
        if self._rows:
            tx.connection().exec_driver_sql(self._sql, self._rows)
        self._rows = []


def _quoted(table: Table, name: str) -> str:
    return f'"{table.c[name].name}"'


def fill_many(desk: Desk, size: int | Measure, *, seed: int = 7) -> None:
    """Fill an empty desk. A number of tickets: of about three messages each, over three years up to now."""
    measure = size if isinstance(size, Measure) else Measure(size)
    tickets = measure.tickets
    now = clock.now().replace(microsecond=0)
    dice = Random(seed)
    agents, mailbox = move_in(desk, now - timedelta(days=365 * measure.years), paused=True)
    made = _Made(dice, now, [agent.id.bytes for agent in agents], mailbox.bytes, measure)
    with desk.store.write("sample") as tx:
        made.people(tx)
    for first in range(1, tickets + 1, CHUNK):
        with desk.store.write("sample") as tx:
            made.tickets(tx, first, min(first + CHUNK, tickets + 1))
    with desk.store.write("sample") as tx:
        reserve_numbers(tx, tickets)
        repair_counters(tx)
    for work in (tidy, keep_recent):
        while desk.work(work):  # as the engine would have done in all those years
            pass


class _Made:
    """Makes the rows. Times are microseconds, ids 16 bytes: no row passes through Python objects of its own."""

    def __init__(self, dice: Random, now: datetime, agents: list[bytes], mailbox: bytes, measure: Measure) -> None:
        self._dice, self._now, self._agents, self._mailbox = dice, clock.to_us(now), agents, mailbox
        self._measure, self._total = measure, measure.tickets
        self._began = self._now - (measure.years * 365 + 1) * 86_400_000_000
        self._written = 0
        self._invented = invented(measure.invented)
        self._writers: list[_Writer] = []
        self._talks = _told(dice)
        self._place = 0
        self._clk = f"{clock.to_ms(now):012x}000000000000"
        self._define()

    def _define(self) -> None:
        clk = self._clk
        self._ticket = _Rows(
            Ticket,
            "id number subject status assignee customer organisation snippet message_count created_at first_reply_at"
            " solved_at closed_at due_at last_message_at last_incoming_at priority".split(),
            channel="email", mailbox=self._mailbox, team="", outcome="", follow_up=0, has_attachment=0, custom="{}", clk=clk,
        )  # fmt: skip
        self._ref = _Rows(TicketRef, ("number", "ticket"))
        self._message = _Rows(
            Message,
            "id ticket customer agent direction external_id in_reply_to refs sender to subject text snippet occurred_at".split(),
            mailbox=self._mailbox, channel="email", kind="mail", automatic=0, reply_to=_NOBODY, cc=_NOBODY, bcc=_NOBODY,
            warnings=_NOBODY, extra="{}",
        )  # fmt: skip
        self._message_ref = _Rows(MessageRef, ("ref", "message"), role="own")
        self._event = _Rows(
            Event,
            ("id", "action", "ticket", "customer", "agent", "kind", "field", "old", "new", "occurred_at"),
            name="sample",
        )
        self._seen = _Rows(Seen, ("id", "agent", "ticket", "at"), clk=clk)
        self._doc = _Rows(SearchDoc, ("rowid", "kind", "key", "ticket", "customer", "fields", "occurred_at"))
        self._docs: list[tuple[int, tuple[Any, ...], tuple[str, ...]]] = []

    # -- people

    def people(self, tx: Tx) -> None:
        """The customers: the sample shop's, and as many more under the same names as the tickets need."""
        cast = Cast(self._dice).everybody
        organisations = _Rows(Organisation, ("id", "name", "domain"), notes="", created_at=self._now, clk=self._clk)
        customers = _Rows(
            Customer,
            ("id", "name", "organisation", "language"),
            notes="",
            fields="{}",
            created_at=self._now,
            clk=self._clk,
        )
        identities = _Rows(
            Identity, ("id", "handle", "shown", "customer"), kind="email", created_at=self._now, clk=self._clk
        )
        for number in range(self._measure.customers or max(1, self._total // 6)):
            person, round_ = cast[number % len(cast)], number // len(cast)
            writer = self._writer(person, number, round_)
            if writer.organisation is not None and number % 3 == 0:
                domain = writer.address.partition("@")[2]
                organisations.add(writer.organisation, f"{person.organisation.split('.')[0].title()} {round_}", domain)
            if writer.organisation is not None and number % 3:
                writer = _Writer(writer.key, None, writer.name, writer.address)
            self._writers.append(writer)
            customers.add(writer.key, writer.name, writer.organisation, person.language)
            identities.add(self._key(0, 2, number), writer.address, writer.address, writer.key)
            self._index(
                "customer", writer.key, self._began, title=writer.name, people=writer.address, customer=writer.key
            )
        for rows in (organisations, customers, identities):
            rows.write(tx)
        self._write_index(tx)

    def _writer(self, person: Person, number: int, round_: int) -> _Writer:
        local, _, domain = person.address.partition("@")
        organisation = self._key(0, 3, number) if person.organisation else None
        if person.organisation:
            domain = f"{number}.{domain}"
        return _Writer(self._key(0, 1, number), organisation, person.name, f"{local}.{round_}@{domain}")

    # -- tickets

    def tickets(self, tx: Tx, first: int, end: int) -> None:
        """The tickets numbered from `first` up to, not including, `end`."""
        for number in range(first, end):
            self._one(number)
        for rows in (self._ticket, self._ref, self._message, self._message_ref, self._event, self._seen):
            rows.write(tx)
        self._write_index(tx)

    def _one(self, number: int) -> None:
        dice = self._dice
        ago = (self._total - number) / self._total
        begun = self._now - int(ago * self._measure.years * 365 * 86_400e6) - dice.randrange(60, 7200) * 1_000_000
        status = dice.choices(_STATUSES, _ACTIVE_WEIGHTS)[0] if ago < _ACTIVE else "closed"
        talk, writer = dice.choice(self._talks), dice.choice(self._writers)
        bodies = self._bodies(number, talk, status)
        ticket, order = self._key(begun, 4, number), f"HL-{number:06}"
        subject = f"{talk.subject} ({order})"
        agent = None if status == "new" and number % 3 else self._agents[number % len(self._agents)]
        at, last_in, replied = begun, begun, None
        before = ""
        for place, (incoming, words, snippet) in enumerate(bodies):
            text = self._said(words)
            at = min(begun + place * dice.randrange(600, 5400) * 1_000_000, self._now)
            last_in, replied = (at, replied) if incoming else (last_in, replied or at)
            before = self._message_of(
                number, place, at, ticket, writer, agent, subject, text, snippet, before, incoming
            )
        over = at if status in {"solved", "closed"} else None
        due = (
            self._now + dice.randrange(-7200, 90_000) * 1_000_000
            if status in {"new", "open"} and number % 4 == 0
            else None
        )
        self._ticket.add(
            ticket, number, subject, status, agent, writer.key, writer.organisation, bodies[-1][2], len(bodies), begun,
            replied, over, over if status == "closed" else None, due, at, last_in, "high" if number % 11 == 0 else "normal",
        )  # fmt: skip
        self._ref.add(number, ticket)
        self._history(number, ticket, writer.key, begun, at, status)
        if status in {"new", "open"} and number % 5:
            for place, who in enumerate(self._agents):
                self._seen.add(self._key(0, 8, number * 8 + place), who, ticket, at)
        self._index(
            "ticket", ticket, begun, title=subject, extra=f"#{number} {number}", ticket=ticket, customer=writer.key
        )

    def _bodies(self, number: int, talk: _Talk, status: str) -> tuple[tuple[bool, str, str], ...]:
        """What is written in a ticket: so much that the desk has as many messages as it is to have."""
        due = self._measure.messages * number // self._total - self._written
        bodies = talk.bodies[: 1 if status == "new" else 2 if status == "waiting" else None]
        while status in {"closed", "solved"} and len(bodies) < due:
            bodies += self._dice.choice(self._talks).bodies
        if self._measure.messages and status in {"closed", "solved"}:
            bodies = bodies[: max(1, due)]
        self._written += len(bodies)
        return bodies

    def _said(self, text: str) -> str:
        """A letter with some words of its own, few of them frequent."""
        if not self._invented:
            return text
        much = len(self._invented)
        some = " ".join(self._invented[int(much * self._dice.random() ** 4)] for _ in range(6))
        return f"{text}\n\n{some}"

    def _message_of(
        self, number: int, place: int, at: int, ticket: bytes, writer: _Writer, agent: bytes | None, subject: str,
        text: str, snippet: str, before: str, incoming: bool,
    ) -> str:  # fmt: skip
        message = self._key(at, 5, number * 64 + place)
        own = f"{number:x}.{place}.{at:x}@{'mail' if incoming else 'harbourlamp'}.example"
        customer = (writer.name, writer.address)
        sender, to = (customer, _SHOP) if incoming else (_SHOP, customer)
        line = f"Re: {subject}" if place else subject
        self._message.add(
            message, ticket, writer.key, None if incoming else agent, "in" if incoming else "out", own, before,
            f'["{before}"]' if before else _NOBODY, _dumped(sender), _dumped((to,)), line, text, snippet, at,
        )  # fmt: skip
        self._message_ref.add(own, message)
        self._index(
            "message",
            message,
            at,
            title=line,
            body=text,
            people=" ".join((*sender, *to)),
            ticket=ticket,
            customer=writer.key,
        )
        return own

    def _history(self, number: int, ticket: bytes, customer: bytes, begun: int, at: int, status: str) -> None:
        action = self._key(begun, 6, number)
        self._event.add(
            self._key(begun, 7, number * 2), action, ticket, customer, None, "created", "status", None, '"new"', begun
        )
        if status != "new":
            self._event.add(
                self._key(at, 7, number * 2 + 1), self._key(at, 6, number + self._total), ticket, None, self._agents[0],
                "changed", "status", '"new"', f'"{status}"', at,
            )  # fmt: skip

    # -- the index, and keys

    def _index(
        self, kind: str, key: bytes, at: int, *, title: str = "", body: str = "", people: str = "", extra: str = "",
        ticket: bytes | None = None, customer: bytes | None = None,
    ) -> None:  # fmt: skip
        words = fields(kind, title, body, people, extra)
        kept = None if kind == "message" else json.dumps(words, ensure_ascii=False)
        self._docs.append((at, (kind, key, ticket, customer, kept, at), tuple(words)))

    def _write_index(self, tx: Tx) -> None:
        """Each document in the place of its time, or in the next one."""
        rows = []
        for at, values, words in sorted(self._docs, key=itemgetter(0)):
            self._place = max(place_of(clock.from_us(at)), self._place + 1)
            self._doc.add(self._place, *values)
            rows.append((self._place, *words))
        self._doc.write(tx)
        insert = "INSERT INTO search_fts(rowid, title, body, people, extra) VALUES (?, ?, ?, ?, ?)"
        tx.connection().exec_driver_sql(insert, rows)
        self._docs = []

    @staticmethod
    def _key(at: int, kind: int, number: int) -> bytes:
        """An id in the form of derived ids: its time, then what no other thing has."""
        tail = (number * 0x9E3779B97F4A7C15 + kind) & 0x3FFFFFFFFFFFFFFF
        return ((at // 1000) << 80 | 8 << 76 | kind << 64 | 2 << 62 | tail).to_bytes(16, "big")


def invented(number: int) -> list[str]:
    """So many words that no language has, the same every time."""
    heads = [head + vowel for head in "b d f g k l m n p r s t v z br dr kl pr st tr".split() for vowel in "aeiou"]
    return [
        heads[n % 100] + heads[n // 100 % 100] + (heads[n // 10_000 % 100] if n >= 10_000 else "") + "nrsl"[n % 4]
        for n in range(number)
    ]


def _told(dice: Random) -> list[_Talk]:
    """Conversations to draw from."""
    cast = Cast(dice)
    usual = [story for story in stories() if not story.key]
    return [_tell(cast, dice.choice(usual), dice) for _ in range(_TALKS)]


def _tell(cast: Cast, story: Any, dice: Random) -> _Talk:
    lists = texts.read("shop.toml")["words"]
    words = texts.drawn_words(dice, {**lists, "product": story.products or lists["product"]})
    person = cast.writer(story.language, story.who)
    bodies = []
    for place, line in enumerate(line for line in story.lines if line.who != "note"):
        body = texts.filled(line.text, words, dice)
        if line.incoming:
            text = letters.letter_text(person, body, dice, agent="Maya" if place else "")
        else:
            text = letters.answer_text(person, "Maya Lind", body, dice)
        bodies.append((line.incoming, text, snippet_of(text)))
    return _Talk(texts.sentence(texts.filled(dice.choice(story.subjects), words, dice)), tuple(bodies))
