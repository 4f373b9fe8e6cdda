"""Receiving by IMAP. Deskbell only reads: folders are opened with EXAMINE and bodies with PEEK, so nothing changes.

One session is one connection and belongs to one thread; only `abort` may be called from another. Identity of a mail
is (mailbox, folder, UIDVALIDITY, UID); flags play no part in what is new.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from app.connectors.contracts import Capabilities, Incoming
from app.connectors.email import imap_fetch, imap_folder, imap_idle
from app.connectors.email.config import MailServer, Security
from app.connectors.email.faults import MailError, mail_error, plain_words, translated
from app.connectors.email.folders import Folder, with_roles
from app.connectors.email.imap_folder import FolderState, Seen, quoted
from app.connectors.email.imap_idle import IdleResult
from app.connectors.email.imap_quota import Room, scarcest
from app.connectors.email.imap_wire import LITERAL_MAX, Client
from app.connectors.email.signing_in import imap_sign_in
from app.connectors.email.words import Fault
from app.connectors.wake import AwakeClock, Wake
from app.kernel.errors import ExternalError

__all__ = ["FolderState", "IdleResult", "ImapSession", "MailFacts"]

_STATE_ITEMS = ("UIDVALIDITY", "UIDNEXT", "MESSAGES")


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What a server says of a mail before it is fetched. `size` in bytes (servers err), `provider_id` may be empty."""

    internal_at: datetime | None
    size: int
    provider_id: str = ""


