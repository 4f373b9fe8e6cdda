"""Which mail is a person's, and which must never be answered by a program.

Two questions with different costs. Answering a program starts a loop, so every sign counts towards
`auto_reasons`. Calling a customer's mail automatic hides it, so the class changes only on clear words.
"""

from __future__ import annotations

import re
from typing import Final

from app.mime.model import Address, MailClass, Trust
from app.mime.syntax.headers import Headers

_AUTO_SUBJECT: Final = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|odp|tr|rif)\s*:\s*)?(?:\[?(?:"
    r"auto(?:matic)?[- ]?(?:reply|response|answer)|auto[- ]?repl(?:y|ied)|automatic reply|autoreply|autoresponse|out of (?:the )?office|ooo:|away from (?:my )?(?:office|mail)|"
    r"vacation (?:reply|notice|message)|on vacation\b|automatische (?:antwort|abwesenheit\w*)|abwesenheitsnotiz|abwesenheitsnachricht|abwesenheits\w*:|abwesend:|"
    r"r[ée]ponse automatique|absence du bureau|message d'absence|respuesta autom[aá]tica|fuera de (?:la )?oficina|resposta autom[aá]tica|"
    r"risposta automatica|fuori (?:sede|ufficio)|automatisch(?:e)? (?:antwoord|bericht|reactie)|afwezigheid\w*|"
    r"autosvar|automatisk(?:t)? svar|fraværs\w*|ikke til stede|frånvaro\w*|automaattinen vastaus|poissaolo\w*|"
    r"odpowied[zź] automatyczna|automatyczna odpowied[zź]|poza biurem|automatick[aá] odpov[eě][dď]|"
    r"автоматический ответ|автоответ|автоматична відповідь|otomatik yan[ıi]t|automatikus v[aá]lasz|r[aă]spuns automat|"
    r"αυτόματη απάντηση|自動(?:返信|応答)|不在(?:通知|の)|自动(?:回复|答复)|自動(?:回覆|答覆)|자동 ?(?:회신|응답)"
    r"))",
    re.I,
)  # fmt: skip
_SYSTEM: Final = re.compile(
    r"^(?:mailer-daemon|postmaster|no[-_.]?reply[-\w.+]*|do[-_.]?not[-_.]?reply[-\w.+]*|[-\w.+]*[-_.]no[-_.]?reply|"
    r"bounces?(?:[-+=].*)?|.*[-+]bounces?(?:[-+=].*)?|listserv|majordomo|owner-.+|.+-owner|.+-request|daemon|nobody)$",
    re.I,
)
_REPORTS: Final = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})
_POST: Final = re.compile(r"mailto:([^>?,\s]{3,320})", re.I)
_LIST_ID: Final = re.compile(r"<([^<>\s]{3,320})>")
_MAILING_LIST: Final = re.compile(r"\blist ([^;,\s]{3,320}@[^;,\s]{1,320})", re.I)
_RESULT: Final = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", re.I)


def automatic_reasons(headers: Headers, kind: str, from_: Address | None, trust: Trust) -> tuple[str, ...]:
    """Every sign in the mail itself that it must not be answered by a program; empty for an ordinary mail."""
    fields = headers.fields
    found: list[str] = []
    if "return-path" in fields and headers.line("return-path").replace(" ", "") == "<>":
        found.append("return-path")
    if "auto-submitted" in fields and _word(headers.line("auto-submitted")) not in ("no", ""):
        found.append("auto-submitted")
    if "precedence" in fields and _word(headers.line("precedence")) in (
        "bulk",
        "junk",
        "list",
        "auto_reply",
        "auto-reply",
    ):
        found.append("precedence")
    if any(name.startswith("list-") for name in fields) or "mailing-list" in fields:
        found.append("list")
    if "x-auto-response-suppress" in fields and _word(headers.line("x-auto-response-suppress")) not in ("none", ""):
        found.append("x-auto-response-suppress")
    if _is_autoreply_header(headers):
        found.append("x-autoreply")
    if kind in _REPORTS or _word(headers.line("content-type")) in _REPORTS:  # a broken one is read as plain text
        found.append("report")
    if from_ is None or not from_.address or is_system_sender(from_.address):
        found.append("system sender" if from_ is not None and from_.address else "no sender")
    if (
        "x-loop" in fields
    ):  # ours, or another program's; the id that our letters carry says nothing: a person wrote them
        found.append("x-loop")
    if trust.dmarc == "fail":
        found.append("dmarc")
    if trust.spam:
        found.append("spam")
    return tuple(found)


