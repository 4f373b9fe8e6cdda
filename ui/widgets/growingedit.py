"""A text to write in: as high as its lines, with few means of formatting, pictures and lists.

Formatting is words in bold or italic, links, two kinds of lists and pictures in the line, because that is what mail programs
everywhere show alike. What comes from outside is taken as plain words unless the owner reads it (`paste_html`): nothing that
was copied from a web page brings its colours, sizes or addresses of pictures along. A picture is named by an address; its
points are handed in when they are known (`set_picture`), so that no file is read here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextImageFormat,
    QTextListFormat,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from ui.theme import tokens
from ui.widgets.filedrop import file_paths

BULLETS, NUMBERS = "bullets", "numbers"
_STYLES = {BULLETS: QTextListFormat.Style.ListDisc, NUMBERS: QTextListFormat.Style.ListDecimal}
_SHOWN_WIDTH = 420  # px that a picture takes in the text at most
_IN_THE_LINE = 40  # px: how high a picture may be that stands among words
_NATURAL = QTextFormat.Property.UserProperty.value + 1  # how wide a picture is by itself


class GrowingEdit(QTextEdit):
    """A text edit as high as its text, between `least` and `most` px."""

    submitted = Signal()
    escaped = Signal()
    files_given = Signal(list)  # list[str]: paths
    image_given = Signal(QImage)
    focused = Signal(bool)
    format_moved = Signal()  # the cursor stands in text of another look

    def __init__(
        self, placeholder: str, *, name: str, least: int = 72, most: int = 320, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._least, self._most = least, most
        self.paste_html: Callable[[str], bool] | None = None  # puts formatted text in; False: take it as plain words
        self._pictures: dict[str, QImage] = {}
        self.setProperty("look", "bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(True)
        self.setAutoFormatting(QTextEdit.AutoFormattingFlag.AutoNone)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.document().setIndentWidth(22)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.currentCharFormatChanged.connect(lambda _format: self.format_moved.emit())
        self.cursorPositionChanged.connect(self.format_moved)
        self._fit()

    # -- text

    def set_words(self, text: str) -> None:
        """Put plain words in its place; nothing of an earlier look stays."""
        self.clear_all()
        self.setPlainText(text)

    def clear_all(self) -> None:
        """Empty it, its pictures and the look of what is typed next."""
        self.clear()
        self._pictures.clear()
        self.setCurrentCharFormat(QTextCharFormat())

    def event(self, event: QEvent, /) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_spent(event):
            event.ignore()  # the window has something to undo: a letter that was just sent from here
            return False
        return super().event(event)

    def _is_spent(self, event: QKeyEvent) -> bool:
        """Is it the key of undo or redo, with nothing typed here that it could take back?"""
        document = self.document()
        if event.matches(QKeySequence.StandardKey.Undo):
            return not document.isUndoAvailable()
        return event.matches(QKeySequence.StandardKey.Redo) and not document.isRedoAvailable()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif enter and not event.modifiers() and self._leave_list():
            return
        else:
            super().keyPressEvent(event)

    def set_least(self, height: int) -> None:
        """Be at least this high (a letter has more room than a reply)."""
        self._least, self._most = height, max(self._most, height)
        self._fit()

    def canInsertFromMimeData(self, source: QMimeData, /) -> bool:
        return bool(file_paths(source)) or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData, /) -> None:
        paths = file_paths(source)
        image = source.imageData() if source.hasImage() and not source.hasText() else None
        if paths:
            self.files_given.emit(paths)
        elif isinstance(image, QImage):
            self.image_given.emit(image)
        elif source.hasHtml() and self.paste_html is not None and self.paste_html(source.html()):
            return
        elif source.hasText():
            self.insertPlainText(source.text())

    def dragEnterEvent(self, event: QDragEnterEvent, /) -> None:
        self._leave_files(event) or super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent, /) -> None:
        self._leave_files(event) or super().dragMoveEvent(event)

    def _leave_files(self, event: QDropEvent) -> bool:
        """Files have no place between the words: what is around the text takes them (`ui.widgets.filedrop`)."""
        if not file_paths(event.mimeData()):
            return False
        event.ignore()
        return True

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self.focused.emit(False)

    def changeEvent(self, event: QEvent, /) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint_links()

    # -- formatting

    def is_bold(self) -> bool:
        """Is what is typed next bold?"""
        return self.currentCharFormat().fontWeight() > 500

    def is_italic(self) -> bool:
        """Is it italic?"""
        return self.currentCharFormat().fontItalic()

    def set_bold(self, on: bool) -> None:
        """Make what is chosen, else what is typed next, bold or not."""
        self.mergeCurrentCharFormat(char_format(bold=on))

    def set_italic(self, on: bool) -> None:
        """The same in italics."""
        look = QTextCharFormat()
        look.setFontItalic(on)
        self.mergeCurrentCharFormat(look)

    def items(self) -> str:
        """Of which kind of list the line is an item, or ""."""
        return items_of(self.textCursor().block())

    def set_items(self, kind: str) -> None:
        """Make the lines chosen items of a list (`bullets`, `numbers`), or plain lines again ("")."""
        cursor = self.textCursor()
        cursor.beginEditBlock()
        if kind:
            cursor.createList(list_format(kind, level_of(cursor.block())))
        else:
            for block in self._chosen_blocks():
                _to_plain_line(block)
        cursor.endEditBlock()
        self.format_moved.emit()

    def link(self) -> str:
        """The address behind the words at the cursor, or ""."""
        return self.textCursor().charFormat().anchorHref()

    def set_link(self, address: str) -> None:
        """Let the words chosen lead there ("": nowhere). Without a choice, the link at the cursor, else the address itself."""
        cursor = self.textCursor()
        if not cursor.hasSelection() and cursor.charFormat().isAnchor():
            self._select_link(cursor)
        if not cursor.hasSelection() and address:
            cursor.insertText(address, char_format(link=address))
            cursor.insertText(" ", QTextCharFormat())
        else:
            look = char_format(link=address)
            look.setAnchor(bool(address))
            look.setAnchorHref(address)
            look.setFontUnderline(bool(address))
            if not address:
                look.setForeground(self.palette().text())
            cursor.mergeCharFormat(look)
            cursor.setPosition(cursor.selectionEnd())
            self.setTextCursor(cursor)
            self.setCurrentCharFormat(QTextCharFormat())

    def _select_link(self, cursor: QTextCursor) -> None:
        where = cursor.position()
        for fragment in fragments(cursor.block()):
            end = fragment.position() + fragment.length()
            if fragment.position() < where <= end and fragment.charFormat().isAnchor():
                cursor.setPosition(fragment.position())
                cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)

    def set_plain(self) -> None:
        """Take the formatting off what is chosen."""
        cursor = self.textCursor()
        cursor.beginEditBlock()
        if cursor.hasSelection():
            for start, end in self._words_chosen(cursor):
                cursor.setPosition(start)
                cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(QTextCharFormat())
        self.set_items("")
        cursor.endEditBlock()
        if not cursor.hasSelection():
            self.setCurrentCharFormat(QTextCharFormat())

    def _words_chosen(self, cursor: QTextCursor) -> list[tuple[int, int]]:
        """What is chosen, without the pictures in it: theirs is no formatting."""
        first, last = cursor.selectionStart(), cursor.selectionEnd()
        found = []
        for block in self._chosen_blocks():
            for fragment in fragments(block):
                start, end = max(first, fragment.position()), min(last, fragment.position() + fragment.length())
                if start < end and not fragment.charFormat().isImageFormat():
                    found.append((start, end))
        return found

    def _chosen_blocks(self) -> list[QTextBlock]:
        cursor = self.textCursor()
        block, last = self.document().findBlock(cursor.selectionStart()), cursor.selectionEnd()
        found = [block]
        while (block := block.next()).isValid() and block.position() <= last:
            found.append(block)
        return found

    def _leave_list(self) -> bool:
        """Enter on an empty item ends the list."""
        block = self.textCursor().block()
        if block.textList() is None or block.text():
            return False
        _to_plain_line(block)
        self.format_moved.emit()
        return True

    def _tint_links(self) -> None:
        """Links in the colour of the look in force."""
        if not self.document().isModified() and self.document().isEmpty():
            return
        was = self.blockSignals(True)
        cursor = QTextCursor(self.document())
        places = [
            (fragment.position(), fragment.length())
            for block in blocks(self.document())
            for fragment in fragments(block)
            if fragment.charFormat().isAnchor()
        ]
        for start, length in places:
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            look = QTextCharFormat()
            look.setForeground(char_format(link="x").foreground())
            cursor.mergeCharFormat(look)
        self.blockSignals(was)

    # -- pictures

    def insert_picture(self, address: str, name: str, image: QImage) -> None:
        """Put a picture where the cursor stands; one that is higher than a line or two gets a line of its own."""
        self.set_picture(address, image)
        cursor, own_line = self.textCursor(), image.height() > _IN_THE_LINE
        cursor.beginEditBlock()
        if own_line and not cursor.atBlockStart():
            cursor.insertBlock()
        cursor.insertImage(picture_format(address, name, image.width()))
        if own_line:
            cursor.insertBlock(cursor.blockFormat(), QTextCharFormat())
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.setCurrentCharFormat(QTextCharFormat())
        self.ensureCursorVisible()

    def set_picture(self, address: str, image: QImage) -> None:
        """The points of a picture that the text names."""
        self._pictures[address] = image
        self.document().addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(address), image)
        self.document().markContentsDirty(0, self.document().characterCount())

    def has_picture(self, address: str) -> bool:
        """Are its points here?"""
        return address in self._pictures

    def loadResource(self, kind: int, address: QUrl | str, /) -> object:
        """Nothing is ever loaded from anywhere: a picture that is not here yet is a grey point."""
        known = self._pictures.get(QUrl(address).toString(QUrl.ComponentFormattingOption.FullyEncoded))
        if known is not None:
            return known
        blank = QImage(1, 1, QImage.Format.Format_ARGB32)
        blank.fill(Qt.GlobalColor.lightGray)
        return blank if kind == QTextDocument.ResourceType.ImageResource.value else None

    def _fit(self) -> None:
        wish = math.ceil(self.document().size().height()) + 6
        height = max(self._least, min(self._most, wish))
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)


# -- a document as others read and write it


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    """Its lines, in order."""
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def fragments(block: QTextBlock) -> Iterator[QTextFragment]:
    """The pieces of a line that look alike."""
    place = block.begin()
    while not place.atEnd():
        fragment = place.fragment()
        if fragment.isValid():
            yield fragment
        place += 1


def items_of(block: QTextBlock) -> str:
    """Of which kind of list a line is an item, or ""."""
    found = block.textList()
    if found is None:
        return ""
    return NUMBERS if found.format().style() == _STYLES[NUMBERS] else BULLETS


def level_of(block: QTextBlock) -> int:
    """How deep a line's list is, from 1; 0: it is in none."""
    return block.textList().format().indent() if items_of(block) else 0


