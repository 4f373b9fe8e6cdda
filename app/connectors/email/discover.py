"""Finding the servers of an address, best source first: the own table, the domain's autoconfig file, whose servers take its
mail in (MX), what it announces in DNS (SRV), then likely names, tried out. After that the person is asked.

Nothing secret is sent to anybody here, and the address itself is not either: only its domain is asked. Certificates
are checked in every step. Only the table and what https brought are believed without a look: see `Candidate.confirm`.
"""

from __future__ import annotations

import concurrent.futures
import enum
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from app.connectors.email import autoconfig, tls
from app.connectors.email.config import AuthKind, MailServer, Security, ServerUrl
from app.connectors.email.providers import Provider, provider_at, provider_behind, provider_of
from app.connectors.email.records import Announced, Dns, Records
from app.kernel.errors import ExternalError, UserError
from app.kernel.sentences import said

_PROBE_S = 4.0
_STAGE_S = 10.0

Fetch = Callable[[str], bytes | None]
Probe = Callable[[ServerUrl], bool]
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Source(enum.StrEnum):
    """Where a finding comes from, best first."""

    TABLE = "table"
    AUTOCONFIG = "autoconfig"
    MX = "mx"
    SRV = "srv"
    GUESS = "guess"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of servers to try, the user name they expect, and the way to sign in.

    `confirm`: servers that only unsigned DNS names and that lie outside the domain: a person has to say yes before a
    password goes there.
    """

    receiving: ServerUrl
    sending: ServerUrl
    user: str
    auth: AuthKind = AuthKind.PASSWORD
    confirm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found for an address; `provider` if the table knows whose servers they are. No candidates: ask the person."""

    address: str
    source: Source
    candidates: tuple[Candidate, ...] = ()
    provider: Provider | None = None


def discover(
    address: str,
    cancel: threading.Event | None = None,
    *,
    fetch: Fetch | None = None,
    records: Records | None = None,
    probe: Probe | None = None,
) -> Discovery:
    """Find servers for `address` (UserError if it is none). Setting `cancel` ends it at once, with what is known.

    `fetch`, `records` and `probe` stand in for the web, for DNS and for the servers.
    """
    cancel = cancel or threading.Event()
    address = address.strip()
    local, domain = split_address(address)
    provider = provider_of(f"{local}@{domain}")
    if provider is not None:
        return _of_provider(address, Source.TABLE, provider)
    found = _asked(address, local, domain, fetch or autoconfig.https_get, records or Dns(), cancel)
    if found is None and not cancel.is_set():
        found = _guessed(address, domain, probe or answers, cancel)
    return found or Discovery(address, Source.NONE)


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
        raise UserError(said("“{address}” is not a mail address.", address=address))
    return local, domain


def _of_provider(address: str, source: Source, provider: Provider) -> Discovery:
    receiving, sending = provider.receiving(), provider.sending()
    if receiving is None or sending is None:
        return Discovery(address, source, (), provider)
    return Discovery(address, source, (Candidate(receiving, sending, address, provider.auth),), provider)


def _asked(
    address: str, local: str, domain: str, fetch: Fetch, records: Records, cancel: threading.Event
) -> Discovery | None:
    """What the domain itself says: all are asked at once, the best that knows something counts."""
    first, second = autoconfig.places(domain)
    questions: list[Callable[[], Any]] = [
        lambda: fetch(first),
        lambda: fetch(second),
        lambda: records.incoming(domain),
        lambda: records.announced(domain),
    ]
    files_and_records = _run(lambda question: question(), questions, cancel)
    if not files_and_records:
        return None
    *files, incoming, announced = files_and_records
    for data in files:
        if data and (pairs := autoconfig.read(data, local, domain)):
            return _configured(address, pairs)
    provider = next((known for name in incoming or () if (known := provider_behind(name))), None)
    if provider is not None:
        return _of_provider(address, Source.MX, provider)
    return _announced(address, announced) if announced else None


def _configured(address: str, pairs: tuple[autoconfig.Configured, ...]) -> Discovery:
    provider = provider_at(pairs[0].receiving.host)
    candidates = []
    for pair in pairs:
        there = provider_at(pair.receiving.host)
        only_oauth = pair.only_oauth or (there is not None and there.auth is AuthKind.XOAUTH2)
        auth = AuthKind.XOAUTH2 if only_oauth else AuthKind.PASSWORD
        candidates.append(Candidate(pair.receiving, pair.sending, pair.user, auth))
    return Discovery(address, Source.AUTOCONFIG, tuple(candidates), provider)


def _announced(address: str, found: Announced) -> Discovery:
    provider = provider_at(found.receiving.host)
    known = provider is not None and provider_at(found.sending.host) is not None
    auth = provider.auth if provider is not None else AuthKind.PASSWORD
    pair = Candidate(found.receiving, found.sending, address, auth, () if known else found.outside)
    return Discovery(address, Source.SRV, (pair,), provider)


# -- likely names


def _guessed(address: str, domain: str, probe: Probe, cancel: threading.Event) -> Discovery | None:
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
    if first_in is None or first_out is None:
        return None
    return Discovery(address, Source.GUESS, (Candidate(first_in, first_out, address),))


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


def _run(
    work: Callable[[_Item], _Result], items: list[_Item], cancel: threading.Event, seconds: float = _STAGE_S
) -> list[_Result | None]:
    """`work` on all items at once, results in order, None for what takes longer than `seconds` or broke down.

    [] as soon as `cancel` is set; threads that still wait end by themselves.
    """
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(items)), thread_name_prefix="discover")
    until = time.monotonic() + seconds
    try:
        futures = [pool.submit(work, item) for item in items]
        while not cancel.is_set():
            late = concurrent.futures.wait(futures, timeout=0.05).not_done
            if not late or time.monotonic() > until:
                return [None if each in late or each.exception() else each.result() for each in futures]
        return []
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
