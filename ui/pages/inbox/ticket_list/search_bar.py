"""What stands above the rows while one searches: the field, where to look, which comes first, and a way to keep the search."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout

from app.search.queries import Order, Scope
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import SearchField
from ui.widgets.label import Label
from ui.widgets.layout import flow, row


def scope_words() -> list[tuple[str, str]]:
    """Where words may be looked for, as (key, text)."""
    return [
        (str(Scope.ALL), tr("All")),
        (str(Scope.SUBJECT), tr("Subject")),
        (str(Scope.CONVERSATION), tr("Messages")),
        (str(Scope.NOTES), tr("Notes")),
        (str(Scope.PEOPLE), tr("People")),
        (str(Scope.FILES), tr("Files")),
    ]


class SearchBar(QFrame):
    """The field and, while something is typed, what belongs to it."""

    searched = Signal(str)  # what is typed now; also when it is to be looked for elsewhere or in another order
    kept = Signal(str)  # what is typed shall be a view

    def __init__(self) -> None:
        super().__init__()
        self.field = SearchField(tr("Search tickets and customers"))
        self.field.searched.connect(self._typed)
        self.scopes = {key: Button(text, "chip", checkable=True) for key, text in scope_words()}
        self._group = QButtonGroup(self)
        for button in self.scopes.values():
            self._group.addButton(button)
        self._group.buttonClicked.connect(lambda _button: self._again())
        self.order = Button("", "chip", icon="sort-variant", clicked=self.turn)
        self.order.setToolTip(tr("Sort order"))
        self.keep = ToolButton("content-save-outline", tr("Save this search as a view"), size=28, icon_size=16)
        self.keep.clicked.connect(lambda: self.kept.emit(self.field.text().strip()))
        self.suggestion = Button("", "ghost", icon="magnify", clicked=lambda: self.field.setText(self._meant))
        self.wrong = Label("", "small", tone="warn", wrap=True)
        self._best, self._meant = False, ""
        self._more = QFrame()
        column = QVBoxLayout(self._more)
        column.setContentsMargins(12, 6, 12, 2)
        column.setSpacing(2)
        places = flow(*self.scopes.values(), self.order, self.keep, spacing=2)
        places.setAccessibleName(tr("Where to search"))
        column.addWidget(places)
        column.addWidget(row(self.suggestion, None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row((self.field, 1), margins=(16, 8, 16, 0)))
        layout.addWidget(row((self.wrong, 1), margins=(20, 4, 16, 0)))
        layout.addWidget(self._more)
        self.wrong.hide()
        self._more.hide()
        self.suggestion.hide()
        self.look_in(Scope.ALL)
        self._say_order()

    @property
    def scope(self) -> Scope:
        """Where to look."""
        return next(Scope(key) for key, button in self.scopes.items() if button.isChecked())

    def look_in(self, scope: Scope) -> None:
        """Look there from the next letter on."""
        self.scopes[str(scope)].setChecked(True)

    @property
    def best_first(self) -> Order:
        """Which comes first."""
        return Order.BEST if self._best else Order.NEWEST

    def turn(self) -> None:
        """The best first instead of the newest, or the other way round."""
        self._best = not self._best
        self._say_order()
        self._again()

    def next_scope(self) -> None:
        """Look at the next place."""
        scopes = list(Scope)
        self.look_in(scopes[(scopes.index(self.scope) + 1) % len(scopes)])
        self._again()

    def _again(self) -> None:
        if self.field.text().strip():
            self.searched.emit(self.field.text())

    def say_wrong(self, words: str) -> None:
        """What was typed cannot be understood; said calmly, what is shown stays."""
        self.wrong.setText(words)
        self.wrong.setVisible(bool(words))

    def suggest(self, typed: str) -> None:
        """Something better to type; "" for nothing."""
        self._meant = typed
        self.suggestion.setText(tr("Did you mean “{words}”?", words=typed))
        self.suggestion.setVisible(bool(typed))

    def _typed(self, typed: str) -> None:
        if not typed.strip():
            self.look_in(Scope.ALL)
            self.say_wrong("")
        self.suggest("")
        self._more.setVisible(bool(typed.strip()))
        self.searched.emit(typed)

    def _say_order(self) -> None:
        self.order.setText(tr("Best first") if self._best else tr("Newest first"))


def found_words(tickets: int, *, is_done: bool) -> str:
    """How many were found, as far as they are counted."""
    if is_done:
        return tr("{n} found", n=tickets)
    return tr("{n} so far", n=tickets)
