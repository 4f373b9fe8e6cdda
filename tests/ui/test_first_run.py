# mypy: disable-error-code="no-untyped-call"
"""The first run against real servers: connected, wrong password, a certificate to trust, no sending, called off, sample desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.mailboxes import pause_mailbox
from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import Desk, sample
from app.desk.setup.accounts import Account as MailAccount
from app.desk.setup.accounts import connect
from app.kernel import clock, secrets
from app.people.queries import agents
from tests.empty_desk import empty_desk
from tests.servers.bad_imap import BadImap
from tests.servers.certs import Authority
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import free_ports
from tests.servers.smtp import SmtpServer
from tests.ui.lint import findings
from ui.pages.first_run.page import Page
from ui.pages.first_run.servers import ServerFields, described
from ui.pages.settings.form import NumberField
from ui.pages.settings.sign_in import SignInSheet, open_sign_in
from ui.theme import Theme
from ui.widgets.button import Button
from ui.widgets.layout import column
from ui.window import Window


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty desk."""
    with empty_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def page(window: Window) -> Page:
    """The page shown."""
    found = window._pages["first_run"]
    assert isinstance(found, Page)
    return found


def enter(page: Page, account: Account, imap_port: int, smtp_port: int, *, password: str = "") -> None:
    """What a person types: the servers are plain ones on this computer unless the test says otherwise."""
    page.name.setText("Maya Lind")
    page.form.edit_servers()
    page.form.address.setText(account.address)
    page.form.password.setText(password or account.password)
    point(page.form.imap, imap_port)
    point(page.form.smtp, smtp_port)


def point(fields: ServerFields, port: int, security: str = "plain") -> None:
    """A server on this computer."""
    fields.security.choose(security)
    fields.host.setText("127.0.0.1")
    fields.port.setText(str(port))
    fields.edited.emit()


def press(qtbot: QtBot, page: Page, words: str) -> None:
    """Press the button with these words."""
    button = next(b for b in page.findChildren(Button) if b.text() == words and b.isVisibleTo(page))
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def try_out(qtbot: QtBot, page: Page) -> None:
    """Press Test and wait for both results."""
    press(qtbot, page, page.test.text())
    qtbot.waitUntil(lambda: not page.form.is_busy)


def kept(desk: Desk) -> tuple[MailboxInfo, ...]:
    """The mailboxes of the desk."""
    return desk.ask(mailboxes)


