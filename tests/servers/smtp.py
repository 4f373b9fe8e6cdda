"""An SMTP server on loopback (aiosmtpd) that records what it gets and misbehaves on request.

    with SmtpServer() as server:
        server.refuse["bob@example.test"] = "550 5.1.1 No such user"
        ...
        letter = server.wait_for(1)[0]

Everything a test sets (refusals, drops, limits) may change while it runs; `letters` only ever grows.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certs import Leaf
from tests.servers.closing import let_in_no_more, turns


@dataclass(frozen=True)
class Letter:
    """One mail as handed over: envelope, the exact bytes, and the user who signed in ("" without)."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...] = ()
    user: str = ""

    @property
    def message(self) -> Message:
        return BytesParser().parsebytes(self.raw)


@dataclass
class _Orders:
    """What the server is told to do wrong."""

    refuse: dict[str, str] = field(default_factory=dict)  # recipient -> answer to RCPT
    refuse_mail: str = ""  # answer to MAIL
    refuse_data: str = ""  # answer after the final dot
    drop: str = ""  # hang up at: "mail", "rcpt", "data" (before it is kept), "data-kept" (after it is kept)
    password: str | None = None  # None: any
    offers_auth: bool = True
    takes_token: Callable[[str], bool] | None = None  # XOAUTH2 is offered then, and nothing else
    instead: dict[str, str] = field(default_factory=dict)  # beginning of an answer -> what is said in its place
    hold: str = ""  # say nothing more, for as long as this stands, at: "rcpt", "data-kept" (after it is kept)


class SmtpServer:
    """One server on a free port. `security`: plain, starttls or tls (with `leaf`). `auth`: sign-in is required."""

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: str = "plain",
        leaf: Leaf | None = None,
        auth: bool = False,
        size_limit: int = 33_554_432,
        utf8: bool = True,
    ) -> None:
        self.letters: list[Letter] = []
        self.connections = 0
        self.orders = _Orders()
        self.port = 0
        self._security, self._auth, self._size_limit, self._utf8 = security, auth, size_limit, utf8
        self._context = _server_context(leaf) if leaf else None
        self._arrived = threading.Condition()
        self.held = threading.Event()  # somebody waits because of `orders.hold`
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    @property
    def refuse(self) -> dict[str, str]:
        """Recipient -> the answer it gets, e.g. "550 5.1.1 No such user" or "451 4.3.0 Try later"."""
        return self.orders.refuse

    # -- running

    def start(self) -> None:
        """Listen; the same port again after `stop`."""
        if self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="smtp-server", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the SMTP server did not start")

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def listen() -> None:
            wrap = self._context if self._security == "tls" else None
            self._server = await self._loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=wrap)
            self.port = self._server.sockets[0].getsockname()[1]

        self._loop.run_until_complete(listen())
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        try:
            self._loop.run_until_complete(self._ended())
        finally:
            self._loop.close()

    async def _ended(self) -> None:
        if self._server:
            await let_in_no_more(self._server)
        for transport in list(self._open):
            with contextlib.suppress(AttributeError):  # Python 3.11.2: a TLS transport that is closed already
                transport.abort()  # type: ignore[attr-defined]
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await turns()

    def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _protocol(self) -> SMTP:
        self.connections += 1
        return _Protocol(
            self,
            self,
            data_size_limit=self._size_limit,
            enable_SMTPUTF8=self._utf8,
            hostname="mail.example.test",
            tls_context=self._context if self._security == "starttls" else None,
            authenticator=self._authenticate,
            auth_require_tls=False,
            auth_exclude_mechanism=self._not_offered(),
            loop=self._loop,
        )

    def _not_offered(self) -> tuple[str, ...]:
        if not self.orders.offers_auth:
            return ("LOGIN", "PLAIN", "XOAUTH2")
        return ("LOGIN", "PLAIN") if self.orders.takes_token else ("XOAUTH2",)

    def _authenticate(self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        good = self.orders.password is None or data.password == self.orders.password.encode()
        return AuthResult(success=good, handled=False, auth_data=data.login.decode())

    # -- waiting and looking

    def wait_for(self, count: int, seconds: float = 10) -> list[Letter]:
        """All letters once there are `count`; TimeoutError with the number that came."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.letters) >= count, seconds):
                raise TimeoutError(f"{len(self.letters)} of {count} mails after {seconds:.0f} s")
            return list(self.letters)

    # -- aiosmtpd's hooks

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._dropped("mail", server):
            return "421 gone"
        if self.orders.refuse_mail:
            return self.orders.refuse_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._dropped("rcpt", server):
            return "421 gone"
        await self._hold("rcpt")
        if address in self.orders.refuse:
            return self.orders.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._dropped("data", server):
            return "421 gone"
        if self.orders.refuse_data:
            return self.orders.refuse_data
        content = envelope.content
        assert isinstance(content, bytes)  # `decode_data` is off
        letter = Letter(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            content,
            tuple(str(option) for option in envelope.mail_options),
            str(session.auth_data) if session.authenticated else "",
        )
        with self._arrived:
            self.letters.append(letter)
            self._arrived.notify_all()
        self._dropped("data-kept", server)
        await self._hold("data-kept")
        return f"250 2.0.0 OK: queued as {len(self.letters)}"

    async def _hold(self, phase: str) -> None:
        while self.orders.hold == phase:
            self.held.set()
            await asyncio.sleep(0.01)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """As Google and Microsoft do it: a refusal comes as a challenge, which wants an empty answer."""
        answer = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        if not isinstance(answer, bytes):
            return AuthResult(success=False)
        said = answer.decode().split("\1")
        user, token = said[0].removeprefix("user="), said[1].removeprefix("auth=Bearer ")
        assert self.orders.takes_token is not None
        if self.orders.takes_token(token):
            return AuthResult(success=True, handled=False, auth_data=user)
        await server.challenge_auth(json.dumps({"status": "400", "schemes": "Bearer"}))
        return AuthResult(success=False, handled=False)

    def _dropped(self, phase: str, server: Any) -> bool:
        if self.orders.drop != phase:
            return False
        server.transport.abort()
        return True


class _Protocol(SMTP):
    """aiosmtpd's protocol; its owner knows who is connected. Tokens are longer than it expects lines to be."""

    line_length_limit = 12_288

    def __init__(self, owner: SmtpServer, handler: object, **options: Any) -> None:
        self._owner = owner
        self._last: asyncio.BaseTransport | None = None
        super().__init__(handler, **options)
        self._auth_required = owner._auth  # the option would warn that this is no way to run a real server

    async def push(self, status: Any) -> None:
        said = next((words for begin, words in self._owner.orders.instead.items() if str(status).startswith(begin)), "")
        await super().push(said or status)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._last = transport
        self._owner._open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner._open.discard(self._last)
        with contextlib.suppress(ConnectionError):
            super().connection_lost(error)


def _server_context(leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert, leaf.key)
    return context
