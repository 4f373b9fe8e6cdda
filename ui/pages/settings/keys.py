"""Keys: every action with its keys; press new ones, hear of a clash, go back to the usual ones, one by one or all."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from app.kernel.state import options
from ui.pages import Context
from ui.pages.keymap import FIXED, SETTING, clash, read_keys, write_keys
from ui.pages.settings.form import Values
from ui.pages.settings.keylist import KeyLine, KeyList
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import SearchField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row

_MODIFIERS = (
    Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_unknown,
)  # fmt: skip
_MOST = 2
"""Strokes of one shortcut ("G, U")."""


class KeyField(QLineEdit):
    """Takes the next keys pressed instead of typing them. Enter keeps them, Esc leaves, Backspace empties."""

    taken = Signal(str)  # as Qt writes them; "" for none
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Press the new keys"))
        self.setPlaceholderText(tr("Press the new keys, then Enter"))
        self._strokes: list[str] = []

    def event(self, event: QEvent, /) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # no action is meant, whatever is pressed here
            return True
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._press(event)
            return True
        return super().event(event)

    def strokes(self) -> str:
        """What was pressed, as Qt writes it."""
        return ", ".join(self._strokes)

    def _press(self, event: QKeyEvent) -> None:
        key, plain = event.key(), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if key in _MODIFIERS:
            return
        if key == Qt.Key.Key_Escape and plain:
            self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.taken.emit(self.strokes())
        elif key == Qt.Key.Key_Backspace and plain:
            self._show([])
        else:
            stroke = _stroke(event)
            self._show([*self._strokes, stroke] if len(self._strokes) < _MOST else [stroke])

    def _show(self, strokes: list[str]) -> None:
        self._strokes = strokes
        self.setText(QKeySequence(self.strokes()).toString(QKeySequence.SequenceFormat.NativeText))


def _stroke(event: QKeyEvent) -> str:
    """One stroke as Qt writes it; a sign that needs Shift on this keyboard stands for itself ("?", "!")."""
    text, key = event.text(), event.key()
    with_others = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    if text and text.isprintable() and not text.isalnum() and not text.isspace() and not with_others:
        return text
    combined = QKeySequence(event.modifiers().value & ~Qt.KeyboardModifier.KeypadModifier.value | key)
    return combined.toString(QKeySequence.SequenceFormat.PortableText)


class KeysPane(QFrame):
    """The category."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._actions = context, context.actions
        self._own: dict[str, str] = {}
        self._editing = ""
        self.finder = SearchField(tr("Find an action or its keys"), pause_ms=50)
        self.finder.searched.connect(lambda _typed: self._fill())
        self.all_back = Button(tr("Reset all"), clicked=self.reset_all)
        self.list = KeyList()
        self.list.change_wanted.connect(self.edit)
        self.list.reset_wanted.connect(self.reset)
        self.finder.left.connect(self.list.setFocus)
        self.field: KeyField | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row((ElidingLabel(tr("Keys"), "title"), 1), self.all_back, margins=(24, 20, 24, 8)))
        layout.addWidget(row((self.finder, 1), margins=(24, 0, 24, 8)))
        layout.addWidget(row((self.list, 1), margins=(12, 0, 12, 12)), 1)
        self._actions.rebound.connect(self._fill)

    @property
    def changes(self) -> Values:
        """Keys keep themselves."""
        return {}

    def load(self) -> None:
        """Ask for what is kept."""
        self._context.tasks.ask(options.get, SETTING, then=self._loaded, owner=self)

    def edit(self, key: str) -> None:
        """Ask for an action's new keys."""
        self._stop()
        if self.list.lines.place_of(key) < 0:
            return
        self._editing = key
        self.list.choose(key)
        self.list.put_over(key, self._editor(key))
        if self.field is not None:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def reset(self, key: str) -> None:
        """An action has its usual keys again."""
        usual = self._actions.declared[key].keys
        other = clash(self._actions, key, usual) if usual else ""
        if other and other in self._own:  # who took them gives them back
            self._own.pop(other)
        self._own.pop(key, None)
        self._keep()

    def reset_all(self) -> None:
        """The usual keys everywhere."""
        self._own = {}
        self._keep()
        self.finder.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- keeping

    def _loaded(self, kept: str) -> None:
        self._own = read_keys(kept)
        self._fill()

    def _take(self, key: str, keys: str) -> None:
        other = clash(self._actions, key, keys) if keys else ""
        if other in FIXED:
            self._say(tr("These keys always mean “{action}”.", action=tr(self._actions.declared[other].text)))
            return
        if other:
            self._own[other] = ""
            name = tr(self._actions.declared[other].text)
            self._context.toasts.say(tr("“{action}” has no keys any more.", action=name), "info")
        if keys == self._actions.declared[key].keys:
            self._own.pop(key, None)
        else:
            self._own[key] = keys
        self._leave()
        self._keep()

    def _leave(self) -> None:
        """Nothing is asked for any more; the keyboard is on the line again."""
        key = self._editing
        self._stop()
        self.list.choose(key)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop(self) -> None:
        key, self._editing, self.field = self._editing, "", None
        if key:
            self.list.put_over(key, None)

    def _keep(self) -> None:
        self._actions.set_keys(self._own)
        self._context.tasks.do(options.put, SETTING, write_keys(self._own))
        self._fill()

    # -- showing

    def _fill(self) -> None:
        """Show what fits what is sought."""
        self._stop()
        typed = self.finder.text().casefold().split()
        groups: dict[str, list[KeyLine]] = {}
        for key, action in self._actions.declared.items():
            line = KeyLine(tr(action.text), key, self._actions.keys(key), key in self._own)
            words = f"{line.text} {line.keys} {tr(action.words) if action.words else ''}".casefold()
            if all(each in words for each in typed):
                groups.setdefault(tr(action.group), []).append(line)
        found: list[KeyLine] = []
        for group in sorted(groups):
            found += [KeyLine(group), *groups[group]]
        self.list.show_lines(found)
        self.all_back.setEnabled(bool(self._own))

    def _editor(self, key: str) -> QWidget:
        field = self.field = KeyField()
        field.taken.connect(partial(self._take, key))
        field.left.connect(self._leave)
        field.textChanged.connect(lambda _text: self._warn(key))
        field.setFixedWidth(260)
        self._remark = Label("", "small", tone="warn", wrap=True)
        name = Label(tr(self._actions.declared[key].text), wrap=True)
        return row((name, 1), self._remark, field, margins=(12, 2, 12, 2), box="sunken")

    def _warn(self, key: str) -> None:
        keys = self.field.strokes() if self.field is not None else ""
        other = clash(self._actions, key, keys) if keys else ""
        if not other:
            self._say("")
        elif other in FIXED:
            self._say(tr("These keys always mean “{action}”.", action=tr(self._actions.declared[other].text)))
        else:
            self._say(tr("Taken from “{action}” if you press Enter.", action=tr(self._actions.declared[other].text)))

    def _say(self, words: str) -> None:
        if self.field is not None:
            self._remark.setText(words)
