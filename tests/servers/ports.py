"""Free ports and waiting for a server, with a deadline instead of a sleep."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable


def free_ports(count: int) -> list[int]:
    """`count` ports on 127.0.0.1 that nobody listens on right now."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in taken]


def wait_until(condition: Callable[[], object], seconds: float = 300, what: str = "it did not happen") -> None:
    """Ask `condition` until it holds; TimeoutError naming `what` after `seconds`, which nobody waits for unless something is wrong."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.02)


def greets(port: int) -> bool:
    """Does a server on this port say something within a second?"""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as sock:
            return bool(sock.recv(1))
    except OSError:
        return False


def greets_web(port: int) -> bool:
    """Does a web server on this port answer within a second?"""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as sock:
            sock.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return sock.recv(5) == b"HTTP/"
    except OSError:
        return False


def listens(port: int) -> bool:
    """Does anything take connections on this port?"""
    with socket.socket() as line:
        line.settimeout(1.0)
        return line.connect_ex(("127.0.0.1", port)) == 0
