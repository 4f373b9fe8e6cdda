"""COMPRESS=DEFLATE (RFC 4978): both directions of a slow line, packed. Letters shrink to a third or less.

A server may pack very much into few bytes; therefore what comes is unpacked in steps, each of limited size, and the
limits on lines and literals hold for it as for everything else.
"""

from __future__ import annotations

import zlib
from typing import Final

_STEP: Final = 1 << 20


class Packed:
    """The state of the two streams. Raises OSError for bytes that are no such stream."""

    def __init__(self) -> None:
        self._out = zlib.compressobj(6, zlib.DEFLATED, -15)
        self._in = zlib.decompressobj(-15)
        self._rest = b""

    def pack(self, data: bytes) -> bytes:
        """What goes over the line for `data`, all of it: a server waits for whole commands."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    @property
    def has_more(self) -> bool:
        """Is there something that came and was not unpacked yet?"""
        return bool(self._rest)

    def take(self, data: bytes) -> None:
        """Bytes came over the line."""
        self._rest += data

    def unpack(self) -> bytes:
        """The next step of what came; may be nothing as long as a block is not whole."""
        try:
            found = self._in.decompress(self._rest, _STEP)
        except zlib.error as error:
            raise OSError("the packed stream is damaged") from error
        self._rest = self._in.unconsumed_tail
        return found
