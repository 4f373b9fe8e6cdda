"""Setting up a mailbox: server addresses, well-known providers, discovery, and the test before saving."""

from __future__ import annotations

import pickle
import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.connectors.email.autoconfig import XML_MAX, read
from app.connectors.email.certificates import describe
from app.connectors.email.check import check_receiving, check_sending
from app.connectors.email.config import AuthKind, MailServer, Secret, Security, ServerUrl
from app.connectors.email.discover import Source, answers, discover
from app.connectors.email.providers import PROVIDERS, Needs, provider_at, provider_of
from app.connectors.email.records import Announced
from app.connectors.email.signing_in import imap_sign_in
from app.kernel.errors import Reason, UserError
from tests.connectors.servers import loopback, receiving
from tests.servers.bad_imap import BadImap
from tests.servers.certs import Authority
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer

ME = "me@example.test"


@pytest.mark.parametrize(
    ("text", "host", "port", "security"),
    [
        ("imaps://imap.example.com", "imap.example.com", 993, Security.TLS),
        ("imap+starttls://imap.example.com:144", "imap.example.com", 144, Security.STARTTLS),
        ("SMTPS://Mail.Example.com/", "mail.example.com", 465, Security.TLS),
        ("smtp+starttls://bücher.example", "xn--bcher-kva.example", 587, Security.STARTTLS),
        ("imap://localhost:1143", "localhost", 1143, Security.PLAIN),
        ("smtp://127.0.0.1", "127.0.0.1", 25, Security.PLAIN),
        ("smtp://[::1]:2525", "::1", 2525, Security.PLAIN),
    ],
)
def test_server_addresses(text: str, host: str, port: int, security: Security) -> None:
    url = ServerUrl.parse(text)
    assert (url.host, url.port, url.security) == (host, port, security)
    assert ServerUrl.parse(str(url)) == url


@pytest.mark.parametrize(
    "text",
    ["", "imap.example.com", "pop3://x.example", "imap://imap.example.com", "smtp://10.0.0.1", "imap://localhost.evil.example",
     "imaps://", "imaps://a b", "imaps://x.example:99999", "imaps://x.example:0", "imaps://u:p@x.example", "imap4://u:p@x.example", "imaps://u:p@x.example:port",
     "imaps://x.example/path", "imaps://[::1", "imaps://x..example", "imap://127.0.0.1.example.com"],
)  # fmt: skip
def test_server_addresses_that_are_none(text: str) -> None:
    with pytest.raises(UserError) as caught:
        ServerUrl.parse(text)
    assert "u:p" not in str(caught.value)


def test_a_secret_shows_itself_nowhere() -> None:
    server = MailServer(ServerUrl.parse("imaps://imap.example.com"), "me", Secret("hunter2"))
    assert "hunter2" not in f"{server!r} {server.secret} {server.secret!r}"
    with pytest.raises(TypeError):
        pickle.dumps(server.secret)


def test_the_table_of_providers_is_sound() -> None:
    assert len(PROVIDERS) >= 30
    domains = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(domains) == len(set(domains))
    for provider in PROVIDERS:
        urls = [url for url in (provider.receiving(), provider.sending()) if url]
        assert [url.protocol for url in urls] in (["imap", "smtp"], [])
        assert urls or provider.needs is Needs.NOTHING
        assert all(url.security is not Security.PLAIN for url in urls)


def test_a_provider_is_known_by_address_and_by_server() -> None:
    gmail, office = provider_of("Someone@GMail.com"), provider_of("x@shop.onmicrosoft.com")
    assert gmail is not None
    assert gmail.files_sent
    assert office is not None
    assert office.auth is AuthKind.XOAUTH2
    assert provider_at("imap.gmail.com") is gmail  # a domain of one's own at Gmail
    assert provider_of("x@notgmail.com") is None


def nothing(_: object) -> None:
    return None


class Silent:
    """DNS that knows nothing."""

    def incoming(self, _domain: str) -> tuple[str, ...]:
        return ()

    def announced(self, _domain: str) -> Announced | None:
        return None


def test_a_known_address_asks_nobody() -> None:
    def fail(_: object) -> bytes | None:
        raise AssertionError("asked the world")

    found = discover("me@posteo.de", fetch=fail)
    assert (found.source, str(found.candidates[0].receiving)) == (Source.TABLE, "imaps://posteo.de:993")
    assert discover("me@tuta.com", fetch=fail).candidates == ()


AUTOCONFIG = b"""<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x.example">
<incomingServer type="pop3"><hostname>pop.x.example</hostname><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>plain.x.example</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>in.%EMAILDOMAIN%</hostname><port>143</port><socketType>STARTTLS</socketType>
<username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>out.x.example</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>
</emailProvider></clientConfig>"""


def test_an_autoconfig_file_is_read_and_only_its_protected_servers_count() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes | None:
        asked.append(url)
        return AUTOCONFIG if ".well-known" in url else None

    found = discover("me@x.example", fetch=fetch, records=Silent())
    assert found.source is Source.AUTOCONFIG
    (pair,) = found.candidates
    assert (str(pair.receiving), str(pair.sending), pair.user) == (
        "imap+starttls://in.x.example:143", "smtps://out.x.example:465", "me",
    )  # fmt: skip
    assert all(url.startswith("https://") and "me" not in url.split("/")[3:] for url in asked)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe<", b"<html>no", b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;">]>' + AUTOCONFIG.partition(b"?>")[2],
        AUTOCONFIG.replace(b"in.%EMAILDOMAIN%", b"in .x/../example").replace(b"plain</s", b"none</s"),
        AUTOCONFIG.replace(b"<port>143</port>", b"<port>99999999</port>"),
        b"<a>" * 5000,
        AUTOCONFIG + b" " * XML_MAX,
    ],
)  # fmt: skip
def test_a_hostile_autoconfig_file_gives_nothing(data: bytes) -> None:
    assert read(data, "me", "x.example") == ()


