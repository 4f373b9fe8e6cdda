"""A desk as small as the outbox and surveys need it: a real store and real packs, a mailbox, tickets, mails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.conversations.commands import NewMessage, add_message
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.kernel import clock, ids
from app.kernel.files.blobs import Packs
from app.outbox.commands import queue_reply
from app.outbox.tables import Outbox
from app.people.commands import add_agent, customer_for
from app.tickets.tables import Ticket
from tests.empty_desk import empty_store

US = "support@lark.example.test"
ANN = "ann@customer.example.test"


class SmallDesk:
    """`do` and `ask` as the workers get them; `tell_time` moves the clock of this process."""

    def __init__(self, folder: Path, *, smtp: str = "smtp://127.0.0.1:1", imap: str = "imap://127.0.0.1:1") -> None:
        fresh = not (folder / "desk.db").exists()
        self.store = empty_store(folder / "desk.db")
        self.folder = folder
        (folder / "packs").mkdir(exist_ok=True)
        self.packs = Packs(folder / "packs")
        self.stop = threading.Event()
        if not fresh:
            return
        box = NewMailbox(US, imap, smtp, "", "secret", name="Lark & Loom", files_sent_itself=True)
        self.mailbox: UUID = self.do(add_mailbox, box)
        self.agent: UUID = self.do(add_agent, "Maya")
        self.customer: UUID = self.do(customer_for, ANN, "Ann Example", clock.now())
        self.ticket = self.add_ticket("Order 10998")

    def do(self, command: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.store.write(getattr(command, "__name__", "test")) as tx:
            return command(tx, *args, **kwargs)

    def ask(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.store.read() as db:
            return query(db, *args, **kwargs)

    def secrets(self, _ref: str) -> str | None:
        return "password"

    def add_ticket(self, subject: str, status: str = "open", **fields: Any) -> UUID:
        key = ids.new_id()

        def add(tx: Any) -> None:
            number = tx.execute(text("SELECT coalesce(max(number), 0) + 1 FROM ticket")).scalar() or 0
            row = {
                "number": number,
                "subject": subject,
                "status": status,
                "customer": self.customer,
                "mailbox": self.mailbox,
            }
            times = {"created_at": clock.now(), "last_message_at": clock.now()}
            tx.add(Ticket(id=key, **(row | times | fields)))

        self.do(add)
        return key

    def incoming(self, subject: str = "Order 10998", *, ticket: UUID | None = None, **fields: Any) -> UUID:
        key = ids.new_id()
        known: dict[str, Any] = {
            "ticket": ticket or self.ticket, "customer": self.customer, "mailbox": self.mailbox,
            "external_id": f"{key.hex}@customer.example.test", "sender": ("Ann Example", ANN), "to": (("", US),),
            "subject": subject, "text": "My order arrived broken.", "occurred_at": clock.now(),
        }  # fmt: skip
        self.do(add_message, NewMessage(id=key, direction="in", **(known | fields)))
        return key

    def reply(self, words: str = "Sorry!", **given: Any) -> UUID:
        known = {"ticket": self.ticket, "mailbox": self.mailbox, "customer": self.customer, "agent": self.agent}
        key: UUID = self.do(queue_reply, **(known | {"text": words} | given))
        return key

    def row(self, message: UUID) -> Outbox:
        with self.store.read() as db:
            row = db.get(Outbox, message)
            assert row is not None
            db.expunge(row)
            return row

    def state(self, message: UUID) -> str:
        return self.row(message).state

    def close(self) -> None:
        self.store.close()
        self.packs.close()


class Clock:
    """A clock on the wall that a test moves or sets, and the time that goes by all the same."""

    def __init__(self, start: datetime) -> None:
        self.at, self.passed_s = start, 5_000.0

    def __call__(self) -> datetime:
        return self.at

    def elapsed_s(self) -> float:
        """As `app.kernel.clock.elapsed` has it."""
        return self.passed_s

    def forward(self, **by: float) -> None:
        """Time goes by."""
        span = timedelta(**by)
        self.at, self.passed_s = self.at + span, self.passed_s + span.total_seconds()

    def forward_to(self, at: datetime) -> None:
        """Time goes by until then."""
        self.forward(seconds=(at - self.at).total_seconds())

    def set(self, **by: float) -> None:
        """Somebody sets the clock; no time goes by."""
        self.at += timedelta(**by)
