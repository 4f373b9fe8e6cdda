"""Writing: replies, new mails and notes. What leaves goes through the outbox; the ticket's status follows at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Unpack
from uuid import UUID

from sqlalchemy import select

from app.conversations.commands import NewAttachment, NewFile, NewMessage, add_files, add_message
from app.conversations.queries import mailbox as mailbox_info
from app.conversations.rules import snippet_of
from app.conversations.tables import Mailbox, Message
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.outbox import commands as outbox
from app.outbox.facts import ReplySent
from app.outbox.rules import FORWARD, forward_subject
from app.people.commands import customer_met, mark_action, record_event
from app.people.rules import EventKind
from app.tickets.commands.custom import need_fields
from app.tickets.commands.opening import message_added, open_ticket, set_first_reply
from app.tickets.commands.results import Written
from app.tickets.commands.rows import change, living_row, ticket_row, usable_row
from app.tickets.commands.seen import mark_seen
from app.tickets.commands.snooze import count_anew
from app.tickets.commands.status import apply_status
from app.tickets.queries.conversation import message_to_answer
from app.tickets.rules import Status, after_reply
from app.tickets.tables import Ticket


def reply(
    tx: Tx,
    ticket: UUID,
    *,
    to: Sequence[outbox.Recipient] | None = None,
    answers: UUID | None = None,
    seen: UUID | None = None,
    solve: bool = False,
    not_before: datetime | None = None,
    undo_seconds: int = 0,
    mailbox: UUID | None = None,
    **letter: Unpack[outbox.Letter],
) -> Written:
    """Queue a rep's answer; the ticket waits for the customer, or is solved, from now on.

    Left out: `answers` is the newest mail of the customer (else ours) in the whole conversation, `to` and `cc` are
    computed from it, `mailbox` is the ticket's, `sender` the address that was written to. `not_before`: sent then,
    unless the customer writes before. Raises UserError for an empty text without files, when there is nobody
    to write to, for a ticket in the Bin, and for one to be solved that lacks what it needs (`need_fields`).
    """
    _need_words(letter["text"], letter.get("files", ()))
    row = usable_row(tx, ticket)
    if solve:
        need_fields(tx, [row], Status.SOLVED)
    box = _mailbox_for(tx, row, mailbox, letter.get("sender", ""))
    tx.flush()
    message = outbox.queue_reply(
        tx,
        ticket=row.id,
        mailbox=box,
        customer=row.customer,
        subject=row.subject,
        answers=answers or message_to_answer(tx, row.id),
        seen=seen,
        to=to,
        not_before=_callable_until(tx, undo_seconds),
        send_at=not_before,
        **letter,
    )
    if row.mailbox is None:
        change(tx, row, "mailbox", box, EventKind.SIDE)
    _written(tx, row, message, letter, solve=solve)
    return Written(row.id, row.number, message, tx.action)


def new_mail(
    tx: Tx,
    *,
    customer_address: str,
    subject: str,
    customer_name: str = "",
    mailbox: UUID | None = None,
    solve: bool = False,
    not_before: datetime | None = None,
    undo_seconds: int = 0,
    **letter: Unpack[outbox.Letter],
) -> Written:
    """Write to a customer first: a ticket of its own, which waits for the answer (or is solved)."""
    _need_words(letter["text"], letter.get("files", ()))
    if not subject.strip():
        msg = "Please give the mail a subject."
        raise UserError(msg)
    people = outbox.people([customer_address])
    if not people:
        msg = "Please say to whom."
        raise UserError(msg)
    box = mailbox or mailbox_of(tx, letter.get("sender", "")) or default_mailbox(tx)
    name, address = people[0]
    customer = customer_met(tx, address, customer_name or name, tx.now)
    ticket = ids.new_id()
    open_ticket(tx, ticket=ticket, customer=customer, subject=subject, mailbox=box, at=tx.now, by_agent=True)
    if solve:
        need_fields(tx, [ticket_row(tx, ticket)], Status.SOLVED)
    tx.flush()
    message = outbox.queue_reply(
        tx,
        ticket=ticket,
        mailbox=box,
        customer=customer,
        subject=subject,
        to=people,
        not_before=_callable_until(tx, undo_seconds),
        send_at=not_before,
        thread=False,
        **letter,
    )
    row = ticket_row(tx, ticket)
    _written(tx, row, message, letter, solve=solve)
    return Written(ticket, row.number, message, tx.action)


def forward(
    tx: Tx,
    message: UUID,
    *,
    to: Sequence[outbox.Recipient],
    mailbox: UUID | None = None,
    not_before: datetime | None = None,
    undo_seconds: int = 0,
    **letter: Unpack[outbox.Letter],
) -> Written:
    """Pass a message on to somebody else: `text` (and `html`) and `files` as they shall go (the caller quotes and attaches).

    It lies in the ticket as a message of ours and changes nothing there: no status, no first answer, and whom a reply
    goes to. What comes back on it finds the ticket. Raises UserError when there is nobody to write to.
    """
    _need_words(letter["text"], letter.get("files", ()))
    source = tx.get(Message, message)
    if source is None or source.ticket is None:
        msg = "This message is not there any more."
        raise NotFoundError(msg)
    row = usable_row(tx, source.ticket)
    tx.flush()
    passed = outbox.queue_reply(
        tx,
        ticket=row.id,
        mailbox=_mailbox_for(tx, row, mailbox, letter.get("sender", "")),
        customer=row.customer,
        subject=forward_subject(source.subject or row.subject),
        answers=message,
        to=to,
        not_before=_callable_until(tx, undo_seconds),
        send_at=not_before,
        kind=FORWARD,
        thread=False,
        **letter,
    )
    record_event(tx, EventKind.REPLIED, ticket=row.id, field=FORWARD, new=str(passed))
    _added(tx, row, letter)
    mark_action(tx)
    return Written(row.id, row.number, passed, tx.action)


def add_note(tx: Tx, ticket: UUID, text: str, files: Sequence[NewFile | NewAttachment] = ()) -> Written:
    """Write a note that only we see. It changes nothing else."""
    _need_words(text, files)
    row = living_row(tx, ticket)
    tx.flush()
    message = ids.new_id()
    add_message(
        tx,
        NewMessage(
            id=message,
            ticket=row.id,
            customer=row.customer,
            agent=tx.agent,
            channel="note",
            kind="note",
            direction="internal",
            text=text,
            occurred_at=tx.now,
            attachments=add_files(tx, files),
        ),
    )
    record_event(tx, EventKind.NOTED, ticket=row.id, field="message", new=str(message))
    mark_action(tx)
    return Written(row.id, row.number, message, tx.action)


def note_reply_sent(tx: Tx, fact: ReplySent) -> None:
    """Reaction: what we wrote has left; the first human answer stops the first-reply clock."""
    if fact.ticket is None:
        return
    row = living_row(tx, fact.ticket)
    if not fact.automatic and fact.answers:
        set_first_reply(tx, row.id, fact.at)
    record_event(tx, EventKind.SENT, ticket=row.id, field="message", new=str(fact.message))


def default_mailbox(tx: Tx) -> UUID:
    """The mailbox to write from when nothing says which: the first that was connected. Raises UserError."""
    query = select(Mailbox.id).where(Mailbox.deleted_at.is_(None)).order_by(Mailbox.connected_at, Mailbox.id)
    found = tx.scalars(query.limit(1)).first()
    if found is None:
        msg = "Connect a mailbox first: there is none to write from."
        raise UserError(msg)
    return found


def mailbox_of(tx: Tx, sender: str) -> UUID | None:
    """The mailbox that an address of ours belongs to. Raises UserError for one that is nobody's here."""
    if not sender:
        return None
    found = mailbox_info(tx, sender)
    if found is None:
        msg = said("{sender} is not an address of one of your mailboxes.", sender=sender)
        raise UserError(msg)
    return found.id


