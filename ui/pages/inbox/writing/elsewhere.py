"""Letters begun in tickets that are part of the one shown by now: one is in front, the others a click away.

A merge may bring two replies together, each to its own customer. So they are not made one: each stays the draft of the ticket in
which it was begun, and goes back with it when the tickets are taken apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.pages.inbox.loading import Opened
from ui.pages.inbox.writing.letter import Letter
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import clear, row

_MODES = frozenset({"reply", "note"})


@dataclass(frozen=True)
class Begun:
    """A letter, and the number of the ticket in which it was begun."""

    letter: Letter
    number: int

    @property
    def place(self) -> tuple[str, UUID | None]:
        """There is one letter of each mode a ticket."""
        return self.letter.mode, self.letter.home


def begun_in(opened: Opened) -> tuple[Begun, ...]:
    """What is being written in a ticket and its parts, in the order in which it comes to the front."""
    kept = (one for one in opened.begun if one.draft.kind in _MODES)
    return tuple(Begun(Letter.of_draft(one.draft, opened.detail.id), one.number) for one in kept)


def in_front(begun: Sequence[Begun]) -> list[Letter]:
    """The first letter of each mode."""
    return list({one.letter.mode: one.letter for one in reversed(begun)}.values())


class Elsewhere(QFrame):
    """A line for each letter that is not in front; hidden where there is none."""

    wanted = Signal(object)  # Letter

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[tuple[str, UUID | None], Begun] = {}
        self._number = 0
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 8, 0)
        self._layout.setSpacing(4)
        self.buttons: list[Button] = []
        self.hide()

    def set_begun(self, begun: Sequence[Begun], number: int) -> None:
        """What has been read; `number` is the ticket's that is shown."""
        self._begun, self._number = {one.place: one for one in begun}, number

    def put_aside(self, letter: Letter) -> None:
        """This one leaves the front, as it is written now."""
        here = Begun(letter, self._number)
        before = self._begun.pop(here.place, here)
        if not letter.is_empty:
            self._begun[here.place] = Begun(letter, before.number)

    def show_besides(self, letter: Letter) -> None:
        """Offer the others of the mode of the one in front."""
        clear(self._layout)
        self.buttons = []
        others = [
            one for one in self._begun.values() if one.letter.mode == letter.mode and one.letter.home != letter.home
        ]
        for one in others:
            number, text = f"#{one.number}", " ".join(one.letter.text.split())
            words = tr("Also begun, in {number}: {words}", number=number, words=text)
            button = Button(tr("Show"), "small", clicked=partial(self.wanted.emit, one.letter))
            button.setAccessibleName(tr("Show what was begun in {number}", number=number))
            self.buttons.append(button)
            self._layout.addWidget(row((ElidingLabel(words, "small"), 1), button))
        self.setVisible(bool(others))
