"""The stretches of a mail that are read, and the text parts they come from.

The HTML of a mail that also has plain text is looked at only when somebody opens that mail, so it is decoded then: an
import of ten thousand mails never touches most of it.
"""

from __future__ import annotations

import functools
import html as html_entities
import re
from dataclasses import dataclass, field
from typing import Final

from app.mime import limits
from app.mime.content.text import html_to_text
from app.mime.model import Part
from app.mime.syntax import charsets, transfer
from app.mime.syntax.structure import Node, Tree

_META: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w:.-]{1,40})", re.I)
_BLANK_MOST: Final = 400  # encoded bytes; a part longer than this is taken to have something to show


class Block:
    """One stretch of what is read, in one or both forms."""

    __slots__ = ("_html", "_later", "_words", "text")

    def __init__(
        self, text: str | None = None, html: str | None = None, later: functools.partial[str] | None = None
    ) -> None:
        self.text = text
        self._html = html
        self._later = later
        self._words: str | None = None

    @classmethod
    def of_page(cls, tree: Tree, node: Node, body: Body) -> Block:
        """A block whose HTML is decoded when somebody asks for it; a short one at once, it may be empty."""
        later = functools.partial(page_of, tree, node, body)
        return cls(later=later) if node.end - node.body > _BLANK_MOST else cls(html=later())

    @property
    def is_page(self) -> bool:
        """Has it an HTML form, even an empty one?"""
        return self._html is not None or self._later is not None

    @property
    def html(self) -> str | None:
        """Its HTML as the mail gives it, or None."""
        if self._html is None and self._later is not None:
            self._html = self._later()
        return self._html

    @property
    def has_html(self) -> bool:
        """Is there anything to show as HTML?"""
        return bool(self._html.strip()) if self._html is not None else self._later is not None

    def words(self) -> str:
        """Its text, made from the HTML where there is none."""
        if self.text is not None and (not self.is_page or self.text.strip()):
            return self.text
        if self._words is None:
            self._words = html_to_text(self.html or "")
        return self._words


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
        return any(block.has_html for block in self.blocks)

    def text(self) -> str:
        """The readable text of the whole mail."""
        pieces = [block.words().strip("\n") for block in self.blocks]
        return "\n\n".join([piece for piece in pieces if piece and not piece.isspace()])

    def html(self) -> str | None:
        """The HTML of the whole mail, not yet sanitised; text between HTML parts is wrapped. None without HTML."""
        if not self.has_html:
            return None
        return "\n".join(
            block.html or "" if block.is_page else f"<pre>{html_entities.escape(block.text or '')}</pre>"
            for block in self.blocks
        )


def content(tree: Tree, node: Node) -> bytes:
    """The decoded bytes of a part."""
    headers = node.headers
    if "content-transfer-encoding" not in headers.fields:
        return node.raw[node.body : node.end]
    data, warning = transfer.decode(node.raw[node.body : node.end], headers.line("content-transfer-encoding"))
    if warning:
        tree.warn(warning)
    return data


def page_of(tree: Tree, node: Node, body: Body) -> str:
    """The HTML of a part, decoded as its label or the page itself says."""
    data = content(tree, node)
    label = node.params.get("charset", "")
    if not label:
        meta = _META.search(data[:4096])
        label = meta[1].decode("ascii") if meta is not None else ""
        label = "" if label.lower().startswith("utf-16") else label
    return decoded(tree, data, label, body)


def decoded(tree: Tree, data: bytes, label: str, body: Body) -> str:
    """A text part as text with LF line ends, cut where a mail grows beyond what anybody reads."""
    if len(data) > limits.TEXT or body.characters > limits.TEXT_TOTAL:
        tree.warn("a long text was cut")
        data = data[: limits.TEXT] if body.characters <= limits.TEXT_TOTAL else b""
    words, warning = charsets.decode(data, label)
    if warning:
        tree.warn(warning)
    if "\r" in words:
        words = words.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in words:
        words = words.replace("\x00", "")
        tree.warn("NUL characters removed")
    body.characters += len(words)
    return words
