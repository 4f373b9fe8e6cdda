"""One connection of a visitor: from hello to bye. What it may not do ends it; nothing of it reaches further.

A connection knows how far its visitor has been told (`after`) and is told what lies beyond, in order, each line once. A
line that was said here needs no telling.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.connectors.chat import frames
from app.connectors.chat.limits import Bucket
from app.connectors.chat.protocol import (
    Ack,
    AskPhoto,
    BadFrameError,
    Code,
    Contact,
    Door,
    End,
    Frame,
    Hello,
    Line,
    Msg,
    No,
    Ping,
    Rate,
    Read,
    Standing,
    Taken,
    Transcript,
    Typing,
    Who,
)

log = logging.getLogger(__name__)

HELLO_S: Final = 10.0
SEND_S: Final = 20.0
"""A visitor who takes nothing for so long has lost the line."""
_OTHER_RATE, _OTHER_BURST = 5.0, 60.0
_FLOOD: Final = 200
"""So many frames beyond the limit, and the line is cut."""
_LATER_MS: Final = 10 * 60 * 1_000
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: `json.dumps` makes an encoder anew for every frame that it writes in another than its own way."""


@dataclass(frozen=True, slots=True)
class Words:
    """The buckets of one visitor, shared by all of their tabs."""

    said: Bucket


class Host(Protocol):
    """What a connection needs of the server that it belongs to."""

    @property
    def door(self) -> Door: ...

    @property
    def limits(self) -> dict[str, Any]: ...

    def enter(self, who: Who, socket: Socket) -> bool: ...

    def leave(self, who: Who, socket: Socket) -> bool: ...

    def words_of(self, who: Who) -> Words: ...

    def may_begin(self, address: str) -> bool: ...

    def note_begun(self, address: str) -> None: ...

    def note_not_begun(self, address: str) -> None: ...

    def others(self, who: Who, besides: Socket) -> Sequence[Socket]: ...


class Carrier(Protocol):
    """What carries the frames of one connection."""

    @property
    def closed(self) -> bool: ...

    async def receive(self) -> str | None:
        """The next frame; None when the other side has hung up, or sends what is no frame."""
        ...

    async def send(self, text: str) -> None:
        """Hand over a frame. Raises ConnectionError when there is nobody any more."""
        ...

    async def close(self, reason: str) -> None:
        """Hang up, after everything that was sent."""
        ...

    def cut(self) -> None:
        """Drop the line at once."""
        ...


