"""Keys: every action with its keys; press new ones, hear of a clash, go back to the usual ones, one by one or all."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from app.kernel import options
from ui.actions import Action
from ui.pages import Context
from ui.pages.keymap import FIXED, SETTING, clash, read_keys, write_keys
from ui.pages.settings.form import Values
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import SearchField
from ui.widgets.label import ElidingLabel, Label, key_caps
from ui.widgets.layout import row, set_box
from ui.widgets.panel import ScrollPage

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


_Stands = tuple[str, bool, bool]
"""How an action stands: its keys, whether they are a person's own, and whether they are being changed."""


class KeysPane(QFrame):
    """The category."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._actions = context, context.actions
        self._own: dict[str, str] = {}
        self._editing = ""
        self._lines: dict[str, tuple[_Stands, QWidget]] = {}
        self._headings: dict[str, Label] = {}
        self.finder = SearchField(tr("Find an action or its keys"), pause_ms=50)
        self.finder.searched.connect(lambda _typed: self._fill())
        self.all_back = Button(tr("Reset all"), clicked=self.reset_all)
        self.scroller = ScrollPage(margins=(24, 0, 24, 24), spacing=0)
        self.field: KeyField | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row((ElidingLabel(tr("Keys"), "title"), 1), self.all_back, margins=(24, 20, 24, 8)))
        layout.addWidget(row((self.finder, 1), margins=(24, 0, 24, 8)))
        layout.addWidget(self.scroller, 1)
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
        self._editing = key
        self._fill()
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
        self._focus(key)

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
        self._editing = ""
        self._keep()
        self._focus(key)

    def _leave(self, key: str) -> None:
        self._editing = ""
        self._fill()
        self._focus(key)

    def _keep(self) -> None:
        self._actions.set_keys(self._own)
        self._context.tasks.do(options.put, SETTING, write_keys(self._own))
        self._fill()

    # -- showing

    def _fill(self) -> None:
        """Show what fits what is sought. A line is made anew only when what it says has changed: there are some 150 of them."""
        typed = self.finder.text().casefold().split()
        if not self._lines:
            self._make_all()
        shown: set[str] = set()
        for key, action in self._actions.declared.items():
            stands = (self._actions.keys(key), key in self._own, key == self._editing)
            was, line = self._lines[key]
            if was != stands:
                line = self._exchange(line, action)
                self._lines[key] = (stands, line)
            words = f"{tr(action.text)} {stands[0]} {tr(action.words) if action.words else ''}".casefold()
            fits = all(each in words for each in typed)
            line.setVisible(fits)
            if fits:
                shown.add(action.group)
        for group, heading in self._headings.items():
            heading.setVisible(group in shown)
        self.all_back.setEnabled(bool(self._own))

    def _make_all(self) -> None:
        content = self.scroller.content
        for action in sorted(self._actions.declared.values(), key=lambda one: tr(one.group)):
            if action.group not in self._headings:
                heading = self._headings[action.group] = Label(tr(action.group), "section")
                heading.setContentsMargins(0, 16, 0, 6)
                content.addWidget(heading)
            key = action.key
            self._lines[key] = ((self._actions.keys(key), key in self._own, key == self._editing), self._line(action))
            content.addWidget(self._lines[key][1])
        content.addStretch(1)

    def _exchange(self, old: QWidget, action: Action) -> QWidget:
        if self.field is not None and old.isAncestorOf(self.field):
            self.field = None
        line = self._line(action)
        self.scroller.content.replaceWidget(old, line)
        old.hide()
        old.setParent(None)
        old.deleteLater()
        self._put_in_turn(line, action.key)
        return line

    def _put_in_turn(self, line: QWidget, key: str) -> None:
        """Tab comes to a new line where its place is: Qt would put it behind all others."""
        keys = list(self._lines)
        place = keys.index(key)
        before: QWidget = self.finder if place == 0 else _stops(self._lines[keys[place - 1]][1])[-1]
        for stop in _stops(line):
            QWidget.setTabOrder(before, stop)
            before = stop

    def _line(self, action: Action) -> QWidget:
        key, name = action.key, tr(action.text)
        if key == self._editing:
            self.field = KeyField()
            self.field.taken.connect(partial(self._take, key))
            self.field.left.connect(partial(self._leave, key))
            self.field.textChanged.connect(lambda _text: self._warn(key))
            self._remark = Label("", "small", tone="warn", wrap=True)
            line = row((Label(name, wrap=True), 1), self._remark, self.field, margins=(0, 6, 0, 6), box="row")
            self.field.setFixedWidth(260)
            return line
        shown = self._actions.keys(key)
        caps = key_caps(shown) if shown else Label(tr("none"), "caption")
        back = ToolButton("restore", tr("The usual keys of “{name}”", name=name), clicked=partial(self.reset, key))
        back.setVisible(key in self._own)
        change = Button(tr("Change"), "small", clicked=partial(self.edit, key))
        change.setAccessibleName(tr("Change the keys of “{name}”", name=name))
        change.setObjectName(f"keys.{key}")
        change.setEnabled(key not in FIXED)
        line = row((Label(name, wrap=True), 1), caps, back, change, margins=(0, 6, 0, 6), box="row")
        set_box(line, "row")
        return line

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

    def _focus(self, key: str) -> None:
        found = self.findChild(QObject, f"keys.{key}")
        if isinstance(found, QWidget):
            found.setFocus(Qt.FocusReason.OtherFocusReason)


def _stops(line: QWidget) -> list[QWidget]:
    """What of a line takes the keyboard, in order."""
    return [one for one in line.findChildren(QWidget) if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
