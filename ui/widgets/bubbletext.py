"""The text of a bubble: what somebody wrote as markup that is safe to show, and a label that gives it back as it was.

What a stranger wrote is never markup: it is escaped here, and only addresses that begin with http or https become links. Words
without end can be broken where a line ends.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QTextDocument
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from ui.text import tr
from ui.widgets.label import breakable, unbroken

_LINK = re.compile(r"https?://[^\s<>\"'\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_LONG_WORD = re.compile("[!-\u05ff\u1e00-\u2dff]{31,}")  # in scripts that break a line at spaces only
_AFTER_LINK = ".,;:!?)]}»”’"

Marks = Callable[[str], list[tuple[int, int]]]
"""Which stretches of a text are marked, as (begin, end) from left to right."""


def as_markup(text: str, marks: Sequence[tuple[int, int]] = (), look: str = "") -> str:
    """Plain text as the label wants it: escaped, lines and spaces kept, addresses of the web as links, stretches marked in
    a `look` (CSS).
    """
    parts, at = [], 0
    for found in _LINK.finditer(text):
        address = found.group().rstrip(_AFTER_LINK)
        begin, end = found.start(), found.start() + len(address)
        shown = _stretch(text, begin, end, marks, look)
        parts += [_stretch(text, at, begin, marks, look), f'<a href="{html.escape(address)}">{shown}</a>']
        at = end
    body = "".join((*parts, _stretch(text, at, len(text), marks, look))).replace("\n", "<br>")
    return f"<p style='line-height:145%; margin:0; white-space:pre-wrap'>{body}</p>"


def _stretch(text: str, begin: int, end: int, marks: Sequence[tuple[int, int]], look: str) -> str:
    """A part of a text, escaped, with what is marked in it."""
    parts, at = [], begin
    for first, last in marks:
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [_shown(text[at:first]), f'<span style="{look}">{_shown(text[first:last])}</span>']
            at = last
    return "".join((*parts, _shown(text[at:end])))


def _shown(text: str) -> str:
    """Escaped, with places where a word that is longer than a bubble is wide can be broken: what is cut off cannot be read."""
    return html.escape(_LONG_WORD.sub(lambda found: breakable(found.group()), text))


class BubbleText(QLabel):
    """The text of a bubble: what is copied from it is what was said, without the places where long words are broken."""

    def __init__(self, markup: str, parent: QWidget) -> None:
        super().__init__(markup, parent)
        self._link = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.LinksAccessibleByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.linkHovered.connect(self._hover)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy(self.selectedText())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent, /) -> None:
        menu, link, chosen = QMenu(self), self._link, self.selectedText()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy"), lambda: self._copy(chosen)).setEnabled(bool(chosen))
        if link:
            menu.addAction(tr("Copy link"), lambda: self._copy(link))
        menu.addAction(tr("Select all"), lambda: self.setSelection(0, len(self._plain())))
        menu.popup(event.globalPos())

    def _hover(self, link: str) -> None:
        self._link = link

    def _plain(self) -> str:
        document = QTextDocument()
        document.setHtml(self.text())
        return document.toPlainText()

    def _copy(self, words: str) -> None:
        if words:
            QGuiApplication.clipboard().setText(unbroken(words).replace("\u2028", "\n").replace("\u2029", "\n"))
