"""One condition in the builder: a field, how it is compared, and with what. An error stands beneath it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QFrame, QSizePolicy, QStackedWidget, QVBoxLayout

from app.conditions.fields import Kind, checked, field_named
from app.conditions.tree import Check, Node, Not, Op, QueryError
from app.kernel.sentences import words_of
from app.search.catalogue import FieldEntry
from ui.pages.views.words import field_word, operator_word, placeholder, value_word
from ui.text import told, tr
from ui.widgets.button import ToolButton
from ui.widgets.field import Select, TextField, list_of_offers
from ui.widgets.label import Label
from ui.widgets.layout import row

Complete = Callable[[str, str, Callable[[tuple[str, ...]], object]], None]
"""(field, what is typed, what gets the values that fit)."""

_NOT = "not:"
_VALUELESS = (Op.EMPTY, Op.FILLED)
_PAUSE_MS = 120


class ValueField(TextField):
    """A value that is typed, with those that the desk knows offered."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(name=tr("Value"))
        self._complete = complete
        self.field = ""
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        list_of_offers(completer)
        self.setCompleter(completer)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.textEdited.connect(lambda _text: self._pause.start())

    def _ask(self) -> None:
        self._complete(self.field, self.text().strip(), self._offer)

    def _offer(self, values: tuple[str, ...]) -> None:
        if list(values) != self._known.stringList():
            self._known.setStringList(list(values))
            if self.hasFocus() and values and self.text().strip() not in values:
                self.completer().complete()


class Condition(QFrame):
    """A row: `node()` is what it says; a row that is not finished says nothing yet."""

    changed = Signal()
    removed = Signal()

    def __init__(self, fields: Mapping[str, FieldEntry], complete: Complete) -> None:
        super().__init__()
        self._fields = dict(fields)
        self.field = Select([(name, field_word(one)) for name, one in fields.items()], name=tr("Field"))
        self.field.setMaxVisibleItems(16)
        self.operator = Select(name=tr("Compared how"))
        self.choice = Select(name=tr("Value"))
        self.value = ValueField(complete)
        self._values = QStackedWidget()
        self._values.addWidget(self.choice)
        self._values.addWidget(self.value)
        self._values.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for one in (self.field, self.operator, self.choice):
            one.setSizeAdjustPolicy(Select.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            one.setMinimumContentsLength(4)
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        remove = ToolButton("close", tr("Remove this condition"), clicked=self.removed.emit)
        self._wrong = Label("", "small", tone="bad", wrap=True)
        self._wrong.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(row((self.field, 4), (self.operator, 4), (self._values, 5), remove, spacing=6))
        layout.addWidget(self._wrong)
        self.field.chosen.connect(self._field_chosen)
        self.operator.chosen.connect(lambda _key: self._changed())
        self.choice.chosen.connect(lambda _key: self._changed())
        self.value.textChanged.connect(lambda _text: self._changed())

    # -- what it says

    def show_node(self, node: Check | Not) -> None:
        """Show a condition of a tree, without telling anybody."""
        negated = isinstance(node, Not)
        check = node.part if isinstance(node, Not) else node
        assert isinstance(check, Check)
        self._quiet(True)
        self.field.choose(self._known(check.field))
        self._offer(negated_op=check.op if negated else None)
        self.operator.choose((_NOT if negated else "") + str(check.op))
        self.choice.choose(check.value)
        self.value.setText(check.value)
        self._quiet(False)
        self._fit()

    def _known(self, name: str) -> str:
        """The field of this name; one that the desk has no more is offered in this row, so that nothing else is shown."""
        found = next((one for one in self._fields if one.casefold() == name.casefold()), "")
        if not found and (one := field_named(name)) is not None:
            found = one.name
            self._fields[found] = FieldEntry(found, one.kind, one.label, one.operators, one.values, is_own=True)
            self.field.addItem(one.label, found)
        return found

    def node(self) -> Node | None:
        """What the row says; None while its value is missing. Raises QueryError for what cannot be."""
        entry, (op, negated) = self._entry(), self._operator()
        value = self._typed()
        if not value and op not in _VALUELESS:
            return None
        check = checked(entry.name, op, value)
        return Not(check) if negated else check

    def check(self) -> bool:
        """Say beneath the row what is wrong with it; True if nothing is."""
        try:
            self.node()
        except QueryError as error:
            self.show_wrong(told(words_of(error)))
            return False
        self.show_wrong("")
        return True

    def show_wrong(self, words: str) -> None:
        """An error, at its place."""
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self.value.set_wrong(words)

    # -- how it looks

    def _entry(self) -> FieldEntry:
        return self._fields[self.field.current()]

    def _operator(self) -> tuple[Op, bool]:
        key = self.operator.current()
        return Op(key.removeprefix(_NOT)), key.startswith(_NOT)

    def _typed(self) -> str:
        shown = self._values.currentWidget() is self.choice
        return self.choice.current() if shown else self.value.text().strip()

    def _field_chosen(self, _name: str) -> None:
        self._quiet(True)
        self._offer()
        self.value.clear()
        self._quiet(False)
        self._fit()
        self._changed()

    def _offer(self, negated_op: Op | None = None) -> None:
        """The operators and values of the field; a negated one where the field has no opposite, or a tree brings it."""
        entry = self._entry()
        offered = [(str(op), operator_word(op, entry)) for op in entry.operators]
        opposed = Op.IS_NOT in entry.operators
        negated: set[Op] = {
            op for op in (Op.CONTAINS, Op.IS) if op in entry.operators and not (op is Op.IS and opposed)
        }
        negated |= {negated_op} if negated_op is not None else set()
        offered += [(_NOT + op, operator_word(op, entry, negated=True)) for op in sorted(negated)]
        self.operator.set_options(offered, str(entry.operators[0]))
        self.choice.set_options([(one, value_word(entry.name, one)) for one in entry.values])
        self.value.field = entry.name
        self.value.setPlaceholderText(placeholder(entry.kind))

    def _fit(self) -> None:
        entry, (op, _) = self._entry(), self._operator()
        chosen = entry.kind is Kind.CHOICE and bool(entry.values) and op is not Op.CONTAINS
        self._values.setCurrentWidget(self.choice if chosen else self.value)
        self._values.setVisible(op not in _VALUELESS)
        self.operator.setVisible(entry.kind is not Kind.AGE or self._operator()[1])

    def _changed(self) -> None:
        self._fit()
        self.changed.emit()

    def _quiet(self, on: bool) -> None:
        for one in (self.field, self.operator, self.choice, self.value):
            one.blockSignals(on)

    def begin(self) -> None:
        """A new row: the first field, nothing to compare with yet."""
        self._quiet(True)
        self.field.choose("status")
        self._offer()
        self._quiet(False)
        self._fit()
