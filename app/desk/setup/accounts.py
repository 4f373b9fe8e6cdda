"""Setting up a mailbox: finding servers, testing both directions, saving. The only time that the window's process
talks to the world; it does so on a task thread, and what comes back is plain data.
"""

from __future__ import annotations

import concurrent.futures
import secrets as randomness
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.connectors.email.certificates import CertificateInfo
from app.connectors.email.check import Advice, CheckResult, advice_of, check_receiving, check_sending
from app.connectors.email.config import AccessTokens, ServerUrl
from app.connectors.email.discover import discover
from app.connectors.email.imap import ImapSession
from app.connectors.email.oauth import SignIn
from app.connectors.email.oauth_tokens import server_with, tokens_of
from app.connectors.email.providers import Needs, Provider, provider_at, provider_of
from app.connectors.email.words import SENTENCES, Fault
from app.conversations.mailboxes import NewMailbox, add_mailbox, remove_mailbox, resume_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo, mailbox
from app.kernel import clock, secrets
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import signals

if TYPE_CHECKING:
    from app.desk.desk import Desk

__all__ = ["SENTENCES", "Account", "Advice", "CertificateInfo", "CheckResult", "Fault", "Found", "Needs", "Tested"]

TEST_TIMEOUT_S = 15.0
COUNT_TIMEOUT_S = 60.0
PASSWORD = "password"


@dataclass(frozen=True, slots=True)
class Account:
    """What is needed to reach a mailbox, but for its secret. Pins are hex sha256 of accepted certificates.

    `auth`: password, or whose sign-in in the browser it is (microsoft, google).
    """

    address: str
    imap_url: str
    smtp_url: str
    user: str = ""
    name: str = ""
    imap_pin: str = ""
    smtp_pin: str = ""
    files_sent_itself: bool = False
    auth: str = PASSWORD

    @property
    def login(self) -> str:
        """The user name to sign in with: the address, unless another was given."""
        return self.user or self.address


@dataclass(frozen=True, slots=True)
class Found:
    """Servers found for an address. `source`: table, autoconfig, mx, srv, guess or none.

    `advice`: what the provider wants of a person. `ways`: how one can sign in there, as `ways_in` tells it.
    `confirm`: servers outside the domain that only DNS names: the person has to say yes before a password goes there.
    """

    account: Account | None
    source: str
    provider: str = ""
    advice: Advice | None = None
    ways: tuple[str, ...] = (PASSWORD,)
    confirm: tuple[str, ...] = ()


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
    name, ways = provider.name if provider else "", _ways(provider)
    if not found.candidates:
        return Found(None, found.source.value, name, advice_of(provider), ways)
    best = found.candidates[0]
    account = Account(
        address.strip(),
        str(best.receiving),
        str(best.sending),
        best.user,
        files_sent_itself=bool(provider and provider.files_sent),
        auth=ways[0],
    )
    return Found(account, found.source.value, name, advice_of(provider), ways, best.confirm)


def ways_in(account: Account) -> tuple[str, ...]:
    """How one can sign in there, the usual way first: password, or whose sign-in in the browser it is."""
    try:
        host = ServerUrl.parse(account.imap_url).host if account.imap_url else ""
    except UserError:
        host = ""
    return _ways(provider_at(host) if host else provider_of(account.address))


def _ways(provider: Provider | None) -> tuple[str, ...]:
    if provider is None or not provider.identity:
        return (PASSWORD,)
    return (provider.identity,) if provider.needs is Needs.BROWSER else (PASSWORD, provider.identity)


