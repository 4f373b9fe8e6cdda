"""Putting a message into the outbox: everything about it is computed and fixed here, and never again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Required, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select

from app.conversations.commands import NewAttachment, NewFile, NewMessage, add_files, add_message
from app.conversations.queries import own_addresses
from app.conversations.tables import Mailbox, Message
from app.kernel import ids
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.kernel.tokens import new_token, sha256_of
from app.mime.syntax.addresses import parse_addresses
from app.mime.syntax.message_ids import fold_references, new_message_id
from app.outbox import marks, rules
from app.outbox import seen as seen_rules
from app.outbox.facts import ReplyQueued
from app.outbox.rules import Person, State
from app.outbox.tables import Outbox, ReplyToken
from app.people.tables import Agent

Recipient = str | Sequence[str]
"""`ann@example.com`, `Ann <ann@example.com>`, or (name, address)."""

File = tuple[str, str, UUID] | NewFile | NewAttachment
"""(file name, content type, blob id), or as conversations know files."""


class Letter(TypedDict, total=False):
    """What a letter says and to whom else it goes: the same for every verb that queues one, which hands it on as it is.

    `html`: the same words formatted; `files` with a Content-ID are pictures in it. `cc` left out: everybody else of the
    message answered. `sender`: the mailbox's address or an alias (default: the one that was written to).
    """

    text: Required[str]
    html: str
    cc: Sequence[Recipient] | Recipient | None
    bcc: Sequence[Recipient] | Recipient
    files: Sequence[File]
    sender: str


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # in names of strangers, too: they can be written to all the same


def people(given: Sequence[Recipient] | Recipient | None) -> tuple[Person, ...]:
    """Recipients in any of the accepted forms as (name, address), each once. UserError names the one that is none."""
    found: list[Person] = []
    for each in [given] if isinstance(given, str) else given or ():
        if isinstance(each, str):
            parsed = [(one.name, one.address) for one in parse_addresses(each)] or [("", each)]
        else:
            parsed = [(str(each[0] or ""), str(each[1]))]
        for name, address in parsed:
            if not rules.is_address(address) or (isinstance(each, str) and _CONTROL.search(each)):
                msg = said("“{address}” is not an e-mail address.", address=address or name)
                raise UserError(msg)
            found.append((" ".join(_CONTROL.sub(" ", name).split()), address))
    return rules.distinct(found)


def queue_reply(
    tx: Tx,
    *,
    ticket: UUID | None,
    mailbox: UUID,
    customer: UUID | None,
    subject: str = "",
    answers: UUID | None = None,
    seen: UUID | None = None,
    to: Sequence[Recipient] | Recipient | None = None,
    not_before: datetime | None = None,
    send_at: datetime | None = None,
    automatic: bool = False,
    kind: str = "mail",
    headers: Mapping[str, str] | None = None,
    agent: UUID | None = None,
    thread: bool = True,
    signed: bool | None = None,
    **letter: Unpack[Letter],
) -> UUID:
    """Put a message into the outbox; its id. Content, recipients, files and Message-ID are fixed from now on.

    `answers`: the message answered (default: the newest mail of the customer in `ticket`, else our newest); `seen`:
    the newest message that the rep had been shown (default: the newest stored). `to` left out: the author of the message
    answered. `thread=False`: a mail that begins a thread of its own. `not_before`: not yet, so that it can be called back;
    `send_at`: the time that the rep chose, and only if the customer does not write before. `signed`: with the signature
    (default: unless automatic). Raises UserError when there is nobody to write to, for a sender that is not the mailbox's,
    and for files that its server does not take; NotFoundError for an unknown mailbox.
    """
    tx.flush()
    box = _box(tx, mailbox)
    named = tx.get(Message, answers) if answers else None
    answered = (named or newest_to_answer(tx, ticket)) if thread else None
    receivers = _receivers(tx, answered, people(to), letter.get("cc"), people(letter.get("bcc")))
    agent = agent or tx.agent
    text, html = letter["text"], letter.get("html", "")
    if not automatic if signed is None else signed:
        text, html = _with_signature(text, html, signature_of(tx, box, agent))
    new = NewMessage(
        id=ids.new_id(), ticket=ticket, customer=customer, mailbox=mailbox, agent=None if automatic else agent, kind=kind,
        direction="out", automatic=automatic, external_id=new_message_id(box.address.rpartition("@")[2]),
        in_reply_to=answered.external_id if answered else "", refs=_references(answered),
        sender=(_sender_name(tx, box, agent), _sender(box, letter.get("sender", ""), None if automatic else answered)),
        to=receivers[0], cc=receivers[1], bcc=receivers[2], subject=_subject(answered, subject), text=text,
        occurred_at=tx.now, sent_date=tx.now, attachments=_attachments(tx, letter.get("files", ())),
    )  # fmt: skip
    row = Outbox(
        id=new.id, ticket=ticket, mailbox=mailbox, automatic=automatic, state=State.QUEUED, html=html,
        headers=_checked(headers) | _answer_address(tx, box, new),
    )  # fmt: skip
    _set_times(tx, row, not_before, send_at)
    _put(tx, box, new, row, answered or named, seen)
    return new.id


def _put(tx: Tx, box: Mailbox, new: NewMessage, row: Outbox, about: Message | None, seen: UUID | None) -> None:
    """Store a message and its way, with what the rep had before their eyes: what it is about, and the newest message."""
    _check_size(box, new, row.html)
    add_message(tx, new, blob=None)
    tx.flush()
    row.answers = about.id if about is not None else None
    row.seen = seen or seen_rules.newest(tx, row.ticket, besides=row.id)
    row.known = seen_rules.known_then(tx, row.ticket, row.seen)
    tx.add(row)
    tx.emit(ReplyQueued(row.ticket, row.id, tx.now, row.automatic))


def _set_times(tx: Tx, row: Outbox, not_before: datetime | None, send_at: datetime | None) -> None:
    row.not_before = max(not_before or tx.now, send_at or tx.now, tx.now)
    row.send_at = send_at if send_at is not None and send_at > tx.now else None


def _answer_address(tx: Tx, box: Mailbox, new: NewMessage) -> dict[str, str]:
    """Where an answer shall go, with a fresh token, if the mailbox's provider delivers such addresses."""
    if not box.plus_addressing or new.ticket is None or new.kind == "survey":
        return {}
    token = new_token()
    tx.add(ReplyToken(token_sha256=sha256_of(token), message=new.id))
    return {"Reply-To": marks.answer_address(box.address, token)}


