"""The desk's own fields of tickets: which there are, in which order, and a sheet to make or change one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtCore import QPoint
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit

from app.fields import choices, commands
from app.fields.queries import FieldInfo, fields
from app.fields.rules import CHOSEN, Kind
from ui.icons import icon
from ui.pages import Context
from ui.pages.settings.form import TextArea
from ui.pages.settings.lists import ListPane
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import FieldBlock, Select, TextField
from ui.widgets.folding import KeyedRows
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import horizontal, row, set_box, vertical
from ui.widgets.overlay import Dialog, ask
from ui.widgets.pill import Pill
from ui.widgets.state import EmptyState
from ui.widgets.toggle import Switch

_LEAST = 72  # px of the choices that are seen at least


def kind_word(kind: str) -> str:
    """A kind of field in a word."""
    return {
        "text": tr("Text"),
        "number": tr("Number"),
        "date": tr("Date"),
        "choice": tr("One of a list"),
        "multi": tr("Several of a list"),
        "tree": tr("One of a tree"),
        "checkbox": tr("Yes or no"),
        "url": tr("Web address"),
    }[kind]


class FieldSheet(Dialog):
    """A field to make (`info` None) or to change; `save(values)` is called with what is given, as the commands take it."""

    def __init__(self, info: FieldInfo | None, save: Callable[[dict[str, object]], object]) -> None:
        super().__init__(tr("New field") if info is None else tr("Field “{name}”", name=info.name), width=520)
        self._info, self._save = info, save
        self.name = TextField(info.name if info else "", name=tr("Name"))
        self._name_block = FieldBlock(tr("Name"), self.name)
        kinds = [(str(kind), kind_word(kind)) for kind in Kind]
        self.kind = Select(kinds, info.kind if info else "text", name=tr("Kind"))
        self.kind.setEnabled(info is None)
        hint = "" if info is None else tr("The kind stays, since tickets hold values of it.")
        self.hint = TextField(info.hint if info else "", name=tr("Help text"))
        self.choices: QPlainTextEdit = TextArea(tr("Choices"), 8)
        self.choices.setMinimumHeight(_LEAST)  # a low window has less room for it
        self.choices.setPlainText(choices.as_text(info.choices) if info else "")
        self._choices_block = FieldBlock(tr("Choices"), self.choices, hint=" ")
        self.required = Switch(tr("Needed before a ticket is solved"), info.required if info else False)
        self.add(
            self._name_block,
            FieldBlock(tr("Kind"), self.kind, hint=hint),
            FieldBlock(tr("Help text"), self.hint, hint=tr("Shown beside the field.")),
            self._choices_block,
            row(self.required, (Label(tr("Needed before a ticket is solved"), wrap=True), 1), spacing=12),
        )
        words = tr("Add field") if info is None else tr("Save")
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), Button(words, "primary", clicked=self.submit))
        self.kind.chosen.connect(lambda _key: self._fit())
        self._fit()

    def submit(self) -> None:
        """Hand over what is given."""
        values: dict[str, object] = {
            "name": self.name.text().strip(),
            "hint": self.hint.text().strip(),
            "required": self.required.isChecked(),
        }
        if self.kind.current() in CHOSEN:
            values["choices"] = self.choices.toPlainText()
        if self._info is None:
            values["kind"] = self.kind.current()
        self._save(values)

    def say(self, words: str) -> None:
        """Why it cannot be kept."""
        is_about_choices = bool(self.name.text().strip()) and not self._choices_block.isHidden() and "choo" in words
        for block in (self._choices_block, self._name_block):
            block.set_wrong(words if is_about_choices is (block is self._choices_block) else "")

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if self.choices.hasFocus() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # a line of its own, not the default button
            return
        super().keyPressEvent(event)

    def _fit(self) -> None:
        kind = self.kind.current()
        self._choices_block.setVisible(kind in CHOSEN)
        tree = tr("One per line. What is indented belongs to the line above it.")
        self._choices_block.set_wrong("")
        self._choices_block.set_hint(tree if kind == Kind.TREE else tr("One per line, in their order."))


class FieldLine(QFrame):
    """A field in the list."""

    def __init__(self, info: FieldInfo, pane: FieldsPane) -> None:
        super().__init__()
        set_box(self, "row")
        self._info, self._pane = info, pane
        self.name = Button("", "quiet", clicked=lambda: pane.edit(self._info))
        self._kind = ElidingLabel("", "small")
        self._needed = Pill(tr("Needed to solve"), "plain")
        self.menu = ToolButton("dots-horizontal", tr("More"), size=28, icon_size=16, clicked=self._open_menu)
        words = QFrame()
        lines = vertical(words)
        lines.addWidget(row(self.name, None))
        kind = row((self._kind, 1))
        kind.setContentsMargins(8, 0, 0, 0)
        lines.addWidget(kind)
        layout = horizontal(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.setSpacing(8)
        layout.addWidget(words, 1)
        layout.addWidget(self._needed)
        layout.addWidget(self.menu)
        self.setFocusProxy(self.name)
        self.show_field(info)

    def show_field(self, info: FieldInfo) -> None:
        """Show it as it is now."""
        self._info = info
        self.name.setText(info.name)
        self.name.setAccessibleName(tr("Change the field {name}", name=info.name))
        several = ", ".join(one.path for one in info.offered)
        kind = kind_word(info.kind)
        self._kind.setText("  ·  ".join(part for part in (kind, several, info.hint) if part))
        self._needed.setVisible(info.required)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("pencil-outline"), tr("Change…"), lambda: self._pane.edit(self._info))
        menu.addAction(icon("arrow-up"), tr("Move up"), lambda: self._pane.move_by(self._info, -1))
        menu.addAction(icon("arrow-down"), tr("Move down"), lambda: self._pane.move_by(self._info, 1))
        menu.addSeparator()
        menu.addAction(icon("trash-can-outline"), tr("Remove…"), lambda: self._pane.remove(self._info))
        menu.popup(self.menu.mapToGlobal(QPoint(0, self.menu.height())))


class FieldsPane(ListPane):
    """The list."""

    def __init__(self, context: Context) -> None:
        text = tr(
            "What your desk wants to know of a ticket. They stand beside the conversation, and can be searched for."
        )
        super().__init__(context, tr("Fields"), text)
        self._fields: tuple[FieldInfo, ...] = ()
        self.add_button = Button(tr("Add field"), icon="plus", clicked=lambda: self.edit(None))
        self.acts.addWidget(self.add_button)
        self.rows = KeyedRows(
            lambda info: FieldLine(info, self), lambda shown, info: shown.show_field(info), self.add_button.setFocus
        )
        self._empty = EmptyState(
            tr("No fields yet"),
            tr("Such as the product, the order’s number or the cause."),
            icon="form-select",
            tone="plain",
        )
        self.scroller.content.addWidget(self.rows)
        self.scroller.content.addWidget(self._empty)

    def load(self) -> None:
        """Ask which there are."""
        self.context.tasks.ask(fields, then=self._take, owner=self, key="settings.fields")

    def edit(self, info: FieldInfo | None) -> None:
        """Change a field, or make one."""

        def save(values: dict[str, object]) -> None:
            def kept(_result: object) -> None:
                sheet.close_dialog()

            if info is None:
                name, kind = values.pop("name"), values.pop("kind")
                self.do(commands.add_field, name, kind, said=tr("Field added"), wrong=sheet.say, then=kept, **values)
            else:
                self.do(commands.change_field, info.id, said=tr("Field changed"), wrong=sheet.say, then=kept, **values)

        sheet = FieldSheet(info, save)
        self.context.overlay.open(sheet, focus=sheet.name)

    def move_by(self, info: FieldInfo, by: int) -> None:
        """Up or down."""
        order: list[UUID] = [one.id for one in self._fields]
        place = order.index(info.id)
        if 0 <= place + by < len(order):
            order.insert(place + by, order.pop(place))
            self.do(commands.order_fields, order, said=tr("Order changed"))

    def remove(self, info: FieldInfo) -> None:
        """Ask, and remove it."""
        words = tr("Tickets keep what they hold in it, and show it again if you undo this.")
        go = partial(self.do, commands.remove_field, info.id, said=tr("Field removed"))
        ask(self.context.overlay, tr("Remove “{name}”?", name=info.name), words, tr("Remove field"), go)

    def _take(self, found: tuple[FieldInfo, ...]) -> None:
        self._fields = found
        self.rows.sync([(one.id, one) for one in found])
        self.rows.setVisible(bool(found))
        self._empty.setVisible(not found)
