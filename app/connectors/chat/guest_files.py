"""Files of guests over XMPP: a message names where the server keeps them (XEP-0363), and the desk fetches them from there.

From the server's own addresses only, without following anything, and no more than a file may have; what it is is decided
behind the door, by its bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp

from app.connectors.chat.protocol import BadFrameError, Door, Kept, Msg, No, Taken, Who

log = logging.getLogger(__name__)

MOST: Final = 5
_LONGEST: Final = 1_000
_FETCH_S: Final = 30.0


def addresses_of(files: Any) -> tuple[str, ...]:
    """The addresses in a frame. Raises BadFrameError for anything else."""
    if not isinstance(files, list) or len(files) > MOST:
        raise BadFrameError("frame")
    if not all(isinstance(one, str) and len(one) <= _LONGEST for one in files):
        raise BadFrameError("frame")
    return tuple(files)


class GuestDoor:
    """The desk's door, before which files are fetched. Everything else goes through as it is."""

    def __init__(self, door: Door, origins: Collection[str], most: int) -> None:
        """`origins`: scheme and host from which files may come; `most`: bytes of a file."""
        self._door, self._origins, self._most = door, origins, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    async def receive(self, who: Who, message: Msg, page: str, lang: str) -> Kept | Taken | No:
        """A message; its files are ours before it is."""
        kept: list[str] = []
        for address in message.files:
            data = await self._fetch(address)
            if data is None:
                return No("file")
            name = unquote(urlsplit(address).path.rpartition("/")[2])[:200]
            found = await self._door.upload(who, name, data)
            if isinstance(found, No):
                return No("file")
            kept.append(found.id)
        return await self._door.receive(who, replace(message, files=tuple(kept)), page, lang)

    async def _fetch(self, address: str) -> bytes | None:
        parts = urlsplit(address)
        if f"{parts.scheme}://{parts.netloc}" not in self._origins:
            log.info("a file that does not lie at the chat server was not fetched")
            return None
        timeout = aiohttp.ClientTimeout(total=_FETCH_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(address, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    return None
                data = await answer.content.read(self._most + 1)
                while len(data) <= self._most and (more := await answer.content.read(self._most + 1 - len(data))):
                    data += more
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.info("a file of a guest could not be fetched: %s", type(error).__name__)
            return None
        return data if len(data) <= self._most else None