def _box(tx: Tx, mailbox: UUID) -> Mailbox:
    box = tx.get(Mailbox, mailbox)
    if box is None or box.deleted_at is not None:
        msg = "The mailbox to send from does not exist any more. Choose another one."
        raise NotFoundError(msg)
    return box


def newest_to_answer(tx: Tx, ticket: UUID | None) -> Message | None:
    """The message that a reply answers when nobody says: the newest mail of the customer, else our newest."""
    for direction in ("in", "out"):
        found = tx.execute(
            select(Message)
            .where(Message.ticket == ticket, Message.direction == direction, Message.kind == "mail")
            .outerjoin(Outbox, Outbox.id == Message.id)
            .where(func.coalesce(Outbox.state, "") != State.CANCELLED)
            .order_by(Message.occurred_at.desc(), Message.id.desc())
            .limit(1)
        ).scalar_one_or_none()
        if ticket is not None and found is not None:
            return found
    return None


def _receivers(
    tx: Tx,
    answered: Message | None,
    to: tuple[Person, ...],
    cc: Sequence[Recipient] | Recipient | None,
    bcc: tuple[Person, ...],
) -> tuple[tuple[Person, ...], tuple[Person, ...], tuple[Person, ...]]:
    own = own_addresses(tx)
    default: tuple[tuple[Person, ...], tuple[Person, ...]] = ((), ())
    if answered is not None:
        default = rules.answer_to(_answered(answered), own)
    copies = default[1] if cc is None and not to else people(cc)
    to = to or default[0]
    to = rules.distinct(to)
    copies = rules.distinct(copies, without=(address for _, address in to))
    bcc = rules.distinct(bcc, without=(address for _, address in (*to, *copies)))
    if not to and not copies and not bcc:
        msg = "There is nobody to write to. Give at least one address."
        raise UserError(msg)
    if len(to) + len(copies) + len(bcc) > rules.MOST_RECIPIENTS:
        msg = said(
            "These are more than {most} recipients. Mail servers refuse such messages; leave some out.",
            most=rules.MOST_RECIPIENTS,
        )
        raise UserError(msg)
    return to, copies, bcc


