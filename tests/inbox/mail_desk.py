"""A desk with one mailbox on a real IMAP server, and the hands to receive from it as `deskbell sync` does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.tables import Message
from app.inbox.queries import LedgerFolder, ledger
from app.inbox.tables import MailItem
from app.kernel import clock
from app.kernel.files.blobs import Packs
from app.tickets.tables import Ticket
from app.workers.parsing import ParsePool
from app.workers.receiving.mailbox_pass import Hands, PassCounts, list_again, receive_pass
from tests.empty_desk import empty_store
from tests.servers.dovecot import Account, Dovecot

T = TypeVar("T")


class MailDesk:
    """`do` and `ask` as the desk has them; `sync` receives everything once."""

    def __init__(self, folder: Path, server: Dovecot, account: Account, **fields: Any) -> None:
        self.folder, self.server, self.account = folder, server, account
        folder.mkdir(parents=True, exist_ok=True)
        fresh = not (folder / "desk.sqlite").exists()
        self.store = empty_store(folder / "desk.sqlite")
        (folder / "packs").mkdir(exist_ok=True)
        self.packs = Packs(folder / "packs")
        self.pool = ParsePool(folder / "packs", processes=1)
        self.facts: list[object] = []
        if fresh:
            fields.setdefault("open_since", clock.now() - timedelta(days=14))
            url = f"imap://127.0.0.1:{server.imap}"
            box = NewMailbox(account.user, url, "smtp://127.0.0.1:1", account.user, "ref", **fields)
            self.do(add_mailbox, box)
        self.mailbox: UUID = self.ask(lambda db: db.execute(text("SELECT id FROM mailbox")).scalar())
        self.mailbox = UUID(bytes=bytes(self.mailbox))

    def do(self, command: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.store.write(getattr(command, "__name__", "command")) as tx:
            result = command(tx, *args, **kwargs)
            self.facts += tx.facts
            return result

    def ask(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.store.read() as db:
            return query(db, *args, **kwargs)

    def secret(self, _ref: str) -> str:
        return self.account.password

    def hands(self, stop: threading.Event | None = None, **changes: Any) -> Hands:
        """What receiving is handed; `changes` replace some of it."""
        usual = (self.mailbox, self.do, self.ask, self.packs, self.secret, self.pool, stop or threading.Event())
        return replace(Hands(*usual), **changes)

    def sync(self, **changes: Any) -> PassCounts:
        """One pass. `changes` replace what the pass is handed."""
        return receive_pass(self.hands(**changes))

    def list_again(self) -> int:
        return list_again(self.hands())

    def deliver(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        self.server.deliver(self.account, raw, folder, at=at)

    # -- what is there now

    def rows(self, query: Any) -> list[Any]:
        with self.store.read() as db:
            found = list(db.execute(query).scalars())
            db.expunge_all()
            return found

    def ledger(self, folder: str = "INBOX") -> LedgerFolder:
        return next(one for one in self.ask(ledger) if one.folder == folder)

    def outcomes(self) -> Counter[str]:
        return self.ask(lambda db: Counter(db.execute(select(MailItem.outcome)).scalars()))

    def items(self) -> list[MailItem]:
        return self.rows(select(MailItem).order_by(MailItem.uid))

    def tickets(self) -> list[Ticket]:
        """All tickets that are not merged, by number."""
        return self.rows(select(Ticket).where(Ticket.merged_into.is_(None)).order_by(Ticket.number))

    def messages(self) -> list[Message]:
        return self.rows(select(Message).order_by(Message.occurred_at, Message.id))

    def close(self) -> None:
        self.pool.close()
        self.packs.close()
        self.store.close()


@contextmanager
def mail_desk(folder: Path, server: Dovecot, account: Account, **fields: Any) -> Iterator[MailDesk]:
    """A desk that is closed in the end."""
    desk = MailDesk(folder, server, account, **fields)
    try:
        yield desk
    finally:
        desk.close()


def letter(
    text: str = "Hello",
    *,
    ident: str = "",
    sender: str = "Ann <ann@customer.example>",
    to: str = "support@desk.example",
    cc: str = "",
    subject: str = "A question",
    answers: str = "",
    refs: tuple[str, ...] = (),
    date: datetime | None = None,
    more: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A plain mail as bytes, written by hand so that nothing repairs it."""
    when = (date or clock.now()).strftime("%a, %d %b %Y %H:%M:%S +0000")
    fields = [("From", sender), ("To", to), ("Subject", subject), ("Date", when)]
    fields += [("Cc", cc)] if cc else []
    fields += [("Message-ID", f"<{ident}>")] if ident else []
    fields += [("In-Reply-To", f"<{answers}>")] if answers else []
    fields += [("References", " ".join(f"<{ref}>" for ref in refs))] if refs else []
    fields += [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"), *more]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return (head + "\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()
