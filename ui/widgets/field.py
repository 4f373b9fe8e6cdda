"""Where people type and choose: text, search, password, choice, and the rows of a form."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLocale, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QHelpEvent,
    QIntValidator,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QStandardItem,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ui.icons import draw_icon, icon
from ui.text import tr
from ui.widgets.label import Label
from ui.widgets.layout import restyle, row

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HIGH, _NARROW = 32, 128  # a field; a choice that has to be cut


class TextField(QLineEdit):
    """One line of text, 32 px high. `name` is what a screen reader says; without it the placeholder serves."""

    def __init__(
        self, text: str = "", *, placeholder: str = "", name: str = "", lead: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name or placeholder)
        self.setCursorPosition(0)
        if lead:
            self.addAction(icon(lead, "text3"), QLineEdit.ActionPosition.LeadingPosition)

    def set_wrong(self, reason: str = "") -> None:
        """Mark the field; the reason is its tooltip and its description for screen readers. "" clears the mark."""
        restyle(self, wrong="true" if reason else "")
        self.setToolTip(reason)
        self.setAccessibleDescription(reason)


class _WholeNumbers(QIntValidator):
    def fixup(self, typed: str, /) -> str:
        """Whoever leaves the field sees the nearest number that can be meant, not one that would silently be another."""
        digits = typed.strip()
        return str(min(max(int(digits), self.bottom()), self.top()) if digits.isdecimal() else self.bottom())


def take_whole_numbers(field: QLineEdit, low: int, high: int) -> None:
    """Let a field take nothing else. Digits stay as they are typed: Qt's own validator groups them (47.977 in German), and a
    port or a number of megabytes is read without such marks.
    """
    plain = QLocale.c()
    plain.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator | QLocale.NumberOption.RejectGroupSeparator)
    validator = _WholeNumbers(low, high, field)
    validator.setLocale(plain)
    field.setValidator(validator)


def list_of_offers(completer: QCompleter) -> QListView:
    """The list in which a completer offers. It is a window of its own, so it needs a ground of its own: lists have none."""
    popup = QListView()
    popup.setProperty("look", "menu")
    popup.setAccessibleName(tr("What can be typed next"))
    completer.setPopup(popup)
    return popup


class SearchField(TextField):
    """Search as you type: `searched` comes with every letter, unless `pause_ms` asks for a pause; Esc empties, then lets go.

    What could be typed next may be offered in a list beneath (`offer`): arrows choose, Enter and Tab take over, Esc closes it.
    """

    searched = Signal(str)
    left = Signal()  # Esc in an empty field, Down, or Enter behind what is typed: the list wants the focus
    offers_wanted = Signal(str, int)  # what is typed, and where the cursor is

    def __init__(self, placeholder: str, *, pause_ms: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(placeholder=placeholder, lead="magnify", parent=parent)
        self.setClearButtonEnabled(False)
        self._clear = QAction(icon("close", "text2"), tr("Clear"), self)
        self._clear.triggered.connect(self._empty)
        self.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setVisible(False)
        self._timer = QTimer(self, singleShot=True, interval=pause_ms)
        self._timer.timeout.connect(self._tell)
        self._told = ""
        self._offers = QStandardItemModel(self)
        self._range = (0, 0)
        self._completer = QCompleter(self._offers, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._popup = list_of_offers(self._completer)
        self._completer.setWidget(self)
        self._popup.clicked.connect(lambda index: self.take_offer(index.row()))
        self.textChanged.connect(self._changed)
        self.textEdited.connect(lambda text: self.offers_wanted.emit(text, self.cursorPosition()))

    def begin(self) -> None:
        """The keyboard comes into the field; what stood there is replaced by what is typed."""
        self.setFocus()
        self.selectAll()

    def offer(self, start: int, end: int, offers: Sequence[tuple[str, str]]) -> None:
        """Offer texts, each with what is said of it, for what stands from `start` to `end`; none closes the list."""
        self._offers.clear()
        self._range = (start, end)
        for text, said in offers:
            item = QStandardItem(f"{text}   {said}" if said else text)
            item.setData(text, Qt.ItemDataRole.UserRole)
            self._offers.appendRow(item)
        if offers and self.hasFocus() and end == self.cursorPosition():
            self._completer.complete()
        else:
            self._popup.hide()

    @property
    def offering(self) -> bool:
        """Is the list of offers open?"""
        return self._popup.isVisible()

    def offers(self) -> list[str]:
        """What is offered."""
        return [str(self._offers.item(n).data(Qt.ItemDataRole.UserRole)) for n in range(self._offers.rowCount())]

    def event(self, event: QEvent, /) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab and self.offering:
            if event.type() is QEvent.Type.KeyPress:
                self.take_offer(max(0, self._popup.currentIndex().row()))
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        key = event.key()
        if self.offering and key == Qt.Key.Key_Escape:
            self._popup.hide()
        elif self.offering and key in _ENTER and self._popup.currentIndex().isValid():
            self.take_offer(self._popup.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            if self.text():
                self._empty()
            else:
                self.left.emit()
        elif key in _ENTER:
            self._popup.hide()
            self._tell()
            if self.text():
                self.left.emit()
        elif key == Qt.Key.Key_Down:
            self._tell()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def take_offer(self, row: int) -> None:
        """Put an offer in the place of what is being typed; a blank follows a whole condition."""
        self._popup.hide()
        item = self._offers.item(row)
        if item is None:
            return
        offered = str(item.data(Qt.ItemDataRole.UserRole))
        start, end = self._range
        before, behind = self.text()[:start], self.text()[end:]
        space = "" if offered.endswith(":") or behind.startswith(" ") else " "
        self.setText(f"{before}{offered}{space}{behind}")
        self.setCursorPosition(len(before) + len(offered) + len(space))
        self.offers_wanted.emit(self.text(), self.cursorPosition())

    def _changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._timer.start()

    def _empty(self) -> None:
        self._popup.hide()
        self.clear()
        self._tell()

    def _tell(self) -> None:
        self._timer.stop()
        if self.text() != self._told:
            self._told = self.text()
            self.searched.emit(self._told)


class PasswordField(TextField):
    """A secret, hidden until the eye is pressed; never offered for undo, drag or the clipboard while hidden."""

    def __init__(self, *, placeholder: str = "", name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(placeholder=placeholder, name=name or tr("Password"), parent=parent)
        self.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        self._eye = QAction(self)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._show)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._show(False)

    def _show(self, on: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)
        self._eye.setIcon(icon("eye-off-outline" if on else "eye-outline", "text2"))
        self._eye.setText(tr("Hide password") if on else tr("Show password"))


class Select(QComboBox):
    """One of a list, as (key, text). The wheel scrolls the page, not the choice."""

    chosen = Signal(str)

    def __init__(
        self, options: Sequence[tuple[str, str]] = (), current: str = "", *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(12)
        self.setItemDelegate(
            QStyledItemDelegate(self)
        )  # the one that Qt takes by itself knows no heights of the stylesheet
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.set_options(options, current)
        self.activated.connect(lambda index: self.chosen.emit(str(self.itemData(index))))

    def set_options(self, options: Sequence[tuple[str, str]], current: str = "") -> None:
        """Offer other options; the choice stays where its key still exists."""
        current = current or self.current()
        self.clear()
        for key, text in options:
            self.addItem(text, key)
        self.choose(current)

    def current(self) -> str:
        """The key chosen, "" without options."""
        return str(self.currentData() or "")

    def choose(self, key: str) -> None:
        """Show one without telling anybody; an unknown key leaves the first."""
        self.setCurrentIndex(max(0, self.findData(key)) if self.count() else -1)

    def minimumSizeHint(self) -> QSize:
        """Where there is no room, a choice is cut rather than its place."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _NARROW), hint.height())

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        event.ignore()

    def cut(self) -> str:
        """What is shown of the choice: the whole of it, or with "…" where there is no room."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        room -= 0 if option.currentIcon.isNull() else option.iconSize.width() + 4
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)

    def event(self, event: QEvent, /) -> bool:
        if isinstance(event, QHelpEvent) and not self.toolTip() and self.cut() != self.currentText():
            QToolTip.showText(event.globalPos(), html.escape(self.currentText()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.cut()
        with QPainter(self) as painter:
            self.style().drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option, painter, self)
            self.style().drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option, painter, self)
        x = 8 if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else self.width() - 24
        colour = "text2" if self.isEnabled() else "text3"
        with QPainter(self) as painter:
            draw_icon(painter, QPointF(x, (self.height() - 16) / 2), "chevron-down", colour, 16)


class FormRow(QFrame):
    """A label on the field's first line at the left, the field at the right, a hint or a reason beneath it."""

    def __init__(self, label: str, *fields: QWidget, hint: str = "", label_width: int = 184) -> None:
        super().__init__()
        self._label = Label(label, "muted", wrap=True)
        self._label.setFixedWidth(label_width)
        self._label.setContentsMargins(0, 8, 0, 0)
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._hint = Label(hint, "caption", wrap=True)
        if not hint:
            self._hint.hide()  # never shown before it has a parent: it would be a window for a moment
        self._plain_hint = hint
        box = QVBoxLayout()
        box.setSpacing(4 if fields[0].maximumHeight() >= _HIGH else 0)  # a switch has air of its own in its line
        line = row(*[(field, 1) for field in fields])
        if len(fields) == 1 and _is_fixed(fields[0]):
            line = row(fields[0], None)
        line.setMinimumHeight(_HIGH)
        box.addWidget(line)
        box.addWidget(self._hint)
        box.addStretch(1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._label, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(box, 1)
        for field in fields:
            if not field.accessibleName():
                field.setAccessibleName(label)

    def set_wrong(self, reason: str) -> None:
        """Say under the field why its value cannot be used; "" brings the hint back."""
        self._hint.setText(reason or self._plain_hint)
        self._hint.set_tone("bad" if reason else "")
        self._hint.setVisible(bool(reason or self._plain_hint))


def _is_fixed(widget: QWidget) -> bool:
    policy = widget.sizePolicy().horizontalPolicy()
    return policy is QSizePolicy.Policy.Fixed or widget.minimumWidth() == widget.maximumWidth()


class FieldBlock(QFrame):
    """A label above its field and a hint beneath: for cards and dialogs, where there is no room at the left."""

    def __init__(self, label: str, field: QWidget, *, hint: str = "") -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        caption = Label(label, "medium")
        caption.setBuddy(field)
        layout.addWidget(caption)
        layout.addWidget(field)
        self._plain_hint = hint
        self._hint = Label(hint, "small", wrap=True)
        layout.addWidget(self._hint)
        self._hint.setVisible(bool(hint))
        layout.addStretch(1)
        if not field.accessibleName():
            field.setAccessibleName(label)

    def set_hint(self, words: str) -> None:
        """Another hint beneath the field."""
        self._plain_hint = words
        self.set_wrong("")

    def set_wrong(self, reason: str) -> None:
        """Say under the field why its value cannot be used; "" brings the hint back."""
        self._hint.setText(reason or self._plain_hint)
        self._hint.set_tone("bad" if reason else "")
        self._hint.setVisible(bool(reason or self._plain_hint))