def test_a_mailbox_that_works_opens_the_inbox(
    page: Page, window: Window, desk: Desk, qtbot: QtBot, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    assert not page.open.isEnabled()
    enter(page, account, dovecot.imap, smtp.port)
    try_out(qtbot, page)
    assert (page.form.receiving.state, page.form.sending.state) == ("ok", "ok")
    assert page.open.isEnabled()
    qtbot.waitUntil(page.open.hasFocus)  # not the name, to which it falls while the fields are locked
    qtbot.waitUntil(lambda: findings(window) == [])
    press(qtbot, page, "Open the inbox")
    qtbot.waitUntil(lambda: window.current == "inbox")
    (info,) = kept(desk)
    assert info.address == account.address
    assert info.history == "since"
    assert info.open_since is not None
    assert secrets.load_secret(info.secret_ref) == account.password
    assert [each.name for each in desk.ask(agents)] == ["Maya Lind"]
    assert not desk.is_new()
    assert page.form.password.text() == ""


def test_a_wrong_password_says_so_and_keeps_nothing(
    page: Page, desk: Desk, qtbot: QtBot, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    enter(page, account, dovecot.imap, smtp.port, password="not this one")
    try_out(qtbot, page)
    assert page.form.receiving.state == "bad"
    assert "password" in page.form.receiving.text()
    assert not page.open.isEnabled()
    assert kept(desk) == ()
    page.form.password.setText(account.password)
    try_out(qtbot, page)
    assert page.form.receiving.state == "ok"
    assert page.open.isEnabled()


def test_a_certificate_is_shown_and_trusted_for_this_mailbox_only(
    page: Page, window: Window, desk: Desk, qtbot: QtBot, dovecot: Dovecot, account: Account, authority: Authority
) -> None:
    leaf = authority.leaf()
    with SmtpServer(security="tls", leaf=leaf, auth=True) as smtp:
        enter(page, account, dovecot.imaps, smtp.port)
        point(page.form.imap, dovecot.imaps, "tls")
        point(page.form.smtp, smtp.port, "tls")
        try_out(qtbot, page)
        assert (page.form.receiving.state, page.form.sending.state) == ("bad", "bad")
        assert not page.open.isEnabled()
        shown = "".join(label.text() for label in page.findChildren(type(page.form.receiving._text)))
        assert leaf.sha256[:4].upper() in shown
        assert "In detail:" in shown
        assert "The server said" not in shown  # what was wrong with a certificate, this computer found out
        qtbot.waitUntil(lambda: findings(window) == [])
        for row in (page.form.receiving, page.form.sending):
            button = next(b for b in row.findChildren(Button) if b.text() == "Trust this certificate")
            button.click()
            qtbot.waitUntil(lambda: not page.form.is_busy)
        assert (page.form.receiving.state, page.form.sending.state) == ("ok", "ok")
        press(qtbot, page, "Open the inbox")
        qtbot.waitUntil(lambda: not desk.is_new())
    (info,) = kept(desk)
    assert (info.imap_pin, info.smtp_pin) == (dovecot.leaf.sha256, leaf.sha256)


def test_a_changed_certificate_is_shown_in_the_sheet_and_the_new_one_can_be_trusted(
    window: Window, desk: Desk, qtbot: QtBot, smtp: SmtpServer, authority: Authority
) -> None:
    old, new = authority.leaf(), authority.leaf()
    with BadImap(leaf=new) as imap:
        urls = f"imaps://127.0.0.1:{imap.port}", f"smtp://127.0.0.1:{smtp.port}"
        key = connect(desk, MailAccount("me@example.test", *urls, imap_pin=old.sha256), "secret")
        desk.do(pause_mailbox, key, "tls", "changed")
        open_sign_in(window.context, key, certificate=True)
        qtbot.waitUntil(lambda: window.findChild(SignInSheet) is not None)
        sheet = window.findChild(SignInSheet)
        assert isinstance(sheet, SignInSheet)
        qtbot.waitUntil(lambda: sheet.receiving.state == "bad")
        assert "another certificate than the one accepted" in sheet.receiving.text()
        assert imap.commands == []
        shown = "".join(label.text() for label in sheet.findChildren(type(sheet.receiving._text)))
        assert new.sha256[:4].upper() in shown
        qtbot.waitUntil(lambda: findings(window) == [])
        next(b for b in sheet.findChildren(Button) if b.text() == "Trust this certificate").click()
        qtbot.waitUntil(lambda: kept(desk)[0].paused_reason == "")
    assert kept(desk)[0].imap_pin == new.sha256


def test_what_is_there_is_counted_before_it_is_brought_in(
    page: Page, desk: Desk, qtbot: QtBot, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    for days in (1, 3, 200):
        dovecot.deliver(account, b"Subject: x\r\n\r\n\r\n", at=clock.now() - timedelta(days=days))
    enter(page, account, dovecot.imap, smtp.port)
    try_out(qtbot, page)
    history = page.form.history
    qtbot.waitUntil(lambda: "There are 3 messages" in history.text())
    assert "2 are from the last 14 days; 1 become history" in history.text()
    history.choice.choose("none")
    history.choice.chosen.emit("none")
    assert "None of them is copied" in history.text()
    assert kept(desk) == ()
    assert not any("\\Seen" in each for each in dovecot.flags(account).values())


def test_a_provider_that_lets_no_mail_program_in_is_told_and_no_fields_are_opened(page: Page, qtbot: QtBot) -> None:
    page.form.address.setText("me@tuta.com")
    page.form.search()
    qtbot.waitUntil(lambda: not page.form.is_busy)
    assert "Tuta lets no other mail programs in." in page.form.ways._hint.text()
    assert page.form._found.text() == "Tuta cannot be connected."
    assert not page.form._hand.isVisibleTo(page)


def test_one_can_go_on_without_sending(
    page: Page, desk: Desk, qtbot: QtBot, dovecot: Dovecot, account: Account
) -> None:
    (nobody,) = free_ports(1)
    enter(page, account, dovecot.imap, nobody)
    try_out(qtbot, page)
    assert (page.form.receiving.state, page.form.sending.state) == ("ok", "bad")
    assert not page.open.isEnabled()
    press(qtbot, page, "Go on without sending")
    assert page.form.sending.state == "skipped"
    press(qtbot, page, "Open the inbox")
    qtbot.waitUntil(lambda: not desk.is_new())
    assert len(kept(desk)) == 1


def test_a_change_after_the_test_needs_another_test(
    page: Page, qtbot: QtBot, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    enter(page, account, dovecot.imap, smtp.port)
    try_out(qtbot, page)
    assert page.open.isEnabled()
    qtbot.keyClicks(page.form.password, "x")
    assert not page.open.isEnabled()
    assert page.form.receiving.state == "idle"


def test_without_a_keyring_the_password_is_kept_for_this_run_only(
    monkeypatch: pytest.MonkeyPatch, desk: Desk, qapp: QApplication, qtbot: QtBot, dovecot: Dovecot,
    account: Account, smtp: SmtpServer,
) -> None:  # fmt: skip
    import keyring
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    handed: dict[str, str] = {}

    def hand(ref: str, secret: str) -> bool:
        handed[ref] = secret
        return True

    window = Window(desk, qapp.findChild(Theme) or Theme(qapp), engine_secret=hand)
    qtbot.addWidget(window)
    try:
        window.start()
        window.show()
        page = window._pages["first_run"]
        assert isinstance(page, Page)
        enter(page, account, dovecot.imap, smtp.port)
        try_out(qtbot, page)
        qtbot.waitUntil(page.form._keyring.isVisible)
        assert not page.open.isEnabled()
        page.form.this_run.click()
        press(qtbot, page, "Open the inbox")
        qtbot.waitUntil(lambda: not desk.is_new())
        assert list(handed.values()) == [account.password]
    finally:
        window.shut()
        keyring.set_keyring(before)
        for ref in handed:
            secrets.for_this_run.remove(ref)


def test_a_search_can_be_called_off_and_the_servers_entered(page: Page, qtbot: QtBot) -> None:
    page.form.address.setText("help@shop.invalid")
    page.form.search()
    assert page.form.is_busy
    page.form.call_off()
    assert not page.form.is_busy
    assert page.form._hand.isVisibleTo(page)
    assert not page.open.isEnabled()


@pytest.fixture
def german() -> Iterator[None]:
    """A system that groups digits by full stops."""
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


def test_a_port_is_a_number_without_marks_in_every_language(german: None, qtbot: QtBot) -> None:
    fields, number = ServerFields("imap", "Receiving"), NumberField(1, 99_999, "MB", "Largest mail")
    holder = column(fields, number)
    qtbot.addWidget(holder)
    holder.show()
    fields.host.setText("mail.example")
    for field in (fields.port, number):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, "47977")
        qtbot.keyClicks(field, "7.")  # too large, and what German groups digits by: refused
        fields.host.setFocus()
    assert (fields.url(), number.number(), number.text()) == ("imaps://mail.example:47977", 47_977, "47977")


def test_what_is_no_address_is_said_at_the_field(page: Page, qtbot: QtBot) -> None:
    page.form.address.setText("help@")
    page.form.search()
    qtbot.waitUntil(lambda: not page.form.is_busy)
    assert "help@" in page.form._address_block._hint.text()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imaps://mail.example.com:993", "mail.example.com · 993 · TLS"),
        ("smtp+starttls://mail.example.com", "mail.example.com · 587 · STARTTLS"),
        ("imap://localhost:143", "localhost · 143 · this computer only"),
        ("imaps://[::1]:993", "::1 · 993 · TLS"),
        ("", ""),
    ],
)
def test_a_server_is_described_and_survives_its_fields(qtbot: QtBot, url: str, words: str) -> None:
    assert described(url) == words
    fields = ServerFields("smtp" if url.startswith("smtp") else "imap", "Receiving")
    qtbot.addWidget(fields)
    fields.set_url(url)
    assert described(fields.url()) == words


def test_the_sample_desk_fills_and_opens(
    page: Page, window: Window, desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "fill_new", partial(sample.fill_new, tickets=60))  # less of the same
    press(qtbot, page, "Explore a sample desk")
    assert not page.sample.isEnabled()
    qtbot.waitUntil(lambda: window.current == "inbox", timeout=120_000)
    assert not desk.is_new()
    assert kept(desk)[0].paused_reason == "sample"


def test_called_off_from_another_page_it_begins_again_at_the_first_one(
    page: Page, window: Window, desk: Desk, qtbot: QtBot
) -> None:
    press(qtbot, page, "Explore a sample desk")
    qtbot.waitUntil(lambda: page.progress.bar.value() > 0)
    press(qtbot, page, "Cancel")
    window.go("chats")  # by its key, while what was filled in is taken out
    qtbot.waitUntil(page.sample.isEnabled)
    assert desk.is_new()
    assert window.current == "first_run"


def test_the_sample_desk_can_be_called_off(page: Page, window: Window, desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, page, "Explore a sample desk")
    qtbot.waitUntil(lambda: page.progress.bar.value() > 0)
    press(qtbot, page, "Cancel")
    qtbot.waitUntil(page.sample.isEnabled)
    assert window.current == "first_run"
    assert desk.is_new()
    assert kept(desk) == ()
    assert page.name.isEnabled()
