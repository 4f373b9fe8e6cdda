"""The tree of a mail's parts as positions in its raw bytes.

Nothing is copied or decoded here: a node knows where its headers and its body lie. Boundaries are found with
`bytes.find`, each level only within the limits of the level above, so an inner multipart that is never closed
cannot swallow what follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from app.mime import limits
from app.mime.syntax.headers import Headers, decode_words, read_block, value_and_params

_TYPE: Final = re.compile(r"[\w.+!#$&^-]+/[\w.+!#$&^*-]+\Z")
_GUESS_BOUNDARY: Final = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\nContent-", re.M | re.I)
_FEW_DASHES: Final = 12
_MBOX: Final = re.compile(rb">?From [^:\r\n]*[^:\s][^:\r\n]*(?:\d\d:\d\d|\r?\n)")


@dataclass(slots=True)
class Node:
    """One part. `path` numbers as IMAP does; an enclosed message's own root has the path of its part plus "m"."""

    raw: bytes
    path: str
    headers: Headers
    start: int
    body: int
    end: int
    content_type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def is_multipart(self) -> bool:
        """Does it consist of other parts? False for a multipart in name that holds none."""
        return bool(self.children) and self.content_type.startswith("multipart/")

    def payload(self) -> bytes:
        """The body as it stands in the mail, still encoded."""
        return self.raw[self.body : self.end]


@dataclass(slots=True)
class Tree:
    """A whole mail: its root node, how many parts were met, and what was wrong with them."""

    root: Node
    header_block: bytes
    warnings: list[str]
    parts: int = 0
    depth: int = 0  # how many mails this one is enclosed in

    def warn(self, text: str) -> None:
        """Remember a fault once."""
        if text not in self.warnings and len(self.warnings) < 50:
            self.warnings.append(text)


def read(raw: bytes, place: str = "") -> Tree:
    """The tree of a mail. Accepts anything; what is no mail becomes one text part. `place` begins its paths."""
    tree = read_root(raw)
    tree.root.path = place
    _open(tree, tree.root, 0)
    return tree


def read_root(raw: bytes) -> Tree:
    """Only the mail's own header, with its parts left closed."""
    warnings: list[str] = []
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
        warnings.append("line ends are bare carriage returns")
    start = 0
    if _MBOX.match(raw):
        start = raw.find(b"\n") + 1
    while start < len(raw) and raw[start] in b"\r\n" and start < 1000:
        start += 1  # blank lines before the header are nobody's body
    if raw.startswith(b"\xef\xbb\xbf", start):
        start += 3
    headers, block, body = read_block(raw, start, len(raw))
    root = Node(raw, "", headers, start, body, len(raw))
    tree = Tree(root, block, warnings)
    if not headers.fields and body > start:
        root.body = body = start  # no header at all: all of it is the text
        warnings.append("no header")
    _describe(root)
    return tree


def _describe(node: Node, default: str = "text/plain") -> None:
    """Fill in type, parameters, disposition and file name from the part's own header."""
    fields = node.headers.fields
    if "content-type" in fields:
        kind, node.params = value_and_params(node.headers.line("content-type"))
        if _TYPE.match(kind):
            node.content_type = kind
        elif kind in ("text", "html", "text/", "plain"):
            node.content_type = "text/html" if kind == "html" else "text/plain"
        elif "name" in node.params or kind.startswith(("application", "image")):
            node.content_type = "application/octet-stream"
        else:
            node.content_type = default
    else:
        node.content_type = default
    if "content-disposition" in fields:
        node.disposition, params = value_and_params(node.headers.line("content-disposition"))
        if not node.disposition and "filename" in params:
            node.disposition = "attachment"
        node.filename = params.get("filename") or params.get("name", "")
    if not node.filename:
        node.filename = node.params.get("name") or node.params.get("filename", "")
    if node.filename and "=?" in node.filename:
        node.filename = decode_words(node.filename)


def _open(tree: Tree, node: Node, depth: int) -> None:
    if node.content_type.startswith("multipart/"):
        _open_multipart(tree, node, depth)
    else:
        tree.parts += 1


