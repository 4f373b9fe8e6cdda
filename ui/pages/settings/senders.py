"""Senders: whose mail goes to the spam pile, and from whom pictures are loaded without asking. Each change takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QFrame

from app.conversations.consent import allow_pictures, domains_with_pictures, forbid_pictures
from app.people.commands import block, unblock
from app.people.queries import blocked
from ui.pages import Context
from ui.pages.settings.lists import ListPane
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import TextField
from ui.widgets.folding import KeyedRows
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row, vertical

_WIDTH = 560


class Names(QFrame):
    """A list of addresses or domains: each can be taken off, and one typed can be added."""

    def __init__(self, title: str, text: str, *, empty: str, field: str, add: str, off: str) -> None:
        super().__init__()
        self._off = off
        self.taken_off: Callable[[str], object] = lambda _name: None
        self.added: Callable[[str], object] = lambda _name: None
        self.field = TextField(placeholder=field)
        self.field.returnPressed.connect(self._add)
        self.field.setFixedWidth(320)
        self.rows = KeyedRows(self._row, lambda _row, _name: None, leave=self.field.setFocus)
        self._empty = Label(empty, "muted", wrap=True)
        self.rows.setMaximumWidth(_WIDTH)
        heading = Label(title, "strong")
        heading.setContentsMargins(0, 8, 0, 0)
        layout = vertical(self)
        layout.setSpacing(4)
        adding = row(self.field, Button(add, clicked=self._add), None, margins=(0, 8, 0, 8))
        for widget in (heading, Label(text, "small", wrap=True), self._empty, self.rows, adding):
            layout.addWidget(widget)

    def show_names(self, names: tuple[str, ...]) -> None:
        """Show these."""
        self.rows.sync([(name, name) for name in names])
        self._empty.setVisible(not names)

    def wrong(self, words: str) -> None:
        """Why what was typed is not taken."""
        self.field.set_wrong(words)
        self.field.setFocus()

    def _row(self, name: str) -> QFrame:
        button = Button(self._off, "small", clicked=lambda: self.taken_off(name))
        button.setAccessibleName(f"{self._off}: {name}")
        made = row((ElidingLabel(name), 1), button, margins=(0, 4, 0, 4))
        made.setFocusProxy(button)
        return made

    def _add(self) -> None:
        typed = self.field.text().strip()
        if typed:
            self.field.set_wrong("")
            self.added(typed)


class SendersPane(ListPane):
    """The two lists."""

    def __init__(self, context: Context) -> None:
        super().__init__(
            context, tr("Senders"), tr("Whom you do not want to read, and whose pictures you want to see.")
        )
        self.blocked = Names(
            tr("Blocked senders"),
            tr("Their mail goes to the spam pile and makes no ticket. Nothing is deleted."),
            empty=tr("Nobody is blocked."),
            field=tr("name@example.com or @example.com"),
            add=tr("Block"),
            off=tr("Unblock"),
        )
        self.pictures = Names(
            tr("Pictures from elsewhere"),
            tr(
                "Pictures on a sender’s server tell that server when you read. They are loaded without asking only in mail "
                "that your provider confirms to be from one of these domains."
            ),
            empty=tr("None yet. You are asked in every message."),
            field=tr("example.com"),
            add=tr("Add domain"),
            off=tr("Remove"),
        )
        self._wire(self.blocked, block, tr("Blocked: {name}"), unblock, tr("Mail from {name} is welcome again."))
        said = tr("Pictures in mail from {name} are loaded from now on.")
        no_more = tr("Pictures in mail from {name} are not loaded any more.")
        self._wire(self.pictures, allow_pictures, said, forbid_pictures, no_more)
        self.scroller.content.addWidget(self.blocked)
        self.scroller.content.addWidget(self.pictures)
        self.scroller.content.addStretch(1)

    def _wire(
        self, names: Names, add: Callable[..., Any], added: str, remove: Callable[..., Any], removed: str
    ) -> None:
        def come(name: str) -> None:
            self.do(
                add, name, said=added.replace("{name}", name), wrong=names.wrong, then=lambda _: names.field.clear()
            )

        def go(name: str) -> None:
            self.do(remove, name, said=removed.replace("{name}", name))

        names.added, names.taken_off = come, go

    def load(self) -> None:
        """Ask for both lists."""
        for names, query in ((self.blocked, blocked), (self.pictures, domains_with_pictures)):
            self.context.tasks.ask(query, then=names.show_names, owner=self)
