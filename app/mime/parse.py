"""One mail in, plain data out: the only reader of raw mail in the program.

`parse` never raises. A mail that is no mail becomes a message whose text is what can be read, with warnings; the
raw bytes stay stored beside it whatever happens here.
"""

from __future__ import annotations

import hashlib
from typing import Final

from app.mime.content.blocks import Body
from app.mime.content.body import collect
from app.mime.content.fold import opening
from app.mime.html import sanitise
from app.mime.meaning import bounces, classify
from app.mime.model import Address, MailClass, ParsedMail, Trust
from app.mime.syntax import structure
from app.mime.syntax.addresses import parse_addresses
from app.mime.syntax.dates import parse_date
from app.mime.syntax.headers import Headers
from app.mime.syntax.message_ids import parse_ids
from app.mime.syntax.structure import Tree

_FAULTS: Final = (RecursionError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError)
_ONCE: Final = ("from", "subject", "date", "message-id", "to", "cc", "content-type")


def parse(raw: bytes, *, want_html: bool = True, want_files: bool = True) -> ParsedMail:
    """Read one mail as it came from the server, with LF, CRLF or mixed line ends.

    Without `want_html` the costly cleaning of HTML is left out and `html` is None; `has_html` tells whether
    `html_of` would give some. Without `want_files` attachments are listed but not decoded: `sha256` is "", `size` is
    computed from the encoding, and `body_hash` is given only for a mail without a Message-ID. Never raises.
    """
    try:
        return _parse(raw, want_html=want_html, want_files=want_files)
    except _FAULTS as fault:
        return _unreadable(raw, fault)


def read_headers(raw: bytes) -> Headers:
    """The header fields of a mail of which only the beginning may be there."""
    return structure.read_root(raw).root.headers


def html_of(raw: bytes) -> str | None:
    """The sanitised HTML of a mail, or None if it has none. Nothing else of the mail is looked at. Never raises."""
    try:
        html = collect(structure.read(raw), want_files=False).html()
    except _FAULTS:
        return None
    return sanitise.clean(html) if html is not None else None


def _parse(raw: bytes, *, want_html: bool, want_files: bool) -> ParsedMail:
    tree = structure.read(raw)
    body = collect(tree, want_files=want_files)
    headers = tree.root.headers
    from_ = _first(headers, "from")
    subject = headers.text("subject")
    text = body.text()
    trust = classify.read_trust(headers)
    reasons = classify.automatic_reasons(headers, tree.root.content_type, from_, trust)
    feedback, feedback_for = bounces.read_feedback(tree, body)
    sender = f"{from_.name} {from_.address}" if from_ is not None else ""
    bounce = None if feedback else bounces.read_bounce(tree, body, sender, subject)
    html = body.html() if want_html else None
    message_id = _own_id(headers)
    raw_date = headers.line("date")
    date = parse_date(raw_date)
    hashed = want_files or message_id is None
    return ParsedMail(
        subject=subject,
        from_=from_,
        sender=_first(headers, "sender"),
        reply_to=parse_addresses(headers.line("reply-to")),
        to=_all(headers, "to"),
        cc=_all(headers, "cc"),
        bcc=_all(headers, "bcc"),
        date=date,
        raw_date=raw_date,
        received_at=parse_date(headers.after("received", b";")),
        message_id=message_id,
        in_reply_to=parse_ids(headers.line("in-reply-to")),
        references=parse_ids(" ".join(headers.lines("references"))),
        text=text,
        html=sanitise.clean(html) if html is not None else None,
        attachments=tuple(body.attachments),
        mail_class=classify.classify(
            headers, subject, bounce=bounce is not None, feedback=feedback, encrypted=body.encrypted
        ),
        bounce=bounce,
        feedback_for=feedback_for,
        opening=opening(text),
        trust=trust,
        warnings=_warnings(tree, from_, dated=date is not None or not raw_date),
        header_hash=hashlib.sha256(tree.header_block).digest(),
        body_hash=hashlib.sha256(memoryview(raw)[tree.root.body :]).digest() if hashed else b"",
        deskbell_id=headers.line("x-deskbell-id") or None,
        delivered_to=_delivered_to(headers),
        is_automatic=bool(reasons),
        auto_reasons=reasons,
        lowest_received=headers.line("received", -1) if message_id is None else "",
        returned_id=bounces.returned_id(tree, body, text) if feedback or bounce is not None else "",
        has_html=body.has_html,
        list_names=classify.list_names(headers) if "list" in reasons else (),
        original_from=_original_from(headers) if "list" in reasons else None,
    )


def _original_from(headers: Headers) -> Address | None:
    """Whom a list replaced in From by itself; Google Groups and Mailman have a field of their own for that."""
    return _first(headers, "x-original-from") or _first(headers, "x-original-sender")


def _first(headers: Headers, name: str) -> Address | None:
    if name not in headers:
        return None
    found = parse_addresses(headers.line(name))
    return next((each for each in found if each.address), found[0] if found else None)


def _all(headers: Headers, name: str) -> tuple[Address, ...]:
    if name not in headers:
        return ()
    if headers.count(name) == 1:
        return parse_addresses(headers.line(name))
    return tuple(dict.fromkeys(each for line in headers.lines(name) for each in parse_addresses(line)))


def _own_id(headers: Headers) -> str | None:
    line = headers.line("message-id")
    ids = parse_ids(line)
    if ids:
        return ids[0]
    bare = "".join(line.split()).strip("<>")
    return bare or None


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    found = [
        address.address
        for name in ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")
        for line in headers.lines(name)
        for address in parse_addresses(line)
        if address.address
    ]
    return tuple(dict.fromkeys(found))


def _warnings(tree: Tree, from_: Address | None, *, dated: bool) -> tuple[str, ...]:
    headers = tree.root.headers
    found = [*tree.warnings, *dict.fromkeys(headers.warnings)]
    found += [f"more than one {name} field; the first is used" for name in _ONCE if headers.count(name) > 1]
    if from_ is None:
        found.append("no sender")
    if not dated:
        found.append("unreadable date")
    return tuple(found)


def _unreadable(raw: bytes, fault: BaseException) -> ParsedMail:
    """The last resort: a message that shows the raw text and says that it could not be read."""
    text = raw[:100_000].decode("utf-8", "replace").replace("\x00", "")
    body = Body()
    return ParsedMail(
        subject="", from_=None, sender=None, reply_to=(), to=(), cc=(), bcc=(), date=None, raw_date="",
        received_at=None, message_id=None, in_reply_to=(), references=(), text=text, html=None,
        attachments=tuple(body.attachments), mail_class=MailClass.MESSAGE, bounce=None, feedback_for=None,
        opening=text[:1000], trust=Trust("", "", "", spam=False),
        warnings=(f"this mail could not be read ({type(fault).__name__}); its raw text is shown",),
        header_hash=hashlib.sha256(raw).digest(), body_hash=hashlib.sha256(raw).digest(),
        deskbell_id=None, delivered_to=(), is_automatic=True, auto_reasons=("unreadable",),
        lowest_received="",
    )  # fmt: skip
