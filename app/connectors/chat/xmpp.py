"""The XMPP transport: the desk dials out to a server of the owner's choice, where visitors wait as guests.

A frame of deskbell-chat/1 travels as one element in a chat message (RFC 6121), beside what any XMPP client understands: the
text, its origin id (XEP-0359), receipts (0184), typing (0085), read marks (0333). While the desk is off the server keeps what
visitors write; when the desk is back it reads the archive (0313) from where it stopped, and takes everything again that it
may not have taken: taking twice is harmless. Presence is never believed, only acknowledgements are. Who a stanza is from
is stamped by the server; only guests of our own guest host are heard.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Protocol

from slixmpp import JID, Message, Presence
from slixmpp.exceptions import XMPPError
from slixmpp.xmlstream import StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from app.connectors.chat import frames, xmpp_stanzas
from app.connectors.chat.connections import Connections
from app.connectors.chat.guest_files import GuestDoor, addresses_of
from app.connectors.chat.protocol import BadFrameError, Door, Frame, Hello, Msg, No
from app.connectors.chat.sockets import Socket
from app.connectors.chat.xmpp_client import CONNECT_S, Calling, address_of, client_for, hang_up, sign_in, tell_end
from app.connectors.contracts import Abilities, Health, HealthState, Receiving
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason
from app.mime.files.kinds import KINDS

log = logging.getLogger(__name__)

SILENT_S: Final = 60.0
"""A guest who says nothing for so long is asked whether they are there (XEP-0199); their server says it if not."""
_LOOK_S: Final = 15.0
_CATCH_UP_S: Final = 600.0
_PAGE: Final = 100
_MOST_WAITING: Final = 200
"""So many frames of one guest may wait to be worked off; beyond that the line is cut."""
_TOKEN: Final = "A" * 43


class Archive(Protocol):
    """Where the desk remembers up to which place of the server's archive it has read."""

    async def place(self) -> str: ...

    async def reached(self, place: str) -> None: ...

    async def guests(self) -> Sequence[str]:
        """The bare JIDs of guests whose chats go on."""
        ...


