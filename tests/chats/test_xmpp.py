"""Chat over XMPP against a real Prosody, with the very configuration that the product writes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.rules import ChannelSettings, server_topic
from app.chats.tables import ChatLine
from app.connectors.chat import xmpp
from app.connectors.chat.protocol import Door
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel.state import signals
from app.workers.chat.service import ChatThread
from app.workers.chat.transports import calling_of
from tests.chats.guest import Guest
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.ejabberd import Ejabberd
from tests.servers.ports import wait_until
from tests.servers.prosody import Prosody, is_here

pytestmark = pytest.mark.xdist_group("prosody")


@pytest.fixture
def prosody() -> Iterator[Prosody]:
    """The server, with an empty archive."""
    if not is_here():
        pytest.fail("not installed: prosody; `make test` installs it")
    with Prosody() as server:
        yield server


@dataclass
class Line:
    """A desk and the server that it calls, perhaps by a proxy that cuts. `running` is the engine's chat."""

    desk: Desk
    server: Prosody | Ejabberd
    channel: UUID
    port: int
    password: str

    @contextlib.contextmanager
    def running(self, state: str = "ok") -> Iterator[None]:
        """Chat, as the engine runs it, from when its state is told."""
        self.desk.work(lambda tx: signals.send(tx, server_topic(self.channel), {"state": "none"}))
        thread = ChatThread(self.desk, self.desk.packs, lambda _ref: self.password, self.desk.workspace.arrivals)
        quit_listening = self.desk.listen(thread.heard)
        runner = threading.Thread(target=thread.run, name="chat")
        runner.start()
        try:
            wait_until(lambda: self.state()[0] == state, 60, f"chat is {state}, not {self.state()}")
            yield
        finally:
            thread.stop()
            runner.join(60)
            quit_listening()
            assert not runner.is_alive()

    def state(self) -> tuple[str, str]:
        """What the engine says of the channel, and in which words."""
        said = self.desk.ask(signals.latest, server_topic(self.channel)) or {}
        return str(said.get("state")), str(said.get("words"))

    def rows(self, pile: str = "waiting") -> tuple[queries.ChatRow, ...]:
        return self.desk.ask(queries.chat_rows, pile=pile, agent=self.desk.me())

    def guest(self, port: int = 0) -> Guest:
        return Guest(self.server.account, self.server.guests, port or self.server.port, self.server.ca)


@pytest.fixture
def line(desk: Desk, prosody: Prosody) -> Line:
    return make_line(desk, prosody, prosody.port)


def make_line(desk: Desk, server: Prosody | Ejabberd, port: int) -> Line:
    settings = ChannelSettings(
        account=server.account, server=f"127.0.0.1:{port}", authority=str(server.ca),
        public_url=f"http://127.0.0.1:{server.web}", rate=1000, burst=1000, new_per_hour=10_000,
    )  # fmt: skip
    channel = desk.do(commands.add_channel, "xmpp", "Website", settings)
    return Line(desk, server, channel, port, server.password)


@contextlib.asynccontextmanager
async def here(*guests: Guest) -> AsyncIterator[None]:
    """These guests stay connected."""
    tasks = [asyncio.create_task(one.run()) for one in guests]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def counted(db: Session) -> tuple[int, int, int]:
    """Lines, distinct ids of lines, messages of chats."""
    lines = db.scalar(select(func.count()).select_from(ChatLine)) or 0
    distinct = db.scalar(select(func.count(func.distinct(ChatLine.external_id)))) or 0
    return lines, distinct, db.scalar(select(func.count()).where(Message.channel == "chat")) or 0


def test_both_ways_with_receipts_typing_and_read_marks(line: Line) -> None:
    async def talk() -> None:
        bob = line.guest()
        async with here(bob):
            await bob.until_frame("welcome", state="")
            key = await bob.say("Is it in stock?")
            assert (await bob.until_frame("placed", id=key))["seq"] == 1
            (row,) = line.rows()
            line.desk.do(commands.send_chat, row.id, "It is. ✓")
            answer = await bob.until_frame("msg", dir="out")
            assert (answer["body"], answer["who"]) == ("It is. ✓", "Ann")
            await bob.send({"t": "read", "seq": 2})

            def seen() -> bool:
                chat = line.desk.ask(queries.chat, row.id)
                return (
                    chat is not None and chat.lines[-1].read_at is not None and chat.lines[-1].delivered_at is not None
                )

            await asyncio.to_thread(wait_until, seen, 60, "the ticks")
            line.desk.do(commands.typing, row.id, True)
            await bob.until_frame("typing", on=True)

    with line.running():
        asyncio.run(talk())


