"""On and off, and one of a few: switch, box, radio, segments, chips, tabs.

Each is a real Qt button underneath, so keyboard, screen reader and signals are Qt's own; only the painting is ours. The mouse
gives none of them the focus, so that whichever has it shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QSizePolicy,
    QWidget,
)

from ui.theme import tokens
from ui.widgets.button import Button
from ui.widgets.layout import set_box
from ui.widgets.paint import draw_check, draw_focus, draw_text

_HEIGHT = 24  # the smallest thing to click


def _text_size(button: QAbstractButton, mark: int) -> QSize:
    width = button.fontMetrics().horizontalAdvance(button.text())
    height = max(_HEIGHT, button.fontMetrics().height() + 4)
    return QSize(max(_HEIGHT, mark + 4 + (width + 10 if button.text() else 4)), height)


class Switch(QCheckBox):
    """Something that is on or off and takes effect at once. `name` is said by screen readers."""

    def __init__(self, name: str, checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setChecked(checked)
        self.setFixedSize(40, _HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def hitButton(self, pos: QPoint, /) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t, on = tokens(), self.isChecked()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(QColor(t.text), 1, Qt.PenStyle.DashLine)
            painter.setPen(pen if not self.isEnabled() and t.hc else Qt.PenStyle.NoPen)
            ground = t.accent if on else t.text3
            painter.setBrush(QColor(ground if self.isEnabled() else t.canvas if t.hc else t.line_strong))
            painter.drawRoundedRect(QRectF(2, 2, 36, 20), 10, 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor((t.on_accent if on else t.canvas) if self.isEnabled() else t.text3))
            painter.drawEllipse(QRectF(20 if on else 4, 4, 16, 16))
            if self.hasFocus():
                draw_focus(painter, QRectF(self.rect()), 12)


class CheckBox(QCheckBox):
    """A box to tick with its text; the whole line is the target."""

    def __init__(self, text: str = "", checked: bool = False, *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(name or text)
        self.setChecked(checked)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return _text_size(self, 16)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint, /) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            x = 4 if not self.text() else 2
            draw_check(painter, x, (self.height() - 16) / 2, self.checkState(), enabled=self.isEnabled())
            rect = QRectF(28, 0, self.width() - 28, self.height())
            draw_text(painter, rect, self.text(), colour="text" if self.isEnabled() or tokens().hc else "text3")
            if self.hasFocus():
                draw_focus(painter, QRectF(self.rect()), 4)


class Radio(QRadioButton):
    """One of several, all of them readable at once."""

    def __init__(self, text: str = "", checked: bool = False, *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(name or text)
        self.setChecked(checked)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return _text_size(self, 16)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint, /) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t, on = tokens(), self.isChecked()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            x = 4 if not self.text() else 2
            y = (self.height() - 16) / 2
            pen = QPen(QColor(t.accent if on else t.text3), 5 if on else 1)
            if not self.isEnabled() and t.hc:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(QColor(t.canvas))
            inset = 2.5 if on else 0.5
            painter.drawEllipse(QRectF(x + inset, y + inset, 16 - 2 * inset, 16 - 2 * inset))
            draw_text(painter, QRectF(28, 0, self.width() - 28, self.height()), self.text())
            if self.hasFocus():
                draw_focus(painter, QRectF(self.rect()), 4)


class Choices(QFrame):
    """One of a few, side by side. `kind`: "chip" (filters), "segment" (views of one thing), "tab" (faces of a page).

    Arrow keys move between them, as in a group of radio buttons; `chosen` tells the key of the one taken.
    """

    chosen = Signal(str)

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        current: str = "",
        *,
        kind: str = "chip",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._keys: list[str] = []
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self._clicked)
        self._row = QHBoxLayout(self)
        pad = 4 if kind == "segment" else 0
        self._row.setContentsMargins(pad, pad - 1 if pad else 0, pad, pad - 1 if pad else 0)
        self._row.setSpacing(4 if kind == "segment" else 0)
        if kind == "segment":
            set_box(self, "segment")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_options(options, current)

    def set_options(self, options: Sequence[tuple[str, str]], current: str = "") -> None:
        """Show other options, (key, text) each; the choice stays where its key still exists."""
        current = current or self.current()
        keys = [key for key, _ in options]
        if keys != self._keys:
            self._rebuild(options)
        for index, (_, text) in enumerate(options):
            self._group.button(index).setText(text)
        self.choose(current if current in keys else keys[0] if keys else "")

    @property
    def count(self) -> int:
        """How many there are to choose from."""
        return len(self._keys)

    def current(self) -> str:
        """The key chosen, "" without options."""
        index = self._group.checkedId()
        return self._keys[index] if 0 <= index < len(self._keys) else ""

    def choose(self, key: str) -> None:
        """Mark one without telling anybody."""
        if key in self._keys:
            self._group.button(self._keys.index(key)).setChecked(True)

    def button(self, key: str) -> QAbstractButton:
        """The button of a key, for tests and shortcuts."""
        return self._group.button(self._keys.index(key))

    def _rebuild(self, options: Sequence[tuple[str, str]]) -> None:
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._keys = [key for key, _ in options]
        for index, (_, text) in enumerate(options):
            button = Button(text, self._kind, checkable=True)
            self._group.addButton(button, index)
            self._row.addWidget(button)
            button.show()  # at once, or the size would be told without it

    def _clicked(self, index: int) -> None:
        self.chosen.emit(self._keys[index])