def is_system_sender(address: str) -> bool:
    """Is this the address of a program, at which nobody reads?"""
    return _SYSTEM.match(address.partition("@")[0]) is not None


def list_names(headers: Headers) -> tuple[str, ...]:
    """What the list by which a mail came calls itself: its address (List-Post, RFC 2369) or its id (RFC 2919); casefolded."""
    posts = _POST.findall(headers.line("list-post"))
    ids = _LIST_ID.findall(headers.line("list-id"))
    older = _MAILING_LIST.findall(headers.line("mailing-list"))
    return tuple(dict.fromkeys(name.casefold() for name in (*posts, *ids, *older)))


def is_auto_reply(headers: Headers, subject: str) -> bool:
    """Out of office and other answers that a program gave."""
    submitted = _word(headers.line("auto-submitted"))
    if submitted == "auto-replied" or _is_autoreply_header(headers):
        return True
    if _word(headers.line("precedence")) in ("auto_reply", "auto-reply"):
        return True
    return _AUTO_SUBJECT.match(subject) is not None


def is_bulk(headers: Headers) -> bool:
    """Newsletters and lists. A group address of our own that forwards a customer (Google Groups) is not bulk."""
    fields = headers.fields
    if "x-google-group-id" in fields:
        return False
    if "list-unsubscribe" in fields or "list-id" in fields or "list-post" in fields:
        return True
    return _word(headers.line("precedence")) in ("bulk", "junk", "list")


def classify(headers: Headers, subject: str, *, bounce: bool, feedback: bool, encrypted: bool) -> MailClass:
    """The one class of a mail; what an answering program needs most comes first."""
    if feedback:
        return MailClass.FEEDBACK_REPORT
    if bounce:
        return MailClass.BOUNCE
    if is_auto_reply(headers, subject):
        return MailClass.AUTO_REPLY
    if is_bulk(headers):
        return MailClass.BULK
    return MailClass.ENCRYPTED if encrypted else MailClass.MESSAGE


def read_trust(headers: Headers) -> Trust:
    """What the top-most Authentication-Results and the spam headers say; lower ones may be the sender's own."""
    results = {"spf": "", "dkim": "", "dmarc": ""}
    for name, value in _RESULT.findall(headers.line("authentication-results")):
        key = name.lower()
        if not results[key] or (key == "dkim" and value.lower() == "pass"):
            results[key] = value.lower()
    if not results["spf"] and "received-spf" in headers:
        results["spf"] = _word(headers.line("received-spf"))
    return Trust(results["spf"], results["dkim"], results["dmarc"], _is_spam(headers))


def _is_spam(headers: Headers) -> bool:
    fields = headers.fields
    for name in ("x-spam-flag", "x-spam", "x-spam-status", "x-spamd-result", "x-rspamd-action", "x-microsoft-antispam"):
        if name in fields and re.match(r"(?:yes|true|spam|reject|default: true)\b", headers.line(name), re.I):
            return True
    report = headers.line("x-forefront-antispam-report")
    return bool(report) and re.search(r"\bSFV:SPM\b", report) is not None


def _is_autoreply_header(headers: Headers) -> bool:
    fields = headers.fields
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-auto-reply",
        "x-autoresponder",
        "x-autogenerated",
        "x-mail-autoreply",
    ):
        if name in fields and _word(headers.line(name)) not in ("no", "false", "0"):
            return True
    return (
        "x-autoreply-from" in fields
        or _word(headers.line("x-ms-exchange-generated-message-source")) == "mailbox rules agent"
    )


def _word(line: str) -> str:
    return line.split(";", 1)[0].split("(", 1)[0].strip().lower()
