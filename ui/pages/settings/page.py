"""Settings: three steps from left to right. Categories, in each its list or its fields, and the one thing chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, cast
from uuid import UUID

from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QWidget

from app.kernel.database.changes import Changes
from ui.pages import BasePage, Context, Unsaved
from ui.pages.health.facts import Facts, gather
from ui.pages.settings.about import AboutPane
from ui.pages.settings.canned import CannedPane
from ui.pages.settings.categories import Category, grouped
from ui.pages.settings.chat import ChatPage
from ui.pages.settings.data import DataPane
from ui.pages.settings.fields import FieldsPane
from ui.pages.settings.form import Pane, Values
from ui.pages.settings.keys import KeysPane
from ui.pages.settings.mailboxes import MailboxesPage
from ui.pages.settings.panes import GeneralPane, NoticesPane, SendingPane
from ui.pages.settings.senders import SendersPane
from ui.pages.settings.statuses import StatusesPane
from ui.pages.settings.surveys import SurveysPage
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import SearchField
from ui.widgets.label import Label
from ui.widgets.layout import column, horizontal, set_box
from ui.widgets.panel import ScrollPage
from ui.widgets.toast import Toast

_LISTS = {"statuses": "state", "fields": "field", "canned": "canned", "chat": "chat_channel"}
"""Categories that are lists, and what the change log calls their things."""


_NARROWEST: Final = 228
_WIDEST: Final = 320
_ROUND_A_NAME: Final = 34
"""Of the list of categories: as wide as its longest name needs, which is short in English; and what is beside a name."""


class Face(Protocol):
    """What each category's widget can do."""

    @property
    def changes(self) -> Values:
        """What is typed and not kept."""
        ...

    def load(self) -> None:
        """Ask for what is kept."""
        ...