def _open_multipart(tree: Tree, node: Node, depth: int) -> None:
    if depth >= limits.DEPTH:
        tree.warn("parts are nested too deeply; the rest is left closed")
        return
    boundary = node.params.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
    spans, closed = _spans(tree, node, boundary) if boundary else ([], True)
    if not spans:
        guess = _GUESS_BOUNDARY.search(node.raw, node.body, node.end)
        if guess is None:
            tree.warn("multipart without parts; read as text")
            node.content_type = "text/plain"
            tree.parts += 1
            return
        tree.warn("boundary missing or wrong; guessed")
        spans, closed = _spans(tree, node, guess[1])
    if not closed:
        tree.warn("the last part is not closed")
    default = "message/rfc822" if node.content_type == "multipart/digest" else "text/plain"
    prefix = f"{node.path}." if node.path else ""
    for number, (start, end) in enumerate(spans, 1):
        if tree.parts >= limits.PARTS:
            tree.warn("too many parts; the rest is left out")
            break
        headers, _, body = read_block(node.raw, start, end)
        child = Node(node.raw, f"{prefix}{number}", headers, start, body, end)
        _describe(child, default)
        node.children.append(child)
        _open(tree, child, depth + 1)
    if not node.children:
        node.content_type = "text/plain"


def _spans(tree: Tree, node: Node, boundary: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Where each part between the boundary lines begins and ends, and whether the closing line was met."""
    raw, end = node.raw, node.end
    mark = b"--" + boundary
    size = len(mark)
    spans: list[tuple[int, int]] = []
    begin = -1
    at = _next_mark(raw, mark, node.body, end)
    while at >= 0:
        after = at + size
        closing = raw.startswith(b"--", after)
        stop = raw.find(b"\n", after, end)
        rest = raw[after + 2 if closing else after : stop if stop >= 0 else end]
        if (at > node.body and raw[at - 1] not in b"\r\n") or (len(rest) < 200 and rest.strip()) or len(rest) >= 200:
            at = _next_mark(raw, mark, after, end)
            continue
        if begin >= 0:
            spans.append((begin, _before_line_end(raw, begin, at)))
        if closing and not (spans and _goes_on(raw, mark, after, end)):
            return spans, True
        begin = stop + 1 if stop >= 0 else end
        if closing:
            begin = -1
        if len(spans) >= limits.PARTS:
            tree.warn("too many parts; the rest is left out")
            return spans, True
        at = _next_mark(raw, mark, after, end)
    if begin >= 0 and begin < end:
        spans.append((begin, end))
        return spans, False
    return spans, bool(spans)


def _next_mark(raw: bytes, mark: bytes, start: int, end: int) -> int:
    """As `raw.find(mark, start, end)`, only that most of a mail is base64, which has no dash: one byte is found many times
    faster than a word. Where dashes are frequent, the word is looked for.
    """
    for _ in range(_FEW_DASHES):
        start = raw.find(b"-", start, end)
        if start < 0 or (start + len(mark) <= end and raw.startswith(mark, start)):
            return start
        start += 1
    return raw.find(mark, start, end)


def _goes_on(raw: bytes, mark: bytes, after: int, end: int) -> bool:
    """After a closing line: does another part of the same boundary follow, as some forwarders write it?"""
    return raw.find(b"\n" + mark, after, end) >= 0


def _before_line_end(raw: bytes, begin: int, at: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    if at - 2 >= begin and raw[at - 2 : at] == b"\r\n":
        return at - 2
    return max(at - 1, begin)


def open_message(tree: Tree, data: bytes, place: str = "") -> Tree | None:
    """The tree of a mail enclosed in `tree`; `data` is its decoded body. None when nested too deeply."""
    if tree.depth >= limits.DEPTH or tree.parts >= limits.PARTS:
        tree.warn("enclosed mails are nested too deeply")
        return None
    inner = read(data, place)
    inner.depth = tree.depth + 1
    tree.parts += inner.parts
    return inner
