"""How a session signs in, for IMAP and SMTP alike: with a password, or with an access token that is renewed once when the
server rejects it (RFC 7628, and Google's XOAUTH2 which Microsoft and others took over).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from imapclient.exceptions import LoginError

from app.connectors.email.config import AuthKind, MailServer
from app.connectors.email.faults import MailError, mail_error, sign_in_error
from app.connectors.email.providers import provider_at
from app.connectors.email.words import Fault


def with_token(server: MailServer, attempt: Callable[[MailServer], None]) -> None:
    """Make `attempt` with the server as it is, or with its current token as the secret; a rejected token is renewed once."""
    if server.tokens is None:
        attempt(server)
        return
    token = server.tokens.current()
    try:
        attempt(replace(server, secret=token, auth=AuthKind.XOAUTH2))
    except MailError as error:
        if error.fault is not Fault.WRONG_TOKEN:
            raise
        attempt(replace(server, secret=server.tokens.renewed(token), auth=AuthKind.XOAUTH2))


def bearer(server: MailServer, offered: Callable[[str], bool]) -> tuple[str, bytes]:
    """(mechanism, first answer) of a sign-in by token: XOAUTH2 unless a server offers only the standard's OAUTHBEARER."""
    token = server.secret.reveal()
    if not offered("XOAUTH2") and offered("OAUTHBEARER"):
        name = server.user.replace("=", "=3D").replace(",", "=2C")
        host = f"host={server.url.host}\1port={server.url.port}\1"
        return "OAUTHBEARER", f"n,a={name},\1{host}auth=Bearer {token}\1\1".encode()
    return "XOAUTH2", f"user={server.user}\1auth=Bearer {token}\1\1".encode()


def encoded(answer: bytes | str) -> str:
    """A SASL answer as the wire carries it."""
    return base64.b64encode(answer.encode() if isinstance(answer, str) else answer).decode("ascii")


def imap_sign_in(client: Any, server: MailServer) -> None:
    """Sign in on an IMAPClient. Raises MailError."""
    with_token(server, lambda each: _imap_attempt(client, each))
    provider = provider_at(server.url.host)
    if provider is not None and provider.wants_name and client.has_capability("ID"):
        client.id_({"name": "Deskbell"})


def _imap_attempt(client: Any, server: MailServer) -> None:
    try:
        if server.by_token:
            mechanism, first = bearer(server, lambda name: client.has_capability(f"AUTH={name}"))
            rest = iter((first,))  # whatever else the server asks is its refusal, which wants an empty answer
            client.sasl_login(mechanism, lambda _: next(rest, b"\1" if mechanism == "OAUTHBEARER" else b""))
        elif client.has_capability("AUTH=PLAIN"):
            client.plain_login(server.user, server.secret.reveal())
        elif client.has_capability("LOGINDISABLED"):
            raise mail_error(Fault.NO_PASSWORD_HERE, server)
        else:
            client.login(server.user, server.secret.reveal())
    except LoginError as error:
        raise sign_in_error(error, server) from None
    except UnicodeError:
        raise mail_error(Fault.ODD_CHARACTERS, server) from None
