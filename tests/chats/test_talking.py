"""Talking over the real wire: both ways, typing, read marks, files, ending, coming back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from app.chats import commands, queries
from tests.chats.conftest import Place, visiting
from tests.chats.visitor import Visitor


def test_both_ways(place: Place) -> None:
    async def talk() -> None:
        bob = Visitor(place.base, name="Bob", page="https://shop.example/cart?secret=1")
        async with visiting(bob):
            await bob.until_frame("welcome", state="")
            key = await bob.say("Is it in stock?")
            ack = await bob.until_frame("ack", id=key)
            assert ack["seq"] == 1
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
