"""Handing over by SMTP, one step at a time, so that the caller can store how far it came before each step.

smtplib is driven command by command: its own `sendmail` hides which recipients were refused and where a line broke.
What counts: before the data phase nothing has gone out; in it a broken line leaves the outcome open; a server's
answer, good or bad, is always definite.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
from collections.abc import Callable, Iterator
from typing import BinaryIO, Self

from app.connectors.contracts import Capabilities, Outgoing, Phase, Receipt, Refusal
from app.connectors.email import tls
from app.connectors.email.config import MailServer, Security
from app.connectors.email.faults import (
    MailError,
    SendError,
    answer_error,
    mail_error,
    no_starttls,
    plain_words,
    sign_in_error,
    translated,
)
from app.connectors.email.signing_in import bearer, encoded, with_token
from app.connectors.email.words import NO_VALUES, Fault
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.sentences import said, words_of

OnPhase = Callable[[Phase], None]
_OURSELVES = "[127.0.0.1]"  # EHLO name: the machine's own name is nobody's business
_PIECE = 64 * 1024
_AUTH_MOST = 500  # a command has 512 bytes; what is longer is sent when it is asked for (RFC 4954, section 4)
_VERDICT_FACTOR = 5  # a server may take long over a whole mail before it answers (RFC 5321: 10 minutes)
_SIZE = re.compile(r"[0-9]{1,15}")  # some say 2**64 - 1, and mean that they take everything (RFC 1870 would have 0)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_TOO_MANY = re.compile(rb"[45]\.5\.3\b|too many recipients", re.IGNORECASE)
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def _ignore(_: Phase) -> None:
    """For callers who do not keep phases (the set-up test)."""


class SmtpSession:
    """One signed-in SMTP connection. Made by `open`; use it with `with`. Belongs to one thread."""

    def __init__(self, server: MailServer, client: smtplib.SMTP) -> None:
        self._server = server
        self._client = client
        names = {name.upper() for name in client.esmtp_features}
        self.capabilities = Capabilities(frozenset(names))

    @classmethod
    def open(cls, server: MailServer, on_phase: OnPhase = _ignore) -> Self:
        """Connect, encrypt, sign in. Raises SendError with phase `connect`; nothing has been handed over then."""
        on_phase(Phase.CONNECT)
        with _in_phase(server, Phase.CONNECT):
            client = _connect(server)
            try:
                _sign_in(client, server)
                return cls(server, client)
            except BaseException:
                client.close()
                raise

    @property
    def size_limit(self) -> int | None:
        """Bytes of the largest mail the server takes, if it says so."""
        said = self._client.esmtp_features.get("size", "").strip()
        return int(said) if _SIZE.fullmatch(said) and int(said) > 0 else None

    def send(self, outgoing: Outgoing, on_phase: OnPhase = _ignore) -> Receipt:
        """Hand one mail over. `on_phase` is called *before* each step; what it raises stops the hand-over there.

        The receipt names every recipient as accepted or refused; if all were refused, nothing was sent. Otherwise
        SendError; only with `uncertain` is it unknown whether the mail went out.
        """
        raw = _on_the_wire(outgoing.raw)
        on_phase(Phase.ENVELOPE)
        with _in_phase(self._server, Phase.ENVELOPE):
            accepted, refused = self._envelope(outgoing, len(raw))
        if not accepted:
            last = next(reversed(refused.values())).words if refused else ""
            self._reset()
            return Receipt((), refused, last)
        on_phase(Phase.DATA)
        return Receipt(tuple(accepted), refused, self._data(raw))

    def _envelope(self, outgoing: Outgoing, size: int) -> tuple[list[str], dict[str, Refusal]]:
        if self.size_limit is not None and size > self.size_limit:
            text = said(
                "The message has {size} bytes; {host} takes {most} at most.",
                size=size,
                host=self._server.url.host,
                most=self.size_limit,
            )
            raise ExternalError(text, reason=Reason.REFUSED, retryable=False)
        sender, utf8_sender = self._path(outgoing.sender)
        paths = {recipient: self._path(recipient) for recipient in dict.fromkeys(outgoing.recipients)}
        options = self._options(
            outgoing.raw,
            size,
            utf8=utf8_sender or any(utf8 for _, utf8 in paths.values()) or not _head(outgoing.raw).isascii(),
        )
        code, answer = self._client.docmd("MAIL", f"FROM:<{sender}>{options}")
        if code // 100 != 2:
            self._reset()
            raise self._answered(code, answer, Phase.ENVELOPE)
        accepted: list[str] = []
        refused: dict[str, Refusal] = {}
        for recipient, (path, _) in paths.items():
            code, answer = self._client.docmd("RCPT", f"TO:<{path}>")
            if code // 100 == 2:
                accepted.append(recipient)
            elif code == 421:
                raise self._answered(code, answer, Phase.ENVELOPE)
            elif accepted and _TOO_MANY.search(answer):  # the rest in a transaction of their own (RFC 5321, 4.5.3.1.10)
                refused[recipient] = Refusal(452, plain_words(answer, self._server), permanent=False)
            else:
                refused[recipient] = Refusal(code, plain_words(answer, self._server), permanent=code >= 500)
        return accepted, refused

    def _options(self, raw: bytes, size: int, *, utf8: bool) -> str:
        """What MAIL carries beyond the address: only what the server offers."""
        self._client.command_encoding = "ascii"
        options = f" SIZE={size}" if "SIZE" in self.capabilities else ""
        if "8BITMIME" in self.capabilities and not raw.isascii():
            options += " BODY=8BITMIME"
        if utf8:
            if "SMTPUTF8" not in self.capabilities:
                text = said(
                    "{host} cannot deliver to addresses with letters such as é or ü.",
                    host=self._server.url.host,
                )
                raise ExternalError(text, reason=Reason.REFUSED, retryable=False)
            options += " SMTPUTF8"
            self._client.command_encoding = "utf-8"
        return options

    def _path(self, address: str) -> tuple[str, bool]:
        """(the address as the envelope carries it, does it need SMTPUTF8). A domain alone goes as its ASCII form."""
        if any(ord(char) < 33 or char in "<>\x7f" for char in address):
            raise UserError("An address contains a character that no mail address has.")
        local, at, domain = address.rpartition("@")
        if at and not domain.isascii():
            with contextlib.suppress(UnicodeError):
                address = f"{local}@{domain.encode('idna').decode('ascii')}"
        return address, not address.isascii()

    def _data(self, raw: bytes) -> str:
        """DATA, the bytes, the final dot, the verdict. From the 354 on, a broken line is `uncertain`."""
        client, server = self._client, self._server
        with _in_phase(server, Phase.DATA):
            code, said = client.docmd("DATA")
            if code != 354:
                self._reset()
                raise self._answered(code, said, Phase.DATA)
        with _in_phase(server, Phase.DATA, uncertain=True):
            for piece in _dotted(raw):  # in pieces: the time limit of `sendall` counts for all it is given
                client.send(piece)
            if client.sock is not None:
                client.sock.settimeout(server.timeout_s * _VERDICT_FACTOR)
            code, said = client.getreply()
            if client.sock is not None:
                client.sock.settimeout(server.timeout_s)
        if code // 100 != 2:
            raise self._answered(code, said, Phase.DATA, uncertain=not 400 <= code < 600)
        return plain_words(b"%d " % code + said, server)

    def _answered(self, code: int, said: bytes, phase: Phase, *, uncertain: bool = False) -> SendError:
        return _send_error(answer_error(code, said, self._server), phase, uncertain=uncertain, code=code)

    def _reset(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._client.docmd("RSET")

    def noop(self) -> None:
        """Ask whether the server is still there."""
        with _in_phase(self._server, Phase.CONNECT):
            code, said = self._client.docmd("NOOP")
            if code // 100 != 2:
                raise self._answered(code, said, Phase.CONNECT)

    def try_sender(self, address: str) -> None:
        """Would it take a mail from this address? Asked up to the recipient (the address itself), then called off."""
        with _in_phase(self._server, Phase.ENVELOPE):
            path, utf8 = self._path(address)
            code, said = self._client.docmd("MAIL", f"FROM:<{path}>{self._options(b'', 0, utf8=utf8)}")
            asks_to_sign_in = code == 530 and not _offered(self._client)
            fault = Fault.NO_AUTH if asks_to_sign_in else Fault.SENDER_REFUSED
            if code // 100 == 2:
                code, said = self._client.docmd("RCPT", f"TO:<{path}>")
                fault = Fault.ADDRESS_REFUSED
            self._reset()
            if code // 100 == 5:
                raise mail_error(fault, self._server, plain_words(said, self._server), address=address)

    def abort(self) -> None:
        """Cut the line at once; from any thread. In the data phase that leaves the mail `uncertain`."""
        sock = self._client.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Say good-bye and hang up; never raises."""
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            if self._client.sock is not None:
                self._client.sock.settimeout(min(5.0, self._server.timeout_s))
            self._client.docmd("QUIT")
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _WholeLines:
    """A server's lines; one that was cut off is the end, not a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.close = file.close

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        return line if line.endswith(b"\n") or len(line) >= limit else b""


class _Client(smtplib.SMTP):
    """smtplib, which takes half a line ("25", then nothing) for a whole answer, with answers that are answers."""

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        code, said = super().getreply()
        if not 200 <= code < 600:
            self.close()
            if self.ehlo_resp is None and self.helo_resp is None:  # not even a greeting: something else answers here
                raise smtplib.SMTPConnectError(code, said)
            raise smtplib.SMTPServerDisconnected("The server's answer is none.")
        return code, said


class _OverTls(_Client):
    """smtplib with our own TLS: SMTP_SSL would not let the pinned certificate be checked before the first byte."""

    def __init__(self, server: MailServer) -> None:
        self._mail_server = server
        super().__init__(server.url.host, server.url.port, _OURSELVES, server.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> object:
        sock = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        try:
            return tls.wrap(sock, self._mail_server)
        except BaseException:
            sock.close()
            raise


def _connect(server: MailServer) -> smtplib.SMTP:
    """Connected, greeted and encrypted."""
    url = server.url
    if url.security is Security.TLS:
        client: smtplib.SMTP = _OverTls(server)
    else:
        client = _Client(url.host, url.port, _OURSELVES, server.timeout_s)
    try:
        client.ehlo_or_helo_if_needed()
        if url.security is Security.STARTTLS:
            if not client.has_extn("starttls"):
                raise no_starttls(server)
            code, said = client.starttls(context=tls.context(server))
            if code != 220:
                raise answer_error(code, said, server)
            tls.require_pinned(client.sock, server)
            client.ehlo_or_helo_if_needed()
    except BaseException:
        client.close()
        raise
    return client


def _sign_in(client: smtplib.SMTP, server: MailServer) -> None:
    """AUTH by the first way that the server offers; UTF-8 throughout (smtplib's own login takes ASCII only)."""
    if not server.user or not _offered(client):
        return  # a server that wants a sign-in and offers none refuses MAIL, and says so
    with_token(server, lambda each: _attempt(client, each))


def _offered(client: smtplib.SMTP) -> list[str]:
    return client.esmtp_features.get("auth", "").upper().split()


def _attempt(client: smtplib.SMTP, server: MailServer) -> None:
    offered = _offered(client)
    secret = server.secret.reveal()
    if server.by_token:
        mechanism, first = bearer(server, offered.__contains__)
        whole = f"{mechanism} {encoded(first)}"
        if len(whole) <= _AUTH_MOST:
            code, said = client.docmd("AUTH", whole)
        else:
            code, said = client.docmd("AUTH", mechanism)
            if code == 334:
                code, said = client.docmd(encoded(first))
        if code == 334:  # the refusal as JSON; an empty answer brings the plain one
            code, said = client.docmd("AQ==" if mechanism == "OAUTHBEARER" else "")
    elif "PLAIN" in offered:
        code, said = client.docmd("AUTH", "PLAIN " + encoded(f"\0{server.user}\0{secret}"))
    elif "LOGIN" in offered:
        code, said = client.docmd("AUTH", "LOGIN " + encoded(server.user))
        if code == 334:
            code, said = client.docmd(encoded(secret))
    else:
        raise mail_error(Fault.NO_WAY_TO_SIGN_IN, server, plain_words(" ".join(offered)))
    if 400 <= code < 500:
        raise answer_error(code, said, server)
    if code != 235:
        raise sign_in_error(said, server)


@contextlib.contextmanager
def _in_phase(server: MailServer, phase: Phase, *, uncertain: bool = False) -> Iterator[None]:
    """Every failure inside becomes SendError with this phase."""
    try:
        with translated(server):
            yield
    except SendError:
        raise
    except ExternalError as error:
        raise _send_error(error, phase, uncertain=uncertain) from None


def _send_error(error: ExternalError, phase: Phase, *, uncertain: bool = False, code: int = 0) -> SendError:
    return SendError(
        words_of(error),
        reason=error.reason,
        retryable=error.retryable,
        words=error.words,
        phase=phase,
        uncertain=uncertain,
        code=code,
        fault=error.fault if isinstance(error, MailError) else Fault.REFUSED,
        values=error.values if isinstance(error, MailError) else NO_VALUES,
    )


def _head(raw: bytes) -> bytes:
    """The header of a mail; letters beyond ASCII in it need SMTPUTF8, whoever the recipients are (RFC 6532)."""
    end = _END_OF_HEAD.search(raw)
    return raw[: end.start()] if end is not None else raw


def _on_the_wire(raw: bytes) -> bytes:
    """Line ends as SMTP wants them; a bare CR or LF would let a letter smuggle in a second one."""
    whole = raw if _BARE.search(raw) is None else _BARE.sub(b"\r\n", raw)
    return whole if whole.endswith(b"\r\n") else whole + b"\r\n"


def _dotted(raw: bytes) -> Iterator[bytes]:
    """The bytes as they go over, in pieces of whole lines, each dot at the beginning of a line doubled (RFC 5321, 4.5.2);
    the final dot goes with the last of them. A large mail is not copied as a whole.
    """
    at = 0
    while at < len(raw):
        end = raw.find(b"\n", at + _PIECE) + 1 or len(raw)
        piece = raw[at:end].replace(b"\n.", b"\n..")
        final = b".\r\n" if end == len(raw) else b""
        yield (b"." if piece.startswith(b".") else b"") + piece + final
        at = end
