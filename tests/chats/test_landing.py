"""Between the acknowledgement and the ticket: a word that was acknowledged has its place in the end, once, whatever happens."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.arriving import copied_arrivals, payload_of
from app.chats.commands import Accepted, Refused, Said
from app.chats.rules import ChannelSettings
from app.chats.tables import ChatLine
from app.conversations.tables import Message
from app.desk import Desk
from app.desk.maintenance import check
from app.desk.maintenance.backing_up import back_up_now, copies
from app.desk.maintenance.restoring import exchange, prepare
from app.desk.maintenance.salvage import salvage
from app.kernel import clock
from app.kernel.files.arrivals import Arrivals, waiting_in
from app.kernel.files.paths import Workspace
from app.people.commands import add_agent
from app.workers.chat.landing import Landing
from app.workers.chat.writer import Books, Writer
from tests.chats.conftest import Place, running, visiting
from tests.chats.engine import EngineProcess
from tests.chats.visitor import Visitor
from tests.empty_desk import empty_desk
from tests.servers.ports import free_ports, wait_until

LATE = timedelta(hours=1)


def words(db: Session) -> list[tuple[str, str]]:
    """What visitors said, as the chats have it, with the senders' own ids."""
    lines = select(Message.text, ChatLine.external_id).join(ChatLine, ChatLine.message == Message.id)
    return [(text, key) for text, key in db.execute(lines.order_by(ChatLine.conversation, ChatLine.seq))]


def said(body: str, number: int, *, key: str = "") -> Said:
    """A word that was acknowledged an hour ago."""
    at = clock.now() - LATE
    return Said(UUID(int=1), bytes([number]) * 32, key or f"{number:032x}", body, page="https://shop.example/", at=at)


def left_behind(place: Workspace, *all_said: Said | str) -> None:
    """As an engine leaves it that was killed between acknowledgement and ticket."""
    file = Arrivals(place.arrivals)
    file.keep([one if isinstance(one, str) else payload_of(one) for one in all_said])
    file.close()


@contextmanager
def at_work(desk: Desk) -> Iterator[Place]:
    """Chat is open, and somebody sits there."""
    if desk.is_new():
        desk.sit_down(desk.work(add_agent, "Ann"))
    with running(desk) as place:
        yield place


@contextmanager
def held(desk: Desk) -> Iterator[None]:
    """Nobody else gets a turn at the desk's database."""
    with desk.store.write("held"):
        yield


