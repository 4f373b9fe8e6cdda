"""Fetching a picture that a mail names, without telling more than that somebody wants it.

Only over https, without cookies, referrer or a name for this program; small, quickly, and never from this network: every
address that a name stands for must be a public one, and the connection goes to just that address, so that a second answer of
the name server changes nothing. Each redirection is looked at in the same way. Whatever does not fit is no picture.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin, urlsplit

MOST_BYTES: Final = 8 * 1024 * 1024
SECONDS: Final = 15.0
_CONNECT_S: Final = 5.0
_REDIRECTS: Final = 3
_CHUNK: Final = 64 * 1024
_KINDS: Final = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"})
_HEADERS: Final = {"Accept": "image/*", "User-Agent": "Mozilla/5.0", "Connection": "close"}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Is this an address of the internet, and not of this machine or this network? Also for one wrapped in IPv6."""
    try:
        found: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[12:])
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved and not found.is_unspecified


class PictureFetcher:
    """Fetches pictures; any thread. `trust`, `reachable` and `ports` are there for tests on this machine."""

    def __init__(
        self,
        trust: ssl.SSLContext | None = None,
        reachable: Callable[[str], bool] = is_public,
        ports: frozenset[int] = frozenset({443}),
    ) -> None:
        self._trust, self._reachable, self._ports = trust, reachable, ports
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False

    def fetch(self, url: str) -> bytes | None:
        """The bytes of a picture, None when there is none to be had under the rules above. Raises nothing."""
        until = time.monotonic() + SECONDS
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            for _ in range(1 + _REDIRECTS):
                data, url = self._one(url, until)
                if not url:
                    return data
        return None

    def close(self) -> None:
        """Let go of every connection; what is being fetched is given up."""
        self._closed = True
        with self._lock:
            for one in self._open:
                _hang_up(one)

    def _one(self, url: str, until: float) -> tuple[bytes | None, str]:
        """The picture, or where to ask instead."""
        parts = urlsplit(url)
        port = parts.port or 443
        if parts.scheme != "https" or not parts.hostname or port not in self._ports or self._closed:
            return None, ""
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
        wire = self._connect(host, port)
        if wire is None:
            return None, ""
        connection = http.client.HTTPConnection(host, port, timeout=_CONNECT_S)
        connection.sock = wire
        watch = threading.Timer(max(0.0, until - time.monotonic()), _hang_up, [wire])  # a server may never end its head
        watch.daemon = True
        watch.start()
        try:
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("GET", re.sub(r"[^!-~]", _quoted, path), headers=_HEADERS)
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return None, urljoin(url, answer.getheader("Location") or "")
            return self._body(answer, until), ""
        finally:
            watch.cancel()
            with self._lock:
                self._open.discard(wire)
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, until: float) -> bytes | None:
        kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        said = answer.getheader("Content-Length") or "0"
        if answer.status != 200 or kind not in _KINDS or not said.isdecimal() or int(said) > MOST_BYTES:
            return None
        data = bytearray()
        while chunk := answer.read1(_CHUNK):
            data += chunk
            if len(data) > MOST_BYTES or time.monotonic() > until or self._closed:
                return None
        return bytes(data)

    def _connect(self, host: str, port: int) -> ssl.SSLSocket | None:
        """A connection to a public address of this host, IPv4 first (a picture has no time for a line that has no IPv6);
        None if any address it stands for is none.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = sorted(dict.fromkeys(str(entry[4][0]) for entry in found), key=lambda one: ":" in one)
        if not addresses or not all(map(self._reachable, addresses)):
            return None
        bare = socket.create_connection((addresses[0], port), timeout=_CONNECT_S)
        try:
            wire = (self._trust or ssl.create_default_context()).wrap_socket(bare, server_hostname=host)
        except BaseException:
            bare.close()
            raise
        with self._lock:
            self._open.add(wire)
        return wire


def _hang_up(wire: socket.socket) -> None:
    """End the line at once, from any thread. Below TLS: SSLSocket's own `shutdown` would drop the encryption first."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(wire, socket.SHUT_RDWR)


def _quoted(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))
