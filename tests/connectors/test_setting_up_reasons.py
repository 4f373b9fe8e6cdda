"""The test of both directions tells the true reason: each way in which it fails is tried, and its words are read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.connectors.email.certificates import shown_certificate
from app.connectors.email.check import CheckResult, check_receiving, check_sending
from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.providers import Needs
from app.connectors.email.words import NEEDS, SENTENCES, Fault
from app.kernel.errors import Reason
from tests.connectors.servers import loopback, receiving
from tests.servers.bad_imap import BadImap
from tests.servers.certs import Authority
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import free_ports
from tests.servers.smtp import SmtpServer

ME = "me@example.test"


def both(scheme_end: str, port: int, **more: object) -> tuple[CheckResult, CheckResult]:
    """The test of receiving and of sending at the same port."""
    receives = check_receiving(replace(loopback(f"imap{scheme_end}", port), **more))  # type: ignore[arg-type]
    sends = check_sending(replace(loopback(f"smtp{scheme_end}", port), **more), ME)  # type: ignore[arg-type]
    return receives, sends


def refused(result: CheckResult, fault: Fault, reason: Reason, *words: str) -> None:
    """It failed for this reason, and says so in a sentence that names what matters."""
    assert (result.ok, result.fault, result.reason) == (False, fault, reason)
    for word in words:
        assert word in result.text
    assert "{" not in result.text


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_a_wrong_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    for result in (
        check_receiving(MailServer(ServerUrl.parse("imaps://imap.exmaple.com"), ME, Secret("x"))),
        check_sending(MailServer(ServerUrl.parse("smtps://imap.exmaple.com"), ME, Secret("x")), ME),
    ):
        refused(result, Fault.NO_SUCH_HOST, Reason.HOST, "imap.exmaple.com", "name right")


def test_a_computer_that_is_offline_is_no_wrong_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_server(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_server)
    result = check_receiving(MailServer(ServerUrl.parse("imaps://imap.example.com"), ME, Secret("x")))
    refused(result, Fault.NO_NAME_SERVER, Reason.OFFLINE, "online")


def test_a_wrong_port_is_named() -> None:
    (nobody,) = free_ports(1)
    for result in both("s", nobody):
        refused(result, Fault.PORT_CLOSED, Reason.HOST, str(nobody), "may be down", "port is wrong")


def test_the_wrong_kind_of_server_is_named(smtp: SmtpServer) -> None:
    refused(check_receiving(loopback("imap", smtp.port)), Fault.NOT_IMAP, Reason.PROTOCOL, str(smtp.port))
    with BadImap() as imap:
        refused(check_sending(loopback("smtp", imap.port), ME), Fault.NOT_SMTP, Reason.PROTOCOL, str(imap.port))


def test_tls_where_none_is_spoken_says_what_to_try(smtp: SmtpServer) -> None:
    with BadImap() as imap:
        refused(check_receiving(loopback("imaps", imap.port)), Fault.NO_TLS_HERE, Reason.TLS, "STARTTLS")
    refused(check_sending(loopback("smtps", smtp.port), ME), Fault.NO_TLS_HERE, Reason.TLS, "STARTTLS")


def test_a_server_that_says_nothing_is_a_time_out_with_port_and_firewall_in_its_words() -> None:
    with silent_server() as port:
        for end in ("s", "+starttls"):
            for result in both(end, port, timeout_s=0.3):
                refused(result, Fault.NO_ANSWER, Reason.OFFLINE, str(port), "firewall")


def test_a_network_that_refuses_the_way_is_told_as_a_firewall() -> None:
    for scheme, check in (("imaps", check_receiving), ("smtps", lambda server: check_sending(server, ME))):
        server = MailServer(ServerUrl.parse(f"{scheme}://255.255.255.255:993"), ME, Secret("x"), timeout_s=2)
        refused(check(server), Fault.BLOCKED, Reason.OFFLINE, "firewall")


def test_a_wrong_password_is_told_with_the_server_s_words(dovecot: Dovecot, account: Account) -> None:
    result = check_receiving(replace(receiving(dovecot, account), secret=Secret("not this")))
    refused(result, Fault.WRONG_PASSWORD, Reason.SIGN_IN, "user name and password")
    assert "Authentication failed" in result.words
    with SmtpServer(auth=True) as smtp:
        smtp.orders.password = "another"
        result = check_sending(loopback("smtp", smtp.port), ME)
    refused(result, Fault.WRONG_PASSWORD, Reason.SIGN_IN)
    assert result.words


@pytest.mark.parametrize(
    ("address", "needs", "words"),
    [
        ("me@gmail.com", Needs.APP_PASSWORD, "Gmail needs an app password"),
        ("me@gmx.de", Needs.APP_PASSWORD_TWO_STEP, "switched on in the settings of GMX"),
        ("me@t-online.de", Needs.MAIL_PASSWORD, "password for mail programs"),
        ("me@qq.com", Needs.CODE, "authorisation code"),
        ("me@hotmail.com", Needs.BROWSER, "sign-in in the browser"),
        ("me@proton.me", Needs.BRIDGE, "Bridge"),
    ],
)
def test_a_refused_password_tells_what_the_provider_wants_and_where(address: str, needs: Needs, words: str) -> None:
    script = {"AUTHENTICATE": [b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"]}
    with BadImap(script) as server:
        url = ServerUrl.parse(f"imap://127.0.0.1:{server.port}")
        result = check_receiving(MailServer(url, "me", Secret("x"), timeout_s=10), address)
    refused(result, Fault.WRONG_PASSWORD, Reason.SIGN_IN, words)
    assert result.advice is not None
    assert result.advice.needs is needs
    assert result.advice.page.startswith("https://") or needs is Needs.BROWSER


def test_a_server_without_encryption_gets_nothing(smtp: SmtpServer) -> None:
    with BadImap() as imap:
        result = check_receiving(loopback("imap+starttls", imap.port))
        refused(result, Fault.NO_ENCRYPTION, Reason.PLAIN, "Nothing was sent")
        assert not any(command.startswith(("LOGIN", "AUTHENTICATE")) for command in imap.commands)
    result = check_sending(loopback("smtp+starttls", smtp.port), ME)
    refused(result, Fault.NO_ENCRYPTION, Reason.PLAIN, "Nothing was sent")


@pytest.mark.parametrize("kind", ["expired", "wrong name", "unknown authority"])
def test_a_bad_certificate_is_told_apart_and_shown_in_both_directions(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    leaf, fault = {
        "expired": (authority.leaf(expired=True), Fault.CERT_EXPIRED),
        "wrong name": (authority.leaf("another.example"), Fault.CERT_NAME),
        "unknown authority": (stranger.leaf(), Fault.CERT_UNKNOWN),
    }[kind]
    with (
        BadImap(leaf=leaf) as imap,
        SmtpServer(security="tls", leaf=leaf) as smtps,
        SmtpServer(security="starttls", leaf=leaf) as starttls,
    ):
        for result in (
            check_receiving(loopback("imaps", imap.port, cafile=authority.ca)),
            check_sending(loopback("smtps", smtps.port, cafile=authority.ca), ME),
            check_sending(loopback("smtp+starttls", starttls.port, cafile=authority.ca), ME),
        ):
            refused(result, fault, Reason.TLS, "127.0.0.1")
            assert result.certificate is not None
            assert result.certificate.sha256 == leaf.sha256
            assert result.certificate.subject
            assert result.certificate.not_after is not None
        assert imap.commands == []  # nothing was said before the certificate was believed
        assert check_receiving(loopback("imaps", imap.port, pinned=leaf.sha256)).ok
        assert check_sending(loopback("smtps", smtps.port, pinned=leaf.sha256), ME).ok
        assert check_sending(loopback("smtp+starttls", starttls.port, pinned=leaf.sha256), ME).ok


def test_a_self_signed_certificate_is_told_as_such(authority: Authority) -> None:
    with BadImap(leaf=authority.self_signed()) as imap:
        result = check_receiving(loopback("imaps", imap.port))
    refused(result, Fault.CERT_SELF_SIGNED, Reason.TLS, "nobody but itself")


def test_a_changed_certificate_stops_a_pinned_mailbox_and_the_new_one_is_shown(authority: Authority) -> None:
    old, new = authority.leaf(), authority.leaf()
    with BadImap(leaf=new) as imap, SmtpServer(security="starttls", leaf=new) as smtp:
        for result in (
            check_receiving(loopback("imaps", imap.port, cafile=authority.ca, pinned=old.sha256)),
            check_sending(loopback("smtp+starttls", smtp.port, cafile=authority.ca, pinned=old.sha256), ME),
        ):
            refused(result, Fault.CERT_CHANGED, Reason.TLS, "another certificate")
            assert result.certificate is not None
            assert result.certificate.sha256 == new.sha256
        assert imap.commands == []
        assert smtp.letters == []


def test_an_smtp_server_that_wants_a_sign_in_and_offers_none_is_told() -> None:
    with SmtpServer() as smtp:
        smtp.orders.offers_auth = False
        smtp.orders.refuse_mail = "530 5.7.0 Authentication required"
        result = check_sending(loopback("smtp", smtp.port), ME)
    refused(result, Fault.NO_AUTH, Reason.PLAIN, "offers no sign-in", "465 or 587")


def test_a_sender_that_the_server_does_not_let_through_is_told(smtp: SmtpServer) -> None:
    smtp.orders.refuse_mail = "553 5.7.1 Sender address rejected: not owned by user"
    result = check_sending(loopback("smtp", smtp.port), ME)
    refused(result, Fault.SENDER_REFUSED, Reason.REFUSED, ME)
    assert "not owned by user" in result.words


def test_an_address_that_the_server_does_not_know_is_told_but_greylisting_is_no_trouble(smtp: SmtpServer) -> None:
    smtp.refuse[ME] = "550 5.1.1 No such user"
    refused(check_sending(loopback("smtp", smtp.port), ME), Fault.ADDRESS_REFUSED, Reason.REFUSED, ME)
    smtp.refuse[ME] = "450 4.2.0 Greylisted, try again later"
    assert check_sending(loopback("smtp", smtp.port), ME).ok
    assert smtp.letters == []


def test_a_busy_server_is_no_wrong_password() -> None:
    script = {"AUTHENTICATE": [b"{tag} NO [UNAVAILABLE] Temporary authentication failure\r\n"]}
    with BadImap(script) as server:
        refused(check_receiving(loopback("imap", server.port)), Fault.SIGN_IN_BUSY, Reason.BUSY)


def test_the_password_is_in_no_answer_even_if_the_server_repeats_it() -> None:
    script = {"AUTHENTICATE": ["{tag} NO wrong: pässword\r\n".encode()]}
    with BadImap(script) as server:
        result = check_receiving(loopback("imap", server.port))
    assert "pässword" not in f"{result}{result.text}"


def test_looking_at_a_certificate_waits_no_longer_than_the_test_may() -> None:
    with silent_server() as port:
        done = threading.Event()

        def look() -> None:
            assert shown_certificate(loopback("imap+starttls", port, timeout_s=0.3)) is None
            done.set()

        threading.Thread(target=look, daemon=True).start()
        assert done.wait(20)


def test_every_fault_and_need_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Fault)
    assert set(NEEDS) == set(Needs)
    values = {"host": "h", "port": "1", "address": "a", "provider": "p", "account": "b"}
    assert all("{" not in each.format_map(values) for each in (*SENTENCES.values(), *NEEDS.values()))
