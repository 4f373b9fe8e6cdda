"""Signing in by the browser: against an identity server of our own, a real Dovecot that asks it, and SMTP with XOAUTH2."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from app.connectors.email import oauth_flows, oauth_tokens
from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.imap import ImapSession
from app.connectors.email.oauth import IDENTITIES, CalledOffError, Client, DeviceCode, SignIn, SignInError
from app.connectors.email.oauth_loopback import Loopback
from app.connectors.email.oauth_tokens import tokens_of
from app.connectors.email.smtp import SmtpSession
from app.connectors.email.words import Fault
from app.kernel import clock, log, secrets
from app.kernel.errors import ExternalError, Reason
from tests.servers.certs import Authority
from tests.servers.dovecot import Account, Dovecot, find_dovecot
from tests.servers.identity import CLIENT_ID, Browser, IdentityServer
from tests.servers.smtp import SmtpServer

CLIENT = Client(CLIENT_ID)
REF = "mailbox-of-the-test"


@pytest.fixture
def identity(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityServer]:
    """Both identity servers are this one; its certificate is trusted as the system's are."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with IdentityServer(authority) as server:
        points_at(server, monkeypatch)
        yield server


def points_at(server: IdentityServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in there."""
    base = f"{server.url}/common"
    microsoft = replace(IDENTITIES["microsoft"], authority=base)
    google = replace(
        IDENTITIES["google"],
        authorize_url=f"{base}/oauth2/v2.0/authorize",
        token_url=f"{base}/oauth2/v2.0/token",
    )
    for each in (microsoft, google):
        monkeypatch.setitem(IDENTITIES, each.key, each)


@pytest.fixture
def browser(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """An HTTP client in the place of the person's browser."""
    made = Browser(authority)
    monkeypatch.setattr(oauth_flows, "open_page", made)
    return made


def signed_in(identity: str = "google") -> SignIn:
    return oauth_flows.by_browser(IDENTITIES[identity], CLIENT, "support@example.test", threading.Event())


def keep(sign_in: SignIn) -> oauth_tokens.StoredTokens:
    """Kept in the keyring, as for a mailbox."""
    secrets.store_secret(REF, sign_in.kept())
    tokens = tokens_of(REF, sign_in.kept(), secrets.load_secret)
    assert tokens is not None
    return tokens


@pytest.mark.parametrize("name", ["microsoft", "google"])
def test_a_sign_in_by_the_browser_proves_itself_with_pkce_and_can_renew_itself(
    name: str, identity: IdentityServer, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    found = signed_in(name)
    assert identity.takes(found.access)
    assert found.is_fresh
    assert "code_challenge_method=S256" in browser.pages[0]
    assert "login_hint=support%40example.test" in browser.pages[0]
    renewed = oauth_flows.renew(found)
    assert identity.takes(renewed.access)
    assert renewed.access != found.access
    assert renewed.refresh != found.refresh  # the server gives a new one each time, and that one is kept
    for secret in (found.access, found.refresh, renewed.access, renewed.refresh):
        assert secret not in caplog.text


def test_the_browser_shows_that_it_is_done(identity: IdentityServer, browser: Browser) -> None:
    signed_in()
    assert len(browser.pages) == 1
    assert identity.requests["authorize"] == 1


@pytest.mark.parametrize("name", ["microsoft", "google"])
def test_a_sign_in_that_the_person_declines_says_so(name: str, identity: IdentityServer, browser: Browser) -> None:
    identity.person = "deny"
    with pytest.raises(SignInError, match="declined") as caught:
        signed_in(name)
    assert "The person said no." in caught.value.words


def test_a_wrong_client_id_is_named(identity: IdentityServer, browser: Browser) -> None:
    for name in ("microsoft", "google"):
        with pytest.raises(SignInError, match="client id"):
            oauth_flows.by_browser(IDENTITIES[name], Client("other"), "a@example.test", threading.Event())


def test_google_s_client_secret_goes_with_the_code_and_with_each_renewal(
    identity: IdentityServer, browser: Browser
) -> None:
    identity.client_secret = "not-so-secret"
    client = Client(CLIENT_ID, Secret("not-so-secret"))
    found = oauth_flows.by_browser(IDENTITIES["google"], client, "a@example.test", threading.Event())
    assert identity.takes(oauth_flows.renew(found).access)


def test_an_identity_server_that_is_down_is_no_reason_to_sign_in_again(
    identity: IdentityServer, browser: Browser
) -> None:
    for name in ("microsoft", "google"):
        found = signed_in(name)
        identity.down = True
        with pytest.raises(ExternalError) as caught:
            oauth_flows.renew(found)
        assert caught.value.reason is Reason.OFFLINE
        identity.down = False


def test_a_certificate_that_nobody_knows_ends_a_sign_in_before_anything_is_said(
    identity: IdentityServer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = signed_in()
    asked = identity.requests.total()
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ExternalError) as caught:
        oauth_flows.renew(found)
    assert caught.value.reason is Reason.OFFLINE
    assert identity.requests.total() == asked


# -- the way back from the browser


def test_only_the_answer_with_the_right_state_counts_and_only_once() -> None:
    found: dict[str, str] = {}
    with Loopback() as loopback:
        waiting = threading.Thread(target=lambda: found.update(loopback.wait("right", threading.Event())))
        waiting.start()
        base = f"http://127.0.0.1:{loopback.port}"
        for path in (
            "/?code=evil&state=wrong",
            "/?code=evil",
            "/favicon.ico",
            "/?state=right",
            "/?code=a&code=b&state=right",
            f"/?{'&'.join(f'n{number}=1' for number in range(60))}",
        ):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(base + path, timeout=10)
        for words in (b"\0\xff nonsense\r\n\r\n", b"GET http://[ HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", loopback.port), 10) as rude:
                rude.sendall(words)
                rude.recv(100)
        assert not found
        with urllib.request.urlopen(f"{base}/?code=good&state=right", timeout=10) as page:
            assert "You are signed in" in page.read().decode()
        waiting.join(10)
    assert found == {"code": "good", "state": "right"}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", loopback.port), 1)


def test_waiting_for_the_browser_can_be_called_off_and_ends_by_itself() -> None:
    cancel = threading.Event()
    with Loopback() as loopback:
        with pytest.raises(SignInError, match="Nobody signed in"):
            loopback.wait("state", cancel, seconds=0.05)
        threading.Timer(0.05, cancel.set).start()
        with pytest.raises(CalledOffError):
            loopback.wait("state", cancel)


def test_a_code_typed_on_another_device_signs_in_too(identity: IdentityServer) -> None:
    shown: list[DeviceCode] = []

    def show(code: DeviceCode) -> None:
        shown.append(code)
        identity.approve_device()

    found = oauth_flows.by_device_code(IDENTITIES["microsoft"], CLIENT, show, threading.Event())
    assert (shown[0].code, shown[0].url) == ("WXYZ-1234", f"{identity.url}/device")
    assert identity.takes(found.access)


def test_a_code_that_is_declined_or_called_off_says_so(identity: IdentityServer) -> None:
    with pytest.raises(SignInError, match="declined"):
        oauth_flows.by_device_code(
            IDENTITIES["microsoft"], CLIENT, lambda _: identity.approve_device(granted=False), threading.Event()
        )
    cancel = threading.Event()
    with pytest.raises(CalledOffError):
        oauth_flows.by_device_code(IDENTITIES["microsoft"], CLIENT, lambda _: cancel.set(), cancel)


# -- what is kept


class SmallKeyring(KeyringBackend):  # type: ignore[misc,unused-ignore]
    """Refuses what Windows refuses: more than 2,560 bytes in UTF-16."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise OSError("the stub received bad data")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError
        del self.entries[service, username]


@pytest.fixture
def small_keyring() -> Iterator[SmallKeyring]:
    before = keyring.get_keyring()
    made = SmallKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_sign_in_larger_than_a_windows_credential_is_kept_whole_renewed_and_forgotten(
    small_keyring: SmallKeyring, identity: IdentityServer, browser: Browser
) -> None:
    tokens = keep(signed_in())
    assert len(secrets.load_secret(REF) or "") > 4000
    for _ in range(3):
        identity.expire()
        assert identity.takes(tokens.renewed(tokens.current()).reveal())
    kept = SignIn.read(secrets.load_secret(REF) or "")
    assert kept is not None
    assert kept.refresh in identity.book.refresh
    assert len(small_keyring.entries) < 10  # earlier parts are gone
    secrets.delete_secret(REF)
    assert small_keyring.entries == {}


def test_a_secret_replaced_while_its_parts_are_read_is_read_again(
    small_keyring: SmallKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.store_secret(REF, "a" * 5000)
    read = small_keyring.get_password
    swapped = iter([True])

    def meanwhile(service: str, username: str) -> str | None:
        found = read(service, username)
        if username == REF and next(swapped, False):
            secrets.store_secret(REF, "b" * 5000)
        return found

    monkeypatch.setattr(small_keyring, "get_password", meanwhile)
    assert secrets.load_secret(REF) == "b" * 5000


def test_a_sign_in_is_read_back_and_a_password_is_none() -> None:
    made = SignIn("google", "id", "", "https://x.example/token", ("a", "b"), "refresh-1", "access-1", clock.now())
    assert SignIn.read(made.kept()) == made
    assert tokens_of(REF, "a password", secrets.load_secret) is None
    for damaged in ("deskbell-sign-in:", "deskbell-sign-in:[]", 'deskbell-sign-in:{"until": 1}', "deskbell-sign-in:{"):
        assert SignIn.read(damaged) is None
    assert "access-1" not in repr(made)
    assert "access-1" not in log.redact("sent access-1, refresh-1")


# -- the tokens of a mailbox


def test_an_access_token_is_renewed_before_it_ends_and_not_more_often(
    identity: IdentityServer, browser: Browser
) -> None:
    tokens = keep(signed_in())
    first = tokens.current()
    assert tokens.current() == first
    assert identity.requests["token"] == 1
    old = SignIn.read(secrets.load_secret(REF) or "")
    assert old is not None
    secrets.store_secret(REF, replace(old, until=clock.now()).kept())
    assert tokens.current() != first
    assert tokens.current() != first
    assert identity.requests["token"] == 2


def test_many_threads_renew_a_rejected_token_once(identity: IdentityServer, browser: Browser) -> None:
    tokens = keep(signed_in())
    rejected = tokens.current()
    found: list[Secret] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.renewed(rejected))) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert len(set(found)) == 1
    assert identity.requests["token"] == 2


def test_another_process_that_renewed_first_is_believed(identity: IdentityServer, browser: Browser) -> None:
    mine = signed_in()
    theirs = oauth_flows.renew(mine)  # with that, the refresh token of `mine` is spent
    old = replace(mine, until=clock.now()).kept()
    answers = iter([old, theirs.kept()])
    tokens = tokens_of(REF, old, lambda _: next(answers))
    assert tokens is not None
    assert tokens.current().reveal() == theirs.access


@pytest.mark.parametrize("name", ["microsoft", "google"])
def test_a_withdrawn_sign_in_asks_the_person(name: str, identity: IdentityServer, browser: Browser) -> None:
    tokens = keep(signed_in(name))
    identity.revoke()
    with pytest.raises(ExternalError) as caught:
        tokens.renewed(tokens.current())
    assert caught.value.reason is Reason.SIGN_IN
    assert not caught.value.retryable
    assert getattr(caught.value, "fault", None) is Fault.SIGN_IN_ENDED


# -- a real Dovecot that asks the identity server about each token


@pytest.fixture(params=["xoauth2", "oauthbearer"])
def token_dovecot(request: pytest.FixtureRequest, identity: IdentityServer) -> Iterator[Dovecot]:
    if find_dovecot() is None:
        pytest.fail("dovecot is not installed; `make test` installs it")
    folder = Path(tempfile.mkdtemp(prefix="deskbell-dovecot-"))
    try:
        with Dovecot(folder, introspection=identity.introspection, mechanisms=request.param) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def by_token(dovecot: Dovecot, account: Account, tokens: oauth_tokens.StoredTokens) -> MailServer:
    url = ServerUrl.parse(f"imaps://127.0.0.1:{dovecot.imaps}")
    return MailServer(url, account.user, cafile=dovecot.cafile, timeout_s=10, tokens=tokens)


def test_dovecot_takes_the_token_and_a_rejected_one_is_renewed_at_once(
    token_dovecot: Dovecot, identity: IdentityServer, browser: Browser
) -> None:
    account = token_dovecot.new_user()
    identity.user = account.user
    tokens = keep(signed_in())
    server = by_token(token_dovecot, account, tokens)
    with ImapSession.open(server) as session:
        assert session.select("INBOX").exists == 0
    rejected = tokens.current()
    identity.expire()  # the server forgot it early: nothing in it tells us
    with ImapSession.open(server) as session:
        assert session.select("INBOX").exists == 0
    assert tokens.current() != rejected
    identity.revoke()
    with pytest.raises(ExternalError) as caught:
        ImapSession.open(server)
    assert caught.value.reason is Reason.SIGN_IN
    assert tokens.current().reveal() not in f"{caught.value} {caught.value.words}"


def test_a_line_that_waits_for_mail_notices_that_the_sign_in_has_ended(
    token_dovecot: Dovecot, identity: IdentityServer, browser: Browser
) -> None:
    account = token_dovecot.new_user()
    identity.user = account.user
    sign_in = signed_in()
    with ImapSession.open(by_token(token_dovecot, account, keep(sign_in))) as session:
        session.select("INBOX")
        session.idle(0.05)
        identity.revoke()
        secrets.store_secret(REF, replace(sign_in, until=clock.now()).kept())
        with pytest.raises(ExternalError) as caught:
            session.idle(0.05)
    assert caught.value.reason is Reason.SIGN_IN


def test_smtp_signs_in_by_token_and_renews_a_rejected_one(identity: IdentityServer, browser: Browser) -> None:
    tokens = keep(signed_in())
    with SmtpServer(auth=True) as smtp:
        smtp.orders.takes_token = identity.takes
        url = ServerUrl.parse(f"smtp://127.0.0.1:{smtp.port}")
        server = MailServer(url, "support@example.test", timeout_s=10, tokens=tokens)
        with SmtpSession.open(server) as session:
            session.try_sender("support@example.test")
        identity.expire()
        with SmtpSession.open(server) as session:
            session.try_sender("support@example.test")
        identity.revoke()
        with pytest.raises(ExternalError) as caught:
            SmtpSession.open(server)
    assert caught.value.reason is Reason.SIGN_IN
