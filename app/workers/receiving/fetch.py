"""From the server into the ledger: which mails of a folder are missing here, and their bytes, flushed before their lines.

The server is only read. What decides is the comparison of UIDs with the ledger, never a flag and never a date, so
that whatever breaks in between, the next look finds what is missing and nothing comes twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from app.connectors.email.folders import FolderRole as WireRole
from app.connectors.email.imap import FolderState, ImapSession, MailFacts
from app.connectors.email.imap_folder import Seen
from app.inbox import commands
from app.inbox.queries import (
    FolderPlan,
    ReceivePlan,
    WaitingItem,
    lines_by_header,
    listing_difference,
    receive_plan,
    without_lines,
)
from app.inbox.rules import FolderRole, History
from app.kernel.errors import ExternalError
from app.workers.receiving.hands import Hands, Line
from app.workers.receiving.keep import Wanted
from app.workers.receiving.renamed import is_missed, renamed
from app.workers.receiving.windows import Windows, is_about_mail

_ROLES: Final = {
    WireRole.INBOX: FolderRole.INBOX,
    WireRole.SENT: FolderRole.SENT,
    WireRole.JUNK: FolderRole.JUNK,
    WireRole.OTHER: FolderRole.OTHER,
}
_READ: Final = frozenset({WireRole.INBOX, WireRole.SENT, WireRole.JUNK})


class Fetcher:
    """One session's view of one mailbox. `home`: the folder to be kept open, because the session waits in it."""

    def __init__(self, session: ImapSession, hands: Hands, line: Line, home: str = "") -> None:
        self._session, self._hands, self._line = session, hands, line
        self._do, self._ask = hands.do, hands.ask
        self.windows = Windows(session, hands, line, self._select)
        self._home, self._compared = home, ""
        self._looked: dict[UUID, tuple[FolderState, list[int]]] = {}

    def plan(self) -> ReceivePlan | None:
        """The mailbox as it stands; None once it was removed."""
        found: ReceivePlan | None = self._ask(receive_plan, self._hands.mailbox)
        return found

    def watch(self) -> ReceivePlan | None:
        """List the folders and remember them; one that got another name goes on under it, and one that is not there any
        more is emptied in the ledger.

        Of a server that shows one mail in many folders (Gmail's labels) only INBOX, Sent and Junk are known at all.
        """
        found = [
            (folder.name, _ROLES[folder.role])
            for folder in self._session.folders()
            if folder.selectable and (folder.role in _READ or (folder.is_choosable and not self._session.is_gmail))
        ]
        plan = self.plan()
        if plan is None:
            return None
        known, there = (*plan.folders, *plan.others), dict(found)
        if set(found) - {(one.name, one.role) for one in known} or any(is_missed(one, there) for one in known):
            moved = renamed(self._session, self._ask, known, there)
            if moved:
                self._do(
                    commands.rename_folders, self._hands.mailbox, [(one, name, there[name]) for one, name in moved]
                )
            self._do(commands.watch_folders, self._hands.mailbox, found)
            plan = self.plan() or plan
        for one in (*plan.folders, *plan.others):
            if is_missed(one, there):
                self._do(commands.lose_folder, one.id)
        plan = self.plan()
        return replace(plan, folders=tuple(one for one in plan.folders if one.name in there)) if plan else None

    def missing(self, plan: ReceivePlan, folder: FolderPlan, *, listing: bool = False) -> list[int]:
        """UIDs of a folder that have no line here. `listing`: look at all of them even if nothing seems to have changed.

        A folder of which the server says that nothing is new is not even opened; one that is open and was compared
        since costs nothing as long as the server mentions no change.
        """
        can_tell = not listing and not folder.unaccounted and plan.first_import_done
        if can_tell and self._is_quiet(plan, folder):
            return []
        found = self._look(plan, folder, can_tell=can_tell)
        self._compared = folder.name
        return found

    def distrust(self) -> None:
        """Look at the open folder again even if the server mentions no change of it: some never do."""
        self._compared = ""

    def _look(self, plan: ReceivePlan, folder: FolderPlan, *, can_tell: bool) -> list[int]:
        state = self._select(folder)
        if folder.uidvalidity == 0:
            self._begin(folder, state)
        elif folder.uidvalidity != state.uidvalidity:
            self._start_over(plan, folder, state)
        elif can_tell:
            found = self._told(plan, folder, state)
            if found is not None:
                return found
        return list(self.compare(plan, folder, state))

    def _is_quiet(self, plan: ReceivePlan, folder: FolderPlan) -> bool:
        """Does the server say of a folder that it is as it was at the last look?"""
        if self._session.folder == folder.name:
            return self._compared == folder.name and not (self._session.noop() or self._session.changed)
        if folder.name == self._home or folder.uidnext is None or folder.listed_at is None:
            return False
        try:
            state = self._session.status(folder.name)
        except ExternalError:
            if not self._session.usable:
                raise
            return False  # a server that cannot say it shows it when the folder is opened
        return state.uidvalidity == folder.uidvalidity and self._is_same(plan, folder, state)

    def _is_same(self, plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> bool:
        """Do the figures say that there are the same mails as before: as many, and no UID given since?

        Where only new mail is wanted the number of all is not known here; there nothing at all may have changed.
        """
        if state.uidnext is None or state.uidnext != folder.uidnext or folder.listed_at is None:
            return False
        if plan.history is History.NONE:
            return state.highestmodseq is not None and state.highestmodseq == folder.highestmodseq
        if state.exists != folder.server_count:
            return False
        self._note_modseq(folder, state)
        return True

    def _note_modseq(self, folder: FolderPlan, state: FolderState) -> None:
        if state.highestmodseq not in (None, folder.highestmodseq):
            from_here = {"uidnext": state.uidnext, "modseq": state.highestmodseq}
            self._do(commands.note_look, folder.id, state.uidvalidity, (), **from_here)

    def _told(self, plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> list[int] | None:
        """What is new as far as the server's own figures tell it, without a listing; None: they do not add up."""
        if self._is_same(plan, folder, state):
            return []
        if plan.history is History.NONE:
            return None
        count = folder.server_count
        if state.vanished:
            count -= self._do(commands.note_look, folder.id, state.uidvalidity, state.vanished)
        is_same_top = state.uidnext is not None and state.uidnext == folder.uidnext
        new = [] if is_same_top else self._session.uids(folder.received_uid)
        if count + len(new) != state.exists:
            return None
        if not new:
            self._note_modseq(folder, state)
            return []
        # What came before a line broke, and what was set aside, have theirs although the cursor stands before them.
        missing: list[int] = self._ask(without_lines, folder.id, state.uidvalidity, new)
        if missing:
            self._looked[folder.id] = (state, new)
        else:
            self._note_received(folder, state, new)
        return missing

    def _note_received(self, folder: FolderPlan, state: FolderState, new: Sequence[int]) -> None:
        figures = {"server": state.exists, "uidnext": state.uidnext, "modseq": state.highestmodseq}
        self._do(commands.note_received, folder.id, state.uidvalidity, new, **figures)

    def compare(self, plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> tuple[int, ...]:
        """List the open folder, remember the result, and give back what has no line."""
        only_new = plan.history is History.NONE and folder.uidvalidity == state.uidvalidity
        uids = self._session.uids(folder.first_uid - 1 if only_new else 0)
        difference = self._ask(listing_difference, folder.id, state.uidvalidity, uids, uidnext=state.uidnext)
        self._do(commands.note_listing, folder.id, difference, uidnext=state.uidnext, modseq=state.highestmodseq)
        missing: tuple[int, ...] = difference.missing
        return missing

    def list_again(self, plan: ReceivePlan, folder: FolderPlan) -> tuple[int, ...]:
        """Open a folder and compare it with the ledger, fetching nothing. (A folder never received stays so.)"""
        state = self._select(folder)
        if folder.uidvalidity == 0:
            self._begin(folder, state)
        elif folder.uidvalidity != state.uidvalidity:
            self._start_over(plan, folder, state)
        return self.compare(plan, folder, state)

    def settle(self, plan: ReceivePlan, folder: FolderPlan) -> None:
        """After a folder's mails are in: the cursor and the account, with a fresh listing where counting is not enough.

        What the server lists and again did not give is counted as a failure of that mail; history that nobody has asked for
        yet is none.
        """
        looked = self._looked.pop(folder.id, None)
        if looked is not None:
            self._note_received(folder, *looked)
            return
        state = self._select(folder)
        missing = self.compare(plan, folder, state)
        asked = [uid for uid in missing if plan.first_import_done or uid >= folder.first_uid]
        if asked and folder.unaccounted and asked[0] < (folder.uidnext or 0):
            self._do(commands.note_stuck, folder.id, state.uidvalidity, asked[0], "It is listed and never given.")
        top = (min(missing) if missing else state.uidnext or self._top(folder)) - 1
        self._do(commands.receive, folder.id, state.uidvalidity, (), cursor=top)

    def wanted(self, folder: FolderPlan, uids: Sequence[int]) -> list[Wanted]:
        """`uids` of a folder with what the server says of each: time, size, its provider's name.

        Some servers fail at the mere size of a mail that they cannot read. It is counted like any that is not given; until
        that one is through or set aside, nothing is asked about the others either, or two of them would take turns.
        """
        if not uids:
            return []
        validity = self._open(folder)
        facts: dict[int, MailFacts] = {}
        try:
            facts.update(self._session.facts(uids) if not folder.stuck_times else ())
        except ExternalError as error:
            self.windows.note_stuck(folder, validity, next((uid for uid in uids if uid not in facts), uids[-1]), error)
            raise
        nothing = MailFacts(None, 0)
        return [
            Wanted(folder.id, uid, one.internal_at, one.size, one.provider_id)
            for uid in uids
            for one in (facts.get(uid, nothing),)
        ]

    def fetch(
        self, plan: ReceivePlan, wanted: Sequence[Wanted], go_on: Callable[[], bool], *, ahead: bool
    ) -> Iterator[list[WaitingItem]]:
        """Windows of received mails, as `Windows.fetch` gives them."""
        return self.windows.fetch(plan, wanted, go_on, ahead=ahead)

    def _begin(self, folder: FolderPlan, state: FolderState) -> None:
        first = state.uidnext or max(self._session.uids(0), default=0) + 1
        self._do(commands.begin_folder, folder.id, state.uidvalidity, first)

    def _start_over(self, plan: ReceivePlan, folder: FolderPlan, state: FolderState) -> None:
        """New UIDs: find the known mails again by header and size; nothing is downloaded for that but headers.

        Servers err about sizes, so a header that only one line has is enough by itself. Where the server fails at a mail, those
        behind it are not found again but fetched: it would fail there each time, and nothing of the folder would come.
        """
        lines = self._ask(lines_by_header, folder.id, folder.uidvalidity)
        uids = self._session.uids(0)
        facts: dict[int, MailFacts] = {}
        moved: list[tuple[UUID, int]] = []
        broken: ExternalError | None = None
        try:
            facts.update(self._session.facts(uids))
            for uid, header in self._session.headers(uids):
                found = lines.get(hashlib.sha256(header).digest(), [])
                same = [one for one in found if uid in facts and one[0] == facts[uid].size]
                if same or len(found) == 1:
                    moved.append(((same or found)[0][1], uid))
                    found.remove((same or found)[0])
        except ExternalError as error:
            if not is_about_mail(error):
                raise
            broken = error
        first = state.uidnext or max(uids, default=0) + 1
        if plan.history is History.NONE:
            since = (uid for uid, one in facts.items() if one.internal_at and one.internal_at > plan.connected_at)
            first = min(since, default=first)
        self._do(commands.start_over, folder.id, state.uidvalidity, moved, first)
        if broken is not None:
            self.windows.got_past += 1
            raise broken

    def _select(self, folder: FolderPlan) -> FolderState:
        """Open a folder afresh: its figures are of now."""
        self._compared = ""
        modseq, validity = folder.highestmodseq, folder.uidvalidity
        return self._session.select(folder.name, Seen(validity, modseq) if modseq and validity else None)

    def _open(self, folder: FolderPlan) -> int:
        """Have a folder open, as it may be already; its UIDVALIDITY."""
        if self._session.folder != folder.name:
            self._select(folder)
        return self._session.uidvalidity

    def _top(self, folder: FolderPlan) -> int:
        return max(self._session.uids(0), default=folder.received_uid) + 1
