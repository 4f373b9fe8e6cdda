"""Short ways to point a session at the test servers."""

from __future__ import annotations

from pathlib import Path

from app.connectors.email.config import MailServer, Secret, ServerUrl
from tests.servers.dovecot import Account, Dovecot


def receiving(dovecot: Dovecot, account: Account, scheme: str = "imaps", port: int = 0) -> MailServer:
    """The account on Dovecot; `port` leads through a proxy."""
    usual = dovecot.imaps if scheme == "imaps" else dovecot.imap
    url = ServerUrl.parse(f"{scheme}://127.0.0.1:{port or usual}")
    secret = Secret(account.password)
    return MailServer(url, account.user, secret, cafile=dovecot.cafile, timeout_s=10, mailbox="support")


def loopback(
    scheme: str, port: int, *, cafile: Path | None = None, pinned: str | None = None, timeout_s: float = 10
) -> MailServer:
    """Any server on this machine with a sign-in that it takes; an own patience if wanted."""
    url = ServerUrl.parse(f"{scheme}://127.0.0.1:{port}")
    return MailServer(url, "user@example.test", Secret("pässword"), pinned, timeout_s=timeout_s, cafile=cafile)