def test_what_is_written_while_the_desk_is_off_arrives_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmpp, "_PAGE", 3)

    async def write() -> None:
        bob = line.guest()
        with line.running():
            async with here(bob):
                for n in range(5):
                    await bob.say(f"before {n}")
                await bob.until(lambda: len(bob.acked) == 5, "five acks")
        async with here(bob):
            await bob.until(lambda: bob.lines == 2, "the guest is connected again")
            for n in range(5):
                await bob.say(f"meanwhile {n}")
            await bob.until(lambda: bob.pongs >= 1, "the server has taken them")
        with line.running():
            await asyncio.to_thread(wait_until, lambda: line.desk.ask(counted) == (10, 10, 10), 60, "all are rows")
            async with here(bob):
                await bob.until(lambda: len(bob.acked) == 10, "ten acks")
        assert line.desk.ask(counted) == (10, 10, 10)

    asyncio.run(write())


class Busy:
    """A desk that takes its time before it can say up to where it has read the server's archive."""

    def __init__(self) -> None:
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def place(self) -> str:
        self.asked.set()
        await self.answers.wait()
        return ""

    async def reached(self, place: str) -> None: ...

    async def guests(self) -> list[str]:
        return []


def test_catching_up_may_take_longer_than_connecting(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that hung up meanwhile would begin all of it anew, for ever."""
    info = line.desk.ask(queries.channel, line.channel)
    assert info is not None
    calling = calling_of(info)

    async def session(limit_s: float) -> bool:
        """False if connecting alone took longer than that."""
        monkeypatch.setattr(xmpp, "CONNECT_S", limit_s)
        busy = Busy()
        chat = xmpp.XmppChat(calling, cast(Door, None), busy, line.password)  # nobody comes through that door
        running = asyncio.create_task(chat.run())
        asked = asyncio.create_task(busy.asked.wait())
        try:
            await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return False
            await asyncio.wait({running}, timeout=limit_s + 0.2)
            assert not running.done(), "it hung up while it was catching up"
            busy.answers.set()
            async with asyncio.timeout(60):
                await chat.is_serving.wait()
            return True
        finally:
            asked.cancel()
            running.cancel()
            await asyncio.gather(running, asked, return_exceptions=True)

    assert any(asyncio.run(session(limit_s)) for limit_s in (0.8, 4.0, 20.0))


def test_a_guest_speaks_to_nobody_but_the_desk(line: Line) -> None:
    async def try_it() -> None:
        bob, eve = line.guest(), line.guest()
        async with here(bob, eve):
            await bob.until_frame("welcome")
            await eve.until_frame("welcome")
            eve.desk, desk = bob.jid, eve.desk
            bob_heard = len(bob.frames)
            await eve.send({"t": "msg", "id": "e" * 32, "body": "I am the desk"})
            eve.desk = desk
            await eve.say("hello")
            await eve.until(lambda: len(eve.acked) == 1, "the desk hears eve")
            assert len(bob.frames) == bob_heard

    with line.running():
        asyncio.run(try_it())
    assert line.desk.ask(counted)[0] == 1


def test_a_wrong_password_is_told_and_not_tried_for_ever(line: Line) -> None:
    line.password = "wrong"
    with line.running("attention"):
        assert "password" in line.state()[1]


def test_a_server_that_is_gone_is_told_and_found_again(line: Line, desk: Desk) -> None:
    with CuttingProxy(line.server.port) as proxy:
        other = make_line(desk, line.server, proxy.port)
        desk.do(commands.remove_channel, line.channel)

        async def talk(bob: Guest) -> None:
            async with here(bob):
                await bob.say("one")
                await bob.until(lambda: len(bob.acked) == 1, "the first ack")
                proxy.shut()
                await asyncio.to_thread(wait_until, lambda: other.state()[0] == "offline", 60, "offline")
                await bob.say("two")
                proxy.reopen()
                await bob.until(lambda: len(bob.acked) == 2, "the second ack")

        with other.running():
            asyncio.run(talk(other.guest()))
        assert desk.ask(counted) == (2, 2, 2)


@pytest.mark.slow
def test_hundreds_of_messages_with_lines_cut_at_random(desk: Desk, prosody: Prosody) -> None:
    """Both lines are cut by chance, the desk's and the guests': sent = rows = distinct ids, and every answer arrives once."""
    guests_of, each = 8, 100
    chance = random.Random(7)
    with CuttingProxy(prosody.port) as for_desk, CuttingProxy(prosody.port) as for_guests:
        line = make_line(desk, prosody, for_desk.port)
        guests = [line.guest(for_guests.port) for _ in range(guests_of)]

        async def chatter(one: Guest) -> None:
            for n in range(each):
                await one.say(f"{n}")
                await asyncio.sleep(chance.uniform(0, 0.2))
            await one.until(lambda: len(one.acked) == each, f"all acks, {len(one.acked)}", 600)

        async def cutting() -> None:
            for n in range(10):
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                await asyncio.to_thread((for_desk if n % 2 else for_guests).cut)

        async def all_of_it() -> None:
            async with here(*guests):
                await asyncio.gather(cutting(), *(chatter(one) for one in guests))

        with line.running():
            asyncio.run(all_of_it())
        total = guests_of * each
        assert desk.ask(counted) == (total, total, total)
        assert for_desk.cuts > 0
        assert for_guests.cuts > 0
