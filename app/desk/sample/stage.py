"""What happens to the sample desk, one step at a time: a mail arrives, somebody answers, a ticket changes.

Steps call what the workers and the window call. The one difference is the time: each step says when it happened.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import event, select

from app.conversations.commands import NewFile, add_blob
from app.conversations.tables import Message
from app.desk.sample.files import File
from app.desk.sample.letters import Said
from app.inbox import commands as inbox
from app.inbox.rules import FolderRole, folder_id
from app.inbox.tables import MailItem
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.mime.compose import compose
from app.mime.parse import parse
from app.outbox import commands as outbox
from app.outbox import queries as outbox_queries
from app.outbox.rules import Hold
from app.tickets import commands as tickets

if TYPE_CHECKING:
    from app.desk.desk import Desk

_UIDVALIDITY: Final = 1_700_000_001
FOLDERS: Final = (("INBOX", FolderRole.INBOX), ("Sent", FolderRole.SENT), ("Junk", FolderRole.JUNK))
_COPIES: Final = 40
"""Copies of sent mails are looked at in heaps: nothing waits for them."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of a mail."""

    item: UUID
    outcome: str
    message: UUID | None
    ticket: UUID | None


class Stage:
    """The desk while it is being filled. Not thread-safe; nobody else writes meanwhile."""

    def __init__(self, desk: Desk, mailbox: UUID, until: datetime) -> None:
        self._desk = desk
        self._until = until
        self._packs = desk.packs
        self.mailbox = mailbox
        self._uids: Counter[str] = Counter()
        self._copies: list[tuple[bytes, datetime]] = []
        self._tx: Tx | None = None

    @property
    def tx(self) -> Tx:
        """The present transaction."""
        assert self._tx is not None, "no scene is open"
        return self._tx

    @contextlib.contextmanager
    def scene(self) -> Iterator[None]:
        """One transaction; the bytes that its rows point to are flushed before it is committed."""
        with self._desk.store.write("sample") as tx:
            self._tx = tx
            kept: list[object] = []
            for moment in ("loaded_as_persistent", "pending_to_persistent"):
                event.listen(tx, moment, lambda _tx, row: kept.append(row))  # what nobody holds would be read again
            yield
            if len(self._copies) >= _COPIES:
                self.file_copies()
            tx.flush()
            self._packs.flush()
        self._tx = None

    def at(self, moment: datetime, agent: UUID | None, name: str) -> Tx:
        """The next step happens at `moment` (never after the present), done by `agent` (None: the program itself)."""
        tx = self.tx
        tx.flush()
        moment = min(moment, self._until)
        tx.now, tx.agent, tx.action, tx.name = moment, agent, ids.new_id(), name
        return tx

    # -- mail

    def arrives(self, raw: bytes, at: datetime, folder: str = "INBOX") -> Arrived:
        """The server shows a mail."""
        item = self.shown(raw, at, folder)
        tx = self.at(at, None, "ingest")
        inbox.count_attempt(tx, [item])
        inbox.ingest(tx, [inbox.MailToIngest(item, parse(raw, want_html=False))], budget_s=60)
        tx.flush()
        row = tx.execute(select(MailItem.outcome, MailItem.message, MailItem.ticket).where(MailItem.id == item)).one()
        return Arrived(item, row.outcome, row.message, row.ticket)

    def shown(self, raw: bytes, at: datetime, folder: str = "INBOX") -> UUID:
        """The server shows a mail, of which only the bytes are stored yet; its ledger line."""
        ref = self._packs.append(raw)
        self._uids[folder] += 1
        uid = self._uids[folder]
        header_hash = hashlib.sha256(raw.partition(b"\r\n\r\n")[0]).digest()
        mail = inbox.ReceivedMail(uid, at, len(raw), header_hash, ref, was_there=False)
        tx = self.at(at, None, "receive")
        return inbox.receive(tx, folder_id(self.mailbox, folder), _UIDVALIDITY, [mail], cursor=uid)[uid]

    def answer(
        self, ticket: UUID, text: str, at: datetime, agent: UUID, *, files: Sequence[File] = (), solve: bool = False
    ) -> Said:
        """An agent answers, and the mail goes out a little later."""
        message = self.queued(ticket, text, at, agent, files=files, solve=solve)
        return self.sent(message, at + timedelta(seconds=14))

    def queued(
        self,
        ticket: UUID,
        text: str,
        at: datetime,
        agent: UUID,
        *,
        files: Sequence[File] = (),
        solve: bool = False,
        not_before: datetime | None = None,
        seen: UUID | None = None,
    ) -> UUID:
        """An agent's answer waits in the outbox."""
        tx = self.at(at, agent, "reply")
        written = tickets.reply(
            tx, ticket, text=text, files=self._files(files), solve=solve, not_before=not_before, seen=seen
        )
        return written.message

    def claimed(self, message: UUID, at: datetime) -> Hold | None:
        """The sender takes a message; a Hold says that it waits for a person instead."""
        tx = self.at(at, None, "claim")
        frozen = outbox_queries.letter(tx, message)
        assert frozen is not None
        raw = compose(frozen.whole(self._packs.read))
        self._packs.flush()
        got = outbox.claim(tx, message, self._packs.append(raw))
        return got if isinstance(got, Hold) else None

    def sent(self, message: UUID, at: datetime) -> Said:
        """The server takes a message over, and its copy is filed in Sent."""
        at = min(at, self._until)
        tx = self.at(at, None, "claim")
        frozen = outbox_queries.letter(tx, message)
        assert frozen is not None
        raw = compose(frozen.whole(self._packs.read))
        claim = outbox.claim(tx, message, self._packs.append(raw))
        assert isinstance(claim, outbox.Claim)
        outbox.record_results(tx, message, claim.recipients, {})
        outbox.record_copy(tx, message, done=True)
        self._copies.append((raw, at))
        letter = frozen.letter
        return Said(letter.message_id, letter.text.partition("\n-- \n")[0], at, letter.references)

    def file_copies(self) -> None:
        """The server shows what was sent, in Sent."""
        copies, self._copies = self._copies, []
        arrived = [inbox.MailToIngest(self.shown(raw, at, "Sent"), parse(raw, want_html=False)) for raw, at in copies]
        if arrived:
            inbox.ingest(self.at(copies[-1][1], None, "ingest"), arrived, budget_s=60)

    def said(self, message: UUID) -> Said:
        """What an answer to a stored message needs to know."""
        row = self.tx.get(Message, message)
        assert row is not None
        return Said(row.external_id, row.text, row.occurred_at, tuple(row.refs))

    def _files(self, files: Sequence[File]) -> list[tuple[str, str, UUID]]:
        made = []
        for name, kind, data in files:
            stored = NewFile(name, kind, self._packs.append(data))
            made.append((name, kind, add_blob(self.tx, stored.ref)))
        return made

    # -- the mailbox

    def open_folders(self) -> None:
        """The mailbox is connected: from now on everything in it is new."""
        inbox.watch_folders(self.tx, self.mailbox, FOLDERS)
        self.tx.flush()
        for name, _ in FOLDERS:
            inbox.begin_folder(self.tx, folder_id(self.mailbox, name), _UIDVALIDITY, 1)

    def list_folders(self, at: datetime) -> None:
        """The rest of the copies is filed; then compare the ledger with what the server lists, as is done from time to time."""
        self.file_copies()
        tx = self.at(at, None, "reconcile")
        for name, _ in FOLDERS:
            inbox.reconcile(tx, folder_id(self.mailbox, name), _UIDVALIDITY, range(1, self._uids[name] + 1))
