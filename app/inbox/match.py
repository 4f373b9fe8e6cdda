"""Which ticket a mail belongs to: by ids that are rows here, and by who takes part. A subject alone matches nothing.

The ladder: (1) a Message-ID of ours that the mail names, if its sender takes part in that ticket (From, To or Cc of
one of its messages, and not ours); (2) the token in the address that it was sent to; (3) a ticket's number in the
subject, if the sender is its customer and the provider has not called the mail forged; (4) a customer's mail that it
names, under the check of (1); (5) a stored message that names this mail, under the same check, which is how a thread
that arrives in any order becomes one conversation. All but tokens can be forged: a hit by a stranger opens a ticket of
his own, linked as a possible match.

One `Threads` serves one batch: it asks the database once for everything that the batch names, and learns every
message that the batch adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, or_, select, text

from app.conversations.tables import Message, MessageRef
from app.inbox.rules import says_forged
from app.inbox.tables import HAS_REF, MailItem
from app.kernel.database.in_query import InQuery
from app.kernel.database.transaction import Tx
from app.kernel.tokens import sha256_of
from app.mime.model import ParsedMail
from app.outbox import marks
from app.outbox.rules import is_own
from app.outbox.tables import ReplyToken
from app.people.queries import customer_of, living_customer
from app.people.rules import box_of
from app.tickets.commands.standing import Standing, standing
from app.tickets.tables import Placement, Ticket, TicketLink, TicketRef


@dataclass(frozen=True, slots=True)
class Known:
    """A stored message as matching needs it. `ticket` is None for mail that is kept without one; `came_to`: where it was
    before somebody placed it elsewhere.
    """

    message: UUID
    ticket: UUID | None
    direction: str
    people: frozenset[str]
    came_to: UUID | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """`ticket`: where the mail belongs. `home`: the ticket whose message or number it names, which may be part of `ticket`
    by now: it is stored there, so that it goes along should the two be taken apart again. `joins`: tickets of stored messages that name it. `suspect`: a ticket whose
    ids it names without its sender taking part. `loose`: what we sent from another program, in no ticket yet, that the
    mail names or that names it.
    """

    ticket: UUID | None = None
    home: UUID | None = None
    joins: tuple[UUID, ...] = ()
    suspect: UUID | None = None
    loose: tuple[UUID, ...] = ()


def addresses(*fields: Sequence[str] | Sequence[Sequence[str]]) -> frozenset[str]:
    """The casefolded addresses of stored fields: `[name, address]` or a list of such pairs."""
    found: set[str] = set()
    for field in fields:
        pairs = [field] if field and isinstance(field[0], str) else field
        found.update(str(pair[1]).casefold() for pair in pairs if len(pair) > 1 and pair[1])
    return frozenset(found)


def named_by(mail: ParsedMail) -> tuple[str, ...]:
    """The ids that a mail names, the closest first: what it answers, then its References from the newest on."""
    if not mail.references and len(mail.in_reply_to) < 2:
        return mail.in_reply_to
    return tuple(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))


def own_key(ident: str) -> UUID | None:
    """The message that an X-Deskbell-Id names, or None for what is none: anybody can write that field."""
    try:
        return UUID(hex=ident) if ident else None
    except ValueError:
        return None


_MESSAGES: Final = (
    select(
        Message.id,
        Message.ticket,
        Message.direction,
        Message.sender,
        Message.to,
        Message.cc,
        Placement.ticket.label("placed"),
    )
    .select_from(Message)
    .outerjoin(Placement, (Placement.id == Message.id) & Placement.deleted_at.is_(None))
)
_KEYS: Final[BindParameter[Any]] = bindparam("keys", expanding=True)
_BY_REF: Final = _MESSAGES.add_columns(MessageRef.ref).join(MessageRef, MessageRef.message == Message.id)
_HAVING: Final = InQuery(
    _BY_REF.where(MessageRef.ref.in_(_KEYS), or_(MessageRef.role == "own", MessageRef.role == "given"))
)
_NAMING: Final = InQuery(_BY_REF.where(MessageRef.ref.in_(_KEYS), MessageRef.role == "named"))
_CARRIED: Final = InQuery(
    _MESSAGES.add_columns(ReplyToken.token_sha256)
    .join(ReplyToken, ReplyToken.message == Message.id)
    .where(ReplyToken.token_sha256.in_(_KEYS))
)
_NUMBERED: Final = InQuery(select(TicketRef.number, TicketRef.ticket).where(TicketRef.number.in_(_KEYS)))
_SENT: Final = InQuery(_MESSAGES.where(Message.id.in_(_KEYS), Message.direction == "out"))
_LINES: Final = select(MailItem.id, MailItem.own_ref, MailItem.answers_ref).where(text(HAS_REF))
_LINES_OWN: Final = InQuery(_LINES.where(MailItem.own_ref.in_(_KEYS)))
_LINES_ANSWERING: Final = InQuery(_LINES.where(MailItem.answers_ref.in_(_KEYS)))


class Threads:
    """What is known about everything that a batch of mails names."""

    def __init__(self, tx: Tx, mails: Iterable[ParsedMail], own: frozenset[str]) -> None:
        self._tx = tx
        self._own = own
        self._has: dict[str, list[Known]] = {}  # an id -> the messages that have it
        self._ours: set[str] = set()  # ids that a message of ours has: hardly any mail of history names one
        self._names: dict[str, dict[UUID, Known]] = {}  # an id -> the messages that name it, one a ticket
        self._loose: dict[str, dict[UUID, None]] = {}  # an id -> what we sent, and that is in no ticket, that names it
        self._people: dict[UUID, set[str]] = {}
        self._living: dict[UUID, UUID | None] = {}  # a ticket -> the one it has become by merging
        self._placed: dict[UUID, UUID] = {}  # a message that this batch placed -> its ticket
        wanted: set[str] = set()
        had: set[str] = set()
        tokens: set[bytes] = set()
        numbers: set[int] = set()
        returned: set[UUID] = set()
        for mail in mails:
            tokens.update(_tokens_of(mail))
            numbers.update(number for number, _ in marks.marks_in(mail.subject))
            wanted.update(named_by(mail))
            if mail.message_id:
                wanted.add(mail.message_id)
                had.add(mail.message_id)
            if mail.bounce and mail.bounce.original_message_id:
                wanted.add(mail.bounce.original_message_id)
            if mail.feedback_for:
                wanted.add(mail.feedback_for)
            if (key := own_key(mail.returned_id)) is not None:
                returned.add(key)
        self._tokens: dict[bytes, Known] = {}  # the sha256 of a token -> our message that carried it
        self._numbers: dict[int, UUID] = {}  # a number in a subject -> its ticket
        self._line_by_own: dict[str, list[UUID]] = {}
        self._line_by_answer: dict[str, list[UUID]] = {}
        self._find_lines(wanted, had)
        self._read_marks(tokens, numbers)
        for row in _HAVING.rows(tx, sorted(wanted)):
            self._add_own(row.ref, _known(row))
        for row in _NAMING.rows(tx, sorted(had)):
            self._add_name(row.ref, _known(row))
        self._returned = {row.id: _known(row) for row in _SENT.rows(tx, returned)}

    def tickets(self) -> set[UUID]:
        """The tickets of all messages that are known so far, as they were before any merge."""
        known = (
            *(each for some in self._has.values() for each in some),
            *(each for some in self._names.values() for each in some.values()),
        )
        return {each.ticket for each in known if each.ticket is not None}

    def has(self, ref: str | None) -> tuple[Known, ...]:
        """The stored messages that have this id, the oldest first."""
        found = self._has.get(ref, ()) if ref else ()
        return tuple(sorted(found, key=lambda one: one.message)) if len(found) > 1 else tuple(found)

    def ours(self, ref: str | None) -> Known | None:
        """The message of ours that has this id."""
        if ref not in self._ours:
            return None
        return next((one for one in self.has(ref) if one.direction == "out"), None)

    def returned(self, ident: str) -> Known | None:
        """The message of ours that a report gives back, by the X-Deskbell-Id in it."""
        key = own_key(ident)
        return self._returned.get(key) if key is not None else None

    def add(self, known: Known, own_id: str | None, named: Iterable[str]) -> None:
        """Learn a message that was just stored."""
        if own_id:
            self._add_own(own_id, known)
        for ref in named:
            self._add_name(ref, known)
        if known.ticket is not None and (people := self._people.get(known.ticket)) is not None:
            people.update(known.people - self._own)

    def find(self, mail: ParsedMail, sender: str, *, trusted: bool = False) -> Match:
        """Where a mail from `sender` (casefolded) belongs. `trusted`: from our own Sent folder, so nobody to doubt."""
        search = _Search(self, sender, trusted=trusted)
        own_id = mail.message_id
        if own_id:
            search.loose.update(self._loose.get(own_id, ()))
        named = [known for ref in named_by(mail) if ref != own_id for known in self.has(ref)]
        search.look_at(known for known in named if known.direction == "out")
        if not trusted and (self._tokens or self._numbers):
            self._find_marks(mail, search)
        search.look_at(known for known in named if known.direction != "out")
        if own_id:
            search.join(self._names.get(own_id, {}).values())
        return search.result()

    def _find_marks(self, mail: ParsedMail, search: _Search) -> None:
        """What our own mail carried, come back: a token in an address, a ticket's number in the subject."""
        for token in _tokens_of(mail):
            if (known := self._tokens.get(token)) is not None:
                search.believe(self.ticket_of(known), self.home_of(known))
        for mark in marks.marks_in(mail.subject):
            if (at := self._ticket_marked(mark)) is not None:
                search.weigh(at, partial(self._is_customers, mail, search.sender, at), self._numbers[mark[0]])

    def _ticket_marked(self, mark: tuple[int, str]) -> UUID | None:
        number, digits = mark
        ticket = self._numbers.get(number)
        if ticket is None or digits != marks.check_digits(number, ticket):
            return None
        return self.ticket_now(ticket)

    def _is_customers(self, mail: ParsedMail, sender: str, ticket: UUID) -> bool:
        """Is `sender` an address of the ticket's own customer, as far as the provider can tell?"""
        row = self.ticket(ticket)
        if row is None or row.customer is None or not sender or is_own(sender, self._own) or says_forged(mail.trust):
            return False
        wrote = customer_of(self._tx, sender)
        return wrote is not None and wrote == living_customer(self._tx, row.customer)

    def ticket_of(self, known: Known) -> UUID | None:
        """The ticket in which a message is shown now: after placements and merges; None if there is none (any more)."""
        key = self._placed.get(known.message, known.ticket)
        return self.ticket_now(key) if key is not None else None

    def home_of(self, known: Known) -> UUID | None:
        """The ticket that a message itself lies in, merges not followed: where it came to, if that is in the same place."""
        key = self._placed.get(known.message, known.ticket)
        if key is None or known.came_to is None or known.came_to == key:
            return key
        return known.came_to if self.ticket_now(known.came_to) == self.ticket_now(key) else key

    def ticket_now(self, key: UUID) -> UUID | None:
        """The ticket that this one has become by merging."""
        if key not in self._living:
            row = self.ticket(key)
            self._living[key] = row.id if row is not None else None
        return self._living[key]

    def ticket(self, key: UUID | None) -> Standing | None:
        """How a ticket stands, following merges."""
        return standing(self._tx, key) if key is not None else None

    def takes_part(self, sender: str, ticket: UUID, known: Known | None = None) -> bool:
        """Is `sender` in From, To or Cc of a message of the ticket, under whatever spelling, and not one of us?"""
        if not sender or is_own(sender, self._own):
            return False
        if known is not None and sender in known.people:
            return True
        people = self._people_of(ticket)
        return sender in people or box_of(sender) in {box_of(one) for one in people}

    def forget(self, *tickets: UUID) -> None:
        """Tickets whose conversation was just changed by a merge."""
        self._living.clear()
        for ticket in tickets:
            self._people.pop(ticket, None)

    def place(self, message: UUID, ticket: UUID) -> None:
        """Learn that a message without a ticket was placed in one."""
        self._placed[message] = ticket
        self._people.pop(ticket, None)

    def lines(self, mail: ParsedMail) -> tuple[UUID, ...]:
        """Ledger lines of mail that is kept as a line only, and that this mail names or that answers it."""
        if not (self._line_by_own or self._line_by_answer):
            return ()
        found = [key for ref in named_by(mail) for key in self._line_by_own.pop(ref, ())]
        found += self._line_by_answer.pop(mail.message_id, ()) if mail.message_id else ()
        return tuple(dict.fromkeys(found))

    def are_linked(self, one: UUID, other: UUID) -> bool:
        """Were the two kept apart on purpose?"""
        self._tx.flush()
        query = select(TicketLink.id).where(
            TicketLink.deleted_at.is_(None),
            or_(
                (TicketLink.ticket == one) & (TicketLink.other == other),
                (TicketLink.ticket == other) & (TicketLink.other == one),
            ),
        )
        return self._tx.execute(query.limit(1)).first() is not None

    def _people_of(self, ticket: UUID) -> set[str]:
        people = self._people.get(ticket)
        if people is None:
            people = self._people[ticket] = set()
            self._tx.flush()
            whole = [ticket, *self._tx.execute(select(Ticket.id).where(Ticket.merged_into == ticket)).scalars()]
            placed = select(Placement.id).where(Placement.ticket.in_(whole), Placement.deleted_at.is_(None))
            for column in (Message.ticket.in_(whole), Message.id.in_(placed)):
                query = select(Message.sender, Message.to, Message.cc).where(column)
                for sender, to, cc in self._tx.execute(query):
                    people.update(addresses(sender, to, cc))
            people -= self._own
        return people

    def _add_own(self, ref: str, known: Known) -> None:
        self._has.setdefault(ref, []).append(known)
        if known.direction == "out":
            self._ours.add(ref)

    def _add_name(self, ref: str, known: Known) -> None:
        if known.ticket is not None:
            self._names.setdefault(ref, {}).setdefault(known.ticket, known)
        elif known.direction == "out":
            self._loose.setdefault(ref, {})[known.message] = None

    def _find_lines(self, wanted: set[str], had: set[str]) -> None:
        for row in _LINES_OWN.rows(self._tx, sorted(wanted)):
            self._line_by_own.setdefault(row.own_ref, []).append(row.id)
        for row in _LINES_ANSWERING.rows(self._tx, sorted(had)):
            self._line_by_answer.setdefault(row.answers_ref, []).append(row.id)

    def _read_marks(self, tokens: set[bytes], numbers: set[int]) -> None:
        """What our mail carried: the tokens and numbers that a batch has."""
        self._tokens.update((row.token_sha256, _known(row)) for row in _CARRIED.rows(self._tx, tokens))
        self._numbers.update((row.number, row.ticket) for row in _NUMBERED.rows(self._tx, numbers))

    def add_line(self, item: UUID, own_ref: str, answers_ref: str) -> None:
        """Learn of a mail of this batch that is kept as a line only."""
        self._line_by_own.setdefault(own_ref, []).append(item)
        if answers_ref:
            self._line_by_answer.setdefault(answers_ref, []).append(item)


