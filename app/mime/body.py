"""What of a mail is read and what is attached.

Text parts without a name are read, in order; of alternatives the plain text is the text and the HTML the HTML; where
there is only HTML, the text is made from it. Everything else is an attachment. When nothing at all would be shown,
the first readable attachment or enclosed mail is.
"""

from __future__ import annotations

import hashlib
import html as html_entities
import re
from dataclasses import dataclass, field
from typing import Final

from app.mime import charsets, limits, tnef, transfer
from app.mime.calendars import calendar_text
from app.mime.model import Part
from app.mime.names import file_name
from app.mime.structure import Node, Tree, open_message
from app.mime.text import html_to_text, unflow

_META: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w:.-]{1,40})", re.I)
_RICH: Final = re.compile(r"<[^>]{0,80}>")
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_SIGNATURES: Final = frozenset({"application/pgp-signature", "application/pkcs7-signature",
                                "application/x-pkcs7-signature"})  # fmt: skip
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_OPAQUE: Final = ("application/", "image/", "audio/", "video/", "font/", "model/")
_TNEF: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


@dataclass(slots=True)
class Block:
    """One stretch of what is read, in one or both forms."""

    text: str | None = None
    html: str | None = None

    def words(self) -> str:
        """Its text, made from the HTML where there is none."""
        if self.text is not None and (self.text.strip() or self.html is None):
            return self.text
        return html_to_text(self.html) if self.html is not None else ""


