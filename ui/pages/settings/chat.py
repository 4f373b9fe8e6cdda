"""Chat in the settings: the ways by which visitors come, the hours, and how chats are answered. Each is a face of its own.

A further way to reach visitors (another transport) is one more face here: a `Pane` that can `load`.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QStackedWidget

from ui.pages import Context
from ui.pages.settings.chat_hours import HoursPane
from ui.pages.settings.chat_server import ServerPane
from ui.pages.settings.chat_website import WebsitePane
from ui.pages.settings.form import NumberField, Values
from ui.pages.settings.panes import OptionsPane
from ui.text import tr
from ui.widgets.layout import row, vertical
from ui.widgets.toggle import Choices, Switch


class AnsweringPane(OptionsPane):
    """How many at a time, what silence means, what is heard."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("Answering chats"))
        self.add_heading(tr("Places"))
        self._number("chat_capacity", tr("Chats at a time"), 1, 50, tr("per person"), "")
        self.add_heading(tr("Silence"))
        minutes = tr("minutes")
        hint = tr("Answered, it is solved; unanswered, it stays an open ticket.")
        self._number("chat_silence_minutes", tr("A chat ends after"), 1, 1440, minutes, hint)
        hint = tr("A visitor who comes back within this time continues the same chat.")
        self._number("chat_return_minutes", tr("Continues within"), 0, 10_080, minutes, hint)
        hint = tr("When a visitor has been gone for this long, answering by e-mail is offered.")
        self._number("chat_gone_minutes", tr("Offer e-mail after"), 1, 1440, minutes, hint)
        self.add_heading(tr("At this computer"))
        self.add_field("chat_sound", tr("Sound"), Switch(tr("Sound")), tr("A short bell when somebody begins to wait."))
        hint = tr("Shift+Enter then begins a new line. Otherwise Ctrl+Enter sends.")
        self.add_field("chat_enter_sends", tr("Enter sends"), Switch(tr("Enter sends")), hint)

    def _number(self, key: str, words: str, low: int, high: int, unit: str, hint: str) -> None:
        self.add_field(key, words, NumberField(low, high, unit, words), hint)


Face = WebsitePane | ServerPane | HoursPane | AnsweringPane
Make = Callable[[Context], Face]


def faces() -> list[tuple[str, str, Make]]:
    """The faces: key, words, and what makes each."""
    return [
        ("website", tr("Website"), WebsitePane),
        ("server", tr("Over a server"), ServerPane),
        ("hours", tr("Hours"), HoursPane),
        ("answering", tr("Answering"), AnsweringPane),
    ]


class ChatPage(QFrame):
    """The faces with their tabs."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        made = faces()
        self.panes: dict[str, Face] = {key: make(context) for key, _, make in made}
        self.tabs = Choices([(key, words) for key, words, _ in made], "website", kind="tab", name=tr("Chat"))
        self.tabs.chosen.connect(self.show_face)
        self._stack = QStackedWidget()
        for pane in self.panes.values():
            self._stack.addWidget(pane)
        layout = vertical(self)
        layout.addWidget(row(self.tabs, None, margins=(24, 16, 24, 0)))
        layout.addWidget(self._stack, 1)

    @property
    def changes(self) -> Values:
        """What is typed in any face and not kept."""
        return {f"{key}.{name}": value for key, pane in self.panes.items() for name, value in pane.changes.items()}

    def load(self) -> None:
        """Ask for what is kept, in every face in which nothing is typed."""
        for pane in self.panes.values():
            if not pane.changes:
                pane.load()

    def show_face(self, key: str) -> None:
        """Bring a face to the front."""
        if key in self.panes:
            self.tabs.choose(key)
            self._stack.setCurrentWidget(self.panes[key])
