"""Mails from the server to their ledger lines, window by window: first the bytes, durable, then one write for the lines.

The two are steps of a chain, so that the server never waits for its reader to get a turn to write. Many mails are carried
by a process of its own (`carry`) from the moment it is ready; until then, and for few, by the session itself.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from app.connectors.email.imap import ImapSession
from app.inbox import commands
from app.inbox.queries import FolderPlan, ReceivePlan, WaitingItem
from app.inbox.receiving import KnownMail
from app.kernel.errors import ExternalError, Reason
from app.workers.prefetch import Prefetch
from app.workers.receiving.carry import BATCH_BYTES, BATCH_S, Carried, Carrier, CarrierLostError, carry
from app.workers.receiving.hands import Hands, Line
from app.workers.receiving.keep import Keeper, Wanted

log = logging.getLogger(__name__)

WINDOW: Final = 200
"""Mails whose order is set right before they become tickets."""

_FIRST_WINDOW: Final = 25
_LARGE_WINDOW: Final = 500
_LARGE_BYTES: Final = 3 * BATCH_BYTES
"""Where many come ahead: each window is a write for the lines, and larger writes put fewer pages on the disk for a mail."""

_LAST_WINDOW: Final = 100
"""Windows grow smaller again down to this, so that little is left to be done when the last one has come."""

_DELETED: Final = re.compile(r"expunge|no longer|do(es)? not exist|deleted|no such message", re.IGNORECASE)

_ALIVE_S: Final = 240.0
"""So often a session is used whose mails another process carries: servers hang up on silence."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Mails of a folder whose bytes are durable and that have no lines yet."""

    folder: UUID
    uidvalidity: int
    mails: list[commands.ReceivedMail]


