"""The second of the two steps: what a parsed mail means becomes rows, and its ledger line gets its outcome.

A batch ends by time, so that the window never waits long for its turn to write; whoever called asks again with the
rest. If anything in a batch fails, the whole transaction is rolled back and the caller goes on one mail at a time, so
that a single odd mail never holds up another.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.conversations.completing import LARGE_MAIL
from app.conversations.queries import own_addresses
from app.conversations.tables import Message
from app.inbox import rules
from app.inbox.commands.acknowledging import acknowledge
from app.inbox.commands.erasing import forget_again, is_erased
from app.inbox.commands.intake import ERASED, Delivery, Intake
from app.inbox.commands.place import Arrival, Places
from app.inbox.facts import LettersCame
from app.inbox.match import Threads
from app.inbox.own_lists import as_its_writer_sent_it
from app.inbox.rules import FolderRole, Outcome
from app.inbox.shape import Shape, shape_of
from app.inbox.tables import MailFolder, MailItem
from app.kernel.database.bulk import Bulk
from app.kernel.database.in_query import InQuery
from app.kernel.database.tables import Tombstone
from app.kernel.database.transaction import Tx
from app.mime.model import ParsedMail

_TO_DECIDE: Final = 0.6
"""The part of a batch's time after which no more mails are taken: what was decided is still to be written."""
_NOTED: Final = ("outcome", "message", "ticket", "reason", "own_ref", "answers_ref", "sender", "subject")


@dataclass(frozen=True, slots=True)
class MailToIngest:
    """A ledger line and what its mail says; `shape`, if somebody worked it out already."""

    item: UUID
    mail: ParsedMail
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """How many of the mails given were dealt with, what came of them, and how long that kept others from writing."""

    done: int
    outcomes: Counter[str] = field(default_factory=Counter)
    new_tickets: int = 0
    appended: int = 0
    took_s: float = 0.0


def ingest(tx: Tx, mails: Sequence[MailToIngest], *, budget_s: float = 0.03) -> Ingested:
    """Turn parsed mails into messages, tickets and outcomes, in the order given, for at most about `budget_s` seconds.

    At least one is done. Lines that have an outcome already are passed over.
    """
    began = time.monotonic()
    batch = _Batch(tx, mails)
    done = 0
    for each in mails:
        batch.take(each)
        done += 1
        if time.monotonic() - began >= budget_s * _TO_DECIDE:
            break
    batch.end()
    tx.flush()
    took = time.monotonic() - began
    return Ingested(done, batch.outcomes, batch.places.new_tickets, batch.places.appended, took)


@dataclass(frozen=True, slots=True)
class _Line:
    """What deciding needs of a ledger line."""

    id: UUID
    mailbox: UUID
    folder: UUID
    role: str
    blob: UUID | None
    internal_at: datetime | None
    outcome: str
    is_history: bool
    part: str
    size: int


_LINES = InQuery(
    select(
        MailItem.id,
        MailItem.mailbox,
        MailItem.folder,
        MailFolder.role,
        MailItem.blob,
        MailItem.internal_at,
        MailItem.outcome,
        MailItem.is_history,
        MailItem.part,
        MailItem.size,
    )
    .join(MailFolder, MailFolder.id == MailItem.folder)
    .where(MailItem.id.in_(bindparam("keys", expanding=True)))
)
_ERASED = InQuery(select(Tombstone.id).where(Tombstone.id.in_(bindparam("keys", expanding=True))))
_STORED = InQuery(select(Message.id).where(Message.id.in_(bindparam("keys", expanding=True))))
_OUTCOME = Bulk(
    update(MailItem.__table__)  # type: ignore[arg-type]
    .where(MailItem.__table__.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _NOTED})
)


def _as_its_writer_sent_it(each: MailToIngest, own: frozenset[str]) -> tuple[ParsedMail, Shape]:
    shape = each.shape or shape_of(each.mail)
    mail = as_its_writer_sent_it(each.mail, own)
    return mail, shape if mail is each.mail else replace(shape_of(mail), key=shape.key)


