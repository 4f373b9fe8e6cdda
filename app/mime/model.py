"""What a mail says, as plain frozen data that can cross a process border.

All text is decoded and unfolded, all times are aware UTC, ids carry no angle brackets. Nothing here points back at
the raw bytes except `Part.path`, with which `app.mime.content.parts.part_bytes` finds the bytes of an attachment again.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from app.mime.content.fold import Fold, fold


class MailClass(enum.StrEnum):
    """What kind of mail it is; the value is printed by `mail parse` and stored."""

    MESSAGE = "message"
    BOUNCE = "bounce"  # a delivery report, also of a delay or a success: see Bounce.recipients[].action
    AUTO_REPLY = "auto_reply"  # out of office, acknowledgements, anything a program answered
    BULK = "bulk"  # newsletters and mailing lists
    FEEDBACK_REPORT = "feedback_report"  # "this is spam" complaints, RFC 5965
    ENCRYPTED = "encrypted"  # nothing readable without a key


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address field. `address` may be "" where the mail gives only a name."""

    name: str
    address: str  # domain in lower case, local part as written

    @property
    def key(self) -> str:
        """The form to compare and look up by."""
        return self.address.casefold()


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment: a part of the raw mail, decoded on demand by `part_bytes(raw, path)`."""

    path: str  # "1.2" as in IMAP; "2.t1" = first file inside a winmail.dat at 2; "1.u1" = first uuencoded file of 1; "1.p.2" = part 2 in what the S/MIME file 1 signs
    content_type: str
    filename: str  # decoded, no folders, never empty
    size: int  # decoded bytes
    sha256: str  # hex, of the decoded bytes; "" when files were not asked for
    inline: bool
    content_id: str  # without angle brackets, or ""


@dataclass(frozen=True, slots=True)
class BounceRecipient:
    """What a delivery report says about one address."""

    address: str  # "" when the report does not tell
    action: str  # failed, delayed, delivered, relayed, expanded
    status: str  # "5.1.1" or ""
    reason: str  # our own word, see app.mime.meaning.reasons
    permanent: bool  # the address itself is dead: stop writing to it
    words: str = ""  # the reporting server's own words, for people


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report: recipients in the order of the report, and the id of the mail it speaks of."""

    recipients: tuple[BounceRecipient, ...]
    original_message_id: str | None


@dataclass(frozen=True, slots=True)
class Trust:
    """What our own provider found out on receiving: "pass", "fail", "none" …, "" = it does not say."""

    spf: str
    dkim: str
    dmarc: str
    spam: bool


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One mail, read. Every field has a value for every input; what was repaired or guessed is in `warnings`."""

    subject: str
    from_: Address | None
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    date: datetime | None
    raw_date: str
    received_at: datetime | None
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str
    html: str | None
    attachments: tuple[Part, ...]
    mail_class: MailClass
    bounce: Bounce | None
    feedback_for: str | None
    opening: str  # the beginning of what the writer wrote now, for lists
    trust: Trust
    warnings: tuple[str, ...]
    header_hash: bytes
    body_hash: bytes
    deskbell_id: str | None
    delivered_to: tuple[str, ...]
    is_automatic: bool
    auto_reasons: tuple[str, ...]
    lowest_received: str  # given only for a mail without a Message-ID, to tell it from others
    returned_id: str = ""  # the X-Deskbell-Id of the mail that a report gives back; "" where it names none
    has_html: bool = field(default=False)  # true also when html was not asked for
    list_names: tuple[str, ...] = ()  # what a mailing list calls itself: its address, or its List-Id; casefolded
    original_from: Address | None = None  # whom a list put its own address in the place of

    @property
    def reply(self) -> Fold:
        """The text split for showing. Made anew each time it is asked for: only views and `mail parse` need it."""
        return fold(self.text)
