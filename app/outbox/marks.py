"""What our mail carries so that an answer finds home even when its program drops In-Reply-To and References. Pure.

* A token in the address to answer to (`support+db-…@`): unguessable, so that holding it proves having had the mail.
* The ticket's number with two check digits in the subject (`[#123-k7]`): short enough for people, and easy to forge;
  therefore it counts only from the ticket's own customer. The digits keep other programs' numbers from being taken
  for ours.

Neither is ever stored with a message or shown: what is read of a mail is stored without them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final
from uuid import UUID

from app.kernel.tokens import hide_token

_IN_ADDRESS: Final = re.compile(r"\+db-([a-z2-7]{26})(?=@)", re.IGNORECASE)
_IN_SUBJECT: Final = re.compile(r"\[\s*#\s*(\d{1,9})-([a-z2-7]{2})\s*\]", re.IGNORECASE)


def answer_address(address: str, token: str) -> str:
    """Our address with a token in it."""
    local, at, domain = address.rpartition("@")
    return f"{local}+db-{token}{at}{domain}"


def token_in(address: str) -> str | None:
    """The token in one of the addresses that a mail was sent to."""
    found = _IN_ADDRESS.search(address) if "+" in address else None
    return found[1].lower() if found else None


def plain_address(address: str) -> str:
    """An address for storing: without a token."""
    return _IN_ADDRESS.sub("", address) if "+" in address else address


def check_digits(number: int, ticket: UUID) -> str:
    """Two characters that go with a ticket's number."""
    digest = hashlib.sha256(ticket.bytes + number.to_bytes(8, "big")).digest()
    return base64.b32encode(digest[:5]).decode("ascii")[:2].lower()


def with_mark(subject: str, number: int, ticket: UUID) -> str:
    """A subject as it is sent."""
    return f"{without_marks(subject)} [#{number}-{check_digits(number, ticket)}]".lstrip()


def marks_in(subject: str) -> tuple[tuple[int, str], ...]:
    """(number, check digits) of every mark in a subject, each once."""
    if "#" not in subject:
        return ()
    return tuple(dict.fromkeys((int(number), digits.lower()) for number, digits in _IN_SUBJECT.findall(subject)))


def without_marks(subject: str) -> str:
    """A subject for storing and showing: without marks and tokens."""
    if "#" in subject and (shorter := _IN_SUBJECT.sub("", subject)) != subject:
        subject = " ".join(shorter.split())
    return hide_token(subject)