def _mailbox_for(tx: Tx, row: Ticket, wanted: UUID | None, sender: str) -> UUID:
    for key in (wanted or mailbox_of(tx, sender), row.mailbox):
        box = tx.get(Mailbox, key) if key else None
        if box is not None and box.deleted_at is None:
            return box.id
    return default_mailbox(tx)


def _written(tx: Tx, row: Ticket, message: UUID, letter: outbox.Letter, *, solve: bool) -> None:
    record_event(tx, EventKind.REPLIED, ticket=row.id, field="message", new=str(message))
    _added(tx, row, letter)
    apply_status(tx, row, after_reply(solve=solve))
    count_anew(tx, row)
    mark_seen(tx, row.id)
    mark_action(tx)


def _added(tx: Tx, row: Ticket, letter: outbox.Letter) -> None:
    """The ticket has one more message of ours; it counts as one with files unless all of them are pictures in the text."""
    has_files = not all(isinstance(one, NewAttachment) and one.inline for one in letter.get("files", ()))
    message_added(tx, row.id, direction="out", at=tx.now, snippet=snippet_of(letter["text"]), has_attachment=has_files)


def _need_words(text: str, files: Sequence[object]) -> None:
    if not text.strip() and not files:
        msg = "There is nothing to send: write something first."
        raise UserError(msg)


def _callable_until(tx: Tx, undo_seconds: int) -> datetime:
    return tx.now + timedelta(seconds=max(undo_seconds, 0))
