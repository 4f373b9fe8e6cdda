"""The test of both directions before a mailbox is saved: did it work, and if not, the true reason.

What is found comes back as codes and values (`words.py`), with the server's own words beside them and, where the provider
is known, what it wants of a person. Nothing is changed in the mailbox and no mail is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.connectors.email.certificates import CertificateInfo, shown_certificate
from app.connectors.email.config import MailServer
from app.connectors.email.faults import MailError
from app.connectors.email.imap import ImapSession
from app.connectors.email.providers import Needs, Provider, provider_at, provider_of
from app.connectors.email.smtp import SmtpSession
from app.connectors.email.words import NEEDS, NO_VALUES, SWITCH_ON, Fault, Values, sentence
from app.kernel.errors import ExternalError, Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """What a known provider wants before a sign-in works, and the page where that is made or switched on."""

    provider: str
    needs: Needs = Needs.PASSWORD
    page: str = ""
    switch_on: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """English, with the place {provider} in them."""
        return tuple(each for each in (NEEDS[self.needs], SWITCH_ON if self.switch_on else "") if each)

    @property
    def text(self) -> str:
        return " ".join(each.format(provider=self.provider) for each in self.sentences)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Did it work; if not, why: `fault` and `values` for the sentence, `words` as the server said it.

    `certificate` is what the server showed when it was not trusted, for "Trust this one" (pinning). `mails`: how many are
    in the inbox (receiving only). `plain`: a sentence of ours where there is no fault of a server.
    """

    ok: bool
    reason: Reason | None = None
    fault: Fault | None = None
    values: Values = field(default_factory=dict)
    words: str = ""
    certificate: CertificateInfo | None = None
    advice: Advice | None = None
    mails: int | None = None
    plain: str = ""

    @property
    def text(self) -> str:
        """One plain English sentence or two; the window has its own."""
        if self.ok and self.mails is not None:
            return f"Receiving works: {'1 mail' if self.mails == 1 else f'{self.mails:,} mails'} in the inbox."
        if self.ok:
            return "Sending works."
        said = sentence(self.fault, self.values) if self.fault else self.plain
        return f"{said} {self.advice.text}".strip() if self.advice else said


def check_receiving(server: MailServer, address: str = "") -> CheckResult:
    """Connect, sign in, open INBOX for reading. Changes nothing in the mailbox. `address` helps to explain a refusal."""
    try:
        with ImapSession.open(server) as session:
            state = session.select("INBOX")
    except ExternalError as error:
        return _failed(server, error, address)
    return CheckResult(ok=True, mails=state.exists)


def check_sending(server: MailServer, sender: str) -> CheckResult:
    """Connect, sign in, ask whether `sender` (the mailbox's address) may send; no mail is sent."""
    try:
        with SmtpSession.open(server) as session:
            session.noop()
            session.try_sender(sender)
    except ExternalError as error:
        return _failed(server, error, sender)
    return CheckResult(ok=True)


def advice_of(provider: Provider | None) -> Advice | None:
    """What the table knows of a provider that a person has to do; None if a password is all it wants."""
    if provider is None or (provider.needs is Needs.PASSWORD and not provider.switch_on):
        return None
    return Advice(provider.name, provider.needs, provider.page, provider.switch_on)


def _failed(server: MailServer, error: ExternalError, address: str) -> CheckResult:
    provider = provider_at(server.url.host) or provider_of(address or server.user)
    advice = advice_of(provider) if error.reason is Reason.SIGN_IN else None
    if server.by_token and advice is not None:  # what it wants of a password is no help here
        advice = Advice(advice.provider, switch_on=True) if advice.switch_on else None
    return CheckResult(
        ok=False,
        reason=error.reason,
        fault=error.fault if isinstance(error, MailError) else None,
        values=error.values if isinstance(error, MailError) else NO_VALUES,
        words=error.words,
        certificate=shown_certificate(server) if error.reason is Reason.TLS else None,
        advice=advice,
        plain=str(error),
    )
