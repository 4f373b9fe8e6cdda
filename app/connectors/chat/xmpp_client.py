"""The desk's own client of an XMPP server: whom to call, how, why a call ends, and a look at whether a server will do."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import XMPPError

from app.connectors.chat.connections import Allowed
from app.kernel.errors import ExternalError, Reason
from app.kernel.sentences import said

log = logging.getLogger(__name__)

CONNECT_S: Final = 30.0
_PLUGINS: Final = ("xep_0030", "xep_0199", "xep_0313", "xep_0334", "xep_0359", "xep_0363")
_WHY_S: Final = 0.3
"""A line that goes is told before the reason why it went."""

ENDS: Final = {
    "failed_all_auth": (Reason.SIGN_IN, "The chat server does not accept the desk's account or password."),
    "ssl_invalid_chain": (Reason.TLS, "The chat server's certificate is not valid."),
    "connection_failed": (Reason.OFFLINE, "The chat server cannot be reached."),
    "disconnected": (Reason.OFFLINE, "The line to the chat server is gone."),
}
"""What ends a session, by the library's names, why, and in which words."""


@dataclass(frozen=True, slots=True)
class Calling(Allowed):
    """Whom to call. `account`: the desk's bare JID; `guests`: the host of visitors; `server`: host or host:port, empty to
    find it by DNS; `authority`: a PEM file with the authority to trust beside the system's.
    """

    account: str = ""
    guests: str = ""
    server: str = ""
    authority: str = ""
    public_url: str = ""

    @property
    def files_from(self) -> frozenset[str]:
        """The origins from which files of guests are fetched: the server's own, nobody else's."""
        domain = self.account.rpartition("@")[2]
        hosts = (domain, f"upload.{domain}", self.guests)
        ours = {f"https://{host}{port}" for host in hosts for port in ("", ":5281")}
        return frozenset(ours | ({self.public_url.rstrip("/")} if self.public_url else set()))


def tell_end(client: ClientXMPP, over: asyncio.Future[ExternalError | None]) -> None:
    """Say in `over` why the client's session has ended. When to try again is decided elsewhere."""
    loop = asyncio.get_running_loop()

    def end(reason: Reason, words: str) -> None:
        client.cancel_connection_attempt()
        if not over.done():
            log.info("the chat server: %s", words)
            over.set_result(ExternalError(words, reason=reason, retryable=reason is Reason.OFFLINE))

    def heard(reason: Reason, words: str) -> None:
        if reason is Reason.OFFLINE:
            loop.call_later(_WHY_S, end, reason, words)
        else:
            end(reason, words)

    for name, (reason, words) in ENDS.items():
        client.add_event_handler(name, lambda _why, reason=reason, words=words: heard(reason, words))


async def sign_in(calling: Calling, password: str) -> None:
    """Does the server let the desk in, and has it an archive and a place for files? Raises ExternalError with the reason."""
    client = client_for(calling, password)
    over: asyncio.Future[ExternalError | None] = asyncio.get_running_loop().create_future()

    def let_in() -> None:
        if not over.done():
            over.set_result(None)

    tell_end(client, over)
    client.add_event_handler("session_start", lambda _event: let_in())
    client.connect(*address_of(calling.server))
    try:
        async with asyncio.timeout(CONNECT_S):
            error = await over
        if error is not None:
            raise error
        await _look_at(client)
    except TimeoutError:
        msg = "The chat server does not answer."
        raise ExternalError(msg, reason=Reason.OFFLINE, retryable=True) from None
    finally:
        await hang_up(client)


async def hang_up(client: ClientXMPP) -> None:
    """Say goodbye, and drop the line where nobody says so, too, within two seconds.

    The library's own `abort` closes the line first, and fails where that ends it at once (Python 3.11.2).
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            await client.disconnect(wait=1.0)
    client.cancel_connection_attempt()
    if client.transport is not None:
        client.transport.abort()


async def _look_at(client: ClientXMPP) -> None:
    """What chat needs of a server beside a line."""
    try:
        found = await client.plugin["xep_0030"].get_info(jid=JID(client.boundjid.bare), timeout=CONNECT_S)
        features = found["disco_info"]["features"]
        place = await client.plugin["xep_0363"].find_upload_service(timeout=CONNECT_S)
    except XMPPError as error:
        msg = said("The chat server does not say what it can do ({words}).", words=error.condition)
        raise ExternalError(msg, reason=Reason.PROTOCOL, retryable=False) from None
    if not any(one.startswith("urn:xmpp:mam:") for one in features):
        msg = "The chat server keeps no archive (XEP-0313): what is written while the desk is off would be lost."
        raise ExternalError(msg, reason=Reason.PROTOCOL, retryable=False)
    if place is None:
        log.info("the chat server takes no files (XEP-0363)")


def client_for(calling: Calling, password: str) -> ClientXMPP:
    client = ClientXMPP(f"{calling.account}/desk", password)
    context = ssl.create_default_context(cafile=calling.authority or None)
    client.ssl_context = context  # its own would believe any certificate
    client.enable_plaintext = client.enable_direct_tls = False
    client.whitespace_keepalive = True
    for name in _PLUGINS:
        client.register_plugin(name)
    client.plugin["xep_0199"].enable_keepalive(interval=60, timeout=20)
    return client


def address_of(server: str) -> tuple[str, int] | tuple[None, None]:
    """Where to call. Raises ValueError for what is no address."""
    if not server:
        return None, None
    host, _, port = server.rpartition(":") if ":" in server else (server, "", "5222")
    return host, int(port)
