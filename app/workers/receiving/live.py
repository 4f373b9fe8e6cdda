"""The engine's threads for one mailbox: the live connection, and beside it the one for whatever takes long.

Live: INBOX in IDLE (or polled where a server has no IDLE), the other folders by their state once a minute. What lay in
the mailbox when it was connected, and the rest of large mails, come over a second connection, so that new mail never
waits behind them. Where a server grants only one, they come over that one, in slices between the looks for new mail.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from app.connectors.contracts import HealthState
from app.connectors.email.imap import IdleResult, ImapSession
from app.connectors.wake import Wake
from app.inbox.queries import FolderPlan, ReceivePlan, receive_plan
from app.inbox.receiving import large_mails
from app.inbox.rules import FolderRole
from app.kernel import clock
from app.kernel.errors import ExternalError, UserError
from app.workers.parsing import NoReaderError
from app.workers.receiving.hands import Hands, line_of
from app.workers.receiving.intake import WITH_WINDOW, Pace
from app.workers.receiving.mailbox_pass import MOST_SET_ASIDE, STOPS, TRAFFIC_STEP, Receiver, open_session

log = logging.getLogger(__name__)

LOOK_S: Final = 55.0
"""How often folders other than the one in IDLE are looked at."""

RENEW_S: Final = (300.0, 540.0)
"""IDLE is renewed well before servers (30 minutes) and home routers (often 10) drop a silent line."""

SLICE_S: Final = 10.0
"""How long new mail may wait for history where there is one connection only."""

_NOTICE_S: Final = 0.1

BACK_OFF_S: Final = (5.0, 15.0, 60.0, 180.0, 300.0)


def idle_span(folders: int, *, is_slow: bool, dice: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to stay in IDLE: until the other folders' turn, else (or on a slow line) 5 to 9 minutes."""
    return LOOK_S if folders > 1 and not is_slow else dice(*RENEW_S)


