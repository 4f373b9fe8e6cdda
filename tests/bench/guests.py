"""The world of `bench chat` over XMPP: a private Prosody with the product's own configuration, and guests by its WebSocket."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Final

import aiohttp

from app.cli.benchmarks.chat_desk import Round, Scale
from tests.chats.web_guest import WebGuest
from tests.servers.prosody import Prosody, is_here

SITE: Final = "https://shop.example"
A_SECOND: Final = 20
"""So many guests come a second: each registers, which costs the server a password's worth of hashing."""
_WAIT_S: Final = 120.0


class World:
    """The server. `account`, `password`, `address`, `authority`: what the desk is told of it. Use it with `with`."""

    def __init__(self) -> None:
        self._server = Prosody((SITE,))
        self.account, self.password = self._server.account, self._server.password
        self.address, self.authority = f"127.0.0.1:{self._server.port}", str(Path(self._server.ca))

    def __enter__(self) -> World:
        self._server.__enter__()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.__exit__(None, None, None)

    def talk(self, scale: Scale, seed: int) -> Round:
        """All come, then each of them writes. Raises TimeoutError when somebody waits in vain."""
        return asyncio.run(self._all(scale, random.Random(seed)))

    async def _all(self, scale: Scale, chance: random.Random) -> Round:
        met, server = Round(), self._server
        people = [WebGuest(server.account, server.guests, server.web, SITE) for _ in range(scale.visitors)]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            lines: list[asyncio.Task[None]] = []
            try:
                for one in people:
                    lines.append(asyncio.create_task(one.run(session, pause_s=2.0)))
                    await asyncio.sleep(1 / A_SECOND)
                for one, line in zip(people, lines, strict=True):
                    await _welcomed(one, line)
                phases = [chance.uniform(0, scale.spread_s) for _ in people]
                await asyncio.gather(
                    *(_write(one, met, scale, phase) for one, phase in zip(people, phases, strict=True))
                )
            finally:
                for line in lines:
                    line.cancel()
                await asyncio.gather(*lines, return_exceptions=True)
        return met


async def _welcomed(guest: WebGuest, line: asyncio.Task[None]) -> None:
    """Wait until the desk has answered. A guest whose line fell over is told at once, with why."""
    waiting = asyncio.create_task(guest.until_frame("welcome", _WAIT_S))
    try:
        await asyncio.wait([waiting, line], return_when=asyncio.FIRST_COMPLETED)
        if line.done():
            line.result()
        await waiting
    finally:
        waiting.cancel()


async def _write(guest: WebGuest, met: Round, scale: Scale, phase: float) -> None:
    await asyncio.sleep(phase)
    for number in range(scale.messages):
        began = time.perf_counter()
        key = await guest.say(f"Message {number}: is it in stock?")
        met.sent.append(key)
        await guest.until(lambda key=key: key in guest.kept, "an acknowledgement", _WAIT_S)  # type: ignore[misc]
        met.times.append((time.perf_counter() - began) * 1e3)
        met.acked.append(key)
        await asyncio.sleep(scale.pause())


def world() -> World | None:
    """The world, or None where no Prosody is installed."""
    return World() if is_here() else None
