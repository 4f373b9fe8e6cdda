"""Text that is only read: one line that cuts itself, paragraphs, key caps."""

from __future__ import annotations

import html
import re
import unicodedata

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.widgets.layout import restyle
from ui.widgets.paint import reading_flags

_BREAK = "\u200b"
_LONG, _STEP = 24, 6  # letters of a word that may not fit into a line, and where it may be broken then


def breakable(text: str, longest: int = _LONG) -> str:
    """The same text, with places (zero-width spaces) where words of more than `longest` letters may be broken: one such word
    would make its place wider than the window.
    """
    return re.sub(rf"\S{{{longest + 1},}}", lambda found: _broken(found.group()), text)


def unbroken(text: str) -> str:
    """The text again, from one with such places."""
    return text.replace(_BREAK, "")


def _broken(word: str) -> str:
    made: list[str] = []
    for place, letter in enumerate(word):
        stands_alone = unicodedata.category(letter) not in ("Mn", "Mc", "Me", "Cf")  # an accent stays with its letter
        if place and place % _STEP == 0 and stands_alone:
            made.append(_BREAK)
        made.append(letter)
    return "".join(made)


class Label(QLabel):
    """A text in one of the stylesheet's looks: title, figure, strong, medium, muted, small, caption, section, link.

    `tone` colours a state ("ok", "warn", "bad", "info"). Always plain text: nothing that a customer wrote is markup. Where it
    wraps, words of more than `longest` letters may be broken.
    """

    def __init__(
        self,
        text: str = "",
        look: str = "",
        *,
        tone: str = "",
        wrap: bool = False,
        longest: int = _LONG,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._longest = longest
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if text:
            self.setText(text)
        if look:
            self.setProperty("look", look)
        if tone:
            self.setProperty("tone", tone)

    def setText(self, text: str, /) -> None:
        super().setText(breakable(text, self._longest) if self.wordWrap() else text)

    def text(self) -> str:
        """What was set, without the places to break it."""
        return super().text().replace(_BREAK, "")

    def set_look(self, look: str) -> None:
        """Change the text's role."""
        restyle(self, look=look)

    def set_tone(self, tone: str) -> None:
        """Colour a state; "" is none."""
        restyle(self, tone=tone)


class ElidingLabel(Label):
    """One line that ends in "…" when there is no room; the whole text is then its tooltip.

    `middle`: what is left out is in the middle, for names of files, which differ at their end.
    """

    elides = True  # the layout lint asks for it

    def __init__(
        self, text: str = "", look: str = "", *, tone: str = "", fixed: bool = False, middle: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, look, tone=tone, parent=parent)
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        policy = QSizePolicy.Policy.Maximum if fixed else QSizePolicy.Policy.Ignored
        self.setSizePolicy(policy, QSizePolicy.Policy.Preferred)

    def setText(self, text: str, /) -> None:
        super().setText(text)
        self._hint()

    def minimumSizeHint(self) -> QSize:
        return QSize(20, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """The whole text's size, also where the policy ignores it."""
        return super().sizeHint()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._hint()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            room = self.contentsRect()
            cut = self.fontMetrics().elidedText(self.text(), self._mode, room.width())
            flags = int(self.alignment() | Qt.AlignmentFlag.AlignVCenter) | reading_flags(cut)
            painter.drawText(QRectF(room), flags, cut)

    def _hint(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(html.escape(self.text()) if cut else "")


class Para(QLabel):
    """Wrapping plain text with air between the lines (150 %)."""

    def __init__(self, text: str = "", look: str = "muted", *, line_height: int = 150) -> None:
        super().__init__()
        self._height = line_height
        self._plain = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setProperty("look", look)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another plain text."""
        self._plain = text
        body = html.escape(breakable(text)).replace("\n", "<br>")
        self.setText(f"<p style='line-height:{self._height}%; margin:0'>{body}</p>")
        self.setAccessibleName(text)

    def plain(self) -> str:
        """The text without markup."""
        return self._plain


class KeyCap(Label):
    """One key as it is printed on the keyboard."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "key")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


def key_parts(shortcut: str) -> list[str]:
    """Split for key caps: "Ctrl+Shift+Return" → ["Ctrl", "Shift", "Enter"]; "G, U" → ["G", "U"]; "Ctrl++" keeps its plus."""
    parts: list[str] = []
    for chord in shortcut.split(", "):
        keys = chord.replace("++", "+plus").split("+") if chord != "+" else ["plus"]
        parts += ["Enter" if k == "Return" else "+" if k == "plus" else k for k in keys if k]
    return parts
