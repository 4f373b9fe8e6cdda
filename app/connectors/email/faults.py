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
from app.connectors.email.config import AuthKind, MailServer
from app.connectors.email.words import NO_VALUES, Fault, Values, sentence
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason

_WORDS_MAX = 300
_NO_ROUTE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EHOSTDOWN,
    errno.EADDRNOTAVAIL,
    errno.EPERM,
    errno.EACCES,
}
_FULL = re.compile(
    r"(?!.*bandwidth).*(\[OVERQUOTA\]|over ?quota|quota (is )?(exceeded|full)|exceed.{0,20}quota)", re.IGNORECASE
)
"""No room left (RFC 5530, RFC 9208); Gmail says OVERQUOTA also of bandwidth, which is another matter."""
_BUSY = re.compile(
    r"\[(UNAVAILABLE|LIMIT|INUSE|OVERQUOTA|SERVERBUG)\]|too many|try (again )?later|maximum number|temporar",
    re.IGNORECASE,
)


class MailError(ExternalError):
    """A fault of a mail server: its code and the values of its sentence, beside the reason that decides."""

    def __init__(
        self, text: str, fault: Fault, values: Values = NO_VALUES, *, reason: Reason, retryable: bool, words: str = ""
    ) -> None:
        super().__init__(text, reason=reason, retryable=retryable, words=words)
        self.fault, self.values = fault, values


class SendError(MailError):
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
        fault: Fault = Fault.ODD_ANSWER,
        values: Values = NO_VALUES,
    ) -> None:
        super().__init__(text, fault, values, reason=reason, retryable=retryable, words=words)
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


_DECIDES: dict[Fault, tuple[Reason, bool]] = {
    Fault.NO_SUCH_HOST: (Reason.HOST, True),
    Fault.NO_NAME_SERVER: (Reason.OFFLINE, True),
    Fault.NO_ANSWER: (Reason.OFFLINE, True),
    Fault.PORT_CLOSED: (Reason.HOST, True),
    Fault.BLOCKED: (Reason.OFFLINE, True),
    Fault.ENDED: (Reason.BUSY, True),
    Fault.NO_TLS_HERE: (Reason.TLS, True),
    Fault.NO_ENCRYPTION: (Reason.PLAIN, False),
    Fault.WANTS_ENCRYPTION: (Reason.PLAIN, False),
    Fault.NO_PASSWORD_HERE: (Reason.PLAIN, False),
    Fault.CERT_EXPIRED: (Reason.TLS, False),
    Fault.CERT_NOT_YET: (Reason.OFFLINE, True),  # it is this computer's clock, and soon right again
    Fault.CERT_NAME: (Reason.TLS, False),
    Fault.CERT_SELF_SIGNED: (Reason.TLS, False),
    Fault.CERT_UNKNOWN: (Reason.TLS, False),
    Fault.CERT_CHANGED: (Reason.TLS, False),
    Fault.WRONG_PASSWORD: (Reason.SIGN_IN, False),
    Fault.WRONG_TOKEN: (Reason.SIGN_IN, False),
    Fault.OTHER_ACCOUNT: (Reason.SIGN_IN, False),
    Fault.SIGN_IN_ENDED: (Reason.SIGN_IN, False),
    Fault.NO_WAY_TO_SIGN_IN: (Reason.SIGN_IN, False),
    Fault.NO_AUTH: (Reason.PLAIN, False),
    Fault.ODD_CHARACTERS: (Reason.SIGN_IN, False),
    Fault.SIGN_IN_BUSY: (Reason.BUSY, True),
    Fault.FULL: (Reason.FULL, True),
    Fault.NOT_NOW: (Reason.BUSY, True),
    Fault.REFUSED: (Reason.REFUSED, False),
    Fault.SENDER_REFUSED: (Reason.REFUSED, False),
    Fault.ADDRESS_REFUSED: (Reason.REFUSED, False),
}
"""What later code decides by; a fault that is not here is a breach of protocol, worth another try."""


