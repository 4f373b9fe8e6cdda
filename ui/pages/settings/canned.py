"""Canned answers: the texts that a desk says often, with a search, an editor and what their places mean."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.templates import commands
from app.templates.queries import Canned, canned_answers
from app.templates.rules import PLACES, unknown_places
from ui.pages import Context
from ui.pages.settings.form import TextArea
from ui.pages.settings.lists import ListPane
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import FieldBlock, SearchField, TextField
from ui.widgets.folding import KeyedRows
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import horizontal, row, set_box
from ui.widgets.overlay import Dialog
from ui.widgets.pill import Pill
from ui.widgets.state import EmptyState
from ui.widgets.toggle import CheckBox


class CannedRow(QFrame):
    """One answer: its word, its name, how it begins; a click edits it."""

    def __init__(self, one: Canned, pane: CannedPane) -> None:
        super().__init__()
        set_box(self, "row")
        self.one, self._pane = one, pane
        self._word, self._own = Pill("", "plain"), Pill(tr("Only mine"), "info")
        self._name, self._text = ElidingLabel("", "medium"), ElidingLabel("", "small")
        self.edit = ToolButton("pencil-outline", tr("Edit"), clicked=lambda: pane.open_editor(self.one))
        self.remove = ToolButton("trash-can-outline", tr("Remove"), clicked=lambda: pane.remove(self.one))
        words = QFrame()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._name.setSizePolicy(self._name.sizePolicy().Policy.Maximum, self._name.sizePolicy().Policy.Preferred)
        column.addWidget(row(self._name, self._word, self._own, None, spacing=8))
        column.addWidget(self._text)
        layout = horizontal(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(words, 1)
        layout.addWidget(self.edit)
        layout.addWidget(self.remove)
        self.setFocusProxy(self.edit)
        self.show_answer(one)

    def show_answer(self, one: Canned) -> None:
        """Show it as it is now."""
        self.one = one
        self._name.setText(one.name)
        self._text.setText(" ".join(one.text.split()))
        self._word.set_state(f"/{one.shortcut}", "plain")
        self._word.setVisible(bool(one.shortcut))
        self._own.setVisible(one.own)
        self.edit.set_name(tr("Edit {name}", name=one.name))
        self.remove.set_name(tr("Remove {name}", name=one.name))


class CannedPane(ListPane):
    """The list."""

    def __init__(self, context: Context) -> None:
        words = tr("Texts that you say often. In a mail or a chat, type / and the word, or a few letters of the name.")
        super().__init__(context, tr("Canned answers"), words)
        self.add = Button(tr("New answer"), icon="plus", clicked=lambda: self.open_editor(None))
        self.acts.addWidget(self.add)
        self.search = SearchField(tr("Find an answer"), pause_ms=80)
        self.search.searched.connect(lambda _typed: self.load())
        self.rows = KeyedRows(lambda one: CannedRow(one, self), lambda shown, one: shown.show_answer(one))
        self._empty = EmptyState(
            tr("No canned answers yet"),
            tr("Write once what you say every day; placeholders put in the customer’s name."),
            icon="text-box-outline",
            tone="plain",
        )
        self._none = Label(tr("Nothing found"), "small")
        for widget in (self.search, self.rows, self._none, self._empty):
            self.scroller.content.addWidget(widget)
        self._none.hide()
        self._empty.hide()

    def load(self) -> None:
        """Ask for what is kept."""
        typed, me = self.search.text().strip(), self.context.desk.me()
        self.context.tasks.ask(canned_answers, me, typed, then=self._show, owner=self, key="settings-canned")

    def _show(self, found: tuple[Canned, ...]) -> None:
        ordered = sorted(found, key=lambda one: one.name.casefold())
        self.rows.sync([(one.id, one) for one in ordered])
        searching = bool(self.search.text().strip())
        self._none.setVisible(not found and searching)
        self._empty.setVisible(not found and not searching)
        self.search.setVisible(bool(found) or searching)

    def remove(self, one: Canned) -> None:
        """Take one away; it can be undone."""
        self.do(commands.remove_canned, one.id, said=tr("“{name}” is removed.", name=one.name))

    def open_editor(self, one: Canned | None) -> None:
        """Write a new answer, or change one."""
        editor = CannedEditor(self, one)
        self.context.overlay.open(editor, focus=editor.name)

    def keep(self, key: UUID | None, editor: CannedEditor) -> None:
        """Keep what the editor says; what is refused is said there."""
        name, text, word = editor.name.text(), editor.text.toPlainText(), editor.word.text()
        own = editor.own.isChecked()
        done = partial(self.context.overlay.close_sheet, editor)
        if key is None:
            self.do(
                commands.add_canned, name, text, word, own, said=tr("Saved."), wrong=editor.refuse,
                then=lambda _id: done(),
            )  # fmt: skip
        else:
            fields = {"name": name, "text": text, "shortcut": word, "own": own}
            self.do(
                commands.change_canned, key, said=tr("Saved."), wrong=editor.refuse, then=lambda _on: done(), **fields
            )


class CannedEditor(Dialog):
    """A name, a word, the text."""

    def __init__(self, pane: CannedPane, one: Canned | None) -> None:
        super().__init__(tr("Edit the answer") if one is not None else tr("New answer"), width=560)
        self.name, self.word = TextField(name=tr("Name")), TextField(name=tr("Word after /"), placeholder=tr("hours"))
        self.text = TextArea(tr("Text"), 7)
        self.own = CheckBox(tr("Only for me"))
        self._wrong = Label("", "small", tone="bad", wrap=True)
        self._wrong.hide()
        self._odd = Label("", "small", tone="warn", wrap=True)
        self._odd.hide()
        if one is not None:
            self.name.setText(one.name)
            self.word.setText(one.shortcut)
            self.text.setPlainText(one.text)
            self.own.setChecked(one.own)
        places = ", ".join(f"{{{{{place}}}}}" for place in PLACES)
        told = Label(tr("Placeholders: {places}", places=places), "caption", wrap=True)
        told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.add(
            row((FieldBlock(tr("Name"), self.name), 3), (FieldBlock(tr("Word after /"), self.word), 2), spacing=12),
            FieldBlock(tr("Text"), self.text),
            told,
            self._odd,
            self.own,
            self._wrong,
        )
        self.text.textChanged.connect(self._look)
        self._look()
        keep = Button(tr("Save"), "primary", clicked=lambda: pane.keep(one.id if one is not None else None, self))
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), keep)

    def refuse(self, words: str) -> None:
        """Why it was not kept."""
        self._wrong.setText(words)
        self._wrong.show()

    def _look(self) -> None:
        """A placeholder that nobody can fill would be sent as it stands."""
        odd = unknown_places(self.text.toPlainText())
        self._odd.setText(tr("Deskbell does not know {places}: it is sent as it stands.", places=", ".join(odd)))
        self._odd.setVisible(bool(odd))
