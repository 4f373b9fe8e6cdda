"""Handing over what one mailbox has to send, message by message, over one connection.

The order of things is what keeps a mail from going out twice: the bytes are composed and flushed first, the claim
stores where they lie, each phase is committed before it begins, and the server's answer is written down at once. A
crash anywhere leaves a row that says how far it came.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.connectors.contracts import Outgoing, Receipt
from app.connectors.contracts import Phase as WirePhase
from app.connectors.email.config import MailServer
from app.connectors.email.faults import SendError
from app.connectors.email.smtp import SmtpSession
from app.conversations.mailboxes import of_sending, pause_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.files.blobs import BlobDamaged, BlobRef, Packs
from app.kernel.files.disk import StorageError
from app.mime.compose import compose
from app.outbox import commands, queries, rules
from app.workers.sending.sent_copies import Ask, Do, Secrets, server_of

log = logging.getLogger(__name__)

_STOPS = frozenset({Reason.SIGN_IN, Reason.TLS, Reason.PLAIN})
"""Trouble that only a person can end: the mailbox is paused until somebody did; its messages stay queued."""
_LEAVES = 421
"""The server closes the line (RFC 5321, section 3.8): too many mails, or it goes down. Who insists is shut out for longer."""
_NO_LINE = frozenset({Reason.OFFLINE, Reason.HOST})


class MailboxError(Exception):
    """This mailbox cannot send at the moment; its other messages need not be tried."""


class _LostError(Exception):
    """The message is not ours any more: another process settled it, or the engine comes to its end."""


@dataclass(slots=True)
class Kit:
    """What sending is handed: how to write and ask, where bytes lie, the keyring, when to stop.

    `late`: answers of servers that could not be written down (the disk was full), to be written before anything else.
    """

    do: Do
    ask: Ask
    packs: Packs
    secrets: Secrets
    stop: threading.Event
    late: list[tuple[Callable[..., Any], tuple[Any, ...]]] = field(default_factory=list)

    def write(self, command: Callable[..., Any], *values: Any) -> str:
        """Write down how a message fared; the state it has now. Should that fail, it is kept in `late`: the server's
        answer is not to be lost.
        """
        try:
            return str(self.do(command, *values) or "")
        except Exception:
            log.exception("how a message fared could not be written; it is tried again")
            self.late.append((command, values))
            return "waiting"


class HandOver:
    """The sending of one mailbox's due messages, by one thread. `cut` and `leave` may come from any thread."""

    def __init__(self, kit: Kit, box: MailboxInfo) -> None:
        self._kit, self._line = kit, _Line(kit, box)
        self._phases: _Phases | None = None
        self._is_left = False
        self.counts: Counter[str] = Counter()
        """What became of the messages: `sent`, `held`, `failed` … as in `SendCounts`."""

    def run(self, messages: tuple[queries.Due, ...]) -> None:
        """Send them, one after the other. Raises MailboxError when the mailbox cannot send, StorageError."""
        try:
            for each in messages:
                if self._kit.stop.is_set():
                    return
                self._send_one(each)
        finally:
            self._line.close()

    @property
    def is_going_over(self) -> bool:
        """Is a mail in its data phase, so that a cut would leave nobody knowing whether it went out?"""
        return self._phases is not None and self._phases.now is WirePhase.DATA

    def cut(self) -> bool:
        """Cut the line at once; False if there is none yet. What was not in the data phase waits as if it had not been tried."""
        return self._line.abort()

    def leave(self) -> None:
        """Nothing that comes yet is written: the next holder of the engine lock settles what is left."""
        self._is_left = True

    # -- one message

    def _send_one(self, due: queries.Due) -> None:
        kit, line = self._kit, self._line
        server = line.server()  # before the claim: without a password nothing is tried
        ref = None if due.frozen else self._freeze(due.message)
        if ref is None and not due.frozen:
            return
        got = kit.do(commands.claim, due.message, ref)
        if got is None:
            return
        if isinstance(got, rules.Hold):
            self.counts["held"] += 1
            return
        self._phases = _Phases(kit, got)
        try:
            raw = kit.packs.read(got.blob)
            session = line.session(server)
            self._note_size(session)
            receipt = session.send(Outgoing(raw, got.sender, got.recipients), self._phases)
        except _LostError:
            self._give_back(got)
        except ExternalError as error:
            self._record_error(got.message, error)
        except UserError as error:
            self._write(commands.record_failed, got.message, str(error))
            self.counts["failed"] += 1
        except Exception:
            log.exception("sending a message failed unexpectedly")
            self._record_unexpected(got.message)
            line.close()
        else:
            self._record_receipt(got.message, receipt)
        finally:
            self._phases = None

    def _give_back(self, got: commands.Claim) -> None:
        if self._kit.stop.is_set():
            self._write(commands.record_not_tried, got.message, "")
            self.counts["waiting"] += 1
        else:
            log.warning("a message was settled by another process while it was being sent")
            self._line.close()  # the server stands in the middle of it

    def _write(self, command: Callable[..., Any], *values: Any) -> str:
        return "" if self._is_left else self._kit.write(command, *values)

    def _freeze(self, message: UUID) -> BlobRef | None:
        """Compose the bytes and flush them; None if that is impossible, which is written down."""
        kit = self._kit
        frozen: queries.Frozen | None = kit.ask(queries.letter, message)
        if frozen is None:
            return None
        try:
            ref = kit.packs.append(compose(frozen.whole(kit.packs.read)))
            kit.packs.flush()
        except BlobDamaged as error:
            words = f"A file of this message cannot be read. {error}"
        except StorageError:
            raise
        except UserError as error:
            words = str(error)
        else:
            return ref
        kit.do(commands.record_failed, message, words)
        self.counts["failed"] += 1
        return None

    def _record_receipt(self, message: UUID, receipt: Receipt) -> None:
        refused = {address: (refusal.code, refusal.words) for address, refusal in receipt.refused.items()}
        self.counts[self._write(commands.record_results, message, receipt.accepted, refused)] += 1

    def _record_error(self, message: UUID, error: ExternalError) -> None:
        words, code = error.in_full, error.code if isinstance(error, SendError) else 0
        if isinstance(error, SendError) and error.uncertain:
            self._write(commands.record_uncertain, message, words)
            self.counts["uncertain"] += 1
        elif self._kit.stop.is_set() and not code:  # it was we who cut the line
            self._write(commands.record_not_tried, message, "")
            self.counts["waiting"] += 1
        elif error.reason in _STOPS or error.reason in _NO_LINE:
            self._write(commands.record_not_tried, message, words)
            if error.reason in _STOPS:
                self._kit.do(pause_mailbox, self._line.box.id, error.reason, of_sending(words))
            self.counts["waiting"] += 1
            raise MailboxError from error
        elif error.retryable:
            self.counts[self._write(commands.record_retry, message, words)] += 1
            if isinstance(error, SendError) and (error.phase is WirePhase.CONNECT or code == _LEAVES):
                raise MailboxError from error
        else:
            meaning = rules.plain_refusal(code, error.words) if error.words else str(error)
            self._write(commands.record_failed, message, _with_words(meaning, error.words))
            self.counts["failed"] += 1

    def _record_unexpected(self, message: UUID) -> None:
        words = "Deskbell made a mistake while sending this; the details are in its log."
        if self.is_going_over:
            self._write(commands.record_uncertain, message, words)
            self.counts["uncertain"] += 1
        else:
            self.counts[self._write(commands.record_retry, message, words)] += 1

    def _note_size(self, session: SmtpSession) -> None:
        """Remember how large a mail the server takes, so that composers can say so before a file is attached."""
        limit = session.size_limit or 0
        if limit != self._line.size_limit:
            self._line.size_limit = limit
            self._kit.do(update_mailbox, self._line.box.id, size_limit=limit)


