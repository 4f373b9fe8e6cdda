"""Editors of the desk's own fields, one a kind: they look like what they say, until the mouse or the keyboard is on them.

Each has `show_value(value)` and calls `commit(value)` with what the person gives, None for nothing. A value that was
refused stays in sight with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from app.fields.queries import FieldInfo
from app.fields.rules import Choice, Kind, Value
from ui.icons import icon
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import Select, TextField
from ui.widgets.layout import restyle
from ui.widgets.overlay import Popover
from ui.widgets.panel import ScrollPage
from ui.widgets.toggle import CheckBox

Commit = Callable[[Value], object]
_NONE = ""


class Editor(Protocol):
    """What the side panel knows of an editor."""

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        """Show what is kept; `fresh`: of another ticket than before, whatever is being typed."""
        ...

    def set_wrong(self, reason: str = "") -> None:
        """Say why what was given is not kept; "" for nothing."""
        ...


def editor_of(info: FieldInfo, commit: Commit) -> QWidget:
    """The editor of a field; that of a day is in `days`."""
    kind = Kind(info.kind)
    if kind is Kind.CHOICE:
        return ChoiceEditor(info, commit)
    if kind is Kind.TREE:
        return TreeEditor(info, commit)
    if kind is Kind.MULTI:
        return MultiEditor(info, commit)
    if kind is Kind.CHECKBOX:
        return BoxEditor(info, commit)
    return LineEditor(info, commit)


class LineEditor(TextField):
    """Text, a number, an address of the web: kept when one leaves it or presses Enter; Esc brings back what was there."""

    def __init__(self, info: FieldInfo, commit: Commit) -> None:
        super().__init__(name=info.name)
        restyle(self, look="quiet")
        self._info, self._commit, self._kept = info, commit, ""
        self.setPlaceholderText("–")
        self.editingFinished.connect(self._leave)
        self.textEdited.connect(lambda _text: self.set_wrong())
        if info.kind == Kind.URL:
            self._go = self.addAction(icon("open-in-new", "text2"), QLineEdit.ActionPosition.TrailingPosition)
            self._go.setText(tr("Open this page"))
            self._go.triggered.connect(lambda: QDesktopServices.openUrl(QUrl(self._kept)))
            self._go.setVisible(False)

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        """Show what is kept; what is being typed stays, unless it is of another ticket."""
        before, self._kept = self._kept, self.words(value)
        if fresh or not self.hasFocus() or self.text().strip() == before or self.text().strip() == self._kept:
            self.setText(self._kept)
            self.setCursorPosition(0)
            self.set_wrong()
        if self._info.kind == Kind.URL:
            self._go.setVisible(self._kept.startswith(("http://", "https://")))

    def words(self, value: Value) -> str:
        """What is kept, in words."""
        return self._info.shown(value)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._kept:
            self.setText(self._kept)
            self.set_wrong()
            return
        super().keyPressEvent(event)

    def _leave(self) -> None:
        typed = self.text().strip()
        if typed != self._kept:
            self._commit(typed or None)


class ChoiceEditor(Select):
    """One of a few."""

    def __init__(self, info: FieldInfo, commit: Commit) -> None:
        super().__init__(name=info.name)
        restyle(self, look="quiet")
        self._info = info
        self.chosen.connect(lambda key: commit(key or None))

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        """Show what is kept, also a choice that is no longer offered."""
        held = str(value or _NONE)
        offered = [(one.key, one.name) for one in self._info.choices if not one.gone or one.key == held]
        self.set_options([(_NONE, "–"), *offered], held)
        self.choose(held)

    def set_wrong(self, reason: str = "") -> None:
        """Nothing that is chosen can be wrong."""
        self.setToolTip(reason)


class _ValueButton(Button):
    """A value as a word; pressing it asks for another."""

    def __init__(self, info: FieldInfo, commit: Commit) -> None:
        super().__init__("", "quiet", clicked=self.ask)
        self._info, self._commit = info, commit
        self._value: Value = None

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        """Show what is kept."""
        self._value = value
        words = self.words(value) or "–"
        self.setText(words if len(words) <= _SHORT else f"{words[: _SHORT - 1]}…")
        self.setToolTip(words)
        self.setAccessibleName(f"{self._info.name}: {words}")

    def set_wrong(self, reason: str = "") -> None:
        """Nothing that is chosen can be wrong."""

    def words(self, value: Value) -> str:
        """What is kept, in words."""
        return self._info.shown(value)

    def ask(self) -> None:
        """Ask for another value."""
        raise NotImplementedError

    def _below(self) -> QPoint:
        return self.mapToGlobal(QPoint(0, self.height() + 2))


_SHORT = 24


class TreeEditor(_ValueButton):
    """One of a tree: a menu with menus below it. What has others below it can be chosen itself, at the head of its menu."""

    def ask(self) -> None:
        """Open the menu."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction("–", lambda: self._commit(None))
        self._fill(menu, _NONE)
        menu.popup(self._below())

    def _fill(self, menu: QMenu, parent: str) -> None:
        for one in self._info.offered:
            if one.parent != parent:
                continue
            if any(each.parent == one.key for each in self._info.offered):
                below = menu.addMenu(one.name)
                self._choice(below, one, tr("{name} itself", name=one.name))
                below.addSeparator()
                self._fill(below, one.key)
            else:
                self._choice(menu, one, one.name)

    def _choice(self, menu: QMenu, one: Choice, words: str) -> None:
        action = menu.addAction(words, lambda: self._commit(one.key))
        action.setCheckable(True)
        action.setChecked(one.key == self._value)


class MultiEditor(_ValueButton):
    """Several of a few: boxes to tick, each kept at once."""

    def ask(self) -> None:
        """Open the boxes."""
        held = set(self._value) if isinstance(self._value, list) else set()
        boxes: dict[str, CheckBox] = {}

        def tick() -> None:
            self._commit([key for key, box in boxes.items() if box.isChecked()] or None)

        page = ScrollPage(margins=(0, 0, 0, 0), spacing=2)
        for one in self._info.choices:
            if one.gone and one.key not in held:
                continue
            box = boxes[one.key] = CheckBox(one.name, one.key in held)
            box.clicked.connect(tick)
            page.content.addWidget(box)
        page.setFixedHeight(min(280, 30 * max(len(boxes), 1)))
        Popover(page, width=260, name=self._info.name).show_beside(self)


class BoxEditor(CheckBox):
    """Yes or no."""

    def __init__(self, info: FieldInfo, commit: Commit) -> None:
        super().__init__(name=info.name)
        self.clicked.connect(lambda on: commit(True if on else None))

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        """Show what is kept."""
        self.setChecked(bool(value))

    def set_wrong(self, reason: str = "") -> None:
        """A box cannot be wrong."""
