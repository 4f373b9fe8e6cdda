"""The widget in a real browser when lines break, engines die, storage is refused or wiped: nothing is lost or doubled.

What a visitor wrote stands in the desk exactly once, and what the desk wrote stands before the visitor exactly once.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.rules import ChannelSettings
from app.chats.tables import ChatLine
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel.state import options
from app.outbox.tables import Outbox
from app.people.commands import add_agent
from tests.chats.conftest import Place, running
from tests.chats.engine import EngineProcess
from tests.chats.shop import Shop
from tests.chats.widget import Widget, at, demo
from tests.empty_desk import empty_desk
from tests.servers.chromium import Chromium, Page
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.ports import free_ports, wait_until
from tests.servers.wire import Wire

REFUSED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


def bodies(db: Session, direction: str = "in") -> list[str]:
    """What is stored of chats, as often as it is stored."""
    lines = select(Message.text).join(ChatLine, ChatLine.message == Message.id)
    return list(db.scalars(lines.where(Message.direction == direction).order_by(ChatLine.conversation, ChatLine.seq)))


def ids(db: Session) -> tuple[int, int]:
    """How many lines are stored, and how many different ids they have."""
    one = db.execute(select(func.count(), func.count(ChatLine.external_id.distinct())).select_from(ChatLine)).one()
    return int(one[0]), int(one[1])


def test_a_line_that_is_cut_and_comes_back(page: Page, place: Place) -> None:
    with CuttingProxy(place.port) as proxy:
        widget = Widget(page, demo(f"http://127.0.0.1:{proxy.port}")).visit().open()
        widget.say("before")
        widget.until_shown("before", meta="Sent")
        (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
        proxy.shut()
        widget.say("typed while cut, one")
        widget.say("typed while cut, two")
        widget.until_shown("typed while cut, two", meta="Sending")
        widget.until_text(".state", "No connection. What you write is kept in this browser")
        assert widget.text(".who p") == "Connecting again …", "it does not say that somebody is there"
        place.desk.do(commands.send_chat, row.id, "said while cut")
        proxy.reopen()
        widget.until_sent()
        widget.until_shown("typed while cut, two", meta="Sent")
        widget.until_shown("said while cut", own=False)
    assert sorted(bodies_of(place.desk)) == ["before", "typed while cut, one", "typed while cut, two"]
    assert Counter(one.text for one in widget.shown()).most_common(1)[0][1] == 1


def bodies_of(desk: Desk) -> list[str]:
    return desk.ask(bodies)


def test_wiped_storage_begins_anew_and_harms_nothing(page: Page, place: Place) -> None:
    widget = Widget(page, demo(place.base)).visit().open()
    widget.say("the first time")
    widget.until_sent()
    page.js("localStorage.clear()")
    widget.say("still the same page")
    widget.until_shown("still the same page", meta="Sent")
    page.js("localStorage.clear()")
    page.reload()
    widget.is_there().open().say("a stranger now")
    widget.until_shown("a stranger now", meta="Sent")
    assert [one.text for one in widget.shown()] == ["a stranger now"]
    waiting = place.desk.ask(queries.chat_rows, pile="waiting")
    assert [row.snippet for row in waiting] == ["still the same page", "a stranger now"]


def test_refused_storage_is_told_and_works(page: Page, place: Place) -> None:
    page.before_each_document(REFUSED)
    with CuttingProxy(place.port) as proxy:
        widget = Widget(page, demo(f"http://127.0.0.1:{proxy.port}")).visit().open()
        widget.say("in private")
        widget.until_shown("in private", meta="Sent")
        proxy.shut()
        widget.say("kept in memory")
        widget.until_text(".state", "This browser keeps nothing. Please leave this page open")
        proxy.reopen()
        widget.until_shown("kept in memory", meta="Sent")
    assert bodies_of(place.desk) == ["in private", "kept in memory"]


def test_two_tabs_are_one_visitor_with_one_line(page: Page, place: Place) -> None:
    first = Widget(page, demo(place.base)).visit().open()
    first.say("from the first")
    first.until_sent()
    with page.beside() as other:
        second = Widget(other, demo(place.base)).visit()
        second.until(f"{at('.bub')}", "the bubble")
        second.page.js("DeskbellChat.open()")
        second.until_shown("from the first", own=True, meta="Sent")
        second.say("from the second")
        second.until_shown("from the second", own=True, meta="Sent")
        first.until_shown("from the second", own=True, meta="Sent")
        assert not [one for one in other.requests() if one.startswith("ws")], "the second tab has no line of its own"
        (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
        place.desk.do(commands.send_chat, row.id, "to both")
        first.until_shown("to both", own=False)
        second.until_shown("to both", own=False)
        page.go("about:blank")
        second.say("the first is gone")
        second.until_shown("the first is gone", own=True, meta="Sent")
        assert other.problems() == []
    assert sorted(bodies_of(place.desk)) == ["from the first", "from the second", "the first is gone"]


NOTE_SLOW = """
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(...words) {
    super(...words);
    this.addEventListener("message", (event) => { if (JSON.parse(event.data).t === "slow") localStorage.slowed = 1; });
  }
};
"""


def test_a_long_backlog_keeps_below_the_limit(page: Page, desk: Desk) -> None:
    """Also when the page is loaded anew in the middle of it."""
    page.before_each_document(NOTE_SLOW)
    with running(desk, rate=5) as place, CuttingProxy(place.port) as proxy:
        widget = Widget(page, demo(f"http://127.0.0.1:{proxy.port}")).visit().open()
        widget.say("before")
        widget.until_sent()
        proxy.shut()
        words = [f"word {number}" for number in range(45)]
        widget.say_many(words)
        widget.until_shown(words[-1], meta="Sending")
        proxy.reopen()
        wait_until(lambda: len(bodies_of(desk)) > 10, 120, "some are there")
        page.reload()
        widget.is_there().until_sent()
        assert bodies_of(desk) == ["before", *words]
        assert page.js("localStorage.slowed ?? ''") == "", "it was too fast for the desk"


@contextlib.contextmanager
def desk_of_its_own(folder: Path, shop: Shop, rate: int = 1, burst: int = 20) -> Iterator[tuple[Desk, int]]:
    """A desk whose engine is a process of its own; the port on which chat will be."""
    (port,) = free_ports(1)
    with empty_desk(folder) as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        settings = ChannelSettings(
            port=port, origins=(shop.origin,), sockets_per_ip=200, new_per_hour=100_000, rate=rate, burst=burst
        )
        desk.do(commands.add_channel, settings=settings)
        desk.do(options.put, "chat_capacity", 50)
        yield desk, port


@pytest.mark.slow
def test_an_engine_killed_between_commit_and_ack(page: Page, tmp_path: Path) -> None:
    with (
        Shop() as shop,
        desk_of_its_own(tmp_path / "desk", shop) as (desk, port),
        EngineProcess(tmp_path / "desk", port) as engine,
        Wire(port) as wire,
    ):
        widget = Widget(page, shop.put("/", {"deskbell": f"http://127.0.0.1:{wire.port}"})).visit().open()
        widget.say("first")
        widget.until_text(".state", "You are number 1")
        written = ["first", *_committed_but_not_confirmed(widget, wire, desk)]
        engine.kill()
        wire.cut()
        widget.until_shown(written[-1], meta="Sending")
        widget.say("written while the desk was off")
        page.reload()
        widget.is_there().until_shown("written while the desk was off", meta="Sending")
        wire.restore()
        engine.start()
        widget.until_sent()
        widget.until_shown("written while the desk was off", meta="Sent")
        written.append("written while the desk was off")
        assert [one.text for one in widget.shown()] == written
        assert desk.ask(bodies) == written
        assert desk.ask(ids) == (len(written), len(written))


def _committed_but_not_confirmed(widget: Widget, wire: Wire, desk: Desk) -> list[str]:
    """Messages of which the last one is committed, and its ack was cut off with its first byte.

    The first word that comes back is mostly that ack, but it may be any other; then it is tried again.
    """
    written: list[str] = []
    while True:
        written.append(f"attempt {len(written) + 1}")
        wire.cut_after_down = wire.down + 1
        widget.say(written[-1])
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: written[-1] in desk.ask(bodies), 10, "the commit")
            return written
        wire.restore()
        widget.until_sent()


TABS, ROUNDS, EACH = 8, 5, 52


@pytest.mark.slow
def test_two_thousand_messages_with_faults_at_random(chromium: Chromium, tmp_path: Path) -> None:
    """2,080 messages by eight visitors: lines cut by chance and for a while, pages reloaded, the engine killed twice."""
    chance = random.Random(11)
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(Shop())
        desk, port = stack.enter_context(desk_of_its_own(tmp_path / "desk", shop, rate=2_000, burst=2_000))
        engine = stack.enter_context(EngineProcess(tmp_path / "desk", port))
        lines = [stack.enter_context(CuttingProxy(port, seed=one, cut_after=(3_000, 30_000))) for one in range(TABS)]
        pages = [stack.enter_context(chromium.page()) for _ in range(TABS)]
        urls = [shop.put(f"/{line.port}", {"deskbell": f"http://127.0.0.1:{line.port}"}) for line in lines]
        tabs = [Widget(each, url) for each, url in zip(pages, urls, strict=True)]
        for tab in tabs:
            tab.visit().open()
        sent = [
            text
            for turn in range(ROUNDS)
            for text in _one_round(turn, tabs, lines, desk, engine if turn in (1, 3) else None, chance)
        ]
        for line in lines:
            line.reopen()
        for tab in tabs:
            tab.until_sent()
        rows = desk.ask(bodies)
        assert len(rows) == len(sent) == TABS * ROUNDS * EACH
        assert Counter(rows) == Counter(sent), "every message is a row, once"
        every, different = desk.ask(ids)
        assert every == different
        answers = Counter(desk.ask(bodies, "out"))
        assert answers.total() > ROUNDS
        wait_until(lambda: not desk.ask(undelivered), 120, "every answer has arrived")
        for tab in tabs:
            _is_whole(tab)
        assert sum(line.cuts for line in lines) > TABS
        assert [each.problems() for each in pages] == [[]] * TABS


def _one_round(
    turn: int,
    tabs: list[Widget],
    lines: list[CuttingProxy],
    desk: Desk,
    engine: EngineProcess | None,
    chance: random.Random,
) -> list[str]:
    """Everybody writes; something breaks; somebody answers. What was written."""
    written = []
    for number, (tab, line) in enumerate(zip(tabs, lines, strict=True)):
        texts = [f"visitor {number}, round {turn}, message {one}" for one in range(EACH)]
        tab.say_many(texts[: EACH // 2])
        match chance.choice(("cut", "cut", "shut", "shut", "reload", "nothing")):
            case "cut":
                line.cut()
            case "shut":
                line.shut()
            case "reload":
                tab.page.reload()
                tab.is_there().until(at(".composer textarea"), "the composer")
        tab.say_many(texts[EACH // 2 :])
        written += texts
    if engine is not None:
        engine.kill()
        engine.start()
    for pile in ("waiting", "live"):
        for row in desk.ask(queries.chat_rows, pile=pile):
            desk.do(commands.send_chat, row.id, f"answer of round {turn}")
    for line in lines:
        line.reopen()
    return written


def undelivered(db: Session) -> int:
    """How many answers no visitor has confirmed."""
    return int(db.scalar(select(func.count()).select_from(Outbox).where(Outbox.delivered_at.is_(None))) or 0)


def _is_whole(tab: Widget) -> None:
    """What the page keeps is an unbroken row of numbers, each once, up to the last."""
    tab.until(f"{at('.log')} !== null", "the log")
    seqs = [line["seq"] for line in tab.kept("log")["lines"]]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert len(seqs) >= EACH
