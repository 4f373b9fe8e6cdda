"""Building a view: rows and the typed form are two faces of one tree; what it would list is shown at once.

Whichever face is edited, the other follows. A condition that cannot be understood is said at its place: beneath its row, or
beneath the typed form with the wrong part marked. What is being typed is never touched by the other face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout

from app.conditions.tree import EVERYTHING, Node, QueryError
from app.conditions.typed import parse, to_text
from app.kernel.sentences import words_of
from app.search.catalogue import FieldEntry, values_of
from app.views.commands import add_view, change_view
from app.views.queries import ViewInfo
from app.views.rules import Sort
from ui.icons import icon
from ui.pages import Context
from ui.pages.views.acts import Noted, noted
from ui.pages.views.groups import ConditionGroup
from ui.pages.views.preview import Found, Preview, fields_of, find
from ui.pages.views.words import ICONS, colour_words
from ui.text import told, tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.toggle import CheckBox

_PAUSE_MS = 150
_CONDITIONS = 260


@dataclass(frozen=True)
class Start:
    """What the builder begins with: a view that is changed, or a new one with a name, a condition and an order."""

    view: ViewInfo | None = None
    name: str = ""
    tree: Node = EVERYTHING
    sort: Sort = Sort.LAST_MESSAGE


class Builder(Dialog):
    """The sheet. `saved` of a new view gets its id."""

    def __init__(
        self, context: Context, fields: Mapping[str, FieldEntry], start: Start, saved: Callable[[Any], object]
    ) -> None:
        view = start.view
        super().__init__(tr("Change the view") if view else tr("New view"), width=920)
        self._context, self._start, self._saved = context, start, saved
        self.tree: Node | None = None
        self._build(fields, view)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        tree = self._begun = view.listing.condition if view else start.tree
        self.name.setText(view.name if view else start.name)
        self.group.show_tree(tree)
        self.typed.setText(to_text(tree))
        self.typed.setCursorPosition(0)
        self._connect()
        self._take(tree)

    # -- building

    def _build(self, fields: Mapping[str, FieldEntry], view: ViewInfo | None) -> None:
        self.name = TextField(placeholder=tr("What the view is called"), name=tr("Name"))
        self.colour = Select(colour_words(), view.colour if view else "", name=tr("Colour"))
        self.icon = Select([(one, tr(word)) for one, word in ICONS.items()], view.icon if view else "", name=tr("Icon"))
        for place, name in enumerate(ICONS):
            self.icon.setItemIcon(place, icon(name))
        self.icon.setMinimumWidth(120)
        self.colour.setMinimumWidth(120)
        self.shared = CheckBox(tr("For everybody"), view is not None and view.owner is None)
        self.group = ConditionGroup(fields, self._complete)
        self.typed = TextField(name=tr("As typed"), placeholder=tr("is:open assignee:me older:3d"))
        self._wrong = Label("", "small", tone="bad", wrap=True)
        self._wrong.hide()
        self.preview = Preview()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(column(self.group, None, margins=(0, 0, 8, 0), box="clear"))
        area.setMinimumHeight(_CONDITIONS)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(area, 1)
        left.addWidget(FieldBlock(tr("As typed"), self.typed))
        left.addWidget(self._wrong)
        head = row((self.name, 1), self.icon, self.colour, self.shared, spacing=8)
        self.add(head, (row((left, 5), (self.preview, 4), spacing=20), 1))
        self.save = Button(tr("Save"), "primary", clicked=self._save)
        remark = tr("What fits best comes first, as in the search.") if self._start.sort is Sort.BEST else ""
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), self.save, remark=remark)

    def _connect(self) -> None:
        self.group.changed.connect(self._rows_changed)
        self.typed.textEdited.connect(self._typed_changed)
        self.name.textChanged.connect(lambda _text: self.name.set_wrong(""))

    def is_typed_in(self) -> bool:
        return self.tree != self._begun

    # -- two faces of one tree

    def _rows_changed(self) -> None:
        if not self.group.check():
            self._take(None)
            return
        tree = self.group.tree()
        self.typed.setText(to_text(tree))
        self._say("")
        self._take(tree)

    def _typed_changed(self, text: str) -> None:
        try:
            tree = parse(text)
        except QueryError as error:
            self._say(told(words_of(error)), error.position, error.length)
            self._take(None)
            return
        self._say("")
        self.group.show_tree(tree)
        self._take(tree)

    def _say(self, words: str, position: int = 0, length: int = 0) -> None:
        """What is wrong with the typed form, and the part of it that is."""
        text = self.typed.text()
        part = text[position : position + length].strip() if words else ""
        self._wrong.setText(f"{tr('At “{part}”:', part=part)} {words}" if part and part not in words else words)
        self._wrong.setVisible(bool(words))
        self.typed.set_wrong(words)

    def _take(self, tree: Node | None) -> None:
        """Another condition, or (None) one that cannot be read."""
        self.tree = tree
        self.save.setEnabled(tree is not None)
        if tree is None:
            self._pause.stop()
            self.preview.show_waiting()
        else:
            self._pause.start()

    def _look(self) -> None:
        tree = self.tree
        if tree is None:
            return

        def take(found: Found) -> None:
            if tree == self.tree:
                self.preview.show_found(found)

        def failed(error: Exception) -> bool:
            if not isinstance(error, QueryError):
                return False
            self._say(told(words_of(error)), error.position, error.length)
            self.preview.show_waiting()
            return True

        me = self._context.desk.me()
        self._context.tasks.ask(find, tree, me, then=take, owner=self, key="views-preview", failed=failed)

    def _complete(self, field: str, typed: str, offer: Callable[[tuple[str, ...]], object]) -> None:
        self._context.tasks.ask(values_of, field, typed, then=offer, owner=self, key="views-values")

    # -- saving

    def _save(self) -> None:
        name, tree, view = self.name.text().strip(), self.tree, self._start.view
        if not name:
            self.name.set_wrong(tr("Please give the view a name."))
            self.name.setFocus()
            return
        if tree is None:
            return
        values: dict[str, Any] = {
            "colour": self.colour.current(),
            "icon": self.icon.current(),
            "shared": self.shared.isChecked(),
        }
        tasks = self._context.tasks
        self.save.setEnabled(False)

        def failed(error: Exception) -> bool:
            self.save.setEnabled(True)
            self._say(told(words_of(error)))
            return True

        def done(noted: Noted) -> None:
            self.close_dialog()
            self._saved(noted.result)

        if view is None:
            said = tr("View “{name}” saved", name=name)
            values["sort"] = str(self._start.sort)
            tasks.do(noted, add_view, name, tree, done=said, then=done, owner=self, failed=failed, **values)
        else:
            values |= {"name": name, "condition": tree}
            said = tr("View “{name}” changed", name=name)
            tasks.do(noted, change_view, view.id, done=said, then=done, owner=self, failed=failed, **values)


def open_builder(context: Context, start: Start, saved: Callable[[Any], object] = lambda _result: None) -> None:
    """Show the builder; the desk's fields are asked for first."""

    def take(fields: dict[str, FieldEntry]) -> None:
        sheet = Builder(context, fields, start, saved)
        context.overlay.open(sheet, focus=sheet.name)

    context.tasks.ask(fields_of, then=take, owner=context.overlay, key="views-fields")
