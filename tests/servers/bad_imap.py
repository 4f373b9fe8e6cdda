r"""An IMAP server that follows a script, for everything a good server never does.

    with BadImap({"UID FETCH": [b'* 1 FETCH ("UID" 1 "BODY[]" {2}\r\nhi)\r\n', OK]}) as server: …

The script maps the beginning of a command to what is sent back; the longest match wins, and commands without an entry
are answered as a small correct server would. `{tag}` in an answer is the command's tag. An answer may be a function of
the command: `OddMailbox` uses that to play a whole mailbox with the faults that are wanted.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, Self

from tests.servers.certs import Leaf

OK = b"{tag} OK done\r\n"
NO = b"{tag} NO no\r\n"
HANG_UP = b"\0hang up"
SILENCE = b"\0silence"  # answer nothing more, but keep the line open
AWAIT_LITERAL = b"\0await literal"  # read the literal that the command announced, and the end of its line
AWAIT_DONE = b"\0await done"  # read one line (the DONE of an IDLE)

Answer = Sequence[bytes] | Callable[[str], Sequence[bytes]]
Script = Mapping[str, Answer]

_GOOD: dict[str, Answer] = {
    "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n", OK],
    "AUTHENTICATE": [b"+ \r\n", AWAIT_DONE, OK],
    "LOGIN": [OK],
    "LIST": [b'* LIST (\\HasNoChildren) "/" INBOX\r\n', OK],
    "EXAMINE": [
        b"* 1 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 2] x\r\n",
        b"{tag} OK [READ-ONLY] done\r\n",
    ],
    "IDLE": [b"+ idling\r\n", AWAIT_DONE, OK],
    "NOOP": [OK],
    "LOGOUT": [b"* BYE see you\r\n", OK, HANG_UP],
}


class BadImap:
    """The server on `port`. `commands` is what clients said, without tags (secrets of tests included)."""

    host = "127.0.0.1"

    def __init__(
        self,
        script: Script | None = None,
        *,
        greeting: bytes = b"* OK ready\r\n",
        leaf: Leaf | None = None,
        most: int = 99,
    ) -> None:
        self.script: dict[str, Answer] = {**_GOOD, **(script or {})}
        self.greeting = greeting
        self._most, self._talking = most, 0  # connections granted at a time
        self.commands: list[str] = []
        self.port = 0
        self._context: ssl.SSLContext | None = None
        if leaf:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(leaf.cert, leaf.key)
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        listener, self._listener = self._listener, None
        for sock in (*([listener] if listener else []), *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="bad-imap", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while (listener := self._listener) is not None:
            try:
                sock, _ = listener.accept()
                self._open.append(sock)
            except OSError:
                return
            self._start(self._talk, sock)

    def _talk(self, plain: socket.socket) -> None:
        sock = plain
        with contextlib.suppress(OSError):
            if self._context:
                sock = self._context.wrap_socket(plain, server_side=True)
                self._open.append(sock)
            with sock, sock.makefile("rb") as lines, self._counted():
                if self._talking > self._most:
                    self._send(sock, b"* BYE too many connections\r\n", b"*")
                    return
                self._send(sock, self.greeting, b"*")
                while line := lines.readline():
                    tag, _, command = line.rstrip(b"\r\n").partition(b" ")
                    self.commands.append(command.decode("utf-8", "replace"))
                    if not all(self._step(sock, lines, step, tag) for step in self._answer(self.commands[-1])):
                        return

    @property
    def talking(self) -> int:
        """Connections that are not over yet, as this server knows."""
        return self._talking

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._talking += 1
        try:
            yield
        finally:
            self._talking -= 1

    def _answer(self, command: str) -> Sequence[bytes]:
        found = [name for name in self.script if command.upper().startswith(name)]
        if not found:
            return [b"{tag} BAD what\r\n"]
        answer = self.script[max(found, key=len)]
        return answer(command) if callable(answer) else answer

    def _step(self, sock: socket.socket, lines: BinaryIO, step: bytes, tag: bytes) -> bool:
        """Do one step of an answer; False ends the connection."""
        if step == HANG_UP:
            return False
        if step == AWAIT_LITERAL:
            lines.read(int(self.commands[-1].rpartition("{")[2].rstrip("+}")))
            lines.readline()
            return True
        if step in {SILENCE, AWAIT_DONE}:
            self.commands.append(
                lines.readline().decode("utf-8", "replace").strip()
            )  # SILENCE: until the client gives up
            return step == AWAIT_DONE
        self._send(sock, step, tag)
        return True

    def _send(self, sock: socket.socket, data: bytes, tag: bytes) -> None:
        sock.sendall(data.replace(b"{tag}", tag))
