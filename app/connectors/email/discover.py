"""Finding the servers of an address: the own table, the domain's autoconfig file, then likely names, tried out.

Nothing secret is sent to anybody here, and the address itself is not either: only its domain is asked. Certificates
are checked in every step. DNS (SRV, MX) is not asked: Python has no resolver for it of its own.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import enum
import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from xml.etree import ElementTree as ET

from app.connectors.email import tls
from app.connectors.email.config import AuthKind, MailServer, Security, ServerUrl
from app.connectors.email.providers import Provider, provider_of
from app.kernel.errors import ExternalError, UserError

_XML_MAX = 256 * 1024
_WEB_S = 6.0
_PROBE_S = 4.0

Fetch = Callable[[str], bytes | None]
Probe = Callable[[ServerUrl], bool]
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Source(enum.StrEnum):
    """Where a finding comes from, best first."""

    TABLE = "table"
    AUTOCONFIG = "autoconfig"
    GUESS = "guess"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of servers to try, the user name they expect, and the way to sign in."""

    receiving: ServerUrl
    sending: ServerUrl
    user: str
    auth: AuthKind = AuthKind.PASSWORD


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found for an address; `provider` and `note` if the table knows it. No candidates: ask the person."""

    address: str
    source: Source
    candidates: tuple[Candidate, ...] = ()
    provider: Provider | None = None
    note: str = ""


def discover(
    address: str,
    cancel: threading.Event | None = None,
    *,
    fetch: Fetch | None = None,
    probe: Probe | None = None,
) -> Discovery:
    """Find servers for `address` (UserError if it is none). Setting `cancel` ends it at once, with what is known.

    `fetch` and `probe` stand in for the web and for the servers in tests.
    """
    cancel = cancel or threading.Event()
    local, domain = split_address(address)
    provider = provider_of(address)
    if provider is not None:
        receiving, sending = provider.receiving(), provider.sending()
        if receiving is None or sending is None:
            return Discovery(address, Source.TABLE, (), provider, provider.note)
        pair = Candidate(receiving, sending, address, provider.auth)
        return Discovery(address, Source.TABLE, (pair,), provider, provider.note)
    for url in (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    ):
        found = _run(fetch or https_get, [url], cancel)
        if found and (pairs := autoconfig(found[0] or b"", local, domain)):
            return Discovery(address, Source.AUTOCONFIG, pairs)
        if cancel.is_set():
            return Discovery(address, Source.NONE)
    guessed = _guessed(address, domain, probe or answers, cancel)
    return Discovery(address, Source.GUESS, (guessed,)) if guessed else Discovery(address, Source.NONE)


def split_address(address: str) -> tuple[str, str]:
    """(local part, domain as ASCII), both plausible; UserError otherwise."""
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        domain = ""
    if not (at and local and "." in domain) or any(
        char.isspace() or char in "/\\?#<>\"',:@" for char in local + domain
    ):
        raise UserError(f"“{address}” is not a mail address.")
    return local, domain


# -- the autoconfig file


class _NoDocumentType(ET.TreeBuilder):
    """Refuses document types, and with them entities that grow without end or read files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("a document type is not allowed")


def autoconfig(data: bytes, local: str, domain: str) -> tuple[Candidate, ...]:
    """Candidates in an autoconfig file: only protected servers, in the file's order; () for anything unreadable."""
    try:
        parser = ET.XMLParser(target=_NoDocumentType())  # noqa: S314 - see _NoDocumentType
        parser.feed(data[:_XML_MAX])
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError):
        return ()
    receiving = list(_servers(root, "incomingServer", "imap", local, domain))
    sending = list(_servers(root, "outgoingServer", "smtp", local, domain))
    if not sending:
        return ()
    return tuple(Candidate(url, sending[0][0], user) for url, user in receiving)


def _servers(root: ET.Element, tag: str, kind: str, local: str, domain: str) -> Iterator[tuple[ServerUrl, str]]:
    fillers = (("%EMAILADDRESS%", f"{local}@{domain}"), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain))
    for server in root.iter(tag):
        texts = {child.tag: (child.text or "").strip() for child in server}
        scheme = {"SSL": f"{kind}s", "STARTTLS": f"{kind}+starttls"}.get(texts.get("socketType", "").upper())
        if server.get("type", "").lower() != kind or scheme is None:
            continue
        host, user = texts.get("hostname", ""), texts.get("username") or "%EMAILADDRESS%"
        for sign, value in fillers:
            host, user = host.replace(sign, value), user.replace(sign, value)
        with contextlib.suppress(UserError):
            yield ServerUrl.parse(f"{scheme}://{host}:{texts.get('port', '')}".rstrip(":")), user


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        return super().redirect_request(req, fp, code, msg, headers, newurl) if newurl.startswith("https://") else None


def https_get(url: str) -> bytes | None:
    """The file at an https address, None if there is none; redirects stay encrypted."""
    opener = urllib.request.build_opener(_HttpsOnly)
    try:
        with opener.open(url, timeout=_WEB_S) as answer:
            data: bytes = answer.read(_XML_MAX + 1)
            return data if len(data) <= _XML_MAX else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


# -- likely names


def _guessed(address: str, domain: str, probe: Probe, cancel: threading.Event) -> Candidate | None:
    receiving = [
        ServerUrl.parse(f"{scheme}://{name}{domain}")
        for name in ("imap.", "mail.", "")
        for scheme in ("imaps", "imap+starttls")
    ]
    sending = [
        ServerUrl.parse(f"{scheme}://{name}{domain}")
        for name in ("smtp.", "mail.", "")
        for scheme in ("smtps", "smtp+starttls")
    ]
    good = _run(probe, receiving + sending, cancel)
    first_in = next((url for url, ok in zip(receiving, good, strict=False) if ok), None)
    first_out = next((url for url, ok in zip(sending, good[len(receiving) :], strict=False) if ok), None)
    return Candidate(first_in, first_out, address) if first_in and first_out else None


def answers(url: ServerUrl) -> bool:
    """Does a server of the right kind answer there, with a trusted certificate or an offer to encrypt?"""
    try:
        sock = socket.create_connection((url.host, url.port), _PROBE_S)
        with sock:
            if url.security is Security.TLS:
                sock = tls.wrap(sock, MailServer(url))
            with sock:
                return sock.recv(512).startswith(b"* OK" if url.protocol == "imap" else b"220")
    except (OSError, ExternalError, UnicodeError):
        return False


def _run(work: Callable[[_Item], _Result], items: list[_Item], cancel: threading.Event) -> list[_Result]:
    """`work` on all items at once, results in order; [] as soon as `cancel` is set (the threads end by themselves)."""
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(items)), thread_name_prefix="discover")
    try:
        futures = [pool.submit(work, item) for item in items]
        while not cancel.is_set():
            if not concurrent.futures.wait(futures, timeout=0.05).not_done:
                return [future.result() for future in futures]
        return []
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
