"""Who a visitor is: what they say, what they prove, and keeping somebody out.

What they say is kept beside the visitor and nowhere else. Only a code that was mailed to the address, or the signature
of the owner's own site, joins them with the customer who has it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.answering.commands import may_write, note_automatic
from app.chats.commands.rows import conversation_row, visitor_row
from app.chats.letters import code_letter
from app.chats.rules import CODE_LIFE, CODE_TRIES, GOING_ON, IDENTITY_LIFE, State, clean_line
from app.chats.tables import ChatVisitor, Conversation
from app.conversations.tables import Mailbox
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.state import options
from app.outbox.commands import queue_reply
from app.outbox.rules import is_address
from app.people.commands import customer_for, merge_customers
from app.people.row_history import change_row
from app.people.visitors import name_visitor
from app.tickets.commands.rows import living_row
from app.tickets.commands.writing import default_mailbox

_BETWEEN_CODES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of a visitor now."""

    name: str
    email: str
    verified: bool


def contact_of(row: ChatVisitor) -> Contact:
    """What is known of a visitor, as the widget is told."""
    return Contact(row.name, row.email, row.verified_at is not None)


def set_contact(tx: Tx, visitor: UUID, name: str, email: str) -> Contact:
    """The visitor says who they are. A proven address stays; what is no address is not taken."""
    row = visitor_row(tx, visitor)
    if row.verified_at is None:
        said, address = clean_line(name, 80), clean_line(email, 200)
        if said and said != row.name:
            row.name = said
            name_visitor(tx, row.customer, said)
        if is_address(address) and address != row.email:
            row.email, row.code_sha256 = address, None
        _touch(tx, row)
    return contact_of(row)


def send_code(tx: Tx, conversation: UUID, address: str = "") -> None:
    """Mail the visitor a code of six digits that proves their address. Raises UserError for none, and for too many."""
    chat = conversation_row(tx, conversation)
    row = visitor_row(tx, chat.visitor)
    wanted = clean_line(address, 200) or row.email
    if row.verified_at is not None:
        msg = "This visitor has proven the address already."
        raise UserError(msg)
    if not is_address(wanted):
        msg = "This visitor has left no address. Ask for it first."
        raise UserError(msg)
    if row.code_sent_at is not None and tx.now - row.code_sent_at < _BETWEEN_CODES:
        msg = "A code was sent a moment ago. Give it half a minute."
        raise UserError(msg)
    if not may_write(tx, wanted):
        msg = "So many codes have gone to this address lately that no further one is sent. Try again later."
        raise UserError(msg)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row.email = wanted  # before the code is hashed, which counts for this address alone
    row.code_sha256, row.code_sent_at, row.code_tries = _hash(row, code), tx.now, 0
    _mail_code(tx, chat, row, code)
    _touch(tx, row)


def _mail_code(tx: Tx, chat: Conversation, row: ChatVisitor, code: str) -> None:
    box = default_mailbox(tx)
    mailbox = tx.get_one(Mailbox, box)
    desk = str(options.get(tx, "desk_name")) or mailbox.name or mailbox.address
    language = row.lang or str(options.get(tx, "desk_language"))
    subject, text = code_letter(language, code, row.name, desk, int(CODE_LIFE.total_seconds() // 60))
    ticket = living_row(tx, chat.ticket)
    message = queue_reply(
        tx, ticket=ticket.id, mailbox=box, customer=ticket.customer, to=[(row.name, row.email)], subject=subject,
        text=text, automatic=True, kind="auto_reply", thread=False,
    )  # fmt: skip
    note_automatic(tx, message, row.email)


def check_code(tx: Tx, visitor: UUID, code: str) -> Contact | None:
    """The visitor gives the code; None when it is wrong, too old, or was tried too often."""
    row = visitor_row(tx, visitor)
    if row.verified_at is not None:
        return contact_of(row)
    old = row.code_sent_at is None or tx.now - row.code_sent_at > CODE_LIFE
    if row.code_sha256 is None or old or row.code_tries >= CODE_TRIES:
        return None
    row.code_tries += 1
    digits = "".join(char for char in code if char.isascii() and char.isdigit())[:12]
    if not hmac.compare_digest(_hash(row, digits), row.code_sha256):
        return None
    return _proven(tx, row, row.name, row.email)


def prove_identity(
    tx: Tx, visitor: UUID, *, name: str, email: str, at: int, signature: str, key: str
) -> Contact | None:
    """The owner's site says who its visitor is (`identity_signature`); None when that is forged or a day old."""
    row = visitor_row(tx, visitor)
    if not is_proof(name, email, at, signature, key, tx.now) or not is_address(email):
        return None
    if row.verified_at is not None and row.email.casefold() == email.casefold():
        return contact_of(row)
    return _proven(tx, row, clean_line(name, 80), email)


def is_proof(name: str, email: str, at: int, signature: str, key: str, now: datetime) -> bool:
    """Is this the site's own signature, made within a day?"""
    try:
        made = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return False
    fresh = abs(now - made) <= IDENTITY_LIFE
    return (
        bool(key)
        and fresh
        and hmac.compare_digest(identity_signature(name, email, at, key).encode(), signature.encode("utf-8", "replace"))
    )


def identity_signature(name: str, email: str, at: int, key: str) -> str:
    """What the owner's site signs: HMAC-SHA256 over protocol, address, name and moment (unix seconds), as hex."""
    words = f"deskbell-chat/1\n{email}\n{name}\n{at}"
    return hmac.new(key.encode(), words.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def block_visitor(tx: Tx, visitor: UUID) -> None:
    """From now on nothing of this visitor is taken; a chat with them that goes on is over. It can be undone."""
    row = visitor_row(tx, visitor)
    change_row(tx, row, row.name, blocked_at=tx.now)
    chats = select(Conversation).where(Conversation.visitor == visitor, Conversation.state.in_(GOING_ON))
    for chat in tx.scalars(chats):
        change_row(tx, chat, ticket=chat.ticket, quietly=True, state=str(State.MISSED), ended_at=tx.now)


def unblock_visitor(tx: Tx, visitor: UUID) -> None:
    """They may write again. It can be undone."""
    row = visitor_row(tx, visitor)
    change_row(tx, row, row.name, blocked_at=None)
    _touch(tx, row)


def _proven(tx: Tx, row: ChatVisitor, name: str, email: str) -> Contact:
    """The address is theirs: from now on they are the customer who has it."""
    row.verified_at, row.email, row.name, row.code_sha256 = tx.now, email, name or row.name, None
    customer = customer_for(tx, email, row.name, tx.now)
    if customer != row.customer:
        tx.flush()
        merge_customers(tx, row.customer, customer)
        row.customer = customer
    _touch(tx, row)
    return contact_of(row)


def _hash(row: ChatVisitor, code: str) -> bytes:
    return hashlib.sha256(row.id.bytes + row.email.casefold().encode() + code.encode()).digest()


def _touch(tx: Tx, row: ChatVisitor) -> None:
    for key in tx.scalars(select(Conversation.id).where(Conversation.visitor == row.id)):
        tx.touch("conversation", key)
