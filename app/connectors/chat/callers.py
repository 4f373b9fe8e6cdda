"""Who is connected to the chat's web server, before and beside what they ask.

A WebSocket counts towards the limits of its visitor once it has said hello. What says nothing at all, or a letter a minute, is
seen by no handler, and every such connection costs the engine a file handle that mail needs too. So a connection has a few
seconds to ask for something, and one address has so many connections at a time, whatever it does with them. A proxy of
ours stands for many addresses, so its connections are not counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, cast

from aiohttp import web

from app.connectors.chat.limits import Network, Places, is_trusted

log = logging.getLogger(__name__)

SILENT_S: Final = 15.0
"""So long a connection may be open without a whole request."""
_BESIDE: Final = 40
"""So many connections an address may have beside its WebSockets: pages, pictures, files."""
_IDLE_S: Final = 30.0


class Callers:
    """The connections of one server. `sockets`: how many WebSockets an address may have; `silent_s`: how long one may be silent."""

    def __init__(self, sockets: int, trusted: Sequence[Network], silent_s: float = SILENT_S) -> None:
        self._places = Places(sockets + _BESIDE)
        self._trusted = trusted
        self._silent_s = silent_s
        self._silent: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        self._held: dict[asyncio.BaseTransport, str] = {}

    def came(self, transport: asyncio.Transport) -> None:
        """A connection is open. It is cut at once if its address has too many."""
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not is_trusted(peer, self._trusted):
            if not self._places.enter(peer):
                transport.abort()
                return
            self._held[transport] = peer
        later = asyncio.get_running_loop().call_later
        self._silent[transport] = later(self._silent_s, self._cut, transport)

    def asked(self, transport: asyncio.BaseTransport | None) -> None:
        """It has made a request."""
        timer = self._silent.pop(transport, None) if transport is not None else None
        if timer is not None:
            timer.cancel()

    def left(self, transport: asyncio.BaseTransport | None) -> None:
        """It is gone."""
        self.asked(transport)
        peer = self._held.pop(transport, None) if transport is not None else None
        if peer is not None:
            self._places.leave(peer)

    def _cut(self, transport: asyncio.Transport) -> None:
        self._silent.pop(transport, None)
        log.info("a connection that asked for nothing was ended")
        transport.abort()


class Line(web.RequestHandler):
    """One connection as aiohttp handles it, told to `Callers` when it opens and when it is gone."""

    __slots__ = ("_callers", "_mine")

    def __init__(self, server: web.Server, callers: Callers) -> None:
        loop = asyncio.get_running_loop()
        none = cast("logging.Logger", None)  # it takes None, and says otherwise
        super().__init__(server, loop=loop, keepalive_timeout=_IDLE_S, access_log=none, logger=_http)
        self._callers = callers
        self._mine: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if isinstance(transport, asyncio.Transport):
            self._mine = transport
            self._callers.came(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._callers.left(self._mine)
        super().connection_lost(exc)


class _OneLine(logging.Filter):
    """aiohttp tells of requests that are no HTTP with a traceback and the address. What was no mistake of ours is one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args, record.exc_info = "a request that is no proper HTTP was refused", (), None
        return True


_http = logging.getLogger(f"{__name__}.http")
_http.addFilter(_OneLine())
