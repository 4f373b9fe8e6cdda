"""A desk with a chat channel on a free port, and its chat thread; visitors come by the real wire."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from app.chats import commands
from app.chats.rules import ChannelSettings, server_topic
from app.desk import Desk
from app.kernel.state import signals
from app.people.commands import add_agent
from app.workers.chat.service import ChatThread
from tests.chats.visitor import Visitor
from tests.empty_desk import empty_desk
from tests.servers.ports import free_ports, wait_until


@dataclass
class Place:
    """A desk that is open for chat. `secret`: what signs identities."""

    desk: Desk
    agent: UUID
    channel: UUID
    port: int

    def until_state(self, state: str) -> None:
        """Wait until the engine says so of the channel's server."""

        def is_so() -> bool:
            return (self.desk.ask(signals.latest, server_topic(self.channel)) or {}).get("state") == state

        wait_until(is_so, 60, f"chat is {state}")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty desk with somebody at it."""
    with empty_desk(tmp_path / "desk") as opened:
        opened.sit_down(opened.work(add_agent, "Ann"))
        yield opened


@pytest.fixture
def place(desk: Desk) -> Iterator[Place]:
    """The same desk with chat running."""
    with running(desk) as made:
        yield made


@contextlib.contextmanager
def running(desk: Desk, settings: ChannelSettings | None = None, **more: Any) -> Iterator[Place]:
    """Chat on a free port, as the engine runs it."""
    (port,) = free_ports(1)
    wanted = settings or ChannelSettings(port=port, **more)
    channel = desk.do(commands.add_channel, settings=wanted)
    thread = ChatThread(desk, desk.packs, lambda _ref: "the site's own key", desk.workspace.arrivals)
    quit_listening = desk.listen(thread.heard)
    runner = threading.Thread(target=thread.run, name="chat")
    runner.start()
    try:
        wait_until(
            lambda: (desk.ask(signals.latest, server_topic(channel)) or {}).get("state") == "ok", 60, "chat is open"
        )
        me = desk.me()
        assert me is not None
        yield Place(desk, me, channel, wanted.port)
    finally:
        thread.stop()
        runner.join(60)
        quit_listening()
        assert not runner.is_alive()


@contextlib.asynccontextmanager
async def visiting(*visitors: Visitor) -> AsyncIterator[aiohttp.ClientSession]:
    """These visitors stay connected, again and again, for as long as the block lasts."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(one.run(session)) for one in visitors]
        try:
            yield session
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
