"""The second of the two steps: what a parsed mail means becomes rows, and its ledger line gets its outcome.

A batch ends by time, so that the window never waits long for its turn to write; whoever called asks again with the
rest. If anything in a batch fails, the whole transaction is rolled back and the caller goes on one mail at a time, so
that a single odd mail never holds up another.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.conversations.queries import own_addresses
from app.conversations.tables import Message
from app.inbox import rules
from app.inbox.commands.intake import Delivery, Intake
from app.inbox.commands.place import Arrival, Places
from app.inbox.match import Threads
from app.inbox.rules import FolderRole, Outcome
from app.inbox.tables import MailFolder, MailItem
from app.kernel.store import Tx
from app.kernel.tables import Tombstone
from app.mime.model import ParsedMail
from app.surveys.rules import hide_token


@dataclass(frozen=True, slots=True)
class MailToIngest:
    """A ledger line and what its mail says."""

    item: UUID
    mail: ParsedMail


@dataclass(frozen=True, slots=True)
class Ingested:
    """How many of the mails given were dealt with, and what came of them."""

    done: int
    outcomes: Counter[str] = field(default_factory=Counter)
    new_tickets: int = 0
    appended: int = 0


def ingest(tx: Tx, mails: Sequence[MailToIngest], *, budget_s: float = 0.03) -> Ingested:
    """Turn parsed mails into messages, tickets and outcomes, in the order given, for at most about `budget_s` seconds.

    At least one is done. Lines that have an outcome already are passed over.
    """
    stop_at = time.monotonic() + budget_s
    batch = _Batch(tx, mails)
    done = 0
    for each in mails:
        batch.take(each)
        done += 1
        if time.monotonic() >= stop_at:
            break
    batch.write_back()
    return Ingested(done, batch.outcomes, batch.places.new_tickets, batch.places.appended)


class _Batch:
    """Everything that a batch asks the database once, and what it will write at its end."""

    def __init__(self, tx: Tx, mails: Sequence[MailToIngest]) -> None:
        self.tx = tx
        self.outcomes: Counter[str] = Counter()
        self._updates: list[dict[str, Any]] = []
        wanted = select(MailItem, MailFolder.role).join(MailFolder, MailFolder.id == MailItem.folder)
        found = tx.execute(wanted.where(MailItem.id.in_([each.item for each in mails])))
        self._items: dict[UUID, tuple[MailItem, FolderRole]] = {row.id: (row, FolderRole(role)) for row, role in found}
        self._taken: set[UUID] = set()
        keys = {rules.message_id(each.mail): None for each in mails}
        self._erased = set(tx.execute(select(Tombstone.id).where(Tombstone.id.in_(list(keys)))).scalars())
        self._stored = set(tx.execute(select(Message.id).where(Message.id.in_(list(keys)))).scalars())
        own = own_addresses(tx)
        self.places = Places(tx, Threads(tx, (each.mail for each in mails), own))
        self.intake = Intake(tx, self.places, own)

    def take(self, each: MailToIngest) -> None:
        """Deal with one mail."""
        row, role = self._items.get(each.item, (None, FolderRole.INBOX))
        if row is None or row.outcome != Outcome.RECEIVED or each.item in self._taken:
            return
        self._taken.add(each.item)
        mail = each.mail
        key = rules.message_id(mail)
        at = rules.occurred_at(mail, row.internal_at, self.tx.now, was_there=row.is_history)
        same_as: UUID | None = None
        if key in self._erased:
            self._note(row, mail, Delivery(Outcome.ERASED, reason="It was deleted for good here."))
            return
        if key in self._stored:
            self.places.write_messages()
            same_as, key = key, rules.variant_id(mail)
            text, ticket = self.tx.execute(select(Message.text, Message.ticket).where(Message.id == same_as)).one()
            if rules.says_the_same(text, mail.text) or self._is_stored(key):
                self._note(row, mail, Delivery(Outcome.DUPLICATE, same_as, ticket))
                return
        delivery = self.intake.deliver(
            Arrival(key, mail, row.mailbox, role, at, row.blob, was_there=row.is_history, same_as=same_as)
        )
        if delivery.stored:
            self._stored.add(key)
        self._note(row, mail, delivery)

    def write_back(self) -> None:
        """Write the messages, and the outcomes into the ledger."""
        self.places.write_messages()
        if self._updates:
            self.tx.execute(update(MailItem), self._updates)
        if self.places.look_again:
            values = {"outcome": Outcome.RECEIVED, "attempts": 0, "own_ref": "", "answers_ref": "", "reason": ""}
            self.tx.execute(update(MailItem).where(MailItem.id.in_(self.places.look_again)).values(**values))
        for folder in {row.folder for row, _ in self._items.values()}:
            self.tx.touch("mail_folder", folder)

    def _is_stored(self, key: UUID) -> bool:
        return key in self._stored or self.tx.execute(select(Message.id).where(Message.id == key)).first() is not None

    def _note(self, row: MailItem, mail: ParsedMail, delivery: Delivery) -> None:
        self.outcomes[delivery.outcome] += 1
        if delivery.refs[0]:
            self.places.threads.add_line(row.id, *delivery.refs)
        sender = mail.from_ or mail.sender
        self._updates.append(
            {
                "id": row.id,
                "outcome": delivery.outcome,
                "message": delivery.message,
                "ticket": delivery.ticket,
                "reason": delivery.reason,
                "own_ref": delivery.refs[0],
                "answers_ref": delivery.refs[1],
                "sender": sender.address if sender else "",
                "subject": "" if delivery.hide_subject else hide_token(mail.subject)[:300],
            }
        )
