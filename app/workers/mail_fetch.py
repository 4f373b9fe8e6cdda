"""From the server into the ledger: which mails of a folder are missing here, and their bytes, flushed before their lines.

The server is only read. What decides is the comparison of UIDs with the ledger, never a flag and never a date, so
that whatever breaks in between, the next look finds what is missing and nothing comes twice.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from app.connectors.contracts import Incoming
from app.connectors.email.folders import FolderRole as WireRole
from app.connectors.email.imap import FolderState, ImapSession
from app.inbox import commands
from app.inbox.queries import (
    FolderPlan,
    ReceivePlan,
    WaitingItem,
    lines_by_header,
    listing_difference,
    receive_plan,
)
from app.inbox.rules import FolderRole, History
from app.kernel.blobs import Packs
from app.mime.dates import parse_date
from app.mime.parse import read_headers

Do = Callable[..., Any]
Ask = Callable[..., Any]

WINDOW: Final = 200
"""Mails whose order is set right before they become tickets."""

_FIRST_WINDOW: Final = 25
_WINDOW_BYTES: Final = 16 * 2**20
_BATCH_MAILS: Final = 64
_BATCH_BYTES: Final = 4 * 2**20
_BATCH_S: Final = 0.5
_ROLES: Final = {
    WireRole.INBOX: FolderRole.INBOX,
    WireRole.SENT: FolderRole.SENT,
    WireRole.JUNK: FolderRole.JUNK,
}
_HEADER_BYTES: Final = 64_000
_OLD: Final = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail that has no line yet: where it lies and when the server got it."""

    at: datetime
    folder: UUID
    uid: int


