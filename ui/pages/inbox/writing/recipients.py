"""The lines of addresses above a letter: To, Cc, Bcc, and for a new mail From and Subject."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.pages.inbox.writing.address_field import LINE, AddressField, as_text
from ui.pages.inbox.writing.letter import Person
from ui.text import tr
from ui.widgets.field import Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, row

_LABEL = 56


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
            field.edited.connect(self.changed)
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
            field.set_wrong("")

    def set_senders(self, senders: Sequence[tuple[str, str]], current: str = "") -> None:
        """The addresses to write from, (address, words); one alone is not asked about."""
        self.mailbox.set_options(senders, current)
        self._from.setVisible(len(senders) > 1)


def _line(word: str, field: QFrame | TextField | AddressField | Select) -> QFrame:
    label = Label(word, "small")
    label.setMinimumWidth(_LABEL)
    label.setFixedHeight(LINE)  # beside the first line of a field that has several
    return row(column(label, None), (field, 1), spacing=8)
