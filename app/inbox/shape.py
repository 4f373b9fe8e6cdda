"""What of a mail will stand in rows and in the index, made ready where the mail is read.

Mail in bulk is read by processes of their own and written by one that has no time to spare. So whatever depends on the mail
alone is worked out where it is read and crosses over with it; what depends on the desk is decided where it is written. Pure,
and it imports no database: a reader starts quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.conversations.rules import indexed_words, snippet_of
from app.inbox.rules import message_id
from app.kernel.tokens import hide_tokens
from app.mime.model import Address, ParsedMail
from app.outbox.marks import plain_address, without_marks

Person = tuple[str, str]
"""(name, address without our tokens)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A mail as its message will be stored. `key`: the message's. `words`: what the index gets, column by column."""

    key: UUID
    subject: str
    text: str
    snippet: str
    sender: Person
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    bcc: tuple[Person, ...]
    refs: tuple[str, ...]
    extra: dict[str, object]
    words: list[str]


def shape_of(mail: ParsedMail) -> Shape:
    """The shape of a mail: subject and text as they are stored and shown, since our tokens and marks stand only in the
    mail that carries them.
    """
    writer = mail.from_ or mail.sender
    subject, text = without_marks(mail.subject), hide_tokens(mail.text)
    sender, to, cc = (_pair(writer) if writer else ("", "")), _pairs(mail.to), _pairs(mail.cc)
    return Shape(
        key=message_id(mail),
        subject=subject,
        text=text,
        snippet=snippet_of(hide_tokens(mail.opening or mail.text[:4000])),
        sender=sender,
        reply_to=_pairs(mail.reply_to),
        to=to,
        cc=cc,
        bcc=_pairs(mail.bcc),
        refs=tuple(dict.fromkeys((*mail.references, *mail.in_reply_to))),
        extra=_extra(mail),
        words=indexed_words(subject, text, (sender, *to, *cc), [part.filename for part in mail.attachments]),
    )


def _pair(one: Address) -> Person:
    return (one.name, plain_address(one.address))


def _pairs(some: tuple[Address, ...]) -> tuple[Person, ...]:
    return tuple(_pair(one) for one in some)


def _extra(mail: ParsedMail) -> dict[str, object]:
    extra: dict[str, object] = {"class": mail.mail_class.value}
    if mail.has_html or mail.html:
        extra["html"] = True
    if mail.trust.dmarc or mail.trust.dkim or mail.trust.spf:
        extra["trust"] = {"spf": mail.trust.spf, "dkim": mail.trust.dkim, "dmarc": mail.trust.dmarc}
    if mail.auto_reasons:
        extra["automatic"] = list(mail.auto_reasons)
    return extra
