"""The channels of the contract suite, each with a real peer that says things and may be cut off: mail, chat, chat over XMPP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

import aiohttp
from sqlalchemy import select

from app.chats.tables import ChatLine
from app.connectors.chat.builtin import BuiltinChat, Serving
from app.connectors.chat.protocol import Kept, Msg, No, Taken, Who
from app.connectors.chat.xmpp import XmppChat
from app.connectors.chat.xmpp_client import Calling
from app.connectors.contracts import Connector, Cursor, Incoming
from app.connectors.email.config import Secret
from app.connectors.email.connector import EmailConnector
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel.errors import ExternalError, Reason
from app.workers.chat.hub import Hub
from tests.chats.visitor import Visitor
from tests.chats.web_guest import WebGuest
from tests.connectors.servers import loopback, receiving
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.dovecot import Account, Dovecot
from tests.servers.prosody import Prosody
from tests.servers.smtp import SmtpServer

SITE = "https://shop.example"
DEADLINE_S = 60.0


class Channel(Protocol):
    """A connector with its real peer. `fails_once`: the desk falls over after its next commit, before it could say so.

    `stored`: what the desk has, as often as it has it; `confirmed`: of how much the peer knows that.
    """

    fails_once: bool

    @property
    def connector(self) -> Connector: ...

    async def say(self, words: str) -> None: ...

    async def say_all_again(self) -> None: ...

    async def say_too_much(self) -> None: ...

    def stored(self) -> list[str]: ...

    def confirmed(self) -> int: ...

    def cut_off(self) -> None: ...

    def back(self) -> None: ...

    @property
    def proxy(self) -> CuttingProxy: ...

    def spoiled(self) -> Connector: ...


class CrashError(ExternalError):
    """The desk fell over after its commit and before it could say so."""

    def __init__(self) -> None:
        super().__init__("The desk fell over.", reason=Reason.BUSY, retryable=True)


class Mail:
    """A mailbox on Dovecot. The door keeps what it takes under the identity that the server gives, once."""

    def __init__(self, dovecot: Dovecot, account: Account, smtp: SmtpServer, proxy: CuttingProxy) -> None:
        self._dovecot, self._account, self.proxy, self.fails_once = dovecot, account, proxy, False
        self._kept: dict[tuple[int, int], str] = {}
        self._confirmed: Cursor | None = None
        self._imap = receiving(dovecot, account, "imap", proxy.port)
        self._smtp = loopback("smtp", smtp.port)
        self._made_now = self._made()

    @property
    def connector(self) -> Connector:
        return self._made_now

    def _made(self) -> EmailConnector:
        return EmailConnector(self._imap, self._smtp, self._take, self._confirmed, cap=200_000)

    async def _take(self, mail: Incoming, cursor: Cursor) -> None:
        words = "cut" if mail.truncated else mail.raw.partition(b"\r\n\r\n")[2].decode().strip()
        self._kept.setdefault((mail.uidvalidity, mail.uid), words)
        if self.fails_once:
            self.fails_once = False
            raise CrashError
        self._confirmed = cursor

    async def say(self, words: str) -> None:
        raw = f"From: a@example.org\r\nSubject: x\r\n\r\n{words}\r\n".encode()
        await asyncio.to_thread(self._dovecot.deliver, self._account, raw)

    async def say_all_again(self) -> None:
        """The server offers everything once more: the cursor was lost."""
        self._confirmed = None
        self._made_now = self._made()

    async def say_too_much(self) -> None:
        await self.say("x" * 300_000)

    def stored(self) -> list[str]:
        return list(self._kept.values())

    def confirmed(self) -> int:
        return self._confirmed.uid if self._confirmed is not None else 0

    def cut_off(self) -> None:
        self.proxy.shut()

    def back(self) -> None:
        self.proxy.reopen()

    def spoiled(self) -> Connector:
        wrong = replace(self._imap, secret=Secret("wrong"))
        return EmailConnector(wrong, self._smtp, self._take)


class FallingHub(Hub):
    """The desk's real door, which can fall over between commit and answer."""

    owner: Chat | Xmpp

    async def receive(self, who: Who, message: Msg, page: str, lang: str) -> Kept | Taken | No:
        answer = await super().receive(who, message, page, lang)
        if self.owner.fails_once:
            self.owner.fails_once = False
            raise CrashError
        return answer


class _Chatting:
    """What both ways of chat have in common here: a desk, a visitor, and a proxy between them."""

    _desk: Desk
    visitor: Visitor
    proxy: CuttingProxy

    def stored(self) -> list[str]:
        return self._desk.ask(_texts)

    def confirmed(self) -> int:
        return len(self.visitor.acked)

    def cut_off(self) -> None:
        self.proxy.shut()

    def back(self) -> None:
        self.proxy.reopen()