def pause_after(failures: int, dice: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait after so many failures in a row, spread so that mailboxes of one server do not come at once."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1] * dice(0.8, 1.2) if failures else 0.0


class Sessions:
    """The connections of one mailbox, to be cut when it has to end while a server says nothing."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: list[ImapSession] = []
        self.is_dialling = False
        """Is a connection being opened, and nothing else done? Such a thread can be left to itself."""

    def opened(self, dial: Callable[[], ImapSession]) -> ImapSession:
        """A new connection."""
        self.is_dialling = True
        try:
            return dial()
        finally:
            self.is_dialling = False

    @contextlib.contextmanager
    def held(self, session: ImapSession) -> Iterator[ImapSession]:
        """Can be cut as long as this lasts; closed at its end."""
        with self._guard:
            self._open.append(session)
        try:
            with session:
                yield session
        finally:
            with self._guard:
                self._open.remove(session)

    def cut(self) -> None:
        """Cut them at once; from any thread. What was under way is fetched again."""
        with self._guard:
            for session in self._open:
                session.abort()


class Looks:
    """Counts the looks for new mail, so that whoever has to know of it can wait for one. Of any thread."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self._begun = self._ended = 0

    def begin(self) -> None:
        """The server is asked, or dialled, from now on."""
        with self._told:
            self._begun += 1

    def end(self) -> None:
        """What it had is here, or it could not be asked."""
        with self._told:
            self._ended = self._begun
            self._told.notify_all()

    def wait_for_next(self, wake: Wake, seconds: float, is_over: Callable[[], bool]) -> None:
        """Have one made, and wait until it has ended; at most so long."""
        until = time.monotonic() + seconds
        with self._told:
            wanted = self._begun + 1
            wake.set()
            while self._ended < wanted and not is_over() and time.monotonic() < until:
                self._told.wait(_NOTICE_S)


def run_mailbox(
    hands: Hands,
    wake: Wake,
    *,
    pace: Callable[[], Pace] = lambda: WITH_WINDOW,
    sessions: Sessions | None = None,
    looks: Looks | None = None,
) -> None:
    """Keep a mailbox live until `stop` is set or the mailbox is removed. Set `wake` at stop, for "check mail now", after
    a new sign-in; a computer that wakes up is noticed here.
    """
    looks = looks or Looks()
    live = _Live(hands, wake, pace, sessions or Sessions(), looks)
    failures = set_aside = 0
    while not hands.stop.is_set():
        wake.clear()
        try:
            plan: ReceivePlan | None = hands.ask(receive_plan, hands.mailbox)
            if plan is None:
                return
            looks.begin()
            live.stay()
            failures = set_aside = 0
        except ExternalError as error:
            if hands.stop.is_set():
                break  # whoever wants the end has cut the line
            if set_aside < MOST_SET_ASIDE and live.receiver.got_past_a_mail():
                log.warning("a mail is set aside: %s", error.in_full)
                set_aside += 1
                continue
            live.receiver.report_error(error)
            # Where only a person can help, trying often would only lock the account; a new sign-in wakes us.
            failures = len(BACK_OFF_S) if error.reason in STOPS else failures + 1
        except NoReaderError as error:
            live.receiver.report_no_reader(error)
            failures += 1
        except UserError as error:
            log.warning("receiving stops for a while: %s", error)
            failures += 1
        except Exception:
            log.exception("receiving failed; it goes on by itself")
            failures += 1
        finally:
            looks.end()
        if failures and not hands.stop.is_set():
            wake.wait_awake(pause_after(failures))
    live.end()


class _Live:
    """One mailbox's live connection, and beside it the one for history and large mails."""

    def __init__(self, hands: Hands, wake: Wake, pace: Callable[[], Pace], sessions: Sessions, looks: Looks) -> None:
        self._hands, self._wake, self._pace, self._sessions, self._looks = hands, wake, pace, sessions, looks
        self.receiver = Receiver(hands, pace())
        self._bulk: threading.Thread | None = None
        self._is_alone = False
        self._looked_at = self._distrusted_at = 0.0
        self._watched_from: float | None = None
        """When the last look at INBOX began on this connection, in seconds of `clock.elapsed`."""

    def stay(self) -> None:
        """Sign in and receive what comes; raises what the connection raises.

        Ends at stop, after a sleep of the computer, and when a person said that the line is slow, or no longer.
        """
        receiver = self.receiver
        receiver.intake.pace = self._pace()
        receiver.report(HealthState.WORKING)
        receiver.intake.take_leftovers(self._hands.mailbox)
        plan = receiver.plan()
        if plan is None:
            return
        is_slow = line_of(self._hands.ask).is_slow
        opened = self._sessions.opened(partial(open_session, plan, self._hands.secrets, is_slow=is_slow))
        with self._sessions.held(opened) as session:
            if self._hands.stop.is_set():
                return
            inbox, self._is_alone = _inbox(plan), False
            receiver.use(session, inbox.name if inbox else "INBOX")
            self._watched_from = None
            try:
                receiver.watch()
                self._begin_bulk()
                self._look(None)
                while not self._hands.stop.is_set() and (plan := receiver.plan()) is not None:
                    if self._is_alone and self._has_bulk(plan):
                        receiver.take_history(SLICE_S)
                        receiver.take_large(SLICE_S)
                        self._look(None)
                        continue
                    waited = self._wait_for_mail(session, plan)
                    if self._hands.stop.is_set() or waited.slept or line_of(self._hands.ask) != receiver.line:
                        return
                    self._wake.clear()
                    if waited.woken:
                        receiver.say_anew()
                    receiver.intake.pace = self._pace()
                    self._look(plan if waited.changed and not waited.woken else None)
            finally:
                receiver.count_traffic()

    def _look(self, plan: ReceivePlan | None) -> None:
        """Receive what is new. With `plan`: its INBOX spoke, and the other folders were looked at not long ago."""
        receiver, now = self.receiver, time.monotonic()
        self._looks.begin()
        inbox = _inbox(plan) if plan is not None and now - self._looked_at < LOOK_S else None
        if inbox is None:
            self._looked_at = now
            if now - self._distrusted_at > RENEW_S[0]:
                self._distrusted_at = now
                receiver.fetcher.distrust()
                receiver.try_lost_again()
                receiver.look_at_room()
        began = clock.elapsed()
        within_s = began - self._watched_from if self._watched_from is not None else None
        receiver.take_new([inbox.name] if inbox is not None else None, within_s=within_s)
        self._watched_from = began
        receiver.intake.take_leftovers(self._hands.mailbox)
        self._looks.end()
        self._begin_bulk()
        receiver.count_traffic(at_least=TRAFFIC_STEP)
        receiver.report_well()

    def end(self) -> None:
        """Wait for the other connection to end."""
        if self._bulk is not None:
            self._bulk.join(30)

    def _wait_for_mail(self, session: ImapSession, plan: ReceivePlan) -> IdleResult:
        inbox = _inbox(plan)
        seconds = idle_span(len(plan.folders), is_slow=self.receiver.line.is_slow)
        if inbox is None:
            return IdleResult(changed=False, woken=self._wake.wait_awake(min(seconds, LOOK_S)))
        if session.folder != inbox.name:
            self.receiver.take_new([inbox.name])  # opens it: what came while the others were looked at is not missed
        if session.folder != inbox.name:
            return IdleResult(changed=False, woken=self._wake.wait_awake(min(seconds, LOOK_S)))
        if session.changed:
            return IdleResult(changed=True, woken=False)
        return session.idle(seconds, self._wake)

    def _has_bulk(self, plan: ReceivePlan) -> bool:
        """Is there history or the rest of a large mail to bring?"""
        if not plan.first_import_done and not plan.history_held:
            return True
        return bool(self._hands.ask(large_mails, self._hands.mailbox, coming=True))

    def _begin_bulk(self) -> None:
        plan = self.receiver.plan()
        is_at_work = self._bulk is not None and self._bulk.is_alive()
        if plan is None or is_at_work or self._is_alone or not self._has_bulk(plan):
            return
        self._bulk = threading.Thread(target=self._take_bulk, name="mail-bulk", daemon=True)
        self._bulk.start()

    def _take_bulk(self) -> None:
        try:
            receiver, set_aside = Receiver(self._hands, self._pace()), 0
            while (plan := receiver.plan()) is not None and (session := self._second_session(plan)) is not None:
                try:
                    with self._sessions.held(session):
                        self._work_off(receiver, session)
                    return
                except ExternalError:
                    set_aside += 1
                    if set_aside > MOST_SET_ASIDE or not receiver.got_past_a_mail():
                        raise
        except (ExternalError, UserError) as error:
            log.warning("the mail that was there waits: %s", error)
        except Exception:
            log.exception("bringing in the mail that was there failed; it goes on at the next look")

    def _second_session(self, plan: ReceivePlan) -> ImapSession | None:
        try:
            return open_session(plan, self._hands.secrets, is_slow=self.receiver.line.is_slow)
        except ExternalError as error:
            log.warning("no second connection; the mail that was there comes over the first: %s", error)
            self._is_alone = True
            self._wake.set()
            return None

    def _work_off(self, receiver: Receiver, session: ImapSession) -> None:
        receiver.use(session)
        try:
            receiver.watch()
            receiver.take_history()
            receiver.take_large()
        finally:
            receiver.count_traffic()


def _inbox(plan: ReceivePlan) -> FolderPlan | None:
    return next((folder for folder in plan.folders if folder.role is FolderRole.INBOX), None)