class Socket:
    """A visitor's connection. All of it runs on the server's loop."""

    def __init__(self, host: Host, wire: Carrier, address: str, read: Callable[[str], Frame] = frames.parse) -> None:
        """`address`: whose limits count for new conversations; `read`: how a text becomes a frame (BadFrameError)."""
        self._host, self._wire, self.address, self._read = host, wire, address, read
        self.who: Who = b""
        self.standing = Standing()
        self._after = 0
        self._said_here: set[int] = set()
        self._on_the_way: set[str] = set()
        self._beginning = ""
        self._unconfirmed: set[str] = set()
        self._page = self._lang = ""
        self._others = Bucket(_OTHER_RATE, _OTHER_BURST)
        self._ignored = 0
        self._telling = asyncio.Lock()

    async def serve(self) -> None:
        """Until either side hangs up."""
        try:
            hello = await self._first()
        except (BadFrameError, TimeoutError) as error:
            await self.bye(str(error) or "hello")
            return
        if hello is None:
            return
        self.who = hello.who
        if not self._host.enter(self.who, self):
            await self.bye("full")
            return
        try:
            if await self._greet(hello):
                await self._listen()
        finally:
            if self._host.leave(self.who, self):
                await self._host.door.left(self.who)

    # -- what comes

    async def _first(self) -> Hello | None:
        async with asyncio.timeout(HELLO_S):
            text = await self._wire.receive()
        if text is None:
            return None
        frame = self._read(text)
        if not isinstance(frame, Hello):
            raise BadFrameError("hello")
        return frame

    async def _greet(self, hello: Hello) -> bool:
        found = await self._host.door.hello(hello)
        if isinstance(found, No):
            await self.bye(found.reason)
            return False
        self._page, self._lang = hello.page, hello.lang
        same = found.standing.conversation == hello.conversation
        async with self._telling:
            self.standing = found.standing
            self._said_here.clear()
            self._after = min(hello.after, found.standing.last_seq) if same else 0
            await self._send(frames.welcome(found, self._host.limits))
        await self._host.door.came(self.who, hello.page, hello.lang)
        await self.tell(found.standing)
        return True

    async def _listen(self) -> None:
        while (text := await self._wire.receive()) is not None:
            try:
                frame = self._read(text)
            except BadFrameError as error:
                await self.bye(str(error))
                return
            if isinstance(frame, Msg):
                await self._hear(frame)
            elif self._is_expected(frame) or not self._others.take(time.monotonic()):
                await self._obey(frame)
            elif self._is_flood():
                await self.bye("flood")
                return

    def _is_expected(self, frame: Frame) -> bool:
        """A confirmation of what was told here is as welcome as what was told."""
        if not isinstance(frame, Ack) or frame.id not in self._unconfirmed:
            return False
        self._unconfirmed.discard(frame.id)
        return True

    def _is_flood(self) -> bool:
        self._ignored += 1
        return self._ignored > _FLOOD

    async def _hear(self, message: Msg) -> None:
        wait_s = self._host.words_of(self.who).said.take(time.monotonic())
        if wait_s:
            if self._is_flood():
                await self.bye("flood")
                return
            await self._send({"t": "slow", "retry_ms": int(wait_s * 1_000) + 1, "id": message.id})
            return
        begins = not self._beginning and self.standing.state not in ("waiting", "live")
        if begins and not self._host.may_begin(self.address):
            await self._send({"t": "slow", "retry_ms": _LATER_MS, "id": message.id})
            return
        if begins:
            self._beginning = message.id
            self._host.note_begun(self.address)
        self._on_the_way.add(message.id)
        answer = await self._host.door.receive(self.who, message, self._page, self._lang)
        if isinstance(answer, No):
            await self.refuse(message.id, answer.reason)
            return
        await self._send(frames.ack(message.id, answer.at))
        if isinstance(answer, Taken):
            await self.place(message.id, answer)

    async def refuse(self, message: str, reason: str) -> None:
        """It will never be taken after all."""
        if self._is_here(message, began=False):
            await self.say({"t": "no", "id": message, "reason": reason})

    async def place(self, message: str, taken: Taken) -> None:
        """What was said here has its place."""
        if not self._is_here(message, began=taken.began):
            return
        async with self._telling:
            if taken.conversation != self.standing.conversation and not taken.duplicate:
                self._begin(Standing(taken.conversation, "waiting"))
            if taken.conversation == self.standing.conversation:
                if self._after == taken.seq - 1:
                    self._after = taken.seq
                elif self._after < taken.seq:
                    self._said_here.add(taken.seq)
            await self._send(frames.placed(message, taken))

    def _is_here(self, message: str, *, began: bool) -> bool:
        """Was this said here, and is it told for the first time? What turned out to begin nothing is not counted as that."""
        if message not in self._on_the_way:
            return False
        self._on_the_way.discard(message)
        if message == self._beginning:
            self._beginning = ""
            if not began:
                self._host.note_not_begun(self.address)
        return True

    async def _obey(self, frame: Frame) -> None:
        door, who = self._host.door, self.who
        match frame:
            case Ping():
                await self._send({"t": "pong"})
            case Hello() if (
                frame.who == self.who
            ):  # another tab that shares this line, or a widget that missed something
                await self._greet(frame)
            case Ack():
                await door.acked(who, frame.id)
            case Typing():
                await door.typing(who, frame.on)
            case Read():
                await door.read(who, frame.seq)
            case End():
                await door.end(who)
            case Contact():
                await self.say_to_all(frames.contact(await door.contact(who, frame)))
            case Code():
                person = await door.code(who, frame.code)
                said = {"t": "no", "id": "code", "reason": "code"} if person is None else frames.contact(person)
                await self._send(said)
            case Rate():
                done = await door.rate(who, frame)
                no = {"t": "no", "id": "rate", "reason": "closed"}
                await self._send({"t": "rated", "score": frame.score} if done else no)
            case AskPhoto():
                if (photo := await door.photo(who)) is not None:
                    await self._send(frames.photo(photo))
            case Transcript():
                done = await door.transcript(who, frame.email)
                no = {"t": "no", "id": "transcript", "reason": "many"}
                await self._send({"t": "done", "what": "transcript"} if done else no)
            case _:
                await self.bye("hello")

    async def say_to_all(self, said: dict[str, Any]) -> None:
        """To this and to the other tabs of the same visitor."""
        for each in [self, *self._host.others(self.who, self)]:
            await each.say(said)

    # -- what goes

    def knows(self, standing: Standing) -> bool:
        """Was all of this told here already, as it is where a visitor's own words were all that changed?"""
        mine = self.standing
        return (
            not self._telling.locked()
            and self._after >= standing.last_seq
            and mine.read_seq >= standing.read_seq
            and _shown(mine) == _shown(standing)
        )

    async def tell(self, standing: Standing) -> None:
        """Tell what was not told yet: lines in order, then how the conversation stands."""
        async with self._telling:
            before = self.standing
            if standing.conversation != before.conversation:
                self._begin(standing)
                before = Standing(standing.conversation)
            await self._tell_lines(standing)
            self.standing = standing
            if standing.read_seq > before.read_seq:
                await self._send({"t": "read", "seq": standing.read_seq})
            if _shown(standing) != _shown(before):
                await self._send(frames.state(standing))

    async def _tell_lines(self, standing: Standing) -> None:
        while self._after < standing.last_seq and not self._wire.closed:
            lines = await self._host.door.lines(self.who, standing.conversation, self._after)
            for line in lines:
                await self._tell_line(standing.conversation, line)
            if not lines:
                self._after = standing.last_seq  # what lies there was taken back
                return

    async def _tell_line(self, conversation: str, line: Line) -> None:
        self._after = max(self._after, line.seq)
        if line.seq in self._said_here or line.id in self._on_the_way:
            self._said_here.discard(line.seq)
            return  # whoever said it is told its place, not its words
        if line.direction == "out":
            self._unconfirmed.add(line.id)
        await self._send(frames.msg(conversation, line))

    def _begin(self, standing: Standing) -> None:
        """Another conversation than before: its places count from the beginning."""
        self._after = 0
        self._said_here.clear()
        self._unconfirmed.clear()
        self.standing = Standing(standing.conversation)

    async def say(self, said: dict[str, Any]) -> None:
        """Say something short-lived."""
        async with self._telling:
            await self._send(said)

    async def bye(self, reason: str) -> None:
        """Say why, and hang up."""
        log.info("a chat connection was ended: %s", reason)
        await self._send({"t": "bye", "reason": reason})
        try:
            async with asyncio.timeout(5):
                await self._wire.close(reason)
        except TimeoutError:
            self.cut()

    def cut(self) -> None:
        """Drop the line at once."""
        self._wire.cut()

    async def _send(self, said: dict[str, Any]) -> None:
        if self._wire.closed:
            return
        try:
            async with asyncio.timeout(SEND_S):
                await self._wire.send(_ENCODE(said))
        except (ConnectionError, RuntimeError):
            return  # it is gone; what it was not told it asks for when it is back
        except TimeoutError:
            self.cut()


def _shown(standing: Standing) -> tuple[Any, ...]:
    """What of a standing a `state` frame tells."""
    return (standing.conversation, standing.state, standing.who, standing.photo, standing.position, standing.may_rate)
