"""Which ticket a mail belongs to: by Message-IDs that are rows here, and by who takes part. A subject alone matches nothing.

The ladder: what the mail names in In-Reply-To, then in References from the newest to the oldest, if the sender takes
part in that ticket (From, To or Cc of one of its messages, and not ours); then a stored message that names this mail,
under the same check, which is how a thread that arrives in any order becomes one conversation. Ids can be forged: a
known id from a stranger opens a ticket of his own, linked as a possible match.

One `Threads` serves one batch: it asks the database once for everything that the batch names, and learns every
message that the batch adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select

from app.conversations.tables import Message, MessageRef
from app.inbox.tables import MailItem
from app.kernel.store import Tx
from app.mime.model import ParsedMail
from app.tickets.commands.standing import Standing, standing
from app.tickets.tables import Placement, Ticket, TicketLink

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Known:
    """A stored message as matching needs it. `ticket` is None for mail that is kept without one."""

    message: UUID
    ticket: UUID | None
    direction: str
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """`ticket`: where the mail belongs. `joins`: tickets of stored messages that name it. `suspect`: a ticket whose
    ids it names without its sender taking part. `loose`: what we sent from another program, in no ticket yet, that the
    mail names or that names it.
    """

    ticket: UUID | None = None
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
    return tuple(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))


class Threads:
    """What is known about everything that a batch of mails names."""

    def __init__(self, tx: Tx, mails: Iterable[ParsedMail], own: frozenset[str]) -> None:
        self._tx = tx
        self._own = own
        self._has: dict[str, list[Known]] = {}  # an id -> the messages that have it
        self._names: dict[str, dict[UUID, Known]] = {}  # an id -> the messages that name it, one a ticket
        self._loose: dict[str, dict[UUID, None]] = {}  # an id -> what we sent, and that is in no ticket, that names it
        self._people: dict[UUID, set[str]] = {}
        self._living: dict[UUID, UUID | None] = {}  # a ticket -> the one it has become by merging
        self._placed: dict[UUID, UUID] = {}  # a message that this batch placed -> its ticket
        wanted: set[str] = set()
        had: set[str] = set()
        for mail in mails:
            wanted.update(named_by(mail))
            if mail.message_id:
                wanted.add(mail.message_id)
                had.add(mail.message_id)
            if mail.bounce and mail.bounce.original_message_id:
                wanted.add(mail.bounce.original_message_id)
            if mail.feedback_for:
                wanted.add(mail.feedback_for)
        self._before_reading: Callable[[], None] = lambda: None
        self._line_by_own: dict[str, list[UUID]] = {}
        self._line_by_answer: dict[str, list[UUID]] = {}
        self._find_lines(wanted, had)
        for row in self._rows(wanted, ("own", "given")):
            self._has.setdefault(row.ref, []).append(_known(row))
        for row in self._rows(had, ("named",)):
            self._add_name(row.ref, _known(row))

    def before_reading(self, call: Callable[[], None]) -> None:
        """`call` writes what is not written yet; it runs before messages are read."""
        self._before_reading = call

    def has(self, ref: str | None) -> tuple[Known, ...]:
        """The stored messages that have this id."""
        return tuple(self._has.get(ref, ())) if ref else ()

    def ours(self, ref: str | None) -> Known | None:
        """The message of ours that has this id."""
        return next((one for one in self.has(ref) if one.direction == "out"), None)

    def add(self, known: Known, own_id: str | None, named: Iterable[str]) -> None:
        """Learn a message that was just stored."""
        if own_id:
            self._has.setdefault(own_id, []).append(known)
        for ref in named:
            self._add_name(ref, known)
        if known.ticket is not None and (people := self._people.get(known.ticket)) is not None:
            people.update(known.people - self._own)

    def find(self, mail: ParsedMail, sender: str, *, trusted: bool = False) -> Match:
        """Where a mail from `sender` (casefolded) belongs. `trusted`: from our own Sent folder, so nobody to doubt."""
        own_id = mail.message_id
        suspect: UUID | None = None
        ticket: UUID | None = None
        loose = list(self._loose.get(own_id, ())) if own_id else []
        for ref in named_by(mail):
            if ref == own_id:
                continue
            for known in self.has(ref):
                at = self.ticket_of(known)
                if at is None:
                    loose += [known.message] if known.direction == "out" else []
                elif ticket is None and (trusted or self.takes_part(sender, at, known)):
                    ticket = at
                elif ticket is None:
                    suspect = suspect or at
        joins: dict[UUID, None] = {}
        for known in self._names.get(own_id, {}).values() if own_id else ():
            at = self.ticket_of(known)
            if at is None or at == ticket:
                continue
            if trusted or self.takes_part(sender, at, known):
                joins[at] = None
            else:
                suspect = suspect or at
        if ticket is None and joins:
            ticket = next(iter(joins))
            del joins[ticket]
        return Match(ticket, tuple(joins), suspect if ticket is None else None, tuple(dict.fromkeys(loose)))

    def ticket_of(self, known: Known) -> UUID | None:
        """The ticket in which a message is shown now: after placements and merges; None if there is none (any more)."""
        key = self._placed.get(known.message, known.ticket)
        if key is None:
            return None
        if key not in self._living:
            row = self.ticket(key)
            self._living[key] = row.id if row is not None else None
        return self._living[key]

    def ticket(self, key: UUID | None) -> Standing | None:
        """How a ticket stands, following merges."""
        return standing(self._tx, key) if key is not None else None

    def takes_part(self, sender: str, ticket: UUID, known: Known | None = None) -> bool:
        """Is `sender` in From, To or Cc of a message of the ticket, and not one of us?"""
        if not sender or sender in self._own:
            return False
        if known is not None and sender in known.people:
            return True
        return sender in self._people_of(ticket)

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
            self._before_reading()
            self._tx.flush()
            whole = [ticket, *self._tx.execute(select(Ticket.id).where(Ticket.merged_into == ticket)).scalars()]
            placed = select(Placement.id).where(Placement.ticket.in_(whole), Placement.deleted_at.is_(None))
            for column in (Message.ticket.in_(whole), Message.id.in_(placed)):
                query = select(Message.sender, Message.to, Message.cc).where(column)
                for sender, to, cc in self._tx.execute(query):
                    people.update(addresses(sender, to, cc))
            people -= self._own
        return people

    def _add_name(self, ref: str, known: Known) -> None:
        if known.ticket is not None:
            self._names.setdefault(ref, {}).setdefault(known.ticket, known)
        elif known.direction == "out":
            self._loose.setdefault(ref, {})[known.message] = None

    def _find_lines(self, wanted: set[str], had: set[str]) -> None:
        columns = select(MailItem.id, MailItem.own_ref, MailItem.answers_ref).where(MailItem.own_ref != "")
        for refs, column, found in (
            (wanted, MailItem.own_ref, self._line_by_own),
            (had, MailItem.answers_ref, self._line_by_answer),
        ):
            listed = sorted(refs)
            for start in range(0, len(listed), _CHUNK):
                for row in self._tx.execute(columns.where(column.in_(listed[start : start + _CHUNK]))):
                    found.setdefault(row.own_ref if found is self._line_by_own else row.answers_ref, []).append(row.id)

    def add_line(self, item: UUID, own_ref: str, answers_ref: str) -> None:
        """Learn of a mail of this batch that is kept as a line only."""
        self._line_by_own.setdefault(own_ref, []).append(item)
        if answers_ref:
            self._line_by_answer.setdefault(answers_ref, []).append(item)

    def _rows(self, refs: set[str], roles: tuple[str, ...]) -> Iterator[Row[Any]]:
        listed = sorted(refs)
        for start in range(0, len(listed), _CHUNK):
            query = (
                select(
                    MessageRef.ref,
                    Message.id,
                    Message.ticket,
                    Message.direction,
                    Message.sender,
                    Message.to,
                    Message.cc,
                    Placement.ticket.label("placed"),
                )
                .join(Message, Message.id == MessageRef.message)
                .outerjoin(Placement, (Placement.id == Message.id) & Placement.deleted_at.is_(None))
                .where(MessageRef.ref.in_(listed[start : start + _CHUNK]), MessageRef.role.in_(roles))
            )
            found: Iterable[Row[Any]] = self._tx.execute(query)
            yield from found


def _known(row: Row[Any]) -> Known:
    return Known(row.id, row.placed or row.ticket, row.direction, addresses(row.sender, row.to, row.cc))
