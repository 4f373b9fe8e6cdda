"""A visitor by XMPP without a browser: an account of its own by in-band registration (XEP-0077), then deskbell-chat/1 in
messages, with an outbox that outlives every line.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError, XMPPError
from slixmpp.xmlstream import StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from app.connectors.chat.xmpp_stanzas import dress, frame_of
from tests.chats.visitor import Frame, Visitor

_LONGEST_S = 30.0


class Guest(Visitor):
    """One browser that speaks XMPP. `run` keeps a line up until cancelled; `say` may be called at any time."""

    def __init__(self, desk: str, host: str, port: int, ca: Path, *, ping_s: float = 2.0) -> None:
        super().__init__("http://nowhere")
        self.desk, self.port, self.ca, self.ping_s = desk, port, ca, ping_s
        self.jid, self.password = f"{secrets.token_hex(16)}@{host}", secrets.token_hex(16)
        self._client: ClientXMPP | None = None
        self._gone = asyncio.Event()
        self._pong = True
        self._registered = False
        self.lines = self.pongs = 0

    async def run(self, session: Any = None, *, pause_s: float = 0.05) -> None:
        """Connect, and again whenever the line is gone, until cancelled."""
        while True:
            with suppress(OSError, TimeoutError):
                await self._once()
            await asyncio.sleep(pause_s)

    async def send(self, frame: Frame) -> None:
        """Send a frame if there is a line."""
        if self._client is not None and self._client.transport is not None:
            message = self._client.make_message(mto=self.desk, mtype="chat")
            dress(message.xml, frame)
            message.send()

    async def _once(self) -> None:
        client = ClientXMPP(f"{self.jid}/web", self.password)
        context = ssl.create_default_context(cafile=str(self.ca))
        context.check_hostname = False  # the guests' host has no certificate of its own in the tests
        client.ssl_context = context
        client.enable_direct_tls = client.enable_plaintext = False
        client.register_plugin("xep_0077")
        client.plugin["xep_0077"].force_registration = not self._registered
        client.register_plugin("xep_0334")
        client.register_plugin("xep_0199")
        self._gone = asyncio.Event()
        started = asyncio.Event()

        async def register(_form: object) -> None:
            answer = client.Iq()
            answer["type"] = "set"
            answer["register"]["username"] = client.boundjid.user
            answer["register"]["password"] = self.password
            try:
                await answer.send()  # type: ignore[no-untyped-call]
            except IqError as error:
                if error.condition != "conflict":  # the line broke after the server had heard it: the account is ours
                    raise
            self._registered = True

        client.add_event_handler("register", register)
        client.add_event_handler("session_start", lambda _event: started.set())
        for name in ("disconnected", "connection_failed", "failed_all_auth"):
            client.add_event_handler(name, lambda _why: self._gone.set())
        client.register_handler(Callback("frames", MatchXPath("{jabber:client}message"), self._take))
        client.connect("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(20):
                waiting = [asyncio.ensure_future(one.wait()) for one in (started, self._gone)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not started.is_set():
                return
            client.send_presence()
            client.send_presence(pto=self.desk)
            self._client = client
            self._pong = True
            self.lines += 1
            await self.send(self.hello())
            await self._keep(client)
        finally:
            self._client = None
            client.cancel_connection_attempt()
            if client.transport is not None:
                client.transport.abort()

    async def _keep(self, client: ClientXMPP) -> None:
        """Ping; no answer is a desk that is gone or knows nothing of us: hello again, and everything that is not acknowledged.

        Each time that helps nothing the next one waits twice as long: a server that is merely slow would get more to do the
        slower it is. (The widget keeps only a few under way for the same reason.)
        """
        wait_s = self.ping_s
        while not self._gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._gone.wait()
            wait_s = self.ping_s if self._pong else min(2 * wait_s, _LONGEST_S)
            if not self._pong:
                await self.send(self.hello())
                for waiting in list(self.outbox.values()):
                    await self.send(waiting)
            self._pong = False
            await self.send({"t": "ping"})
            with suppress(XMPPError):
                await client.plugin["xep_0199"].ping(jid=JID(self.jid.partition("@")[2]), timeout=20)
                self.pongs += 1
                self._changed.set()

    def _take(self, stanza: StanzaBase) -> None:
        text = frame_of(stanza.xml)
        if text is None or stanza["from"].bare != self.desk:
            return
        frame = json.loads(text)
        self._pong = True
        if frame["t"] == "bye" and frame["reason"] == "stopping":
            self._pong = False
        task = asyncio.ensure_future(self._hear(frame, _Wire(self)))  # type: ignore[arg-type]
        self._hearing = [*[one for one in getattr(self, "_hearing", []) if not one.done()], task]


class _Wire:
    """What `Visitor` writes to."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    async def send_json(self, frame: Frame) -> None:
        await self._guest.send(frame)
