# mypy: disable-error-code="no-untyped-call"
"""Signing in by the browser through the window: connecting, signing in again, and how soon the lamp knows."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy.orm import Session

from app.connectors.email import oauth_flows, providers
from app.connectors.email.oauth import SignIn
from app.connectors.email.providers import Needs, Provider
from app.connectors.wake import Wake
from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import Desk
from app.desk.setup import accounts, signing_in
from app.inbox.queries import receive_plan
from app.kernel import clock, secrets
from app.workers.parsing import ParsePool
from app.workers.receiving.hands import Hands
from app.workers.receiving.live import run_mailbox
from tests.connectors.test_setting_up_sign_in import points_at
from tests.empty_desk import empty_desk
from tests.servers.certs import Authority
from tests.servers.dovecot import Account, Dovecot
from tests.servers.identity import CLIENT_ID, Browser, IdentityServer
from tests.servers.smtp import SmtpServer
from tests.ui.lint import findings
from ui.pages.first_run.page import Page
from ui.pages.health.facts import Cause
from ui.pages.health.lamp import StatusLamp, act_of
from ui.pages.settings.sign_in import SignInSheet, open_sign_in
from ui.widgets.button import Button
from ui.window import Window

WAIT_MS = 30_000


@pytest.fixture
def identity(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with IdentityServer(authority) as server:
        points_at(server, monkeypatch)
        yield server


@pytest.fixture
def browser(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = Browser(authority)
    monkeypatch.setattr(oauth_flows, "open_page", made)
    return made


@pytest.fixture
def dovecot(identity: IdentityServer) -> Iterator[Dovecot]:
    folder = Path(tempfile.mkdtemp(prefix="deskbell-dovecot-"))
    try:
        with Dovecot(folder, introspection=identity.introspection) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def account(dovecot: Dovecot, identity: IdentityServer) -> Account:
    made = dovecot.new_user()
    identity.user = made.user
    return made


@pytest.fixture
def smtp(identity: IdentityServer) -> Iterator[SmtpServer]:
    with SmtpServer(auth=True) as server:
        server.orders.takes_token = identity.takes
        yield server


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An empty desk; example.test is an address of a provider that takes no passwords."""
    provider = Provider(
        "Testsoft", ("example.test",), f"imap://127.0.0.1:{dovecot.imap}", f"smtp://127.0.0.1:{smtp.port}",
        Needs.BROWSER, identity="microsoft",
    )  # fmt: skip
    monkeypatch.setitem(providers._BY_DOMAIN, "example.test", provider)
    with empty_desk(tmp_path / "desk") as opened:
        yield opened


def connected(desk: Desk, account: Account) -> MailboxInfo:
    """A mailbox that was connected by the browser."""
    signing_in.set_client(desk, "microsoft", CLIENT_ID)
    kept = signing_in.by_browser(desk, "microsoft", account.address, threading.Event())
    found = accounts.find_servers(account.address)
    assert found.account is not None
    accounts.connect(desk, found.account, kept)
    return desk.ask(mailboxes)[0]


def withdraw(info: MailboxInfo, identity: IdentityServer) -> None:
    """The identity server forgets the sign-in, and its access token has ended."""
    identity.revoke()
    replace_until(info, clock.now())


def replace_until(info: MailboxInfo, until: datetime) -> None:
    """The access token that is kept ends then."""
    kept = SignIn.read(secrets.load_secret(info.secret_ref) or "")
    assert kept is not None
    secrets.store_secret(info.secret_ref, replace(kept, until=until).kept())


def test_a_mailbox_is_connected_by_the_browser_beginning_with_a_client_id(
    window: Window, desk: Desk, qtbot: QtBot, identity: IdentityServer, browser: Browser, account: Account
) -> None:
    page = window._pages["first_run"]
    assert isinstance(page, Page)
    page.name.setText("Maya Lind")
    form = page.form
    form.address.setText(account.address)
    form.search()
    box = form.ways.browser
    qtbot.waitUntil(lambda: box.property("state") == "client", timeout=WAIT_MS)
    assert not form._password_block.isVisibleTo(page)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=WAIT_MS)
    assert browser.pages == []
    box.client_id.setText("not an id")
    box.keep.click()
    qtbot.waitUntil(lambda: "no client id" in box._client_block._hint.text(), timeout=WAIT_MS)
    box.client_id.setText(CLIENT_ID)
    box.keep.click()
    qtbot.waitUntil(lambda: box.property("state") == "offer", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=WAIT_MS)
    assert box.go.text() == "Sign in with Microsoft"
    qtbot.mouseClick(box.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: form.was_tested and not form.is_busy, timeout=WAIT_MS)
    assert (form.receiving.state, form.sending.state) == ("ok", "ok")
    qtbot.waitUntil(lambda: form.history.text() == "The mailbox is empty.", timeout=WAIT_MS)
    page.open.click()
    qtbot.waitUntil(lambda: window.current == "inbox", timeout=WAIT_MS)
    (info,) = desk.ask(mailboxes)
    kept = secrets.load_secret(info.secret_ref) or ""
    read = SignIn.read(kept)
    assert read is not None
    assert info.auth == "microsoft"
    assert identity.takes(read.access)
    secrets_of_it = (read.access.encode(), read.refresh.encode())
    for path in desk.workspace.folder.rglob("*"):
        assert not path.is_file() or not any(each in path.read_bytes() for each in secrets_of_it), path.name


