"""Calling canned answers while one writes: `/` where a word begins, a few letters, Enter; placeholders are filled on the way.

It belongs to one text. The list lies over the text's frame, in the widget that is given as `page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from app.templates.queries import Canned
from app.templates.rules import fill
from ui.text import tr
from ui.widgets.fuzzy import fuzzy
from ui.widgets.growingedit import GrowingEdit
from ui.widgets.suggest import Suggestion, SuggestList

_SHOWN = 6
_CALLED = re.compile(r"(?:^|(?<=\s))/(\S{0,40})$")


def fitting(answers: Sequence[Canned], typed: str) -> list[Canned]:
    """The canned answers for what is typed after `/`, best first: shortcut words, then names, then texts."""
    if not typed:
        return sorted(answers, key=lambda one: (-one.used, one.name.casefold()))
    found: list[tuple[int, float, int, Canned]] = []
    wanted = typed.casefold()
    for place, one in enumerate(answers):
        if one.shortcut.casefold().startswith(wanted):
            found.append((0, len(one.shortcut), place, one))
        elif (match := fuzzy(typed, one.name)) is not None:
            found.append((1, -match.score, place, one))
        elif wanted in one.text.casefold():
            found.append((2, 0, place, one))
    return [one for *_, one in sorted(found, key=lambda each: each[:3])]


class AnswerCaller(QObject):
    """Offers and inserts. `over`: the frame above which the list lies."""

    used = Signal(object)  # UUID

    def __init__(
        self, edit: GrowingEdit, over: QWidget, page: QWidget, known: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        """`known`: what placeholders stand for only now, because it is typed beside the text."""
        super().__init__(edit)
        self._edit, self._over, self._known = edit, over, known
        self._answers: tuple[Canned, ...] = ()
        self._facts: Mapping[str, str] = {}
        self._declined = False
        self.list = SuggestList(tr("Canned answers"), page)
        self.list.watch(edit)
        self.list.taken.connect(self._insert)
        self.list.left.connect(self._decline)
        edit.textChanged.connect(self.offer)
        edit.cursorPositionChanged.connect(self.offer)

    def set_answers(self, answers: Sequence[Canned], facts: Mapping[str, str]) -> None:
        """What there is to insert, and what placeholders stand for here."""
        self._answers, self._facts = tuple(answers), facts

    def open(self) -> None:
        """Begin an answer at the cursor."""
        self._edit.setFocus()
        cursor = self._edit.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        self._declined = False
        if not _CALLED.search(before):
            cursor.insertText("/" if not before or before[-1].isspace() else " /")
        self.offer()

    def offer(self) -> None:
        """Look what is being called now."""
        typed = self._called() if self._edit.hasFocus() else None
        if typed is None:
            self._declined = False
        if typed is None or self._declined:
            self.list.hide()
            return
        found, facts = fitting(self._answers, typed), {**self._facts, **self._known()}
        shown = [
            Suggestion(one.id.hex, one.shortcut, one.name, _begin(fill(one.text, facts))) for one in found[:_SHOWN]
        ]
        self.list.offer(shown, len(self._answers), self._over)

    def place(self) -> None:
        """The frame has moved or has another size."""
        if self.list.is_open:
            self.list.place(self._over)

    def _called(self) -> str | None:
        """What is typed after `/`, up to the cursor; None where no answer is being called."""
        cursor = self._edit.textCursor()
        found = _CALLED.search(cursor.block().text()[: cursor.positionInBlock()])
        return None if found is None or cursor.hasSelection() else found[1]

    def _decline(self) -> None:
        """Esc: what begins with a stroke here is no canned answer."""
        self._declined = True

    def _insert(self, key: str) -> None:
        typed = self._called()
        one = next((each for each in self._answers if each.id.hex == key), None)
        if one is None or typed is None:
            return
        cursor = self._edit.textCursor()
        cursor.movePosition(cursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(typed) + 1)
        cursor.insertText(fill(one.text, {**self._facts, **self._known()}))
        self.used.emit(one.id)


def _begin(text: str) -> str:
    return " ".join(text.split())[:160]
