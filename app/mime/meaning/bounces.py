"""Delivery reports (RFC 3464 and the many that came before it) and complaints (RFC 5965).

The structured part is believed first; where there is none, the text of the known kinds of mail system is read:
address, status and the server's words stand near each other. A report that names no address is still a report.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

from app.mime.content.blocks import Body, content
from app.mime.meaning.reasons import is_permanent, phrase_in, reason_of, refined
from app.mime.model import Bounce, BounceRecipient
from app.mime.syntax import charsets
from app.mime.syntax.headers import Headers, split
from app.mime.syntax.message_ids import parse_ids
from app.mime.syntax.structure import Node, Tree

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE: Final = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_ADDRESS: Final = re.compile(
    r"<([^<>\s@\"]{1,100}@[\w.-]{1,200})>|(?<![\w.@<=/-])([\w.+=&'#%/-]{1,100}@[\w-]+(?:\.[\w-]+)+)"
)
_AT_LINE_START: Final = re.compile(
    r"^[ \t]*(?:<([^<>\s@\"]{1,100}@[\w.-]{1,200})>|([\w.+=&'#%/-]{1,100}@[\w-]+(?:\.[\w-]+)+))", re.M
)
_ORIGINAL: Final = re.compile(
    r"^[ >]*+(?:--.{0,200}?(?:original|copy|message|returned|header).{0,200}?--.*|received: .*|return-path:.*|"
    r".*(?:below this line|copy of (?:the|your) (?:message|mail)|original message (?:follows|headers|header)).*)$",
    re.I | re.M,
)
_RECIPIENTS: Final = 1000
_LOOKED_AT: Final = 100_000  # characters of prose that all recipients together may have searched for a reason
_TEXT_ID: Final = re.compile(r"^[ >]*message-id:\s*(<[^<>\s]{3,300}>)", re.I | re.M)
_TEXT_OWN_ID: Final = re.compile(r"^[ >]*x-deskbell-id:\s*([0-9a-f]{32})\b", re.I | re.M)
_COMPLAINT: Final = re.compile(r"complaint about message from [\d.:a-f]+\s*\Z", re.I)
_SENDERS: Final = re.compile(
    r"mailer-daemon|postmaster|mail delivery|mailerdaemon|mail[ -]?administrator|delivery (?:sub)?system|"
    r"mail[ _-]?system|bounce|noreply-dmarc|no-?reply@.*(?:delivery|mail)|smtp\b|microsoft.?exchange|mdaemon",
    re.I,
)
_SUBJECTS: Final = re.compile(
    r"undeliver|delivery (?:status|fail|report|delay|has failed|problem|error|notification|incomplete)|returned mail|return(?:ed|ing) (?:mail|message|to sender)|"
    r"mail delivery|failure notice|non.?delivery|not delivered|could not (?:be delivered|send)|delayed|warning: (?:could|message)|"
    r"message (?:not delivered|status|delivery|could not|bounce|undeliverable|you sent)|mail (?:system error|failure|error|could not)|nicht zugestellt|unzustellbar|non remis|"
    r"no entregado|mancata consegna|niet bezorgd|unable to deliver|user unknown|\bndn\b|\bndr\b|delivery.{0,20}fail|bounced|"
    r"error (?:sending|in) |rejected|considered unsolicited|mailbox (?:full|unavail)|配信|エラー|不达",
    re.I,
)


def read_bounce(tree: Tree, body: Body, sender: str, subject: str) -> Bounce | None:
    """The delivery report this mail is, or None when it is none."""
    headers = tree.root.headers
    report = next((node for node in body.reports if node.content_type == "message/delivery-status"), None)
    named = _report_type(tree.root) in ("delivery-status", "disposition-notification")
    failed = headers.line("x-failed-recipients")
    if report is None and not named and not failed and not _looks_like(headers, sender, subject):
        return None
    if _report_type(tree.root) == "disposition-notification":
        return None
    text = body.text()
    recipients = _structured(charsets.decode(content(tree, report))[0], text) if report is not None else ()
    if not recipients:
        recipients = _from_text(text, failed, _own(headers))
    if not recipients and report is None and not named:
        return None
    return Bounce(recipients, _original_id(tree, body, text))


def read_feedback(tree: Tree, body: Body) -> tuple[bool, str | None]:
    """Is it a complaint, and about which of our mails?"""
    report = any(node.content_type == "message/feedback-report" for node in body.reports)
    if not report and _report_type(tree.root) != "feedback-report" and not _is_bare_complaint(tree, body):
        return False, None
    return True, _original_id(tree, body, body.text())


def _is_bare_complaint(tree: Tree, body: Body) -> bool:
    """A complaint that is nothing but the mail complained of, as a large provider sends it: it has no report part."""
    parts = tree.root.children
    if len(parts) != 1 or len(body.enclosed) != 1 or parts[0] is not body.enclosed[0]:
        return False
    data = content(tree, parts[0])
    marked = "x-hmxmroriginalrecipient" in Headers(split(data, 0, len(data))[0])
    return marked or _COMPLAINT.match(tree.root.headers.text("subject")) is not None


def _report_type(root: Node) -> str:
    return root.params.get("report-type", "").lower() if root.content_type == "multipart/report" else ""


def _looks_like(headers: Headers, sender: str, subject: str) -> bool:
    """No structured part: who sends it and its subject must both say so."""
    if headers.line("auto-submitted").lower().startswith("auto-replied") and "in-reply-to" in headers:
        return False
    from_system = _is_mail_system(sender[:200]) or headers.line("return-path") == "<>"
    return from_system and _SUBJECTS.search(subject) is not None


@functools.lru_cache(maxsize=2048)
def _is_mail_system(sender: str) -> bool:
    """Does a sender's name or address say that it is a mail system? Remembered: a desk has few correspondents."""
    return _SENDERS.search(sender) is not None