class _Search:
    """One mail's way down the ladder: the first ticket that is proved wins; what is only claimed is remembered."""

    def __init__(self, threads: Threads, sender: str, *, trusted: bool) -> None:
        self.sender, self._threads, self._trusted = sender, threads, trusted
        self.loose: dict[UUID, None] = {}
        self._ticket: UUID | None = None
        self._home: UUID | None = None
        self._suspect: UUID | None = None
        self._joins: dict[UUID, None] = {}

    def look_at(self, named: Iterable[Known]) -> None:
        """Messages that the mail names, the closest first."""
        for known in named:
            at = self._threads.ticket_of(known)
            if at is not None:
                self.weigh(at, partial(self._takes_part, at, known), self._threads.home_of(known))
            elif known.direction == "out":
                self.loose[known.message] = None

    def join(self, naming: Iterable[Known]) -> None:
        """Messages that name the mail: their tickets are the same conversation. The oldest comes first, in whatever
        order and in however many batches they arrived.
        """
        for known in sorted(naming, key=lambda one: one.message):
            at = self._threads.ticket_of(known)
            if at is None or at == self._ticket:
                continue
            if self._takes_part(at, known):
                self._joins[at] = None
            else:
                self._suspect = self._suspect or at

    def believe(self, ticket: UUID | None, home: UUID | None) -> None:
        """A proof that needs no other."""
        if self._ticket is None:
            self._ticket, self._home = ticket, home

    def weigh(self, ticket: UUID, proof: Callable[[], bool], home: UUID | None) -> None:
        """A claim: it counts with its proof, else the ticket is suspected. Nothing is asked once a ticket is found."""
        if self._ticket is not None:
            return
        if proof():
            self._ticket, self._home = ticket, home
        else:
            self._suspect = self._suspect or ticket

    def result(self) -> Match:
        ticket = self._ticket
        joins = dict(self._joins)
        if ticket is None and joins:
            ticket = next(iter(joins))
            del joins[ticket]
        return Match(
            ticket, self._home or ticket, tuple(joins), self._suspect if ticket is None else None, tuple(self.loose)
        )

    def _takes_part(self, ticket: UUID, known: Known) -> bool:
        return self._trusted or self._threads.takes_part(self.sender, ticket, known)


def _tokens_of(mail: ParsedMail) -> tuple[bytes, ...]:
    """The sha256 of every token in the addresses that a mail was sent to."""
    found = (marks.token_in(address) for address in _receivers(mail) if "+" in address)
    return tuple(sha256_of(token) for token in found if token)


def _receivers(mail: ParsedMail) -> Iterator[str]:
    yield from (one.address for one in (*mail.to, *mail.cc))
    yield from mail.delivered_to


def _known(row: Any) -> Known:
    people = addresses(row.sender, row.to, row.cc)
    return Known(row.id, row.placed or row.ticket, row.direction, people, row.ticket)
