"""Formatted letters of our own: few enough means that every mail program shows them alike, and a text that says the same.

A letter is a run of lines. Each is made of pieces (words that may be bold, italic or a link, and pictures that the mail
itself carries) and may be an item of a list or quoted. From that the HTML and the text of a mail are written, so the two
never say different things. HTML is read back into lines the same way, our own and, for passing a mail on, that of
strangers: what has no place here (tables, colours, pictures from elsewhere) becomes plain lines or is left out. No Qt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser
from typing import Final, Literal

from app.mime.html.sanitise import clean, is_heavy, safe_link

MOST_LEVELS: Final = 5
"""Lists and quotes are no deeper than that."""

WIDEST: Final = 600
"""Points of the screen that a picture in a letter takes at most; mail programs have no room for more."""

_QUOTE: Final = "margin:0 0 0 4px;padding-left:10px;border-left:2px solid #cccccc"
_LIST: Final = "margin:0;padding-left:26px"
_MARKS: Final = {"b": "bold", "strong": "bold", "th": "bold", "i": "italic", "em": "italic", "cite": "italic"}
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = frozenset(
    "address article blockquote center dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section table tr ul"
    " caption tbody thead tfoot".split()
)
_SPACED: Final = frozenset({"p", "pre", "table", *_HEADINGS})
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_TIGHT: Final = re.compile(r"margin(?:-bottom)?:\s*0(?:[a-z]+)?\s*(?:;|$)", re.I)
_RUN_OF_SPACES: Final = re.compile(r"  +")

ListKind = Literal["", "ul", "ol"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Words on one line that look alike, or (`cid`, the Content-ID) a picture, whose words are its name."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""
    cid: str = ""
    width: int = 0  # of a picture, in points of the screen; 0: its own


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is typed. `items`: of which list it is an item, `level` how deep that is (from 1); `quote`: how often quoted."""

    pieces: tuple[Piece, ...] = ()
    items: ListKind = ""
    level: int = 0
    quote: int = 0

    @property
    def is_empty(self) -> bool:
        """Is nothing on it?"""
        return not any(piece.cid or piece.text.strip() for piece in self.pieces)


def is_plain(lines: Iterable[Line]) -> bool:
    """Would a plain text say all of it?"""
    return not any(
        line.items or line.quote or any(p.bold or p.italic or p.link or p.cid for p in line.pieces) for line in lines
    )


def lines_of_text(text: str) -> tuple[Line, ...]:
    """A plain text as lines."""
    return tuple(Line((Piece(each),) if each else ()) for each in text.split("\n"))


def pictures_in(lines: Iterable[Line]) -> tuple[str, ...]:
    """The Content-IDs of the pictures within, each once."""
    return tuple(dict.fromkeys(piece.cid for line in lines for piece in line.pieces if piece.cid))


# -- writing


def to_text(lines: Sequence[Line]) -> str:
    """The letter for those who read plain text: pictures by their names, links with where they lead, lists with their signs."""
    numbers: dict[int, int] = {}
    out: list[str] = []
    for line in lines:
        numbers = _counted(numbers, line)
        sign = {"ul": "- ", "ol": f"{numbers.get(line.level, 0)}. ", "": ""}[line.items]
        indent = "  " * max(line.level - 1, 0) if line.items else ""
        words = "".join(_piece_text(piece) for piece in joined(line.pieces))
        out.append(f"{'>' * line.quote}{' ' if line.quote else ''}{indent}{sign}{words}".rstrip())
    return "\n".join(out)


def _counted(numbers: dict[int, int], line: Line) -> dict[int, int]:
    """How far the numbered lists have counted, by level, with this line."""
    if not line.items:
        return {}
    kept = {level: count for level, count in numbers.items() if level <= line.level}
    return {**kept, line.level: kept.get(line.level, 0) + 1} if line.items == "ol" else kept


def _piece_text(piece: Piece) -> str:
    if piece.cid:
        return f"[{piece.text or 'picture'}]"
    bare = piece.link.removeprefix("mailto:")
    return f"{piece.text} <{bare}>" if piece.link and piece.text.strip() not in {piece.link, bare} else piece.text


