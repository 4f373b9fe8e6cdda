"""What becomes of a mail: outcomes, the identity of a message, its time, and the small decisions about tickets.

Everything here is pure: it sees a parsed mail and plain values, never a database, a network or a clock.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.kernel import clock, ids
from app.mime.model import MailClass, ParsedMail, Trust

MOST_ATTEMPTS: Final = 3
"""A mail that was begun this often and never finished goes into quarantine; so does one that the server failed to
give this often.
"""

_ASK_AGAIN: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


_WHY_AUTOMATIC: Final = {
    "list": "It carries the marks of a mailing list.",
    "precedence": "It calls itself bulk mail.",
    "x-autoreply": "It says itself that it is an automatic answer.",
    "auto-submitted": "It says itself that a program sent it.",
    "report": "It is a delivery report.",
    "return-path": "It came without a return address, as reports do.",
    "system sender": "Its sender is the address of a program.",
}


def why_automatic(reasons: Collection[str]) -> str:
    """The weightiest of a mail's own signs (`ParsedMail.auto_reasons`) that a program sent it, in words; "" for none."""
    return next((words for sign, words in _WHY_AUTOMATIC.items() if sign in reasons), "")


def ask_again_after(rounds: int) -> timedelta:
    """How long a mail that the server failed to give stays aside before it is asked for again, the `rounds`-th time.

    Short at first: a bad line or a busy server fails at any mail, and the next minutes may be better ones.
    """
    return _ASK_AGAIN[min(max(rounds, 1), len(_ASK_AGAIN)) - 1]


_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


class Outcome(enum.StrEnum):
    """What became of one item that a server showed. The value is stored and printed."""

    RECEIVED = "received"  # its bytes are safe; not yet looked at
    MESSAGE = "message"
    OWN_COPY = "own_copy"  # what we sent ourselves, seen again
    DUPLICATE = "duplicate"  # another delivery of a message that is there
    SURVEY_ANSWER = "survey_answer"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    SPAM = "spam"
    FEEDBACK = "feedback"  # a complaint report
    HISTORY = "history"  # closed before the desk knew it
    SENT_OTHER = "sent_other"  # sent from another program, about nothing that is known here
    ERASED = "erased"
    QUARANTINED = "quarantined"


BLOCKED: Final = "The sender is on your block list."
"""Why a mail lies on the spam pile: the cause that is the desk's."""

MARKED: Final = "Somebody here marked its ticket as spam."
"""Why a mail lies on the spam pile: the cause that is a person's. Its ticket is in the Bin."""

PILES: Final = (
    Outcome.SPAM,
    Outcome.BULK,
    Outcome.AUTO_REPLY,
    Outcome.BOUNCE,
    Outcome.FEEDBACK,
    Outcome.SENT_OTHER,
    Outcome.QUARANTINED,
)
"""Mail that becomes no ticket by itself. It lies on piles of its own, to be looked at; nothing of it is deleted."""


class FolderRole(enum.StrEnum):
    """What a folder is for, as far as it is read."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"  # read only when a person chose it; its mail counts as the inbox's


class Part(enum.StrEnum):
    """How much of a mail is here. The value is stored."""

    WHOLE = ""
    COMING = "coming"  # its beginning; the rest comes in pieces, after everything else
    HELD = "held"  # its beginning; larger than the limit, the rest comes when a person asks


class History(enum.StrEnum):
    """What happens to the mail that lies in a mailbox when it is connected."""

    SINCE = "since"  # young threads whose last word is the customer's open, the rest is closed history
    ALL = "all"  # every thread is an open ticket
    ARCHIVE = "archive"  # everything is closed history
    NONE = "none"  # only new mail


def message_id(mail: ParsedMail) -> UUID:
    """The key of the message that a mail carries: the same on every device, in every folder, in any order."""
    sender = mail.from_.key if mail.from_ else ""
    if mail.message_id:
        return ids.derived_id("message", mail.message_id, sender, mail.raw_date, at_ms=_own_ms(mail))
    to, cc = (",".join(one.key for one in line) for line in (mail.to, mail.cc))
    parts = (sender, to, cc, mail.subject, mail.raw_date, mail.lowest_received, mail.body_hash)
    return ids.derived_id("message-without-id", *parts, at_ms=_own_ms(mail))


def variant_id(mail: ParsedMail) -> UUID:
    """The key of a message whose Message-ID, author and date are those of another but whose words are not."""
    words = " ".join(mail.text.split())
    return ids.derived_id("message-variant", message_id(mail), words, at_ms=_own_ms(mail))


def ticket_id(message: UUID) -> UUID:
    """The key of the ticket that a message opens: the message's own time and what identifies it."""
    return ids.derived_id("ticket", message, at_ms=message.int >> 80)


