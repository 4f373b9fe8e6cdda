"""The result of a mailbox's test in the person's language: sentences of `app` by their codes, through `tr`."""

from __future__ import annotations

from app.desk.setup.accounts import SENTENCES, Advice, CheckResult
from app.kernel.errors import Reason, UserError
from app.kernel.sentences import words_of
from ui.text import told, tr


def result_text(result: CheckResult) -> str:
    """What the test of one direction found."""
    if result.ok and result.mails is not None:
        return tr("Signed in. {n} message in the inbox.|Signed in. {n} messages in the inbox.", n=result.mails)
    if result.ok:
        return tr("Signed in.")
    return tr(SENTENCES[result.fault], n=None, **result.values) if result.fault else tr(result.plain)


def said_text(result: CheckResult) -> str:
    """The very words behind a failure, "" for none. About encryption they are this computer's: no server said them."""
    if not result.words:
        return ""
    if result.reason is Reason.TLS:
        return tr("In detail: {words}", words=result.words)
    return tr("The server said: “{words}”", words=result.words)


def advice_text(advice: Advice | None) -> str:
    """What the provider wants of the person, "" for nothing in particular."""
    if advice is None:
        return ""
    return " ".join(tr(each, provider=advice.provider) for each in advice.sentences)


def refused(error: UserError) -> CheckResult:
    """The result where what was entered could not even be tried."""
    return CheckResult(ok=False, plain=told(words_of(error)))
