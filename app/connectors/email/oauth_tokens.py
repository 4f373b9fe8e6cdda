"""The access tokens of a mailbox: read from the keyring, renewed in time and whenever a server rejects one.

Several threads use the same, and in the keyring several processes: who comes second takes what the first has renewed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.connectors.email.config import AccessTokens, MailServer, Secret, ServerUrl
from app.connectors.email.faults import MailError
from app.connectors.email.oauth import EARLY, SignIn, ended, is_sign_in
from app.kernel import clock, secrets

_locks: dict[str, threading.Lock] = {}
Load = Callable[[str], str | None]
Keep = Callable[[str, str], None]


def tokens_of(ref: str, kept: str, load: Load, keep: Keep = secrets.replace_secret) -> StoredTokens | None:
    """The access tokens of a mailbox whose secret is `kept` under `ref`; None where that is a password."""
    return StoredTokens(ref, load, keep) if is_sign_in(kept) else None


class StoredTokens:
    """The tokens kept under one reference, used by several threads and, in the keyring, by several processes."""

    def __init__(self, ref: str, load: Load, keep: Keep) -> None:
        self._ref, self._load, self._keep = ref, load, keep
        self._one = _locks.setdefault(ref, threading.Lock())

    def current(self) -> Secret:
        with self._one:
            found = self._read()
            return Secret((found if found.is_fresh else self._renew(found)).access)

    def good_for_s(self) -> float:
        return max(0.0, (self._read().until - EARLY - clock.now()).total_seconds())

    def renewed(self, rejected: Secret) -> Secret:
        with self._one:
            found = self._read()
            if found.access != rejected.reveal() and found.is_fresh:
                return Secret(found.access)  # another thread was quicker
            return Secret(self._renew(found).access)

    def _read(self) -> SignIn:
        kept = self._load(self._ref)
        found = SignIn.read(kept) if kept else None
        if found is None:
            raise ended("")
        return found

    def _renew(self, old: SignIn) -> SignIn:
        from app.connectors.email import oauth_flows  # only here: it brings in the libraries of the web

        try:
            new = oauth_flows.renew(old)
        except MailError:
            found = self._read()  # the window may have signed in meanwhile, or another process renewed it
            if found.refresh == old.refresh:
                raise
            new = found if found.is_fresh else oauth_flows.renew(found)
        if new.access != old.access:
            self._keep(self._ref, new.kept())
        return new


class NewTokens:
    """The tokens of a sign-in that is not kept yet: for the test before saving."""

    def __init__(self, sign_in: SignIn) -> None:
        self.sign_in = sign_in

    def current(self) -> Secret:
        return Secret(self.sign_in.access)

    def good_for_s(self) -> float:
        return (self.sign_in.until - clock.now()).total_seconds()

    def renewed(self, _rejected: Secret) -> Secret:
        return Secret(self.sign_in.access)


def server_with(
    url: ServerUrl, user: str, kept: str, *, pin: str | None, timeout_s: float, tokens: AccessTokens | None = None
) -> MailServer:
    """A server to test with a password, with a sign-in that is not kept yet, or with the `tokens` of one that is."""
    sign_in = SignIn.read(kept)
    if sign_in is not None:
        return MailServer(url, user, Secret(""), pin, timeout_s, tokens=tokens or NewTokens(sign_in))
    return MailServer(url, user, Secret(kept), pin, timeout_s)
