"""Talking over the real wire: both ways, typing, read marks, files, ending, coming back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import aiohttp

from app.chats import commands, queries
from app.chats.commands.identifying import identity_signature
from app.kernel import clock
from tests.chats.conftest import Place, visiting
from tests.chats.visitor import Visitor


def test_both_ways(place: Place) -> None:
    async def talk() -> None:
        bob = Visitor(place.base, name="Bob", page="https://shop.example/cart?secret=1")
        async with visiting(bob):
            await bob.until_frame("welcome", state="")
            key = await bob.say("Is it in stock?")
            await bob.until_frame("ack", id=key)
            placed = await bob.until_frame("placed", id=key)
            assert placed["seq"] == 1
            (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
            assert (row.name, row.page, row.unread, row.position) == ("Bob", "https://shop.example/cart", 1, 1)
            place.desk.do(commands.send_chat, row.id, "It is.")
            answer = await bob.until_frame("msg", dir="out")
            assert (answer["body"], answer["seq"], answer["who"]) == ("It is.", 2, "Ann")
            await bob.until_frame("state", state="live", who="Ann")
            await bob.send({"t": "read", "seq": 2})
            await until(place, row.id, lambda chat: chat.lines[-1].read_at is not None)
            chat = place.desk.ask(queries.chat, row.id)
            assert chat is not None
            line = chat.lines[-1]
            assert line.state == "sent"
            assert line.delivered_at is not None

    asyncio.run(talk())


async def until(
    place: Place, conversation: UUID, condition: Callable[[queries.ChatView], bool], seconds: float = 60
) -> None:
    """Wait until the desk shows a chat so."""
    async with asyncio.timeout(seconds):
        while True:
            chat = await asyncio.to_thread(place.desk.ask, queries.chat, conversation)
            if chat is not None and condition(chat):
                return
            await asyncio.sleep(0.02)


def test_typing_both_ways_and_the_rep_reads(place: Place) -> None:
    async def talk() -> None:
        heard: list[dict[str, object]] = []
        quit_listening = place.desk.listen(
            lambda changes: heard.extend(dict(word.payload) for word in changes.signals if word.topic == "chat_typing")
        )
        bob = Visitor(place.base)
        async with visiting(bob):
            await bob.until_frame("welcome")
            key = await bob.say("Hello")
            await bob.until(lambda: key in bob.acked, "taken")
            (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
            await bob.send({"t": "typing", "on": True})
            await bob.until(lambda: any(one["who"] == "visitor" and one["on"] for one in heard), "the desk sees it")
            place.desk.do(commands.typing, row.id, True)
            await bob.until_frame("typing", on=True, who="Ann")
            place.desk.do(commands.mark_read, row.id, 1)
            await bob.until_frame("read", seq=1)
        quit_listening()

    asyncio.run(talk())


def test_a_second_tab_and_a_reload_see_everything_once(place: Place) -> None:
    async def talk() -> None:
        bob = Visitor(place.base)
        async with visiting(bob):
            await bob.until_frame("welcome")
            for number in range(5):
                await bob.say(f"word {number}")
            await bob.until(lambda: len(bob.acked) == 5, "taken")
            tab = Visitor(place.base, token=bob.token)
            async with visiting(tab):
                await tab.until(lambda: len(tab.got) == 5, "caught up")
                key = await tab.say("from the other tab")
                await bob.until(lambda: key in bob.got, "told to the first")
            assert [frame["seq"] for frame in tab.got.values()] == [1, 2, 3, 4, 5], "its own word is not told to it"
            assert not {*bob.acked} & {*bob.got}

    asyncio.run(talk())


def test_the_queue_the_end_and_the_score(place: Place) -> None:
    async def talk() -> None:
        bob, eve = Visitor(place.base, name="Bob"), Visitor(place.base, name="Eve")
        async with visiting(bob, eve):
            for one in (bob, eve):
                await one.until_frame("welcome")
                key = await one.say("Hi")
                await one.until(lambda one=one, key=key: key in one.acked, "taken")  # type: ignore[misc]
            await eve.until_frame("state", state="waiting", position=2)
            first = next(row for row in place.desk.ask(queries.chat_rows, pile="waiting") if row.name == "Bob")
            place.desk.do(commands.send_chat, first.id, "Hello Bob")
            await eve.until_frame("state", state="waiting", position=1)
            await bob.until_frame("state", state="live")
            await bob.send({"t": "end"})
            await bob.until_frame("state", state="ended", rate=True)
            await bob.send({"t": "rate", "score": 5, "comment": "quick"})
            await bob.until_frame("rated", score=5)
            await bob.send({"t": "rate", "score": 9})
            await bob.until_frame("no", id="rate")

    asyncio.run(talk())


def test_closing_time_is_told_to_who_is_here(place: Place) -> None:
    async def talk() -> None:
        bob = Visitor(place.base)
        async with visiting(bob):
            assert (await bob.until_frame("welcome"))["online"] is True
            await asyncio.to_thread(place.desk.do, commands.set_away, True)
            await bob.until_frame("online", online=False)

    asyncio.run(talk())


def test_what_was_said_while_nobody_was_here_comes_on_return(place: Place) -> None:
    async def talk() -> None:
        bob = Visitor(place.base)
        async with visiting(bob):
            await bob.until_frame("welcome")
            key = await bob.say("Call me later")
            await bob.until(lambda: key in bob.acked, "taken")
        (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
        await until(place, row.id, lambda chat: not chat.row.there)
        place.desk.do(commands.send_chat, row.id, "It is later")
        async with visiting(bob):
            await bob.until_frame("msg", body="It is later")
            await until(place, row.id, lambda chat: chat.lines[-1].delivered_at is not None)
            assert bob.doubled == 0

    asyncio.run(talk())


def test_a_blocked_visitor_is_out_at_once_and_for_good(place: Place) -> None:
    async def talk() -> None:
        eve = Visitor(place.base)
        async with visiting(eve):
            await eve.until_frame("welcome")
            key = await eve.say("pills")
            await eve.until(lambda: key in eve.acked, "taken")
            (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
            await asyncio.to_thread(place.desk.do, commands.block_visitor, row.visitor)
            await eve.until_frame("bye", reason="blocked")
            seen = len(eve.frames)
            await eve.until(lambda: any(one["t"] == "bye" for one in eve.frames[seen:]), "and again at the next hello")

    asyncio.run(talk())


def test_the_sites_signature_proves_who_it_is(place: Place) -> None:
    async def talk() -> None:
        at = int(clock.now().timestamp())
        bob = Visitor(place.base)
        bob.identity = {
            "email": "bob@example.org", "name": "Bob", "at": at,
            "sig": identity_signature("Bob", "bob@example.org", at, "the site's own key"),
        }  # fmt: skip
        async with visiting(bob):
            await bob.until_frame("welcome")
            key = await bob.say("Hi")
            await bob.until(lambda: key in bob.acked, "taken")
            (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
            await until(place, row.id, lambda chat: chat.row.verified and chat.row.name == "Bob")

    asyncio.run(talk())


def test_pages_of_the_server(place: Place) -> None:
    async def look() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{place.base}/") as answer:
                assert (answer.status, answer.url.path) == (200, "/demo")
            async with session.get(f"{place.base}/widget.js") as answer:
                assert answer.content_type == "text/javascript"
            async with session.options(f"{place.base}/offline", headers={"Origin": "https://evil.example"}) as answer:
                assert answer.status == 403
            async with session.options(f"{place.base}/offline", headers={"Origin": place.base}) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == place.base

    asyncio.run(look())
