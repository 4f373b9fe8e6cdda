"""Asking DNS where a domain's mail lives: whose servers take it in (MX, RFC 5321), and what it announces to mail programs
(SRV, RFC 6186 and RFC 8314).

Nobody signs these answers for us. An MX record therefore only picks an entry of our own table of providers, and a server
that an SRV record names outside the domain itself has to be confirmed by a person before a password goes there
(RFC 6186, section 6). Only the domain is asked for, never the address.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.connectors.email.config import ServerUrl
from app.kernel.errors import UserError

_LIFETIME_S = 4.0
_MOST = 16
_ANNOUNCED = (
    ("imap", (("_imaps", "imaps"), ("_imap", "imap+starttls"))),
    ("smtp", (("_submissions", "smtps"), ("_submission", "smtp+starttls"))),
)


@dataclass(frozen=True, slots=True)
class Announced:
    """The servers that a domain announces; `outside`: the names of those that are not within it."""

    receiving: ServerUrl
    sending: ServerUrl
    outside: tuple[str, ...] = ()


class Records(Protocol):
    """What discovery asks of DNS; empty answers for whatever goes wrong."""

    def incoming(self, domain: str) -> tuple[str, ...]:
        """Names of the servers that take a domain's mail in, the preferred one first."""
        ...

    def announced(self, domain: str) -> Announced | None:
        """What the domain tells mail programs; None unless both directions are there."""
        ...


class Dns:
    """The system's name servers, or those given (`servers`, `port`)."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53, *, lifetime_s: float = _LIFETIME_S) -> None:
        self._servers, self._port, self._lifetime_s = tuple(servers), port, lifetime_s

    def incoming(self, domain: str) -> tuple[str, ...]:
        found = sorted((record.preference, _name(record.exchange)) for record in self._ask(domain, "MX"))
        return tuple(name for _, name in found if name)

    def announced(self, domain: str) -> Announced | None:
        servers = [self._first(domain, labels) for _, labels in _ANNOUNCED]
        receiving, sending = servers
        if receiving is None or sending is None:
            return None
        outside = {url.host for url in (receiving, sending) if not _within(url.host, domain)}
        return Announced(receiving, sending, tuple(sorted(outside)))

    def _first(self, domain: str, labels: tuple[tuple[str, str], ...]) -> ServerUrl | None:
        """The best server of one direction: encrypted from the first byte before STARTTLS (RFC 8314, section 5.1)."""
        for label, scheme in labels:
            records = self._ask(f"{label}._tcp.{domain}", "SRV")
            for record in sorted(records, key=lambda each: (each.priority, -each.weight)):
                with contextlib.suppress(UserError):  # "." says that there is none; and names may be anything
                    return ServerUrl.parse(f"{scheme}://{_name(record.target)}:{record.port}")
        return None

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception  # only here, on a task thread: it takes a tenth of a second

        try:
            return list(self._resolver().resolve(f"{name}.", kind, lifetime=self._lifetime_s))[:_MOST]
        except (dns.exception.DNSException, OSError, ValueError, UnicodeError):
            return []

    def _resolver(self) -> Any:
        import dns.resolver

        made = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            made.nameservers, made.port = list(self._servers), self._port
        made.timeout = self._lifetime_s / 2
        return made


def _name(target: Any) -> str:
    return str(target.to_text(omit_final_dot=True)).lower()


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