class ImapSession:
    """One signed-in IMAP connection. Made by `open`; use it with `with`."""

    def __init__(self, server: MailServer, client: Client) -> None:
        self._server = server
        self._client = client
        self._folder = ""
        self._uidvalidity = 0
        self._closed = False
        self._enabled: frozenset[str] = frozenset()
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
        imap_sign_in(self._client, self._server)
        names = {name.decode("ascii", "replace").upper() for name in self._client.capabilities()}
        self.capabilities = Capabilities(frozenset(names))
        if self._server.is_slow and "COMPRESS=DEFLATE" in names:
            self._client.wire.compress()
        # Asked for before the first folder is opened; the first brings the second.
        for extra in ("QRESYNC", "CONDSTORE"):
            if "ENABLE" in names and extra in names:
                self._enabled = self._enable(extra)
                break

    def _enable(self, extra: str) -> frozenset[str]:
        """Ask for an extension; what the server enabled. One that balks at it is still a mail server."""
        wire = self._client.wire
        try:
            lines = [line for line, _, _ in wire.answers(wire.begin(b"ENABLE " + extra.encode("ascii")))]
        except self._client.AbortError:
            raise
        except self._client.Error:
            return frozenset()
        words = b" ".join(line[10:] for line in lines if line[:10].upper() == b"* ENABLED ")
        return frozenset(words.decode("ascii", "replace").upper().split())

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

    def select(self, folder: str, seen: Seen | None = None) -> FolderState:
        """Open a folder for reading only (EXAMINE): flags stay as they are. `seen`: also ask what left it since then."""
        self._folder = ""
        seen = seen if "QRESYNC" in self._enabled else None
        try:
            state = self._examine(folder, seen)
        except ExternalError:
            if seen is None or self._closed:
                raise
            self._enabled = frozenset()  # it promised what it cannot do
            state = self._examine(folder, None)
        self._folder, self._uidvalidity = folder, state.uidvalidity
        self._client.wire.spoke_of_change = False
        return state

    @property
    def changed(self) -> bool:
        """Did the server mention, in whatever answer, that mails came to or left the open folder since it was opened?"""
        return self._client.wire.spoke_of_change

    @property
    def folder(self) -> str:
        """The open folder; empty when none is."""
        return self._folder

    @property
    def uidvalidity(self) -> int:
        """The open folder's UIDVALIDITY; it cannot change as long as the folder is open."""
        return self._uidvalidity

    def _examine(self, folder: str, seen: Seen | None) -> FolderState:
        wire = self._client.wire
        with self._talking():
            lines = [line for line, _, _ in wire.answers(wire.begin(imap_folder.examine(folder, seen)))]
            return imap_folder.state_of(lines, seen)

    def status(self, folder: str) -> FolderState:
        """Ask for a folder's state without opening it; made for folders other than the open one."""
        items = [*_STATE_ITEMS, *(["HIGHESTMODSEQ"] if "CONDSTORE" in self.capabilities else [])]
        with self._talking():
            said = self._client.folder_status(folder, items)
            return FolderState(
                uidvalidity=int(said.get(b"UIDVALIDITY") or 1),
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
        command = b"UID SEARCH HEADER %s %s" % (quoted(name), quoted(value))
        for line, _, _ in self._ask(command):
            if line[:8].upper() == b"* SEARCH":
                found.extend(int(word) for word in line[8:].split() if word.isdigit())
        return sorted(found)

    def facts(self, uids: Iterable[int]) -> Iterator[tuple[int, MailFacts]]:
        """(uid, when the mail arrived, its size and its provider's name for it) of each that is not gone, as the server
        answers: what came before an error is known.
        """
        items = self._facts_items
        has_names = self.is_gmail or "OBJECTID" in self.capabilities
        for chunk in imap_fetch.uid_sets(uids):
            for line, _, _ in self._ask(b"UID FETCH %s (%s)" % (chunk, items)):
                if imap_fetch.is_fetch(line) and (uid := imap_fetch.uid_of(line)) is not None:
                    at, size = imap_fetch.internal_at_of(line), imap_fetch.size_of(line)
                    if at is not None or size is not None:  # neither: an answer that nobody asked for
                        yield uid, MailFacts(at, size or 0, imap_fetch.provider_id_of(line) if has_names else "")

    @property
    def _facts_items(self) -> bytes:
        names = b"UID INTERNALDATE RFC822.SIZE"
        if self.is_gmail:
            return names + b" X-GM-MSGID"
        return names + b" EMAILID" if "OBJECTID" in self.capabilities else names

    @property
    def is_gmail(self) -> bool:
        """Does the server show one mail in many folders, as Gmail does with its labels?"""
        return "X-GM-EXT-1" in self.capabilities

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

    def fetch_piece(self, uid: int, offset: int, length: int) -> bytes | None:
        """`length` bytes of a mail from `offset` on; shorter at its end, empty behind it, None if the mail is gone."""
        piece: bytes | None = None
        for line, body, _ in self._ask(b"UID FETCH %d (UID BODY.PEEK[]<%d.%d>)" % (uid, offset, length), length):
            if imap_fetch.is_fetch(line) and imap_fetch.uid_of(line) == uid:
                piece = body if body is not None else imap_fetch.quoted_body_of(line) or b""
        return piece

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

    def idle(self, max_s: float, wake: Wake | None = None, awake: AwakeClock | None = None) -> IdleResult:
        """Wait until the open folder changes, `wake` is set, or `max_s` are over. Without IDLE: wait, then look once.

        A computer that slept meanwhile ends it too; the connection is cut then. A sign-in by the browser that has ended
        is noticed here, before the server breaks the line.
        """
        awake = awake or AwakeClock()
        if self._server.tokens is not None:
            self._server.tokens.current()
            max_s = min(max_s, self._server.tokens.good_for_s() + 1)  # then the next round renews it
        with self._talking():
            wait = imap_idle.idle if "IDLE" in self.capabilities else imap_idle.poll
            result = wait(self._client.wire, max_s, wake, awake)
        if result.slept:
            self.abort()
        return result

    def noop(self) -> bool:
        """Keep the line alive. True if the server mentioned a change of the open folder."""
        with self._talking():
            return imap_idle.look(self._client.wire)

    def room(self) -> Room | None:
        """How full the mailbox is; None where the server does not tell, or sets no limit."""
        if "QUOTA" not in self.capabilities:
            return None
        wire = self._client.wire
        with contextlib.suppress(ExternalError), self._talking():
            return scarcest([line for line, _, _ in wire.answers(wire.begin(b'GETQUOTAROOT "INBOX"'))])
        return None

    @property
    def alert(self) -> str:
        """What the server last wanted a person to know on this connection; empty for nothing."""
        return plain_words(self._client.wire.alert, self._server)

    @property
    def server(self) -> MailServer:
        """Where this session is, and how it signed in: for another one to the same server."""
        return self._server

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes received and sent on this connection so far."""
        return self._client.wire.received, self._client.wire.sent

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


def _refused_greeting(error: Exception, server: MailServer) -> MailError:
    """A greeting that is no welcome: BYE means busy, anything else is no IMAP server."""
    words = plain_words(error.args[0] if error.args else "", server)
    return mail_error(Fault.NOT_NOW if "BYE" in words.upper() else Fault.NOT_IMAP, server, words)
