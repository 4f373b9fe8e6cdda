"""What the inbox reads, each as one question, so that everything on the screen is of one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.chats.queries import ChatView, chat, chat_of_ticket
from app.conversations.queries import MailboxInfo, MessageView, mailboxes, own_addresses
from app.fields.queries import FieldInfo, fields
from app.kernel import clock
from app.kernel.state import options
from app.outbox import rules as outbox_rules
from app.outbox.queries import OutboxRow, delivery, delivery_counts, overtaken_in
from app.people.queries import AgentInfo, CustomerProfile, agents, customer
from app.states.queries import StateInfo, offered_states
from app.surveys.queries import TicketSurveys, for_customer, for_ticket
from app.templates.queries import Canned, canned_answers, facts_for
from app.tickets.queries import (
    Begun,
    TicketDetail,
    TicketRow,
    Timer,
    Work,
    begun_in,
    conversation,
    conversation_ids,
    living_ticket,
    running_timer,
    ticket,
    ticket_rows,
    tickets_of,
    work,
)
from app.timeline.queries import Moment, customer_timeline
from app.views.queries import ViewInfo, views
from app.views.tally import kept_totals
from ui.models import blocks
from ui.models.sources import Ids, Source, is_heading, read_ids, source_of
from ui.models.tickets import FIRST, PAGE

_IMPLIED = frozenset({"created", "closed"})
"""Told by the mail beside it, or a matter of time: left to the customer's page."""

HISTORY = 80
"""How many moments the side panel shows; the customer's page has all."""

Person = tuple[str, str]


@dataclass(frozen=True, slots=True)
class First:
    """The first screen of a view: all views, this one, its ids as one block, the rows that are painted first, and how many
    tickets lie in those views whose number the desk keeps.
    """

    views: tuple[ViewInfo, ...]
    view: ViewInfo
    source: Source
    ids: Ids
    rows: tuple[TicketRow, ...]
    totals: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class Beside:
    """What the side panel shows. `score`: the customer's latest; `unfinished`: tickets that are not solved.

    `work`, `fields` and `agents` are of the ticket and the desk; `me` is who looks, `timer` theirs, wherever it runs.
    """

    profile: CustomerProfile | None
    moments: tuple[Moment, ...]
    tickets: int
    unfinished: int
    score: int | None
    work: Work
    fields: tuple[FieldInfo, ...]
    agents: tuple[AgentInfo, ...]
    me: UUID | None
    timer: Timer | None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the placeholders of canned answers stand for."""


@dataclass(frozen=True, slots=True)
class Sender:
    """An address to write from, what will stand under the letter, and the bytes that its server takes (0: unknown)."""

    address: str
    words: str
    signature: str
    size_limit: int
    host: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket with its conversation and what is being written in it. `parts`: itself and all that was merged into it."""

    detail: TicketDetail
    messages: tuple[MessageView, ...]
    deliveries: dict[UUID, OutboxRow]
    surveys: TicketSurveys
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    begun: tuple[Begun, ...]
    parts: frozenset[UUID]
    senders: tuple[Sender, ...]
    sender: str
    overtaken: OutboxRow | None
    erased_at: datetime | None
    """When a ticket in the Bin is erased for good, if ever."""

    chat: ChatView | None = None
    """The chat of a ticket that is one."""

    newcomers: frozenset[str] = frozenset()
    """Who is in copy of the mail to be answered and has had no part in this conversation before (small letters)."""

    @property
    def by_chat(self) -> bool:
        """Does an answer go by chat? While the visitor is there, and where there is no other way to them."""
        one = self.chat
        return one is not None and one.can_send and (one.row.there or not one.mail_to)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What hardly ever changes: who works here, the mailboxes, settings."""

    agents: tuple[AgentInfo, ...]
    mailboxes: tuple[MailboxInfo, ...]
    undo_seconds: int
    waiting: int
    senders: tuple[Sender, ...] = ()
    states: tuple[StateInfo, ...] = ()
    answers: tuple[Canned, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """What placeholders of canned answers stand for where there is no ticket yet."""


def first(db: Any, wanted: str | UUID, me: UUID | None) -> First:
    """The first screen of a view: a built-in one by its key, any by its id. One that is gone is the first there is."""
    everything = views(db, me, hidden=True)
    shown = tuple(one for one in everything if not one.hidden)
    here = everything if isinstance(wanted, str) else shown  # a key is asked for even where its view is hidden
    view = next((one for one in here if wanted and wanted in (one.id, one.key)), (shown or everything)[0])
    source = source_of(view, me)
    ids = read_ids(db, source, FIRST)
    head = [raw for raw in blocks.each(blocks.part(ids.block or b"", 0, PAGE)) if not is_heading(raw)]
    rows = ticket_rows(db, [UUID(bytes=raw) for raw in head], me)
    return First(shown, view, source, ids, rows, kept_totals(db, me))


def surroundings(db: Any, me: UUID | None = None) -> Surroundings:
    """Agents, mailboxes, settings, and how many messages wait for a line."""
    states = delivery_counts(db)
    waiting = sum(states.get(str(state), 0) for state in outbox_rules.WAITING)
    seconds = int(options.get(db, "undo_send_seconds"))
    boxes = mailboxes(db)
    return Surroundings(
        agents=agents(db),
        mailboxes=boxes,
        undo_seconds=seconds,
        waiting=waiting,
        senders=senders(db, me, boxes),
        states=offered_states(db),
        answers=canned_answers(db, me),
        facts=facts_for(db, None, me),
    )


def opened(db: Any, key: UUID, me: UUID | None) -> Opened | None:
    """A ticket to show; None if it does not exist."""
    detail = ticket(db, living_ticket(db, key), me)
    if detail is None:
        return None
    messages = conversation(db, detail.id)
    sent = [one.id for one in messages if one.delivery is not None]
    own = own_addresses(db)
    to, cc = answer_to(messages, own)
    talk = _chat_of(db, detail)
    if talk is not None and not to and talk.mail_to:
        to = ((talk.row.name, talk.mail_to),)
    boxes = mailboxes(db)
    box = next((box for box in boxes if box.id == detail.mailbox), boxes[0] if boxes else None)
    return Opened(
        detail=detail,
        messages=messages,
        deliveries=delivery(db, sent, clock.now()) if sent else {},
        surveys=for_ticket(db, detail.id),
        to=to,
        cc=cc,
        begun=begun_in(db, detail.id, me),
        parts=frozenset(conversation_ids(db, detail.id)),
        senders=senders(db, me, boxes),
        sender=_answer_from(messages, box) if box is not None else "",
        overtaken=overtaken_in(db, detail.id, clock.now()),
        erased_at=_erased_at(db, detail.row.deleted_at),
        chat=talk,
        newcomers=newcomers(messages, own),
    )


def _chat_of(db: Any, detail: TicketDetail) -> ChatView | None:
    key = chat_of_ticket(db, detail.id) if detail.row.channel == "chat" else None
    return chat(db, key) if key is not None else None


def _erased_at(db: Any, deleted_at: datetime | None) -> datetime | None:
    days = int(options.get(db, "bin_days"))
    return deleted_at + timedelta(days=days) if deleted_at is not None and days else None


def answer_to(messages: tuple[MessageView, ...], own: frozenset[str]) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Whom a reply would go to, To and Cc: as the outbox computes it."""
    answered = _answered(messages)
    return outbox_rules.answer_to(answered, own) if answered is not None else ((), ())


