"""What of a mail is read and what is attached.

Text parts without a name are read, in order; of alternatives the plain text is the text and the HTML the HTML; where
there is only HTML, the text is made from it. Everything else is an attachment. When nothing at all would be shown,
the first readable attachment or enclosed mail is.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from app.mime import limits
from app.mime.content import tnef
from app.mime.content.blocks import Block, Body, content, decoded
from app.mime.content.calendars import calendar_text
from app.mime.content.sealed import cms_kind, holds_secret_text, is_secret_text, signed_content, unsigned_text
from app.mime.content.text import unflow
from app.mime.files.names import file_name
from app.mime.model import Part
from app.mime.syntax import charsets, transfer
from app.mime.syntax.structure import Node, Tree, open_message

SIGNED: Final = ".p"
"""In the path of a part: what follows is inside an opaque signature."""

_RICH: Final = re.compile(r"<[^>]{0,80}>")
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_REPORTS: Final = frozenset({"message/delivery-status", "message/feedback-report", "text/rfc822-headers"})
_SIGNATURES: Final = frozenset({"application/pgp-signature", "application/pkcs7-signature",
                                "application/x-pkcs7-signature"})  # fmt: skip
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


def collect(tree: Tree, *, want_files: bool = True) -> Body:
    """Walk the tree once and sort its parts into text, HTML and attachments.

    Without `want_files`, attachments that nobody reads are measured by their encoding and have no sha256.
    """
    body = Body(want_files=want_files)
    _walk(tree, tree.root, body)
    if not any(block.is_page or (block.text or "").strip() for block in body.blocks):
        _fall_back(tree, body)
    if body.signed:
        tree.warn("signed; the signature is not verified")
    if body.encrypted:
        tree.warn("encrypted; the contents cannot be read here")
    return body


def _walk(tree: Tree, node: Node, body: Body) -> None:
    kind = node.content_type
    if not node.is_multipart:
        _leaf(tree, node, body)
    elif kind == "multipart/alternative":
        _alternative(tree, node, body)
    else:
        body.signed |= kind == "multipart/signed"
        body.encrypted |= kind == "multipart/encrypted"
        for child in node.children:
            _walk(tree, child, body)


def _alternative(tree: Tree, node: Node, body: Body) -> None:
    """One block out of several versions of the same text; their attachments are all kept."""
    known = len(body.blocks)
    for child in node.children:
        _walk(tree, child, body)
    found = body.blocks[known:]
    if len(found) == 1:
        return
    del body.blocks[known:]
    texts = [block.text for block in found if block.text is not None]
    plain = next((text for text in texts if text.strip()), texts[0] if texts else None)
    pages = [block for block in found if block.is_page]
    rich = next((page for page in reversed(pages) if page.has_html), pages[-1] if pages else None)
    if rich is not None:
        rich.text = plain
        body.blocks.append(rich)
    elif plain is not None:
        body.blocks.append(Block(plain))


def _leaf(tree: Tree, node: Node, body: Body) -> None:
    kind = node.content_type
    shown = node.disposition != "attachment" and not node.filename
    if shown and kind == "text/html":
        body.blocks.append(Block.of_page(tree, node, body))
    elif shown and kind == "text/plain":
        _plain(tree, node, _uuencoded(node, content(tree, node), body), body)
    else:
        _mark(node, body)
        if not (kind in _SMIME or node.filename.lower().endswith(".p7m")) or not _opaque(tree, node, body):
            _other(tree, node, body, shown=shown)


def _mark(node: Node, body: Body) -> None:
    """Note what a part says about the mail as a whole."""
    kind = node.content_type
    if kind in _MESSAGES:
        body.enclosed.append(node)
    elif kind in _REPORTS:
        body.reports.append(node)
    elif kind in _SIGNATURES:
        body.signed = True
    elif kind == "application/pgp-encrypted":
        body.encrypted = True


def _opaque(tree: Tree, node: Node, body: Body) -> bool:
    """S/MIME in one file. True when it is signed and what it holds was found: it is read as if it were not wrapped."""
    data = content(tree, node)
    kind = cms_kind(data)
    said = node.params.get("smime-type", "").lower()
    if kind == "signed" or (not kind and said == "signed-data"):
        body.signed = True
        inside = signed_content(data)
        place = (node.path or "1") + SIGNED
        inner = open_message(tree, inside, place) if inside else None
        if inner is not None:
            _walk(inner, inner.root, body)
            for warning in inner.warnings:
                tree.warn(warning)
        return inner is not None
    if kind == "compressed" or said == "compressed-data":
        tree.warn("compressed; the contents cannot be read here")
    elif kind == "encrypted" or (node.content_type in _SMIME and said != "certs-only"):
        body.encrypted = True
    return False


def _other(tree: Tree, node: Node, body: Body, *, shown: bool) -> None:
    """A part that is no plain text or page: an attachment, some of which are read as well."""
    kind = node.content_type
    winmail = kind in _TNEF or node.filename.lower() == "winmail.dat"
    words = kind.startswith("text/") and kind != "text/rfc822-headers"
    if words:
        if shown and kind in ("text/markdown", "text/x-markdown"):
            _plain(tree, node, content(tree, node), body)
            return
        _read_aside(tree, node, body, shown=shown)
        body.reserve.append(node)
    if not (body.want_files or winmail or kind in _MESSAGES):
        size = transfer.size_of(node.raw, node.body, node.end, node.headers.line("content-transfer-encoding"))
        if size is not None:
            body.attachments.append(_listed(node, node.path or "1", kind, node.filename, size, ""))
            return
    data = content(tree, node)
    if winmail and _winmail(tree, node, data, body):
        return
    name = node.filename or (_subject_name(data) if kind in _MESSAGES else "")
    body.attachments.append(_part(node, node.path or "1", kind, name, data, hashed=body.want_files))


def _read_aside(tree: Tree, node: Node, body: Body, *, shown: bool) -> None:
    """Text parts of other kinds: invitations are told in a few lines, enriched text without its marks."""
    if node.content_type == "text/calendar":
        data = content(tree, node)[: limits.TEXT]
        if words := calendar_text(charsets.decode(data, node.params.get("charset", ""))[0]):
            body.blocks.append(Block(words))
    elif shown and node.content_type in ("text/enriched", "text/richtext"):
        body.blocks.append(
            Block(_RICH.sub("", decoded(tree, content(tree, node), node.params.get("charset", ""), body)))
        )


def _part(node: Node, path: str, kind: str, name: str, data: bytes, *, hashed: bool) -> Part:
    return _listed(node, path, kind, name, len(data), hashlib.sha256(data).hexdigest() if hashed else "")


def _listed(node: Node, path: str, kind: str, name: str, size: int, sha256: str) -> Part:
    content_id = node.headers.line("content-id").strip("<> ")
    return Part(
        path=path,
        content_type=kind,
        filename=file_name(name, kind, path),
        size=size,
        sha256=sha256,
        inline=node.disposition == "inline" or bool(content_id and node.disposition != "attachment"),
        content_id=content_id,
    )


def _subject_name(data: bytes) -> str:
    """An enclosed mail is named by its subject."""
    from app.mime.syntax.headers import Headers, split

    subject = Headers(split(data, 0, len(data))[0]).text("subject")
    return re.sub(r"[\\/:*?\"<>|]+", " ", subject)[:80].strip() + ".eml" if subject else "message.eml"


def _plain(tree: Tree, node: Node, data: bytes, body: Body) -> None:
    """Add a text part to what is read."""
    params = node.params
    words = decoded(tree, data, params.get("charset", ""), body)
    if "format" in params and params["format"].lower() == "flowed":
        words = unflow(words, delsp=params.get("delsp", "").lower() == "yes")
    if "-----BEGIN PGP " in words:
        words = _openpgp(tree, words, body)
    body.blocks.append(Block(words))


def _openpgp(tree: Tree, words: str, body: Body) -> str:
    """OpenPGP written into the text: signed words without the frame around them, secret ones as they are."""
    plain = unsigned_text(words)
    if plain is not None:
        body.signed = True
        return plain
    if is_secret_text(words):
        body.encrypted = True
    elif holds_secret_text(words):
        tree.warn("partly encrypted; that part cannot be read here")
    return words


def _uuencoded(node: Node, data: bytes, body: Body) -> bytes:
    """Files written into the text become attachments and leave it."""
    if b"begin " not in data:
        return data
    kept = b""
    at = 0
    for number, (name, inside, start, end) in enumerate(transfer.uu_files(data), 1):
        path = f"{node.path or '1'}.u{number}"
        body.attachments.append(_part(node, path, "application/octet-stream", name, inside, hashed=body.want_files))
        kept += data[at:start]
        at = end
    return kept + data[at:]


def _winmail(tree: Tree, node: Node, data: bytes, body: Body) -> bool:
    """Open a winmail.dat; True when everything in it was found, so that it need not be listed itself."""
    found = tnef.read_tnef(data)
    if found is None:
        tree.warn("winmail.dat cannot be read")
        return False
    text = found.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    shown = Block(text or None, found.html or None)
    if shown.words().strip() and shown.words().strip() not in body.text():
        body.blocks.append(shown)
    for number, file in enumerate(found.files, 1):
        path = f"{node.path or '1'}.t{number}"
        name = file.long_name or file.name
        body.attachments.append(_part(node, path, file.content_type.lower(), name, file.data, hashed=body.want_files))
    if not found.whole:
        tree.warn("winmail.dat is damaged")
    return found.whole


def _fall_back(tree: Tree, body: Body) -> None:
    """Nothing to read: show the first text attachment, else the text of the first enclosed mail."""
    for node in body.reserve[:3]:
        if node.content_type in {"text/plain", "text/html"}:
            if node.content_type == "text/html":
                body.blocks.append(Block.of_page(tree, node, body))
            else:
                _plain(tree, node, content(tree, node), body)
            return
    for node in body.enclosed[:1]:
        inner = open_message(tree, content(tree, node))
        if inner is not None:
            shown = collect(inner, want_files=False)
            body.blocks.append(Block(shown.text(), shown.html()))
            return
