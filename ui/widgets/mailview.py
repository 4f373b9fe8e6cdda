"""The body of one mail: as high as its text, without a scroll bar of its own.

The HTML given here has been cleaned already; this widget is the second fence. It fetches nothing: `cid:` and `data:` pictures
come from the owner's loader in a thread, https ones too where the owner shows them, any other address is answered with one
clear point. Links do not open; they are told with their real target. A text that would take the layout too long is refused
(`too_heavy`) and shown as plain text. Laying out and painting a stranger's markup happens within the owner's `guard`, which can
tell later that the window did not survive it.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from html.parser import HTMLParser

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QTextEdit, QWidget

from ui.text import tr
from ui.theme import BODY, font, tokens
from ui.widgets.inks import make_readable
from ui.widgets.pictures import Loader, decoder

MOST_CHARACTERS, MOST_DEPTH, MOST_CELLS = 300_000, 30, 2_000
SHOWN_CHARACTERS, SHOWN_LINES = 60_000, 2_000  # of a text; the rest is for "View original"
MOST_PICTURES, MOST_BYTES = 200, 192 * 1024 * 1024  # of one mail, as they are kept for painting
_WIDEST, _HIGHEST = 1200, 1_000_000  # px, of a picture and of a mail
_PICTURE, _BREAK = "\ufffc", "\u2028"  # as Qt writes them in a text
_GATHER_MS = 20  # pictures that come together are laid out together
_VOID = {"br", "hr", "img", "wbr", "col", "input", "meta", "link", "area", "base", "source", "embed"}
_COLOURED = re.compile(r"color|background|<table", re.IGNORECASE)  # has it colours of its own, or lines?
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:"[^"]*"|[^">])*>""")
_TO_THE_LEFT = re.compile("[\u0590-\u08ff\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
_PIECE = re.compile(_TAG.pattern + r"|\s+|&#?\w+;|[^<&\s]{1,250}|.", re.DOTALL)
_ENDLESS = re.compile("[!-;=?-\u05ff\u1e00-\u2dff]{5001}")  # in scripts that break a line at spaces only
_LONGEST_WORD, _LONGEST_MIXED = 5_000, 500  # letters; where directions are mixed
_numbers = itertools.count(1)
Guard = Callable[[], AbstractContextManager[object]]
Marks = Callable[[str], list[tuple[int, int]]]
"""Which stretches of a text are to be marked, as (begin, end)."""


def too_heavy(markup: str) -> bool:
    """Would laying this out hold up the window? (over 300,000 characters, 30 levels or 2,000 cells)

    Expects cleaned markup, in which every element is closed and attributes stand in double quotes.
    """
    if len(markup) > MOST_CHARACTERS:
        return True
    depth = cells = 0
    for found in _TAG.finditer(markup):
        name = found[2].lower()
        if name in _VOID:
            continue
        depth += -1 if found[1] else 1
        cells += name in {"td", "th"} and not found[1]
        if depth > MOST_DEPTH or cells > MOST_CELLS:
            return True
    return False


def with_breaks(markup: str) -> str:
    """Let lines break within words that nobody writes: over 5,000 letters, over 500 where some of a text run to the left.

    To break a line, Qt looks at the whole word, and does so again at each change of direction: 250,000 letters, or 40,000 in
    two directions, stood for two seconds.
    """
    if _TO_THE_LEFT.search(markup) is not None:
        longest = _LONGEST_MIXED
    elif _ENDLESS.search(markup) is not None:
        longest = _LONGEST_WORD
    else:
        return markup
    pieces, length = [], 0
    for found in _PIECE.finditer(markup):
        piece = found.group()
        if piece.isspace():
            length = 0
        elif found[2] is None:  # not a tag: <b> in the middle of a word does not end it
            length += len(piece)
            if length > longest:
                pieces.append("\u200b")
                length = len(piece)
        pieces.append(piece)
    return "".join(pieces)


class MailView(QTextBrowser):
    """Shows a mail's text. `loader(url)` returns a picture's bytes (called in a thread) or None."""

    link_clicked = Signal(str)
    pictures_blocked = Signal(int)  # how many remote pictures were not fetched

    def __init__(
        self, loader: Loader | None = None, parent: QWidget | None = None, *, guard: Guard = nullcontext
    ) -> None:
        super().__init__(parent)
        self._loader: Loader = loader or (lambda _url: None)
        self._guard, self._unproven, self._remote = guard, False, False
        self._bytes = 0
        self._gather = QTimer(self, singleShot=True, interval=_GATHER_MS)
        self._gather.timeout.connect(self._lay_out_again)
        self._pending: dict[int, QUrl] = {}
        self._missing: set[str] = set()
        self._asked: set[str] = set()
        self._blocked: set[str] = set()
        self._laying_out = False
        self._source: tuple[str, bool] = ("", False)
        self._marks: Marks | None = None
        self._marked: list[tuple[int, int]] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAccessibleName(tr("Message text"))
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().setDefaultFont(font(BODY))
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(_encoded(url)))
        self.highlighted.connect(lambda url: self.viewport().setToolTip(html.escape(_encoded(url))))
        self._restyle()

    def show_html(self, markup: str, *, remote: bool = False) -> bool:
        """Show cleaned HTML; False if it was too heavy and is shown as bare text instead. `remote`: the loader is asked for
        pictures at https addresses too.
        """
        if too_heavy(markup):
            self.show_text(_strip(markup))
            return False
        self._begin(markup, is_html=True)
        self._remote = remote
        self._lay_out(f"<body>{markup}</body>")
        if self._blocked:
            self.pictures_blocked.emit(len(self._blocked))
        return True

    def show_text(self, text: str) -> None:
        """Show plain text; addresses that begin with http(s):// become links. A very long text is cut, and says so."""
        text = _shortened(text)
        self._begin(text, is_html=False)
        self._lay_out(_plain_markup(text))

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of the text, whatever is shown from now on; None marks nothing."""
        self._marks = marks
        self._find_marks()

    @property
    def marked(self) -> int:
        """How many stretches are marked."""
        return len(self._marked)

    def show_marks(self, current: int = -1) -> None:
        """Paint the marks, the current one (from 0) stronger than the others."""
        t = tokens()
        found = []
        for number, (begin, end) in enumerate(self._marked):
            one = QTextEdit.ExtraSelection()
            one.cursor = QTextCursor(self.document())
            one.cursor.setPosition(begin)
            one.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            one.format.setBackground(QColor(t.accent if number == current else t.accent_soft))
            one.format.setForeground(QColor(t.on_accent if number == current else t.accent_text))
            found.append(one)
        self.setExtraSelections(found)

    def mark_place(self, number: int) -> int:
        """How far below the top of this widget a mark lies, in pixels; 0 for one that is there no more."""
        if number >= len(self._marked):
            return 0
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._marked[number][0])
        return self.cursorRect(cursor).top()

    def _find_marks(self) -> None:
        before = len(self._marked)
        text = self.document().toRawText() if self._marks is not None else ""
        found = self._marks(text.replace("\u2029", "\n").replace("\u2028", "\n")) if self._marks is not None else []
        self._marked = _as_qt(text, found)
        if self._marked or before:
            self.show_marks()

    def loadResource(self, kind: int, address: QUrl | str, /) -> object:
        name = QUrl(address)
        url = _encoded(name)
        if kind == QTextDocument.ResourceType.ImageResource.value:
            if name.scheme().lower() in ({"cid", "data", "https"} if self._remote else {"cid", "data"}):
                self._ask_for(name, url)
                return _nothing(_WIDEST)  # flat: however wide a picture shall be, it takes no height before it is there
            self._blocked.add(url)
        return _nothing(1)

    def _ask_for(self, name: QUrl, url: str) -> None:
        if url in self._asked or len(self._asked) >= MOST_PICTURES:
            return
        self._asked.add(url)
        number = next(_numbers)
        self._pending[number] = name
        decoder().ready.connect(self._picture, Qt.ConnectionType.UniqueConnection)
        decoder().request(number, url, self._loader, _WIDEST)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with self._guard() if self._unproven else nullcontext():
            super().paintEvent(event)
        self._unproven = False

    def sizeHint(self) -> QSize:
        return QSize(320, self.height())

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        event.ignore()  # the conversation scrolls, not the message

    def contextMenuEvent(self, event: QContextMenuEvent, /) -> None:
        menu = self.createStandardContextMenu(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def apply_tokens(self) -> None:
        """Show the same text in the colours of the look in force."""
        self._restyle()
        text, is_html = self._source
        if text:
            self._lay_out(f"<body>{text}</body>" if is_html else _plain_markup(text))

    def _begin(self, source: str, *, is_html: bool) -> None:
        self._source = (source, is_html)
        self._pending.clear()
        self._missing.clear()
        self._asked.clear()
        self._blocked.clear()
        self._bytes, self._remote = 0, False

    def _lay_out(self, markup: str) -> None:
        """Set the text and take its height once, not at every step of the layout."""
        self._laying_out = True
        self._unproven = self._source[1]
        with self._guard() if self._unproven else nullcontext():
            self.setHtml(with_breaks(markup))
            if self._source[1] and _COLOURED.search(markup):
                t = tokens()
                make_readable(self.document(), (t.canvas, t.surface, t.raised, t.accent_soft), t.text, t.line_strong)
            if self._source[1] and "<br" in markup:
                _drop_last_breaks(self.document())
            if "<img" in markup:
                _put_words(self.document(), self._missing)
                _close_up_pictures(self.document())
        self._laying_out = False
        self._find_marks()
        self._fit()

    def _picture(self, number: int, _url: str, image: QImage) -> None:
        name = self._pending.pop(number, None)
        if name is None or self._bytes + image.sizeInBytes() > MOST_BYTES:
            return
        if image.isNull():
            self._missing.add(_encoded(name))
            self._gather.start()
            return
        self._bytes += image.sizeInBytes()
        room = max(200, self.viewport().width())
        if image.width() > room:
            image = image.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        self.document().addResource(QTextDocument.ResourceType.ImageResource.value, name, image)
        if not self._gather.isActive():
            self._gather.start()

    def _lay_out_again(self) -> None:
        document = self.document()
        self._unproven = self._source[1]
        with self._guard() if self._unproven else nullcontext():
            _put_words(document, self._missing)
            document.markContentsDirty(0, document.characterCount())
        if self._missing:
            self._find_marks()

    def _fit(self) -> None:
        if self._laying_out:
            return
        bar = self.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 else 0
        height = min(int(self.document().size().height()) + 2 + extra, _HIGHEST)
        if height != self.height():
            self.setFixedHeight(height)
            self.updateGeometry()

    def _restyle(self) -> None:
        t = tokens()
        self.document().setDefaultStyleSheet(
            f"body, p {{ line-height: 150%; color: {t.text}; }} p {{ margin: 0 0 10px 0; }}"
            f"a {{ color: {t.accent_text}; text-decoration: none; }} pre {{ white-space: pre-wrap; }}"
            f"blockquote {{ color: {t.text2}; margin: 0 0 0 12px; }} td, th {{ padding: 2px 6px; }}"
        )


def _close_up_pictures(document: QTextDocument) -> None:
    """Lines with a picture get as much air as lines of text: half of their own height, as `line-height: 150%` has it, would
    be a hole beneath each.
    """
    air, cursor = document.defaultFont().pixelSize() / 2, QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    while block.isValid():
        if _PICTURE in block.text():
            look = block.blockFormat()
            look.setLineHeight(air, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
            cursor.setPosition(block.position())
            cursor.setBlockFormat(look)
        block = block.next()
    cursor.endEditBlock()


def _drop_last_breaks(document: QTextDocument) -> None:
    """A line break at the end of a block begins no further line (HTML, CSS 2.2 section 9.4.2); for Qt it does, and the empty line
    that mail programs write as `<div><br></div>` was two.
    """
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.lastBlock()
    while block.isValid():
        if block.text().endswith(_BREAK):
            cursor.setPosition(block.position() + block.length() - 1)
            cursor.deletePreviousChar()
        block = block.previous()
    cursor.endEditBlock()


def _encoded(address: QUrl) -> str:
    return address.toString(QUrl.ComponentFormattingOption.FullyEncoded)


def _put_words(document: QTextDocument, missing: set[str]) -> None:
    """In place of pictures that did not come: what they are called, or that they are missing. They would leave a hole otherwise,
    as large as the mail says they are.
    """
    if not missing:
        return
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    text = document.toRawText()
    place = text.rfind(_PICTURE)
    while place >= 0:
        cursor.setPosition(place)
        cursor.setPosition(place + 1, QTextCursor.MoveMode.KeepAnchor)
        look = cursor.charFormat().toImageFormat()
        if _encoded(QUrl(look.name())) in missing:
            called = str(look.property(QTextFormat.Property.ImageAltText) or "").strip()
            plain = QTextCharFormat()
            plain.setForeground(QColor(tokens().text3))
            cursor.insertText(f"[{called or tr('picture not loaded')}]", plain)
        place = text.rfind(_PICTURE, 0, place)
    cursor.endEditBlock()


def _as_qt(text: str, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places counted in characters as Qt counts them: letters beyond the first plane are two."""
    if not places or max(text) <= "\uffff":
        return places
    counted = [0, *itertools.accumulate(1 + (letter > "\uffff") for letter in text)]
    return [(counted[begin], counted[end]) for begin, end in places]


