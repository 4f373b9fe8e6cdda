"""What every connector promises (`app.connectors.contracts.Connector`), held against real peers: one suite for all.

A peer says things and may be cut off. The door of chat is the hub over a real desk; that of mail keeps what it takes under the
identity that the server gives (the ledger has a suite of its own). A new channel is one more class in `channels.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import aiohttp
import pytest

from app.chats import commands, queries
from app.chats.rules import ChannelSettings
from app.connectors.contracts import HealthState, Outgoing, Phase
from app.connectors.email.connector import EmailConnector
from app.desk import Desk
from app.kernel.errors import ExternalError
from app.kernel.files.arrivals import Arrivals
from app.workers.chat.landing import Landing
from app.workers.chat.writer import Writer
from tests.connectors.channels import DEADLINE_S, SITE, Channel, Chat, FallingHub, Mail, Opened, Xmpp
from tests.empty_desk import empty_desk
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import free_ports
from tests.servers.prosody import Prosody, is_here
from tests.servers.smtp import SmtpServer

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
SOON_S = 8.0


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
    writer = Writer(desk)
    landing = Landing(Arrivals(desk.workspace.arrivals), writer, desk.ask)
    hub = FallingHub(info, landing, desk.ask, desk.packs, lambda _ref: None)
    async with aiohttp.ClientSession() as session:
        channel = made(hub, session)
        visiting = asyncio.create_task(channel.visitor.run(session))
        try:
            yield channel
        finally:
            visiting.cancel()
            await asyncio.gather(visiting, return_exceptions=True)
            hub.everybody_left()
            await landing.close()
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
        assert channel.connector.abilities.upstream_keeps, (
            "a channel where it does not come later needs another promise"
        )
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
            most = channel.connector.abilities.max_chars
            if most is not None:
                await channel.say("x" * most)
                await until(lambda: "x" * most in channel.stored(), "as much as it says that it takes")
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
