"""A form over named values: fields by key, "Not saved yet" with Discard and Save as soon as one differs from what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPlainTextEdit, QWidget

from app.people.choosing import choose_all
from ui.pages import Context
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, Select, TextField, take_whole_numbers
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, row, set_box, vertical
from ui.widgets.panel import ScrollPage
from ui.widgets.toggle import Switch

Value = str | int | bool
Values = dict[str, Value]

LABEL_WIDTH, WIDE_LABEL = 132, 180
"""Of labels beside fields: in the last of three columns, and where a pane has the page to itself."""


class NumberField(TextField):
    """A whole number within bounds; its unit stands behind it."""

    def __init__(self, low: int, high: int, unit: str, name: str) -> None:
        super().__init__(str(low), name=f"{name} ({unit})" if unit else name)
        self.low, self.high, self.unit = low, high, unit
        take_whole_numbers(self, low, high)
        self.setFixedWidth(88)

    def number(self) -> int:
        """The number, brought within its bounds."""
        digits = self.text().strip()
        return min(max(int(digits), self.low), self.high) if digits.isdigit() else self.low


class TextArea(QPlainTextEdit):
    """A few lines of text; Tab leaves the field."""

    def __init__(self, name: str, lines: int = 4) -> None:
        super().__init__()
        self.setProperty("look", "field")
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setFixedHeight(lines * 20 + 14)


class Pane(QFrame):
    """One category: a title, sections of fields that scroll, and the foot. Subclasses say what the fields are."""

    edited = Signal()
    label_width = LABEL_WIDTH

    def __init__(self, context: Context, title: str, text: str = "") -> None:
        super().__init__()
        self.context = context
        self._fields: dict[str, QWidget] = {}
        self._kept: Values = {}
        self._storing: Values = {}
        self.title = ElidingLabel(title, "title")
        self.text = Label(text, "small", wrap=True)
        if not text:
            self.text.hide()  # never shown before it has a parent: it would be a window for a moment, with the keyboard
        self.scroller = ScrollPage(margins=(24, 8, 24, 24), spacing=12)
        self.target: QLayout = self.scroller.content  # where fields are added
        self.save_button = Button(tr("Save"), "primary", clicked=self.save)
        self.discard_button = Button(tr("Discard"), clicked=self.discard)
        self._remark = Label(tr("Not saved yet"), "small")
        self.foot = row(None, self._remark, self.discard_button, self.save_button, margins=(24, 12, 24, 16))
        set_box(self.foot, "foot")
        layout = vertical(self)
        self.acts = QHBoxLayout()  # buttons at the right of the title
        self.acts.setSpacing(8)
        layout.addWidget(row((self._head(), 1), self.acts, margins=(24, 20, 24, 8)))
        layout.addWidget(self.scroller, 1)
        layout.addWidget(self.foot)
        self._show_foot()

    def _head(self) -> QWidget:
        frame = QFrame()
        layout = vertical(frame)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        return frame

    # -- fields -------------------------------------------------------------------------------------------------------

    def add_heading(self, text: str) -> QWidget:
        """A heading above the fields that follow."""
        label = Label(text, "strong")
        label.setContentsMargins(0, 8, 0, 0)
        self.target.addWidget(label)
        return label

    def add_field(self, key: str, label: str, field: QWidget, hint: str = "", *beside: QWidget) -> FormRow:
        """A field whose value goes by `key`; `beside` stands behind it in the same line."""
        self._fields[key] = field
        if isinstance(field, TextField):
            field.textEdited.connect(lambda _text: self._changed())
            field.editingFinished.connect(self._changed)
        elif isinstance(field, Select):
            field.chosen.connect(lambda _key: self._changed())
        elif isinstance(field, Switch):
            field.toggled.connect(lambda _on: self._changed())
        elif isinstance(field, QPlainTextEdit):
            field.textChanged.connect(self._changed)
        more = (Label(field.unit, "muted"),) if isinstance(field, NumberField) else beside
        fixed = field.minimumWidth() == field.maximumWidth()
        shown = row(field, *more, None) if fixed and more else row((field, 1), *more) if more else field
        form_row = FormRow(label, shown, hint=hint, label_width=self.label_width)
        self.target.addWidget(form_row)
        return form_row

    def values(self) -> Values:
        """What the fields say now."""
        return {key: _read(field) for key, field in self._fields.items()}

    def show_values(self, kept: Mapping[str, Value]) -> None:
        """Show what is kept, in every field in which nothing is typed: an answer may come late, and takes nothing from anybody.

        Keys without a field are passed over.
        """
        typed = self.changes
        for key, field in self._fields.items():
            if key in kept and key not in typed:
                _write(field, kept[key])
        self._kept = self.values() | {key: self._kept[key] for key in typed}
        self._changed()

    @property
    def changes(self) -> Values:
        """The values that differ from what is kept; none before that is known."""
        if not self._kept:
            return {}
        return {key: value for key, value in self.values().items() if value != self._kept.get(key)}

    # -- keeping ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Keep the changes."""
        changes = self.changes
        if changes:
            self._storing = changes
            self.store(changes)

    def store(self, changes: Values) -> None:
        """Keep `changes` as settings of the desk, by their keys, and then call `stored`; panes of other things override it."""
        said = tr("Saved.")
        self.context.tasks.do(choose_all, changes, then=lambda _done: self._is_stored(), owner=self, done=said)

    def stored(self) -> None:
        """It is kept."""
        self._is_stored()
        self.context.toasts.say(tr("Saved."))

    def _is_stored(self) -> None:
        self._kept |= self._storing  # not what the fields say by now: somebody may have gone on typing
        self._changed()

    def discard(self) -> None:
        """Back to what is kept."""
        kept = self._kept
        self._forget()
        self.show_values(kept)

    def _forget(self) -> None:
        """What is typed belongs to nothing that is kept any more: the next `show_values` replaces it."""
        self._kept = {}

    def _changed(self) -> None:
        self._show_foot()
        self.edited.emit()

    def _show_foot(self) -> None:
        self.foot.setVisible(bool(self.changes))


def _read(field: QWidget) -> Value:
    if isinstance(field, NumberField):
        return field.number()
    if isinstance(field, TextField):
        return field.text().strip()
    if isinstance(field, Select):
        return field.current()
    if isinstance(field, Switch):
        return field.isChecked()
    assert isinstance(field, QPlainTextEdit)
    return field.toPlainText().strip()


def _write(field: QWidget, value: Value) -> None:
    blocked = field.blockSignals(True)
    if isinstance(field, TextField):
        field.setText(str(value))
        field.setCursorPosition(0)
    elif isinstance(field, Select):
        field.choose(str(value))
    elif isinstance(field, Switch):
        field.setChecked(bool(value))
    elif isinstance(field, QPlainTextEdit):
        field.setPlainText(str(value))
    field.blockSignals(blocked)
    field.update()


def fact(label: str, value: str, *acts: tuple[str, Callable[[], object]]) -> FormRow:
    """Something to read, with buttons beneath it."""
    told = Label(value, wrap=True)
    told.setMinimumHeight(32)
    if acts:
        buttons = row(*[Button(words, "small", clicked=act) for words, act in acts], None)
        return FormRow(label, column(told, buttons, spacing=4), label_width=WIDE_LABEL)
    return FormRow(label, told, label_width=WIDE_LABEL)
