"""The end of a sign-in in the browser: a redirect to this computer, taken once (RFC 8252, section 7.3).

Listens on the loopback interface only, on a port that the system picks, for one answer that carries the state that this
very sign-in began with. Everything else that knocks is told no, and the wait goes on: a page in the same browser must not
be able to end it. The wait ends when it is called off or takes too long.
"""

from __future__ import annotations

import contextlib
import hmac
import select
import socket
import threading
import time
from html import escape
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

from app.connectors.email.oauth import CalledOffError, SignInError

WAIT_S: Final = 600.0
_LINE_MAX: Final = 16_384
_PATIENCE_S: Final = 5.0
_DONE = "You are signed in. You can close this page and go back to Deskbell."
_NOT_DONE = "The sign-in was not completed. You can close this page and go back to Deskbell."


class Loopback:
    """The place to which the browser is sent back. Use it with `with`."""

    def __init__(self) -> None:
        self._listeners = [socket.create_server(("127.0.0.1", 0))]
        self.port = int(self._listeners[0].getsockname()[1])
        with contextlib.suppress(OSError):  # "localhost" means this one first in many browsers
            self._listeners.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))

    @property
    def url(self) -> str:
        """The redirect address. Identity servers pass over the port of a loopback address (RFC 8252)."""
        return f"http://localhost:{self.port}"

    def wait(self, state: str, cancel: threading.Event, seconds: float = WAIT_S) -> dict[str, str]:
        """The answer's values (`code` or `error` among them). Raises CalledOffError; SignInError when it takes too long."""
        until = time.monotonic() + seconds
        while not cancel.is_set():
            if time.monotonic() > until:
                text = "Nobody signed in within ten minutes. Begin again when you are ready."
                raise SignInError(text, said="timeout")
            for listener in select.select(self._listeners, [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    sock, _ = listener.accept()
                    with sock:
                        values = _answer(sock, state)
                    if values is not None:
                        return values
        raise CalledOffError("The sign-in was called off.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._listeners:
            listener.close()


def _answer(sock: socket.socket, state: str) -> dict[str, str] | None:
    """Talk to one caller; the values if it is the redirect of this sign-in."""
    sock.settimeout(_PATIENCE_S)
    line, _, _ = _head(sock).partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or words[0] != "GET":
        _no(sock, "405 Method Not Allowed")
        return None
    try:
        parts = urlsplit(words[1])
        pairs = parse_qsl(parts.query, max_num_fields=50)
    except ValueError:
        _no(sock, "400 Bad Request")
        return None
    values = dict(pairs)
    if parts.path not in {"", "/"} or len(values) != len(pairs):
        _no(sock, "404 Not Found")
        return None
    good = hmac.compare_digest(values.get("state", "").encode(), state.encode())
    if not good or not ("code" in values or "error" in values):
        _no(sock, "400 Bad Request")
        return None
    _say(sock, "200 OK", _DONE if "code" in values else _NOT_DONE)
    return values


def _head(sock: socket.socket) -> bytes:
    """A request's head, however slowly its pieces come within the patience; what is too long is cut."""
    until, head = time.monotonic() + _PATIENCE_S, b""
    while b"\r\n\r\n" not in head and len(head) < _LINE_MAX and time.monotonic() < until:
        piece = sock.recv(4096)
        if not piece:
            break
        head += piece
    return head


def _no(sock: socket.socket, status: str) -> None:
    _say(sock, status, "")


def _say(sock: socket.socket, status: str, text: str) -> None:
    body = f"<!doctype html><meta charset=utf-8><title>Deskbell</title><p>{escape(text)}".encode() if text else b""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\n"
        "Connection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        sock.sendall(head.encode() + body)
