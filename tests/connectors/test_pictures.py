"""Pictures of mails are fetched from the internet alone, by https, in small, and without saying who asks."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.connectors import pictures
from app.connectors.pictures import PictureFetcher, is_public
from tests.servers.certs import Authority

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 3000


class Server(http.server.ThreadingHTTPServer):
    """Answers by path; keeps what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.slow, self.gave_up = threading.Event(), threading.Event()

    def url(self, path: str) -> str:
        return f"https://localhost:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    """`/picture`, `/to?place`, `/page`, `/huge`, `/endless`, `/slow`."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        path, _, place = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", place)
            self.end_headers()
            return
        if path == "/slow":
            self.send_response(200)
            self.flush_headers()
            with contextlib.suppress(OSError):
                while True:  # a line of the head that never ends
                    self.wfile.write(b"x")
                    self.server.slow.wait(0.02)
            self.server.gave_up.set()
            return
        self.send_response(200)
        self.send_header(
            "Content-Type", "text/html" if path == "/page" else "image/svg+xml" if path == "/svg" else "image/png"
        )
        self.send_header("Set-Cookie", "who=you")
        if path == "/huge":
            self.send_header("Content-Length", str(pictures.MOST_BYTES + 1))
        self.end_headers()
        if path == "/endless":
            for _ in range(2 * pictures.MOST_BYTES // 65536):
                self.wfile.write(b"x" * 65536)
        else:
            self.wfile.write(PNG)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, ssl.SSLContext]]:
    authority = Authority(tmp_path / "ca")
    leaf = authority.leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert, leaf.key)
    made = Server()
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made, ssl.create_default_context(cafile=str(authority.ca))
    made.shutdown()
    thread.join()
    made.server_close()


def near(server: Server, trust: ssl.SSLContext) -> PictureFetcher:
    """One that may reach this machine, for tests."""
    return PictureFetcher(trust, lambda _address: True, frozenset({server.server_address[1]}))


def test_a_server_that_speaks_for_ever_is_left_in_time(
    server: tuple[Server, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, trust = server
    monkeypatch.setattr(pictures, "SECONDS", 0.5)
    assert near(there, trust).fetch(there.url("/slow")) is None
    assert there.gave_up.wait(60)


def test_a_picture_is_fetched_without_cookies_or_referrer(server: tuple[Server, ssl.SSLContext]) -> None:
    there, trust = server
    fetcher = near(there, trust)
    assert fetcher.fetch(there.url("/picture?a=b c")) == PNG
    assert fetcher.fetch(there.url("/to?/picture")) == PNG
    paths = [path for path, _ in there.asked]
    assert paths == ["/picture?a=b%20c", "/to?/picture", "/picture"]
    for _, headers in there.asked:
        assert set(headers) == {"host", "accept", "user-agent", "connection", "accept-encoding"}
        assert "deskbell" not in str(headers).lower()


@pytest.mark.parametrize(
    "path", ["/page", "/svg", "/huge", "/endless", "/to?/to?/to?/to?/picture", "/to?http://localhost/picture"]
)
def test_what_is_no_small_picture_is_none(server: tuple[Server, ssl.SSLContext], path: str) -> None:
    there, trust = server
    assert near(there, trust).fetch(there.url(path)) is None


def test_nothing_in_this_network_is_ever_asked(server: tuple[Server, ssl.SSLContext]) -> None:
    there, trust = server
    port = there.server_address[1]
    fetcher = PictureFetcher(trust, ports=frozenset({port, 443}))
    for host in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"):
        assert fetcher.fetch(f"https://{host}:{port}/picture") is None
    assert there.asked == []


def test_a_redirection_into_this_network_is_not_followed(server: tuple[Server, ssl.SSLContext]) -> None:
    there, trust = server
    answers = iter([True, False])  # the first host is on the internet, the second is not
    fetcher = PictureFetcher(trust, lambda _address: next(answers), frozenset({there.server_address[1]}))
    assert fetcher.fetch(there.url(f"/to?{there.url('/picture')}")) is None
    assert [path.partition("?")[0] for path, _ in there.asked] == ["/to"]


def test_a_server_that_nobody_vouches_for_gives_no_picture(server: tuple[Server, ssl.SSLContext]) -> None:
    there, _ = server
    assert near(there, ssl.create_default_context()).fetch(there.url("/picture")) is None


@pytest.mark.parametrize(
    "url", ["http://localhost/a", "ftp://x.example/", "file:///etc/passwd", "https://", "https://[", "https://x:99999/"]
)
def test_only_https_is_asked(url: str) -> None:
    assert PictureFetcher(reachable=lambda _address: True).fetch(url) is None


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "192.168.0.1", "172.16.5.5", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1",
     "192.0.2.1", "2001:db8::1", "not an address"],
)  # fmt: skip
def test_an_address_of_no_public_host_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_of_the_internet_is_fine(address: str) -> None:
    assert is_public(address)