def _structured(report: str, text: str) -> tuple[BounceRecipient, ...]:
    """Recipients of a message/delivery-status part: groups of fields, one per recipient, the first about the mail."""
    found: list[BounceRecipient] = []
    left = _LOOKED_AT
    for group in re.split(r"\r?\n[ \t]*\r?\n", report.strip()):
        if len(found) == _RECIPIENTS:
            break
        fields = Headers(group.encode("utf-8", "replace"))
        line = fields.line("final-recipient") or fields.line("original-recipient")
        if not line and "action" not in fields:
            continue
        address = _address(line) or _address(fields.line("original-recipient"))
        action = fields.line("action").split(None, 1)[0].lower().strip("();") if fields.line("action") else "failed"
        said = fields.line("diagnostic-code")
        words = said.split(";", 1)[-1].strip() if ";" in said else said
        status = _STATUS.search(fields.line("status"))
        code = status[1] if status else _status_in(words)
        if code.endswith(".0.0") and (better := _STATUS.search(words)) is not None and better[1][0] == code[0]:
            code = better[1]
        reason = reason_of(words, "", action)
        if reason == "undefined":
            near = _near(text, address)[:left]
            left -= len(near)
            reason = reason_of(near, code, action)
        reason = refined(reason, code)
        found.append(BounceRecipient(address, action, code, reason, is_permanent(reason, code), words[:1000]))
    return tuple(found)


def _own(headers: Headers) -> frozenset[str]:
    """Addresses the report itself was sent to: ours, named in it as the sender, never as the one that failed."""
    lines = (headers.line(name) for name in ("to", "delivered-to", "x-original-to", "x-rcpt-to"))
    return frozenset(_bare(found).lower() for line in lines for found in _ADDRESS.finditer(line))


def _from_text(text: str, failed: str, own: frozenset[str]) -> tuple[BounceRecipient, ...]:
    """Recipients of a report in prose: the part before the returned mail.

    Addresses that begin a line are a list of recipients, each followed by what was said about it; otherwise the first
    address named is meant.
    """
    cut = _ORIGINAL.search(text, 20)
    said = text[: cut.start()] if cut is not None and cut.start() > 40 else text[:8000]
    begun = _distinct(_ADDRESS.finditer(failed), own) or _distinct(_AT_LINE_START.finditer(said), own)
    anywhere = _distinct(_ADDRESS.finditer(said), own) or _distinct(_ADDRESS.finditer(said), frozenset())
    addresses = begun[:_RECIPIENTS] or anywhere[:1]
    action = "delayed" if re.search(r"delayed|will (?:be )?retr|still (?:be )?tr", said, re.I) else "failed"
    found: list[BounceRecipient] = []
    what_is_said = _what_is_said(said, addresses) if len(addresses) > 1 else dict.fromkeys(addresses, said)
    any_code = _status_in(said)
    in_all: str | None = None
    for address, words in what_is_said.items():
        code = _status_in(words) or any_code
        reason = reason_of(words, code)
        if reason == "undefined" and len(words) < len(said):
            in_all = phrase_in(said) if in_all is None else in_all
            reason = in_all or reason
        reason = refined(reason, code)
        found.append(BounceRecipient(address, action, code, reason, is_permanent(reason, code), _short(words)))
    if not found and said.strip():
        code = _status_in(said)
        reason = reason_of(said, code)
        found.append(BounceRecipient("", "failed", code, reason, is_permanent(reason, code), _short(said)))
    return tuple(found)


