"""What is announced is believed only with the project's signature, and asking for it tells nothing about who asks."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from installers.feed import announcement, make_key

from app.connectors.updates import MOST_BYTES, fetch
from app.desk.updates import Channel, channel, newer, read
from app.kernel.errors import ExternalError
from tests.servers.certs import Authority

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
PAGE = "https://deskbell.app/releases"
HERE = Channel("https://deskbell.app/updates.json", (PUBLIC,))


def signed(release: object) -> bytes:
    """Any text, truly signed."""
    text = json.dumps(release)
    return json.dumps({"release": text, "signature": base64.b64encode(KEY.sign(text.encode())).decode()}).encode()


@pytest.mark.parametrize(("number", "told"), [("1.10.0", True), ("1.9.1", True), ("1.9.0", False), ("0.99.99", False)])
def test_only_what_is_newer_is_told(number: str, told: bool) -> None:
    found = newer(HERE, lambda _url: announcement(KEY, PAGE, "Chat.", number), "1.9.0")
    assert (found is not None) is told
    if found is not None:
        assert (found.version, found.page, found.notes) == (number, PAGE, "Chat.")


def test_another_key_or_another_text_is_not_believed() -> None:
    good = announcement(KEY, PAGE, number="9.0.0")
    assert read(good, (b"\0" * 32, PUBLIC)).version == "9.0.0"  # one of several keys will do
    for data, keys in (
        (good, (Ed25519PrivateKey.generate().public_key().public_bytes_raw(),)),
        (good, ()),
        (good, (b"short",)),
        (good.replace(b"9.0.0", b"9.0.1"), (PUBLIC,)),
        (announcement(Ed25519PrivateKey.generate(), PAGE), (PUBLIC,)),
    ):
        with pytest.raises(ExternalError, match="signature"):
            read(data, keys)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"[]", b"{}", b"\xff", b'{"release": "", "signature": "no base64"}', b"[" * 60_000),
        *(signed([]), signed({"product": "other", "version": "1.0.0", "page": PAGE, "published_on": "2026-01-01"})),
        signed({"product": "deskbell", "version": "1.0", "page": PAGE, "published_on": "2026-01-01"}),
        signed({"product": "deskbell", "version": "1.0.0", "page": "file:///etc", "published_on": "2026-01-01"}),
        signed({"product": "deskbell", "version": "1.0.0", "page": PAGE, "published_on": "soon"}),
    ],
)
def test_what_cannot_be_read_is_not_believed(data: bytes) -> None:
    with pytest.raises(ExternalError, match="not believed"):
        read(data, (PUBLIC,))


def test_the_sources_ask_nobody() -> None:
    assert channel() is None


def test_a_key_is_its_owners_alone_and_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "key"
    public = base64.b64decode(make_key(file))
    assert len(public) == 32
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        make_key(file)


class Place(http.server.BaseHTTPRequestHandler):
    """Answers by path, and notes what was asked."""

    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        body = {"/updates.json": b"{}", "/large": b"x" * (MOST_BYTES + 1)}.get(self.path, b"")
        self.send_response({"/gone": 404, "/moved": 302}.get(self.path, 200))
        self.send_header("Location", "/updates.json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base names it so
        """Say nothing."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A web server on loopback: its address, and what to trust."""
    authority = Authority(tmp_path / "ca")
    leaf = authority.leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert, leaf.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Place)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    Place.asked.clear()
    yield f"https://localhost:{server.server_port}", ssl.create_default_context(cafile=authority.ca)
    server.shutdown()
    thread.join()
    server.server_close()


def test_asking_sends_nothing_but_the_question(place: tuple[str, ssl.SSLContext]) -> None:
    address, trust = place
    assert fetch(f"{address}/updates.json", trust) == b"{}"
    ((path, headers),) = Place.asked
    assert path == "/updates.json"
    assert set(headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent", "Connection"}
    assert headers["User-Agent"] == "Deskbell"


@pytest.mark.parametrize("path", ["/gone", "/moved", "/large"])
def test_an_odd_answer_is_none(place: tuple[str, ssl.SSLContext], path: str) -> None:
    address, trust = place
    with pytest.raises(ExternalError, match="does not answer as it should"):
        fetch(address + path, trust)


def test_only_an_encrypted_line_to_a_trusted_place(place: tuple[str, ssl.SSLContext]) -> None:
    address, _trust = place
    with pytest.raises(ExternalError, match="cannot be reached"):
        fetch(f"{address}/updates.json")  # nobody here trusts that authority
    with pytest.raises(ExternalError, match="not an https"):
        fetch(address.replace("https", "http"))