class Windows:
    """What brings the mails of one session. `select` opens a folder afresh."""

    def __init__(self, session: ImapSession, hands: Hands, line: Line, select: Callable[[FolderPlan], object]) -> None:
        self._session, self._hands, self._line, self._select = session, hands, line, select
        self._carrier: Carrier | None = None
        self._carried = (0, 0)
        self._used_at = time.monotonic()
        self._named: dict[str, KnownMail] = {}
        self.got_past = 0
        """Mails that this session failed at and that the next one does without: they were set aside."""

    def fetch(
        self, plan: ReceivePlan, wanted: Sequence[Wanted], go_on: Callable[[], bool], *, ahead: bool = True
    ) -> Iterator[list[WaitingItem]]:
        """Windows of received mails, in the order of `wanted`; their bytes are safe, their lines written, their reading
        is noted as begun.

        The first windows are small, so that something is there soon. Ends early at stop, and when `go_on` says no, but
        never before a window came. `ahead`: of many mails, bring the next windows while one is dealt with; at an early
        end their bytes were brought in vain.
        """
        if not wanted or not go_on():
            return
        self._named.clear()
        if not ahead or not self._are_many(plan, len(wanted)):
            yield from self._entered(self._bring(plan, wanted, WINDOW, BATCH_BYTES), go_on)
            return
        self.hire()
        with Prefetch(self._bring(plan, wanted, _LARGE_WINDOW, _LARGE_BYTES), name="mail-carry") as windows:
            yield from self._entered(iter(windows), go_on)

    def _entered(self, brought: Iterator[list[Brought]], go_on: Callable[[], bool]) -> Iterator[list[WaitingItem]]:
        for window in brought:
            yield self._enter(window)
            if self._hands.stop.is_set() or not go_on():
                return

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes received and sent on the session and on behalf of it."""
        parts = (self._session.traffic, self._carried, self._at_work)
        return sum(one[0] for one in parts), sum(one[1] for one in parts)

    def expect(self, plan: ReceivePlan, mails: int) -> None:
        """So many will be fetched soon: where that is worth a process of its own, it starts already."""
        if self._are_many(plan, mails):
            self.hire()

    def _are_many(self, plan: ReceivePlan, mails: int) -> bool:
        least = self._hands.carry_new_from if plan.first_import_done else self._hands.carry_from
        return mails >= least and not self._line.is_slow

    def hire(self) -> None:
        """Have a process of its own fetch from when it is ready until `let_go`."""
        if self._carrier is None:
            self._carrier = Carrier(self._session.server, self._hands.packs.folder, self._hands.stop)

    def let_go(self) -> None:
        """End the process that carries, if there is one."""
        if self._carrier is not None:
            self._carried = (self._carried[0] + self._at_work[0], self._carried[1] + self._at_work[1])
            carrier, self._carrier = self._carrier, None
            carrier.close()

    @property
    def _at_work(self) -> tuple[int, int]:
        return self._carrier.traffic if self._carrier is not None else (0, 0)

    def _bring(
        self, plan: ReceivePlan, wanted: Sequence[Wanted], most: int, most_bytes: int
    ) -> Iterator[list[Brought]]:
        folders = {folder.id: folder for folder in plan.folders}
        start, size = 0, _FIRST_WINDOW
        while start < len(wanted) and not self._hands.stop.is_set():
            by_folder: dict[UUID, list[Wanted]] = {}
            for each in wanted[start : start + size]:
                by_folder.setdefault(each.folder, []).append(each)
            start += size
            size = min(size * 2, most, max((len(wanted) - start) // 2, _LAST_WINDOW))
            window: list[Brought] = []
            try:
                for key, mails in by_folder.items():
                    for batch in self._batches(plan, folders[key], sorted(mails, key=lambda one: one.uid)):
                        window.append(batch)
                        if sum(mail.blob.length for one in window for mail in one.mails) >= most_bytes:
                            yield window
                            window = []
            except ExternalError:
                if window:
                    yield window  # what came before the line broke is safe
                raise
            if window:
                yield window

    def _batches(self, plan: ReceivePlan, folder: FolderPlan, mails: list[Wanted]) -> Iterator[Brought]:
        validity = self._open(folder)
        keeper = Keeper(self._session, self._carry, self._hands, self._line, plan, folder, self._named)
        batch: list[commands.ReceivedMail] = []
        size, begun = 0, time.monotonic()
        try:
            for mail in keeper.take(mails):
                batch.append(mail)
                size += mail.blob.length
                is_full = size >= BATCH_BYTES or time.monotonic() - begun > BATCH_S
                if is_full or self._hands.stop.is_set():
                    yield self._durable(folder, validity, batch)
                    batch, size, begun = [], 0, time.monotonic()
                if self._hands.stop.is_set():
                    return
        except ExternalError as error:
            if batch:
                yield self._durable(folder, validity, batch)
            if keeper.at_hand is not None:
                self.note_stuck(folder, validity, keeper.at_hand, error)
            raise
        if batch:
            yield self._durable(folder, validity, batch)

    def note_stuck(self, folder: FolderPlan, uidvalidity: int, uid: int, error: ExternalError) -> None:
        """The session failed at this mail: it is counted, or set aside."""
        if self._hands.stop.is_set():
            return
        words, is_sure = error.words or str(error), is_about_mail(error)
        self.got_past += self._hands.do(commands.note_stuck, folder.id, uidvalidity, uid, words, is_sure=is_sure)

    def _durable(self, folder: FolderPlan, validity: int, batch: list[commands.ReceivedMail]) -> Brought:
        self._hands.packs.flush()
        return Brought(folder.id, validity, batch)

    def _enter(self, window: Sequence[Brought]) -> list[WaitingItem]:
        """Write the lines of a window, those of a folder at once."""
        found: list[WaitingItem] = []
        for (folder, validity), some in groupby(window, key=lambda one: (one.folder, one.uidvalidity)):
            mails = [mail for one in some for mail in one.mails]
            lines: dict[int, UUID] = self._hands.do(commands.receive, folder, validity, mails, begun=True)
            found += (WaitingItem(lines[m.uid], m.blob, 1, m.was_there) for m in mails if m.uid in lines)
        return found

    def _open(self, folder: FolderPlan) -> int:
        """Have a folder open, as it may be already; its UIDVALIDITY."""
        if self._session.folder != folder.name:
            self._select(folder)
            self._used_at = time.monotonic()
        return self._session.uidvalidity

    def _carry(self, folder: FolderPlan, uids: Sequence[int], dated: bool) -> Iterator[Carried]:
        left = dict.fromkeys(uids)
        if self._carrier is not None and self._carrier.is_ready:
            self._stay_alive()
            try:
                for mail in self._carrier.carry(folder.name, self._session.uidvalidity, uids, dated=dated):
                    left.pop(mail.uid, None)
                    yield mail
            except CarrierLostError as error:
                log.warning("no second connection for fetching: %s; the first one fetches", error)
                self.let_go()
            else:
                return
        self._used_at = time.monotonic()
        yield from carry(self._session, self._hands.packs, list(left), dated=dated)

    def _stay_alive(self) -> None:
        if time.monotonic() - self._used_at > _ALIVE_S:
            self._session.noop()
            self._used_at = time.monotonic()


def is_about_mail(error: ExternalError) -> bool:
    """Does the server say that it is this mail it cannot give? It refuses the command, or ends the connection with words about
    FETCH, as Dovecot does where it may not read a file. A line that merely breaks says nothing; nor does a server that misses
    mails which somebody has just deleted (RFC 2180, 4.1.2): the next look does not list them.
    """
    if not error.words or _DELETED.search(error.words):
        return False
    return error.reason is Reason.PROTOCOL or "FETCH" in error.words.upper()
