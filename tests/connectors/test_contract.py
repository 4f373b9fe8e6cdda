"""What every connector promises (`app.connectors.contracts.Connector`), held against real peers: one suite for all.

A peer says things and may be cut off. The door of chat is the hub over a real desk; that of mail keeps what it takes under the
identity that the server gives (the ledger has a suite of its own). A new channel is one more class here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest
from sqlalchemy import select

from app.chats import commands, queries
from app.chats.rules import ChannelSettings
from app.chats.tables import ChatLine
from app.connectors.chat.builtin import BuiltinChat, Serving
from app.connectors.chat.protocol import Msg, No, Taken, Who
from app.connectors.chat.xmpp import XmppChat
from app.connectors.chat.xmpp_client import Calling
from app.connectors.contracts import Connector, Cursor, HealthState, Incoming, Outgoing, Phase
from app.connectors.email.config import Secret
from app.connectors.email.connector import EmailConnector
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel.errors import ExternalError, Reason
from app.workers.chat_hub import Hub
from app.workers.chat_writer import Writer
from tests.chats.visitor import Visitor
from tests.chats.web_guest import WebGuest
from tests.connectors.servers import loopback, receiving
from tests.empty_desk import empty_desk
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import free_ports
from tests.servers.prosody import Prosody, is_here
from tests.servers.smtp import SmtpServer

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
SITE = "https://shop.example"
DEADLINE_S = 60.0
SOON_S = 8.0


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

    async def receive(self, who: Who, message: Msg, page: str, lang: str) -> Taken | No:
        answer = await super().receive(who, message, page, lang)
        if self.owner.fails_once:
            self.owner.fails_once = False
            raise CrashError
        return answer


class Chat:
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
        before = [frame["id"] for frame in self.visitor.frames if frame["t"] == "ack"]
        texts = await asyncio.to_thread(self._desk.ask, _texts)
        for key, words in zip(self._said, texts, strict=True):
            self.visitor.outbox[key] = {"t": "msg", "id": key, "body": words}
            await self.visitor.send(self.visitor.outbox[key])
        acks = len(before) + len(self._said)
        await self.visitor.until(lambda: sum(one["t"] == "ack" for one in self.visitor.frames) >= acks, "acks again")

    async def say_too_much(self) -> None:
        async with self._session.ws_connect(f"{self.visitor.base}/chat", headers={"Origin": SITE}) as wire:
            await wire.send_json(self.visitor.hello())
            await wire.send_json({"t": "msg", "id": "f" * 32, "body": "x" * 300_000})
            async with asyncio.timeout(DEADLINE_S):
                async for _ in wire:
                    pass

    def stored(self) -> list[str]:
        return self._desk.ask(_texts)

    def confirmed(self) -> int:
        return len(self.visitor.acked)

    def cut_off(self) -> None:
        self.proxy.shut()

    def back(self) -> None:
        self.proxy.reopen()

    def spoiled(self) -> Connector:
        return BuiltinChat(replace(self._serving, certificate=__file__, key=__file__), self._hub)


class Kept:
    """Where the desk has read up to in the server's archive."""

    def __init__(self) -> None:
        self._place = ""

    async def place(self) -> str:
        return self._place

    async def reached(self, place: str) -> None:
        self._place = place

    async def guests(self) -> list[str]:
        return []