def _answered(message: Message) -> rules.Answered:
    def pairs(stored: Sequence[Sequence[str]]) -> tuple[Person, ...]:
        return tuple((one[0], one[1]) for one in stored if len(one) > 1 and one[1])

    sender = pairs([message.sender])
    return rules.Answered(
        incoming=message.direction == "in",
        automatic=message.automatic,
        sender=sender[0] if sender else ("", ""),
        reply_to=pairs(message.reply_to),
        to=pairs(message.to),
        cc=pairs(message.cc),
    )


def _references(answered: Message | None) -> tuple[str, ...]:
    if answered is None or not answered.external_id:
        return ()
    return fold_references([*answered.refs, answered.external_id])


def _subject(answered: Message | None, given: str) -> str:
    return rules.answer_subject(given or answered.subject) if answered else " ".join(given.split())


def _sender(box: Mailbox, wanted: str, answered: Message | None) -> str:
    """The address to write from: the wanted one, else the one of this mailbox that the message answered went to."""
    own = {each.casefold(): each for each in (box.address, *box.aliases)}
    if wanted:
        if wanted.strip().casefold() not in own:
            msg = said("{wanted} is not an address of the mailbox {address}.", wanted=wanted, address=box.address)
            raise UserError(msg)
        return own[wanted.strip().casefold()]
    return rules.address_to_answer_from([*own.values()], _answered(answered)) if answered is not None else box.address


def _check_size(box: Mailbox, new: NewMessage, html: str) -> None:
    """Refuse at once what the server would refuse after an upload, if it has said how much it takes."""
    size = rules.wire_size(new.text + html, (each.size for each in new.attachments))
    if box.size_limit and new.attachments and size > box.size_limit:
        host = box.smtp_url.rpartition("://")[2].rpartition(":")[0]
        msg = said(
            "With its files this message has about {size}; {host} takes {most} at most. Leave a "
            "file out, or send several messages.",
            size=rules.size_text(size),
            host=host,
            most=rules.size_text(box.size_limit),
        )
        raise UserError(msg)


def _sender_name(tx: Tx, box: Mailbox, agent: UUID | None) -> str:
    who = tx.get(Agent, agent) if agent else None
    return box.name or str(options.get(tx, "desk_name")) or (who.name if who else "")


def signature_of(tx: Tx, box: Mailbox, agent: UUID | None) -> str:
    """The agent's own signature, else the mailbox's, else the desk's."""
    who = tx.get(Agent, agent) if agent else None
    return (who.signature if who else "") or box.signature or str(options.get(tx, "signature"))


def _with_signature(text: str, html: str, signature: str) -> tuple[str, str]:
    return rules.with_signature(text, signature), rules.with_signature_html(html, signature) if html else ""


def _attachments(tx: Tx, files: Sequence[File]) -> tuple[NewAttachment, ...]:
    return add_files(tx, [_attachment(tx, *file) if isinstance(file, tuple) else file for file in files])


def _attachment(tx: Tx, filename: str, content_type: str, blob: UUID) -> NewAttachment:
    row = tx.get(Blob, blob)
    if row is None:
        msg = said("The file “{filename}” is missing. Attach it again.", filename=filename)
        raise NotFoundError(msg)
    return NewAttachment(filename=filename, content_type=content_type, size=row.length, blob=blob)


def _checked(headers: Mapping[str, str] | None) -> dict[str, str]:
    checked = dict(headers or {})
    for name, value in checked.items():
        if any(ord(char) < 32 for char in name + value) or not name.isascii() or ":" in name:
            msg = "This message contains a character, outside of its text, that no e-mail may have there."
            raise UserError(msg)
    return checked
