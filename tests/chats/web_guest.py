"""A visitor by XMPP as the widget is one: over the server's WebSocket (RFC 7395), with an account registered once (XEP-0077).

Only what a guest needs is spoken. A whole client library for each of two hundred visitors takes more of a machine than the
server and the desk together, so that what is measured would be the visitors.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import aiohttp

from app.connectors.chat.xmpp_stanzas import dress, frame_of
from tests.chats.visitor import Frame, Visitor

STEP_S: Final = 60.0
"""A server that takes longer for one step of signing in has lost the line."""
_OPEN = '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="{host}" version="1.0"/>'
_AUTH = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{words}</auth>'
_IQ = '<iq xmlns="jabber:client" type="set" id="{key}">{payload}</iq>'
_REGISTER = '<query xmlns="jabber:iq:register"><username>{name}</username><password>{password}</password></query>'
_BIND = '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>web</resource></bind>'


class WebGuest(Visitor):
    """One browser. `desk`: the desk's account; `host`: where guests live; `port`: of the server's HTTP."""

    def __init__(self, desk: str, host: str, port: int, origin: str, *, again_s: float = 15.0) -> None:
        """`again_s`: so long nothing of it is confirmed, and it says hello again, with all that waits."""
        super().__init__("http://nowhere", origin=origin)
        self.desk, self.host, self.port, self._again_s = desk, host, port, again_s
        self.user, self.password = secrets.token_hex(16), secrets.token_hex(32)
        self._is_registered = False
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._answered: set[str] = set()

    async def connect_once(self, session: aiohttp.ClientSession) -> None:
        """One line, from signing in until it is gone. Raises ConnectionError when the server says no."""
        url = f"ws://127.0.0.1:{self.port}/xmpp-websocket"
        timeout = aiohttp.ClientWSTimeout(ws_close=2.0)
        async with session.ws_connect(
            url, headers={"Origin": self.origin}, protocols=("xmpp",), timeout=timeout
        ) as wire:
            async with asyncio.timeout(4 * STEP_S):
                await self._sign_in(wire)
            self._socket = wire
            waiting = asyncio.create_task(self._try_again())
            try:
                await wire.send_str('<presence xmlns="jabber:client"/>')
                await self._send_frame(self.hello())
                async for message in wire:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    await self._came(_element(message.data), wire)
            finally:
                self._socket = None
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)

    @property
    def is_up(self) -> bool:
        """Does the server take what it says now?"""
        return self._socket is not None

    async def _try_again(self) -> None:
        """The server is there when the desk is not: what waits is offered until the desk confirms it."""
        while True:
            confirmed = len(self.acked)
            await asyncio.sleep(self._again_s)
            if not self.welcome or (self.outbox and confirmed == len(self.acked)):
                await self._send_frame(self.hello())
                for frame in list(self.outbox.values()):
                    await self._send_frame(frame)

    def hello(self) -> Frame:
        return {name: value for name, value in super().hello().items() if name != "token"}  # its address says who it is

    async def send(self, frame: Frame) -> None:
        """Send a frame if there is a line: the server keeps it while the desk is away."""
        await self._send_frame(frame)

    async def send_json(self, frame: Frame) -> None:
        """What `Visitor` writes to."""
        await self._send_frame(frame)

    async def until_server_has_it(self) -> None:
        """Wait until the server has worked off what was sent before (XEP-0199)."""
        assert self._socket is not None
        key = secrets.token_hex(8)
        ping = '<iq xmlns="jabber:client" type="get" id="{key}" to="{host}"><ping xmlns="urn:xmpp:ping"/></iq>'
        await self._say(self._socket, ping.format(key=key, host=self.host))
        await self.until(lambda: key in self._answered, "the server answers")

    async def _send_frame(self, frame: Frame) -> None:
        if self._socket is None:
            return
        message = ET.Element("{jabber:client}message", {"type": "chat", "to": self.desk, "id": secrets.token_hex(8)})
        dress(message, frame)
        await self._say(self._socket, _text(message))

    @staticmethod
    async def _say(wire: aiohttp.ClientWebSocketResponse, text: str) -> None:
        try:
            await wire.send_str(text)
        except (ConnectionError, RuntimeError, aiohttp.ClientError):
            return  # it stays in the outbox

    async def _sign_in(self, wire: aiohttp.ClientWebSocketResponse) -> None:
        await self._open(wire)
        if not self._is_registered:
            await self._ask(wire, _REGISTER.format(name=self.user, password=self.password))
            self._is_registered = True
        words = base64.b64encode(f"\0{self.user}\0{self.password}".encode()).decode()
        await wire.send_str(_AUTH.format(words=words))
        await self._until(wire, "success")
        await self._open(wire)
        await self._ask(wire, _BIND)

    async def _open(self, wire: aiohttp.ClientWebSocketResponse) -> None:
        await wire.send_str(_OPEN.format(host=self.host))
        await self._until(wire, "features")

    async def _ask(self, wire: aiohttp.ClientWebSocketResponse, payload: str) -> None:
        await wire.send_str(_IQ.format(key=secrets.token_hex(8), payload=payload))
        if (await self._until(wire, "iq")).get("type") != "result":
            raise ConnectionError("the server says no")

    async def _until(self, wire: aiohttp.ClientWebSocketResponse, name: str) -> ET.Element:
        while True:
            message = await wire.receive(STEP_S)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ConnectionError("the server hung up")
            element = _element(message.data)
            said = element.tag.rpartition("}")[2]
            if said == name:
                return element
            if said in {"failure", "error", "close"}:
                raise ConnectionError(f"the server says {said}")

    async def _came(self, element: ET.Element, wire: aiohttp.ClientWebSocketResponse) -> None:
        kind = element.tag.rpartition("}")[2]
        if kind == "iq" and element.get("type") == "get":
            await self._say(
                wire, f'<iq xmlns="jabber:client" type="result" id="{element.get("id")}" to="{self.desk}"/>'
            )
        elif kind == "iq":
            self._answered.add(element.get("id", ""))
        elif kind == "message" and self._is_desks(element) and (text := frame_of(element)) is not None:
            said: dict[str, Any] = json.loads(text)
            await self._hear(said, self)  # type: ignore[arg-type]

    def _is_desks(self, element: ET.Element) -> bool:
        return element.get("from", "").partition("/")[0] == self.desk and element.get("type") != "error"


def _text(element: ET.Element, around: str = "") -> str:
    """XML with each namespace declared where it is used, as the widget writes it: ejabberd drops the declarations of prefixes."""
    namespace, _, name = element.tag.lstrip("{").rpartition("}")
    words = {**({"xmlns": namespace} if namespace != around else {}), **element.attrib}
    head = name + "".join(f" {key}={quoteattr(value)}" for key, value in words.items())
    inner = escape(element.text or "") + "".join(_text(one, namespace) for one in element)
    return f"<{head}>{inner}</{name}>"


def _element(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - from the test's own server
