"""Who is connected to a channel, whatever carries the words: visitors with their tabs, what each may do, telling them.

A transport brings connections (`Socket`) in and out; the hub tells visitors through here. All of it runs on one loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from app.connectors.chat.limits import Bucket, Hourly
from app.connectors.chat.protocol import Door, Standing, Taken, Who
from app.connectors.chat.sockets import Socket, Words


@dataclass(frozen=True, slots=True)
class Allowed:
    """What visitors may: connected at a time, new chats of one address an hour, messages of one a second and at once;
    characters of a message, bytes of a frame and of a file.
    """

    max_visitors: int = 400
    new_per_hour: int = 60
    rate: int = 1
    burst: int = 20
    chars: int = 4_000
    frame: int = 16_384
    file: int = 5 * 1024 * 1024


@dataclass(slots=True)
class _Visitor:
    """Somebody who is connected, with all of their tabs."""

    words: Words
    sockets: list[Socket] = field(default_factory=list)


class Connections:
    """What every transport of chat is."""

    def __init__(self, allowed: Allowed, door: Door, kinds: Sequence[str]) -> None:
        """`kinds`: the content types of files that may be sent."""
        self._allowed, self.door = allowed, door
        self.limits: dict[str, Any] = {
            "chars": allowed.chars, "frame": allowed.frame, "file": allowed.file, "types": list(kinds),
            "rate_ms": 1_000 // allowed.rate, "burst": allowed.burst,
        }  # fmt: skip
        self._visitors: dict[Who, _Visitor] = {}
        self._words: dict[Who, Words] = {}
        self._begun = Hourly(allowed.new_per_hour)

    @property
    def present(self) -> Sequence[Who]:
        """Everybody who has a connection."""
        return tuple(self._visitors)

    async def tell(self, who: Who, standing: Standing) -> None:
        """Something changed for this visitor: every tab is told what it does not know yet."""
        visitor = self._visitors.get(who)
        if visitor is not None:
            await _each(each.tell(standing) for each in list(visitor.sockets) if not each.knows(standing))

    async def say(self, who: Who, said: dict[str, Any]) -> None:
        """Say something short-lived to every tab of a visitor."""
        visitor = self._visitors.get(who)
        if visitor is not None:
            await _each(each.say(said) for each in list(visitor.sockets))

    async def place(self, who: Who, message: str, taken: Taken) -> None:
        """What a visitor said has its place: the connection that said it is told."""
        visitor = self._visitors.get(who)
        if visitor is not None:
            await _each(each.place(message, taken) for each in list(visitor.sockets))

    async def refuse(self, who: Who, message: str, reason: str) -> None:
        """What a visitor said will never be taken."""
        visitor = self._visitors.get(who)
        if visitor is not None:
            await _each(each.refuse(message, reason) for each in list(visitor.sockets))

    async def dismiss(self, who: Who, reason: str) -> None:
        """Hang up on a visitor."""
        visitor = self._visitors.get(who)
        if visitor is not None:
            await _each(each.bye(reason) for each in list(visitor.sockets))

    def enter(self, who: Who, socket: Socket) -> bool:
        """A connection says whose it is; False when no more visitors are let in."""
        visitor = self._visitors.get(who)
        if visitor is None:
            if len(self._visitors) >= self._allowed.max_visitors:
                return False
            visitor = self._visitors[who] = _Visitor(self.words_of(who))
        visitor.sockets.append(socket)
        return True

    def leave(self, who: Who, socket: Socket) -> bool:
        """A connection is over; True when it was the visitor's last."""
        visitor = self._visitors.get(who)
        if visitor is None or socket not in visitor.sockets:
            return False
        visitor.sockets.remove(socket)
        if not visitor.sockets:
            del self._visitors[who]
        return not visitor.sockets

    def words_of(self, who: Who) -> Words:
        """The limits of one visitor; kept a while beyond a connection, so that hanging up resets nothing."""
        if len(self._words) > 2_000:
            self._words = {key: one.words for key, one in self._visitors.items()}
        return self._words.setdefault(who, Words(Bucket(self._allowed.rate, self._allowed.burst)))

    def others(self, who: Who, besides: Socket) -> Sequence[Socket]:
        """The other tabs of a visitor."""
        visitor = self._visitors.get(who)
        return [each for each in visitor.sockets if each is not besides] if visitor is not None else []

    def may_begin(self, address: str) -> bool:
        """May somebody at this address begin a conversation now?"""
        return not self._begun.is_full(address, time.monotonic())

    def note_begun(self, address: str) -> None:
        """Somebody there has begun one."""
        self._begun.note(address, time.monotonic())

    def note_not_begun(self, address: str) -> None:
        """It was no new conversation after all."""
        self._begun.take_back(address)

    async def part(self) -> None:
        """Say goodbye to everybody, all at once and not for long."""
        sockets = [each for visitor in self._visitors.values() for each in visitor.sockets]
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.gather(*(each.bye("stopping") for each in sockets), return_exceptions=True)
        for each in sockets:
            each.cut()


async def _each(telling: Iterable[Coroutine[Any, Any, None]]) -> None:
    """To every tab at once; most visitors have one, which needs no task of its own."""
    tabs = list(telling)
    if len(tabs) == 1:
        await tabs[0]
    elif tabs:
        await asyncio.gather(*tabs)
