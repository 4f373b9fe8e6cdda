"""What is in the composer as a letter, and a letter as what is in the composer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtGui import QTextBlock, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from app.mime.html.rich import Line, ListKind, Piece, from_html, is_plain, to_html, to_text
from ui.widgets.growingedit import (
    BULLETS,
    NUMBERS,
    GrowingEdit,
    blocks,
    char_format,
    fragments,
    items_of,
    level_of,
    list_format,
    picture_format,
    picture_width,
)

_KINDS: Final[dict[str, ListKind]] = {BULLETS: "ul", NUMBERS: "ol", "": ""}
_NAMES: Final = {"ul": BULLETS, "ol": NUMBERS}
_QUOTED: Final = QTextFormat.Property.BlockQuoteLevel.value
_QUOTE_PX: Final = 14
_BREAK, _OBJECT, _BLANK = "\u2028", "\ufffc", "\xa0"


def content(document: QTextDocument) -> tuple[str, str]:
    """(text, HTML) of what is written, without empty lines at its end; no HTML where the text says it all."""
    lines = list(lines_of(document))
    while lines and lines[-1].is_empty:
        lines.pop()
    return to_text(lines).rstrip(), "" if is_plain(lines) else to_html(lines)


def lines_of(document: QTextDocument) -> tuple[Line, ...]:
    """What is written, line by line."""
    found: list[Line] = []
    for block in blocks(document):
        quote = block.blockFormat().property(_QUOTED)
        line = Line((), _KINDS[items_of(block)], level_of(block), quote if isinstance(quote, int) else 0)
        for pieces in _lines_within(block):
            found.append(Line(pieces, line.items, line.level, line.quote))
            line = Line((), "", 0, line.quote)
    return tuple(found)


def _lines_within(block: QTextBlock) -> Iterable[tuple[Piece, ...]]:
    """A block's pieces; Shift+Enter has begun a line within it."""
    pieces: list[Piece] = []
    for fragment in fragments(block):
        look = fragment.charFormat()
        if look.isImageFormat():
            image = look.toImageFormat()
            cid = image.name().removeprefix("cid:")
            name = str(look.property(QTextFormat.Property.ImageAltText.value) or "")
            pieces += [Piece(name, cid=cid, width=picture_width(look))] * fragment.text().count(_OBJECT)
            continue
        first, *rest = fragment.text().replace(_BLANK, " ").replace(_OBJECT, "").split(_BREAK)
        bold, italic, link = look.fontWeight() > 500, look.fontItalic(), look.anchorHref()
        pieces.append(Piece(first, bold, italic, link))
        for each in rest:
            yield tuple(pieces)
            pieces = [Piece(each, bold, italic, link)]
    yield tuple(pieces)


def show(edit: GrowingEdit, html: str, pictures: Iterable[str], fallback: str) -> None:
    """Put a formatted letter in the composer's place; `fallback` is its text, should the HTML be beyond showing."""
    lines = from_html(html, pictures)
    if lines is None:
        edit.set_words(fallback)
        return
    edit.clear_all()
    document = edit.document()
    document.setUndoRedoEnabled(False)
    insert(QTextCursor(document), lines)
    document.setUndoRedoEnabled(True)


def insert(cursor: QTextCursor, lines: Sequence[Line]) -> None:
    """Write lines where the cursor stands."""
    cursor.beginEditBlock()
    before = Line()
    for number, line in enumerate(lines):
        if number:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        _shape(cursor, line, before)
        for piece in line.pieces:
            if piece.cid:
                cursor.insertImage(picture_format(f"cid:{piece.cid}", piece.text, piece.width))
            else:
                cursor.insertText(piece.text, char_format(bold=piece.bold, italic=piece.italic, link=piece.link))
        before = line
    cursor.endEditBlock()


def _shape(cursor: QTextCursor, line: Line, before: Line) -> None:
    if line.quote:
        look = QTextBlockFormat()
        look.setProperty(_QUOTED, line.quote)
        look.setLeftMargin(_QUOTE_PX * line.quote)
        cursor.setBlockFormat(look)
    if not line.items:
        return
    going_on = None
    above = cursor.block().previous()
    while before.items and above.isValid() and above.textList() is not None:
        if (level_of(above), items_of(above)) == (line.level, _NAMES[line.items]):
            going_on = above.textList()
            break
        if level_of(above) < line.level:
            break
        above = above.previous()
    if going_on is not None:
        going_on.add(cursor.block())
    else:
        cursor.createList(list_format(_NAMES[line.items], line.level))
