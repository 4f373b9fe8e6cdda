"""Bringing the bytes of mails from a server into the packs: here, or in a process of its own when there are many.

Fetching is mostly waiting and copying, but each step of it needs Python's lock, which deciding and writing hold nearly all
the time: in one process, a mailbox's history came at half the speed. The process has a connection of its own to the
same server and a pack of its own, and answers with where the bytes lie, after they were made durable. It sees no
database. Where it cannot sign in (some servers grant one connection), or is lost, the mailbox's own session does the work.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from app.connectors.email.config import AuthKind, MailServer, Secret, ServerUrl
from app.connectors.email.imap import ImapSession
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.files.blobs import BlobRef, Packs
from app.kernel.sentences import words_of
from app.workers.pickling import cross_in_one_call, line_between

log = logging.getLogger(__name__)

BATCH_BYTES: Final = 16 * 2**20
BATCH_S: Final = 0.5
"""A batch is made durable, and its mails count as received, after so many bytes or so long."""

_HEADER_BYTES: Final = 64_000
_LOOK_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Carried:
    """A mail whose bytes lie in a pack; they are durable once that is flushed. `size` as the server says it, `header_hash`
    the sha256 of its header, `written_at` what its Date says, where that was asked for.
    """

    uid: int
    internal_at: datetime | None
    size: int
    header_hash: bytes
    blob: BlobRef
    written_at: datetime | None = None


class CarrierLostError(Exception):
    """The process cannot go on; what it did not answer yet is to be fetched otherwise. It is no failure of the server."""


def carry(session: ImapSession, packs: Packs, uids: Sequence[int], *, dated: bool) -> Iterator[Carried]:
    """Whole mails of the open folder into the packs, in the order the server sends them. `dated`: read their Date too.

    Raises ExternalError, StorageError.
    """
    for mail in session.fetch(uids):
        yield keep(packs, mail.uid, mail.raw, mail.internal_at, mail.size, dated=dated)


def keep(packs: Packs, uid: int, raw: bytes, at: datetime | None, size: int, *, dated: bool) -> Carried:
    """Put the bytes of one mail into the packs. Raises StorageError."""
    return Carried(uid, at, size, header_hash(raw), packs.append(raw), written_at(raw) if dated else None)


def header_hash(raw: bytes) -> bytes:
    """The sha256 of a mail's header as a server gives it: up to and with the first empty line."""
    end = raw.find(b"\r\n\r\n")
    bare = raw.find(b"\n\n", 0, end + 1 if end >= 0 else len(raw))  # not through the whole of a large mail
    if bare >= 0:
        return hashlib.sha256(raw[: bare + 2]).digest()
    return hashlib.sha256(raw[: end + 4] if end >= 0 else raw).digest()


def written_at(raw: bytes) -> datetime | None:
    """What a mail's Date says."""
    from app.mime.parse import read_headers
    from app.mime.syntax.dates import parse_date  # only now: nearly all mail is fetched without

    return parse_date(read_headers(raw[:_HEADER_BYTES]).line("date"))