def _nothing(width: int) -> QImage:
    image = QImage(width, 1, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    return image


def _shortened(text: str) -> str:
    lines = text[:SHOWN_CHARACTERS].splitlines()[:SHOWN_LINES]
    if len(text) <= SHOWN_CHARACTERS and len(lines) == len(text.splitlines()):
        return text
    return "\n".join([*lines, "", tr("[The rest of this very long message is in the original.]")])


def _plain_markup(text: str) -> str:
    """Plain text as paragraphs: an empty line is the space between two, as formatted mails have it."""
    paragraphs: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            paragraphs[-1].append(_plain_line(line))
        elif paragraphs[-1]:
            paragraphs.append([])
    return "<body>" + "".join(f"<p>{'<br>'.join(lines)}</p>" for lines in paragraphs if lines) + "</body>"


def _plain_line(line: str) -> str:
    words = [
        f'<a href="{html.escape(w)}">{html.escape(w)}</a>' if w.startswith(("http://", "https://")) else html.escape(w)
        for w in line.split(" ")
    ]
    return "&nbsp;".join(words) if line.startswith("  ") else " ".join(words)


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "div", "tr", "li", "blockquote", "h1", "h2", "h3"}:
            self.parts.append("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")


def _strip(markup: str) -> str:
    """Only the words of a markup, line by line, without laying anything out."""
    stripper = _Stripper()
    stripper.feed(markup)
    lines = [" ".join(line.split()) for line in "".join(stripper.parts).splitlines()]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept)