def check(account: Account, secret: str, tokens: AccessTokens | None = None) -> Tested:
    """Receive and send, as far as that goes without touching a mail; both at once. Never raises for what servers do.

    `secret`: the password, or a sign-in in the browser as `app.desk.setup.signing_in` gives it; `tokens` where that is kept.
    """
    imap, smtp = ServerUrl.parse(account.imap_url), ServerUrl.parse(account.smtp_url)
    pins = account.imap_pin or None, account.smtp_pin or None
    receiving, sending = (
        server_with(url, account.login, secret, pin=pin, timeout_s=TEST_TIMEOUT_S, tokens=tokens)
        for url, pin in zip((imap, smtp), pins, strict=True)
    )
    with concurrent.futures.ThreadPoolExecutor(1, "check") as pool:
        sent = pool.submit(check_sending, sending, account.address)
        received = check_receiving(receiving, account.address)
        signed_in = SignIn.read(secret)
        who = signed_in.account if signed_in else ""
        return Tested(_whose(received, who, account), _whose(sent.result(), who, account))


def _whose(result: CheckResult, who: str, account: Account) -> CheckResult:
    """A refused token is told as what it most often is: somebody else was signed in to the browser."""
    if result.fault is not Fault.WRONG_TOKEN or who.casefold() in {"", account.login.casefold()}:
        return result
    values = {**result.values, "account": who, "address": account.address}
    return replace(result, fault=Fault.OTHER_ACCOUNT, values=values)


@dataclass(frozen=True, slots=True)
class HistoryCount:
    """What lies in a mailbox: mails, bytes as the server says, the oldest, how many arrived `since` the time asked for."""

    mails: int
    size_bytes: int
    oldest_at: datetime | None
    since: int


def count_history(account: Account, secret: str, since: datetime) -> HistoryCount:
    """Count what connecting would bring in (inbox, Sent, Junk), before anything is kept. Raises ExternalError."""
    from app.workers.receiving.history import preview  # only here: it brings the whole of receiving along

    url = ServerUrl.parse(account.imap_url)
    server = server_with(url, account.login, secret, pin=account.imap_pin or None, timeout_s=COUNT_TIMEOUT_S)
    with ImapSession.open(server) as session:
        folders = preview(session, since)
    times = [each.oldest_at for each in folders if each.oldest_at is not None]
    mails, size = sum(each.mails for each in folders), sum(each.size_bytes for each in folders)
    return HistoryCount(mails, size, min(times, default=None), sum(each.since for each in folders))


def connect(
    desk: Desk,
    account: Account,
    password: str,
    *,
    history: str = "since",
    open_since: datetime | None = None,
    remember: bool = True,
) -> UUID:
    """Save a mailbox, and its secret in the keyring (`remember`) or for this run only. Raises UserError.

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
        auth=account.auth,
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


def change_password(desk: Desk, key: UUID, password: str, *, remember: bool = True, auth: str = "") -> None:
    """Store a new secret (as in `check`) and let the mailbox go on. The one click from the lamp."""
    info = _info(desk, key)
    _keep(info.secret_ref, password, remember=remember)
    desk.do(update_mailbox, key, secret_version=info.secret_version + 1, auth=auth or info.auth)
    desk.do(resume_mailbox, key)
    desk.work(signals.send, "mailboxes_changed")


def trust(desk: Desk, key: UUID, *, imap_pin: str | None = None, smtp_pin: str | None = None) -> None:
    """Accept exactly these certificates for a mailbox from now on, and let it go on."""
    pins = {name: pin for name, pin in (("imap_pin", imap_pin), ("smtp_pin", smtp_pin)) if pin is not None}
    desk.do(update_mailbox, key, **pins)
    desk.do(resume_mailbox, key)
    desk.work(signals.send, "mailboxes_changed")


def check_again(desk: Desk, key: UUID, password: str | None = None) -> Tested:
    """Test a saved mailbox, with the secret that is kept or another. Raises UserError when none is kept."""
    info = _info(desk, key)
    if password is not None:
        return check(account_of(info), password)
    kept = secrets.load_secret(info.secret_ref)
    if kept is None:
        msg = said("There is no password for {address} in the keyring. Sign in again.", address=info.address)
        raise UserError(msg)
    return check(account_of(info), kept, tokens_of(info.secret_ref, kept, secrets.load_secret))


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
        info.auth,
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