@dataclass(slots=True)
class Body:
    """What was found so far while walking the parts."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    encrypted: bool = False
    signed: bool = False
    reserve: list[Node] = field(default_factory=list)  # readable parts not shown, for when nothing else is
    enclosed: list[Node] = field(default_factory=list)
    reports: list[Node] = field(default_factory=list)  # delivery-status, feedback-report, rfc822-headers
    characters: int = 0
    want_files: bool = True  # decode and hash attachments, or only measure them

    @property
    def has_html(self) -> bool:
        """Is there anything to show as HTML?"""
        return any(block.html is not None and block.html.strip() for block in self.blocks)

    def text(self) -> str:
        """The readable text of the whole mail."""
        pieces = [block.words().strip("\n") for block in self.blocks]
        return "\n\n".join(piece for piece in pieces if piece.strip())

    def html(self) -> str | None:
        """The HTML of the whole mail, not yet sanitised; text between HTML parts is wrapped. None without HTML."""
        if not self.has_html:
            return None
        return "\n".join(
            block.html if block.html is not None else f"<pre>{html_entities.escape(block.text or '')}</pre>"
            for block in self.blocks
        )


def collect(tree: Tree, *, want_files: bool = True) -> Body:
    """Walk the tree once and sort its parts into text, HTML and attachments.

    Without `want_files`, attachments that nobody reads are measured by their encoding and have no sha256.
    """
    body = Body(want_files=want_files)
    _walk(tree, tree.root, body)
    if not any(block.html is not None or (block.text or "").strip() for block in body.blocks):
        _fall_back(tree, body)
    if body.signed:
        tree.warn("signed; the signature is not verified")
    if body.encrypted:
        tree.warn("encrypted; the contents cannot be read here")
    return body


def content(tree: Tree, node: Node) -> bytes:
    """The decoded bytes of a part."""
    headers = node.headers
    if "content-transfer-encoding" not in headers:
        return node.payload()
    data, warning = transfer.decode(node.payload(), headers.line("content-transfer-encoding"))
    if warning:
        tree.warn(warning)
    return data


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
    del body.blocks[known:]
    plain = next((block.text for block in found if block.text and block.text.strip()), None)
    if plain is None:
        plain = next((block.text for block in found if block.text is not None), None)
    pages = [block.html for block in found if block.html is not None]
    rich = next((page for page in reversed(pages) if page.strip()), pages[-1] if pages else None)
    if plain is not None or rich is not None:
        body.blocks.append(Block(plain, rich))


def _leaf(tree: Tree, node: Node, body: Body) -> None:
    kind = node.content_type
    named = bool(node.filename)
    if kind in ("text/plain", "text/html") and node.disposition != "attachment" and not named:
        data = content(tree, node)
        if kind == "text/plain":
            data = _uuencoded(node, data, body)
        _show(tree, node, data, body)
        return
    if kind in _MESSAGES:
        body.enclosed.append(node)
    elif kind in ("message/delivery-status", "message/feedback-report", "text/rfc822-headers"):
        body.reports.append(node)
    elif kind in _SMIME and node.params.get("smime-type", "").lower() != "signed-data":
        body.encrypted = True
    elif kind in _SMIME or kind in _SIGNATURES:
        body.signed = True
    elif kind == "application/pgp-encrypted":
        body.encrypted = True
    if (
        not body.want_files
        and kind.startswith(_OPAQUE)
        and kind not in _TNEF
        and node.filename.lower() != "winmail.dat"
    ):
        size = transfer.size_of(node.raw, node.body, node.end, node.headers.line("content-transfer-encoding"))
        if size is not None:
            body.attachments.append(_listed(node, node.path or "1", kind, node.filename, size, ""))
            return
    data = content(tree, node)
    if kind.startswith("text/") and kind != "text/rfc822-headers":
        if kind == "text/calendar":
            words = calendar_text(charsets.decode(data[: limits.TEXT], node.params.get("charset", ""))[0])
            if words:
                body.blocks.append(Block(words))
        elif node.disposition != "attachment" and not named and kind in ("text/enriched", "text/richtext"):
            body.blocks.append(Block(_RICH.sub("", charsets.decode(data, node.params.get("charset", ""))[0])))
        elif node.disposition != "attachment" and not named and kind in ("text/markdown", "text/x-markdown"):
            _show(tree, node, data, body)
            return
        body.reserve.append(node)
    if (kind in _TNEF or node.filename.lower() == "winmail.dat") and _winmail(tree, node, data, body):
        return
    name = node.filename or (_subject_name(data) if kind in _MESSAGES else "")
    body.attachments.append(_part(node, node.path or "1", kind, name, data))


def _part(node: Node, path: str, kind: str, name: str, data: bytes) -> Part:
    return _listed(node, path, kind, name, len(data), hashlib.sha256(data).hexdigest())


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
    from app.mime.headers import Headers, split

    subject = Headers(split(data, 0, len(data))[0]).text("subject")
    return re.sub(r"[\\/:*?\"<>|]+", " ", subject)[:80].strip() + ".eml" if subject else "message.eml"


def _show(tree: Tree, node: Node, data: bytes, body: Body) -> None:
    """Add a text part to what is read."""
    if len(data) > limits.TEXT or body.characters > limits.TEXT_TOTAL:
        tree.warn("a long text was cut")
        data = data[: limits.TEXT] if body.characters <= limits.TEXT_TOTAL else b""
    label = node.params.get("charset", "")
    is_html = node.content_type == "text/html"
    if is_html and not label:
        meta = _META.search(data[:4096])
        label = meta[1].decode("ascii") if meta is not None else ""
        label = "" if label.lower().startswith("utf-16") else label
    words, warning = charsets.decode(data, label)
    if warning:
        tree.warn(warning)
    if "\r" in words:
        words = words.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in words:
        words = words.replace("\x00", "")
        tree.warn("NUL characters removed")
    body.characters += len(words)
    if is_html:
        body.blocks.append(Block(html=words))
        return
    if node.params.get("format", "").lower() == "flowed":
        words = unflow(words, delsp=node.params.get("delsp", "").lower() == "yes")
    if words.lstrip()[:27] == "-----BEGIN PGP MESSAGE-----":
        body.encrypted = True
    body.blocks.append(Block(words))


def _uuencoded(node: Node, data: bytes, body: Body) -> bytes:
    """Files written into the text become attachments and leave it."""
    if b"begin " not in data:
        return data
    kept = b""
    at = 0
    for number, (name, inside, start, end) in enumerate(transfer.uu_files(data), 1):
        path = f"{node.path or '1'}.u{number}"
        body.attachments.append(_part(node, path, "application/octet-stream", name, inside))
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
        part = _part(node, path, file.content_type.lower(), file.long_name or file.name, file.data)
        body.attachments.append(part)
    if not found.whole:
        tree.warn("winmail.dat is damaged")
    return found.whole


def _fall_back(tree: Tree, body: Body) -> None:
    """Nothing to read: show the first text attachment, else the text of the first enclosed mail."""
    for node in body.reserve[:3]:
        if node.content_type in {"text/plain", "text/html"}:
            _show(tree, node, content(tree, node), body)
            return
    for node in body.enclosed[:1]:
        inner = open_message(tree, content(tree, node))
        if inner is not None:
            shown = collect(inner)
            body.blocks.append(Block(shown.text(), shown.html()))
            return
