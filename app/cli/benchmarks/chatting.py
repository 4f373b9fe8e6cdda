"""Chat under load: two hundred visitors, each acknowledged after a commit, beside a bare server that only commits a row.

Both servers are processes of their own with the same library, the same durability (WAL, synchronous=FULL) and the same
visitors, who write about once a second, all connected before the first word. Rounds alternate. What is ours to do more (a ticket, a customer, the index, the
history, order, limits) is the difference.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import secrets
import socket
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from app.chats import commands
from app.chats.rules import ChannelSettings
from app.cli.benchmarks.chat_desk import Round, Scale, compare, costing, process
from app.cli.benchmarks.chat_xmpp import over_xmpp
from app.cli.benchmarks.figures import Figure, median, p95, pss_mb, ratio
from app.cli.benchmarks.harness import figures_of
from app.desk import Desk
from app.kernel.errors import UserError

_WAIT_S: Final = 120.0


def chat(size: int) -> list[Figure]:
    """`size` visitors (200), ten messages each, by the built-in server beside a bare one, with a window beside it, then over
    XMPP. Raises UserError if a message was lost or doubled.
    """
    scale = Scale(size) if size else Scale()
    window = figures_of("chat", "tests.bench.chat_window", str(scale.visitors))
    return [*built_in(scale), *window, *over_xmpp(scale)]


def built_in(scale: Scale) -> list[Figure]:
    """Rounds of our own server and of the bare one in turns. Raises UserError if a message was lost or doubled."""
    ours: list[Round] = []
    bare: list[Round] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-chat-") as folder:
        place = Path(folder) / "desk"
        port, other = free_port(), free_port()
        prepare(place, port)
        with (
            process("app.cli.benchmarks.chat_echo", str(other), str(Path(folder) / "echo.db")) as echo,
            process("app", "--data", str(place), "engine") as engine,
        ):
            wait_for(port)
            wait_for(other)
            for number in range(scale.rounds):
                turns = [(engine.pid, port, ours), (echo.pid, other, bare)]
                for pid, each, rounds in turns if number % 2 == 0 else reversed(turns):
                    rounds.append(costing(pid, partial(visit, each, scale, number, places=rounds is ours)))
                if (used := pss_mb(engine.pid)) is not None:
                    memory.append(used)
        lost, doubled = compare(place, ours)
    return _figures(scale, ours, bare, memory, lost, doubled)


def prepare(place: Path, port: int) -> None:
    """A new desk with chat on that port, and no limits that the visitors of a benchmark would meet."""
    settings = ChannelSettings(port=port, max_visitors=10_000, sockets_per_ip=10_000, new_per_hour=100_000)
    with Desk.open(place, create=True) as desk:
        desk.work(commands.add_channel, settings=settings)


def _figures(
    scale: Scale, ours: list[Round], bare: list[Round], memory: list[float], lost: int, doubled: int
) -> list[Figure]:
    sent = sum(len(one.sent) for one in ours)
    times, theirs = [each for one in ours for each in one.times], [each for one in bare for each in one.times]
    placed = [each for one in ours for each in one.placed]
    figures = [
        Figure("chat", "messages sent", sent, "", len(ours), scale.words),
        Figure("chat", "messages lost", lost, ""),
        Figure("chat", "messages doubled", doubled, ""),
        Figure("chat", "acknowledged after", median(times), "ms", len(times)),
        Figure("chat", "acknowledged after, p95", p95(times), "ms", len(times)),
        Figure("chat", "bare echo with one row a message, p95", p95(theirs), "ms", len(theirs)),
        Figure("chat", "in its ticket after", median(placed), "ms", len(placed)),
        Figure("chat", "in its ticket after, p95", p95(placed), "ms", len(placed)),
        ratio("chat", "ours / bare echo, p95", [p95(one.times) for one in ours], [p95(one.times) for one in bare]),
    ]
    for name, rounds in (("engine", ours), ("bare echo", bare)):
        if costs := [one.cost for one in rounds if one.cost is not None]:
            figures.append(Figure("chat", f"processor time of the {name}, a message", median(costs), "ms", len(costs)))
    if memory:
        figures.append(Figure("chat", "engine's memory after a round", median(memory), "MB", len(memory)))
    return figures


def visit(port: int, scale: Scale, seed: int, *, places: bool) -> Round:
    """One round of visitors. `places`: the server tells a word's place after its acknowledgement, as ours does."""
    return asyncio.run(_visit(port, scale, seed, places=places))


async def _visit(port: int, scale: Scale, seed: int, *, places: bool) -> Round:
    import aiohttp

    met, chance = Round(), random.Random(seed)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        here = asyncio.Barrier(scale.visitors)
        phases = [chance.uniform(0, scale.spread_s) for _ in range(scale.visitors)]
        await asyncio.gather(*(_one(session, port, scale, met, here, phase, places=places) for phase in phases))
    return met


async def _one(
    session: Any, port: int, scale: Scale, met: Round, here: asyncio.Barrier, phase: float, *, places: bool
) -> None:
    """One visitor. `places`: the server tells a word's place after its acknowledgement, as ours does."""
    base = f"http://127.0.0.1:{port}"
    token = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    async with session.ws_connect(f"{base}/chat".replace("http", "ws", 1), headers={"Origin": base}) as wire:
        await wire.send_str(json.dumps({"t": "hello", "v": 1, "token": token, "conversation": "", "after": 0}))
        await _until(wire, "welcome", "")
        await here.wait()
        await asyncio.sleep(phase)
        for number in range(scale.messages):
            key = secrets.token_hex(16)
            met.sent.append(key)
            began = time.perf_counter()
            await wire.send_str(json.dumps({"t": "msg", "id": key, "body": f"Message {number}: is it in stock?"}))
            await _until(wire, "ack", key)
            met.times.append((time.perf_counter() - began) * 1e3)
            met.acked.append(key)
            until = time.perf_counter() + scale.pause()
            if places:
                await _until(wire, "placed", key)
                met.placed.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(until - time.perf_counter())


async def _until(wire: Any, kind: str, key: str) -> None:
    async with asyncio.timeout(_WAIT_S):
        while True:
            frame = json.loads((await wire.receive()).data)
            if frame["t"] == kind and frame.get("id", "") == key:
                return


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens there. Raises UserError."""
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    msg = "A server of the benchmark did not start."
    raise UserError(msg)