def item_id(folder: UUID, uidvalidity: int, uid: int) -> UUID:
    """The key of a ledger line."""
    return ids.derived_id("mail_item", folder, uidvalidity, uid)


def folder_id(mailbox: UUID, name: str) -> UUID:
    """The key of a watched folder."""
    return ids.derived_id("mail_folder", mailbox, name)


_SECOND: Final = timedelta(microseconds=999_999)


def _own_ms(mail: ParsedMail) -> int:
    return clock.to_ms(mail.date) if mail.date and _EARLIEST <= mail.date < _LATEST else 0


def occurred_at(mail: ParsedMail, internal_at: datetime | None, now: datetime, *, was_there: bool) -> datetime:
    """When a mail happened. New mail: when the server got it; servers say only the second, and its end is meant, so that
    an answer never stands before what it answers. Mail that was there when the mailbox was connected: the
    earliest of that, the top Received field and Date, since a mailbox that moved has the day of its move everywhere.
    """
    if not was_there and internal_at is not None:
        return min(internal_at + _SECOND, now)
    known = [at for at in (internal_at, mail.received_at, mail.date) if at is not None and at >= _EARLIEST]
    return min([*known, now])


def best_date(mail: ParsedMail) -> datetime:
    """When a mail was written, as far as it tells itself; what tells nothing comes first."""
    return min((at for at in (mail.received_at, mail.date) if at and at >= _EARLIEST), default=_EARLIEST)


def says_the_same(stored: str, delivered: str) -> bool:
    """Do two texts differ by no more than white space and lines that a list or a scanner added at the end?"""
    if stored.split() == delivered.split():
        return True
    short, long = sorted((_lines(stored), _lines(delivered)), key=len)
    return bool(short) and long[: len(short)] == short


def _lines(text: str) -> list[str]:
    return [words for line in text.splitlines() if (words := " ".join(line.split()))]


def is_over(closed_at: datetime, at: datetime, reopen_days: int) -> bool:
    """Is a ticket that was closed at `closed_at` too old to be opened again by a mail of `at`?"""
    return at - closed_at > timedelta(days=reopen_days)


def opens(history: History, open_since: datetime | None, *, last_at: datetime, customer_last: bool) -> bool:
    """Is a thread that was there at the connection an open ticket, now that all of its part is in?"""
    if history is History.ALL:
        return True
    return history is History.SINCE and customer_last and open_since is not None and last_at >= open_since


def says_forged(trust: Trust) -> bool:
    """Did our own provider find that the sender is not who they say?

    Only a "fail" counts, and only ever against a mail: a provider that says nothing is no reason for doubt, and a
    "pass" may be the sender's own words.
    """
    if trust.dmarc in {"pass", "fail"}:
        return trust.dmarc == "fail"
    return "pass" not in {trust.spf, trust.dkim} and "fail" in {trust.spf, trust.dkim}


_NOT_BY_PROGRAM: Final = frozenset({"dmarc", "spam", "list", "x-auto-response-suppress", "no sender", "unreadable"})
"""Reasons never to answer a mail automatically that do not say that a program wrote it."""


def is_by_program(mail: ParsedMail) -> bool:
    """Did a program write this mail? Such a mail reopens nothing, and its Reply-To counts for nothing.

    A no-reply address with somebody else's in Reply-To is a form or a shop that passes a person's words on.
    """
    signs = [reason for reason in mail.auto_reasons if reason not in _NOT_BY_PROGRAM]
    if signs == ["system sender"]:
        from app.mime.meaning.classify import is_system_sender  # few mails: what only asks for outcomes does without

        return not any(one.address and not is_system_sender(one.address) for one in mail.reply_to)
    return bool(signs)


_BY_PROGRAM: Final = {
    MailClass.BOUNCE: Outcome.BOUNCE,
    MailClass.AUTO_REPLY: Outcome.AUTO_REPLY,
    MailClass.BULK: Outcome.BULK,
    MailClass.FEEDBACK_REPORT: Outcome.FEEDBACK,
}


def outcome_of_class(mail_class: MailClass) -> Outcome | None:
    """The outcome of a mail that is no letter of a person; None for letters."""
    return _BY_PROGRAM.get(mail_class)


def beginning(mail: ParsedMail, size: int) -> ParsedMail:
    """The beginning of a large mail (`size` bytes), as it is shown until the rest is here.

    Files are left out, for the last of them is cut. Where the cut is in the text, so is its last line.
    """
    text = mail.text if mail.attachments else mail.text[: mail.text.rfind("\n") + 1]
    words = f"Only the beginning of this large mail is here. The whole mail has {size / 1e6:.1f} MB."
    return replace(mail, text=text, attachments=(), warnings=(*mail.warnings, words))
