"""The test of both directions before a mailbox is saved, with the real reason in one plain sentence when it fails."""

from __future__ import annotations

from dataclasses import dataclass

from app.connectors.email.certificates import CertificateInfo, shown_certificate
from app.connectors.email.config import MailServer
from app.connectors.email.imap import ImapSession
from app.connectors.email.providers import provider_at, provider_of
from app.connectors.email.smtp import SmtpSession
from app.kernel.errors import ExternalError, Reason


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Did it work; if not, why: `text` for the person, `words` as the server said it.

    `certificate` is what the server showed when it was not trusted, for "Trust this one" (pinning).
    """

    ok: bool
    reason: Reason | None
    text: str
    words: str = ""
    certificate: CertificateInfo | None = None


def check_receiving(server: MailServer) -> CheckResult:
    """Connect, sign in, open INBOX for reading. Changes nothing in the mailbox."""
    try:
        with ImapSession.open(server) as session:
            state = session.select("INBOX")
    except ExternalError as error:
        return _failed(server, error)
    mails = "1 mail" if state.exists == 1 else f"{state.exists:,} mails"
    return CheckResult(ok=True, reason=None, text=f"Receiving works: {mails} in the inbox.")


def check_sending(server: MailServer, sender: str) -> CheckResult:
    """Connect and sign in; no mail is sent. `sender` (the mailbox's address) helps to explain a refusal."""
    try:
        with SmtpSession.open(server) as session:
            session.noop()
    except ExternalError as error:
        return _failed(server, error, sender)
    return CheckResult(ok=True, reason=None, text="Sending works.")


def _failed(server: MailServer, error: ExternalError, address: str = "") -> CheckResult:
    text = str(error)
    certificate = None
    provider = provider_at(server.url.host) or provider_of(address or server.user)
    if error.reason is Reason.SIGN_IN and provider is not None:
        text = " ".join(part for part in (text, provider.app_password, provider.note) if part)
    if error.reason is Reason.TLS:
        certificate = shown_certificate(server)
    return CheckResult(ok=False, reason=error.reason, text=text, words=error.words, certificate=certificate)
