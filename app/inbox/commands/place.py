"""Putting a mail where it belongs: its message row, a new ticket or an old one, links and merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.conversations.commands import NewAttachment, NewMessage, add_message
from app.conversations.rules import Direction, Kind
from app.inbox import rules
from app.inbox.match import Known, Match, Threads, named_by
from app.inbox.rules import FolderRole
from app.inbox.shape import Shape
from app.kernel.database.transaction import Tx
from app.mime.model import ParsedMail
from app.tickets import commands as tickets
from app.tickets.commands.merging import put_message
from app.tickets.rules import HISTORY, Status

POSSIBLE_MATCH = "possible_match"
CONTINUES = "continues"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail on its way to its place. `was_there`: it lay in the mailbox before that was connected."""

    key: UUID
    mail: ParsedMail
    mailbox: UUID
    role: FolderRole
    at: datetime
    blob: UUID | None
    was_there: bool
    shape: Shape
    same_as: UUID | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


class Places:
    """The hands that write, within one transaction."""

    def __init__(self, tx: Tx, threads: Threads) -> None:
        self.tx = tx
        self.threads = threads
        self.new_tickets = 0
        self.appended = 0
        self.look_again: list[UUID] = []

    def open_ticket(self, arrival: Arrival, customer: UUID | None) -> UUID:
        """A ticket of its own for this mail; closed history if the mail was there before the desk."""
        ticket = rules.ticket_id(arrival.key)
        tickets.open_ticket(
            self.tx,
            ticket=ticket,
            customer=customer,
            subject=arrival.shape.subject,
            channel="email",
            mailbox=arrival.mailbox,
            status=Status.CLOSED if arrival.was_there else Status.NEW,
            at=arrival.at,
            outcome=HISTORY if arrival.was_there else "",
        )
        self.new_tickets += 1
        return ticket

    def store(
        self,
        arrival: Arrival,
        *,
        ticket: UUID | None,
        customer: UUID | None,
        direction: Direction = Direction.IN,
        kind: Kind = Kind.MAIL,
        automatic: bool = False,
    ) -> None:
        """The message row of a mail, with its files, its ids and its place in the index."""
        mail, shape = arrival.mail, arrival.shape
        new = NewMessage(
            id=arrival.key,
            direction=direction,
            occurred_at=arrival.at,
            ticket=ticket,
            customer=customer,
            mailbox=arrival.mailbox,
            kind=kind,
            automatic=automatic,
            external_id=mail.message_id or "",
            in_reply_to=mail.in_reply_to[0] if mail.in_reply_to else "",
            refs=shape.refs,
            sender=shape.sender,
            reply_to=shape.reply_to,
            to=shape.to,
            cc=shape.cc,
            bcc=shape.bcc,
            subject=arrival.shape.subject,
            text=shape.text,
            snippet=arrival.shape.snippet,
            same_id_as=arrival.same_as,
            warnings=mail.warnings,
            extra={**shape.extra, **arrival.extra} if arrival.extra else shape.extra,
            sent_date=mail.date,
            attachments=files_of(mail),
            words=shape.words,
        )
        add_message(self.tx, new, blob=arrival.blob)
        sender = mail.from_ or mail.sender
        people = frozenset(each.key for each in (*((sender,) if sender else ()), *mail.to, *mail.cc) if each.address)
        self.threads.add(Known(arrival.key, ticket, direction, people), mail.message_id, named_by(mail))

    def note(self, arrival: Arrival, ticket: UUID, direction: Direction) -> None:
        """Tell the ticket of a message that changes no status: history, what a program wrote, what we wrote."""
        tickets.message_added(
            self.tx,
            ticket,
            direction=direction,
            at=arrival.at,
            snippet=arrival.shape.snippet,
            has_attachment=has_files(arrival.mail),
        )

    def merge(self, into: UUID, others: Iterable[UUID]) -> UUID:
        """A mail connects tickets: the younger go into the oldest, unless they were kept apart on purpose."""
        kept = into
        for other in others:
            one, two = self.threads.ticket(kept), self.threads.ticket(other)
            if one is None or two is None or one.id == two.id or self.threads.are_linked(one.id, two.id):
                continue
            older, younger = sorted((one, two), key=lambda row: (row.created_at, row.number))
            tickets.join(self.tx, younger.id, older.id)
            self.threads.forget(younger.id, older.id)
            kept = older.id
        return kept

    def gather(self, arrival: Arrival, match: Match, ticket: UUID) -> None:
        """What we had sent from another program, without a conversation for it, finds it now.

        Messages are placed in the ticket. Mails kept as a ledger line only are looked at again.
        """
        if match.loose:
            self.tx.flush()
            for message in match.loose:
                put_message(self.tx, message, ticket)
                self.threads.place(message, ticket)
        self.look_again.extend(self.threads.lines(arrival.mail))


def has_files(mail: ParsedMail) -> bool:
    """Has it a file that is no picture inside its text?"""
    return any(not part.inline for part in mail.attachments)


def files_of(mail: ParsedMail) -> tuple[NewAttachment, ...]:
    """A mail's files, as rows of its message; their bytes stay in the raw mail."""
    return tuple(
        NewAttachment(
            filename=part.filename,
            content_type=part.content_type,
            size=part.size,
            part=part.path,
            content_id=part.content_id,
            inline=part.inline,
        )
        for part in mail.attachments
    )
