"""A hostile client costs the desk a log line at most: foreign sites, floods, forged tokens, lies in letters and files."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import secrets
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest

from app.chats import queries
from app.chats.rules import clean_page, clean_text, origin_of
from app.connectors.chat.builtin import BuiltinChat, Serving
from app.connectors.chat.frames import parse
from app.connectors.chat.limits import Bucket, Hourly, client_address, networks
from app.connectors.chat.origins import origins
from app.connectors.chat.protocol import BadFrameError, Door
from app.desk import Desk
from app.kernel.errors import UserError
from app.mime.files.kinds import kind_of
from tests.chats.conftest import Place, running, visiting
from tests.chats.visitor import Visitor, new_token
from tests.servers.ports import free_ports, listens

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200


def rows(desk: Desk) -> int:
    return sum(len(desk.ask(queries.chat_rows, pile=pile)) for pile in ("waiting", "live", "ended"))


async def ended_with(place: Place, *frames: Any, origin: str = "") -> str:
    """The reason of the `bye` after these frames."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{place.base}/chat", headers={"Origin": origin or place.base}) as wire,
    ):
        for frame in frames:
            await wire.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        async with asyncio.timeout(60):
            async for message in wire:
                said = json.loads(message.data)
                if said["t"] == "bye":
                    return str(said["reason"])
        return f"closed {wire.close_code}"


HELLO = {"t": "hello", "v": 1, "token": new_token(), "conversation": "", "after": 0}


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (["nonsense"], "frame"),
        (["[" * 5_000], "frame"),
        ([{"t": "msg", "id": "a" * 32, "body": "before hello"}], "hello"),
        ([{**HELLO, "token": "short"}], "hello"),
        ([{**HELLO, "token": "é" * 43}], "hello"),
        ([{**HELLO, "v": 2}], "version"),
        ([{**HELLO, "after": -1}], "frame"),
        ([{**HELLO, "after": True}], "frame"),
        ([HELLO, {"t": "msg", "id": "../../etc", "body": "x"}], "frame"),
        ([HELLO, {"t": "msg", "id": "a" * 32, "body": ["x"]}], "frame"),
        ([HELLO, {"t": "msg", "id": "a" * 32, "body": "x", "files": ["../x"]}], "frame"),
        ([HELLO, {"t": "nothing"}], "frame"),
        ([HELLO, {"t": "msg", "id": "a" * 32, "body": "x" * 17_000}], "closed 1009"),
        ([HELLO, *[{"t": "typing", "on": True}] * 400], "flood"),
    ],
    ids=range(14),
)
def test_what_is_no_protocol_ends_the_line_and_stores_nothing(place: Place, frames: list[Any], reason: str) -> None:
    assert asyncio.run(ended_with(place, *frames)) == reason
    assert rows(place.desk) == 0


def test_foreign_sites_and_programs_without_one_are_kept_out(desk: Desk) -> None:
    async def status(place: Place, headers: dict[str, str], path: str = "/chat") -> int:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(place.base + path, headers=headers):
                    return 101
            except aiohttp.WSServerHandshakeError as error:
                return error.status

    with running(desk, origins=("https://shop.example",)) as place:

        def ask(**headers: str) -> int:
            return asyncio.run(status(place, headers))

        assert ask(Origin="https://shop.example") == 101
        assert ask(Origin=place.base) == 101
        assert ask(Origin="https://shop.example.evil.example") == 403
        assert ask(Origin="http://shop.example") == 403
        assert ask(Origin="null") == 403
        assert ask() == 403
        rebound = f"http://evil.example:{place.port}"
        assert ask(Origin=rebound, Host=f"evil.example:{place.port}") == 403


def test_own_pages_are_known_by_address_never_by_what_the_host_header_says() -> None:
    rule = origins(["https://shop.example"], "https://chat.example/x", "http")
    assert rule.allows("https://chat.example", "anything")
    assert rule.allows("http://192.168.1.5:8466", "192.168.1.5:8466")
    assert rule.allows("http://localhost:8466", "localhost:8466")
    assert not rule.allows("http://192.168.1.5:8466", "192.168.1.6:8466")
    assert not rule.allows("http://rebound.example:8466", "rebound.example:8466")
    assert not rule.allows("", "localhost")


def test_more_words_than_anybody_types_have_to_wait_and_are_not_lost(place: Place) -> None:
    async def flood() -> None:
        eve = Visitor(place.base)
        async with visiting(eve):
            await eve.until_frame("welcome")
            for number in range(24):
                await eve.say(f"buy {number}")
            await eve.until_frame("slow")
            assert len(eve.acked) <= 22
            await eve.until(lambda: len(eve.acked) == 24, "the rest came later", 60)

    asyncio.run(flood())
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    assert row.unread == 24


