"""Chat under load: two hundred visitors, each acknowledged after a commit, beside a bare server that only commits a row.

Both servers are processes of their own with the same library, the same durability (WAL, synchronous=FULL) and the same
visitors, who write about once a second. Rounds alternate. What is ours to do more (a ticket, a customer, the index, the
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
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.chats import commands
from app.chats.rules import ChannelSettings
from app.chats.tables import ChatLine
from app.cli.benchmarks.figures import Figure, median, p95, pss_mb, ratio
from app.desk import Desk
from app.kernel.errors import UserError

VISITORS: Final = 200
MESSAGES: Final = 10
ROUNDS: Final = 3
SPREAD_S: Final = 8.0
"""All are connected before the first word; within this time each of them begins."""
_WAIT_S: Final = 120.0


@dataclass(slots=True)
class _Round:
    """What the visitors of one round met with: ms from sending to acknowledgement, ids sent and acknowledged."""

    times: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)


def chat(size: int) -> list[Figure]:
    """`size` visitors (200), ten messages each. Raises UserError if a message was lost or doubled."""
    visitors = size or VISITORS
    ours: list[_Round] = []
    bare: list[_Round] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-chat-") as folder:
        place = Path(folder) / "desk"
        port, other = _free_port(), _free_port()
        with Desk.open(place, create=True) as desk:
            settings = ChannelSettings(port=port, max_visitors=10_000, sockets_per_ip=10_000, new_per_hour=100_000)
            desk.work(commands.add_channel, settings=settings)
        with (
            _process("app.cli.benchmarks.chat_echo", str(other), str(Path(folder) / "echo.db")),
            _process("app", "--data", str(place), "engine") as engine,
        ):
            _wait_for(port)
            _wait_for(other)
            for number in range(ROUNDS):
                turns = [(port, ours), (other, bare)]
                for each, rounds in turns if number % 2 == 0 else reversed(turns):
                    rounds.append(asyncio.run(_visit(each, visitors, number)))
                if (used := pss_mb(engine.pid)) is not None:
                    memory.append(used)
        lost, doubled = _compare(place, ours)
    return _figures(visitors, ours, bare, memory, lost, doubled)


def _figures(
    visitors: int, ours: list[_Round], bare: list[_Round], memory: list[float], lost: int, doubled: int
) -> list[Figure]:
    note = f"{visitors} visitors, {MESSAGES} messages each, about one a second"
    sent = sum(len(one.sent) for one in ours)
    times, theirs = [each for one in ours for each in one.times], [each for one in bare for each in one.times]
    figures = [
        Figure("chat", "messages sent", sent, "", len(ours), note),
        Figure("chat", "messages lost", lost, ""),
        Figure("chat", "messages doubled", doubled, ""),
        Figure("chat", "acknowledged after", median(times), "ms", len(times)),
        Figure("chat", "acknowledged after, p95", p95(times), "ms", len(times)),
        Figure("chat", "bare echo with one row a message, p95", p95(theirs), "ms", len(theirs)),
        ratio("chat", "ours / bare echo, p95", [p95(one.times) for one in ours], [p95(one.times) for one in bare]),
    ]
    if memory:
        figures.append(Figure("chat", "engine's memory after a round", median(memory), "MB", len(memory)))
    return figures


def _compare(place: Path, rounds: list[_Round]) -> tuple[int, int]:
    """How many messages are missing among the stored rows, and how many are there more than once."""
    from sqlalchemy import select

    with Desk.open(place) as desk:
        rows: list[str] = desk.ask(lambda db: list(db.scalars(select(ChatLine.external_id))))
    sent = {key for one in rounds for key in one.sent}
    acked = {key for one in rounds for key in one.acked}
    lost, doubled = len(sent - set(rows)) + len(sent - acked), len(rows) - len(set(rows))
    if lost or doubled or set(rows) - sent:
        msg = f"Not everything was kept: {lost} lost, {doubled} doubled."
        raise UserError(msg)
    return lost, doubled


async def _visit(port: int, visitors: int, seed: int) -> _Round:
    import aiohttp

    met, chance = _Round(), random.Random(seed)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        here = asyncio.Barrier(visitors)
        await asyncio.gather(*(_one(session, port, met, here, chance.uniform(0, SPREAD_S)) for _ in range(visitors)))
    return met


async def _one(session: Any, port: int, met: _Round, here: asyncio.Barrier, phase: float) -> None:
    base = f"http://127.0.0.1:{port}"
    token = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    async with session.ws_connect(f"{base}/chat".replace("http", "ws", 1), headers={"Origin": base}) as wire:
        await wire.send_str(json.dumps({"t": "hello", "v": 1, "token": token, "conversation": "", "after": 0}))
        await _until(wire, "welcome", "")
        await here.wait()
        await asyncio.sleep(phase)
        for number in range(MESSAGES):
            key = secrets.token_hex(16)
            met.sent.append(key)
            began = time.perf_counter()
            await wire.send_str(json.dumps({"t": "msg", "id": key, "body": f"Message {number}: is it in stock?"}))
            await _until(wire, "ack", key)
            met.times.append((time.perf_counter() - began) * 1e3)
            met.acked.append(key)
            await asyncio.sleep(random.uniform(0.8, 1.4))


async def _until(wire: Any, kind: str, key: str) -> None:
    async with asyncio.timeout(_WAIT_S):
        while True:
            frame = json.loads((await wire.receive()).data)
            if frame["t"] == kind and frame.get("id", "") == key:
                return


@contextlib.contextmanager
def _process(module: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    msg = "A server of the benchmark did not start."
    raise UserError(msg)
