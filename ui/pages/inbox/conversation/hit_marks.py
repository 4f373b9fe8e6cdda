"""What was searched for, marked in the conversation that is shown; from one place to the next by key or button.

Places are counted over all messages, folded ones too: going to a place opens its message. The marks lie over the text and change
nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.search.files import FoundFile
from app.search.marking import WITHIN, spans
from ui.pages.inbox.conversation.view import Conversation
from ui.text import tr
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import set_box
from ui.widgets.mailview import MailView


class HitMarks(QFrame):
    """The line above a conversation that was found: how many places, which one, and buttons."""

    def __init__(self, talk: Conversation) -> None:
        super().__init__()
        set_box(self, "sunken")
        self._talk = talk
        self._words: tuple[str, ...] = ()
        self._phrases: tuple[str, ...] = ()
        self._current = -1
        self._awaited: UUID | None = None  # the message of which a file has the words, until it is known which file
        self._label = ElidingLabel("", "small")
        self.before = ToolButton("chevron-up", tr("Previous hit"), size=28, clicked=partial(self.step, -1))
        self.behind = ToolButton("chevron-down", tr("Next hit"), size=28, clicked=partial(self.step, 1))
        self.end = ToolButton("close", tr("Stop marking"), size=28, clicked=partial(self.look_for, (), ()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 2, 16, 2)
        layout.setSpacing(4)
        layout.addWidget(self._label, 1)
        for button in (self.before, self.behind, self.end):
            layout.addWidget(button)
        self.hide()
        talk.marks_changed.connect(self._refresh)

    @property
    def count(self) -> int:
        """How many places there are."""
        return len(self._places()) if self._words else 0

    def look_for(self, words: tuple[str, ...], phrases: tuple[str, ...], message: UUID | None = None) -> None:
        """Mark these words from now on, beginning with the first place in `message`; none marks nothing."""
        if (words, phrases) != (self._words, self._phrases):
            self._words, self._phrases, self._current = words, phrases, -1
            self._talk.mark(partial(spans, words=words, phrases=phrases) if words else None)
        if not words:
            self.show_files(())
        if message is not None:
            self._talk.reveal(message)
            self._go(self._first_in(message))
            self._awaited = message if self._current < 0 else None
        self._refresh()

    def show_files(self, files: Sequence[FoundFile]) -> None:
        """These files of the conversation have the words as well."""
        self._talk.show_found(files if self._words else ())
        if self._awaited is not None and (place := self._first_in(self._awaited)) >= 0:
            self._awaited = None
            self._go(place)
        self._refresh()

    def _first_in(self, message: UUID) -> int:
        return next((n for n, one in enumerate(self._places()) if one[0] == message), -1)

    def step(self, by: int) -> None:
        """Go to the next place, or the one before; behind the last comes the first."""
        if many := self.count:
            self._go((self._current + by) % many if self._current >= 0 else 0 if by > 0 else many - 1)

    def _go(self, number: int) -> None:
        self._current = number
        places = self._places()
        if not 0 <= number < len(places):
            return
        message, view, _ = places[number]
        if view is None:  # its message is folded, or not even loaded
            self._talk.reveal(message)
            first = next((n for n, one in enumerate(places) if one[0] == message), number)
            places = self._places()
            self._current = number = min(
                next((n for n, one in enumerate(places) if one[0] == message), 0) + number - first, len(places) - 1
            )
            if number < 0:
                return
            message, view, _ = places[number]
        self._show()
        if view is not None:
            self._talk.show_place(view, partial(view.mark_place, places[number][2]))

    def _places(self) -> list[tuple[UUID, MailView | None, int]]:
        """Every place, from the first message to the last: message, the text it is in if that is in sight, and which there."""
        found: list[tuple[UUID, MailView | None, int]] = []
        for message in self._talk.messages:
            card = self._talk.card(message.id)
            views = card.text_views() if card is not None and card.is_open else []
            if views:
                found += [(message.id, view, n) for view in views for n in range(view.marked)]
            else:
                texts = [message.text, *(f"{one.name} {one.around}" for one in self._talk.found_in(message.id))]
                many = sum(len(spans(text, self._words, self._phrases)) for text in texts)
                found += [(message.id, None, n) for n in range(many)]
        return found

    def _refresh(self) -> None:
        """Something else is shown, or the same in another form."""
        self._current = min(self._current, self.count - 1)
        self._show()

    def _show(self) -> None:
        places = self._places() if self._words else []
        self.setVisible(bool(places))
        words = " ".join(word.removeprefix(WITHIN) for word in self._words)
        if self._current >= 0:
            said = tr("“{words}”: hit {n} of {all}", words=words, n=self._current + 1, all=len(places))
        else:
            said = tr("“{words}”: {n} hit|“{words}”: {n} hits", words=words, n=len(places))
        self._label.setText(said)
        self._mark_current(places)

    def _mark_current(self, places: Sequence[tuple[UUID, MailView | None, int]]) -> None:
        current = places[self._current] if 0 <= self._current < len(places) else None
        for view in {id(one[1]): one[1] for one in places if one[1] is not None}.values():
            view.show_marks(current[2] if current is not None and current[1] is view else -1)