def to_html(lines: Sequence[Line]) -> str:
    """The letter as HTML, a `div` a line as the large webmails write it, with nothing in it that `clean` would take out.

    Reading it back gives the same lines.
    """
    out: list[str] = []
    for depth, group in _runs(lines, lambda line: line.quote):
        out.append(f'<blockquote style="{_QUOTE}">' * depth)
        for is_list, inner in _runs(group, lambda line: int(bool(line.items))):
            out.append(_list_html(inner) if is_list else "".join(f"<div>{_line_html(one)}</div>" for one in inner))
        out.append("</blockquote>" * depth)
    return "".join(out)


def _runs(lines: Sequence[Line], by: Callable[[Line], int]) -> Iterator[tuple[int, list[Line]]]:
    """Neighbours that are alike."""
    group: list[Line] = []
    for line in lines:
        if group and by(group[0]) != by(line):
            yield by(group[0]), group
            group = []
        group.append(line)
    if group:
        yield by(group[0]), group


def _list_html(lines: Sequence[Line]) -> str:
    out: list[str] = []
    open_: list[str] = []
    for line in lines:
        level = max(line.level, 1)
        while len(open_) > level or (len(open_) == level and open_[-1] != line.items):
            out.append(f"</li></{open_.pop()}>")
        if len(open_) == level:
            out.append("</li>")
        while len(open_) < level:
            out.append(f'<{line.items} style="{_LIST}">{"" if len(open_) == level - 1 else "<li>"}')
            open_.append(line.items)
        out.append(f"<li>{_line_html(line)}")
    out += [f"</li></{name}>" for name in reversed(open_)]
    return "".join(out)


def _line_html(line: Line) -> str:
    pieces = joined(line.pieces)
    if pieces and pieces[0].text.startswith(" "):
        pieces[0] = replace(pieces[0], text=f"\xa0{pieces[0].text[1:]}")
    return "".join(_piece_html(piece) for piece in pieces) or "<br>"


def _piece_html(piece: Piece) -> str:
    if piece.cid:
        width = f' width="{min(piece.width, WIDEST)}"' if piece.width > 0 else ""
        return f'<img src="cid:{escape(piece.cid)}" alt="{escape(piece.text)}"{width}>'
    shown = _RUN_OF_SPACES.sub(lambda found: "\xa0" * (len(found[0]) - 1) + " ", escape(piece.text, quote=False))
    for on, tag in ((piece.italic, "i"), (piece.bold, "b")):
        shown = f"<{tag}>{shown}</{tag}>" if on else shown
    return f'<a href="{escape(piece.link)}">{shown}</a>' if piece.link else shown


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours that look alike as one piece; links that may not be opened are words."""
    out: list[Piece] = []
    for piece in pieces:
        piece = piece if not piece.link or safe_link(piece.link) else replace(piece, link="")
        if out and not piece.cid and not out[-1].cid and replace(out[-1], text=piece.text) == piece:
            out[-1] = replace(piece, text=out[-1].text + piece.text)
        elif piece.text or piece.cid:
            out.append(piece)
    return out


# -- reading


def trimmed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Without the empty lines at both ends."""
    full = [place for place, line in enumerate(lines) if not line.is_empty]
    return tuple(lines[full[0] : full[-1] + 1]) if full else ()


def from_html(markup: str, pictures: Iterable[str] = ()) -> tuple[Line, ...] | None:
    """HTML as lines, with those of its pictures (Content-IDs) that are at hand; None for one too heavy to go through."""
    if is_heavy(markup):
        return None
    reader = _Reader(frozenset(pictures))
    reader.feed(clean(markup))
    reader.close()
    return reader.lines()


