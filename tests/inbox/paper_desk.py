"""A desk that is handed its mail without a server: for everything that comes after the bytes are safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.tables import Message
from app.inbox import commands, rules
from app.inbox.commands import Ingested, MailToIngest, ReceivedMail
from app.inbox.queries import waiting_items
from app.inbox.rules import FolderRole
from app.inbox.tables import MailItem
from app.kernel import clock
from app.kernel.files.blobs import Packs
from app.mime.parse import parse
from app.people.commands import add_agent
from app.tickets.tables import Ticket
from app.workers.receiving.carry import header_hash
from tests.empty_desk import empty_store

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FOLDERS = {"INBOX": FolderRole.INBOX, "Sent": FolderRole.SENT, "Junk": FolderRole.JUNK}


class PaperDesk:
    """`take` hands it one mail, as if a server had shown it just now."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        self.now = START
        clock.set_source(lambda: self.now)
        self.store = empty_store(folder / "desk.sqlite")
        (folder / "packs").mkdir()
        self.packs = Packs(folder / "packs")
        self.told: list[str] = []
        self.ann = self.do(add_agent, "Ann Lee", "ann@desk.example")
        fields.setdefault("open_since", START - timedelta(days=14))
        box = NewMailbox("support@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "u", "ref", **fields)
        self.mailbox: UUID = self.do(add_mailbox, box)
        self.do(commands.watch_folders, self.mailbox, list(FOLDERS.items()))
        self._uid = 0

    def do(self, command: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.store.write(getattr(command, "__name__", "command"), agent=getattr(self, "ann", None)) as tx:
            result = command(tx, *args, **kwargs)
            self.told += [type(fact).__name__ for fact in tx.facts]
            return result

    def ask(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.store.read() as db:
            return query(db, *args, **kwargs)

    def take(self, *mails: bytes, **how: Any) -> Ingested:
        """Receive and ingest mails in one batch. `how`: folder, was_there, at (the server's time)."""
        lines = self.receive(*mails, **how)
        batch = [MailToIngest(line, parse(raw)) for line, raw in zip(lines.values(), mails, strict=True)]
        done = self.do(commands.ingest, batch, budget_s=60)
        again = self.ask(waiting_items, self.mailbox, limit=100)
        if again:
            mails_again = [MailToIngest(one.id, parse(self.packs.read(one.blob))) for one in again]
            self.do(commands.ingest, mails_again, budget_s=60)
        return done

    def receive(
        self, *mails: bytes, folder: str = "INBOX", was_there: bool = False, at: datetime | None = None, uid: int = 0
    ) -> dict[int, UUID]:
        """Only the first step: the ledger lines of mails, by UID."""
        received = []
        for raw in mails:
            self._uid = uid or self._uid + 1
            ref = self.packs.append(raw)
            received.append(ReceivedMail(self._uid, at or self.now, len(raw), header_hash(raw), ref, was_there))
        self.packs.flush()
        return self.do(commands.receive, rules.folder_id(self.mailbox, folder), 1, received)

    def outcome(self, raw: bytes, **how: Any) -> str:
        """What becomes of one mail."""
        (outcome,) = self.take(raw, **how).outcomes
        return outcome

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def rows(self, query: Any) -> list[Any]:
        with self.store.read() as db:
            found = list(db.execute(query).scalars())
            db.expunge_all()
            return found

    def tickets(self) -> list[Ticket]:
        """All tickets that are not merged, by number."""
        return self.rows(select(Ticket).where(Ticket.merged_into.is_(None)).order_by(Ticket.number))

    def ticket(self) -> Ticket:
        """The only ticket."""
        (one,) = self.tickets()
        return one

    def messages(self) -> list[Message]:
        return self.rows(select(Message).order_by(Message.occurred_at, Message.id))

    def last_item(self) -> MailItem:
        found: list[MailItem] = self.rows(select(MailItem).order_by(MailItem.uid.desc()).limit(1))
        return found[0]

    def close(self) -> None:
        self.packs.close()
        self.store.close()
        clock.set_source(None)


@contextmanager
def paper_desk(folder: Path, **fields: Any) -> Iterator[PaperDesk]:
    """A desk that is closed in the end."""
    desk = PaperDesk(folder, **fields)
    try:
        yield desk
    finally:
        desk.close()
