"""Chat in the engine: one thread with one loop, in which every channel that is switched on has its transport.

The thread is told what any process changed; it passes ids on to the hubs, looks now and then for what time does (silence,
visitors who are gone), and brings a transport back that could not listen.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.commands.delivering import everybody_left
from app.chats.queries import ChannelInfo
from app.chats.rules import server_topic
from app.chats.tables import Conversation
from app.connectors.contracts import HealthState
from app.kernel.database.changes import Changes
from app.kernel.files.arrivals import Arrivals
from app.kernel.files.blobs import Packs
from app.kernel.program.time_slice import ask_for_short_turns
from app.kernel.state import signals
from app.people.queries import agent
from app.workers.chat.hub import Hub
from app.workers.chat.landing import Landing
from app.workers.chat.shown import desk_now
from app.workers.chat.transports import Running, opener
from app.workers.chat.writer import Books, Writer

log = logging.getLogger(__name__)

Secrets = Callable[[str], str | None]

_COALESCE_S: Final = 0.03
_QUEUE_S: Final = 1.0
"""So often those who wait are told their place anew, at most."""
_TIMERS_S: Final = 10.0
_SWITCH_S: Final = 0.001
"""Where visitors may come, threads hand over sooner: an acknowledgement does not wait for another thread's computing."""


@dataclass(slots=True)
class _Heard:
    """What has changed since the loop last looked."""

    conversations: set[UUID] = field(default_factory=set)
    visitors: set[UUID] = field(default_factory=set)
    everything: bool = False
    channels: bool = False
    hours: bool = False
    typing: list[dict[str, Any]] = field(default_factory=list)


class ChatThread:
    """The thread. `heard` and `stop` may be called from any thread; `run` is its work and ends after `stop`."""

    def __init__(self, books: Books, packs: Packs, secrets: Secrets, arrivals: Path) -> None:
        """`books`: the desk; `arrivals`: the file of what is acknowledged and has no place yet."""
        self._books, self._ask, self._packs, self._secrets = books, books.ask, packs, secrets
        self._arrivals = arrivals
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self._waiting = _Heard(channels=True)

    def run(self) -> None:
        """Until `stop`."""
        asyncio.run(self._main())

    def stop(self) -> None:
        """Say goodbye to visitors, write what was said, and end."""
        with self._guard:
            self._stopping = True
            self._nudge()

    def heard(self, changes: Changes) -> None:
        """What any process changed (see `Desk.listen`)."""
        typing = [
            dict(word.payload)
            for word in changes.signals
            if word.topic == "chat_typing" and word.payload.get("who") == "agent"
        ]
        concerned = changes.touches("conversation", "chat_visitor", "chat_channel", "setting")
        if not typing and not concerned:
            return
        with self._guard:
            waiting, ids, people = self._waiting, changes.of("conversation"), changes.of("chat_visitor")
            waiting.typing += typing
            waiting.conversations |= ids or frozenset()
            waiting.visitors |= people or frozenset()
            waiting.everything |= ids is None or people is None
            waiting.channels |= changes.touches("chat_channel")
            waiting.hours |= changes.touches("setting")
            self._nudge()

    def _nudge(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    # -- on the loop

    async def _main(self) -> None:
        ask_for_short_turns()
        self._wake = asyncio.Event()
        self._writer = Writer(self._books)
        self._landing = Landing(Arrivals(self._arrivals), self._writer, self._ask)
        self._running: dict[UUID, Running] = {}
        with self._guard:
            self._loop = asyncio.get_running_loop()
            self._waiting.channels = True  # of an earlier run none is left
            self._wake.set()
        await self._landing.recover()
        self._writer.later(everybody_left)
        side = [asyncio.create_task(self._queue()), asyncio.create_task(self._timers())]
        try:
            while not self._stopping:
                await self._wake.wait()
                await asyncio.sleep(_COALESCE_S)
                self._wake.clear()
                await self._follow()
        finally:
            for task in side:
                task.cancel()
            await asyncio.gather(*side, return_exceptions=True)
            await asyncio.gather(*(one.end() for one in self._running.values()))
            with self._guard:
                self._loop = None
            await self._landing.close()
            await self._writer.close()

    async def _follow(self) -> None:
        with self._guard:
            heard, self._waiting = self._waiting, _Heard()
        try:
            if heard.channels:
                await self._see_channels()
            if heard.hours:
                await self._see_hours()
            for word in heard.typing:
                await self._pass_typing(word)
            chosen = None if heard.everything else frozenset(heard.conversations | heard.visitors)
            for one in self._running.values():
                await one.hub.refresh(one.hub.people_of(chosen))
        except Exception:
            log.exception("chat could not follow a change; it goes on")

    async def _see_channels(self) -> None:
        wanted = {one.id: one for one in await asyncio.to_thread(self._ask, queries.channels) if one.on}
        for key, running in list(self._running.items()):
            if wanted.get(key) != running.info:
                del self._running[key]
                await running.end()
        if wanted:
            sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
        for key, info in wanted.items():
            if key not in self._running:
                opened = opener(info, self._writer, self._ask, self._secrets)
                self._running[key] = Running(info, self._hub(info), opened, self._say)

    def _hub(self, info: ChannelInfo) -> Hub:
        return Hub(info, self._landing, self._ask, self._packs, self._secrets)

    def _say(self, info: ChannelInfo, state: HealthState, words: str = "") -> None:
        payload = {"channel": info.id.hex, "state": str(state), "words": words, "url": info.address}
        self._writer.later(lambda tx: signals.send(tx, server_topic(info.id), payload, ttl_s=86_400))

    async def _see_hours(self) -> None:
        desk, hours = await asyncio.to_thread(self._ask, desk_now)
        for one in self._running.values():
            await one.hub.tell_hours(desk, hours)

    async def _pass_typing(self, word: dict[str, Any]) -> None:
        conversation, who = UUID(hex=str(word["conversation"])), str(word.get("agent", ""))
        info = await asyncio.to_thread(self._ask, agent, UUID(hex=who)) if who else None
        for one in self._running.values():
            await one.hub.agent_types(conversation, bool(word["on"]), info.name if info is not None else "")

    async def _queue(self) -> None:
        """Tell those who wait their place, when somebody before them was taken or gave up."""
        while True:
            await asyncio.sleep(_QUEUE_S)
            try:
                for one in list(self._running.values()):
                    await one.hub.tell_places()
            except Exception:
                log.exception("the queue could not be told; it goes on")

    async def _timers(self) -> None:
        """What time does: chats in which nobody says anything, visitors who do not come back, hours."""
        while True:
            await asyncio.sleep(_TIMERS_S)
            try:
                await self._see_hours()
                if await asyncio.to_thread(self._ask, _has_chats):
                    for work in (commands.hold_for_gone, commands.end_silent, commands.tidy_uploads):
                        await self._writer.do(work)
            except Exception:
                log.exception("the timers of chat failed; they go on")


def _has_chats(db: Session) -> bool:
    return db.execute(select(Conversation.id).limit(1)).first() is not None
