"""The transport of each chat channel: made, kept up, and brought back when it is gone, later and later."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

from app.chats.archive import archive_place, archive_reached, guests_going_on
from app.chats.queries import ChannelInfo
from app.chats.rules import FRAME_BYTES, MAX_CHARS, MAX_FILE, Transport
from app.connectors.contracts import HealthState
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.sentences import words_of
from app.workers.chat.hub import Hub, Wire
from app.workers.chat.writer import Writer

if TYPE_CHECKING:
    from app.connectors.chat.builtin import Serving
    from app.connectors.chat.xmpp_client import Calling

log = logging.getLogger(__name__)

Ask = Callable[..., Any]
Secrets = Callable[[str], str | None]
ENDING_S: Final = 5.0
_LONGEST_S: Final = 60.0
"""Between two tries to open a transport: half a second at first, longer and longer."""


class _Carrying(Wire, Protocol):
    """A transport: what the hub asks of it, and being kept up."""

    @property
    def is_serving(self) -> asyncio.Event: ...

    async def run(self) -> None: ...


Open = Callable[[Hub], Awaitable[_Carrying]]


class Running:
    """A channel that is switched on: its hub, and the task that keeps its transport up."""

    def __init__(
        self, info: ChannelInfo, hub: Hub, opened: Open, say: Callable[[ChannelInfo, HealthState, str], None]
    ) -> None:
        self.info, self.hub, self._open, self._say = info, hub, opened, say
        self._tries = 0
        self._task = asyncio.create_task(self._keep_up())

    async def end(self) -> None:
        """Say goodbye and end."""
        self._task.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            async with asyncio.timeout(ENDING_S):
                await self._task
        self.hub.everybody_left()
        self._say(self.info, HealthState.OFFLINE, "")

    async def _keep_up(self) -> None:
        while True:
            try:
                await self._once()
            except ExternalError as error:
                log.warning("a chat channel is not open: %s", error)
                waits = error.retryable and self.info.transport == Transport.XMPP
                self._say(self.info, HealthState.OFFLINE if waits else HealthState.ATTENTION, str(error))
            except Exception:
                log.exception("a chat channel failed; it is opened again")
            await asyncio.sleep(min(_LONGEST_S, 2**self._tries / 2) * random.uniform(0.5, 1.5))
            self._tries += 1

    async def _once(self) -> None:
        """From opening until the transport ends."""
        wire = await self._open(self.hub)
        self.hub.wire = wire
        told = asyncio.create_task(self._tell_when_up(wire))
        try:
            await wire.run()
        finally:
            told.cancel()

    async def _tell_when_up(self, wire: _Carrying) -> None:
        await wire.is_serving.wait()
        self._tries = 0
        self._say(self.info, HealthState.OK, "")


def opener(info: ChannelInfo, writer: Writer, ask: Ask, secrets: Secrets) -> Open:
    """How the transport of a channel is made. The libraries are much to load: a desk without chat does without."""

    async def builtin(hub: Hub) -> _Carrying:
        from app.connectors.chat.builtin import BuiltinChat

        return BuiltinChat(serving_of(info), hub)

    async def xmpp(hub: Hub) -> _Carrying:
        from app.connectors.chat.xmpp import XmppChat

        password = await asyncio.to_thread(_password, secrets, info.secret_ref)
        return XmppChat(calling_of(info), hub, _Archive(info.id, writer, ask), password)

    return builtin if info.transport == Transport.BUILTIN else xmpp


def _password(secrets: Secrets, ref: str) -> str:
    try:
        found = secrets(ref)
    except UserError as error:
        raise ExternalError(words_of(error), reason=Reason.SIGN_IN, retryable=False) from error
    if not found:
        msg = "The password of the desk's account at the chat server is missing. Type it again in Settings, Chat."
        raise ExternalError(msg, reason=Reason.SIGN_IN, retryable=False)
    return found


class _Archive:
    """Where the desk remembers up to which place of a server's archive it has read."""

    def __init__(self, channel: UUID, writer: Writer, ask: Ask) -> None:
        self._channel, self._writer, self._ask = channel, writer, ask

    async def place(self) -> str:
        found: str = await asyncio.to_thread(self._ask, archive_place, self._channel)
        return found

    async def guests(self) -> Sequence[str]:
        found: Sequence[str] = await asyncio.to_thread(self._ask, guests_going_on, self._channel)
        return found

    async def reached(self, place: str) -> None:
        await self._writer.do(lambda tx: archive_reached(tx, self._channel, place))


def calling_of(info: ChannelInfo) -> Calling:
    """Whom to call for a channel."""
    from app.connectors.chat.prosody import guests_of
    from app.connectors.chat.xmpp_client import Calling

    it = info.settings
    return Calling(
        account=it.account, guests=guests_of(it.account), server=it.server, authority=it.authority,
        public_url=it.public_url,        max_visitors=it.max_visitors, new_per_hour=it.new_per_hour, rate=it.rate, burst=it.burst, chars=MAX_CHARS,
        frame=FRAME_BYTES, file=MAX_FILE,
    )  # fmt: skip


def serving_of(info: ChannelInfo) -> Serving:
    """How the built-in server is to serve a channel."""
    from app.connectors.chat.builtin import Serving

    it = info.settings
    return Serving(
        host=it.host, port=it.port, public_url=it.public_url, origins=it.origins, certificate=it.certificate, key=it.key,
        trusted_proxies=it.trusted_proxies, max_visitors=it.max_visitors, sockets_per_ip=it.sockets_per_ip,
        new_per_hour=it.new_per_hour, rate=it.rate, burst=it.burst, chars=MAX_CHARS, frame=FRAME_BYTES, file=MAX_FILE,
    )  # fmt: skip