class Chat(_Chatting):
    """The built-in transport over a real desk, with a visitor on the real wire."""

    def __init__(
        self, desk: Desk, hub: FallingHub, port: int, proxy: CuttingProxy, session: aiohttp.ClientSession
    ) -> None:
        self._desk, self._hub, self.proxy, self._session, self.fails_once = desk, hub, proxy, session, False
        self._serving = Serving(port=port, origins=(SITE,), rate=1_000, burst=1_000, sockets_per_ip=100)
        self._connector = BuiltinChat(self._serving, hub)
        hub.owner, hub.wire = self, self._connector
        self.visitor = Visitor(f"http://127.0.0.1:{proxy.port}", origin=SITE)
        self._said: list[str] = []

    @property
    def connector(self) -> Connector:
        return self._connector

    async def say(self, words: str) -> None:
        self._said.append(await self.visitor.say(words))

    async def say_all_again(self) -> None:
        before = [frame["id"] for frame in self.visitor.frames if frame["t"] == "placed"]
        texts = await asyncio.to_thread(self._desk.ask, _texts)
        for key, words in zip(self._said, texts, strict=True):
            self.visitor.outbox[key] = {"t": "msg", "id": key, "body": words}
            await self.visitor.send(self.visitor.outbox[key])
        acks = len(before) + len(self._said)
        await self.visitor.until(lambda: sum(one["t"] == "placed" for one in self.visitor.frames) >= acks, "acks again")

    async def say_too_much(self) -> None:
        async with self._session.ws_connect(f"{self.visitor.base}/chat", headers={"Origin": SITE}) as wire:
            await wire.send_json(self.visitor.hello())
            await wire.send_json({"t": "msg", "id": "f" * 32, "body": "x" * 300_000})
            async with asyncio.timeout(DEADLINE_S):
                async for _ in wire:
                    pass

    def spoiled(self) -> Connector:
        return BuiltinChat(replace(self._serving, certificate=__file__, key=__file__), self._hub)


class Remembered:
    """Where the desk has read up to in the server's archive."""

    def __init__(self) -> None:
        self._place = ""

    async def place(self) -> str:
        return self._place

    async def reached(self, place: str) -> None:
        self._place = place

    async def guests(self) -> list[str]:
        return []


class Xmpp(_Chatting):
    """The XMPP transport over a real desk and a real Prosody; the desk's line goes through the proxy, a guest's does not."""

    visitor: WebGuest

    def __init__(
        self, desk: Desk, hub: FallingHub, server: Prosody, proxy: CuttingProxy, session: aiohttp.ClientSession
    ) -> None:
        self._desk, self._hub, self._server, self.proxy, self._session = desk, hub, server, proxy, session
        self.fails_once = False
        self._archive = Remembered()
        self._calling = Calling(
            account=server.account, guests=server.guests, server=f"127.0.0.1:{proxy.port}", authority=str(server.ca),
            max_visitors=100, new_per_hour=1_000, rate=1_000, burst=1_000,
        )  # fmt: skip
        hub.owner = self
        self.visitor = WebGuest(server.account, server.guests, server.web, SITE, again_s=0.5)
        self._said: list[dict[str, object]] = []

    @property
    def connector(self) -> Connector:
        """A session with the server is one connector; whoever runs it makes another for the next."""
        made = XmppChat(self._calling, self._hub, self._archive, self._server.password)
        self._hub.wire = made
        return made

    async def say(self, words: str) -> None:
        await self.visitor.until(lambda: self.visitor.is_up, "the guest has a line")
        key = await self.visitor.say(words)
        self._said.append({"t": "msg", "id": key, "body": words})

    async def say_all_again(self) -> None:
        acks = sum(frame["t"] == "placed" for frame in self.visitor.frames) + len(self._said)
        for frame in self._said:
            self.visitor.outbox[str(frame["id"])] = frame
            await self.visitor.send(frame)
        await self.visitor.until(lambda: sum(one["t"] == "placed" for one in self.visitor.frames) >= acks, "acks again")

    async def say_too_much(self) -> None:
        await self.visitor.send({"t": "msg", "id": "f" * 32, "body": "x" * 30_000})

    def spoiled(self) -> Connector:
        return XmppChat(self._calling, self._hub, self._archive, "wrong")


def _texts(db: object) -> list[str]:
    lines = select(Message.text).join(ChatLine, ChatLine.message == Message.id).order_by(ChatLine.seq)
    return list(db.scalars(lines))  # type: ignore[attr-defined]


Opened = Callable[[], AbstractAsyncContextManager[Channel]]