def test_likely_names_are_tried_in_order_of_preference() -> None:
    good = {"imap+starttls://mail.x.example:143", "imaps://x.example:993", "smtps://smtp.x.example:465"}
    found = discover("me@x.example", fetch=nothing, records=Silent(), probe=lambda url: str(url) in good)
    assert found.source is Source.GUESS
    assert str(found.candidates[0].receiving) == "imap+starttls://mail.x.example:143"
    assert discover("me@x.example", fetch=nothing, records=Silent(), probe=lambda _: False).source is Source.NONE


def test_a_guess_counts_only_if_the_right_server_answers_and_is_trusted(authority: Authority, smtp: SmtpServer) -> None:
    with BadImap() as plain, BadImap(leaf=authority.leaf()) as unknown:
        assert answers(ServerUrl.parse(f"imap+starttls://127.0.0.1:{plain.port}"))
        assert answers(ServerUrl.parse(f"smtp+starttls://127.0.0.1:{smtp.port}"))
        assert not answers(ServerUrl.parse(f"smtp+starttls://127.0.0.1:{plain.port}"))
        assert not answers(ServerUrl.parse(f"imaps://127.0.0.1:{unknown.port}"))


def test_discovery_ends_when_cancelled_even_while_a_server_is_silent() -> None:
    cancel, asked, release = threading.Event(), threading.Event(), threading.Event()

    def silent(_: ServerUrl) -> bool:
        asked.set()
        return release.wait(30)

    def person() -> None:
        asked.wait(30)
        cancel.set()

    threading.Thread(target=person).start()
    assert discover("me@x.example", cancel, fetch=nothing, records=Silent(), probe=silent).candidates == ()
    assert not release.is_set()
    release.set()


@pytest.mark.parametrize(
    "address", ["", "me", "@x.example", "me@", "me@localhost", "me@x.example/evil", "me@x example.com", "a@b@"]
)
def test_discovery_of_what_is_no_address(address: str) -> None:
    with pytest.raises(UserError):
        discover(address, fetch=nothing, records=Silent(), probe=lambda _: False)


def test_both_directions_are_tested_without_sending(dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
    dovecot.deliver(account, b"Subject: x\r\n\r\n\r\n")
    result = check_receiving(receiving(dovecot, account))
    assert (result.ok, result.text) == (True, "Receiving works: 1 mail in the inbox.")
    assert check_sending(loopback("smtp", smtp.port), "me@example.test").ok
    assert smtp.letters == []
    server = receiving(dovecot, account)
    wrong = check_receiving(MailServer(server.url, account.user, Secret("no"), cafile=dovecot.cafile))
    assert (wrong.ok, wrong.reason) == (False, Reason.SIGN_IN)
    assert wrong.words


def test_a_refused_sign_in_tells_what_the_provider_wants() -> None:
    script = {"AUTHENTICATE": [b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"]}
    with BadImap(script) as server:
        url = ServerUrl.parse(f"imap://127.0.0.1:{server.port}")
        result = check_receiving(MailServer(url, "me@gmail.com", Secret("x"), timeout_s=10))
    assert "app password" in result.text
    assert result.words.endswith("Invalid credentials")


def test_an_untrusted_certificate_is_shown_and_can_then_be_pinned(authority: Authority) -> None:
    leaf = authority.leaf(expired=True)
    with BadImap(leaf=leaf) as server:
        refused = check_receiving(loopback("imaps", server.port, cafile=authority.ca))
        assert (refused.ok, refused.reason) == (False, Reason.TLS)
        shown = refused.certificate
        assert shown is not None
        assert (shown.subject, shown.issuer, shown.sha256) == ("localhost", "Deskbell test authority", leaf.sha256)
        assert shown.not_after is not None
        assert timedelta(0) < datetime.now(UTC) - shown.not_after < timedelta(days=2)
        assert check_receiving(loopback("imaps", server.port, pinned=shown.sha256)).ok
    with SmtpServer(security="starttls", leaf=leaf) as sending:
        result = check_sending(loopback("smtp+starttls", sending.port), "me@example.test")
        assert result.certificate is not None
        assert result.certificate.sha256 == leaf.sha256


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x82\xff\xff\x01", b"\x30\x03\x30\x01\x00", bytes(500)])
def test_a_certificate_that_is_none_is_still_described(der: bytes) -> None:
    assert describe(der).subject == ""


class Polite:
    """An IMAP client's outside, for a host that no test may reach: it notes what it is made to say."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def has_capability(self, name: str) -> bool:
        return name in {"AUTH=PLAIN", "ID"}

    def plain_login(self, user: str, _password: str) -> None:
        self.said.append(user)

    def id_(self, words: dict[str, str]) -> None:
        self.said.append(words)


def test_a_provider_that_wants_to_know_the_program_is_told_its_name_and_no_other() -> None:
    for url, said in (("imaps://imap.163.com", [ME, {"name": "Deskbell"}]), ("imaps://imap.gmail.com", [ME])):
        client = Polite()
        imap_sign_in(client, MailServer(ServerUrl.parse(url), ME, Secret("x")))
        assert client.said == said
