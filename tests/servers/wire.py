"""A TCP proxy in front of any server, to cut, stall and count the line between.

    with Wire(server.imap) as wire:
        connect to wire.port … wire.cut()

`cut_after_up` / `cut_after_down` cut by themselves once so many bytes have passed in that direction; `hold_after_up` /
`hold_after_down` let nothing more through from there on, without hanging up, and set `held`.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self

_CHUNK = 65536


class Wire:
    """The line to 127.0.0.1:`target`. Counters run over all connections."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.up = self.down = self.connections = 0
        self.cut_after_up: int | None = None
        self.cut_after_down: int | None = None
        self.hold_after_up: int | None = None
        self.hold_after_down: int | None = None
        self.held = threading.Event()
        self.cuts = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self._plugged = True
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()
        self._flowing.set()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """Break every connection, hard, and take no new one until `restore`."""
        self._plugged = False
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            for sock in pair:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Take connections again and let everything through; nothing is planned any more."""
        self.cut_after_up = self.cut_after_down = self.hold_after_up = self.hold_after_down = None
        self._plugged = True
        self.held.clear()
        self.resume()

    def stall(self) -> None:
        """Let nothing through in either direction, without hanging up."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="wire", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while (listener := self._listener) is not None:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if not self._plugged:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            self.connections += 1
            self._spawn(self._pump, near, far)

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            self._pairs.add((near, far))
        try:
            while self._plugged:
                ready = select.select([near, far], [], [], 0.2)[0]
                self._flowing.wait()
                if not all(self._move(source, far if source is near else near, up=source is near) for source in ready):
                    return
        except OSError:
            pass
        finally:
            with self._lock:
                self._pairs.discard((near, far))
            near.close()
            far.close()

    def _move(self, source: socket.socket, sink: socket.socket, *, up: bool) -> bool:
        """Pass on what has come; False when the connection is over."""
        cut, hold, passed = (
            (self.cut_after_up, self.hold_after_up, self.up)
            if up
            else (self.cut_after_down, self.hold_after_down, self.down)
        )
        limit = min((one for one in (cut, hold) if one is not None), default=None)
        data = source.recv(_CHUNK if limit is None else max(1, min(_CHUNK, limit - passed)))
        if not data:
            return False
        sink.sendall(data)
        if up:
            self.up += len(data)
        else:
            self.down += len(data)
        if limit is None or passed + len(data) < limit:
            return True
        if limit == cut:
            self.cuts += 1
            self._plugged = False
            return False
        self.hold_after_up = self.hold_after_down = None
        self.stall()
        self.held.set()
        return True