class Xmpp:
    """The XMPP transport over a real desk and a real Prosody; the desk's line goes through the proxy, a guest's does not."""

    def __init__(
        self, desk: Desk, hub: FallingHub, server: Prosody, proxy: CuttingProxy, session: aiohttp.ClientSession
    ) -> None:
        self._desk, self._hub, self._server, self.proxy, self._session = desk, hub, server, proxy, session
        self.fails_once = False
        self._archive = Kept()
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
        acks = sum(frame["t"] == "ack" for frame in self.visitor.frames) + len(self._said)
        for frame in self._said:
            self.visitor.outbox[str(frame["id"])] = frame
            await self.visitor.send(frame)
        await self.visitor.until(lambda: sum(one["t"] == "ack" for one in self.visitor.frames) >= acks, "acks again")

    async def say_too_much(self) -> None:
        await self.visitor.send({"t": "msg", "id": "f" * 32, "body": "x" * 30_000})

    def stored(self) -> list[str]:
        return self._desk.ask(_texts)

    def confirmed(self) -> int:
        return len(self.visitor.acked)

    def cut_off(self) -> None:
        self.proxy.shut()

    def back(self) -> None:
        self.proxy.reopen()

    def spoiled(self) -> Connector:
        return XmppChat(self._calling, self._hub, self._archive, "wrong")


def _texts(db: object) -> list[str]:
    lines = select(Message.text).join(ChatLine, ChatLine.message == Message.id).order_by(ChatLine.seq)
    return list(db.scalars(lines))  # type: ignore[attr-defined]


Opened = Callable[[], AbstractAsyncContextManager[Channel]]


@pytest.fixture(params=["mail", "chat", pytest.param("xmpp", marks=pytest.mark.xdist_group("prosody"))])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """How to open the channel on the test's own loop."""
    (port,) = free_ports(1)
    if request.param == "mail":
        dovecot: Dovecot = request.getfixturevalue("dovecot")
        account, smtp = request.getfixturevalue("account"), request.getfixturevalue("smtp")
        with CuttingProxy(dovecot.imap) as proxy:
            yield lambda: contextlib.nullcontext(Mail(dovecot, account, smtp, proxy))
    elif request.param == "chat":
        with empty_desk(tmp_path / "desk") as desk, CuttingProxy(port) as proxy:
            yield lambda: _chat(desk, lambda hub, session: Chat(desk, hub, port, proxy, session))
    else:
        if not is_here():
            pytest.fail("not installed: prosody; `make test` installs it")
        with Prosody((SITE,)) as server, empty_desk(tmp_path / "desk") as desk, CuttingProxy(server.port) as proxy:
            yield lambda: _chat(desk, lambda hub, session: Xmpp(desk, hub, server, proxy, session))


Made = Callable[[FallingHub, aiohttp.ClientSession], Chat | Xmpp]


@contextlib.asynccontextmanager
async def _chat(desk: Desk, made: Made) -> AsyncIterator[Channel]:
    key = desk.work(commands.add_channel, settings=ChannelSettings())
    info = desk.ask(queries.channel, key)
    assert info is not None
    writer = Writer(desk.work)
    hub = FallingHub(info, writer, desk.ask, desk.packs, lambda _ref: None)
    async with aiohttp.ClientSession() as session:
        channel = made(hub, session)
        visiting = asyncio.create_task(channel.visitor.run(session))
        try:
            yield channel
        finally:
            visiting.cancel()
            await asyncio.gather(visiting, return_exceptions=True)
            hub.everybody_left()
            await writer.close()


@contextlib.asynccontextmanager
async def kept_up(channel: Channel) -> AsyncIterator[None]:
    """The connector runs, and runs again whenever the world ended it, as a worker does it."""

    async def keep() -> None:
        while True:
            with suppress(ExternalError):
                await channel.connector.run()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"waited in vain: {what}")


def run(opened: Opened, test: Callable[[Channel], AbstractAsyncContextManager[None]]) -> None:
    async def main() -> None:
        async with opened() as channel, test(channel):
            pass

    asyncio.run(main())


