"""A desk for tests of features: the whole database, some people and a mailbox, and time that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from app.conversations.commands import NewAttachment, NewMessage, add_message
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.kernel import clock, ids
from app.outbox.facts import ReplyCancelled, ReplySent
from app.people.commands import add_agent, customer_for
from app.tickets import commands
from tests.empty_desk import empty_store

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class SmallDesk:
    """A database with two agents and a mailbox; `do` and `ask` as the desk has them."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        clock.set_source(lambda: self.now)
        self.path = folder / "desk.sqlite"
        self.store = empty_store(self.path)
        self._wire()
        self.ann = self.work(add_agent, "Ann Lee", "ann@desk.example")
        self.bob = self.work(add_agent, "Bob Ray", "bob@desk.example")
        box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "ref")
        self.mailbox = self.work(add_mailbox, box)

    def _wire(self) -> None:
        self.store.on(ReplySent, commands.note_reply_sent)
        self.store.on(ReplyCancelled, commands.note_reply_cancelled)

    def reopen(self) -> None:
        """Close and open the database, as a restart does."""
        self.store.close()
        self.store = empty_store(self.path)
        self._wire()

    def do(self, command: Callable[..., T], *args: Any, agent: UUID | None = None, **kwargs: Any) -> T:
        """Run a command as an agent, Ann by default."""
        with self.store.write(command.__name__, agent=agent or self.ann) as tx:
            return command(tx, *args, **kwargs)

    def work(self, command: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a command as the program itself."""
        with self.store.write(command.__name__) as tx:
            return command(tx, *args, **kwargs)

    def ask(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a query."""
        with self.store.read() as db:
            return query(db, *args, **kwargs)

    def later(self, **span: float) -> datetime:
        """Move the time on."""
        self.now += timedelta(**span)
        return self.now

    def mail(self, ticket: UUID | None = None, **fields: Any) -> tuple[UUID, UUID]:
        """A customer's mail as receiving stores it: into `ticket`, or a new one. (ticket, message)."""
        with self.store.write("ingest") as tx:
            return mail_in(tx, ticket, mailbox=self.mailbox, **fields)

    def close(self) -> None:
        """Let go of the database and of the time."""
        self.store.close()
        clock.set_source(None)


def mail_in(
    tx: Any,
    ticket: UUID | None = None,
    *,
    mailbox: UUID | None = None,
    address: str = "mia@shop.example",
    name: str = "Mia Wong",
    subject: str = "Where is my parcel?",
    words: str = "Hello, it has not come.",
    at: datetime | None = None,
    files: tuple[NewAttachment, ...] = (),
    cc: tuple[tuple[str, str], ...] = (),
    **opening: Any,
) -> tuple[UUID, UUID]:
    """What receiving does for a mail whose ticket is known, or that opens one."""
    when = at or tx.now
    customer = customer_for(tx, address, name, when)
    message = ids.new_id()
    if ticket is None:
        ticket = ids.derived_id("ticket", message, at_ms=clock.to_ms(when))
        commands.open_ticket(tx, ticket=ticket, customer=customer, subject=subject, mailbox=mailbox, at=when, **opening)
    new = NewMessage(
        id=message,
        ticket=ticket,
        customer=customer,
        mailbox=mailbox,
        direction="in",
        external_id=f"{message.hex}@shop.example",
        sender=(name, address),
        to=(("", "help@desk.example"),),
        cc=cc,
        subject=subject,
        text=words,
        occurred_at=when,
        attachments=files,
    )
    add_message(tx, new)
    commands.customer_wrote(tx, ticket, at=when, snippet=words, has_attachment=bool(files))
    return ticket, message


@contextmanager
def small_desk(folder: Path) -> Iterator[SmallDesk]:
    """A desk that is closed in the end."""
    desk = SmallDesk(folder)
    try:
        yield desk
    finally:
        desk.close()
