"""Chat by ejabberd with the configuration of `docs/ejabberd.yml`; run where ejabberd is installed.

Prosody is the server that the product configures; this shows that nothing of the transport is Prosody's alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from app.chats import commands, queries
from app.connectors.chat import xmpp
from app.connectors.chat.xmpp_client import sign_in
from app.desk import Desk
from app.workers.chat.transports import calling_of
from tests.chats.test_widget_talk import PNG
from tests.chats.test_widget_xmpp import Site, website
from tests.chats.test_xmpp import counted
from tests.chats.web_guest import WebGuest
from tests.chats.widget import Widget, at
from tests.servers.chromium import Chromium, Page
from tests.servers.ejabberd import Ejabberd, is_here
from tests.servers.ports import wait_until

pytestmark = [
    pytest.mark.xdist_group("ejabberd"),
    pytest.mark.slow,
    pytest.mark.skipif(not is_here(), reason="not installed: ejabberd"),
]


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


@pytest.fixture
def site(desk: Desk) -> Iterator[Site]:
    with website(desk, Ejabberd) as found:
        yield found


def test_both_ways_reload_cut_file_and_a_desk_that_is_off(page: Page, site: Site, tmp_path: Path) -> None:
    widget, desk = Widget(page, site.address), site.line.desk
    picture = tmp_path / "frame.png"
    picture.write_bytes(PNG)
    with site.line.running():
        widget.visit().open()
        widget.say("Is it in stock?")
        widget.until_shown("Is it in stock?", own=True, meta="Sent")
        (row,) = site.rows()
        desk.do(commands.send_chat, row.id, "It is.")
        widget.until_shown("It is.", own=False)
        page.reload()
        widget.is_there().until_shown("It is.", own=False)
        site.web.shut()
        widget.say("typed while cut")
        desk.do(commands.send_chat, row.id, "said while cut")
        site.web.reopen()
        widget.until_shown("typed while cut", own=True, meta="Sent")
        widget.until_shown("said while cut", own=False)
        page.choose_files(at("input[type=file]"), [picture])
        widget.until_text(".chip", "frame.png")
        widget.say("Like this one")
        widget.until_shown("Like this one", own=True, meta="Sent")
        chat = desk.ask(queries.chat, row.id)
        assert chat is not None
        assert [(one.filename, one.content_type) for one in chat.lines[-1].files] == [("frame.png", "image/png")]
    widget.say("typed while the desk was off")
    widget.until_shown("typed while the desk was off", own=True)
    with site.line.running():
        wait_until(lambda: desk.ask(counted) == (6, 6, 6), 120, "all six are rows")
        widget.until_sent()
    assert Counter(one.text for one in widget.shown()).most_common(1)[0][1] == 1


@contextlib.asynccontextmanager
async def here(*guests: WebGuest) -> AsyncIterator[None]:
    """These guests stay connected."""
    async with aiohttp.ClientSession() as session:
        tasks = [asyncio.create_task(one.run(session)) for one in guests]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def guest(site: Site) -> WebGuest:
    server = site.line.server
    return WebGuest(server.account, server.guests, server.web, site.shop.origin, again_s=2.0)


def test_the_archive_gives_what_came_meanwhile_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guest has left before the desk is back: only the server knows."""
    monkeypatch.setattr(xmpp, "_PAGE", 3)
    line, wanted = site.line, 10

    async def write() -> None:
        bob = guest(site)
        async with here(bob):
            await bob.until(lambda: bob.is_up, "the guest is in")
            for n in range(wanted):
                await bob.say(f"meanwhile {n}")
            await bob.until_server_has_it()

    asyncio.run(write())
    with line.running():
        wait_until(lambda: line.desk.ask(counted) == (wanted,) * 3, 60, "all are rows")


def test_a_guest_speaks_to_nobody_but_the_desk(site: Site) -> None:
    async def try_it() -> None:
        bob, eve = guest(site), guest(site)
        async with here(bob, eve):
            await bob.until_frame("welcome")
            await eve.until_frame("welcome")
            eve.desk, desk = f"{bob.user}@{bob.host}", eve.desk
            bob.desk = f"{eve.user}@{eve.host}"
            heard = len(bob.frames)
            await eve.send({"t": "msg", "id": "e" * 32, "body": "I am the desk"})
            eve.desk = desk
            await eve.say("hello")
            await eve.until(lambda: len(eve.acked) == 1, "the desk hears eve")
            assert len(bob.frames) == heard

    with site.line.running():
        asyncio.run(try_it())
    assert site.line.desk.ask(counted)[0] == 1


def test_browsers_of_other_websites_are_refused(site: Site) -> None:
    origins = (site.shop.origin, "https://elsewhere.example", "")
    assert [asyncio.run(site.dial(origin)) for origin in origins] == [101, 403, 403]


def test_a_look_at_the_server_is_content_and_a_wrong_password_is_told(site: Site) -> None:
    line = site.line
    info = line.desk.ask(queries.channel, line.channel)
    assert info is not None
    asyncio.run(sign_in(calling_of(info), line.password))
    line.password = "wrong"
    with line.running("attention"):
        assert "password" in line.state()[1]
