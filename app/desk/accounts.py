"""Setting up a mailbox: finding servers, testing both directions, saving. The only time that the window's process
talks to the world; it does so on a task thread, and what comes back is plain data.
"""

from __future__ import annotations

import secrets as randomness
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.connectors.email.certificates import CertificateInfo
from app.connectors.email.check import CheckResult, check_receiving, check_sending
from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.discover import discover
from app.connectors.email.providers import provider_at, provider_of
from app.conversations.mailboxes import NewMailbox, add_mailbox, remove_mailbox, resume_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo, mailbox
from app.kernel import clock, secrets, signals
from app.kernel.errors import NotFoundError, UserError

if TYPE_CHECKING:
    from app.desk.desk import Desk

__all__ = ["Account", "CertificateInfo", "CheckResult", "Found", "Tested"]

TEST_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Account:
    """What is needed to reach a mailbox, but for its password. Pins are hex sha256 of accepted certificates."""

    address: str
    imap_url: str
    smtp_url: str
    user: str = ""
    name: str = ""
    imap_pin: str = ""
    smtp_pin: str = ""
    files_sent_itself: bool = False

    @property
    def login(self) -> str:
        """The user name to sign in with: the address, unless another was given."""
        return self.user or self.address


@dataclass(frozen=True, slots=True)
class Found:
    """Servers found for an address. `source`: table, autoconfig, guess or none; `hint`: what the provider wants."""

    account: Account | None
    source: str
    provider: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """The test of both directions."""

    receiving: CheckResult
    sending: CheckResult

    @property
    def ok(self) -> bool:
        return self.receiving.ok and self.sending.ok


def find_servers(address: str, cancel: threading.Event | None = None) -> Found:
    """Look for the servers of an address. Raises UserError for what is no address. Takes seconds."""
    found = discover(address, cancel)
    provider = found.provider
    hint = " ".join(part for part in ((provider.app_password if provider else ""), found.note) if part)
    name = provider.name if provider else ""
    if not found.candidates:
        return Found(None, found.source.value, name, hint)
    best = found.candidates[0]
    account = Account(
        address.strip(),
        str(best.receiving),
        str(best.sending),
        best.user,
        files_sent_itself=bool(provider and provider.files_sent),
    )
    return Found(account, found.source.value, name, hint)


def hint_for(address: str) -> str:
    """What a well-known provider wants before its password works here ("needs an app password"), or nothing."""
    provider = provider_of(address)
    return provider.app_password if provider else ""


def check(account: Account, password: str) -> Tested:
    """Receive and send, as far as that goes without touching a mail. Never raises for what the servers do."""
    receiving = check_receiving(_server(account.imap_url, account, password, account.imap_pin))
    sending = check_sending(_server(account.smtp_url, account, password, account.smtp_pin), account.address)
    return Tested(receiving, sending)


def _server(url: str, account: Account, password: str, pin: str) -> MailServer:
    return MailServer(ServerUrl.parse(url), account.login, Secret(password), pin or None, TEST_TIMEOUT_S)


def connect(
    desk: Desk,
    account: Account,
    password: str,
    *,
    history: str = "since",
    open_since: datetime | None = None,
    remember: bool = True,
) -> UUID:
    """Save a mailbox, and its password in the keyring (`remember`) or for this run only. Raises UserError.

    `history`: since (threads younger than `open_since`, default 14 days, open as tickets), all, archive, none.
    """
    account = _checked(account)
    if history == "since" and open_since is None:
        open_since = clock.now() - timedelta(days=14)
    ref = f"mailbox-{randomness.token_hex(8)}"
    _keep(ref, password, remember=remember)
    new = NewMailbox(
        account.address,
        account.imap_url,
        account.smtp_url,
        account.login,
        ref,
        name=account.name,
        imap_pin=account.imap_pin,
        smtp_pin=account.smtp_pin,
        files_sent_itself=account.files_sent_itself,
        history=history,
        open_since=open_since,
    )
    try:
        key = desk.do(add_mailbox, new)
    except BaseException:
        _forget(ref)
        raise
    desk.work(signals.send, "mailboxes_changed")
    return key


def _checked(account: Account) -> Account:
    """The account with its addresses read once, so that what is saved can be used. Raises UserError."""
    imap, smtp = ServerUrl.parse(account.imap_url), ServerUrl.parse(account.smtp_url)
    if imap.protocol != "imap" or smtp.protocol != "smtp":
        msg = "Receiving needs an imap address and sending an smtp address."
        raise UserError(msg)
    provider = provider_at(smtp.host)
    return replace(account, files_sent_itself=account.files_sent_itself or bool(provider and provider.files_sent))


def change_password(desk: Desk, key: UUID, password: str, *, remember: bool = True) -> None:
    """Store a new password and let the mailbox go on. The one click from the lamp."""
    info = _info(desk, key)
    _keep(info.secret_ref, password, remember=remember)
    desk.do(update_mailbox, key, secret_version=info.secret_version + 1)
    desk.do(resume_mailbox, key)
    desk.work(signals.send, "mailboxes_changed")


def trust(desk: Desk, key: UUID, *, imap_pin: str | None = None, smtp_pin: str | None = None) -> None:
    """Accept exactly these certificates for a mailbox from now on, and let it go on."""
    pins = {name: pin for name, pin in (("imap_pin", imap_pin), ("smtp_pin", smtp_pin)) if pin is not None}
    desk.do(update_mailbox, key, **pins)
    desk.do(resume_mailbox, key)
    desk.work(signals.send, "mailboxes_changed")


def check_again(desk: Desk, key: UUID, password: str | None = None) -> Tested:
    """Test a saved mailbox, with the password that is kept or another. Raises UserError when none is kept."""
    info = _info(desk, key)
    password = password if password is not None else secrets.load_secret(info.secret_ref)
    if password is None:
        msg = f"There is no password for {info.address} in the keyring. Sign in again."
        raise UserError(msg)
    return check(account_of(info), password)


def disconnect(desk: Desk, key: UUID) -> None:
    """Remove a mailbox and its password. Its tickets and mails stay."""
    info = _info(desk, key)
    desk.do(remove_mailbox, key)
    _forget(info.secret_ref)
    desk.work(signals.send, "mailboxes_changed")


def account_of(info: MailboxInfo) -> Account:
    """A saved mailbox as an account."""
    return Account(
        info.address,
        info.imap_url,
        info.smtp_url,
        info.user,
        info.name,
        info.imap_pin,
        info.smtp_pin,
        info.files_sent_itself,
    )


def _info(desk: Desk, key: UUID) -> MailboxInfo:
    info = desk.ask(mailbox, key)
    if info is None:
        msg = "There is no such mailbox."
        raise NotFoundError(msg)
    return info


def _keep(ref: str, password: str, *, remember: bool) -> None:
    if remember:
        secrets.store_secret(ref, password)
    else:
        secrets.for_this_run.put(ref, password)


def _forget(ref: str) -> None:
    secrets.for_this_run.remove(ref)
    try:
        secrets.delete_secret(ref)
    except secrets.KeyringError:
        return