class XmppChat(Connections):
    """One session with the server. `run` until it is over or cancelled; whoever runs it calls again, later and later."""

    def __init__(self, calling: Calling, door: Door, archive: Archive, password: str) -> None:
        super().__init__(calling, GuestDoor(door, calling.files_from, calling.file), KINDS)
        self.calling, self._archive, self._password = calling, archive, password
        self._client = client_for(calling, password)
        self._lines: dict[str, _Line] = {}
        self._late: asyncio.Queue[tuple[str, Msg]] = asyncio.Queue(maxsize=10_000)
        self._files: dict[str, str] = {}
        self._asked: set[str] = set()
        self._over: asyncio.Future[ExternalError | None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_serving, self._is_in = asyncio.Event(), asyncio.Event()

    @property
    def abilities(self) -> Abilities:
        """What this transport can do."""
        it = self.calling
        return Abilities(
            receive=Receiving.PUSH, needs_public_url=False, typing=True, receipts=True, threads=False, html=False,
            max_chars=it.chars, max_file=it.file, file_types=KINDS, upstream_keeps=True,
        )  # fmt: skip

    async def check(self) -> Health:
        """Does the server let the desk in, and is it one that will do?"""
        try:
            await sign_in(self.calling, self._password)
        except ExternalError as error:
            state = HealthState.OFFLINE if error.retryable else HealthState.ATTENTION
            return Health(state, error.reason, str(error), clock.now())
        return Health(HealthState.OK, None, "", clock.now())

    async def run(self) -> None:
        """Raises ExternalError: retryable when the line is gone, not when the password or the certificate is refused."""
        self._over = asyncio.get_running_loop().create_future()
        self._listen()
        tell_end(self._client, self._over)
        self._client.connect(*address_of(self.calling.server))
        side = [asyncio.create_task(each) for each in (self._work_late(), self._look_after(), self._connected())]
        try:
            if (error := await self._over) is not None:
                raise error
        finally:
            self.is_serving.clear()
            for task in side:
                task.cancel()
            await asyncio.shield(self._hang_up())

    # -- the session

    def _listen(self) -> None:
        client = self._client
        client.register_handler(Callback("frames", MatchXPath("{jabber:client}message"), self._heard))
        client.add_event_handler("session_start", lambda _event: self._begin(self._start()))
        client.add_event_handler("presence_unavailable", self._left)

    async def _connected(self) -> None:
        """A server that answers nothing is no server. One that let us in is: what it kept for us may take long to read."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._is_in.wait()
        except TimeoutError:
            msg = "The chat server does not answer."
            if self._over is not None and not self._over.done():
                self._over.set_result(ExternalError(msg, reason=Reason.OFFLINE, retryable=True))

    async def _start(self) -> None:
        self._is_in.set()
        self._client.send_presence()
        await self._catch_up()
        for guest in await self._archive.guests():
            self._ask_hello(guest)
        self.is_serving.set()

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("something in chat over XMPP failed", exc_info=error)

    async def _hang_up(self) -> None:
        await self.part()
        for line in list(self._lines.values()):
            line.end()
        await hang_up(self._client)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look_after(self) -> None:
        """Let go of guests who say nothing any more; look into the archive now and then, as a net below the live way."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_S)
            now = time.monotonic()
            for line in list(self._lines.values()):
                if now - line.heard_at > SILENT_S:
                    line.heard_at = now
                    self._begin(self._ask_for(line))
            if now - last > _CATCH_UP_S and self.is_serving.is_set():
                last = now
                await self._catch_up()

    async def _ask_for(self, line: _Line) -> None:
        try:
            await self._client.plugin["xep_0199"].ping(jid=JID(line.full), timeout=30)
        except XMPPError:
            line.end()

    # -- what comes

    def _heard(self, stanza: StanzaBase) -> None:
        guest = self._guest(stanza["from"])
        if guest is None:
            return
        full = str(stanza["from"])
        line = self._lines.get(full)
        if stanza["type"] == "error":
            if line is not None:
                line.end()  # nobody is there to take what we say
            return
        text = xmpp_stanzas.frame_of(stanza.xml)
        if text is None or len(text.encode()) > self.calling.frame:
            return
        if line is not None:
            line.feed(text)
        else:
            self._first_word(full, guest, text)

    def _guest(self, sender: JID) -> str | None:
        """The bare JID of a guest; None for anybody else, including other hosts and the server itself."""
        is_guest = sender.domain == self.calling.guests and bool(sender.local)
        return str(sender.bare) if is_guest else None

    def _first_word(self, full: str, guest: str, text: str) -> None:
        """A frame of somebody who has not said hello in this session: a hello, or what they wrote while we were off."""
        try:
            frame = _reader(guest)(text)
        except BadFrameError:
            return
        if isinstance(frame, Hello):
            if len(self._lines) >= 2 * self.calling.max_visitors:
                return
            self._asked.discard(full)
            line = self._lines[full] = _Line(self, full)
            line.feed(text)
            self._begin(self._serve(line, guest))
        elif isinstance(frame, Msg):
            self._put_late(full, frame)
        else:
            self._ask_hello(full)

    async def _serve(self, line: _Line, guest: str) -> None:
        self._client.send_presence(pto=line.full)  # so that the server tells them when we are gone
        try:
            await Socket(self, line, guest, _reader(guest)).serve()
        finally:
            line.end()
            self._lines.pop(line.full, None)

    def _left(self, presence: Presence) -> None:
        line = self._lines.get(str(presence["from"]))
        if line is not None:
            line.end()

    def _put_late(self, full: str, message: Msg) -> None:
        with suppress(asyncio.QueueFull):  # what does not fit now is in the archive, and sent again by its widget
            self._late.put_nowait((full, message))

    async def _work_late(self) -> None:
        while True:
            full, message = await self._late.get()
            try:
                await self._take(full, message)
            except Exception:
                log.exception("a message from the archive could not be taken; it is tried again later")
            finally:
                self._late.task_done()

    async def _take(self, full: str, message: Msg) -> None:
        guest = self._guest(JID(full))
        if guest is None:
            return
        answer = await self.door.receive(guest, message, "", "")
        if isinstance(answer, No):
            self.send(full, {"t": "no", "id": message.id, "reason": answer.reason})
        else:
            self.send(full, frames.ack(message.id, answer.at))
        if full not in self._lines:
            self._ask_hello(full)

    def _ask_hello(self, full: str) -> None:
        """They knew an earlier session of ours: if they are there, they come again and say hello."""
        if full not in self._asked:
            self._asked.add(full)
            self.send(full, {"t": "bye", "reason": "stopping"})

    # -- what the server kept

    async def _catch_up(self) -> None:
        """Take what came since the last time from the archive, in order."""
        place = await self._archive.place()
        try:
            await self._read_from(place)
        except XMPPError as error:
            if error.condition != "item-not-found" or not place:
                log.warning("the chat server's archive cannot be read: %s", error.condition)
                return
            await self._read_from("")  # that place is no longer kept: from the beginning

    async def _read_from(self, place: str) -> None:
        """The place moves after each page, when all of it was committed: a line that is cut loses the work of one page."""
        reached, number = place, 0
        async for reached, stanza in self._archived(place):
            text = xmpp_stanzas.frame_of(stanza.xml)
            guest = self._guest(stanza["from"])
            if guest is not None and text is not None and len(text.encode()) <= self.calling.frame:
                with suppress(BadFrameError):
                    frame = _reader(guest)(text)
                    if isinstance(frame, Msg):
                        await self._late.put((str(stanza["from"]), frame))
            number += 1
            if number % _PAGE == 0:
                await self._move_to(reached)
        if number % _PAGE:
            await self._move_to(reached)

    async def _move_to(self, place: str) -> None:
        await self._late.join()
        await self._archive.reached(place)

    async def _archived(self, place: str) -> AsyncIterator[tuple[str, Message]]:
        after: dict[str, Any] = {"max": _PAGE}
        if place:
            after["after"] = place
        async for one in self._client.plugin["xep_0313"].iterate(rsm=after):
            result = one["mam_result"]
            yield str(result["id"]), result["forwarded"]["stanza"]

    # -- what goes

    def send(self, full: str, frame: dict[str, Any]) -> None:
        """Hand a frame to the server. Raises ConnectionError without one."""
        if self._client.transport is None:
            msg = "no line to the chat server"
            raise ConnectionError(msg)
        message = self._client.make_message(mto=full, mtype="chat")
        xmpp_stanzas.dress(message.xml, frame)
        message.send()

    async def with_files(self, frame: dict[str, Any]) -> dict[str, Any]:
        """A line of ours with the places where its files lie at the server: guests cannot come to the desk for them."""
        files = [await self._upload(one) for one in frame.get("files", ())]
        return {**frame, "files": [one for one in files if one]}

    async def _upload(self, one: dict[str, Any]) -> dict[str, Any] | None:
        key = str(one["id"])
        if key not in self._files:
            found = await self.door.file(key, str(one["url"]).partition("?k=")[2])
            if found is None:
                return None
            info, data = found
            try:
                self._files[key] = await self._client.plugin["xep_0363"].upload_file(
                    info.name, size=info.size, content_type=info.content_type, input_file=io.BytesIO(data), timeout=60
                )
            except (XMPPError, OSError, TimeoutError) as error:
                log.warning("a file could not be handed to the chat server: %s", type(error).__name__)
                return None
        return {**one, "url": self._files[key]}


class _Line:
    """The frames of one guest as a carrier (`sockets.Carrier`)."""

    def __init__(self, host: XmppChat, full: str) -> None:
        self._host, self.full = host, full
        self._frames: asyncio.Queue[str | None] = asyncio.Queue()
        self._closed = False
        self.heard_at = time.monotonic()

    @property
    def closed(self) -> bool:
        return self._closed

    def feed(self, text: str) -> None:
        """Something came."""
        self.heard_at = time.monotonic()
        if self._frames.qsize() >= _MOST_WAITING:
            self.end()
        elif not self._closed:
            self._frames.put_nowait(text)

    def end(self) -> None:
        """The other side is gone."""
        if not self._closed:
            self._closed = True
            self._frames.put_nowait(None)

    async def receive(self) -> str | None:
        text = await self._frames.get()
        return None if self._closed else text

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        if frame.get("files"):
            frame = await self._host.with_files(frame)
        self._host.send(self.full, frame)

    async def close(self, reason: str) -> None:
        del reason  # it was said in `bye`
        self.end()

    def cut(self) -> None:
        self.end()


def _reader(guest: str) -> Any:
    """How the frames of a guest are read: a hello needs no token, the server vouches for who it is."""

    def read(text: str) -> Frame:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise BadFrameError("frame") from None
        if isinstance(data, dict) and data.get("t") == "msg" and data.get("files"):
            message = frames.parse(json.dumps({**data, "files": []}))
            assert isinstance(message, Msg)
            return replace(message, files=addresses_of(data["files"]))
        if isinstance(data, dict) and data.get("t") == "hello":
            hello = frames.parse(json.dumps({**data, "token": _TOKEN}))
            assert isinstance(hello, Hello)
            return replace(hello, who=guest)
        return frames.parse(text)

    return read
