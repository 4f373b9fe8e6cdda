"""Receiving: one pass over a mailbox, for `deskbell sync` and as the steps that the engine's live connection repeats."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from app.connectors.contracts import HealthState
from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.imap import ImapSession
from app.connectors.email.imap_quota import Room
from app.connectors.email.oauth_tokens import tokens_of
from app.conversations.mailboxes import pause_mailbox, resume_mailbox
from app.inbox import commands
from app.inbox.queries import FolderPlan, ReceivePlan, receive_plan
from app.inbox.receiving import history_progress, lost_mails
from app.inbox.rules import FolderRole, History
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason
from app.kernel.sentences import kept, said, words_of
from app.kernel.state import signals
from app.workers.parsing import NoReaderError
from app.workers.receiving.fetch import Fetcher
from app.workers.receiving.hands import Hands, Secrets, line_of
from app.workers.receiving.history import in_blocks, young_since
from app.workers.receiving.intake import WITH_WINDOW, Intake, Pace, PassCounts
from app.workers.receiving.keep import Wanted
from app.workers.receiving.large import LargeMails

__all__ = ["Hands", "PassCounts", "list_again", "open_session", "receive_pass"]

log = logging.getLogger(__name__)
T = TypeVar("T")

NEARLY_FULL: Final = 0.95
_SAY_AGAIN_S: Final = 120.0
"""“Looked at” may be so old: a person who just got mail wonders otherwise. Each time is a small write."""
TRAFFIC_STEP: Final = 256 * 1024
STOPS: Final = frozenset({Reason.SIGN_IN, Reason.TLS, Reason.PLAIN})
"""Trouble that only a person can end: the mailbox is paused until somebody did."""


def open_session(plan: ReceivePlan, secrets: Secrets, *, is_slow: bool = False) -> ImapSession:
    """Sign in to a mailbox; `is_slow`: over a slow line. Raises ExternalError; without a password one whose reason is `sign_in`."""
    secret = secrets(plan.secret_ref)
    if not secret:
        text = said("The password of {address} is not known. Sign in again.", address=plan.address)
        raise ExternalError(text, reason=Reason.SIGN_IN, retryable=False)
    server = MailServer(
        ServerUrl.parse(plan.imap_url),
        user=plan.user,
        secret=Secret(secret),
        pinned_sha256=plan.imap_pin or None,
        tokens=tokens_of(plan.secret_ref, secret, secrets),
        mailbox=str(plan.id),
        is_slow=is_slow,
    )
    return ImapSession.open(server)


MOST_SET_ASIDE: Final = 20
"""Mails that a server fails to give, one connection each, after which it is asked again at once; then it gets a rest."""


def receive_pass(hands: Hands, *, pace: Pace = WITH_WINDOW) -> PassCounts:
    """Receive everything that is there and make tickets of it, once. Raises ExternalError, UserError.

    What an earlier run left unfinished is dealt with first, also while the server cannot be reached.
    """
    receiver = Receiver(hands, pace)
    set_aside = 0
    try:
        while True:
            try:
                return _receive_once(hands, receiver)
            except ExternalError as error:
                set_aside += 1
                if hands.stop.is_set() or not receiver.got_past_a_mail() or set_aside > MOST_SET_ASIDE:
                    receiver.report_error(error)
                    raise
    except NoReaderError as error:
        receiver.report_no_reader(error)
        raise


def _receive_once(hands: Hands, receiver: Receiver) -> PassCounts:
    receiver.intake.take_leftovers(hands.mailbox)
    plan = receiver.plan()
    if plan is None:
        return receiver.intake.counts
    with open_session(plan, hands.secrets, is_slow=line_of(hands.ask).is_slow) as session:
        receiver.use(session)
        try:
            receiver.watch()
            receiver.take_history()
            receiver.take_new()
            receiver.take_large()
        finally:
            receiver.count_traffic()
    receiver.intake.take_leftovers(hands.mailbox)  # what was sent elsewhere and has found its conversation
    receiver.report_well()
    return receiver.intake.counts


def list_again(hands: Hands) -> int:
    """Compare the ledger with a fresh listing of every folder; how many mails have no line. Raises ExternalError."""
    plan: ReceivePlan | None = hands.ask(receive_plan, hands.mailbox)
    if plan is None:
        return 0
    with open_session(plan, hands.secrets, is_slow=line_of(hands.ask).is_slow) as session:
        fetcher = Fetcher(session, hands, line_of(hands.ask))
        plan = fetcher.watch()
        return sum(len(fetcher.list_again(plan, folder)) for folder in plan.folders) if plan else 0


class Receiver:
    """The steps of receiving, on one session at a time."""

    def __init__(self, hands: Hands, pace: Pace = WITH_WINDOW) -> None:
        self._hands = hands
        self.intake = Intake(hands.do, hands.ask, hands.pool, hands.stop, pace)
        self._session: ImapSession | None = None
        self._fetcher: Fetcher | None = None
        self._there: frozenset[str] = frozenset()
        self._troubles: dict[str, str] = {}
        self._room: Room | None = None
        self._counted = (0, 0)
        self._until: float | None = None
        self._said: tuple[HealthState, Reason | None, str] | None = None
        self._said_at = 0.0

    def plan(self) -> ReceivePlan | None:
        found: ReceivePlan | None = self._hands.ask(receive_plan, self._hands.mailbox)
        return found

    def use(self, session: ImapSession, home: str = "") -> None:
        """Work on this session from now on; `home` is the folder in which it waits."""
        self._session, self._counted = session, (0, 0)
        self.line = line_of(self._hands.ask)
        self._fetcher = Fetcher(session, self._hands, self.line, home)

    def got_past_a_mail(self) -> bool:
        """Did the session end at a mail that the server fails to give? It was set aside: the next one gets further. Told once."""
        if self._fetcher is None or not self._fetcher.windows.got_past:
            return False
        self._fetcher.windows.got_past = 0
        return True

    @property
    def fetcher(self) -> Fetcher:
        assert self._fetcher is not None
        return self._fetcher

    def watch(self) -> None:
        """Find the folders, and note in each what was there at the first look."""
        plan = self.fetcher.watch()
        if plan is None:
            return
        self.try_lost_again()
        self.look_at_room()
        self._there = frozenset(folder.name for folder in plan.folders)
        self._troubles = {name: words for name, words in self._troubles.items() if name in self._there}
        for folder in plan.folders:
            if folder.uidvalidity == 0:
                self._apart(folder, partial(self.fetcher.list_again, plan))

    def try_lost_again(self) -> None:
        """Have mails that the server failed to give asked for again once their time has come."""
        lost = self._hands.ask(lost_mails, self._hands.mailbox, clock.now())
        if lost:
            self._hands.do(commands.try_lost_again, lost)

    def look_at_room(self) -> None:
        """Ask how full the mailbox is, if the server tells."""
        self._room = self._session.room() if self._session is not None else None

    def take_new(self, names: Iterable[str] | None = None, *, within_s: float | None = None) -> None:
        """Everything in the received folders (or those named) that has no line, oldest first; `within_s`: all that is new in
        INBOX came within so many seconds.
        """
        plan = self.plan()
        if plan is None:
            return
        wanted: list[Wanted] = []
        touched: list[FolderPlan] = []
        troubles = set(self._troubles)
        inbox_last = sorted(plan.folders, key=lambda one: one.role is FolderRole.INBOX)  # it stays open
        try:
            for folder in inbox_last:
                if folder.name in self._there and (names is None or folder.name in names):
                    found = self._apart(folder, partial(self._missing, plan))
                    if found:
                        wanted += found
                        touched.append(folder)
            self._tell_times(wanted, touched, within_s)
            self._take(wanted, touched)
        finally:
            self.fetcher.windows.let_go()
        firsts = {folder.id: folder.first_uid for folder in touched}
        if plan.first_import_done and any(one.uid < firsts[one.folder] for one in wanted):
            self._decide()  # something of what was there came late
        if set(self._troubles) - troubles:
            self.watch()  # it may have got another name, or be there no more

    def _tell_times(self, new: Sequence[Wanted], folders: Sequence[FolderPlan], within_s: float | None) -> None:
        inbox = {folder.id for folder in folders if folder.role is FolderRole.INBOX}
        newest = max((one.internal_at for one in new if one.folder in inbox and one.internal_at), default=None)
        if newest is not None and within_s is not None:
            self._hands.arrived(self._hands.mailbox, newest, within_s)

    def _missing(self, plan: ReceivePlan, folder: FolderPlan) -> list[Wanted]:
        uids = self.fetcher.missing(plan, folder)
        if not plan.first_import_done:
            uids = [uid for uid in uids if uid >= folder.first_uid]
        self._expect(plan, len(uids))
        return self.fetcher.wanted(folder, uids)

    def _apart(self, folder: FolderPlan, work: Callable[[FolderPlan], T]) -> T | None:
        """Do something with a folder; one that the server refuses to open never holds up the others."""
        try:
            result = work(folder)
        except ExternalError as error:
            if self._session is None or not self._session.usable:
                raise
            if folder.name not in self._troubles:
                log.warning("a folder could not be read: %s", error)
            self._troubles[folder.name] = f"The folder “{folder.name}” cannot be read. {error.words}".strip()
            return None
        self._troubles.pop(folder.name, None)
        return result

    def take_history(self, slice_s: float | None = None) -> None:
        """What was there when the mailbox was connected, if that is not in yet and nobody holds it back.

        With `slice_s` only for about so long; the next call goes on.
        """
        self._until = time.monotonic() + slice_s if slice_s is not None else None
        plan = self.plan()
        if plan is None or plan.first_import_done or plan.history_held:
            return
        folders = [folder for folder in plan.folders if folder.name in self._there]
        old: list[Wanted] = []
        junk = {folder.id for folder in folders if folder.role is FolderRole.JUNK}
        try:
            for folder in folders if plan.history is not History.NONE else ():
                old += self._apart(folder, partial(self._old, plan)) or ()
            self._count_history(old)
            self._take_in_blocks(*in_blocks(old, young_since(plan), junk))
        finally:
            self.fetcher.windows.let_go()
        if self._goes_on():
            for folder in folders if old else ():
                self._apart(folder, partial(self.fetcher.settle, plan))
            self._hands.do(commands.end_first_import, self._hands.mailbox)

    def _take_in_blocks(self, young: Sequence[Wanted], blocks: Sequence[Sequence[Wanted]]) -> None:
        self._take(young, (), go_on=self._goes_on)
        if self._goes_on():
            self._decide()
        for block in blocks:
            if not self._goes_on():
                return
            self._take(block, (), go_on=self._goes_on)

    def _old(self, plan: ReceivePlan, folder: FolderPlan) -> list[Wanted]:
        uids = [uid for uid in self.fetcher.missing(plan, folder, listing=True) if uid < folder.first_uid]
        self._expect(plan, len(uids))
        return self.fetcher.wanted(folder, uids)

    def _expect(self, plan: ReceivePlan, mails: int) -> None:
        """So many are to be taken: have those who fetch and read them get ready while the server says what each is like."""
        self._hands.pool.begin(mails)
        if self._until is None:
            self.fetcher.windows.expect(plan, mails)

    def _count_history(self, old: Sequence[Wanted]) -> None:
        """Say how much is to come, once: what a later run still misses is less."""
        if self._hands.ask(history_progress, self._hands.mailbox).counted_at is None:
            oldest = min((one.internal_at for one in old if one.internal_at), default=None)
            size = sum(one.size for one in old)
            note = commands.note_history
            self._hands.do(note, self._hands.mailbox, mails=len(old), size_bytes=size, oldest_at=oldest)

    def _goes_on(self) -> bool:
        """Nobody said stop, nobody holds the history back, and there is time."""
        if self._until is not None and time.monotonic() > self._until:
            return False
        plan = None if self._hands.stop.is_set() else self.plan()
        return plan is not None and not plan.history_held

    def _decide(self) -> None:
        after: UUID | None = None
        while not self._hands.stop.is_set():
            after = self._hands.do(
                commands.open_young_threads, self._hands.mailbox, after, many=self.intake.pace.threads
            )
            if after is None:
                return

    def take_large(self, slice_s: float | None = None) -> None:
        """The rest of large mails; with `slice_s` only for about so long."""
        assert self._session is not None
        until = time.monotonic() + slice_s if slice_s is not None else None
        LargeMails(self._session, self._hands, self.line, until).take()

    def _take(
        self, wanted: Sequence[Wanted], touched: Sequence[FolderPlan], go_on: Callable[[], bool] = lambda: True
    ) -> None:
        plan = self.plan()
        if plan is None or not wanted or self._hands.stop.is_set():
            return
        ordered = sorted(wanted, key=lambda one: (one.at, one.uid))
        windows = self.fetcher.fetch(plan, ordered, go_on, ahead=self._until is None)
        self.intake.take(windows, len(ordered))
        if not self._hands.stop.is_set():
            for folder in touched:
                self.fetcher.settle(plan, folder)

    def count_traffic(self, *, at_least: int = 1) -> None:
        """Add what this session moved to the day's bytes, if that is worth a write."""
        if self._session is not None:
            now = self.fetcher.windows.traffic
            received, sent = now[0] - self._counted[0], now[1] - self._counted[1]
            if received + sent >= at_least:
                self._counted = now
                self._hands.do(commands.add_traffic, self._hands.mailbox, received=received, sent=sent)

    # -- health

    def report(self, state: HealthState, reason: Reason | None = None, words: str = "") -> None:
        """Say how the mailbox does, when that has changed or was long not said: a short-lived word for the window."""
        said = (state, reason, words)
        if said == self._said and time.monotonic() - self._said_at < _SAY_AGAIN_S:
            return
        self._said, self._said_at = said, time.monotonic()
        payload = {
            "mailbox": str(self._hands.mailbox),
            "state": str(state),
            "reason": str(reason or ""),
            "words": kept(words),
            "at": clock.now().isoformat(),
        }
        self._hands.do(signals.send, "mailbox_state", payload, ttl_s=3600)
        plan = self.plan()
        if state is HealthState.OK and plan is not None and plan.paused_reason:
            self._hands.do(resume_mailbox, self._hands.mailbox, received=True)

    def say_anew(self) -> None:
        """Somebody asked how it stands: say it again when it has been looked at, also if nothing has changed."""
        self._said = None

    def report_well(self) -> None:
        """All is well, or all but a folder or two; a mailbox that is nearly full is said before it refuses mail."""
        words = [*self._troubles.values()]
        reason = Reason.REFUSED if words else None
        if self._room is not None and self._room.share >= NEARLY_FULL:
            words.insert(0, _full_words(self._room))
            reason = Reason.FULL
        if self._session is not None and self._session.alert:
            words.append(f"The server says: “{self._session.alert}”")
        self.report(HealthState.OK, reason, " ".join(words))

    def report_error(self, error: ExternalError) -> None:
        """Say what went wrong; trouble that only a person can end pauses the mailbox."""
        if error.reason in STOPS:
            self._hands.do(pause_mailbox, self._hands.mailbox, error.reason, error.in_full)
            self.report(HealthState.ATTENTION, error.reason, error.in_full)
        else:
            self.report(HealthState.OFFLINE, error.reason, error.in_full)

    def report_no_reader(self, error: NoReaderError) -> None:
        """Say that nothing here can read mail: what came waits, and no server is at fault."""
        self.report(HealthState.ATTENTION, words=words_of(error))


def _full_words(room: Room) -> str:
    share = f"{room.share:.0%}"
    if room.resource == "STORAGE":
        held = f"{room.used * 1024 / 1e6:,.0f} of {room.limit * 1024 / 1e6:,.0f} MB"
    else:
        held = f"{room.used:,} of {room.limit:,}"
    return f"It is {share} full ({held}). A full mailbox is sent no mail any more: make room there."
