"""The built-in transport: a small web server in the engine that speaks deskbell-chat/1 over a WebSocket.

It listens on this machine alone until the owner opens it; TLS by a certificate of the owner's, or by a proxy or a tunnel
before it. It keeps nothing: what visitors say goes through the `Door`, and what is said to them is asked for there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import WSMsgType, web

from app.connectors.chat import frames
from app.connectors.chat.callers import SILENT_S, Callers, Line
from app.connectors.chat.connections import Allowed, Connections
from app.connectors.chat.limits import Hourly, Places, client_address, is_trusted, networks
from app.connectors.chat.origins import origins
from app.connectors.chat.protocol import BadFrameError, Door, No
from app.connectors.chat.sockets import Socket
from app.connectors.contracts import Abilities, Health, HealthState, Receiving
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason
from app.kernel.sentences import said
from app.mime.files.kinds import KINDS

log = logging.getLogger(__name__)

MIN_TYPING_MS: Final = 2_000
"""Nobody types a message faster; a program does."""
_STATIC: Final = {
    "/widget.js": ("chat/deskbell-chat.js", "text/javascript"),
    "/demo": ("chat/demo.html", "text/html"),
}
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_CLOSE: Final = {
    "hello": 4000, "origin": 4001, "blocked": 4002, "full": 4003, "version": 4004, "frame": 4005, "stopping": 4006,
    "flood": 4007,
}  # fmt: skip
_UPLOADS_AN_HOUR: Final = 60
_FORMS_AN_HOUR: Final = 10
_BODY_S: Final = 300.0
"""Five megabytes take so long over the slowest of lines."""


@dataclass(frozen=True, slots=True)
class Serving(Allowed):
    """How to serve. `origins` as browsers say them; `certificate` and `key`: PEM files, or ""; `silent_s`: see `callers`."""

    host: str = "127.0.0.1"
    port: int = 8466
    public_url: str = ""
    origins: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    sockets_per_ip: int = 20
    silent_s: float = SILENT_S


class BuiltinChat(Connections):
    """The server of one channel. `run` until cancelled; everything else on the same loop."""

    def __init__(self, serving: Serving, door: Door) -> None:
        super().__init__(serving, door, KINDS)
        self.serving = serving
        self.port = 0
        scheme = "https" if serving.certificate else "http"
        self._origins = origins(serving.origins, serving.public_url, scheme)
        self._trusted = networks(serving.trusted_proxies)
        self._places = Places(serving.sockets_per_ip)
        self._callers = Callers(serving.sockets_per_ip, self._trusted, serving.silent_s)
        self._uploads, self._forms = Hourly(_UPLOADS_AN_HOUR), Hourly(_FORMS_AN_HOUR)
        self.is_serving = asyncio.Event()

    @property
    def abilities(self) -> Abilities:
        """What this transport can do."""
        return Abilities(
            receive=Receiving.PUSH, needs_public_url=True, typing=True, receipts=True, threads=False, html=False,
            max_chars=self.serving.chars, max_file=self.serving.file, file_types=KINDS, upstream_keeps=True,
        )  # fmt: skip

    async def check(self) -> Health:
        """Does it serve, or could it: is the certificate good and the port free?"""
        if not self.is_serving.is_set():
            try:
                _tls(self.serving)
                await asyncio.to_thread(_try_port, self.serving)
            except ExternalError as error:
                return Health(HealthState.ATTENTION, error.reason, str(error), clock.now())
        return Health(HealthState.OK, None, "", clock.now())

    async def run(self) -> None:
        """Serve until cancelled. Raises ExternalError when the port or the certificate cannot be used."""
        runner = web.AppRunner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        listening: asyncio.Server | None = None
        try:
            try:
                listening = await self._open(runner)
                await listening.start_serving()
            except OSError as error:
                raise _no_port(self.serving, error) from error
            self.port = listening.sockets[0].getsockname()[1]
            self.is_serving.set()
            await asyncio.Event().wait()
        finally:
            self.is_serving.clear()
            if listening is not None:
                listening.close()
            await asyncio.shield(self.part())
            await runner.cleanup()

    async def _open(self, runner: web.AppRunner) -> asyncio.Server:
        """The port, taken and not yet listened on: who cancels the very start gets it closed as well."""
        server = runner.server
        assert server is not None
        tls = _tls(self.serving)
        return await asyncio.get_running_loop().create_server(
            lambda: Line(server, self._callers), self.serving.host, self.serving.port, backlog=512, ssl=tls,
            start_serving=False, ssl_handshake_timeout=self.serving.silent_s if tls is not None else None,
        )  # fmt: skip

    # -- pages and doors

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=self.serving.file, middlewares=[self._noted, _plain])
        app.router.add_get("/", self._home)
        app.router.add_get("/chat", self._chat)
        for path in _STATIC:
            app.router.add_get(path, self._page)
        app.router.add_get("/file/{key}", self._file)
        app.router.add_post("/file", self._upload)
        app.router.add_post("/offline", self._form)
        for path in ("/file", "/offline"):
            app.router.add_options(path, self._may_ask)
        return app

    @web.middleware
    async def _noted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self._callers.asked(request.transport)
        response: web.StreamResponse = await handler(request)
        return response

    def _address(self, request: web.Request) -> str:
        return client_address(request.remote or "", request.headers.get("X-Forwarded-For", ""), self._trusted)

    def _is_allowed(self, request: web.Request) -> bool:
        host = request.headers.get("Host", "")
        if is_trusted(request.remote or "", self._trusted):
            host = request.headers.get("X-Forwarded-Host", host)
        return self._origins.allows(request.headers.get("Origin", ""), host)

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "demo"})

    async def _page(self, request: web.Request) -> web.StreamResponse:
        name, kind = _STATIC[request.path]
        place = files("resources").joinpath(name)
        if not place.is_file():
            raise web.HTTPNotFound
        headers = {**_SAFE, "Cache-Control": "no-cache"}
        return web.Response(body=place.read_bytes(), content_type=kind, charset="utf-8", headers=headers)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if not self._is_allowed(request):
            log.info("a chat connection from a site that is not allowed was refused")
            return web.Response(status=403, text="This site may not use this chat.")
        address = self._address(request)
        if not self._places.enter(address):
            return web.Response(status=429, text="Too many connections.")
        try:
            wire = web.WebSocketResponse(heartbeat=30.0, max_msg_size=self.serving.frame, compress=False)
            await wire.prepare(request)
            await Socket(self, _WebSocket(wire), address).serve()
            return wire
        finally:
            self._places.leave(address)

    async def _form(self, request: web.Request) -> web.StreamResponse:
        allow, address = self._cors(request), self._address(request)
        now = time.monotonic()
        if self._forms.is_full(address, now) or not self.may_begin(address):
            return _json({"retry_ms": 600_000}, 429, allow)
        raw = await _limited(request, self.serving.frame * 2)
        try:
            if raw is None:
                raise BadFrameError("long")
            form = frames.parse_form(json.loads(raw))
        except BadFrameError as error:
            return _json({"error": str(error)}, 400, allow)
        except (ValueError, RecursionError):
            return _json({"error": "frame"}, 400, allow)
        self._forms.note(address, now)
        if form.website:
            log.info("a form filled in by a program was thrown away")
            return _json({"ok": True}, 202, allow)
        if form.typed_ms < MIN_TYPING_MS:
            return _json({"error": "fast"}, 400, allow)
        answer = await self.door.form(form)
        if isinstance(answer, No):
            return _json({"error": answer.reason}, 400, allow)
        if answer.began:
            self.note_begun(address)
        return _json({"ok": True}, 202, allow)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        allow, address = self._cors(request), self._address(request)
        now = time.monotonic()
        if self._uploads.is_full(address, now):
            return _json({"retry_ms": 600_000}, 429, allow)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            who = frames.who_of(token if scheme.casefold() == "bearer" else "")
        except BadFrameError:
            return _json({"error": "token"}, 401, allow)
        if who not in self._visitors:
            return _json({"error": "token"}, 401, allow)  # a file belongs to a chat that is open
        self._uploads.note(address, now)
        if (request.content_length or 0) > self.serving.file:
            return _json({"error": "large"}, 413, allow)
        data = await _limited(request, self.serving.file)
        if data is None:
            return _json({"error": "large"}, 413, allow)
        name = unquote(request.headers.get("X-File-Name", ""), errors="replace")[:500]
        kept = await self.door.upload(who, name, data)
        if isinstance(kept, No):
            return _json({"error": kept.reason}, 415, allow)
        told = {"id": kept.id, "name": kept.name, "type": kept.content_type, "size": kept.size}
        return _json(told, 201, allow)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = await self.door.file(request.match_info["key"], request.query.get("k", ""))
        if found is None:
            raise web.HTTPNotFound
        one, data = found
        shown = "inline" if one.content_type.startswith("image/") else "attachment"
        headers = {
            **_SAFE,
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(one.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=86400",
        }
        return web.Response(body=data, content_type=one.content_type, headers=headers)

    async def _may_ask(self, request: web.Request) -> web.StreamResponse:
        """The question that a browser asks before it sends something to another site (Fetch standard, CORS)."""
        allow = self._cors(request)
        headers = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, X-File-Name",
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers={**allow, **headers})

    def _cors(self, request: web.Request) -> dict[str, str]:
        """The header that lets the asking site see the answer. Raises HTTPForbidden for a site that is not allowed."""
        if not self._is_allowed(request):
            log.info("a request from a site that is not allowed was refused")
            raise web.HTTPForbidden
        return {"Access-Control-Allow-Origin": request.headers["Origin"], "Vary": "Origin"}


class _WebSocket:
    """A WebSocket (RFC 6455) as a carrier of frames."""

    def __init__(self, wire: web.WebSocketResponse) -> None:
        self._wire = wire

    @property
    def closed(self) -> bool:
        return self._wire.closed

    async def receive(self) -> str | None:
        message = await self._wire.receive()
        return str(message.data) if message.type is WSMsgType.TEXT else None

    async def send(self, text: str) -> None:
        await self._wire.send_str(text)

    async def close(self, reason: str) -> None:
        await self._wire.close(code=_CLOSE.get(reason, 4005), message=reason.encode())

    def cut(self) -> None:
        transport = self._wire.get_extra_info("transport")
        if transport is not None:
            transport.abort()


@web.middleware
async def _plain(request: web.Request, handler: Any) -> web.StreamResponse:
    """No error of ours tells anything about us, and none goes further than this answer."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException:
        raise
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:
        log.exception("a chat request failed")
        return web.Response(status=500, text="Something went wrong.")
    return response


async def _limited(request: web.Request, most: int) -> bytes | None:
    """The body; None as soon as it is longer than that. Raises HTTPRequestTimeout for one that does not end."""
    got = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.content.iter_chunked(65_536):
                got += piece
                if len(got) > most:
                    return None
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(got)


def _json(data: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> web.Response:
    return web.json_response(dict(data), status=status, headers={**_SAFE, **headers})


def _tls(serving: Serving) -> ssl.SSLContext | None:
    if not serving.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(serving.certificate, serving.key)
    except (OSError, ssl.SSLError) as error:
        msg = "The certificate for chat, or its key, cannot be read."
        raise ExternalError(msg, reason=Reason.TLS, words=type(error).__name__, retryable=False) from error
    return context


def _try_port(serving: Serving) -> None:
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((serving.host, serving.port))
        except OSError as error:
            raise _no_port(serving, error) from error


def _no_port(serving: Serving, error: OSError) -> ExternalError:
    words = said(
        "Chat cannot listen on {host}, port {port}: another program uses it, or it may not be used.",
        host=serving.host,
        port=str(serving.port),
    )
    return ExternalError(words, reason=Reason.OFFLINE, words=str(error.strerror or ""), retryable=True)
