"""Receiving: one pass over a mailbox for `deskbell sync`, and the threads that keep a mailbox live in the engine.

Live: INBOX in IDLE (or polled where a server has no IDLE), Sent and Junk by their state at least once a minute. What
lay in the mailbox when it was connected comes in over a second connection, so that new mail never waits behind it:
first the young threads, in which New or closed is decided when all of them are in, then older history, newest block
first.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.connectors.contracts import HealthState
from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.imap import ImapSession
from app.connectors.wake import Wake
from app.conversations.mailboxes import pause_mailbox, resume_mailbox
from app.inbox import commands
from app.inbox.queries import FolderPlan, ReceivePlan, receive_plan
from app.inbox.rules import FolderRole, History
from app.kernel import clock, signals
from app.kernel.blobs import Packs
from app.kernel.errors import ExternalError, Reason, UserError
from app.workers.mail_fetch import Fetcher, Wanted
from app.workers.mail_intake import WITH_WINDOW, Intake, Pace, PassCounts
from app.workers.parsing import ParsePool

__all__ = ["PassCounts", "list_again", "receive_pass", "run_mailbox"]

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]
Secrets = Callable[[str], str | None]
"""The secret kept under a reference, as `app.kernel.secrets.load_secret` gives it."""

_BLOCK: Final = 1000
_SAY_AGAIN_S: Final = 600.0
_IDLE_S: Final = 55.0
_BACK_OFF_S: Final = (5.0, 15.0, 60.0, 180.0, 300.0)
_STOPS: Final = frozenset({Reason.SIGN_IN, Reason.TLS, Reason.PLAIN})
"""Trouble that only a person can end: the mailbox is paused until somebody did."""


def open_session(plan: ReceivePlan, secrets: Secrets) -> ImapSession:
    """Sign in to a mailbox. Raises ExternalError; without a password one whose reason is `sign_in`."""
    secret = secrets(plan.secret_ref)
    if not secret:
        text = f"The password of {plan.address} is not known. Sign in again."
        raise ExternalError(text, reason=Reason.SIGN_IN, retryable=False)
    server = MailServer(
        ServerUrl.parse(plan.imap_url),
        user=plan.user,
        secret=Secret(secret),
        pinned_sha256=plan.imap_pin or None,
        mailbox=str(plan.id),
    )
    return ImapSession.open(server)


def receive_pass(
    mailbox: UUID,
    do: Do,
    ask: Ask,
    packs: Packs,
    secrets: Secrets,
    pool: ParsePool,
    stop: threading.Event,
    *,
    pace: Pace = WITH_WINDOW,
) -> PassCounts:
    """Receive everything that is there and make tickets of it, once. Raises ExternalError, UserError.

    What an earlier run left unfinished is dealt with first, also while the server cannot be reached.
    """
    receiver = Receiver(mailbox, do, ask, packs, secrets, pool, stop, pace)
    receiver.intake.take_leftovers(mailbox)
    plan = receiver.plan()
    if plan is None:
        return receiver.intake.counts
    try:
        with open_session(plan, secrets) as session:
            receiver.use(session)
            receiver.watch()
            receiver.take_history()
            receiver.take_new()
        receiver.intake.take_leftovers(mailbox)  # what was sent elsewhere and has found its conversation
    except ExternalError as error:
        receiver.report_error(error)
        raise
    receiver.report(HealthState.OK)
    return receiver.intake.counts


def list_again(mailbox: UUID, do: Do, ask: Ask, packs: Packs, secrets: Secrets) -> int:
    """Compare the ledger with a fresh listing of every folder; how many mails have no line. Raises ExternalError."""
    plan: ReceivePlan | None = ask(receive_plan, mailbox)
    if plan is None:
        return 0
    with open_session(plan, secrets) as session:
        fetcher = Fetcher(session, do, ask, packs, mailbox)
        plan = fetcher.watch()
        return sum(len(fetcher.list_again(plan, folder)) for folder in plan.folders) if plan else 0


class Receiver:
    """The steps of receiving, on one session at a time."""

    def __init__(
        self,
        mailbox: UUID,
        do: Do,
        ask: Ask,
        packs: Packs,
        secrets: Secrets,
        pool: ParsePool,
        stop: threading.Event,
        pace: Pace = WITH_WINDOW,
    ) -> None:
        self.mailbox, self._do, self._ask, self._packs, self._secrets = mailbox, do, ask, packs, secrets
        self._stop = stop
        self.intake = Intake(do, ask, pool, stop, pace)
        self._fetcher: Fetcher | None = None
        self._said: tuple[HealthState, Reason | None, str] | None = None
        self._said_at = 0.0

    def plan(self) -> ReceivePlan | None:
        found: ReceivePlan | None = self._ask(receive_plan, self.mailbox)
        return found

    def use(self, session: ImapSession) -> None:
        """Work on this session from now on."""
        self._fetcher = Fetcher(session, self._do, self._ask, self._packs, self.mailbox, self._stop)

    @property
    def fetcher(self) -> Fetcher:
        assert self._fetcher is not None
        return self._fetcher

    def watch(self) -> None:
        """Find the folders, and note in each what was there at the first look."""
        plan = self.fetcher.watch()
        if plan is None:
            return
        for folder in plan.folders:
            if folder.uidvalidity == 0:
                self.fetcher.list_again(plan, folder)

    def take_new(self, names: Iterable[str] | None = None) -> None:
        """Everything in the watched folders (or those named) that has no line, oldest first."""
        plan = self.plan()
        if plan is None:
            return
        wanted: list[Wanted] = []
        touched: list[FolderPlan] = []
        for folder in plan.folders:
            if names is not None and folder.name not in names:
                continue
            uids = self.fetcher.missing(plan, folder)
            if not plan.first_import_done:
                uids = [uid for uid in uids if uid >= folder.first_uid]
            if uids:
                wanted += self.fetcher.wanted(folder, uids)
                touched.append(folder)
        self._take(wanted, touched)

    def take_history(self) -> None:
        """What was there when the mailbox was connected, if that is not in yet."""
        plan = self.plan()
        if plan is None or plan.first_import_done:
            return
        old: list[Wanted] = []
        if plan.history is not History.NONE:
            for folder in plan.folders:
                uids = [uid for uid in self.fetcher.missing(plan, folder, listing=True) if uid < folder.first_uid]
                old += self.fetcher.wanted(folder, uids)
        junk = {folder.id for folder in plan.folders if folder.role is FolderRole.JUNK}
        young, blocks = _in_blocks(old, _young_since(plan), junk)
        self._take(young, ())
        self._decide()
        for block in blocks:
            if self._stop.is_set():
                return
            self._take(block, ())
        if not self._stop.is_set():
            for folder in plan.folders if old else ():
                self.fetcher.settle(folder)
            self._do(commands.end_first_import, self.mailbox)

    def _decide(self) -> None:
        after: UUID | None = None
        while not self._stop.is_set():
            after = self._do(commands.open_young_threads, self.mailbox, after)
            if after is None:
                return

    def _take(self, wanted: Sequence[Wanted], touched: Sequence[FolderPlan]) -> None:
        plan = self.plan()
        if plan is None or not wanted or self._stop.is_set():
            return
        ordered = sorted(wanted, key=lambda one: (one.at, one.uid))
        self.intake.take(self.fetcher.fetch(plan, ordered), len(ordered))
        if not self._stop.is_set():
            for folder in touched:
                self.fetcher.settle(folder)

    # -- health

    def report(self, state: HealthState, reason: Reason | None = None, words: str = "") -> None:
        """Say how the mailbox does, when that has changed or was long not said: a short-lived word for the window."""
        said = (state, reason, words)
        if said == self._said and time.monotonic() - self._said_at < _SAY_AGAIN_S:
            return
        self._said, self._said_at = said, time.monotonic()
        payload = {
            "mailbox": str(self.mailbox),
            "state": str(state),
            "reason": str(reason or ""),
            "words": words,
            "at": clock.now().isoformat(),
        }
        self._do(signals.send, "mailbox_state", payload, ttl_s=3600)
        plan = self.plan()
        if state is HealthState.OK and plan is not None and plan.paused_reason:
            self._do(resume_mailbox, self.mailbox, received=True)

    def report_error(self, error: ExternalError) -> None:
        """Say what went wrong; trouble that only a person can end pauses the mailbox."""
        if error.reason in _STOPS:
            self._do(pause_mailbox, self.mailbox, error.reason, error.words or str(error))
            self.report(HealthState.ATTENTION, error.reason, error.words or str(error))
        else:
            self.report(HealthState.OFFLINE, error.reason, error.words or str(error))


def run_mailbox(
    mailbox: UUID,
    do: Do,
    ask: Ask,
    packs: Packs,
    secrets: Secrets,
    pool: ParsePool,
    stop: threading.Event,
    wake: Wake,
    *,
    pace: Callable[[], Pace] = lambda: WITH_WINDOW,
) -> None:
    """Keep a mailbox live until `stop` is set or the mailbox is removed. Set `wake` at stop, for "check mail now", after
    a new sign-in and when the computer wakes up.
    """
    live = _Live(mailbox, do, ask, packs, secrets, pool, stop, wake, pace)
    failures = 0
    while not stop.is_set():
        wake.clear()
        try:
            plan: ReceivePlan | None = ask(receive_plan, mailbox)
            if plan is None:
                return
            live.stay()
            failures = 0
        except ExternalError as error:
            live.receiver.report_error(error)
            # Where only a person can help, trying often would only lock the account; a new sign-in wakes us.
            failures = len(_BACK_OFF_S) if error.reason in _STOPS else failures + 1
        except UserError as error:
            log.warning("receiving stops for a while: %s", error)
            failures += 1
        except Exception:
            log.exception("receiving failed; it goes on by itself")
            failures += 1
        if failures and not stop.is_set():
            pause = _BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1]
            live.wait(pause * random.uniform(0.8, 1.2))
    live.end()


class _Live:
    """One mailbox's live connection, and beside it the one that brings in its history."""

    def __init__(
        self,
        mailbox: UUID,
        do: Do,
        ask: Ask,
        packs: Packs,
        secrets: Secrets,
        pool: ParsePool,
        stop: threading.Event,
        wake: Wake,
        pace: Callable[[], Pace],
    ) -> None:
        self._hands = (mailbox, do, ask, packs, secrets, pool, stop)
        self._stop, self._wake, self._secrets, self._pace = stop, wake, secrets, pace
        self.receiver = Receiver(*self._hands, pace())
        self._bulk: threading.Thread | None = None

    def wait(self, seconds: float) -> None:
        self._wake.wait(seconds)

    def stay(self) -> None:
        """Sign in and receive what comes until stop; raises what the connection raises."""
        receiver = self.receiver
        receiver.intake.set_pace(self._pace())
        receiver.report(HealthState.WORKING)
        receiver.intake.take_leftovers(receiver.mailbox)
        plan = receiver.plan()
        if plan is None:
            return
        with open_session(plan, self._secrets) as session:
            receiver.use(session)
            receiver.watch()
            self._begin_history()
            receiver.take_new()
            receiver.report(HealthState.OK)
            while not self._stop.is_set() and (plan := receiver.plan()) is not None:
                self._wait_for_mail(session, plan)
                if self._stop.is_set():
                    return
                self._wake.clear()
                receiver.intake.set_pace(self._pace())
                receiver.take_new()
                receiver.intake.take_leftovers(receiver.mailbox)
                self._begin_history()
                receiver.report(HealthState.OK)

    def end(self) -> None:
        """Wait for the other connection to end."""
        if self._bulk is not None:
            self._bulk.join(30)

    def _wait_for_mail(self, session: ImapSession, plan: ReceivePlan) -> None:
        inbox = next((folder for folder in plan.folders if folder.role is FolderRole.INBOX), None)
        if inbox is None:
            self.wait(_IDLE_S)
            return
        state = session.select(inbox.name)
        if state.uidnext is not None and inbox.uidnext is not None and state.uidnext > inbox.uidnext:
            return  # it came while the other folders were looked at
        session.idle(_IDLE_S, self._wake)

    def _begin_history(self) -> None:
        plan = self.receiver.plan()
        if plan is None or plan.first_import_done or (self._bulk is not None and self._bulk.is_alive()):
            return
        self._bulk = threading.Thread(target=self._take_history, name="mail-history", daemon=True)
        self._bulk.start()

    def _take_history(self) -> None:
        receiver = Receiver(*self._hands, self._pace())
        try:
            plan = receiver.plan()
            if plan is not None:
                with open_session(plan, self._secrets) as session:
                    receiver.use(session)
                    receiver.take_history()
        except (ExternalError, UserError) as error:
            log.warning("the mail that was there waits: %s", error)
        except Exception:
            log.exception("bringing in the mail that was there failed; it goes on at the next look")


def _young_since(plan: ReceivePlan) -> datetime | None:
    """From when on mail is part of the threads that may be open; None: none is."""
    if plan.history is History.ALL:
        return datetime.min.replace(tzinfo=clock.EPOCH.tzinfo)
    return plan.open_since if plan.history is History.SINCE else None


def _in_blocks(
    wanted: Sequence[Wanted], since: datetime | None, junk: set[UUID]
) -> tuple[list[Wanted], list[list[Wanted]]]:
    """The young part, then the rest in blocks, the newest block first; what lies in Junk comes last."""
    young = [one for one in wanted if since is not None and one.at >= since and one.folder not in junk]
    old = sorted(
        (one for one in wanted if one.folder not in junk and (since is None or one.at < since)),
        key=lambda one: (one.at, one.uid),
        reverse=True,
    )
    blocks = [old[start : start + _BLOCK] for start in range(0, len(old), _BLOCK)]
    rest = [one for one in wanted if one.folder in junk]
    return young, [*blocks, rest] if rest else blocks