class Carrier:
    """A process that carries. Made for one server; used by one thread at a time."""

    def __init__(self, server: MailServer, packs: Path, stop: threading.Event) -> None:
        self._stop = stop
        self.traffic = (0, 0)
        """Bytes received and sent so far."""
        self._is_ready = False
        context = multiprocessing.get_context("spawn")
        self._line: Connection
        self._line, theirs = line_between(context)
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, packs), name="deskbell-fetch", daemon=True
        )
        self.process.start()
        theirs.close()
        with contextlib.suppress(OSError):  # whoever asks first is told
            self._line.send(_told(server))

    @property
    def is_ready(self) -> bool:
        """Is it signed in? False for good if it cannot be."""
        try:
            if not self._is_ready and self._line.poll():
                kind, what = self._line.recv()
                self._is_ready = kind == "ready"
                if not self._is_ready:
                    log.warning("no second connection for fetching: %s", what)
                    self._line.close()
        except (EOFError, OSError):
            return False
        return self._is_ready

    def carry(self, folder: str, uidvalidity: int, uids: Sequence[int], *, dated: bool) -> Iterator[Carried]:
        """As the function `carry`, of a folder by its name; what comes out is durable.

        Raises ExternalError, StorageError, and CarrierLostError. Ends early at stop.
        """
        self._send((folder, uidvalidity, list(uids), dated))
        while not self._stop.is_set():
            kind, what = self._next()
            if kind == "mails":
                yield from what
            elif kind == "end":
                self.traffic = what
                return
            elif kind == "server":
                text, reason, retryable, words = what
                raise ExternalError(text, reason=Reason(reason), retryable=retryable, words=words)
            elif kind == "disk":
                raise UserError(what)
            else:
                raise CarrierLostError(what)

    def close(self) -> None:
        """End the process."""
        self._line.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5)
        with contextlib.suppress(ValueError):
            self.process.close()

    def _send(self, what: object) -> None:
        try:
            self._line.send(what)
        except OSError as error:
            raise CarrierLostError("it has ended") from error

    def _next(self) -> tuple[str, Any]:
        try:
            while not self._line.poll(_LOOK_S):
                if self._stop.is_set():
                    return "end", self.traffic
            found: tuple[str, Any] = self._line.recv()
        except (EOFError, OSError) as error:
            raise CarrierLostError("it has ended") from error
        return found


def _told(server: MailServer) -> dict[str, Any]:
    """What the process needs to know of a server. A secret goes through the pipe only, never into a command line."""
    tokens = server.tokens
    return {
        "url": str(server.url),
        "user": server.user,
        "secret": (tokens.current() if tokens is not None else server.secret).reveal(),
        "auth": AuthKind.XOAUTH2 if tokens is not None else server.auth,
        "pinned_sha256": server.pinned_sha256,
        "cafile": server.cafile,
        "timeout_s": server.timeout_s,
    }


def _server(told: dict[str, Any]) -> MailServer:
    return MailServer(**told | {"url": ServerUrl.parse(told["url"]), "secret": Secret(told["secret"])})


def _serve(line: Connection, folder: Path) -> None:
    """The process: sign in, then carry what is asked for until the owner is gone."""
    for name in ("SIGINT", "SIGTERM"):  # the owner decides when this ends; a Ctrl-C in a terminal reaches everybody
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    cross_in_one_call(Carried, BlobRef)
    with contextlib.suppress(EOFError, OSError, BrokenPipeError):
        server = _server(line.recv())
        try:
            session = ImapSession.open(server)
        except ExternalError as error:
            line.send(("lost", f"it could not sign in: {error}"))
            return
        with session, contextlib.closing(Packs(folder)) as packs:
            line.send(("ready", ""))
            while True:
                line.send(_work_off(session, packs, line.recv(), line.send))


def _work_off(
    session: ImapSession, packs: Packs, asked: tuple[str, int, list[int], bool], send: Callable[[object], None]
) -> tuple[str, object]:
    """Do one round; the last word about it."""
    folder, uidvalidity, uids, dated = asked
    try:
        if session.folder != folder:
            session.select(folder)
        if session.uidvalidity != uidvalidity:
            return "lost", "the folder has got new numbers"
        batch: list[Carried] = []
        size, begun = 0, time.monotonic()
        try:
            for mail in carry(session, packs, uids, dated=dated):
                batch.append(mail)
                size += mail.blob.length
                if size >= BATCH_BYTES or time.monotonic() - begun > BATCH_S:
                    packs.flush()
                    send(("mails", batch))
                    batch, size, begun = [], 0, time.monotonic()
        finally:
            if batch:
                packs.flush()
                send(("mails", batch))
    except ExternalError as error:
        return "server", (words_of(error), str(error.reason), error.retryable, error.words)
    except UserError as error:
        return "disk", words_of(error)
    return "end", session.traffic
