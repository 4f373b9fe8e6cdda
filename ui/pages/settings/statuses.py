"""The statuses of the desk, by category: names, colours, order, and what a ticket gets that comes into a category."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFrame, QMenu

from app.states import commands
from app.states.queries import StateInfo, states
from app.states.rules import CATEGORIES, COLOURS
from app.tickets.commands import remove_state
from ui.icons import icon
from ui.models.words import status_word
from ui.pages import Context
from ui.pages.inbox.words import status_tone
from ui.pages.settings.lists import ListPane
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import Select, TextField
from ui.widgets.folding import KeyedRows
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import horizontal, restyle, row, vertical
from ui.widgets.overlay import ask
from ui.widgets.pill import Pill

NAME_WIDTH, LOOK_WIDTH = 240, 166


_SHORT = 20
"""So many letters of a name are shown on the pill; the whole name stands beside it."""


def colour_words() -> list[tuple[str, str]]:
    """The colours, in words; "" is the category's own."""
    words = {"info": tr("Blue"), "warn": tr("Amber"), "plain": tr("Grey"), "ok": tr("Green"), "bad": tr("Red")}
    return [("", tr("Usual")), *((tone, words[tone]) for tone in COLOURS)]


def category_words(category: str) -> str:
    """What a category means for the desk."""
    return {
        "new": tr("Nobody has looked at it yet."),
        "open": tr("Somebody has to do something."),
        "waiting": tr("It waits for somebody else; an answer opens it again."),
        "solved": tr("Done; an answer opens it again."),
        "closed": tr("Over."),
    }[category]


class StateRow(QFrame):
    """One status: how it looks, its name, its colour, whether it is the default, and a menu."""

    def __init__(self, state: StateInfo, group: Category) -> None:
        super().__init__()
        self._state, self._group = state, group
        self._look = Pill("", "plain")
        holder = row(self._look, None)
        holder.setFixedWidth(LOOK_WIDTH)
        self.name = TextField(name=tr("Name of the status"))
        restyle(self.name, look="quiet")
        self.name.setMinimumWidth(120)
        self.name.setMaximumWidth(NAME_WIDTH)
        self.colour = Select(colour_words(), name=tr("Colour"))
        restyle(self.colour, look="quiet")
        self.colour.setFixedWidth(140)
        self._default = Label(tr("Default"), "small")
        self._default.setContentsMargins(10, 0, 0, 0)
        self.make_default = Button(tr("Make default"), "chip", clicked=lambda: group.make_default(self._state))
        self.menu = ToolButton("dots-horizontal", tr("More"), size=28, icon_size=16, clicked=self._open_menu)
        layout = horizontal(self)
        layout.setSpacing(8)
        layout.addWidget(holder)
        layout.addWidget(self.name, 3)
        layout.addWidget(self.colour)
        place = row(self._default, self.make_default, None, spacing=0)
        place.setMinimumWidth(124)
        layout.addWidget(place, 1)
        layout.addWidget(self.menu)
        self.setFocusProxy(self.name)
        self.name.editingFinished.connect(self._rename)
        self.name.textEdited.connect(lambda _text: self.name.set_wrong())
        self.colour.chosen.connect(lambda tone: group.recolour(self._state, tone))
        self.show_state(state)

    def show_state(self, state: StateInfo) -> None:
        """Show it as it is now."""
        self._state = state
        word = state.name or status_word(state.category)
        self._look.set_state(
            word if len(word) <= _SHORT else f"{word[: _SHORT - 1]}…", state.colour or status_tone(state.category)
        )
        if not self.name.hasFocus():
            self.name.setText(word)
            self.name.setCursorPosition(0)
        self.colour.choose(state.colour)
        self._default.setVisible(state.is_default)
        self.make_default.setVisible(not state.is_default)
        self.menu.setEnabled(state.id is not None)
        if state.id is None:
            self.menu.setToolTip(tr("A built-in status cannot be removed."))

    def _rename(self) -> None:
        typed = self.name.text().strip()
        if typed != (self._state.name or status_word(self._state.category)):
            self._group.rename(self._state, typed, self)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("arrow-up"), tr("Move up"), lambda: self._group.move_by(self._state, -1))
        menu.addAction(icon("arrow-down"), tr("Move down"), lambda: self._group.move_by(self._state, 1))
        menu.addSeparator()
        menu.addAction(icon("trash-can-outline"), tr("Remove…"), lambda: self._group.remove(self._state))
        menu.popup(self.menu.mapToGlobal(QPoint(0, self.menu.height())))


