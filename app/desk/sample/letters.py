"""Letters to the sample shop as raw mails, the way customers' programs write them: with quotes, in HTML, with files."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Final

from app.desk.sample import texts
from app.desk.sample.cast import Person
from app.desk.sample.files import File
from app.mime.compose import Letter, compose
from app.mime.model import Address

_WROTE: Final = {
    "de": "Am {date} schrieb {who}:",
    "fr": "Le {date}, {who} a écrit :",
    "es": "El {date}, {who} escribió:",
    "pt": "Em {date}, {who} escreveu:",
    "ja": "{date} {who} のメール:",
    "en": "On {date}, {who} wrote:",
}
_SHOWN_DATE: Final = {"en": "%d %b %Y at %H:%M", "de": "%d.%m.%Y um %H:%M", "ja": "%Y/%m/%d %H:%M"}
_LOWER_CASE: Final = frozenset({"de", "fr", "es", "pt"})
"""Languages in which a letter goes on in lower case after the greeting's comma."""
_MOST_QUOTED: Final = 12


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation, as far as an answer needs it."""

    message_id: str
    text: str
    at: datetime
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter before it is composed."""

    sender: Person
    subject: str
    text: str
    at: datetime
    cc: Sequence[Person] = ()
    answers: Said | None = None
    files: Sequence[File] = ()
    as_html: bool = False
    quotes: bool = True
    headers: dict[str, str] = field(default_factory=dict)


class Post:
    """Makes raw mails to the shop's mailbox."""

    def __init__(self, shop_name: str, shop_address: str, dice: Random) -> None:
        self._shop = Address(shop_name, shop_address)
        self._dice = dice

    @property
    def address(self) -> str:
        """The shop's own address."""
        return self._shop.address

    def raw(self, mail: Mail) -> tuple[bytes, Said]:
        """The bytes of a mail, and what an answer needs to know of it."""
        said = Said(self._new_id(mail.sender), mail.text, mail.at, _references(mail.answers))
        quote = _quote(mail, self._shop.name) if mail.quotes else ()
        domain = mail.sender.address.rpartition("@")[2]
        trust = f"mx.{self._shop.address.rpartition('@')[2]}; spf=pass; dkim=pass header.d={domain}; dmarc=pass"
        letter = Letter(
            message_id=said.message_id,
            from_=Address(mail.sender.name, mail.sender.address),
            to=(self._shop,),
            cc=tuple(Address(one.name, one.address) for one in mail.cc),
            subject=mail.subject,
            text="\n".join([mail.text, "", *quote]) if quote else mail.text,
            date=mail.at,
            html=_as_html(mail.text, quote) if mail.as_html else None,
            in_reply_to=mail.answers.message_id if mail.answers else None,
            references=said.references,
            attachments=tuple(mail.files),
            headers={"Authentication-Results": trust, **mail.headers},
        )
        return compose(letter), said

    def _new_id(self, sender: Person) -> str:
        return f"{self._dice.getrandbits(80):020x}@{sender.address.rpartition('@')[2]}"


def letter_text(person: Person, body: str, dice: Random, *, agent: str = "") -> str:
    """A body with a greeting and a closing, as this person's language has them. `agent`: whom it answers, if anybody."""
    shop = texts.read("shop.toml")
    names = {"first": person.first, "name": person.name, "agent": agent.partition(" ")[0]}
    greeting = dice.choice(shop["again" if agent else "greeting"][person.language]).format_map(names)
    if not greeting or person.language == "en":
        body = "\n\n".join(texts.sentence(part) for part in body.split("\n\n"))
    short = agent and dice.random() < 0.3
    closing = person.first if short else dice.choice(shop["closing"][person.language]).format_map(names)
    return "\n\n".join(part for part in (greeting, body, closing) if part)


def answer_text(person: Person, agent: str, body: str, dice: Random) -> str:
    """The shop's answer: greeting, body and the agent's name (the signature follows by itself)."""
    shop = texts.read("shop.toml")
    greeting = dice.choice(shop["answer"][person.language]).format_map({"first": person.first, "name": person.name})
    if person.language not in _LOWER_CASE:
        body = "\n\n".join(texts.sentence(part) for part in body.split("\n\n"))
    farewell = dice.choice(shop["farewell"][person.language]).format_map({"agent": agent.split(maxsplit=1)[0]})
    return f"{greeting}\n\n{body}\n\n{farewell}"


def _references(answers: Said | None) -> tuple[str, ...]:
    return (*answers.references, answers.message_id)[-12:] if answers else ()


def _quote(mail: Mail, shop_name: str) -> tuple[str, ...]:
    if mail.answers is None:
        return ()
    language = mail.sender.language
    date = mail.answers.at.strftime(_SHOWN_DATE.get(language, "%d.%m.%Y %H:%M"))
    intro = _WROTE.get(language, _WROTE["en"]).format_map({"date": date, "who": shop_name})
    return (intro, *(f"> {line}".rstrip() for line in mail.answers.text.splitlines()[:_MOST_QUOTED]))


def _as_html(text: str, quote: Sequence[str]) -> str:
    body = "".join(f"<p>{_lines(part)}</p>" for part in text.split("\n\n"))
    if quote:
        quoted = "<br>".join(html.escape(line[2:]) for line in quote[1:])
        body += f'<div class="reply"><p>{html.escape(quote[0])}</p><blockquote type="cite">{quoted}</blockquote></div>'
    return f'<html><body style="font-family:sans-serif">{body}</body></html>'


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def bounce(recipient: str, shop: str, of: Said, at: datetime) -> bytes:
    """A delivery report (RFC 3464) of a full mailbox, as the shop's own mail server writes them."""
    server = f"mx.{shop.rpartition('@')[2]}"
    head = f"""From: Mail Delivery System <mailer-daemon@{server}>
To: {shop}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(at)}
Message-ID: <{of.message_id.partition("@")[0]}.dsn@{server}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain; charset=us-ascii

The mail could not be delivered to one recipient:

<{recipient}>: 552 5.2.2 The mailbox is full

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; {server}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 The mailbox is full

--report
Content-Type: text/rfc822-headers

Message-ID: <{of.message_id}>
From: {shop}
To: {recipient}

--report--
"""
    return head.replace("\n", "\r\n").encode("ascii")