def test_one_address_begins_only_so_many_chats_and_opens_only_so_many_lines(desk: Desk) -> None:
    async def many(place: Place) -> list[Visitor]:
        people = [Visitor(place.base) for _ in range(5)]
        async with visiting(*people):
            await people[0].until(lambda: sum(bool(one.welcome) for one in people) == 4, "four are in", 60)
            for one in [each for each in people if each.welcome]:
                key = await one.say("hello")
                await one.until(
                    lambda one=one, key=key: key in one.acked or any(f["t"] == "slow" for f in one.frames),  # type: ignore[misc]
                    "an answer",
                )
        return people

    with running(desk, sockets_per_ip=4, new_per_hour=2) as place:
        people = asyncio.run(many(place))
        assert sum(len(one.acked) for one in people) == 2
        assert len(desk.ask(queries.chat_rows, pile="waiting")) == 2


def test_whoever_stops_the_server_while_it_starts_gets_the_port_back() -> None:
    """At each turn of the loop once; the next server on this port would find it taken."""

    async def stopped(turns: int) -> bool:
        (port,) = free_ports(1)
        task = asyncio.create_task(BuiltinChat(Serving(port=port), cast(Door, None)).run())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled() and not listens(port)

    async def all_of_them() -> list[int]:
        return [turns for turns in range(12) if not await stopped(turns)]

    assert asyncio.run(all_of_them()) == []


@contextlib.asynccontextmanager
async def serving(sockets: int, silent_s: float) -> AsyncIterator[int]:
    """The web server alone: whoever asks for its pages needs no desk. Its port."""
    (port,) = free_ports(1)
    chat = BuiltinChat(Serving(port=port, sockets_per_ip=sockets, silent_s=silent_s), cast(Door, None))
    work = asyncio.ensure_future(chat.run())
    try:
        async with asyncio.timeout(60):
            await chat.is_serving.wait()
            yield port
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def is_cut(reader: asyncio.StreamReader) -> bool:
    """Wait until the server says something or ends the connection; True for the latter."""
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


def test_a_connection_that_asks_for_nothing_is_ended() -> None:
    async def try_it() -> None:
        async with serving(sockets=1, silent_s=0.2) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a letter a minute")
            assert await is_cut(reader)
            writer.close()
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/demo") as answer:
                assert answer.status == 200

    asyncio.run(try_it())


def test_one_address_has_so_many_connections_whatever_it_does_with_them() -> None:
    async def try_it() -> None:
        async with serving(sockets=1, silent_s=300) as port:
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(41)]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await is_cut(reader)
            assert not any(one.at_eof() for one, _ in held)
            writer.close()
            held[0][1].write(b"GET /demo HTTP/1.0\r\n\r\n")
            assert (await held[0][0].read()).startswith(b"HTTP/1.0 200")
            for _, one in held:
                one.close()

    asyncio.run(try_it())


def test_what_is_no_http_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def try_it() -> None:
        async with serving(sockets=1, silent_s=300) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n")
            assert not await is_cut(reader)
            writer.close()

    with caplog.at_level(logging.INFO):
        asyncio.run(try_it())
    (record,) = [one for one in caplog.records if "HTTP" in one.getMessage()]
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert "127.0.0.1" not in record.getMessage()


def test_a_full_house_says_so(desk: Desk) -> None:
    async def third(place: Place) -> str:
        people = [Visitor(place.base), Visitor(place.base)]
        async with visiting(*people):
            for one in people:
                await one.until_frame("welcome")
            return await ended_with(place, HELLO)

    with running(desk, max_visitors=2) as place:
        assert asyncio.run(third(place)) == "full"