def test_what_is_offered_again_is_stored_once(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        async with kept_up(channel):
            for words in ("one", "two"):
                await channel.say(words)
            await until(lambda: channel.confirmed() >= 2, "confirmed after the commit")
            assert channel.stored() == ["one", "two"]
        async with kept_up(channel):
            await channel.say_all_again()
            await channel.say("three")
            await until(lambda: len(channel.stored()) == 3 and channel.confirmed() >= 3, "the third")
            assert channel.stored() == ["one", "two", "three"]
        yield

    run(opened, test)


def test_a_crash_between_commit_and_answer_loses_and_doubles_nothing(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        channel.fails_once = True
        async with kept_up(channel):
            await channel.say("one")
            await until(lambda: not channel.fails_once and channel.confirmed() >= 1, "confirmed at the second time")
            assert channel.stored() == ["one"]
        yield

    run(opened, test)


def test_what_was_said_while_the_line_was_cut_comes_on_return(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        async with kept_up(channel):
            await channel.say("one")
            await until(lambda: channel.confirmed() >= 1, "the first")
            channel.cut_off()
            await channel.say("two")
            assert channel.stored() == ["one"]
            channel.back()
            await until(lambda: channel.confirmed() >= 2, "the second")
        await channel.say("three")  # nobody is there to take it
        async with kept_up(channel):
            await until(lambda: channel.confirmed() >= 3, "the third")
            assert channel.stored() == ["one", "two", "three"]
        yield

    run(opened, test)


def test_what_cannot_work_says_so(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        assert (await channel.connector.check()).state is HealthState.OK
        spoiled = channel.spoiled()
        health = await spoiled.check()
        assert (health.state, bool(health.words)) == (HealthState.ATTENTION, True)
        with pytest.raises(ExternalError) as failed:
            await spoiled.run()
        assert not failed.value.retryable
        yield

    run(opened, test)


def test_hostile_words_are_words_and_too_much_harms_nothing_else(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        async with kept_up(channel):
            await channel.say(HOSTILE)
            await until(lambda: channel.confirmed() >= 1, "taken as it is")
            await channel.say_too_much()
            await channel.say("after")
            await until(lambda: "after" in channel.stored(), "what comes after it")
            assert channel.stored()[0] == HOSTILE
            assert all(len(words) < 1_000 for words in channel.stored()), "what is too large is cut or refused"
        yield

    run(opened, test)


def test_it_ends_when_it_is_told(opened: Opened) -> None:
    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        for _ in range(2):
            task = asyncio.create_task(channel.connector.run())
            await channel.say("hello")
            await until(lambda: channel.confirmed() >= 1, "it works")
            task.cancel()
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        yield

    run(opened, test)


@pytest.mark.parametrize("begun", [True, False], ids=["while it works", "while it connects"])
def test_it_ends_soon_although_the_line_hangs(opened: Opened, *, begun: bool) -> None:
    """Two seconds are promised; a busy machine gets more, and what waits for a server that says nothing takes longer still."""

    @contextlib.asynccontextmanager
    async def test(channel: Channel) -> AsyncIterator[None]:
        if not begun:
            channel.proxy.hang()
        before = channel.proxy.accepted
        task = asyncio.create_task(channel.connector.run())
        if begun:
            await channel.say("hello")
            await until(lambda: channel.confirmed() >= 1, "it works")
            channel.proxy.hang()
        else:
            await until(lambda: channel.proxy.accepted > before, "somebody dials")
        task.cancel()
        async with asyncio.timeout(SOON_S):
            await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        channel.proxy.flow()
        yield

    run(opened, test)


def test_mail_is_handed_over_step_by_step(dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
    async def send() -> None:
        with CuttingProxy(dovecot.imap) as proxy:
            mail = Mail(dovecot, account, smtp, proxy)
            phases: list[Phase] = []

            async def note(phase: Phase) -> None:
                phases.append(phase)

            outgoing = Outgoing(b"Subject: x\r\n\r\nhello\r\n", "me@example.test", ("ann@example.test",))
            assert isinstance(mail.connector, EmailConnector)
            receipt = await mail.connector.send(outgoing, note)
            assert receipt.accepted == ("ann@example.test",)
            assert phases == [Phase.CONNECT, Phase.ENVELOPE, Phase.DATA]

    asyncio.run(send())
