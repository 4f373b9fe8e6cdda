"""A stranger's colours on our ground: a formatted mail stays readable in every look.

Mails are written for white paper. Where an ink would not stand out from the ground it comes to lie on (WCAG 2.1: 4.5
to 1), it keeps its hue and becomes lighter or darker until it does; grounds that a mail brings along stay as they are,
and the ink is chosen for them. Frames of tables take the colour of our own lines, since they only ever meant "a line".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)

from ui.tokens import contrast

ENOUGH = 4.5
_STEP = 0.04
_FOREGROUND, _BACKGROUND = QTextFormat.Property.ForegroundBrush, QTextFormat.Property.BackgroundBrush


def readable(ink: str, grounds: Sequence[str]) -> str:
    """`ink` ("#RRGGBB"), as much lighter or darker as it must be to stand out from each of the grounds."""
    if _stands_out(ink, grounds):
        return ink
    named = QColor(ink)
    hue, saturation, lightness = named.hslHueF(), named.hslSaturationF(), named.lightnessF()
    lighter = all(contrast("#FFFFFF", ground) > contrast("#000000", ground) for ground in grounds)
    while 0 < (lightness := lightness + (_STEP if lighter else -_STEP)) < 1:
        ink = QColor.fromHslF(max(hue, 0.0), saturation, lightness).name().upper()
        if _stands_out(ink, grounds):
            return ink
    return "#FFFFFF" if lighter else "#000000"


def make_readable(document: QTextDocument, grounds: Sequence[str], ink: str, line: str) -> None:
    """Change what cannot be read on our `grounds` ("#RRGGBB" each); `ink` is what text has that names no colour."""
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for table in _tables(document):
        form = table.format()
        form.setBorderBrush(QBrush(QColor(line)))
        form.setBorderStyle(form.BorderStyle.BorderStyle_Solid)
        form.setBorderCollapse(True)
        table.setFormat(form)
    for start, end, wanted in list(_changes(document, grounds, ink)):
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        other = QTextCharFormat()
        other.setForeground(QBrush(QColor(wanted)))
        cursor.mergeCharFormat(other)
    cursor.endEditBlock()


def _changes(document: QTextDocument, grounds: Sequence[str], ink: str) -> Iterator[tuple[int, int, str]]:
    """(first, last + 1, ink) of every run of text that needs another ink."""
    block = document.begin()
    while block.isValid():
        around = _ground_of(block)
        run = block.begin()
        while not run.atEnd():
            fragment = run.fragment()
            form = fragment.charFormat()
            own = form.background() if form.hasProperty(_BACKGROUND) else QBrush()
            beneath = [_name(own)] if own.style() != Qt.BrushStyle.NoBrush else around or grounds
            has = _name(form.foreground()) if form.hasProperty(_FOREGROUND) else ink
            wanted = readable(has, beneath)
            if wanted != has:
                yield fragment.position(), fragment.position() + fragment.length(), wanted
            run += 1
        block = block.next()


def _ground_of(block: QTextBlock) -> list[str]:
    """The ground that the mail itself puts beneath a block: its own, its cell's, or that of a table around it."""
    brushes = [block.blockFormat().background()]
    cursor = QTextCursor(block)
    table = cursor.currentTable()
    if table is not None:
        brushes += [table.cellAt(cursor).format().background()]
    frame = cursor.currentFrame()
    while frame is not None:
        brushes.append(frame.frameFormat().background())
        frame = frame.parentFrame()
    return next(([_name(brush)] for brush in brushes if brush.style() != Qt.BrushStyle.NoBrush), [])


def _tables(document: QTextDocument) -> Iterator[QTextTable]:
    waiting = list(document.rootFrame().childFrames())
    while waiting:
        frame = waiting.pop()
        waiting += frame.childFrames()
        if isinstance(frame, QTextTable) and frame.format().border() > 0:
            yield frame


def _name(brush: QBrush) -> str:
    return brush.color().name().upper()


def _stands_out(ink: str, grounds: Sequence[str]) -> bool:
    return all(contrast(ink, ground) >= ENOUGH for ground in grounds)