def _distinct(found: Iterator[re.Match[str]], own: frozenset[str]) -> list[str]:
    named = (_bare(each) for each in found)
    return [
        each
        for each in dict.fromkeys(named)
        if each.lower() not in own and not re.match(r"(?:mailer-daemon|postmaster)@", each, re.I)
    ]


def _what_is_said(said: str, addresses: list[str]) -> dict[str, str]:
    """Of each address of a list, in its order: what stands between it and the next other one."""
    among = set(addresses)
    named = [(m.start(m.lastindex or 0), name) for m in _ADDRESS.finditer(said) if (name := _bare(m)) in among]
    next_other: list[int] = [len(named)] * (len(named) + 1)
    for index in range(len(named) - 2, -1, -1):
        same = named[index][1] == named[index + 1][1]
        next_other[index] = next_other[index + 1] if same else index + 1
    first: dict[str, int] = {}
    for index, (_, name) in enumerate(named):
        first.setdefault(name, index)
    found: dict[str, str] = {}
    for address in addresses:
        at = said.find(address)
        after = next_other[first[address]] if address in first else len(named)
        found[address] = said[at : named[after][0] if after < len(named) else at + 1200] if at >= 0 else ""
    return found


def _short(words: str) -> str:
    return " ".join(words.split())[:1000]


def _bare(found: re.Match[str]) -> str:
    return (found[1] or found[2]).strip(".'")


def _address(line: str) -> str:
    value = line.split(";", 1)[-1].strip()
    found = _ADDRESS.search(value)
    return _bare(found) if found is not None else ("" if " " in value else value.strip("<>"))


def _status_in(words: str) -> str:
    found = _STATUS.search(words)
    if found is not None:
        return found[1]
    return ""


def _near(text: str, address: str) -> str:
    """The lines about one address, so that two recipients do not share a reason."""
    at = text.find(address) if address else -1
    return text[:4000] if at < 0 else text[at : at + 1200]


def returned_id(tree: Tree, body: Body, text: str) -> str:
    """The X-Deskbell-Id (32 hexadecimal digits) in what a report gives back of a mail of ours, or nothing.

    Some providers put a Message-ID of their own in the place of ours before they send; this field they leave alone.
    """
    for headers in _returned(tree, body):
        if found := headers.line("x-deskbell-id"):
            return found.strip().lower()
    in_text = _TEXT_OWN_ID.search(text)
    return in_text[1].lower() if in_text is not None else ""


def _returned(tree: Tree, body: Body) -> Iterator[Headers]:
    """The headers of the mails that a report gives back, whole or in part."""
    for node in [*body.enclosed, *(each for each in body.reports if each.content_type == "text/rfc822-headers")]:
        data = content(tree, node)
        yield Headers(split(data, 0, len(data))[0])


def _original_id(tree: Tree, body: Body, text: str) -> str | None:
    """The Message-ID of the mail that the report speaks of."""
    for headers in _returned(tree, body):
        ids = parse_ids(headers.line("message-id"))
        if ids:
            return ids[0]
    for report in body.reports:
        fields = Headers(content(tree, report).replace(b"\n\n", b"\n").replace(b"\r\n\r\n", b"\r\n"))
        for name in ("original-message-id", "x-original-message-id"):
            if ids := parse_ids(fields.line(name)):
                return ids[0]
    found = _TEXT_ID.search(text)
    if found is not None:
        return parse_ids(found[1])[0]
    headers = tree.root.headers
    ids = parse_ids(headers.line("in-reply-to")) or parse_ids(headers.line("references"))
    return ids[-1] if ids else None
