"""The edge where library exceptions become `ExternalError`, with a reason that later code decides by.

Nothing above this package catches `ssl`, `socket`, `imaplib` or `smtplib` errors. The server's own words are kept,
shortened, on one line and without any secret (some servers repeat what they were sent).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import imaplib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator

from app.connectors.contracts import Phase
from app.connectors.email.config import MailServer
from app.kernel.errors import ExternalError, Reason

_WORDS_MAX = 300
_NO_ROUTE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EHOSTDOWN,
    errno.EADDRNOTAVAIL,
    errno.ETIMEDOUT,
}
_BUSY = re.compile(
    r"\[(UNAVAILABLE|LIMIT|INUSE|OVERQUOTA|SERVERBUG)\]|too many|try (again )?later|maximum number|temporar",
    re.IGNORECASE,
)


class SendError(ExternalError):
    """A hand-over that failed, with the phase it had reached.

    `uncertain`: the line broke after the mail's bytes began to flow, so nobody knows whether it went out.
    `code`: the server's SMTP code, 0 without one.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: Reason,
        retryable: bool,
        words: str = "",
        phase: Phase,
        uncertain: bool = False,
        code: int = 0,
    ) -> None:
        super().__init__(text, reason=reason, retryable=retryable, words=words)
        self.phase = phase
        self.uncertain = uncertain
        self.code = code


class ClosedError(OSError):
    """The server closed the connection."""


class SaidByeError(ClosedError):
    """The server said good-bye by itself; its words are the argument."""


def plain_words(said: object, server: MailServer | None = None) -> str:
    """A server's words on one line, at most 300 characters, printable, with our secret taken out."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if server is not None and server.secret:
        secret = server.secret.reveal()
        encoded = base64.b64encode(f"\0{server.user}\0{secret}".encode()).decode()
        for part in (secret, encoded, base64.b64encode(secret.encode()).decode()):
            text = text.replace(part, "…")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _WORDS_MAX else text[: _WORDS_MAX - 1] + "…"


@contextlib.contextmanager
def translated(server: MailServer) -> Iterator[None]:
    """Whatever a mail or network library raises inside becomes ExternalError. Causes are cut off: they may quote."""
    try:
        yield
    except ExternalError:
        raise
    except (
        OSError,
        imaplib.IMAP4.error,
        smtplib.SMTPException,
        EOFError,
        UnicodeError,
        ValueError,
        binascii.Error,
    ) as error:
        raise external(error, server) from None


def external(error: BaseException, server: MailServer) -> ExternalError:
    """The ExternalError for a library's exception."""
    host = server.url.host
    if isinstance(error, ssl.SSLError):
        return _tls_error(error, server)
    if isinstance(error, socket.gaierror):
        return _name_error(error, host)
    if isinstance(error, SaidByeError):
        words = plain_words(error.args[0] if error.args else "", server)
        return ExternalError(f"{host} ended the connection.", reason=Reason.BUSY, retryable=True, words=words)
    if isinstance(error, TimeoutError):
        return ExternalError(f"{host} does not answer.", reason=Reason.OFFLINE, retryable=True)
    if isinstance(error, ConnectionRefusedError):
        text = f"{host} does not take connections on port {server.url.port}. Is the port right?"
        return ExternalError(text, reason=Reason.HOST, retryable=True)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        if "timed out" in str(error):  # smtplib keeps no more than the text of what happened
            return ExternalError(f"{host} does not answer.", reason=Reason.OFFLINE, retryable=True)
        return ExternalError(f"{host} hung up.", reason=Reason.PROTOCOL, retryable=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return answer_error(error.smtp_code, error.smtp_error, server)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        if error.errno in _NO_ROUTE:
            return ExternalError(f"{host} cannot be reached.", reason=Reason.OFFLINE, retryable=True)
        return ExternalError(f"{host} hung up.", reason=Reason.PROTOCOL, retryable=True)
    return _protocol_error(error, server)


def answer_error(code: int, said: object, server: MailServer) -> ExternalError:
    """The error for an SMTP answer that is not what was hoped for."""
    host, words = server.url.host, plain_words(said, server)
    if code in {530, 534, 535}:
        return sign_in_error(words, server)
    if 400 <= code < 500:
        return ExternalError(f"{host} says: not now.", reason=Reason.BUSY, retryable=True, words=words)
    if 500 <= code < 600:
        return ExternalError(f"{host} refused.", reason=Reason.REFUSED, retryable=False, words=words)
    text = f"{host} does not speak as a mail server should."
    return ExternalError(text, reason=Reason.PROTOCOL, retryable=True, words=words)


def sign_in_error(said: object, server: MailServer) -> ExternalError:
    """The error for a refused sign-in; told apart from a server that is merely busy."""
    words = plain_words(said, server)
    if _BUSY.search(words):
        text = f"{server.url.host} takes no sign-in at the moment."
        return ExternalError(text, reason=Reason.BUSY, retryable=True, words=words)
    if "[PRIVACYREQUIRED]" in words.upper():
        return ExternalError(
            f"{server.url.host} wants an encrypted connection.", reason=Reason.PLAIN, retryable=False, words=words
        )
    text = f"{server.url.host} did not accept the user name and password."
    return ExternalError(text, reason=Reason.SIGN_IN, retryable=False, words=words)


def no_starttls(server: MailServer) -> ExternalError:
    """The error for a server that does not offer STARTTLS; the sign-in was not attempted."""
    text = f"{server.url.host} offers no encryption on port {server.url.port}. Nothing was sent to it."
    return ExternalError(text, reason=Reason.PLAIN, retryable=False)


def _tls_error(error: ssl.SSLError, server: MailServer) -> ExternalError:
    host = server.url.host
    if isinstance(error, ssl.SSLCertVerificationError):
        words = error.verify_message or "certificate verify failed"
        text = f"The certificate of {host} is not trusted: {words}."
        return ExternalError(text, reason=Reason.TLS, retryable=False, words=words)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ExternalError(f"{host} hung up.", reason=Reason.PROTOCOL, retryable=True)
    text = f"No encrypted connection to {host} on port {server.url.port} came about. Is the port right?"
    return ExternalError(text, reason=Reason.TLS, retryable=True, words=plain_words(error.reason or ""))


def _name_error(error: socket.gaierror, host: str) -> ExternalError:
    """No such name or no name server? Only a clear "no such name" is a matter for a person."""
    unknown = error.errno == socket.EAI_NONAME
    reason = Reason.HOST if unknown else Reason.OFFLINE
    return ExternalError(f"No server named {host} was found.", reason=reason, retryable=True)


def _protocol_error(error: BaseException, server: MailServer) -> ExternalError:
    words = plain_words(error.args[0] if error.args else "", server)
    if _BUSY.search(words):
        return ExternalError(f"{server.url.host} says: not now.", reason=Reason.BUSY, retryable=True, words=words)
    text = f"{server.url.host} did not do what was asked."
    return ExternalError(text, reason=Reason.PROTOCOL, retryable=True, words=words)
