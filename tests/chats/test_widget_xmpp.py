"""The widget over XMPP in a real browser, against a real Prosody with the configuration that the product writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from app.automation.rules import hours_of, to_text
from app.chats import commands, queries
from app.chats.rules import server_topic
from app.conversations.commands import NewFile
from app.conversations.mailboxes import add_mailbox
from app.desk import Desk
from app.kernel import secrets
from app.kernel.state import options, signals
from app.people.photos import set_photo
from app.surveys.tables import SurveyResponse
from tests.chats.engine import EngineProcess
from tests.chats.shop import Shop
from tests.chats.test_widget_faults import bodies
from tests.chats.test_widget_letters import BOX, letters
from tests.chats.test_widget_talk import PNG
from tests.chats.test_xmpp import Line, counted, make_line
from tests.chats.widget import ROOT, Widget, at
from tests.servers.chromium import Chromium, Page
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.ejabberd import Ejabberd
from tests.servers.ports import wait_until
from tests.servers.prosody import Prosody, is_here
from tests.servers.wire import Wire

pytestmark = [pytest.mark.xdist_group("prosody"), pytest.mark.slow]


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


@dataclass
class Site:
    """A website with the widget on it, the server that it names, and the desk that calls there. `web`: cuts the browser's
    line.
    """

    shop: Shop
    line: Line
    web: CuttingProxy
    address: str

    def rows(self) -> tuple[queries.ChatRow, ...]:
        return (*self.line.rows("waiting"), *self.line.rows("live"))

    async def dial(self, origin: str) -> int:
        """The HTTP status that the browser of a page from there gets when it calls the server: 101 means that they talk."""
        url = f"http://127.0.0.1:{self.line.server.web}/xmpp-websocket"
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(url, headers={"Origin": origin}, protocols=("xmpp",)):
                    return 101
            except aiohttp.WSServerHandshakeError as error:
                return error.status


@contextlib.contextmanager
def website(desk: Desk, serving: Callable[[tuple[str, ...]], Prosody | Ejabberd]) -> Iterator[Site]:
    """A website whose widget talks over the server that `serving` starts for its origin."""
    with Shop() as shop, serving((shop.origin,)) as server, CuttingProxy(server.web) as web:
        words = {
            "xmpp": f"ws://127.0.0.1:{web.port}/xmpp-websocket",
            "guests": server.guests,
            "to": server.account,
            "upload": "upload.localhost",
        }
        address = shop.put("/", words, script="deskbell-chat-xmpp.js")
        yield Site(shop, make_line(desk, server, server.port), web, address)


@pytest.fixture
def site(desk: Desk) -> Iterator[Site]:
    if not is_here():
        pytest.fail("not installed: prosody; `make test` installs it")
    with website(desk, Prosody) as found:
        yield found


def test_both_ways_reload_cut_and_a_desk_that_is_off(page: Page, site: Site) -> None:
    widget = Widget(page, site.address)
    with site.line.running():
        widget.visit().open()
        widget.say("Is it in stock?")
        widget.until_shown("Is it in stock?", own=True, meta="Sent")
        (row,) = site.rows()
        site.line.desk.do(commands.send_chat, row.id, "It is.")
        widget.until_shown("It is.", own=False)
        page.reload()
        widget.is_there()
        widget.until_shown("It is.", own=False)
        site.web.shut()
        widget.say("typed while cut")
        site.line.desk.do(commands.send_chat, row.id, "said while cut")
        site.web.reopen()
        widget.until_shown("typed while cut", own=True, meta="Sent")
        widget.until_shown("said while cut", own=False)
    widget.say("typed while the desk was off")
    widget.until_shown("typed while the desk was off", own=True)
    with site.line.running():
        wait_until(lambda: site.line.desk.ask(counted) == (5, 5, 5), 120, "all five are rows")
        widget.until_sent()
    assert Counter(one.text for one in widget.shown()).most_common(1)[0][1] == 1


def test_an_engine_killed_between_commit_and_ack(page: Page, site: Site) -> None:
    """The engine's line to the server holds back from its first byte on what the engine says after a commit; then SIGKILL."""
    desk, server = site.line.desk, site.line.server
    with Wire(server.port) as wire:
        line = make_line(desk, server, wire.port)
        desk.do(commands.remove_channel, site.line.channel)
        info = desk.ask(queries.channel, line.channel)
        assert info is not None
        secret = secrets.line(info.secret_ref, server.password)
        with EngineProcess(desk.workspace.folder, secret=secret, is_open=lambda: line.state()[0] == "ok") as engine:
            widget = Widget(page, site.address).visit().open()
            widget.say("first")
            widget.until_shown("first", own=True, meta="Sent")
            written = ["first", *_committed_but_not_confirmed(widget, wire, desk)]
            engine.kill()
            wire.cut()
            widget.until_shown(written[-1], own=True, meta="Sending")
            widget.say("written while the desk was off")
            page.reload()
            widget.is_there().until_shown("written while the desk was off", own=True)
            desk.work(lambda tx: signals.send(tx, server_topic(line.channel), {"state": "none"}))
            wire.restore()
            engine.start()
            widget.until_sent(120)
            written.append("written while the desk was off")
            assert [one.text for one in widget.shown()] == written
            assert desk.ask(bodies) == written
            assert desk.ask(counted) == (len(written),) * 3