def test_what_is_declined_or_called_off_stays_here_and_can_be_begun_again(
    window: Window, desk: Desk, qtbot: QtBot, identity: IdentityServer, browser: Browser, account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    signing_in.set_client(desk, "microsoft", CLIENT_ID)
    page = window._pages["first_run"]
    assert isinstance(page, Page)
    page.form.address.setText(account.address)
    page.form.search()
    box = page.form.ways.browser
    qtbot.waitUntil(lambda: box.property("state") == "offer", timeout=WAIT_MS)
    identity.person = "deny"
    box.go.click()
    qtbot.waitUntil(lambda: "declined" in box._fault.text(), timeout=WAIT_MS)
    monkeypatch.setattr(oauth_flows, "open_page", lambda _url: None)  # a browser that does not open
    box.go.click()
    qtbot.waitUntil(box._copy.isVisible, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=WAIT_MS)
    button = next(each for each in box.findChildren(Button) if each.text() == "Cancel")
    button.click()
    assert not box.is_waiting
    identity.person = "grant"
    box.begin_with_code()
    qtbot.waitUntil(lambda: box._code.text() == "WXYZ-1234", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=WAIT_MS)
    identity.approve_device()
    qtbot.waitUntil(lambda: page.form.receiving.state == "ok", timeout=WAIT_MS)


def test_somebody_else_in_the_browser_is_named(
    window: Window, desk: Desk, qtbot: QtBot, identity: IdentityServer, browser: Browser, account: Account
) -> None:
    signing_in.set_client(desk, "microsoft", CLIENT_ID)
    identity.user = "private@example.test"
    page = window._pages["first_run"]
    assert isinstance(page, Page)
    form = page.form
    form.address.setText(account.address)
    form.search()
    qtbot.waitUntil(lambda: form.ways.browser.property("state") == "offer", timeout=WAIT_MS)
    form.ways.browser.begin()
    qtbot.waitUntil(lambda: form.receiving.state == "bad", timeout=WAIT_MS)
    assert "the browser signed in private@example.test" in form.receiving.text()
    assert not page.open.isEnabled()
    identity.user = account.user
    next(each for each in form.receiving.findChildren(Button) if each.text() == "Sign in again").click()
    qtbot.waitUntil(lambda: form.receiving.state == "ok", timeout=WAIT_MS)


def test_signing_in_again_is_one_click_and_the_mailbox_goes_on(
    window: Window, desk: Desk, qtbot: QtBot, identity: IdentityServer, browser: Browser, account: Account
) -> None:
    info = connected(desk, account)
    withdraw(info, identity)
    tested = accounts.check_again(desk, info.id)
    assert tested.receiving.text == "The sign-in has expired or was withdrawn. Sign in again."
    pages = len(browser.pages)
    open_sign_in(window.context, info.id)
    qtbot.waitUntil(lambda: len(browser.pages) == pages + 1, timeout=WAIT_MS)  # no further click
    qtbot.waitUntil(lambda: window.findChild(SignInSheet) is None, timeout=WAIT_MS)
    tested = accounts.check_again(desk, info.id)
    assert tested.ok
    assert desk.ask(mailboxes)[0].secret_version == info.secret_version + 1


def test_a_sign_in_that_ends_while_the_line_waits_for_mail_is_in_the_lamp_by_itself(
    window: Window, desk: Desk, qtbot: QtBot, identity: IdentityServer, browser: Browser, account: Account
) -> None:
    info = connected(desk, account)
    causes: list[Cause] = []
    window.watch()
    lamp = window.watcher
    assert isinstance(lamp, StatusLamp)
    lamp.judged.connect(lambda _level, found: causes.extend(found))
    stop, wake = threading.Event(), Wake()
    with contextlib.closing(ParsePool(desk.workspace.packs)) as pool:
        hands = Hands(info.id, desk.work, desk.ask, desk.packs, secrets.load_secret, pool, stop)
        thread = threading.Thread(target=run_mailbox, args=(hands, wake))
        thread.start()
        try:
            qtbot.waitUntil(lambda: desk.ask(first_import_done, info.id), timeout=WAIT_MS)
            assert desk.ask(mailboxes)[0].paused_reason == ""
            identity.revoke()
            two_seconds = clock.now() + timedelta(minutes=5, seconds=2)  # of the five minutes before its end
            replace_until(info, two_seconds)
            wake.set()  # the wait that was begun with an hour in hand is begun anew; what follows comes by itself
            qtbot.waitUntil(lambda: desk.ask(mailboxes)[0].paused_reason == "sign_in", timeout=WAIT_MS)
            assert "The refresh token was withdrawn." in desk.ask(mailboxes)[0].paused_words
            qtbot.waitUntil(lambda: any(each.act == "sign_in" for each in causes), timeout=WAIT_MS)
            cause = next(each for each in causes if each.act == "sign_in")
            assert cause.words == "Sign in again"
            press = act_of(window.context, cause)
            assert press is not None
            press()  # the one click
            qtbot.waitUntil(lambda: desk.ask(mailboxes)[0].paused_reason == "", timeout=WAIT_MS)
        finally:
            stop.set()
            wake.set()
            thread.join(30)
    wake.close()


def first_import_done(db: Session, key: UUID) -> bool:
    """Is everything in that was there when the mailbox was connected?"""
    plan = receive_plan(db, key)
    return plan is not None and plan.first_import_done
