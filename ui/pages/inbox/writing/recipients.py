"""The lines of addresses above a letter: To, Cc, Bcc, and for a new mail From and Subject."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QFrame, QVBoxLayout

from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.outbox.queueing import people
from ui.text import told, tr
from ui.widgets.field import Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import row

Person = tuple[str, str]
_LABEL = 56


def as_text(persons: Sequence[Person]) -> str:
    """People as one types them."""
    return ", ".join(f"{name} <{address}>" if name and "," not in name else address for name, address in persons)


class AddressField(TextField):
    """Addresses, separated by commas; completes the one being typed over the customers."""

    completion_wanted = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._names = QStringListModel([], self)
        completer = QCompleter(self._names, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setWidget(self)
        completer.activated.connect(self._take)
        self._completer = completer
        self.textEdited.connect(self._typed)

    def persons(self) -> tuple[Person, ...]:
        """The addresses typed. Raises UserError for one that is none, and marks the field."""
        try:
            found = people([self.text()]) if self.text().strip(" ,;") else ()
        except UserError as error:
            self.set_wrong(told(words_of(error)))
            raise
        self.set_wrong("")
        return found

    def offer(self, persons: Sequence[Person]) -> None:
        """Customers that fit what is being typed."""
        self._names.setStringList([as_text([one]) for one in persons])
        if persons and self.hasFocus():
            self._completer.complete()
        else:
            self._hide()

    def _typed(self, text: str) -> None:
        last = text.rpartition(",")[2].strip()
        self.set_wrong("")
        if len(last) >= 2:
            self.completion_wanted.emit(last)
        else:
            self._hide()

    def _hide(self) -> None:
        popup = self._completer.popup()
        if popup is not None:
            popup.hide()

    def _take(self, chosen: str) -> None:
        before = self.text().rpartition(",")[0]
        self.setText(f"{before}, {chosen}" if before else chosen)


class Recipients(QFrame):
    """The lines; Cc and Bcc come when they are asked for."""

    changed = Signal()
    completion_wanted = Signal(object, str)  # AddressField, words

    def __init__(self, *, new: bool) -> None:
        super().__init__()
        self._new = new
        self.to, self.cc, self.bcc = AddressField(tr("To")), AddressField(tr("Cc")), AddressField(tr("Bcc"))
        self.subject = TextField(
            name=tr("Subject"), parent=self
        )  # a reply shows none, but its field goes when the window does
        self.subject.setVisible(new)
        self.mailbox = Select([], name=tr("From"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(6)
        self._from = _line(tr("From"), self.mailbox)
        self._lines = [_line(tr("To"), self.to), _line(tr("Cc"), self.cc), _line(tr("Bcc"), self.bcc)]
        for frame in (self._from, *self._lines, *([_line(tr("Subject"), self.subject)] if new else [])):
            layout.addWidget(frame)
        self.mailbox.chosen.connect(lambda _key: self.changed.emit())
        self._from.hide()
        for field in (self.to, self.cc, self.bcc):
            field.textEdited.connect(lambda _text: self.changed.emit())
            field.completion_wanted.connect(lambda words, field=field: self.completion_wanted.emit(field, words))
        self.subject.textEdited.connect(lambda _text: self.changed.emit())
        self.show_copies(False)
        if not new:
            self.hide()

    def show_copies(self, on: bool) -> None:
        """Show or hide Cc and Bcc (and, in a reply, From and To)."""
        for frame in self._lines[1:]:
            frame.setVisible(on)
        if not self._new:
            self.setVisible(on)

    @property
    def copies_shown(self) -> bool:
        """Are Cc and Bcc shown?"""
        return not self._lines[1].isHidden()

    def set_people(self, to: Sequence[Person], cc: Sequence[Person] = (), bcc: Sequence[Person] = ()) -> None:
        """Put recipients in."""
        for field, persons in ((self.to, to), (self.cc, cc), (self.bcc, bcc)):
            field.setText(as_text(persons))
            field.setCursorPosition(0)
            field.set_wrong("")

    def set_senders(self, senders: Sequence[tuple[str, str]], current: str = "") -> None:
        """The addresses to write from, (address, words); one alone is not asked about."""
        self.mailbox.set_options(senders, current)
        self._from.setVisible(len(senders) > 1)


def _line(word: str, field: QFrame | TextField | Select) -> QFrame:
    label = Label(word, "small")
    label.setMinimumWidth(_LABEL)
    return row(label, (field, 1), spacing=8)
