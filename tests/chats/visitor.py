"""A visitor without a browser: speaks deskbell-chat/1 as the widget does, with an outbox that outlives every line.

`kept`: what the desk has promised not to lose; `acked`: what it has told the place of.

Loss-free by the rules of the protocol: an id made once, sent again on every connection until it is acknowledged, `after` for
what was missed, everything known by its id.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

Frame = dict[str, Any]


def new_token() -> str:
    """A token as the widget makes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


class Visitor:
    """One browser. `run` keeps a connection up until cancelled; `say` may be called at any time."""

    def __init__(self, base: str, *, token: str = "", origin: str = "", name: str = "", page: str = "") -> None:
        self.base, self.token, self.origin = base, token or new_token(), origin or base
        self.name, self.page = name, page
        self.conversation = ""
        self.after = 0
        self.outbox: dict[str, Frame] = {}
        self.kept: set[str] = set()
        self.acked: dict[str, Frame] = {}
        self.refused: dict[str, str] = {}
        self.got: dict[str, Frame] = {}
        self.frames: list[Frame] = []
        self.doubled = 0
        self.connects = 0
        self.welcome: Frame = {}
        self.identity: Frame | None = None
        self._wire: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Event()

    @property
    def who(self) -> bytes:
        return hashlib.sha256(self.token.encode()).digest()

    async def run(self, session: aiohttp.ClientSession, *, pause_s: float = 0.02) -> None:
        """Connect, and again whenever the line is gone, until cancelled."""
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self.connect_once(session)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))

    async def connect_once(self, session: aiohttp.ClientSession) -> None:
        """One connection, from hello until it is gone."""
        url = self.base.replace("http", "ws", 1) + "/chat"
        timeout = aiohttp.ClientWSTimeout(ws_close=2.0)
        async with session.ws_connect(url, headers={"Origin": self.origin}, timeout=timeout) as wire:
            await wire.send_json(self.hello())
            self._wire = wire
            try:
                async for message in wire:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    await self._hear(json.loads(message.data), wire)
            finally:
                self._wire = None

    def hello(self) -> Frame:
        return {
            "t": "hello", "v": 1, "token": self.token, "conversation": self.conversation, "after": self.after,
            "page": self.page, "lang": "en", "name": self.name, "identity": self.identity,
        }  # fmt: skip

    def outs(self) -> list[Frame]:
        """What the desk said, as far as it came."""
        return [frame for frame in self.got.values() if frame["dir"] == "out"]

    async def say(self, body: str, **more: Any) -> str:
        """Write to the outbox, then send if there is a line; the id."""
        key = secrets.token_hex(16)
        self.outbox[key] = {"t": "msg", "id": key, "body": body, **more}
        await self.send(self.outbox[key])
        return key

    async def send(self, frame: Frame) -> None:
        """Send a frame if there is a line that was welcomed."""
        if self._wire is not None and self.welcome:
            with suppress(ConnectionError, RuntimeError, aiohttp.ClientError):
                await self._wire.send_json(frame)

    def cut(self) -> None:
        """Drop the line without a word."""
        if self._wire is not None and (transport := self._wire.get_extra_info("transport")) is not None:
            transport.abort()

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until `condition` holds; it is looked at whenever a frame has come."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"waited in vain: {what}; frames: {self.frames[-6:]}") from None

    async def until_frame(self, kind: str, seconds: float = 60, **fields: Any) -> Frame:
        """The first frame of a kind with these fields, also one that has come already."""

        def found() -> Frame | None:
            return next((one for one in self.frames if one["t"] == kind and fields.items() <= one.items()), None)

        await self.until(lambda: found() is not None, f"{kind} {fields}", seconds)
        frame = found()
        assert frame is not None
        return frame

    async def _hear(self, frame: Frame, wire: aiohttp.ClientWebSocketResponse) -> None:
        self.frames.append(frame)
        match frame["t"]:
            case "welcome":
                self.welcome = frame
                self.connects += 1
                if frame["conversation"] != self.conversation:
                    self.conversation, self.after = frame["conversation"], 0
                for waiting in list(self.outbox.values()):
                    await wire.send_json(waiting)
            case "ack":
                self.kept.add(frame["id"])
            case "placed":
                self.acked.setdefault(frame["id"], frame)
                self.outbox.pop(frame["id"], None)
            case "no":
                self.refused[frame["id"]] = frame["reason"]
                self.outbox.pop(frame["id"], None)
            case "slow":
                asyncio.get_running_loop().call_later(frame["retry_ms"] / 1_000, self._again, frame.get("id", ""))
            case "msg":
                if frame["conversation"] != self.conversation:
                    self.conversation, self.after = frame["conversation"], 0
                self.after = max(self.after, frame["seq"])
                self.doubled += frame["id"] in self.got
                self.got[frame["id"]] = frame
                if self.outbox.pop(frame["id"], None):  # the line was cut before its place was told
                    self.acked[frame["id"]] = frame
                if frame["dir"] == "out":
                    await wire.send_json({"t": "ack", "id": frame["id"], "seq": frame["seq"]})
        self._changed.set()

    def _again(self, key: str) -> None:
        if key in self.outbox:
            task = asyncio.ensure_future(self.send(self.outbox[key]))
            self._tasks = [*getattr(self, "_tasks", []), task]
