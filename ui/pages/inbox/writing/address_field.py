"""Where addresses are typed: commas between them, over as many lines as they need, up to three.

It is one text rather than a row of buttons, so that everything that edits a text works in it; what is new to it is that Backspace
behind an address that is complete takes all of it, and that a line never breaks into a new paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import QMimeData, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QTextCursor, QTextOption
from PySide6.QtWidgets import QCompleter, QPlainTextEdit, QSizePolicy

from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.outbox.queueing import people
from ui.pages.inbox.writing.letter import Person
from ui.text import told
from ui.widgets.field import list_of_offers
from ui.widgets.layout import restyle

LINE: Final = 32
"""px: how high a field of one line is, as all fields are."""

_LINES: Final = 3
_FRAME: Final = 5  # px of the stylesheet's border and padding
_PIECE: Final = re.compile(r'(?:"[^"]*"|<[^>]*>|[^,;"<]|["<])+')
_OF_THE_POPUP: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)

_HELD: Final = (
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta, Qt.Key.Key_CapsLock,
)  # fmt: skip
"""Keys that one holds to type another: they end nothing."""


def as_text(persons: Sequence[Person]) -> str:
    """People as one types them."""
    return ", ".join(f"{name} <{address}>" if name and "," not in name else address for name, address in persons)


class AddressField(QPlainTextEdit):
    """Addresses; completes the one being typed over the customers."""

    completion_wanted = Signal(str)
    edited = Signal()  # by the person

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setProperty("look", "field")
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self._typing = False
        self._names = QStringListModel([], self)
        completer = QCompleter(self._names, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._popup = list_of_offers(completer)
        completer.setWidget(self)
        completer.activated.connect(self._take)
        self._completer = completer
        self.textChanged.connect(self._changed)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    # -- what stands in it

    def text(self) -> str:
        """What is typed."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Put a text in, seen from its beginning; nobody has edited it."""
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        self._typing = False
        self._fit()

    def persons(self, *, mark: bool = False) -> tuple[Person, ...]:
        """The addresses typed. Raises UserError for one that is none, and marks the field if it is not just being typed."""
        try:
            return people([self.text()]) if self.text().strip(" ,;") else ()
        except UserError as error:
            if mark:
                self.set_wrong(told(words_of(error)))
            raise

    def set_wrong(self, reason: str = "") -> None:
        """Mark the field; the reason is its tooltip and its description for screen readers. "" clears the mark."""
        restyle(self, wrong="true" if reason else "")
        self.setToolTip(reason)
        self.setAccessibleDescription(reason)

    # -- completing

    def offer(self, persons: Sequence[Person]) -> None:
        """Customers that fit what is being typed."""
        self._names.setStringList([as_text([one]) for one in persons])
        if persons and self.hasFocus():
            self._completer.complete()
        else:
            self._hide()

    def _changed(self) -> None:
        self.set_wrong("")
        self.edited.emit()
        words = self._begun()[1].strip()
        if len(words) >= 2 and self._typing:
            self.completion_wanted.emit(words)
        else:
            self._hide()

    def _begun(self) -> tuple[int, str]:
        """Where the address begins in which the cursor is, and what of it stands before the cursor."""
        place = self.textCursor().position()
        for start, end in _pieces(self.text()):
            if start <= place <= end:
                return start, self.text()[start:place]
        return place, ""

    def _hide(self) -> None:
        self._popup.hide()

    def _take(self, chosen: str) -> None:
        start, words = self._begun()
        self._typing = False
        self._replace(start + len(words) - len(words.lstrip()), self.textCursor().position(), chosen)

    def _replace(self, start: int, end: int, words: str) -> None:
        cursor = self.textCursor()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(words)

    # -- keys

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or (
            event.key() in _OF_THE_POPUP and self._popup.isVisible()
        ):
            event.ignore()  # there are no paragraphs; the list of names takes its own keys
            return
        if event.key() == Qt.Key.Key_Backspace and not event.modifiers() and self._take_whole():
            return
        typed = "" if event.modifiers() & Qt.KeyboardModifier.ControlModifier else event.text()
        if not self._typing and typed.isprintable() and typed.strip(" ,;") and self._is_behind_last():
            self.textCursor().insertText(", ")
        if event.key() not in _HELD:
            self._typing = bool(typed)
        super().keyPressEvent(event)

    def _is_behind_last(self) -> bool:
        """Is the cursor behind an address that is complete, and nothing after it?"""
        cursor, text = self.textCursor(), self.text()
        last = [text[start:stop] for start, stop in _pieces(text)][-1:]
        return (
            not cursor.hasSelection()
            and cursor.atEnd()
            and text[-1:] not in (",", ";", " ")
            and _is_complete("".join(last))
        )

    def _take_whole(self) -> bool:
        """Backspace: take the address behind which the cursor is, unless it is being typed."""
        text, place = self.text(), self.textCursor().position()
        end = len(text[:place].rstrip(" ,;"))
        is_apart = not text[end:place].isspace() and end < place  # a comma is between
        is_within = not is_apart and text[place:].lstrip(" ")[:1] not in ("", ",", ";")
        if self.textCursor().hasSelection() or is_within or (self._typing and not is_apart):
            return False
        start = next((start for start, stop in _pieces(text) if start < end <= stop), None)
        if start is None or not _is_complete(text[start:end]):
            return False
        before, after = text[:start].rstrip(" ,;"), text[place:].lstrip(" ,;")
        self._typing = False
        between = ", " if before and (after or is_apart) else ""
        self._replace(len(before), len(text) - len(after), between)
        return True

    def insertFromMimeData(self, source: QMimeData, /) -> None:
        """What is pasted stands in one paragraph: lines are addresses of their own."""
        lines = (line.strip(" ,;") for line in source.text().splitlines())
        self._typing = False
        self.textCursor().insertText(", ".join(line for line in lines if line))

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        self._typing = False
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        if event.reason() not in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.PopupFocusReason):
            self.moveCursor(QTextCursor.MoveOperation.End)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._typing = False
        super().focusOutEvent(event)

    # -- how high

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.maximumHeight())

    def _fit(self) -> None:
        needed = max(1, round(self.document().size().height()))
        lines = min(_LINES, needed)
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if needed > lines else policy.ScrollBarAlwaysOff)
        high = self.fontMetrics().lineSpacing()
        spare = LINE - 2 * _FRAME - high
        self.setViewportMargins(2, spare // 2, 0, spare // 2)  # so that no line is cut
        self.setFixedHeight(LINE + (lines - 1) * high)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where each address begins and ends; a comma in quotes or in angle brackets is part of one."""
    for found in _PIECE.finditer(text):
        yield found.span()


def _is_complete(words: str) -> bool:
    try:
        return len(people([words.strip()])) == 1
    except UserError:
        return False
