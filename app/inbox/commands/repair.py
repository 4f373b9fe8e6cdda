"""What a person does with a mail that did not become a ticket by itself, and where mail goes that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from app.conversations.queries import own_addresses
from app.conversations.tables import Message
from app.inbox import rules
from app.inbox.commands.intake import Intake
from app.inbox.commands.place import Arrival, Places
from app.inbox.match import Match, Threads
from app.inbox.own_lists import as_its_writer_sent_it
from app.inbox.rules import FolderRole, Outcome
from app.inbox.shape import shape_of
from app.inbox.tables import MailFolder, MailItem
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.mime.model import ParsedMail
from app.tickets.commands.merging import put_message


def quarantine(tx: Tx, item: UUID, reason: str) -> None:
    """Set a mail aside with the reason; its bytes stay, and it can be tried again."""
    row = _item(tx, item)
    if row.outcome == Outcome.RECEIVED:
        row.outcome, row.reason = Outcome.QUARANTINED, reason[:500]
        tx.touch("mail_folder", row.folder)


def retry_item(tx: Tx, item: UUID) -> None:
    """Look at a quarantined mail again. Raises UserError for any other."""
    row = _item(tx, item)
    if row.outcome != Outcome.QUARANTINED:
        msg = "Only a mail in quarantine can be tried again."
        raise UserError(msg)
    if row.blob is None:  # the server never gave its bytes: asked again, it is missing again
        folder = tx.get(MailFolder, row.folder)
        if folder is not None:
            folder.unaccounted = max(folder.unaccounted, 1)
        tx.delete(row)
    else:
        row.outcome, row.reason, row.attempts = Outcome.RECEIVED, "", 0
    tx.touch("mail_folder", row.folder)
    tx.signal("check_now")


def make_ticket_anyway(tx: Tx, item: UUID, mail: ParsedMail) -> UUID:
    """Open a ticket for a mail that went to a pile (spam, bulk, an automatic answer, …); the ticket's id.

    Raises UserError when it is in a ticket already.
    """
    own = own_addresses(tx)
    key_of_it = shape_of(mail).key
    mail = as_its_writer_sent_it(mail, own)
    row, shape = _item(tx, item), replace(shape_of(mail), key=key_of_it)
    key = row.message or shape.key
    stored = tx.execute(select(Message.id, Message.ticket).where(Message.id == key)).one_or_none()
    if row.ticket is not None or (stored is not None and stored.ticket is not None):
        msg = "This mail is in a ticket already."
        raise UserError(msg)
    places = Places(tx, Threads(tx, [mail], own))
    at = rules.occurred_at(mail, row.internal_at, tx.now, was_there=row.is_history)
    arrival = Arrival(key, mail, row.mailbox, FolderRole.INBOX, at, row.blob, was_there=False, shape=shape)
    intake = Intake(tx, places, own)
    if stored is None:
        ticket = intake.letter(arrival, intake.writer(mail), Match()).ticket
        assert ticket is not None
    else:
        ticket = intake.open_for(arrival, intake.writer(mail))
        put_message(tx, key, ticket)
    row.outcome, row.reason, row.message, row.ticket = Outcome.MESSAGE, "", key, ticket
    tx.touch("mail_folder", row.folder)
    return ticket


def _item(tx: Tx, item: UUID) -> MailItem:
    row = tx.get(MailItem, item)
    if row is None:
        msg = "There is no such line in the ledger."
        raise NotFoundError(msg)
    return row
