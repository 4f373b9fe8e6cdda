"""Finding servers by what a domain says: autoconfig over real https, MX and SRV from a name server of our own."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from app.connectors.email.autoconfig import XML_MAX, https_get
from app.connectors.email.config import AuthKind
from app.connectors.email.discover import Discovery, Source, discover
from app.connectors.email.providers import PROVIDERS, Needs, provider_behind
from app.connectors.email.records import Dns
from tests.connectors.test_setting_up import AUTOCONFIG, nothing
from tests.servers.certs import Authority
from tests.servers.names import NameServer, Script

DOMAIN = "shop.example"
SRV: Script = {
    ("_imaps._tcp.shop.example", "SRV"): ["20 0 993 second.shop.example.", "10 5 993 in.shop.example."],
    ("_submissions._tcp.shop.example", "SRV"): ["0 1 465 out.shop.example."],
}


def found_by(script: Script, *, fetch: Callable[[str], bytes | None] = nothing) -> Discovery:
    """What is found when DNS says this and no likely server answers."""
    with NameServer(script) as server:
        names = Dns(["127.0.0.1"], server.port, lifetime_s=2)
        return discover(f"me@{DOMAIN}", fetch=fetch, records=names, probe=lambda _url: False)


@pytest.mark.parametrize(
    ("mx", "name", "auth"),
    [
        (["20 alt1.aspmx.l.google.com.", "10 aspmx.l.google.com."], "Gmail", AuthKind.PASSWORD),
        (["0 shop-example.mail.protection.outlook.com."], "Microsoft 365", AuthKind.XOAUTH2),
        (["0 shop-example.o-v1.mx.microsoft."], "Microsoft 365", AuthKind.XOAUTH2),
        (["10 in1-smtp.messagingengine.com."], "Fastmail", AuthKind.PASSWORD),
        (["10 MX00.Kundenserver.de."], "IONOS", AuthKind.PASSWORD),
        (["10 mx.zoho.eu."], "Zoho Workplace Europe", AuthKind.PASSWORD),
        (["5 filter.example.", "10 smtpin.rzone.de."], "STRATO", AuthKind.PASSWORD),
    ],
)
def test_a_domain_whose_mail_a_known_provider_takes_in_uses_that_provider_s_servers(
    mx: list[str], name: str, auth: AuthKind
) -> None:
    found = found_by({(DOMAIN, "MX"): mx})
    assert (found.source, found.provider and found.provider.name) == (Source.MX, name)
    assert found.candidates[0].auth is auth
    assert found.candidates[0].user == f"me@{DOMAIN}"
    assert found.candidates[0].confirm == ()  # the servers are those of our own table


@pytest.mark.parametrize("mx", ["notgoogle.com", "google.com.evil.example", "com", ""])
def test_a_look_alike_of_a_provider_s_mx_is_nobody(mx: str) -> None:
    assert provider_behind(mx) is None


def test_autoconfig_comes_before_mx_and_mx_before_srv() -> None:
    everything: Script = {**SRV, (DOMAIN, "MX"): ["10 aspmx.l.google.com."]}
    assert found_by(everything, fetch=lambda _url: AUTOCONFIG).source is Source.AUTOCONFIG
    assert found_by(everything).source is Source.MX
    assert found_by(SRV).source is Source.SRV


def test_srv_records_are_read_by_priority_and_encryption_from_the_first_byte_comes_first() -> None:
    script: Script = {
        **SRV,
        ("_imap._tcp.shop.example", "SRV"): ["0 0 143 old.shop.example."],
        ("_submission._tcp.shop.example", "SRV"): ["0 0 587 old.shop.example."],
    }
    (pair,) = found_by(script).candidates
    assert (str(pair.receiving), str(pair.sending)) == ("imaps://in.shop.example:993", "smtps://out.shop.example:465")
    assert pair.confirm == ()


def test_srv_without_implicit_tls_means_starttls() -> None:
    (pair,) = found_by(
        {
            ("_imaps._tcp.shop.example", "SRV"): ["0 0 0 ."],  # "there is none" (RFC 2782)
            ("_imap._tcp.shop.example", "SRV"): ["0 0 143 in.shop.example."],
            ("_submission._tcp.shop.example", "SRV"): ["0 0 587 out.shop.example."],
        }
    ).candidates
    assert (str(pair.receiving), str(pair.sending)) == (
        "imap+starttls://in.shop.example:143", "smtp+starttls://out.shop.example:587",
    )  # fmt: skip


def test_servers_outside_the_domain_that_only_srv_names_have_to_be_confirmed() -> None:
    script: Script = {
        ("_imaps._tcp.shop.example", "SRV"): ["0 0 993 mail.evilshop.example."],
        ("_submissions._tcp.shop.example", "SRV"): ["0 0 465 out.shop.example."],
    }
    assert found_by(script).candidates[0].confirm == ("mail.evilshop.example",)
    known: Script = {
        ("_imaps._tcp.shop.example", "SRV"): ["0 0 993 imap.fastmail.com."],
        ("_submissions._tcp.shop.example", "SRV"): ["0 0 465 smtp.fastmail.com."],
    }
    found = found_by(known)
    assert (found.candidates[0].confirm, found.provider and found.provider.needs) == ((), Needs.APP_PASSWORD)


def test_one_direction_alone_is_not_enough() -> None:
    assert found_by({("_imaps._tcp.shop.example", "SRV"): ["0 0 993 in.shop.example."]}).source is Source.NONE


@pytest.mark.parametrize(
    "broken",
    [
        lambda _: b"nonsense",
        lambda data: data,
        lambda data: data[:2] + b"\x81\x80" + b"\xff" * 60,
        lambda _: bytes(12),
        lambda _: b"",
    ],
    ids=["text", "echo", "garbage", "other-id", "silence"],
)
def test_a_name_server_that_answers_nonsense_is_no_answer(broken: Callable[[bytes], bytes]) -> None:
    with NameServer({}, broken=broken) as server:
        names = Dns(["127.0.0.1"], server.port, lifetime_s=0.3)
        assert names.incoming(DOMAIN) == ()
        assert names.announced(DOMAIN) is None


def test_only_the_domain_is_asked_for_never_the_address() -> None:
    with NameServer(SRV) as server:
        discover(f"secret.person@{DOMAIN}", fetch=nothing, records=Dns(["127.0.0.1"], server.port))
        assert server.asked
        assert all(name.endswith(DOMAIN) and "secret" not in name for name, _ in server.asked)


def test_every_provider_s_servers_and_pages_are_plausible() -> None:
    for provider in PROVIDERS:
        assert provider.domains or provider.mx, provider.name
        assert provider.page.startswith("https://") or provider.needs in {Needs.PASSWORD, Needs.BROWSER, Needs.NOTHING}
        assert (provider.needs is Needs.BROWSER) <= bool(provider.identity)
        usual = {"imaps": 993, "smtps": 465, "smtp+starttls": 587, "imap+starttls": 143}
        for url in (provider.receiving(), provider.sending()):
            assert url is None or provider.name == "Proton" or url.port == usual[url.scheme]
    endings = [ending for provider in PROVIDERS for ending in provider.mx]
    assert len(endings) == len(set(endings))


# -- autoconfig over real https


@pytest.fixture
def web(authority: Authority) -> Iterator[tuple[str, dict[str, tuple[int, Mapping[str, str], bytes]]]]:
    """(address, pages) of a web server with our authority's certificate; `pages` maps a path to what it answers."""
    pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    leaf = authority.leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert, leaf.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # callers hang up as they like
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}", pages
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_autoconfig_is_fetched_by_https_with_few_redirects_that_stay_encrypted_and_a_size_cap(
    authority: Authority, web: tuple[str, dict[str, tuple[int, Mapping[str, str], bytes]]]
) -> None:
    base, pages = web
    trust = ssl.create_default_context(cafile=str(authority.ca))
    pages |= {
        "/file": (200, {}, AUTOCONFIG),
        "/moved": (302, {"Location": "/file"}, b""),
        "/down": (302, {"Location": f"http://localhost:{base.rpartition(':')[2]}/file"}, b""),
        "/file-url": (302, {"Location": "file:///etc/passwd"}, b""),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/large": (200, {}, b"x" * (XML_MAX + 1)),
        "/broken": (500, {}, b"no"),
    } | {f"/{step}": (302, {"Location": f"/{step + 1}"}, b"") for step in range(9)}
    assert https_get(f"{base}/file", trust) == AUTOCONFIG
    assert https_get(f"{base}/moved", trust) == AUTOCONFIG
    for path in ("/down", "/file-url", "/loop", "/0", "/large", "/broken", "/none"):
        assert https_get(base + path, trust) is None, path
    assert https_get(f"{base}/file") is None  # nobody known has signed this certificate
    assert https_get(f"{base.replace('https', 'http')}/file", trust) is None


def test_a_web_server_that_dribbles_does_not_hold_the_search_up(authority: Authority) -> None:
    leaf = authority.leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert, leaf.key)
    ended = threading.Event()

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not ended.wait(0.02):
                self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # it hangs up on us
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    trust = ssl.create_default_context(cafile=str(authority.ca))
    assert https_get(f"https://localhost:{server.server_address[1]}/", trust, seconds=0.3) is None
    ended.set()
    server.shutdown()
    server.server_close()
