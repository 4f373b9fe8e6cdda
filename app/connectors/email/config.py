"""Where a mail server is and how to sign in: parsed once, so that no later code has to doubt it.

The scheme says how the line is protected. Unprotected lines exist for this machine's own loopback only: a password
never crosses a network in the clear, whatever somebody typed.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from app.kernel.errors import UserError
from app.kernel.sentences import said


class Security(enum.StrEnum):
    """How the line is protected."""

    TLS = "tls"  # encrypted from the first byte
    STARTTLS = "starttls"  # encrypted after asking; refused when the server does not offer it
    PLAIN = "plain"  # loopback only


class AuthKind(enum.StrEnum):
    """How to sign in. XOAUTH2: the secret is an access token instead of a password."""

    PASSWORD = "password"
    XOAUTH2 = "xoauth2"


_SCHEMES: dict[str, tuple[str, Security, int]] = {
    "imaps": ("imap", Security.TLS, 993),
    "imap+starttls": ("imap", Security.STARTTLS, 143),
    "imap": ("imap", Security.PLAIN, 143),
    "smtps": ("smtp", Security.TLS, 465),
    "smtp+starttls": ("smtp", Security.STARTTLS, 587),
    "smtp": ("smtp", Security.PLAIN, 25),
}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?")


def is_loopback(host: str) -> bool:
    """Is this name or address this machine's own loopback, without asking any name server?"""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """One server: `imaps://host:port`, `imap+starttls://`, `imap://` and the same three for `smtp`."""

    scheme: str
    host: str
    port: int
    security: Security

    def __post_init__(self) -> None:
        if self.security is Security.PLAIN and not is_loopback(self.host):
            raise UserError(
                said(
                    "{host} would be reached without encryption. Use {protocol}s:// or {protocol}+starttls://; a "
                    "connection without encryption is possible to this computer itself only.",
                    host=self.host,
                    protocol=self.protocol,
                )
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a server's address. UserError says in one sentence what is wrong with it."""
        shown = said("This") if "@" in text else f"“{text}”"  # somebody may have typed a password into it
        try:
            parts = urlsplit(text.strip())
            scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        except ValueError:
            raise UserError(
                said(
                    "{shown} is not a server address. Write it like imaps://mail.example.com:993.",
                    shown=shown,
                )
            ) from None
        if scheme not in _SCHEMES:
            names = ", ".join(_SCHEMES)
            raise UserError(
                said(
                    "{shown} does not begin with one of {names}, as in imaps://mail.example.com:993.",
                    shown=shown,
                    names=names,
                )
            )
        if parts.username or parts.password:
            raise UserError("The server address must not contain a user name or a password.")
        if parts.path.strip("/") or parts.query or parts.fragment or not host:
            raise UserError(
                said(
                    "{shown} is not a server address. Write it like {scheme}://mail.example.com.",
                    shown=shown,
                    scheme=scheme,
                )
            )
        host = _wire_host(host)
        _, security, usual = _SCHEMES[scheme]
        if port is not None and not 0 < port < 65536:
            raise UserError(said("{shown} has a port that does not exist.", shown=shown))
        return cls(scheme, host, port or usual, security)

    @property
    def protocol(self) -> str:
        """`imap` or `smtp`."""
        return _SCHEMES[self.scheme][0]

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def _wire_host(host: str) -> str:
    """The host as the wire wants it: names in other scripts become their ASCII form."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        wire = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        wire = ""
    if not _HOST.fullmatch(wire) or ".." in wire:
        raise UserError(said("“{host}” is not a server name.", host=host))
    return wire


class Secret:
    """A password or token in memory. It shows itself nowhere: not in repr, not in a log, not in a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; only the line that hands it to the server calls this."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        raise TypeError("a secret is not written anywhere")


class AccessTokens(Protocol):
    """Where a session gets the access token of a mailbox that signs in by the browser."""

    def current(self) -> Secret:
        """A token that is good for some minutes, renewed if need be. Raises ExternalError."""
        ...

    def good_for_s(self) -> float:
        """Seconds until the current one is to be renewed."""
        ...

    def renewed(self, rejected: Secret) -> Secret:
        """A newer one than the token that a server has just rejected. Raises ExternalError."""
        ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server, who signs in, and what is trusted beyond the system's authorities.

    `pinned_sha256`: hex fingerprint of the one certificate that this mailbox accepts; the authorities then play no
    part. `cafile`: one more authority (a company's own). `timeout_s`: for connecting and for each single answer.
    An empty `user` means no sign-in (SMTP on loopback). `tokens` take the place of `secret` where a person signed in by
    the browser.
    """

    url: ServerUrl
    user: str = ""
    secret: Secret = field(default_factory=lambda: Secret(""))
    pinned_sha256: str | None = None
    timeout_s: float = 60.0
    cafile: Path | None = None
    auth: AuthKind = AuthKind.PASSWORD
    tokens: AccessTokens | None = None
    mailbox: str = ""  # our own name of the mailbox, given back in every `Incoming`
    is_slow: bool = False  # the line is: pack what goes over it, where the server can

    @property
    def by_token(self) -> bool:
        """Does it sign in with an access token?"""
        return self.tokens is not None or self.auth is AuthKind.XOAUTH2

    def __post_init__(self) -> None:
        if any(ord(char) < 32 for char in self.user):
            raise UserError("The user name contains a character that no mail server takes.")
        if "\0" in self.secret.reveal():
            raise UserError("The password contains a character that no mail server takes.")