def newcomers(messages: tuple[MessageView, ...], own: frozenset[str]) -> frozenset[str]:
    """Who would get a copy of the answer without having written or got any mail of this conversation before."""
    answered = next((one for one in reversed(messages) if one.kind == "mail" and one.direction == "in"), None)
    if answered is None:
        return frozenset()
    at = messages.index(answered)
    met = {answered.author_address.casefold()}
    for one in (*messages[:at], *messages[at + 1 :]):
        people = ((one.author_name, one.author_address), *one.to, *one.cc)
        met.update(address.casefold() for _, address in people)
    copied = {address.casefold() for _, address in answered.cc if not outbox_rules.is_own(address, own)}
    return frozenset(copied - met) if at else frozenset()


def _answer_from(messages: tuple[MessageView, ...], box: MailboxInfo) -> str:
    answered = _answered(messages)
    own = (box.address, *box.aliases)
    return outbox_rules.address_to_answer_from(own, answered) if answered is not None else box.address


def _answered(messages: tuple[MessageView, ...]) -> outbox_rules.Answered | None:
    mails = [one for one in messages if one.kind == "mail" and one.direction in ("in", "out")]
    answered = next((one for one in reversed(mails) if one.direction == "in"), mails[-1] if mails else None)
    if answered is None:
        return None
    return outbox_rules.Answered(
        incoming=answered.direction == "in",
        automatic=answered.automatic,
        sender=(answered.author_name, answered.author_address),
        reply_to=answered.reply_to,
        to=answered.to,
        cc=answered.cc,
    )


def senders(db: Any, me: UUID | None, boxes: Sequence[MailboxInfo]) -> tuple[Sender, ...]:
    """Every address to write from: the mailboxes and their aliases, with what will stand under a letter."""
    own = next((one.signature for one in agents(db) if one.id == me), "")
    otherwise = str(options.get(db, "signature"))
    return tuple(
        Sender(
            address=address,
            words=f"{box.name} <{address}>" if box.name else address,
            signature=own or box.signature or otherwise,
            size_limit=box.size_limit,
            host=box.smtp_url.rpartition("://")[2].rpartition(":")[0],
        )
        for box in boxes
        for address in (box.address, *box.aliases)
    )


def beside(db: Any, who: UUID | None, key: UUID, me: UUID | None) -> Beside:
    """The work on a ticket, its customer, and everything that ever happened with them."""
    own = (work(db, key), fields(db), agents(db), me, running_timer(db, me))
    profile = None if who is None else customer(db, who)
    if who is None or profile is None:
        return Beside(None, (), 0, 0, None, *own, facts_for(db, key, me))
    rows = ticket_rows(db, tickets_of(db, who))
    scores = [one.score for one in for_customer(db, who) if one.score is not None and one.counted]
    return Beside(
        profile=profile,
        moments=tuple(one for one in customer_timeline(db, who, limit=HISTORY) if one.what not in _IMPLIED),
        tickets=len(rows),
        unfinished=sum(row.status not in ("solved", "closed") for row in rows),
        score=scores[0] if scores else None,
        work=own[0],
        fields=own[1],
        agents=own[2],
        me=me,
        timer=own[4],
        facts=facts_for(db, key, me),
    )
