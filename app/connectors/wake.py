"""A wake-up call for a thread that waits for a server: a socket pair, because `select` takes sockets everywhere."""

from __future__ import annotations

import contextlib
import select
import socket


class Wake:
    """`set()` from any thread ends a wait at once; it stays set until `clear()`."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)

    def set(self) -> None:
        with contextlib.suppress(OSError):  # full: it is set already; closed: nobody waits any more
            self._there.send(b"!")

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            while self._here.recv(4096):
                pass

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait until set, at most `seconds`. True if it is set."""
        return bool(select.select([self._here], [], [], seconds)[0])

    def fileno(self) -> int:
        return self._here.fileno()

    def close(self) -> None:
        self._here.close()
        self._there.close()