def test_killed_after_the_acknowledgement_and_before_the_ticket(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    (port,) = free_ports(1)
    with empty_desk(folder) as desk:
        desk.work(commands.add_channel, settings=ChannelSettings(port=port))
        bob = Visitor(f"http://127.0.0.1:{port}", name="Bob")

        async def promised() -> list[str]:
            async with visiting(bob):
                await bob.until_frame("welcome")
                keys = [await bob.say(f"word {number}") for number in range(3)]
                await bob.until(lambda: bob.kept == set(keys), "acknowledged although the desk is held")
                return keys

        async def come_back() -> None:
            again = Visitor(bob.base, token=bob.token)
            again.outbox = dict(bob.outbox)
            async with visiting(again):
                await again.until(lambda: not again.outbox, "sent again, and told their places")

        with EngineProcess(folder, port) as engine:
            with held(desk):
                keys = asyncio.run(promised())
                assert len(waiting_in(desk.workspace.arrivals)) == 3
                engine.kill()
            assert desk.ask(words) == []
            engine.start()
            wait_until(lambda: len(desk.ask(words)) == 3, 60, "their places, without the visitor")
            asyncio.run(come_back())
        assert desk.ask(words) == [(f"word {number}", key) for number, key in enumerate(keys)]
        assert waiting_in(desk.workspace.arrivals) == []


def test_a_copy_of_the_desk_has_what_waited(tmp_path: Path) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        place = desk.workspace
        left_behind(place, said("one", 1), said("two", 2))
        back_up_now(desk)
        assert any("2 words of chat visitors wait" in one for one in check.problems(desk))
        with at_work(desk):
            assert [text for text, _ in desk.ask(words)] == ["one", "two"]
            said_at = desk.ask(lambda db: list(db.scalars(select(Message.occurred_at))))
            assert all(clock.now() - at > LATE / 2 for at in said_at), "they were said when they were acknowledged"
        assert check.problems(desk) == []
        left_behind(place, said("three", 3))

    with empty_desk(tmp_path / "other"):
        pass
    other = Workspace(tmp_path / "other")
    left_behind(other, said("of the desk that goes aside", 9))
    assert prepare(other, copies(place, "")[0].database) is not None
    exchange(other)
    with Desk.open(other.folder) as restored, at_work(restored):
        assert [text for text, _ in restored.ask(words)] == ["one", "two"]

    salvage(place, tmp_path / "saved")
    with Desk.open(tmp_path / "saved") as saved, at_work(saved):
        assert [text for text, _ in saved.ask(words)] == ["one", "two", "three"]


def test_what_cannot_have_a_place_blocks_nothing_else(tmp_path: Path) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        bad = said("never", 2, key="\ud800")
        left_behind(desk.workspace, said("one", 1), "no word at all", bad, said("three", 3))
        with at_work(desk):
            assert [text for text, _ in desk.ask(words)] == ["one", "three"]
        left = [one.payload for one in waiting_in(desk.workspace.arrivals)]
        assert left == ["no word at all", payload_of(bad)], "they are not lost either"
        back_up_now(desk)
        place = desk.workspace

    other = Workspace(tmp_path / "other")
    with empty_desk(other.folder):
        pass
    prepare(other, copies(place, "")[0].database)
    exchange(other)
    with Desk.open(other.folder) as restored, at_work(restored):
        assert [text for text, _ in restored.ask(words)] == ["one", "three"]
        assert sorted(restored.ask(copied_arrivals).values()) == sorted(left), "nor in a copy"


@pytest.mark.parametrize("begun", [False, True], ids=["found by the engine", "while it runs"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, *, begun: bool) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        nonsense, arrivals = b"SQLite format 3\0" + b"nonsense" * 1_000, desk.workspace.arrivals
        if not begun:
            arrivals.write_bytes(nonsense)
        with at_work(desk) as place:
            if begun:
                arrivals.write_bytes(nonsense)  # it is opened with the first word
            bob = Visitor(place.base)

            async def talk() -> None:
                async with visiting(bob):
                    await bob.until_frame("welcome")
                    await bob.say("hello")
                    await bob.until(lambda: len(bob.acked) == 1, "taken")

            asyncio.run(talk())
        assert any("set aside" in one for one in check.problems(desk))
        assert len(list(desk.workspace.folder.glob("arrivals-damaged-1.sqlite"))) == 1


class Unruly:
    """A desk whose disk takes nothing for good: what is written may be gone after a power cut."""

    def __init__(self, desk: Desk) -> None:
        self.work, self.land, self.ask = desk.work, desk.land, desk.ask
        self.asked = 0

    def settle(self) -> None:
        self.asked += 1
        raise OSError(errno.EIO, "the disk does not obey")


async def landed(books: Books, arrivals: Path, *all_said: Said) -> None:
    """They are acknowledged, and have their places."""
    writer = Writer(books)
    landing = Landing(Arrivals(arrivals), writer, books.ask)
    told: list[Accepted | Refused] = []
    await landing.recover()
    await asyncio.gather(*(landing.keep(one, lambda _said, answer: told.append(answer)) for one in all_said))
    await landing.close()
    await writer.close()
    assert all(isinstance(one, Accepted) for one in told)
    assert len(told) == len(all_said)


def test_who_no_longer_waits_takes_nothing_from_others(tmp_path: Path) -> None:
    """The same word by two tabs, right after another one: it is not committed at once, and the first tab is closed meanwhile."""

    async def talk(desk: Desk, one: Said, two: Said) -> None:
        writer = Writer(desk)
        landing = Landing(Arrivals(desk.workspace.arrivals), writer, desk.ask)
        first, closed, stays = (
            asyncio.create_task(landing.keep(each, lambda _said, _answer: None)) for each in (one, two, two)
        )
        await asyncio.sleep(0)
        closed.cancel()
        await asyncio.gather(first, stays)
        await asyncio.wait({closed})
        await landing.close()
        await writer.close()

    with empty_desk(tmp_path / "desk") as desk:
        desk.work(commands.add_channel, settings=ChannelSettings())
        (channel,) = desk.ask(queries.channels)
        one, two = (replace(each, channel=channel.id) for each in (said("one", 1), said("two", 1, key="f" * 32)))
        asyncio.run(talk(desk, one, two))
        assert [text for text, _ in desk.ask(words)] == ["one", "two"]


def test_a_power_cut_takes_what_the_disk_has_not(tmp_path: Path) -> None:
    def two(db: Session) -> bool:
        return [text for text, _ in words(db)] == ["one", "two"]

    with empty_desk(tmp_path / "desk") as desk:
        desk.work(commands.add_channel, settings=ChannelSettings())
        (channel,) = desk.ask(queries.channels)
    shutil.copytree(tmp_path / "desk", tmp_path / "cut")  # what the disk is sure to have
    mine = [replace(one, channel=channel.id) for one in (said("one", 1), said("two", 1, key="f" * 32))]
    with Desk.open(tmp_path / "desk") as desk:
        unruly = Unruly(desk)
        asyncio.run(landed(unruly, desk.workspace.arrivals, *mine))
        assert desk.ask(two)
        assert unruly.asked
        assert len(waiting_in(desk.workspace.arrivals)) == 2, "the disk has not taken their places"
        shutil.copy(desk.workspace.arrivals, tmp_path / "cut")
        asyncio.run(landed(desk, desk.workspace.arrivals))
        assert desk.ask(two), "and done twice is done once"
        assert waiting_in(desk.workspace.arrivals) == []
    with Desk.open(tmp_path / "cut") as after:
        assert desk_is_as_before(after)
        asyncio.run(landed(after, after.workspace.arrivals))
        assert after.ask(two)


def desk_is_as_before(desk: Desk) -> bool:
    """Nobody's words are in it, but among the arrivals they are."""
    return desk.ask(words) == [] and len(waiting_in(desk.workspace.arrivals)) == 2


def test_many_at_once_are_one_commit(tmp_path: Path) -> None:
    file = Arrivals(tmp_path / "arrivals.sqlite")
    payloads = [payload_of(said('"quotes" \\ and \u2028 \U0001f600', number)) for number in range(5)]
    numbers = file.keep(payloads)
    file.forget(list(numbers)[:2])
    assert [one.payload for one in file.waiting()] == payloads[2:]
    file.close()
    again = Arrivals(tmp_path / "arrivals.sqlite")
    assert again.keep(["x"])[0] == numbers[-1] + 1
    again.close()
    with sqlite3.connect(tmp_path / "arrivals.sqlite") as line:
        assert line.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    line.close()
