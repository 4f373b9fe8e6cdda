"""The IMAP connection below imapclient: own buffer, own limits, and nothing written to any log.

imapclient and imaplib do the commands; this file replaces what carries the bytes. Why: a wait in IDLE has to know
whether something lies in the buffer already; a line or a literal must not take all memory because a server says so;
imaplib keeps the last commands (the password among them) and formats every body for a debug log nobody reads.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from imapclient import IMAPClient

from app.connectors.email import tls
from app.connectors.email.config import MailServer, Security
from app.connectors.email.faults import ClosedError, SaidByeError, no_starttls
from app.connectors.email.imap_compress import Packed
from app.connectors.wake import AwakeClock, Wake

logging.getLogger("imapclient").setLevel(logging.WARNING)  # below that it quotes commands and letters

LINE_MAX = 16 * 2**20  # a SEARCH answer with two million UIDs
LITERAL_MAX = 256 * 2**20
_CLAIM_MAX = 2**32  # no mail is larger; a server that says so is broken
_CHUNK = 256 * 1024
_LITERAL = re.compile(rb"~?\{(\d{1,19})\+?\}\r\n$")
_BYE = re.compile(rb"\* BYE\b", re.IGNORECASE)
_ALERT, _ALERT_WITHIN = b"[ALERT]", 40
_OTHER_MAILS = re.compile(rb"\* (\d+ (EXISTS|EXPUNGE)|VANISHED)\b", re.IGNORECASE)


class Wire(imaplib.IMAP4):
    """imaplib's connection with the socket work replaced."""

    sock: socket.socket

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._landing = memoryview(bytearray(_CHUNK))
        self._bye = b""
        self._packed: Packed | None = None
        self.spoke_of_change = False  # mails came to or left the open folder, as any answer may mention
        self.alert = b""  # what the server last wanted a person to know (RFC 9051, section 7.1)
        self.received = self.sent = 0  # bytes in each direction, without what encryption adds
        super().__init__(server.url.host, server.url.port, server.timeout_s)

    # -- what imaplib calls

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._server.url.security is Security.TLS:
            self._encrypt()

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, however they arrive."""
        if size > LITERAL_MAX:
            raise ClosedError("literal too large")
        while len(self._buffer) < size:
            self._fill()
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return data

    def readline(self) -> bytes:
        """One line with its end. A good-bye is remembered, to be told when the connection really ends."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LINE_MAX:
                raise ClosedError("line too long")
            self._fill()
        line = bytes(memoryview(self._buffer)[: end + 1])
        del self._buffer[: end + 1]
        if _BYE.match(line):
            self._bye = line[5:].strip()
        elif _OTHER_MAILS.match(line):
            self.spoke_of_change = True
        if (found := line.find(_ALERT, 0, _ALERT_WITHIN)) >= 0:
            self.alert = line[found + len(_ALERT) :].strip()
        return line

    def send(self, data: Any) -> None:
        """In pieces, because Python's time limit for `sendall` counts for the whole of what it is given."""
        view = memoryview(data if self._packed is None else self._packed.pack(bytes(data)))
        for at in range(0, len(view), _CHUNK):
            self.sock.sendall(view[at : at + _CHUNK])
        self.sent += len(view)

    def shutdown(self) -> None:
        self.cut()
        self.sock.close()

    def cut(self) -> None:
        """End the line at once, from any thread. Below TLS: SSLSocket's own `shutdown` would drop the encryption first."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def socket(self) -> socket.socket:
        return self.sock

    def _log(self, line: str) -> None:
        """imaplib would keep the last ten commands, the password among them."""

    # -- what the session calls

    def begin(self, command: bytes) -> bytes:
        """Send one command; its tag."""
        tag: bytes = self._new_tag()
        del self.tagged_commands[tag]  # answered by `answers`, not by imaplib
        self.send(b"%s %s\r\n" % (tag, command))
        return tag

    def answers(self, tag: bytes, literal_cap: int = LITERAL_MAX) -> Iterator[tuple[bytes, bytes | None, int]]:
        """Untagged answers as they come, (line without literals, first literal, its full size), until the tag.

        A literal above `literal_cap` is cut there, the rest of it read and dropped. NO and BAD raise imaplib's error.
        """
        while True:
            line, body, size = self._answer(literal_cap)
            if line.startswith(tag + b" "):
                if line[len(tag) + 1 :].split(None, 1)[:1] not in ([b"OK"], [b"ok"], [b"Ok"]):  # some say no more
                    raise self.error(line[len(tag) + 1 :].decode("utf-8", "replace").strip())
                return
            yield line, body, size

    def _answer(self, literal_cap: int) -> tuple[bytes, bytes | None, int]:
        line, body, size = self.readline(), None, 0
        head = b""
        while found := _LITERAL.search(line):
            length = int(found[1])
            data = self._read_capped(length, literal_cap)
            if body is None or length > size:  # the mail itself is the largest literal of an answer
                body, size = data, length
            head += line[: found.start()] + b"{}"
            line = self.readline()
        return head + line, body, size

    def _read_capped(self, length: int, cap: int) -> bytes:
        if length > _CLAIM_MAX:
            raise ClosedError("literal too large")
        if length <= cap:
            return self.read(length)
        kept = self.read(cap)
        left = length - cap
        while left:
            left -= len(self.read(min(left, _CHUNK)))
        return kept

    def has_line(self) -> bool:
        """Does a whole line lie here already? Takes in what has arrived, without waiting."""
        before = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            while b"\n" not in self._buffer:
                self._fill()
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(before)
        return True

    def wait_line(self, wake: Wake | None, seconds: float, awake: AwakeClock | None = None) -> tuple[bool, bool, bool]:
        """Wait for a line or for the wake-up socket, at most `seconds`; (a line is here, woken, the computer slept)."""
        until = time.monotonic() + seconds
        awake = awake or AwakeClock()
        sockets: list[Any] = [self.sock] if wake is None else [self.sock, wake]
        while not self.has_line():
            left = until - time.monotonic()
            step = max(0.0, min(left, awake.slice_s))
            awake.begin()
            ready = select.select(sockets, [], [], step)[0]
            if awake.slept(step):
                return False, False, True
            if wake is not None and wake in ready:
                return False, True, False
            if not ready and left <= step:
                return False, False, False
        return True, False, False

    def compress(self) -> None:
        """Pack both directions from now on; a server that will not is left as it is."""
        try:
            for _ in self.answers(self.begin(b"COMPRESS DEFLATE")):
                pass
        except self.abort:
            raise
        except self.error:
            return
        packed = Packed()
        packed.take(bytes(self._buffer))  # what came behind the answer is packed already
        self._buffer.clear()
        self._packed = packed

    def upgrade(self) -> None:
        """STARTTLS: ask, encrypt, ask again what the server can do. What came before the handshake counts for nothing."""
        if "STARTTLS" not in self.capabilities:
            raise no_starttls(self._server)
        for _ in self.answers(self.begin(b"STARTTLS")):
            pass
        if self._buffer:
            raise ClosedError("the server spoke before the handshake")
        self._encrypt()
        self._get_capabilities()

    def _encrypt(self) -> None:
        try:
            self.sock = tls.wrap(self.sock, self._server)
        except BaseException:
            self.sock.close()
            raise

    def _fill(self) -> None:
        """Take in what has come, waiting for something if there is nothing."""
        packed = self._packed
        if packed is None or not packed.has_more:
            # One landing place: under TLS `recv` would allocate it for each record.
            count = self.sock.recv_into(self._landing)
            if not count:
                raise SaidByeError(self._bye) if self._bye else ClosedError("closed by the server")
            self.received += count
            if packed is None:
                self._buffer += self._landing[:count]
                return
            packed.take(bytes(self._landing[:count]))
        self._buffer += packed.unpack()


class Client(IMAPClient):  # type: ignore[misc]
    """imapclient on our wire. `debug = 0`: with imapclient's 5 every body is formatted for a log (4 times slower)."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        super().__init__(
            server.url.host, server.url.port, ssl=server.url.security is Security.TLS, timeout=server.timeout_s
        )
        self.wire.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - imapclient's name
        return Wire(self._server)

    @property
    def wire(self) -> Wire:
        found: Wire = self._imap
        return found

    def encrypt(self) -> None:
        """STARTTLS, through our own checks."""
        self.wire.upgrade()
        self._cached_capabilities = None
        self._starttls_done = True
