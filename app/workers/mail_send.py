"""Sending: hands over what is due in the outbox, one mailbox after the other, in one thread.

The order of things is what keeps a mail from going out twice: the bytes are composed and flushed first, the claim
stores where they lie, each phase is committed before it begins, and the server's answer is written down at once. A
crash anywhere leaves a row that says how far it came. The copy in the Sent folder comes after all of that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.connectors.contracts import Outgoing, Receipt
from app.connectors.contracts import Phase as WirePhase
from app.connectors.email.config import MailServer
from app.connectors.email.faults import SendError
from app.connectors.email.smtp import SmtpSession
from app.connectors.wake import AwakeClock
from app.conversations.mailboxes import SENDING, pause_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo, mailbox
from app.kernel import clock
from app.kernel.blobs import BlobDamaged, BlobRef, Packs, StorageError
from app.kernel.errors import ExternalError, Reason, UserError
from app.mime.compose import compose
from app.outbox import commands, queries, rules, waits
from app.workers.mail_copies import Ask, Do, Secrets, file_copies, server_of

log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 60.0
_QUIET_S = (5.0, 20.0, 60.0)
_one_at_a_time = threading.Lock()
_STOPS = frozenset({Reason.SIGN_IN, Reason.TLS, Reason.PLAIN})
"""Trouble that only a person can end: the mailbox is paused until somebody did; its messages stay queued."""
_LEAVES = 421
"""The server closes the line (RFC 5321, section 3.8): too many mails, or it goes down. Who insists is shut out for longer."""
_NO_LINE = frozenset({Reason.OFFLINE, Reason.HOST})


@dataclass(frozen=True, slots=True)
class SendCounts:
    """What one pass did, in messages."""

    sent: int = 0
    held: int = 0
    failed: int = 0
    uncertain: int = 0
    retry: int = 0
    partial: int = 0
    waiting: int = 0  # no connection or no sign-in: nothing was tried


class _LostError(Exception):
    """The message is not ours any more: another process settled it."""


class _MailboxError(Exception):
    """This mailbox cannot send at the moment; its other messages need not be tried."""


def send_due(do: Do, ask: Ask, packs: Packs, secrets: Secrets, stop: threading.Event) -> SendCounts:
    """Send what is due now, once, and file the copies. Every failure is written to its row; none is raised."""
    return Sender(do, ask, packs, secrets, stop).send_due()


def run(
    do: Do,
    ask: Ask,
    packs: Packs,
    secrets: Secrets,
    stop: threading.Event,
    wake: threading.Event,
    sender: Sender | None = None,
) -> None:
    """Send until `stop`. Set `wake` when the outbox or a mailbox has changed, and at stop.

    Give a `sender` to be able to call its `try_again` when the line is back or somebody asks to try now.
    """
    sender = sender or Sender(do, ask, packs, secrets, stop)
    while not stop.is_set():
        wake.clear()
        try:
            sender.send_due()
            pause = sender.pause_s()
        except Exception:
            log.exception("sending failed; it goes on in a minute")
            pause = _LONGEST_WAIT_S
        if not stop.is_set() and _rest(wake, pause):
            sender.try_again()


def _rest(wake: threading.Event, seconds: float) -> bool:
    """Wait for `wake`, at most so long. True if the computer slept meanwhile: its lines may be well again."""
    awake, until = AwakeClock(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        step = min(left, awake.slice_s)
        awake.begin()
        if wake.wait(step):
            return False
        if awake.slept(step):
            return True
    return False


class Sender:
    """One thread's sending. Remembers which mailboxes are quiet after a failed connection.

    A mailbox is quiet for seconds that go by, never until an hour of the clock; a time that the rep chose is one, but
    not while the clock is in doubt (`clock.Doubt`).
    """

    def __init__(self, do: Do, ask: Ask, packs: Packs, secrets: Secrets, stop: threading.Event) -> None:
        self._do, self._ask, self._packs, self._secrets, self._stop = do, ask, packs, secrets, stop
        self._quiet: dict[UUID, _Quiet] = {}
        self._doubt = clock.Doubt()
        self._sizes: set[UUID] = set()  # mailboxes whose server has told its limit in this pass
        self._unwritten: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def send_due(self) -> SendCounts:
        """One pass over everything that is due. Passes of one process come one after the other."""
        with _one_at_a_time:
            return self._pass()

    def _pass(self) -> SendCounts:
        counts: Counter[str] = Counter()
        self._sizes.clear()
        again, self._unwritten = self._unwritten, []
        for command, values in again:
            self._write(command, *values)
        for key in self._ask(queries.overtaken):
            self._do(commands.recall_overtaken, key)
        by_mailbox: dict[UUID, list[queries.Due]] = {}
        if self._ask(waits.overlong_waits, clock.now()):
            self._do(waits.shorten_waits)
        for each in self._ask(queries.due, clock.now(), chosen_by=self._doubt.believed()):
            by_mailbox.setdefault(each.mailbox, []).append(each)
        for key, messages in by_mailbox.items():
            box: MailboxInfo | None = self._ask(mailbox, key)
            if box is not None and not self._is_quiet(box) and not self._stop.is_set():
                self._send_from(box, messages, counts)
        file_copies(self._do, self._ask, self._packs, self._secrets, self._stop)
        return SendCounts(**counts)

    def pause_s(self) -> float:
        """Seconds until something may be due; at most a minute (the clock may be set)."""
        at: datetime | None = self._ask(queries.next_due_at)
        if at is None:
            return _LONGEST_WAIT_S
        wait = (at - clock.now()).total_seconds()
        quiet = list(self._quiet.values())
        if wait <= 0 and self._doubt.doubts:
            wait = _LONGEST_WAIT_S
        if quiet and wait <= 0:
            wait = min(each.until - clock.elapsed() for each in quiet)
        return min(max(wait, 0.2), _LONGEST_WAIT_S)

    def try_again(self) -> None:
        """Forget that mailboxes were unreachable: the line is back, or somebody asked."""
        self._quiet = {}  # replaced, not emptied: another thread may be reading it

    # -- one mailbox

    def _send_from(self, box: MailboxInfo, messages: list[queries.Due], counts: Counter[str]) -> None:
        line = _Line(self._do, self._secrets, box)
        try:
            for each in messages:
                if self._stop.is_set():
                    return
                self._send_one(line, each, counts)
            self._quiet.pop(box.id, None)
        except _MailboxError:
            failures = self._quiet[box.id].failures if box.id in self._quiet else 0
            until = clock.elapsed() + _QUIET_S[min(failures, len(_QUIET_S) - 1)]
            self._quiet[box.id] = _Quiet(until, failures + 1, _access(box))
        except StorageError as error:
            log.warning("sending stops: %s", error)
        finally:
            line.close()

    def _is_quiet(self, box: MailboxInfo) -> bool:
        """Was it unreachable a moment ago, and is it still the same server and sign-in?"""
        known = self._quiet.get(box.id)
        return known is not None and known.until > clock.elapsed() and known.access == _access(box)

    # -- one message

    def _send_one(self, line: _Line, due: queries.Due, counts: Counter[str]) -> None:
        server = line.server()  # before the claim: without a password nothing is tried
        ref = None if due.frozen else self._freeze(due.message, counts)
        if ref is None and not due.frozen:
            return
        got = self._do(commands.claim, due.message, ref)
        if got is None:
            return
        if isinstance(got, rules.Hold):
            counts["held"] += 1
            return
        phase = _Phases(self._do, got.message)
        try:
            raw = self._packs.read(got.blob)
            session = line.session(server)
            self._note_size(line.box, session)
            receipt = session.send(Outgoing(raw, got.sender, got.recipients), phase)
        except _LostError:
            log.warning("a message was settled by another process while it was being sent")
        except ExternalError as error:
            self._record_error(line.box, got.message, error, counts)
        except UserError as error:
            self._write(commands.record_failed, got.message, str(error))
            counts["failed"] += 1
        except Exception:
            log.exception("sending a message failed unexpectedly")
            self._record_unexpected(got.message, phase, counts)
            line.close()
        else:
            self._record_receipt(got.message, receipt, counts)

    def _write(self, command: Callable[..., Any], *values: Any) -> str:
        """Write down how a message fared; the state it has now.

        Should that fail (the disk is full), it is tried again at the next pass: the server's answer is not to be lost.
        """
        try:
            return str(self._do(command, *values) or "")
        except Exception:
            log.exception("how a message fared could not be written; it is tried again")
            self._unwritten.append((command, values))
            return "waiting"

    def _freeze(self, message: UUID, counts: Counter[str]) -> BlobRef | None:
        """Compose the bytes and flush them; None if that is impossible, which is written down."""
        frozen: queries.Frozen | None = self._ask(queries.letter, message)
        if frozen is None:
            return None
        try:
            ref = self._packs.append(compose(frozen.whole(self._packs.read)))
            self._packs.flush()
        except StorageError as error:
            if isinstance(error, BlobDamaged):
                self._do(commands.record_failed, message, f"A file of this message cannot be read. {error}")
                counts["failed"] += 1
                return None
            raise
        except UserError as error:
            self._do(commands.record_failed, message, str(error))
            counts["failed"] += 1
            return None
        return ref

    def _record_receipt(self, message: UUID, receipt: Receipt, counts: Counter[str]) -> None:
        refused = {address: (refusal.code, refusal.words) for address, refusal in receipt.refused.items()}
        state = self._write(commands.record_results, message, receipt.accepted, refused)
        counts[state] += 1

    def _record_error(self, box: MailboxInfo, message: UUID, error: ExternalError, counts: Counter[str]) -> None:
        words = error.in_full
        if isinstance(error, SendError) and error.uncertain:
            self._write(commands.record_uncertain, message, words)
            counts["uncertain"] += 1
        elif error.reason in _STOPS:
            self._write(commands.record_not_tried, message, words)
            self._do(pause_mailbox, box.id, error.reason, SENDING + error.in_full)
            counts["waiting"] += 1
            raise _MailboxError from error
        elif error.reason in _NO_LINE:
            self._write(commands.record_not_tried, message, words)
            counts["waiting"] += 1
            raise _MailboxError from error
        elif error.retryable:
            counts[self._write(commands.record_retry, message, words)] += 1
            if isinstance(error, SendError) and (error.phase is WirePhase.CONNECT or error.code == _LEAVES):
                raise _MailboxError from error
        else:
            code = error.code if isinstance(error, SendError) else 0
            meaning = rules.plain_refusal(code, error.words) if error.words else str(error)
            self._write(commands.record_failed, message, _with_words(meaning, error.words))
            counts["failed"] += 1

    def _record_unexpected(self, message: UUID, phase: _Phases, counts: Counter[str]) -> None:
        words = "Deskbell made a mistake while sending this; the details are in its log."
        if phase.now is WirePhase.DATA:
            self._write(commands.record_uncertain, message, words)
            counts["uncertain"] += 1
        else:
            counts[self._write(commands.record_retry, message, words)] += 1

    def _note_size(self, box: MailboxInfo, session: SmtpSession) -> None:
        """Remember how large a mail the server takes, so that composers can say so before a file is attached."""
        limit = session.size_limit or 0
        if limit != box.size_limit and box.id not in self._sizes:
            self._sizes.add(box.id)
            self._do(update_mailbox, box.id, size_limit=limit)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A mailbox that could not be reached: until when (`clock.elapsed`) it is left alone, and what it was tried with."""

    until: float
    failures: int
    access: tuple[object, ...]