class _Reader(HTMLParser):
    """Reads what `clean` has left. Runs of blanks are one, as in HTML; what is a block begins and ends a line."""

    def __init__(self, pictures: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._pictures = pictures
        self._lines: list[Line] = []
        self._pieces: list[Piece] = []
        self._look = {"bold": 0, "italic": 0}
        self._links: list[str] = []
        self._lists: list[ListKind] = []
        self._quote = self._verbatim = 0
        self._is_tight = False  # the paragraph has no space of its own around it, as text editors write single lines
        self._item = False  # an item has begun that has no line yet
        self._gap = False  # a paragraph has ended: an empty line before what follows

    def lines(self) -> tuple[Line, ...]:
        """What was read."""
        self._end_line()
        return tuple(self._lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag == "img":
            self._picture(values)
        elif tag == "a":
            self._links.append(values.get("href", "").strip())
        elif tag in ("td", "th") and self._pieces:
            self._pieces.append(self._piece("  "))
        if tag in _BLOCKS:
            self._is_tight = tag == "p" and _TIGHT.search(values.get("style", "")) is not None
            self._begin_block(tag)
        for name in (_MARKS.get(tag), "bold" if tag in _HEADINGS else None):
            if name is not None:
                self._look[name] += 1

    def handle_endtag(self, tag: str) -> None:
        for name in (_MARKS.get(tag), "bold" if tag in _HEADINGS else None):
            if name is not None:
                self._look[name] = max(0, self._look[name] - 1)
        if tag == "a" and self._links:
            self._links.pop()
        if tag in _BLOCKS:
            self._end_line()
            self._gap = self._gap or (tag in _SPACED and not self._lists and not self._is_tight)
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            self._quote -= tag == "blockquote" and self._quote > 0
            self._verbatim -= tag == "pre" and self._verbatim > 0
            self._item = self._item and tag != "li"

    def handle_data(self, data: str) -> None:
        if self._verbatim:
            first, *rest = data.split("\n")
            self._add(first)
            for each in rest:
                self._end_line(keep_empty=True)
                self._add(each)
            return
        words = _SPACES.sub(" ", data)
        at_start = not self._pieces or (not self._pieces[-1].cid and self._pieces[-1].text.endswith(" "))
        self._add(words.lstrip(" ") if at_start else words)

    def _begin_block(self, tag: str) -> None:
        self._end_line()
        self._gap = self._gap or (tag in _SPACED and not self._lists and not self._is_tight)
        if tag in ("ul", "ol"):
            self._lists.append("ul" if tag == "ul" else "ol")
        elif tag == "li":
            self._item = bool(self._lists)
        elif tag == "blockquote":
            self._quote += 1
        elif tag == "pre":
            self._verbatim += 1

    def _picture(self, values: dict[str, str]) -> None:
        name = " ".join(values.get("alt", "").split())
        source = values.get("src", "")
        cid = source[4:] if source[:4].lower() == "cid:" else ""
        if cid in self._pictures:
            width = values.get("width", "")
            self._pieces.append(Piece(name, cid=cid, width=min(int(width), WIDEST) if width.isdecimal() else 0))
        elif name:
            self._add(f"[{name}]")

    def _piece(self, text: str) -> Piece:
        return Piece(text, self._look["bold"] > 0, self._look["italic"] > 0, self._links[-1] if self._links else "")

    def _add(self, text: str) -> None:
        if text:
            self._pieces.append(self._piece(text))

    def _end_line(self, *, keep_empty: bool = False) -> None:
        pieces = joined(replace(p, text=p.text.replace("\xa0", " ")) if not p.cid else p for p in self._pieces)
        if pieces and not pieces[-1].cid:
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text.rstrip(" "))
        self._pieces = []
        line = Line(tuple(pieces), quote=min(self._quote, MOST_LEVELS))
        if line.is_empty and not keep_empty:
            return
        if self._gap and self._lines and not self._lines[-1].is_empty:
            self._lines.append(Line(quote=min(line.quote, self._lines[-1].quote)))
        self._gap = False
        if self._item and self._lists:
            line = replace(line, items=self._lists[-1], level=min(len(self._lists), MOST_LEVELS))
            self._item = False
        self._lines.append(line)