class Category(QFrame):
    """A category with its statuses."""

    def __init__(self, pane: StatusesPane, category: str) -> None:
        super().__init__()
        self._pane, self._category = pane, category
        self._states: tuple[StateInfo, ...] = ()
        self.rows = KeyedRows(
            lambda state: StateRow(state, self), lambda shown, state: shown.show_state(state), spacing=4
        )
        self.field = TextField(placeholder=tr("Name of the new status"), name=tr("Name of the new status"))
        self.field.setMaximumWidth(NAME_WIDTH + LOOK_WIDTH)
        self.field.hide()
        self.field.returnPressed.connect(self._add)
        self.field.textEdited.connect(lambda _text: self.field.set_wrong())
        add = ToolButton("plus", tr("Add a status: {category}", category=status_word(category)), size=28, icon_size=16)
        add.clicked.connect(self.begin)
        layout = vertical(self)
        layout.setSpacing(2)
        head = row(
            Label(status_word(category), "strong"),
            (ElidingLabel(category_words(category), "small"), 1),
            add,
            spacing=10,
        )
        head.setContentsMargins(0, 12, 0, 0)
        layout.addWidget(head)
        layout.addWidget(self.rows)
        layout.addWidget(self.field)

    def show_states(self, everything: tuple[StateInfo, ...]) -> None:
        """The statuses of this category."""
        self._states = tuple(one for one in everything if one.category == self._category)
        self.rows.sync([(one.key, one) for one in self._states])

    def begin(self) -> None:
        """Ask for the name of another one."""
        self.field.show()
        self.field.setFocus()

    def make_default(self, state: StateInfo) -> None:
        """What comes into the category gets it."""
        self._pane.do(commands.set_default, state.id or state.category, said=tr("Default changed"))

    def recolour(self, state: StateInfo, tone: str) -> None:
        """Another colour."""
        self._pane.do(commands.change_state, state.id or state.category, colour=tone, said=tr("Colour changed"))

    def rename(self, state: StateInfo, name: str, shown: StateRow) -> None:
        """Another name; what cannot be is said at the field."""
        self._pane.do(
            commands.change_state,
            state.id or state.category,
            name=name,
            said=tr("Status renamed"),
            wrong=shown.name.set_wrong,
        )

    def move_by(self, state: StateInfo, by: int) -> None:
        """Up or down among the desk's own."""
        own: list[UUID] = [one.id for one in self._states if one.id is not None]
        if state.id is None:
            return
        place = own.index(state.id)
        if 0 <= place + by < len(own):
            own.insert(place + by, own.pop(place))
            self._pane.do(commands.order_states, own, said=tr("Order changed"))

    def remove(self, state: StateInfo) -> None:
        """Ask, and remove it."""
        if state.id is None:
            return
        default = next((one for one in self._states if one.is_default and one.id != state.id), self._states[0])
        words = tr(
            "Tickets that have it become “{status}”. This can be undone.",
            status=default.name or status_word(default.category),
        )
        go = partial(self._pane.do, remove_state, state.id, said=tr("Status removed"))
        title = tr("Remove “{name}”?", name=state.name)
        ask(self._pane.context.overlay, title, words, tr("Remove status"), go)

    def _add(self) -> None:
        name = self.field.text().strip()
        if name:
            self._pane.do(
                commands.add_state,
                name,
                self._category,
                said=tr("Status added"),
                wrong=self.field.set_wrong,
                then=lambda _key: self._added(),
            )

    def _added(self) -> None:
        self.field.clear()
        self.field.hide()
        rows = self.rows.rows()
        if rows:
            rows[-1].setFocus()


class StatusesPane(ListPane):
    """The categories below each other."""

    def __init__(self, context: Context) -> None:
        text = tr(
            "Each status belongs to one of five categories, which decide what happens with mail, lists and figures."
        )
        super().__init__(context, tr("Statuses"), text)
        self.categories = {category: Category(self, category) for category in CATEGORIES}
        for one in self.categories.values():
            self.scroller.content.addWidget(one)

    def load(self) -> None:
        """Ask which there are."""
        self.context.tasks.ask(states, then=self._take, owner=self, key="settings.states")

    def _take(self, found: tuple[StateInfo, ...]) -> None:
        for one in self.categories.values():
            one.show_states(found)