def _access(box: MailboxInfo) -> tuple[object, ...]:
    return (box.smtp_url, box.user, box.smtp_pin, box.secret_ref, box.secret_version)


class _Phases:
    """Commits each phase before it begins; what it raises stops the hand-over there."""

    def __init__(self, do: Do, message: UUID) -> None:
        self._do, self._message = do, message
        self.now = WirePhase.CONNECT

    def __call__(self, phase: WirePhase) -> None:
        if not self._do(commands.set_phase, self._message, str(phase)):
            raise _LostError
        self.now = phase


class _Line:
    """The connection to a mailbox's server: opened when the first message needs it, kept for the next ones."""

    def __init__(self, do: Do, secrets: Secrets, box: MailboxInfo) -> None:
        self._do, self._secrets, self.box = do, secrets, box
        self._server: MailServer | None = None
        self._session: SmtpSession | None = None

    def server(self) -> MailServer:
        """Where to connect. Without a secret the mailbox is paused and _MailboxError raised."""
        if self._server is None:
            box = self.box
            try:
                self._server = server_of(box, box.smtp_url, box.smtp_pin, self._secrets)
            except UserError as error:
                self._do(pause_mailbox, box.id, Reason.SIGN_IN, SENDING + str(error))
                raise _MailboxError from error
        return self._server

    def session(self, server: MailServer) -> SmtpSession:
        """A signed-in connection. Raises SendError with phase `connect`."""
        if self._session is not None:
            try:
                self._session.noop()  # a server may end a connection after some mails; then nothing has been tried yet
                return self._session
            except ExternalError:
                self.close()
        self._session = SmtpSession.open(server)
        return self._session

    def close(self) -> None:
        """Hang up."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _with_words(text: str, words: str) -> str:
    return f"{text} ({words})" if words and words not in text else text
