"""A mailbox that nobody tries to reach, for tests of mail health."""

from __future__ import annotations

from uuid import UUID

from app.conversations.mailboxes import NewMailbox, add_mailbox, finish_first_import
from app.conversations.queries import MailboxInfo, mailbox
from app.desk import Desk


def box_of(desk: Desk, key: UUID) -> MailboxInfo:
    """A mailbox."""
    info = desk.ask(mailbox, key)
    assert info is not None
    return info


def shop_box(desk: Desk) -> MailboxInfo:
    """The shop's, whose first mail is all here."""
    new = NewMailbox(
        "help@shop.test", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help@shop.test", "none", name="Shop"
    )
    key = desk.work(add_mailbox, new)
    desk.work(finish_first_import, key)
    return box_of(desk, key)
