"""Readable text: from HTML, and from format=flowed (RFC 3676).

The HTML reader is a plain scanner, not a tree builder: it must not grow with nesting and must be fast on a
newsletter of 200 kB. It keeps every word a reader would see and drops what he would not.
"""

from __future__ import annotations

import html
import re
from typing import Final

_TOKEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[[^\]>]{0,200}\]?>|<[!?][^>]*>|<(/?)([a-zA-Z][\w:-]{0,30})([^<>]*(?:<[^<>]*)?)>|([^<]+|<)",
    re.S,
)
_TAIL: Final = re.compile(r"(<)!--.*\Z|([^<]+|<)", re.S)
"""What there is behind the last ">" of all: nothing that begins there ends. `_TOKEN` would look for its end again and again."""
_SKIP: Final = frozenset({"style", "script", "head", "title", "noframes", "template", "xml", "svg", "math", "o:p-data"})
_END: Final = {name: re.compile(rf"</{name}\s*>", re.I) for name in _SKIP}
_BREAK: Final = frozenset({
    "div", "tr", "table", "ul", "ol", "section", "article", "header", "footer", "address", "dl", "dt", "dd", "form",
    "center", "fieldset", "main", "nav", "figure", "body", "html", "tbody", "thead", "caption", "option",
})  # fmt: skip
_PARAGRAPH: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"})
_OPEN_LINKS: Final = 50  # links within each other whose targets are told; HTML allows one
_HREF: Final = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_ALT: Final = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
# Runs of white space that are not one blank already.
_SPACES: Final = re.compile(r" [ \t\r\n\f\v\u200b\ufeff]+|[\t\r\n\f\v\u200b\ufeff][ \t\r\n\f\v\u200b\ufeff]*")
_BLANKS: Final = re.compile(r"  +")
_MANY_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class _Writer:
    """Collects lines; white space is joined as a browser does, quotes get a "> " per level."""

    __slots__ = ("hrefs", "line", "out", "pre", "quote")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.pre = 0
        self.hrefs: list[tuple[str, int]] = []

    def text(self, data: str) -> None:
        data = html.unescape(data) if "&" in data else data
        self.line.append(data if self.pre else _SPACES.sub(" ", data))

    def end_line(self, *, force: bool = False) -> None:
        if not self.line and not force:
            return
        joined = "".join(self.line)
        self.line.clear()
        if not self.pre:
            joined = (_BLANKS.sub(" ", joined) if "  " in joined else joined).strip(" ")
        joined = joined.replace("\xa0", " ").rstrip()
        if joined or force:
            if self.quote or "\n" in joined:
                mark = ">" * min(self.quote, 20)
                self.out.extend(f"{mark} {each}".rstrip() if mark else each for each in joined.split("\n"))
            else:
                self.out.append(joined)

    def paragraph(self) -> None:
        if self.line:
            self.end_line()
        mark = ">" * min(self.quote, 20)
        if self.out and self.out[-1] != mark:
            self.out.append(mark)


def html_to_text(source: str) -> str:
    """The words of an HTML mail: paragraphs, list items, link targets that the text does not show, quotes as "> "."""
    writer = _Writer()
    endless: set[str] = set()  # elements of which no end follows
    last = source.rfind(">")
    at = 0
    while 0 <= at <= last:
        at = _scan(writer, source, at, last, endless)
    for match in _TAIL.finditer(source, at) if at >= 0 else ():
        if match[2] is not None:
            writer.text(match[2])
    writer.end_line()
    return _MANY_LINES.sub("\n\n", "\n".join(writer.out)).strip()


def _scan(writer: _Writer, source: str, start: int, last: int, endless: set[str]) -> int:
    """Read on from `start` up to something that is left out whole, or behind `last`; where to go on, -1 at the end."""
    for match in _TOKEN.finditer(source, start):
        if match.start() > last:
            return match.start()
        close, name, attributes, data = match.groups()
        if data is not None:
            writer.text(data)
            continue
        if name is None:
            continue
        name = name.lower()
        if name not in _SKIP:
            _tag(writer, name, closing=bool(close), attributes=attributes)
        elif not close and not attributes.endswith("/") and name not in endless:
            end = _END[name].search(source, match.end())
            if end is not None:
                return end.end()
            if name in ("script", "style"):
                return -1  # code that is never closed is no text
            endless.add(name)
    return -1


def _tag(writer: _Writer, name: str, *, closing: bool, attributes: str) -> None:
    if name == "br":
        writer.end_line(force=True)
    elif name == "a":
        _link(writer, closing=closing, attributes=attributes)
    elif name in ("td", "th"):
        if not closing and writer.line:
            writer.line.append(" ")
    elif name in _PARAGRAPH:
        writer.paragraph()
        if name == "blockquote":
            writer.quote = max(0, writer.quote + (-1 if closing else 1))
        elif name == "pre":
            writer.pre = 0 if closing else 1
    elif name == "li":
        writer.end_line()
        if not closing:
            writer.line.append("- ")
    elif name == "hr":
        writer.end_line()
        writer.out.append("-" * 20)
    elif name == "img":
        alt = _ALT.search(attributes)
        if alt is not None and (alt[1] or alt[2]):
            writer.text(f" {alt[1] or alt[2]} ")
    elif name in _BREAK:
        writer.end_line()


def _link(writer: _Writer, *, closing: bool, attributes: str) -> None:
    if not closing:
        found = _HREF.search(attributes)
        target = html.unescape(found[1] or found[2] or found[3] or "").strip() if found is not None else ""
        is_told = target.lower().startswith(("http://", "https://", "ftp://")) and len(writer.hrefs) < _OPEN_LINKS
        writer.hrefs.append((target if is_told else "", len(writer.line)))
        return
    if not writer.hrefs:
        return
    target, begin = writer.hrefs.pop()
    if target and (shown := "".join(writer.line[begin:]).strip()) and not _same(shown, target):
        writer.line.append(f" <{target}>")


def _same(shown: str, target: str) -> bool:
    def bare(link: str) -> str:
        return re.sub(r"^(?:https?://)?(?:www\.)?|/$", "", link.strip().lower())

    return bare(shown) == bare(target)


def unflow(text: str, *, delsp: bool = False) -> str:
    """format=flowed lines joined into paragraphs, quotes and signature left alone (RFC 3676)."""
    out: list[str] = []
    open_quote = -1  # quote depth of a line that goes on, -1 if none
    for line in text.split("\n"):
        line = line.rstrip("\r")
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:]
        body = body.removeprefix(" ")
        flowed = body.endswith(" ") and body != "-- "
        if flowed and delsp:
            body = body[:-1]
        if open_quote == depth and body != "-- ":
            out[-1] += body
        else:
            out.append((line[:-1] if flowed and delsp else line) if depth else body)
        open_quote = depth if flowed else -1
    return "\n".join(each.rstrip(" ") if each != "-- " else each for each in out)