class Page(BasePage):
    """The page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_box(self, "canvas")
        self._buttons: dict[str, Button] = {}
        self._words: dict[str, str] = {}
        self._widgets: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        self.mailboxes = MailboxesPage(context, self._look)
        self._make: dict[str, Callable[[], QWidget]] = {
            "general": lambda: GeneralPane(context),
            "mailboxes": lambda: self.mailboxes,
            "chat": lambda: ChatPage(context),
            "sending": lambda: SendingPane(context),
            "senders": lambda: SendersPane(context),
            "statuses": lambda: StatusesPane(context),
            "fields": lambda: FieldsPane(context),
            "canned": lambda: CannedPane(context),
            "surveys": lambda: SurveysPage(context),
            "notifications": lambda: NoticesPane(context),
            "keys": lambda: KeysPane(context),
            "data": lambda: DataPane(context),
            "about": lambda: AboutPane(context),
        }
        self.stack = QStackedWidget()
        self.finder = SearchField(tr("Find a setting"), pause_ms=50)
        self.finder.searched.connect(self._find)
        layout = horizontal(self)
        layout.addWidget(self._nav())
        layout.addWidget(self.stack, 1)
        self.current = ""

    def _nav(self) -> QWidget:
        title = Label(tr("Settings"), "title")
        title.setContentsMargins(8, 0, 0, 8)
        items = [
            item
            for heading, some in grouped()
            for item in (self._heading(heading), *(self._nav_button(one) for one in some))
        ]
        categories = column(*items, None, spacing=4)
        scroller = ScrollPage(categories, margins=(12, 0, 12, 16), spacing=0)  # a low window shows them in parts
        top = column(title, self.finder, margins=(12, 20, 12, 8), spacing=4)
        nav = column(top, (scroller, 1), box="panel")
        nav.setFixedWidth(max(_NARROWEST, min(_WIDEST, _ROUND_A_NAME + max(map(_wanted, self._buttons.values())))))
        return nav

    def _heading(self, text: str) -> Label:
        label = Label(text, "section")
        label.setContentsMargins(8, 8, 0, 2)
        return label

    def _nav_button(self, one: Category) -> Button:
        button = Button(one.text, "nav", icon=one.icon, checkable=True, clicked=lambda: self.show_category(one.key))
        button.setAutoExclusive(False)
        self._group.addButton(button)
        self._buttons[one.key], self._words[one.key] = button, f"{one.text} {one.words}".casefold()
        return button

    # -- being shown --------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        self.context.actions.bind(self, "search", self.finder.begin)
        self.context.actions.bind(self, "save", self._save_shown)
        if not self.current:
            self.show_category("mailboxes")
        else:
            self._load()
        self._buttons[self.current].setFocus()

    def deactivate(self) -> None:
        self._remind()

    def refresh(self, changes: Changes) -> None:
        said = any(signal.topic in {"mailbox_state", "engine_state"} for signal in changes.signals)
        if self.current == "chat" and any(signal.topic.startswith("chat_server") for signal in changes.signals):
            self._load()
        if self.current == "mailboxes" and (said or changes.touches("mailbox")):
            self._look()
        elif self.current == "senders" or (self.current in _LISTS and changes.touches(_LISTS[self.current])):
            self._load()
        elif changes.touches("setting"):
            self._load()  # undone, or chosen elsewhere

    def show_place(self, **where: object) -> None:
        """`category`, and for mailboxes: `mailbox` to show one, `add` to begin a new one."""
        self.show_category(str(where.get("category", "mailboxes")))
        mailbox = where.get("mailbox")
        if isinstance(mailbox, UUID):
            self.mailboxes.choose(mailbox)
        if where.get("add"):
            self.mailboxes.add()
        chat = self._widgets.get("chat")
        if isinstance(chat, ChatPage) and "face" in where:
            chat.show_face(str(where["face"]))

    def show_category(self, key: str) -> None:
        """Show a category; what is typed elsewhere stays until it is saved or discarded."""
        if key not in self._make:
            return
        if key != self.current:
            self._remind()
        if key not in self._widgets:
            self._widgets[key] = self._make[key]()
            self.stack.addWidget(self._widgets[key])
        self._buttons[key].setChecked(True)
        if self._loses_keyboard(key):
            self._buttons[key].setFocus()
        self.current = key
        self.stack.setCurrentWidget(self._widgets[key])
        self._load()

    # -- what is typed and not kept

    def _unsaved(self, key: str) -> list[Pane]:
        """The forms of a category in which something is typed and not kept."""
        widget = self._widgets.get(key)
        if widget is None or not cast(Face, widget).changes:
            return []
        panes = [widget] if isinstance(widget, Pane) else widget.findChildren(Pane)
        return [pane for pane in panes if pane.changes]

    def unsaved(self) -> Unsaved | None:
        key = next((key for key in self._widgets if self._unsaved(key)), None)
        return Unsaved(self._buttons[key].text(), {"category": key}) if key is not None else None

    def _save_shown(self) -> None:
        if not self._save(self.current):
            self.context.toasts.say(tr("There is nothing to save."), "info")

    def _save(self, key: str) -> bool:
        """Keep what is typed in a category; False if there is nothing."""
        panes = self._unsaved(key)
        for pane in panes:
            pane.save()
        return bool(panes)

    def _remind(self) -> None:
        """Somebody turns to something else: what they typed here stays, and has no effect yet."""
        key = self.current
        if self._unsaved(key):
            words = tr("“{name}” is not saved yet.", name=self._buttons[key].text())
            self.context.toasts.show_toast(Toast(words, "info", tr("Save"), lambda: self._save(key)))

    def _loses_keyboard(self, key: str) -> bool:
        """Is the keyboard (of a window in front or not) nowhere, on another entry, or in what is about to be hidden?"""
        held = self.window().focusWidget()
        return held in (None, *self._buttons.values()) or (key != self.current and self.stack.isAncestorOf(held))

    def _load(self) -> None:
        category = cast(Face, self._widgets[self.current])
        if not category.changes:
            category.load()

    def _look(self) -> None:
        desk = self.context.desk
        self.context.tasks.run(lambda: gather(desk), then=self._told, owner=self, key="settings.facts")

    def _told(self, facts: Facts) -> None:
        self.mailboxes.show_facts(facts)

    def _find(self, query: str) -> None:
        wanted = query.casefold().split()
        found = [key for key, words in self._words.items() if all(each in words for each in wanted)]
        for key, button in self._buttons.items():
            button.setVisible(key in found)
        if wanted and found:
            self.show_category(found[0])


def _wanted(button: Button) -> int:
    button.ensurePolished()
    return button.sizeHint().width()
