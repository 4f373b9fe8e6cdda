"""Receiving by IMAP. Deskbell only reads: folders are opened with EXAMINE and bodies with PEEK, so nothing changes.

One session is one connection and belongs to one thread; only `abort` may be called from another. Identity of a mail
is (mailbox, folder, UIDVALIDITY, UID); flags play no part in what is new.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from imapclient.exceptions import LoginError

from app.connectors.contracts import Capabilities, Incoming
from app.connectors.email import imap_fetch
from app.connectors.email.config import AuthKind, MailServer, Security
from app.connectors.email.faults import plain_words, sign_in_error, translated
from app.connectors.email.folders import Folder, with_roles
from app.connectors.email.imap_wire import LITERAL_MAX, Client
from app.connectors.wake import Wake
from app.kernel.errors import ExternalError, Reason

_CHANGE = re.compile(rb"\* \d+ (EXISTS|EXPUNGE|FETCH)\b|\* VANISHED\b", re.IGNORECASE)
_STATE_ITEMS = ("UIDVALIDITY", "UIDNEXT", "MESSAGES")
_POLL_S = 60.0


@dataclass(frozen=True, slots=True)
class FolderState:
    """What the server says of a folder. `uidnext` may be absent (Courier), `highestmodseq` often is."""

    uidvalidity: int
    uidnext: int | None
    highestmodseq: int | None
    exists: int


@dataclass(frozen=True, slots=True)
class IdleResult:
    """How a wait ended: the folder changed, somebody woke us, or (both False) the time was over."""

    changed: bool
    woken: bool


class ImapSession:
    """One signed-in IMAP connection. Made by `open`; use it with `with`."""

    def __init__(self, server: MailServer, client: Client) -> None:
        self._server = server
        self._client = client
        self._folder = ""
        self._uidvalidity = 0
        self._closed = False
        self.capabilities = Capabilities(frozenset())

    @classmethod
    def open(cls, server: MailServer) -> Self:
        """Connect, encrypt, sign in. Raises ExternalError with the reason."""
        with translated(server):
            try:
                client = Client(server)
            except (OSError, ExternalError):
                raise
            except Exception as error:  # noqa: BLE001 - imaplib raises whatever its parser trips over
                raise _refused_greeting(error, server) from None
            session = cls(server, client)
            try:
                session._start()
            except BaseException:
                client.wire.shutdown()
                raise
            return session

    def _start(self) -> None:
        if self._server.url.security is Security.STARTTLS:
            self._client.encrypt()
        self._sign_in()
        names = {name.decode("ascii", "replace").upper() for name in self._client.capabilities()}
        self.capabilities = Capabilities(frozenset(names))
        if "ENABLE" in names and "CONDSTORE" in names:
            with contextlib.suppress(self._client.Error):  # an extra; a server that balks at it is still a mail server
                self._client.enable("CONDSTORE")

    def _sign_in(self) -> None:
        client, server = self._client, self._server
        try:
            if server.auth is AuthKind.XOAUTH2:
                client.oauth2_login(server.user, server.secret.reveal())
            elif client.has_capability("AUTH=PLAIN"):
                client.plain_login(server.user, server.secret.reveal())
            elif client.has_capability("LOGINDISABLED"):
                text = f"{server.url.host} takes no password on this connection."
                raise ExternalError(text, reason=Reason.PLAIN, retryable=False)
            else:
                client.login(server.user, server.secret.reveal())
        except LoginError as error:
            raise sign_in_error(error, server) from None
        except UnicodeError:
            text = f"{server.url.host} cannot take a user name or password with such characters."
            raise ExternalError(text, reason=Reason.SIGN_IN, retryable=False) from None

    # -- folders

    def folders(self) -> tuple[Folder, ...]:
        """All folders with their roles."""
        with self._talking():
            listed = [
                (
                    name,
                    tuple(flag.decode("ascii", "replace") for flag in flags),
                    delimiter.decode("ascii", "replace") if delimiter else "",
                )
                for flags, delimiter, name in self._client.list_folders()
            ]
        return with_roles(listed)

    def select(self, folder: str) -> FolderState:
        """Open a folder for reading only (EXAMINE): flags stay as they are."""
        self._folder = ""
        with self._talking():
            said = self._client.select_folder(folder, readonly=True)
            state = FolderState(
                uidvalidity=int(said[b"UIDVALIDITY"]) if b"UIDVALIDITY" in said else 0,
                uidnext=said.get(b"UIDNEXT"),
                highestmodseq=said.get(b"HIGHESTMODSEQ"),
                exists=int(said[b"EXISTS"]),
            )
        self._folder, self._uidvalidity = folder, state.uidvalidity
        return state

    def status(self, folder: str) -> FolderState:
        """Ask for a folder's state without opening it; made for folders other than the open one."""
        items = [*_STATE_ITEMS, *(["HIGHESTMODSEQ"] if "CONDSTORE" in self.capabilities else [])]
        with self._talking():
            said = self._client.folder_status(folder, items)
            return FolderState(
                uidvalidity=int(said.get(b"UIDVALIDITY", 0)),
                uidnext=said.get(b"UIDNEXT"),
                highestmodseq=said.get(b"HIGHESTMODSEQ"),
                exists=int(said.get(b"MESSAGES", 0)),
            )

    # -- mails of the open folder

    def uids(self, after: int = 0) -> list[int]:
        """UIDs above `after`, ascending. (`UID n:*` always names the last mail, however old: filtered.)"""
        found: set[int] = set()
        command = b"UID SEARCH UID %d:*" % (after + 1)
        for line, _, _ in self._ask(command):
            if line[:8].upper() == b"* SEARCH":
                found.update(int(word) for word in line[8:].split() if word.isdigit())
        return sorted(uid for uid in found if uid > after)

    def find_by_header(self, folder: str, name: str, value: str) -> list[int]:
        """UIDs in `folder` whose header `name` contains `value` (ASCII); opens the folder for reading."""
        if not (name.isascii() and value.isascii() and name.isprintable() and value.isprintable()):
            raise ValueError("headers are searched by printable ASCII only")
        self.select(folder)
        found: list[int] = []
        command = b"UID SEARCH HEADER %s %s" % (_quoted(name), _quoted(value))
        for line, _, _ in self._ask(command):
            if line[:8].upper() == b"* SEARCH":
                found.extend(int(word) for word in line[8:].split() if word.isdigit())
        return sorted(found)

    def sizes(self, uids: Iterable[int]) -> dict[int, int]:
        """Bytes of each mail as the server says; a mail that is gone is not in it."""
        return {
            uid: size
            for uid, line in self._lines(uids, b"RFC822.SIZE")
            if (size := imap_fetch.size_of(line)) is not None
        }

    def internal_dates(self, uids: Iterable[int]) -> dict[int, datetime]:
        """When each mail arrived at the server, aware UTC."""
        return {uid: at for uid, line in self._lines(uids, b"INTERNALDATE") if (at := imap_fetch.internal_at_of(line))}

    def headers(self, uids: Iterable[int], names: tuple[str, ...] = ()) -> Iterator[tuple[int, bytes]]:
        """(uid, the named header lines, or without names the whole header, as they stand) of each mail, without its body."""
        section = b"HEADER.FIELDS (%s)" % " ".join(names).encode("ascii") if names else b"HEADER"
        for chunk in imap_fetch.uid_sets(uids):
            command = b"UID FETCH %s (UID BODY.PEEK[%s])" % (chunk, section)
            for line, body, _ in self._ask(command):
                if imap_fetch.is_fetch(line) and (uid := imap_fetch.uid_of(line)) is not None:
                    yield uid, body if body is not None else imap_fetch.quoted_body_of(line) or b""

    def fetch(self, uids: Iterable[int], *, cap: int = LITERAL_MAX) -> Iterator[Incoming]:
        """Whole mails in the order the server sends them, one in memory at a time.

        Streamed: the next is read when it is asked for, and the server waits meanwhile. A mail above `cap` bytes
        comes cut there (`truncated`). A UID that yields nothing was deleted meanwhile or the server gave no body:
        compare with what was asked for. Stopping in the middle closes the connection.
        """
        for chunk in imap_fetch.uid_sets(uids):
            command = b"UID FETCH %s (UID FLAGS INTERNALDATE BODY.PEEK[])" % chunk
            for line, body, size in self._ask(command, cap):
                if not imap_fetch.is_fetch(line) or (uid := imap_fetch.uid_of(line)) is None:
                    continue
                raw = body if body is not None else imap_fetch.quoted_body_of(line)
                if raw is not None:
                    at, flags = imap_fetch.internal_at_of(line), imap_fetch.flags_of(line)
                    whole = max(size, len(raw))
                    yield Incoming(self._server.mailbox, self._folder, self._uidvalidity, uid, raw, at, flags, whole)

    def fetch_piece(self, uid: int, offset: int, length: int) -> bytes:
        """`length` bytes of a mail from `offset` on; shorter at its end, empty behind it or if the mail is gone."""
        piece = b""
        for line, body, _ in self._ask(b"UID FETCH %d (UID BODY.PEEK[]<%d.%d>)" % (uid, offset, length)):
            if imap_fetch.is_fetch(line) and imap_fetch.uid_of(line) == uid:
                piece = body if body is not None else imap_fetch.quoted_body_of(line) or b""
        return piece

    def _lines(self, uids: Iterable[int], item: bytes) -> Iterator[tuple[int, bytes]]:
        for chunk in imap_fetch.uid_sets(uids):
            for line, _, _ in self._ask(b"UID FETCH %s (UID %s)" % (chunk, item)):
                if imap_fetch.is_fetch(line) and (uid := imap_fetch.uid_of(line)) is not None:
                    yield uid, line

    def _ask(self, command: bytes, cap: int = LITERAL_MAX) -> Iterator[tuple[bytes, bytes | None, int]]:
        """The untagged answers to a command. Left before its end, the line is out of step and is closed."""
        wire = self._client.wire
        with self._talking():
            yield from wire.answers(wire.begin(command), cap)

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        """Translate errors; whatever but a plain NO leaves the line out of step, so it is cut rather than misread."""
        with translated(self._server):
            try:
                yield
            except Client.Error as error:
                if isinstance(error, Client.AbortError):
                    self.abort()
                raise
            except BaseException:
                self.abort()
                raise

    # -- waiting

    def idle(self, max_s: float, wake: Wake | None = None) -> IdleResult:
        """Wait until the open folder changes, `wake` is set, or `max_s` are over. Without IDLE: wait, then look once."""
        with self._talking():
            if "IDLE" not in self.capabilities:
                return self._poll(min(max_s, _POLL_S), wake)
            return self._idle(time.monotonic() + max_s, wake)

    def _idle(self, deadline: float, wake: Wake | None) -> IdleResult:
        wire = self._client.wire
        tag = wire.begin(b"IDLE")
        changed = woken = False
        while not (line := wire.readline()).startswith(b"+"):
            if line.startswith(tag):
                raise wire.error(plain_words(line[len(tag) :]))
            changed |= bool(_CHANGE.match(line))
        while not (changed or woken) and (left := deadline - time.monotonic()) > 0:
            spoke, woken = wire.wait_line(wake, left)
            if spoke:
                changed |= bool(_CHANGE.match(wire.readline()))
        wire.send(b"DONE\r\n")
        for line, _, _ in wire.answers(tag):
            changed |= bool(_CHANGE.match(line))
        return IdleResult(changed, woken)

    def _poll(self, seconds: float, wake: Wake | None) -> IdleResult:
        woken = wake.wait(seconds) if wake else False
        if wake is None:
            time.sleep(seconds)
        return IdleResult(self._look(), woken)

    def _look(self) -> bool:
        wire = self._client.wire
        lines = [line for line, _, _ in wire.answers(wire.begin(b"NOOP"))]  # all of them: the tag comes last
        return any(_CHANGE.match(line) for line in lines)

    def noop(self) -> bool:
        """Keep the line alive. True if the server mentioned a change of the open folder."""
        with self._talking():
            return self._look()

    # -- writing: the copy of a sent mail, nothing else

    def append(
        self, folder: str, raw: bytes, flags: tuple[str, ...] = ("\\Seen",), at: datetime | None = None
    ) -> int | None:
        """Put a mail into a folder; its UID if the server says it (UIDPLUS)."""
        with self._talking():
            said = self._client.append(folder, raw, flags, at)
        found = re.search(rb"APPENDUID \d+ (\d+)", said if isinstance(said, bytes) else b"")
        return int(found[1]) if found else None

    # -- the end

    def abort(self) -> None:
        """Cut the line at once; from any thread. Whoever waits in it gets ExternalError."""
        self._closed = True
        self._client.wire.cut()

    @property
    def usable(self) -> bool:
        """False once the line was cut or closed: open a new session."""
        return not self._closed

    def close(self) -> None:
        """Say good-bye and hang up; never raises."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(Exception):
                self._client.wire.sock.settimeout(min(5.0, self._server.timeout_s))
                self._client.logout()
        self._client.wire.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _refused_greeting(error: Exception, server: MailServer) -> ExternalError:
    """A greeting that is no welcome: BYE means busy, anything else is no IMAP server."""
    words = plain_words(error.args[0] if error.args else "", server)
    if "BYE" in words.upper():
        return ExternalError(
            f"{server.url.host} takes no connection at the moment.", reason=Reason.BUSY, retryable=True, words=words
        )
    return ExternalError(
        f"{server.url.host} is no IMAP server on this port.", reason=Reason.PROTOCOL, retryable=True, words=words
    )


def _quoted(text: str) -> bytes:
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'
