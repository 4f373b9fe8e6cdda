"""Nothing is lost and nothing comes twice: cut lines, killed engines, words that are sent again.

Messages sent = rows = distinct ids, on both sides, whatever happens in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.rules import ChannelSettings
from app.chats.tables import ChatLine
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel.database.transaction import Tx
from tests.chats.conftest import Place, running, visiting
from tests.chats.visitor import Visitor
from tests.empty_desk import empty_desk
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]


def stored(db: Session, direction: str) -> list[str]:
    """The senders' own ids of all that is stored, as often as it is stored."""
    lines = select(ChatLine.external_id).join(Message, Message.id == ChatLine.message)
    return list(db.scalars(lines.where(Message.direction == direction)))


def dense(db: Session) -> bool:
    """Has every conversation the places 1, 2, 3 … and nothing else?"""
    ends = select(func.count(), func.min(ChatLine.seq), func.max(ChatLine.seq)).group_by(ChatLine.conversation)
    return all(count == high and low == 1 for count, low, high in db.execute(ends))


def test_lines_that_are_cut_at_random(desk: Desk) -> None:
    """960 messages both ways over lines that break by chance, with many sent twice on purpose.

    Over two thousand go through browsers, see `test_widget_faults`.
    """
    visitors, each = 12, 40
    site = "https://shop.example"
    with (
        running(desk, origins=(site,), sockets_per_ip=100, rate=10_000, burst=10_000) as place,
        CuttingProxy(place.port, seed=1, cut_after=(1_000, 16_000)) as proxy,
    ):
        base = f"http://127.0.0.1:{proxy.port}"
        people = [Visitor(base, origin=site, name=f"V{number}") for number in range(visitors)]
        asyncio.run(_much(place, people, each))
        assert proxy.cuts > 10
    sent = [key for one in people for key in one.acked]
    came, went = desk.ask(stored, "in"), desk.ask(stored, "out")
    assert len(sent) == visitors * each
    assert sorted(came) == sorted(sent), "rows = messages sent, each once"
    assert all(one.kept <= set(came) for one in people), "nothing that was acknowledged is lost"
    assert len(went) == visitors * each
    shown = [key for one in people for key, frame in one.got.items() if frame["dir"] == "out"]
    assert sorted(shown) == sorted(went), "every answer was shown, each once by its id"
    assert desk.ask(dense)


async def _much(place: Place, people: list[Visitor], each: int) -> None:
    chance = random.Random(2)
    async with visiting(*people):
        for round_ in range(each):
            for one in people:
                key = await one.say(f"{one.name} {round_}")
                if chance.random() < 0.1 and key in one.outbox:
                    await one.send(one.outbox[key])
            if round_ % 10 == 9:
                await _all(people, round_ + 1)
                await asyncio.to_thread(_answer, place, 10)
        for one in people:
            await one.until(lambda one=one: len(one.outs()) == each, f"{one.name} has every answer", 120)  # type: ignore[misc]


async def _all(people: list[Visitor], count: int) -> None:
    for one in people:
        await one.until(lambda one=one: len(one.acked) >= count, f"{one.name} is acknowledged", 120)  # type: ignore[misc]


def _answer(place: Place, count: int) -> None:
    """The rep answers every chat so many times."""
    place.desk.do(_take_all)
    for row in place.desk.ask(queries.chat_rows, pile="live"):
        for number in range(count):
            place.desk.do(commands.send_chat, row.id, f"answer {number}")


def _take_all(tx: Tx) -> None:
    for row in queries.chat_rows(tx, pile="waiting"):
        commands.assign_chat(tx, row.id, tx.agent)


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real engine process on this desk."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", "app", "--data", str(folder), "engine"], cwd=ROOT, **quiet)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def test_an_engine_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL at any moment, also between commit and acknowledgement; visitors write on, and everything is there once."""
    folder = tmp_path / "desk"
    (port,) = free_ports(1)
    people: list[Visitor] = []
    with empty_desk(folder) as desk:
        desk.do(commands.add_channel, settings=ChannelSettings(port=port, sockets_per_ip=100, rate=1_000, burst=1_000))
        base = f"http://127.0.0.1:{port}"
        people = [Visitor(base, name=f"V{number}") for number in range(6)]
        asyncio.run(_killed_again_and_again(desk, folder, people))
        came = desk.ask(stored, "in")
        assert sorted(came) == sorted(key for one in people for key in one.acked)
        assert all(one.kept <= set(came) for one in people), "nothing that was acknowledged is lost"
        assert not any(one.outbox for one in people)
        assert desk.ask(dense)


async def _killed_again_and_again(desk: Desk, folder: Path, people: list[Visitor]) -> None:
    chance = random.Random(3)
    async with visiting(*people):
        for turn in range(3):
            before = sum(len(one.acked) for one in people)
            with engine(folder) as process:
                writing = asyncio.create_task(_write_on(people))
                goal = before + chance.randint(20, 60)
                await people[0].until(lambda goal=goal: sum(len(one.acked) for one in people) >= goal, "progress", 120)  # type: ignore[misc]
                if turn < 2:
                    process.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(process.wait, 60)
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                if turn == 2:
                    for one in people:
                        await one.until(lambda one=one: not one.outbox, "everything is acknowledged", 120)  # type: ignore[misc]


async def _write_on(people: list[Visitor]) -> None:
    number = 0
    while True:
        for one in people:
            if len(one.outbox) < 10:
                await one.say(f"{one.name} says {number}")
        number += 1
        await asyncio.sleep(0.01)
