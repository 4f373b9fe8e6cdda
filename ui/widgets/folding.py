"""Sections of a side column that fold away, and lists of rows that keep the keyboard while they change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import row, vertical


class FoldingSection(QFrame):
    """A heading that folds what is under it. `summary` beside it says what matters while it is folded.

    `add_words`: what the plus at its right does, by name; `add_wanted` tells that it was pressed.
    """

    folded = Signal(bool)
    add_wanted = Signal()

    def __init__(self, title: str, add_words: str = "") -> None:
        super().__init__()
        self._title = title
        self._is_folded = False
        self.head = Button(title, "fold", clicked=self._press)
        self.summary = ElidingLabel("", "small")
        self.plus = ToolButton("plus", add_words, size=24, icon_size=14, clicked=self._add)
        if not add_words:
            self.plus.hide()  # never shown before it has a parent: it would be a window for a moment, with the keyboard
        layout = vertical(self)
        layout.setSpacing(2)
        layout.addWidget(row(self.head, (self.summary, 1), self.plus, spacing=6))
        self._body = QFrame()
        self.content = vertical(self._body)
        self.content.setSpacing(2)
        self.content.setContentsMargins(0, 0, 0, 8)
        layout.addWidget(self._body)
        self._show()

    def set_summary(self, words: str) -> None:
        """What stands beside the heading."""
        self.summary.setText(words)
        self.head.setAccessibleName(f"{self._title}: {words}" if words else self._title)

    @property
    def is_folded(self) -> bool:
        """Is only the heading shown?"""
        return self._is_folded

    def fold(self, folded: bool) -> None:
        """Show only the heading, or all of it; tells nobody."""
        self._is_folded = folded
        self._show()

    def _press(self) -> None:
        self.fold(not self._is_folded)
        self.folded.emit(self._is_folded)

    def _add(self) -> None:
        if self._is_folded:
            self._press()
        self.add_wanted.emit()

    def _show(self) -> None:
        self._body.setVisible(not self._is_folded)
        self.head.set_icon("chevron-right" if self._is_folded else "chevron-down", "text3")
        self.head.setAccessibleDescription(tr("Folded") if self._is_folded else "")


class KeyedRows(QFrame):
    """Rows below each other, one a key. Those whose key stays are kept, and the keyboard with them.

    `make(item)` makes a row, `update(row, item)` shows another state of it. When the row that has the keyboard goes away,
    the one in its place gets it, else `leave` is called.
    """

    def __init__(
        self,
        make: Callable[[Any], QWidget],
        update: Callable[[Any, Any], object],
        leave: Callable[[], object] = lambda: None,
        *,
        spacing: int = 0,
    ) -> None:
        super().__init__()
        self._make, self._update, self._leave = make, update, leave
        self._rows: dict[Hashable, QWidget] = {}
        self._layout = vertical(self)
        self._layout.setSpacing(spacing)

    def sync(self, items: Sequence[tuple[Hashable, Any]]) -> None:
        """Show these, (key, item) each, in this order."""
        focus = QApplication.focusWidget()
        before = list(self._rows)
        focused = next((key for key, one in self._rows.items() if focus is not None and one.isAncestorOf(focus)), None)
        wanted = dict(items)
        for key in [key for key in self._rows if key not in wanted]:
            gone = self._rows.pop(key)
            self._layout.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (key, item) in enumerate(items):
            known = self._rows.get(key)
            if known is None:
                known = self._rows[key] = self._make(item)
            else:
                self._update(known, item)
            if self._layout.indexOf(known) != place:
                self._layout.insertWidget(place, known)
        self._rows = {key: self._rows[key] for key, _ in items}
        if focused is not None and focused not in self._rows:
            self._focus_place(before.index(focused))

    def row(self, key: Hashable) -> QWidget | None:
        """The row of a key."""
        return self._rows.get(key)

    def rows(self) -> list[QWidget]:
        """All of them, from top to bottom."""
        return list(self._rows.values())

    def _focus_place(self, place: int) -> None:
        there = self.rows()
        if there:
            there[min(place, len(there) - 1)].setFocus()
        else:
            self._leave()