class _Phases:
    """Commits each phase before it begins; what it raises stops the hand-over there."""

    def __init__(self, kit: Kit, got: commands.Claim) -> None:
        self._kit, self._got = kit, got
        self.now = WirePhase.CONNECT

    def __call__(self, phase: WirePhase) -> None:
        got = self._got
        if self._kit.stop.is_set() or not self._kit.do(commands.set_phase, got.message, str(phase), got.attempt):
            raise _LostError
        self.now = phase


class _Line:
    """The connection to a mailbox's server: opened when the first message needs it, kept for the next ones."""

    def __init__(self, kit: Kit, box: MailboxInfo) -> None:
        self._kit, self.box = kit, box
        self.size_limit = box.size_limit
        self._server: MailServer | None = None
        self._session: SmtpSession | None = None

    def server(self) -> MailServer:
        """Where to connect. Without a secret the mailbox is paused and MailboxError raised."""
        if self._server is None:
            box = self.box
            try:
                self._server = server_of(box, box.smtp_url, box.smtp_pin, self._kit.secrets)
            except UserError as error:
                # A keyring that is still locked concerns receiving as well: once that has its secret, both go on.
                is_locked = bool(box.user) and self._kit.secrets(box.secret_ref) is None
                words = str(error) if is_locked else of_sending(str(error))
                self._kit.do(pause_mailbox, box.id, Reason.SIGN_IN, words)
                raise MailboxError from error
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

    def abort(self) -> bool:
        """Cut it, if there is one; from any thread."""
        session = self._session
        if session is not None:
            session.abort()
        return session is not None

    def close(self) -> None:
        """Hang up."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _with_words(text: str, words: str) -> str:
    return f"{text} ({words})" if words and words not in text else text