class _Batch:
    """Everything that a batch asks the database once. What it writes waits in the transaction."""

    def __init__(self, tx: Tx, mails: Sequence[MailToIngest]) -> None:
        self.tx = tx
        self.outcomes: Counter[str] = Counter()
        self._lines = {row.id: _Line(*row) for row in _LINES.rows(tx, [each.item for each in mails])}
        self._taken: set[UUID] = set()
        own = own_addresses(tx)
        self._read = {each.item: _as_its_writer_sent_it(each, own) for each in mails}
        keys = list({shape.key for _, shape in self._read.values()})
        self._erased = {row.id for row in _ERASED.rows(tx, keys)}
        self._stored = {row.id for row in _STORED.rows(tx, keys)}
        letters = [mail for mail, _ in self._read.values()]
        self.places = Places(tx, Threads(tx, letters, own))
        self.intake = Intake(tx, self.places, own)
        self.intake.prepare(letters)

    def take(self, each: MailToIngest) -> None:
        """Deal with one mail."""
        row = self._lines.get(each.item)
        if row is None or row.outcome != Outcome.RECEIVED or each.item in self._taken:
            return
        self._taken.add(each.item)
        mail, shape = self._read[each.item]
        if row.part:
            mail = rules.beginning(mail, row.size)
            shape = replace(shape_of(mail), key=shape.key)
        extra = {LARGE_MAIL: row.id.hex} if row.part else {}
        key = shape.key
        at = rules.occurred_at(mail, row.internal_at, self.tx.now, was_there=row.is_history)
        same_as: UUID | None = None
        if key in self._erased:
            self._note(row, mail, shape, ERASED)
            return
        if key in self._stored:
            same_as, key = key, rules.variant_id(mail)
            text, ticket = self.tx.execute(select(Message.text, Message.ticket).where(Message.id == same_as)).one()
            if rules.says_the_same(text, mail.text) or self._is_stored(key):
                self._note(row, mail, shape, Delivery(Outcome.DUPLICATE, same_as, ticket))
                return
            if is_erased(self.tx, key):
                self._note(row, mail, shape, ERASED)
                return
        role = FolderRole(row.role)
        delivery = self.intake.deliver(
            Arrival(key, mail, row.mailbox, role, at, row.blob, row.is_history, shape, same_as, extra)
        )
        if delivery.stored:
            self._stored.add(key)
        self._note(row, mail, shape, delivery)

    def end(self) -> None:
        """Send back to the beginning what is to be looked at again, and tell which folders have changed."""
        acknowledge(self.tx, self.intake.opened)
        if self.intake.joined:
            self.tx.emit(LettersCame(self.intake.joined))
        if self.outcomes[Outcome.ERASED]:
            forget_again(self.tx, list(self._taken))
        if self.places.look_again:
            values = {"outcome": Outcome.RECEIVED, "attempts": 0, "own_ref": "", "answers_ref": "", "reason": ""}
            self.tx.execute(update(MailItem).where(MailItem.id.in_(self.places.look_again)).values(**values))
        for folder in {row.folder for row in self._lines.values()}:
            self.tx.touch("mail_folder", folder)

    def _is_stored(self, key: UUID) -> bool:
        return key in self._stored or self.tx.execute(select(Message.id).where(Message.id == key)).first() is not None

    def _note(self, row: _Line, mail: ParsedMail, shape: Shape, delivery: Delivery) -> None:
        self.outcomes[delivery.outcome] += 1
        if delivery.refs[0]:
            self.places.threads.add_line(row.id, *delivery.refs)
        sender = mail.from_ or mail.sender
        self.tx.unwritten(_OUTCOME)[row.id] = {
            "key": row.id,
            "new_outcome": delivery.outcome,
            "new_message": delivery.message,
            "new_ticket": delivery.ticket,
            "new_reason": delivery.reason,
            "new_own_ref": delivery.refs[0],
            "new_answers_ref": delivery.refs[1],
            "new_sender": sender.address if sender else "",
            "new_subject": "" if delivery.hide_subject else shape.subject[:300],
        }
