"""A TCP proxy that cuts lines: what a bad network does to a connection, at a chosen moment or by chance.

It runs on a thread of its own with its own loop. A cut is a reset: neither side gets to say goodbye, and bytes that were on
their way are lost in either direction.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from typing import Self

from tests.servers.closing import let_in_no_more, turns


class CuttingProxy:
    """Passes bytes between its own port and `target` on this machine. Use it with `with`."""

    def __init__(self, target: int, *, seed: int = 0, cut_after: tuple[int, int] | None = None) -> None:
        """`cut_after`: each connection is cut by itself after so many bytes (from, to), by chance."""
        self.target = target
        self.port = 0
        self.cuts = self.accepted = 0
        self._chance = random.Random(seed)
        self._cut_after = cut_after
        self._lines: set[_Line] = set()
        self._transports: set[asyncio.WriteTransport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = True
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="cutting-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    def cut(self) -> None:
        """Cut every line there is."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._cut_all, done)
        assert done.wait(30)

    def shut(self) -> None:
        """Cut every line and let nobody in until `reopen`."""
        self._open = False
        self.cut()

    def reopen(self) -> None:
        """Let people in again."""
        self._open = True

    def hang(self) -> None:
        """Take lines, and pass nothing on in either direction, without a word, until `flow`."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        """Pass on again, also what has waited."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    async def flowing(self) -> None:
        """Wait until bytes pass."""
        await self._flowing.wait()

    async def _main(self) -> None:
        self._loop, self._end, self._flowing = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._flowing.set()
        server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        await let_in_no_more(server)
        self._flowing.set()
        self._cut_all(threading.Event())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for transport in self._transports:
            transport.abort()
        await turns()

    def _cut_all(self, done: threading.Event) -> None:
        for line in list(self._lines):
            line.cut()
        done.set()

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Known at once, before a task of its own begins: whenever the proxy ends, nobody is left open."""
        self.accepted += 1
        if not self._open:
            writer.transport.abort()
            return
        self._transports.add(writer.transport)
        task = asyncio.create_task(self._serve((reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, here: Streams) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            here[1].transport.abort()
            return
        self._transports.add(there[1].transport)
        room = self._chance.randint(*self._cut_after) if self._cut_after else None
        line = _Line(self, here, there, room)
        self._lines.add(line)
        try:
            await line.run()
        finally:
            self._lines.discard(line)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Line:
    """One connection, both directions. `room`: so many bytes until it breaks."""

    def __init__(self, proxy: CuttingProxy, here: Streams, there: Streams, room: int | None) -> None:
        self._proxy, self._here, self._there, self._room = proxy, here, there, room

    async def run(self) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._pass(self._here[0], self._there[1]), self._pass(self._there[0], self._here[1]))
        for _, writer in (self._here, self._there):
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(4_096):
                await self._proxy.flowing()
                if self._room is not None:
                    self._room -= len(data)
                    if self._room < 0:
                        self.cut()
                        return
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()

    def cut(self) -> None:
        self._proxy.cuts += 1
        for _, writer in (self._here, self._there):
            writer.transport.abort()
