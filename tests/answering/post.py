"""The post between desks and their peers: what one SMTP server took is put into the mailboxes of its recipients.

It adds what a delivering server adds. A `plain` one takes away every field but the few that a mail must have, as a
gateway does that rewrites everything: then no header can stop a loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from email import message_from_bytes
from email.utils import make_msgid
from pathlib import Path

from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import mailboxes
from app.desk import Desk
from app.desk.setup import accounts
from app.passes import one_pass
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import Letter, SmtpServer

_NEEDED = {"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"}


class Post:
    """`carry` delivers what was sent since the last call; how many mails went to a mailbox or a peer."""

    def __init__(self, dovecot: Dovecot, smtp: SmtpServer, *, plain: bool = False) -> None:
        self.dovecot, self.smtp, self._plain = dovecot, smtp, plain
        self.boxes: dict[str, Account] = {}
        self.peers: dict[str, Callable[[Letter], bytes]] = {}
        self._carried = 0

    def carry(self) -> int:
        fresh = self.smtp.letters[self._carried :]
        self._carried += len(fresh)
        for one in fresh:
            for address in one.recipients:
                if address in self.peers:
                    self.dovecot.deliver(self.boxes[one.sender], self.peers[address](one))
                else:
                    self.dovecot.deliver(self.boxes[address], self._delivered(one))
        return len(fresh)

    def sent_by(self, address: str) -> list[Letter]:
        """Everything that this mailbox sent."""
        return [one for one in self.smtp.letters if one.sender == address]

    def _delivered(self, one: Letter) -> bytes:
        if not self._plain:
            return f"Return-Path: <{one.sender}>\r\n".encode() + one.raw
        mail = message_from_bytes(one.raw)
        for name in set(mail.keys()):
            if name.lower() not in _NEEDED:
                del mail[name]
        mail["Message-ID"] = make_msgid(domain="gateway.example")
        mail["Subject"] = mail["Subject"]
        return mail.as_bytes()


class Place:
    """A real desk on disk with one real mailbox; every pass opens it anew, as after a restart."""

    def __init__(self, folder: Path, post: Post, name: str) -> None:
        self.folder = folder
        account = post.dovecot.new_user(name)
        self.address = account.address
        post.boxes[self.address] = account
        with empty_desk(folder) as desk:
            desk.sit_down(desk.work(add_agent, name.capitalize()))
            imap, smtp = f"imap://127.0.0.1:{post.dovecot.imap}", f"smtp://127.0.0.1:{post.smtp.port}"
            where = accounts.Account(self.address, imap, smtp, account.user)
            key = accounts.connect(desk, where, account.password)
            desk.do(update_mailbox, key, ack_on=True)
        self.one_pass()  # what comes from now on is new

    def open(self) -> Desk:
        return Desk.open(self.folder)

    def one_pass(self) -> None:
        """Receive, store, send: once, in a desk that was just opened."""
        with self.open() as desk:
            assert desk.ask(mailboxes)[0].paused_reason == ""
            assert one_pass(desk, stop=threading.Event()).problems == []


def until_quiet(post: Post, *places: Place, most: int = 12) -> int:
    """Passes and deliveries in turn until nothing moves any more; how many rounds it took, at most `most`."""
    for turn in range(most):
        before = len(post.smtp.letters)
        for place in places:
            place.one_pass()
            post.carry()
        if len(post.smtp.letters) == before:
            return turn
    return most
