"""Reaching the server from outside: by a certificate of one's own, and behind a proxy that ends TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import WSMsgType, web

from app.chats import commands, queries
from app.chats.rules import ChannelSettings
from app.desk import Desk
from tests.chats.conftest import Place, running
from tests.chats.visitor import Visitor
from tests.servers.certs import Authority
from tests.servers.ports import free_ports


def test_by_a_certificate_of_ones_own(desk: Desk, authority: Authority) -> None:
    leaf = authority.leaf()

    async def talk(place: Place) -> None:
        base = f"https://localhost:{place.port}"
        trust = ssl.create_default_context(cafile=str(authority.ca))
        bob = Visitor(base)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
            task = asyncio.create_task(bob.run(session))
            await bob.until_frame("welcome")
            key = await bob.say("over TLS")
            await bob.until(lambda: key in bob.acked, "taken")
            task.cancel()
            bob.cut()  # a goodbye by TLS would outlive the loop
            await asyncio.gather(task, return_exceptions=True)

    with running(desk, certificate=str(leaf.cert), key=str(leaf.key)) as place:
        asyncio.run(talk(place))


def test_a_certificate_that_cannot_be_read_is_said_and_mended(desk: Desk, authority: Authority, tmp_path: Path) -> None:
    with running(desk) as place:
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("no certificate")
        settings = ChannelSettings(port=place.port, certificate=str(wrong), key=str(wrong))
        desk.do(commands.change_channel, place.channel, settings=settings)
        place.until_state("attention")
        leaf = authority.leaf()
        settings = ChannelSettings(port=place.port, certificate=str(leaf.cert), key=str(leaf.key))
        desk.do(commands.change_channel, place.channel, settings=settings)
        place.until_state("ok")
        desk.do(commands.change_channel, place.channel, on=False)
        place.until_state("offline")


@contextlib.asynccontextmanager
async def proxy(target: int, address: str) -> AsyncIterator[int]:
    """A small reverse proxy under the path /desk, as nginx and Caddy do it; it says that `address` asked."""
    (port,) = free_ports(1)

    async def pass_on(request: web.Request) -> web.StreamResponse:
        url = f"http://127.0.0.1:{target}/{request.match_info['rest']}"
        headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "chat.example", "Host": f"127.0.0.1:{target}"}
        headers["Origin"] = request.headers.get("Origin", "")
        async with aiohttp.ClientSession() as session:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                async with session.request(request.method, url, headers=headers, allow_redirects=False) as answer:
                    kept = {name: answer.headers[name] for name in ("Location",) if name in answer.headers}
                    return web.Response(status=answer.status, body=await answer.read(), headers=kept)
            here = web.WebSocketResponse()
            async with session.ws_connect(url, headers=headers) as there:
                await here.prepare(request)
                await asyncio.wait(
                    [asyncio.create_task(_pump(here, there)), asyncio.create_task(_pump(there, here))],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            return here

    app = web.Application()
    app.router.add_route("*", "/desk/{rest:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


async def _pump(
    one: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    other: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    async for message in one:
        if message.type is not WSMsgType.TEXT:
            break
        await other.send_str(message.data)


def test_behind_a_proxy_every_visitor_is_counted_by_their_own_address(desk: Desk) -> None:
    async def talk(place: Place) -> None:
        async with (
            proxy(place.port, "203.0.113.7") as one,
            proxy(place.port, "203.0.113.8") as other,
            aiohttp.ClientSession() as session,
        ):
            people = [
                Visitor(f"http://127.0.0.1:{port}/desk", origin="https://chat.example") for port in (one, one, other)
            ]
            tasks = [asyncio.create_task(each.run(session)) for each in people]
            await people[2].until_frame("welcome")
            await people[0].until(lambda: bool(people[0].welcome or people[1].welcome), "one of the two")
            await asyncio.sleep(0)
            assert not (people[0].welcome and people[1].welcome), "the first address has one place"
            key = await people[2].say("through the proxy")
            await people[2].until(lambda: key in people[2].acked, "taken")
            async with session.get(f"http://127.0.0.1:{one}/desk/") as answer:
                assert answer.url.path == "/desk/demo", "pages lie below the proxy's path"
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with running(
        desk, sockets_per_ip=1, trusted_proxies=("127.0.0.1",), public_url="https://chat.example/desk"
    ) as place:
        asyncio.run(talk(place))
        assert len(desk.ask(queries.chat_rows, pile="waiting")) == 1
