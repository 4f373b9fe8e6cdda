"""Files of a chat between the wire and the packs: kept until a message names them, given to whoever may have them."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from app.chats import commands, queries
from app.connectors.chat.protocol import FileOut, No, Who
from app.kernel.files.blobs import Packs
from app.kernel.files.disk import StorageError
from app.mime.files.kinds import kind_of
from app.workers.chat.writer import Writer

log = logging.getLogger(__name__)

Ask = Callable[..., Any]
_ID_HEX: Final = 32


class Files:
    """The files of one channel's visitors."""

    def __init__(self, writer: Writer, ask: Ask, packs: Packs) -> None:
        self._writer, self._ask, self._packs = writer, ask, packs

    async def keep(self, who: Who, name: str, data: bytes) -> FileOut | No:
        """Keep a file until a message names it."""
        kind = kind_of(data)
        if not kind:
            return No("type")
        try:
            ref = await asyncio.to_thread(self._stored, data)
        except StorageError:
            log.warning("a file of a chat could not be stored")
            return No("storage")
        key = await self._writer.do(lambda tx: commands.keep_upload(tx, who, name, kind, ref))
        return FileOut(key.hex, name, kind, len(data))

    async def read(self, key: str, proof: str) -> tuple[FileOut, bytes] | None:
        """A file that the visitor may have, by the proof in its address."""
        try:
            found = await asyncio.to_thread(self._ask, queries.file_for, UUID(hex=key))
        except ValueError:
            return None
        if found is None or not hmac.compare_digest(
            file_proof(found[2], key).encode(), proof.encode("utf-8", "replace")
        ):
            return None
        one, ref, _ = found
        data = await asyncio.to_thread(self._packs.read, ref)
        return FileOut(key, one.name, one.content_type, one.size), data

    def _stored(self, data: bytes) -> Any:
        ref = self._packs.append(data)
        self._packs.flush()
        return ref


def file_proof(who: Who, key: str) -> str:
    """What shows that whoever asks for a file is the visitor in whose chat it lies, without telling their token."""
    secret = who if isinstance(who, bytes) else who.encode()
    return hmac.new(secret, b"deskbell-chat/1 file " + key.encode("ascii", "replace"), "sha256").hexdigest()[:_ID_HEX]