class Fetcher:
    """One session's view of one mailbox."""

    def __init__(
        self, session: ImapSession, do: Do, ask: Ask, packs: Packs, mailbox: UUID, stop: threading.Event | None = None
    ) -> None:
        self._session, self._do, self._ask, self._packs, self._mailbox = session, do, ask, packs, mailbox
        self._stop = stop or threading.Event()
        self._looked: dict[UUID, tuple[FolderState, list[int]]] = {}

    def plan(self) -> ReceivePlan | None:
        """The mailbox as it stands; None once it was removed."""
        found: ReceivePlan | None = self._ask(receive_plan, self._mailbox)
        return found

    def watch(self) -> ReceivePlan | None:
        """Find INBOX, Sent and Junk and remember them."""
        found = [
            (folder.name, _ROLES[folder.role])
            for folder in self._session.folders()
            if folder.role in _ROLES and folder.selectable
        ]
        plan = self.plan()
        if plan is not None and {(one.name, one.role) for one in plan.folders} != set(found):
            self._do(commands.watch_folders, self._mailbox, found)
            plan = self.plan()
        return plan

    def missing(self, plan: ReceivePlan, folder: FolderPlan, *, listing: bool = False) -> list[int]:
        """UIDs of a folder that have no line here. `listing`: look at all of them even if nothing seems to have changed."""
        state = self._select(folder.name)
        if folder.uidvalidity == 0:
            self._begin(folder, state)
            listing = True
        elif folder.uidvalidity != state.uidvalidity:
            self._start_over(plan, folder, state)
            listing = True
        elif not listing and not folder.unaccounted and plan.first_import_done:
            if _is_unchanged(plan, folder, state):
                return []
            new = self._session.uids(folder.received_uid)
            if plan.history is not History.NONE and folder.server_count + len(new) == state.exists:
                self._looked[folder.id] = (state, new)
                return new
        return list(self.compare(folder.id, state))

    def compare(self, folder: UUID, state: FolderState) -> tuple[int, ...]:
        """List the open folder, remember the result, and give back what has no line."""
        uids = self._session.uids(0)
        difference = self._ask(listing_difference, folder, state.uidvalidity, uids, uidnext=state.uidnext)
        self._do(commands.note_listing, folder, difference, uidnext=state.uidnext, modseq=state.highestmodseq)
        missing: tuple[int, ...] = difference.missing
        return missing

    def list_again(self, plan: ReceivePlan, folder: FolderPlan) -> tuple[int, ...]:
        """Open a folder and compare it with the ledger, fetching nothing. (A folder never received stays so.)"""
        state = self._select(folder.name)
        if folder.uidvalidity == 0:
            self._begin(folder, state)
        elif folder.uidvalidity != state.uidvalidity:
            self._start_over(plan, folder, state)
        return self.compare(folder.id, state)

    def settle(self, folder: FolderPlan) -> None:
        """After a folder's mails are in: the cursor and the account, with a fresh listing where counting is not enough."""
        looked = self._looked.pop(folder.id, None)
        if looked is not None:
            state, new = looked
            self._do(
                commands.note_received,
                folder.id,
                state.uidvalidity,
                new,
                server=state.exists,
                uidnext=state.uidnext,
                modseq=state.highestmodseq,
            )
            return
        state = self._select(folder.name)
        missing = self.compare(folder.id, state)
        top = (min(missing) if missing else state.uidnext or self._top(folder)) - 1
        self._do(commands.receive, folder.id, state.uidvalidity, (), cursor=top)

    def wanted(self, folder: FolderPlan, uids: Sequence[int]) -> list[Wanted]:
        """`uids` of a folder with the times by which they are put in order."""
        if not uids:
            return []
        self._select(folder.name)
        dates = self._session.internal_dates(uids)
        return [Wanted(dates.get(uid, _OLD), folder.id, uid) for uid in uids]

    def fetch(self, plan: ReceivePlan, wanted: Sequence[Wanted]) -> Iterator[list[WaitingItem]]:
        """Windows of received mails, in the order of `wanted`; their bytes are safe and their lines are written.

        The first windows are small, so that something is there soon. Ends early at stop.
        """
        folders = {folder.id: folder for folder in plan.folders}
        start, size = 0, _FIRST_WINDOW
        while start < len(wanted) and not self._stop.is_set():
            by_folder: dict[UUID, list[int]] = {}
            for each in wanted[start : start + size]:
                by_folder.setdefault(each.folder, []).append(each.uid)
            start, size = start + size, min(size * 2, WINDOW)
            window: list[WaitingItem] = []
            for key, uids in by_folder.items():
                for batch in self._receive(plan, folders[key], sorted(uids)):
                    window += batch
                    if sum(item.blob.length for item in window) >= _WINDOW_BYTES:
                        yield window
                        window = []
            if window:
                yield window

    def _receive(self, plan: ReceivePlan, folder: FolderPlan, uids: list[int]) -> Iterator[list[WaitingItem]]:
        validity = self._select(folder.name).uidvalidity
        batch: list[commands.ReceivedMail] = []
        size, begun = 0, time.monotonic()
        for mail in self._session.fetch(uids):
            batch.append(self._keep(mail, plan, folder))
            size += len(mail.raw)
            is_full = len(batch) >= _BATCH_MAILS or size >= _BATCH_BYTES or time.monotonic() - begun > _BATCH_S
            if is_full or self._stop.is_set():
                yield self._write(folder, validity, batch)
                batch, size, begun = [], 0, time.monotonic()
            if self._stop.is_set():
                return
        if batch:
            yield self._write(folder, validity, batch)

    def _keep(self, mail: Incoming, plan: ReceivePlan, folder: FolderPlan) -> commands.ReceivedMail:
        return commands.ReceivedMail(
            uid=mail.uid,
            internal_at=mail.internal_at,
            size=mail.size,
            header_hash=header_hash(mail.raw),
            blob=self._packs.append(mail.raw),
            was_there=mail.uid < folder.first_uid
            and not (plan.first_import_done and _is_since(plan.connected_at, mail)),
        )

    def _write(self, folder: FolderPlan, validity: int, batch: Sequence[commands.ReceivedMail]) -> list[WaitingItem]:
        self._packs.flush()
        lines: dict[int, UUID] = self._do(commands.receive, folder.id, validity, batch)
        return [WaitingItem(lines[mail.uid], mail.blob, 0, mail.was_there) for mail in batch if mail.uid in lines]

    def _begin(self, folder: FolderPlan, state: FolderState) -> None:
        first = state.uidnext or max(self._session.uids(0), default=0) + 1
        self._do(commands.begin_folder, folder.id, state.uidvalidity, first)

    def _start_over(self, plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> None:
        """New UIDs: find the known mails again by header and size; nothing is downloaded for that but headers."""
        lines = self._ask(lines_by_header, folder.id, folder.uidvalidity)
        uids = self._session.uids(0)
        sizes = self._session.sizes(uids)
        moved = []
        for uid, header in self._session.headers(uids):
            found = lines.get((hashlib.sha256(header).digest(), sizes.get(uid, -1)))
            if found:
                moved.append((found.pop(0), uid))
        first = state.uidnext or max(uids, default=0) + 1
        if plan.history is History.NONE:
            dates = self._session.internal_dates(uids)
            first = min((uid for uid, at in dates.items() if at > plan.connected_at), default=first)
        self._do(commands.start_over, folder.id, state.uidvalidity, moved, first)

    def _select(self, name: str) -> FolderState:
        return self._session.select(name)

    def _top(self, folder: FolderPlan) -> int:
        return max(self._session.uids(0), default=folder.received_uid) + 1


def header_hash(raw: bytes) -> bytes:
    """The sha256 of a mail's header as a server gives it: up to and with the first empty line."""
    found = [
        at
        for at in (raw.find(b"\r\n\r\n") + 4, raw.find(b"\n\n") + 2)
        if at > 3 or (at > 1 and raw[at - 2 : at] == b"\n\n")
    ]
    return hashlib.sha256(raw[: min(found)] if found else raw).digest()


def _is_since(connected_at: datetime, mail: Incoming) -> bool:
    """Was a mail written after the mailbox was connected? Asked of what gets a line late: it must not pass as history."""
    written = parse_date(read_headers(mail.raw[:_HEADER_BYTES]).line("date"))
    return min((at for at in (mail.internal_at, written) if at is not None), default=connected_at) > connected_at


def _is_unchanged(plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> bool:
    if state.uidnext is None or state.uidnext != folder.uidnext or folder.listed_at is None:
        return False
    if plan.history is History.NONE:
        return state.highestmodseq is not None and state.highestmodseq == folder.highestmodseq
    return state.exists == folder.server_count