def mail_error(fault: Fault, server: MailServer, words: str = "", **more: str) -> MailError:
    """The error for a fault of this server."""
    values = {"host": server.url.host, "port": str(server.url.port), **more}
    reason, retryable = _DECIDES.get(fault, (Reason.PROTOCOL, True))
    if fault is Fault.CERT_EXPIRED and clock.in_doubt():  # by a clock that may be wrong: no matter for a person yet
        reason, retryable = Reason.OFFLINE, True
    return MailError(sentence(fault, values), fault, values, reason=reason, retryable=retryable, words=words)


def external(error: BaseException, server: MailServer) -> MailError:
    """The error for a library's exception."""
    if isinstance(error, ssl.SSLError):
        return _tls_error(error, server)
    if isinstance(error, socket.gaierror):  # only a clear "no such name" is a matter for a person
        unknown = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        return mail_error(Fault.NO_SUCH_HOST if unknown else Fault.NO_NAME_SERVER, server)
    if isinstance(error, SaidByeError):
        return mail_error(Fault.ENDED, server, plain_words(error.args[0] if error.args else "", server))
    if isinstance(error, TimeoutError):
        return mail_error(Fault.NO_ANSWER, server)
    if isinstance(error, ConnectionRefusedError):
        return mail_error(Fault.PORT_CLOSED, server)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        timed_out = "timed out" in str(error)  # smtplib keeps no more than the text of what happened
        return mail_error(Fault.NO_ANSWER if timed_out else Fault.HUNG_UP, server)
    if isinstance(error, smtplib.SMTPResponseException):
        return answer_error(error.smtp_code, error.smtp_error, server)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return mail_error(Fault.BLOCKED if error.errno in _NO_ROUTE else Fault.HUNG_UP, server)
    words = plain_words(error.args[0] if error.args else "", server)
    if _FULL.match(words):
        return mail_error(Fault.FULL, server, words)
    return mail_error(Fault.NOT_NOW if _BUSY.search(words) else Fault.ODD_ANSWER, server, words)


def answer_error(code: int, said: object, server: MailServer) -> MailError:
    """The error for an SMTP answer that is not what was hoped for."""
    words = plain_words(said, server)
    if code in {530, 534, 535}:
        return sign_in_error(words, server)
    if 400 <= code < 500:
        return mail_error(Fault.NOT_NOW, server, words)
    if 500 <= code < 600:
        return mail_error(Fault.REFUSED, server, words)
    return mail_error(Fault.NOT_SMTP if code < 200 else Fault.ODD_ANSWER, server, words)


def sign_in_error(said: object, server: MailServer) -> MailError:
    """The error for a refused sign-in; told apart from a server that is merely busy."""
    words = plain_words(said, server)
    if _BUSY.search(words):
        return mail_error(Fault.SIGN_IN_BUSY, server, words)
    if "[PRIVACYREQUIRED]" in words.upper():
        return mail_error(Fault.WANTS_ENCRYPTION, server, words)
    return mail_error(Fault.WRONG_TOKEN if server.auth is AuthKind.XOAUTH2 else Fault.WRONG_PASSWORD, server, words)


def no_starttls(server: MailServer) -> MailError:
    """The error for a server that does not offer STARTTLS; the sign-in was not attempted."""
    return mail_error(Fault.NO_ENCRYPTION, server)


# OpenSSL's numbers for why a certificate was not believed (X509_V_ERR_…).
_CERTIFICATE = {
    9: Fault.CERT_NOT_YET,
    10: Fault.CERT_EXPIRED,
    18: Fault.CERT_SELF_SIGNED,
    19: Fault.CERT_UNKNOWN,
    20: Fault.CERT_UNKNOWN,
    21: Fault.CERT_UNKNOWN,
    62: Fault.CERT_NAME,
    64: Fault.CERT_NAME,
}


def _tls_error(error: ssl.SSLError, server: MailServer) -> MailError:
    if isinstance(error, ssl.SSLCertVerificationError):
        words = error.verify_message or "certificate verify failed"
        return mail_error(_CERTIFICATE.get(error.verify_code, Fault.CERT_UNKNOWN), server, words)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return mail_error(Fault.HUNG_UP, server)
    return mail_error(Fault.NO_TLS_HERE, server, plain_words(error.reason or ""))