async def post(place: Place, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Origin": place.base, **more.pop("headers", {})}
    async with (
        aiohttp.ClientSession() as session,
        session.post(place.base + path, headers=headers, **more) as answer,
    ):
        return answer.status, json.loads(await answer.text() or "{}")


FORM = {"token": new_token(), "id": secrets.token_hex(16), "name": "Ann", "email": "ann@example.org", "text": "Call me",
        "page": "", "lang": "en", "typed_ms": 9_000, "website": ""}  # fmt: skip


def test_the_form_takes_people_and_throws_programs_away(place: Place) -> None:
    def send(**changed: Any) -> tuple[int, dict[str, Any]]:
        return asyncio.run(post(place, "/offline", json=FORM | changed))

    assert send(website="http://spam.example")[0] == 202, "a program does not learn that it was seen through"
    assert send(typed_ms=100) == (400, {"error": "fast"})
    assert send(email="no address") == (400, {"error": "email"})
    assert send(text=" \n ") == (400, {"error": "text"})
    assert send(text="x" * 4_001) == (400, {"error": "long"})
    assert send(token="x")[0] == 400
    assert rows(place.desk) == 0
    assert send()[0] == send()[0] == 202
    (row,) = place.desk.ask(queries.chat_rows, pile="ended")
    assert (row.state, row.email, row.verified) == ("missed", "ann@example.org", False)


def test_a_form_that_comes_in_pieces_is_taken_whole(place: Place) -> None:
    async def piece_by_piece() -> AsyncIterator[bytes]:
        whole = json.dumps(FORM | {"text": "Ещё раз " * 400}).encode()
        yield whole[:1000]
        async with aiohttp.ClientSession() as session, session.get(f"{place.base}/demo") as page:
            await page.read()  # by then the server has the first piece
        yield whole[1000:]

    assert asyncio.run(post(place, "/offline", data=piece_by_piece()))[0] == 202
    assert rows(place.desk) == 1


def test_files_are_what_they_begin_like(place: Place) -> None:
    async def try_all() -> None:
        bob, eve = Visitor(place.base), Visitor(place.base)

        async def give(who: Visitor, data: bytes, name: str = "photo.png") -> tuple[int, dict[str, Any]]:
            headers = {"Authorization": f"Bearer {who.token}", "X-File-Name": name}
            return await post(place, "/file", data=io.BytesIO(data), headers=headers)

        async with visiting(bob, eve):
            for one in (bob, eve):
                await one.until_frame("welcome")
            assert (await give(bob, b"MZ\x90\x00 a program"))[0] == 415
            assert (await give(bob, b"<html><script>alert(1)</script>"))[0] == 415
            assert (await give(bob, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.png"))[0] == 415
            assert (await give(bob, PNG + b"x" * (5 * 1024 * 1024)))[0] == 413
            assert (await give(Visitor(place.base), PNG))[0] == 401
            status, kept = await give(bob, PNG, "..%2F..%2Fevil%E2%80%AEgnp.exe")
            assert status == 201
            key = await eve.say("mine now", files=[kept["id"]])
            await eve.until(lambda: key in eve.refused, "a stranger's file is refused")
            assert eve.refused[key] == "file"
            await bob.say("look", files=[kept["id"]])
            await bob.until(lambda: len(bob.acked) == 1, "taken")
            await fetch(bob, place)

    asyncio.run(try_all())


async def fetch(bob: Visitor, place: Place) -> None:
    """Another tab sees the file under an address that only its visitor knows."""
    tab = Visitor(place.base, token=bob.token)
    async with visiting(tab) as session:
        shown = await tab.until_frame("msg", dir="in")
        (file,) = shown["files"]
        assert (file["type"], file["name"]) == ("image/png", "evilgnp.exe.png")
        async with session.get(f"{place.base}/{file['url']}") as answer:
            assert await answer.read() == PNG
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        async with session.get(f"{place.base}/file/{file['id']}?k={'0' * 32}") as answer:
            assert answer.status == 404
        async with session.get(f"{place.base}/file/not-an-id?k=") as answer:
            assert answer.status == 404


def test_words_that_lie_about_their_order_are_straightened(place: Place) -> None:
    async def say() -> None:
        eve = Visitor(place.base, name="Ann\u202e (staff)\x00", page="javascript:alert(1)")
        async with visiting(eve):
            await eve.until_frame("welcome")
            await eve.say("pay \u202e001\u202c <b>now</b>\x07\ud800")
            await eve.until(lambda: len(eve.acked) == 1, "taken")

    asyncio.run(say())
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    assert (row.name, row.page, row.snippet) == ("Ann (staff)", "", "pay 001 <b>now</b>")


def test_texts() -> None:
    assert clean_text("a\r\nb\u2066c\u2069\ufeff") == "a\nbc"
    assert clean_text("👩‍👩‍👧 ok") == "👩‍👩‍👧 ok"
    assert clean_text("\n" * 50 + "x" + "\n" * 50 + "y") == "x\n\n\n\ny"
    assert clean_page("https://u:p@shop.example/a?token=1#x") == "https://shop.example/a"
    assert clean_page("ftp://x") == clean_page("http://[") == ""
    assert origin_of("shop.example/page") == "https://shop.example"
    assert origin_of("http://x.example:80") == "http://x.example"
    with pytest.raises(UserError):
        origin_of("javascript:alert(1)")


def test_kinds_of_files() -> None:
    assert kind_of("Grüße\n".encode()) == "text/plain"
    assert kind_of(b"%PDF-1.7 ...") == "application/pdf"
    assert kind_of(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert kind_of(b"GIF89a\x01\0") == kind_of(b"") == kind_of(b"PK\x03\x04") == kind_of(b"\xef\xbb\xbf<html>") == ""


def test_the_address_behind_proxies_is_the_last_that_is_not_ours() -> None:
    ours = networks(["127.0.0.1", "10.0.0.0/8"])
    assert client_address("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.1.1.1", ours) == "203.0.113.9"
    assert client_address("203.0.113.9", "1.2.3.4", ours) == "203.0.113.9", "a stranger's word about itself is nothing"
    assert client_address("127.0.0.1", "nonsense", ours) == "127.0.0.1"
    assert client_address("2001:db8::1", "", ours) == client_address("2001:db8::2", "", ours) == "2001:db8::/64"


def test_limits_count() -> None:
    bucket = Bucket(2.0, 3.0)
    assert [bucket.take(0) == 0 for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5) == 0
    hourly = Hourly(2)
    for now in (0.0, 10.0):
        assert not hourly.is_full("a", now)
        hourly.note("a", now)
    assert hourly.is_full("a", 20)
    assert not hourly.is_full("b", 20)
    assert not hourly.is_full("a", 3_605)


def test_frames_are_read_strictly() -> None:
    with pytest.raises(BadFrameError):
        parse('{"t": "read", "seq": 1e3}')
    with pytest.raises(BadFrameError):
        parse('{"t": ["msg"]}')
