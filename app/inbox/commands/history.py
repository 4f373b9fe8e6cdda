"""The mail that lay in a mailbox when it was connected: counted before it is fetched, stopped and continued by a person.

Beside it the byte counter, because both are about what a line can carry.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.inbox.tables import MailHistory, MailTraffic
from app.kernel.database.transaction import Tx


def note_history(tx: Tx, mailbox: UUID, *, mails: int, size_bytes: int, oldest_at: datetime | None) -> None:
    """What is to come in was counted."""
    row = _history(tx, mailbox)
    row.mails, row.size_bytes, row.oldest_at, row.counted_at = mails, size_bytes, oldest_at, tx.now


def hold_history(tx: Tx, mailbox: UUID, *, held: bool) -> None:
    """Stop bringing in the mail that was there, or go on with it. New mail comes in either way."""
    _history(tx, mailbox).is_held = held
    tx.touch("mailbox", mailbox)
    if not held:
        tx.signal("check_now")


def add_traffic(tx: Tx, mailbox: UUID, *, received: int, sent: int) -> None:
    """Count bytes to today's."""
    day = tx.now.strftime("%Y-%m-%d")
    row = tx.get(MailTraffic, (mailbox, day))
    if row is None:
        tx.add(MailTraffic(mailbox=mailbox, day=day, received=received, sent=sent))
    else:
        row.received += received
        row.sent += sent


def _history(tx: Tx, mailbox: UUID) -> MailHistory:
    row = tx.get(MailHistory, mailbox)
    if row is None:
        row = MailHistory(id=mailbox, mails=0, size_bytes=0, is_held=False)
        tx.add(row)
    return row