def list_format(kind: str, level: int) -> QTextListFormat:
    """A list of this kind, so deep."""
    look = QTextListFormat()
    look.setStyle(_STYLES[kind])
    look.setIndent(max(1, level))
    return look


def char_format(*, bold: bool = False, italic: bool = False, link: str = "") -> QTextCharFormat:
    """How words look."""
    look = QTextCharFormat()
    look.setFontWeight(700 if bold else 400)
    if italic:
        look.setFontItalic(True)
    if link:
        look.setAnchor(True)
        look.setAnchorHref(link)
        look.setFontUnderline(True)
        look.setForeground(QColor(tokens().accent_text))
    return look


def picture_format(address: str, name: str, width: int) -> QTextImageFormat:
    """A picture in the line, as wide as the text has room for; `width`: how wide it is by itself (0: not known)."""
    look = QTextImageFormat()
    look.setName(address)
    look.setProperty(QTextFormat.Property.ImageAltText.value, name)
    look.setProperty(QTextFormat.Property.ImageTitle.value, name)
    look.setProperty(_NATURAL, width)
    if width:
        look.setWidth(min(width, _SHOWN_WIDTH))
    return look


def picture_width(look: QTextCharFormat) -> int:
    """How wide a picture is by itself, 0 if that is not known."""
    width = look.property(_NATURAL)
    return int(width) if isinstance(width, (int, float)) else 0


def _to_plain_line(block: QTextBlock) -> None:
    if items_of(block):
        block.textList().remove(block)
    cursor = QTextCursor(block)
    look = block.blockFormat()
    look.setIndent(0)
    cursor.setBlockFormat(look)