def _committed_but_not_confirmed(widget: Widget, wire: Wire, desk: Desk) -> list[str]:
    """Messages of which the last one is committed, and nothing of what the engine said since has come through.

    What the engine says next is mostly that ack, but may be a word to the server; then it is tried again.
    """
    written: list[str] = []
    while True:
        written.append(f"attempt {len(written) + 1}")
        wire.hold_after_up = wire.up + 1
        widget.say(written[-1])
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: written[-1] in desk.ask(bodies) and wire.held.is_set(), 10, "the commit")
            return written
        wire.restore()
        widget.until_sent(120)


def test_a_file_of_the_visitor_lies_at_the_desk(page: Page, site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "frame.png"
    picture.write_bytes(PNG)
    widget = Widget(page, site.address)
    with site.line.running():
        widget.visit().open()
        page.choose_files(at("input[type=file]"), [picture])
        widget.until_text(".chip", "frame.png")
        widget.say("Like this one")
        widget.until_shown("Like this one", own=True, meta="Sent")
        (row,) = site.rows()
        chat = site.line.desk.ask(queries.chat, row.id)
        assert chat is not None
        assert [(one.filename, one.content_type) for one in chat.lines[-1].files] == [("frame.png", "image/png")]


def test_a_file_of_the_rep_is_shown_to_the_visitor(page: Page, site: Site) -> None:
    """The visitor cannot come to the desk for it: it goes to where the server keeps files. A small picture of who answers
    comes along with the words.
    """
    widget, desk = Widget(page, site.address), site.line.desk
    ours = desk.packs.append(PNG)
    desk.packs.flush()
    me = desk.me()
    assert me is not None
    desk.work(set_photo, me, PNG)
    with site.line.running():
        widget.visit().open().say("What does it look like?")
        widget.until_shown("What does it look like?", own=True, meta="Sent")
        (row,) = site.rows()
        desk.do(commands.send_chat, row.id, "Like this", [NewFile("ours.png", "image/png", ours)])
        widget.until_shown("Like this", own=False)
        widget.until(f"{at('.row.out img.pic')}?.naturalWidth === 1", "the desk's picture is loaded")
        widget.until(f"{at('header .face canvas')}", "who answers")


def test_what_is_left_while_nobody_is_there_waits_for_no_place(page: Page, site: Site) -> None:
    """The form is a word over XMPP; it is answered by mail, so the visitor is not told of a queue."""
    widget, desk = Widget(page, site.address), site.line.desk
    desk.do(commands.set_away, True)
    with site.line.running():
        widget.visit().open()
        widget.until_text(".slot", "Leave us your question. We answer by e-mail.")
        widget.fill(name="Elena Ruiz", email="elena@shop.example", text="Do you ship to Spain?")
        page.click(at(".slot .primary"))
        widget.until_shown("Do you ship to Spain?", own=True, meta="Sent")
        widget.until_text(".state", "elena@shop.example")
        (row,) = site.rows()
        assert (row.name, row.email, row.verified) == ("Elena Ruiz", "elena@shop.example", False)


def test_what_somebody_new_leaves_while_the_desk_is_off_waits_at_the_server(page: Page, site: Site) -> None:
    """They have never met the desk, and close the page before it is back."""
    widget = Widget(page, site.address).visit()
    page.click(at(".bub"))
    widget.until_text(".slot", "Leave us your question. We answer by e-mail.")
    widget.fill(name="Elena Ruiz", email="elena@shop.example", text="Do you ship to Spain?")
    page.click(at(".slot .primary"))
    kept = site.line.server.folder / "data"
    wait_until(lambda: any(b"ship to Spain" in one.read_bytes() for one in kept.rglob("*.list")), 60, "the archive")
    page.go("about:blank")
    with site.line.running():
        wait_until(lambda: bool(site.rows()), 60, "the ticket")
        (row,) = site.rows()
        assert (row.name, row.email, row.verified) == ("Elena Ruiz", "elena@shop.example", False)
        page.go(site.address)
        widget.is_there().until_shown("Do you ship to Spain?", own=True, meta="Sent")
        assert site.line.desk.ask(counted) == (1, 1, 1)


def test_a_whole_chat_by_keyboard(page: Page, site: Site) -> None:
    """Who are you, the place in the queue, an answer, the end, a rating, and all of it by mail."""
    widget, line = Widget(page, site.address), site.line
    line.desk.do(add_mailbox, BOX)
    info = line.desk.ask(queries.channel, line.channel)
    assert info is not None
    line.desk.do(commands.change_channel, line.channel, settings=replace(info.settings, prechat=True))
    with line.running():
        widget.visit()
        page.js(f"{at('.bub')}.focus()")
        page.key("Enter")
        widget.until(f"{ROOT}.activeElement?.id.startsWith('db-name')", "the first field has the keyboard")
        for words in ("Elena Ruiz", "elena@shop.example", "Is it in stock?"):
            page.type(words)
            page.key("Tab")
        page.key("Enter")
        widget.until_text(".state", "You are number 1")
        (row,) = line.rows("waiting")
        line.desk.do(commands.send_chat, row.id, "It is.")
        widget.until_shown("It is.", own=False)
        page.js(f"{at('header [aria-haspopup=menu]')}.focus()")
        page.key("Enter")
        page.key("ArrowUp")
        page.key("Enter")
        widget.until(f"{ROOT}.activeElement?.textContent === 'End the chat'", "it is asked once more")
        page.key("Enter")
        widget.until(at(".rate"), "a rating is asked for")
        page.js(f"{at('.rate input')}.focus()")
        page.key("Space")
        for _ in range(3):
            page.key("ArrowRight")
        page.key("Tab")
        page.type("Quick and kind")
        page.key("Tab")
        page.key("Enter")
        widget.until_text(".state", "Thank you for your answer.")
        page.js(f"{at('.foot')}.focus()")
        page.key("Enter")
        widget.until(f"{ROOT}.activeElement?.value === 'elena@shop.example'", "the address is filled in")
        page.key("Enter")
        widget.until_text(".note", "It is on its way to elena@shop.example.")
        (score,) = line.desk.ask(lambda db: db.execute(select(SurveyResponse.score, SurveyResponse.comment)).all())
        assert (score.score, score.comment) == (4, "Quick and kind")
        assert "It is." in line.desk.ask(letters)[-1]


def test_hours_end_while_a_page_is_open(page: Page, site: Site) -> None:
    widget, line = Widget(page, site.address), site.line
    with line.running():
        widget.visit().open()
        widget.until_text("header", "We are here")
        line.desk.do(options.put, "chat_hours", to_text(hours_of("UTC", {})))
        widget.until_text(".slot", "Leave us your question. We answer by e-mail.")
        line.desk.do(options.put, "chat_hours", "")
        widget.until(f"{at('.slot .composer')}", "one may write again")


def test_browsers_of_other_websites_are_refused(site: Site) -> None:
    origins = (site.shop.origin, "https://elsewhere.example", "")
    assert [asyncio.run(site.dial(origin)) for origin in origins] == [101, 403, 403]
