"""A new mail to somebody, in the place of the conversation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.kernel.errors import UserError
from app.outbox.queries import DraftView
from app.templates.rules import first_name
from ui.pages.chats.answers import AnswerCaller
from ui.pages.inbox.loading import Surroundings
from ui.pages.inbox.writing.letter import Person
from ui.pages.inbox.writing.writer import Letter, Writer
from ui.text import tr
from ui.widgets.button import ToolButton
from ui.widgets.layout import set_box
from ui.widgets.panel import BarHeader

_LETTER = 240


class NewMail(QFrame):
    """Header and composer; what is typed is a draft like any other."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_box(self, "canvas")
        close = ToolButton("close", tr("Close; the draft is kept"), clicked=self._close)
        self.header = BarHeader(tr("New mail"), close)
        self.header.setFixedHeight(80)
        self.writer = Writer(new=True)
        self.writer.composer.edit.set_least(_LETTER)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(self.header)
        layout.addWidget(self.writer)
        layout.addStretch(1)
        self.writer.composer.take_files_from(self)
        self.answers = AnswerCaller(self.writer.composer.edit, self.writer.composer, self, self._known)
        self.writer.canned_wanted.connect(self.answers.open)

    def _known(self) -> dict[str, str]:
        """What a canned answer can say of the letter before there is a ticket: to whom it goes, and about what."""
        fields = self.writer.recipients
        try:
            name = next((name for name, _address in fields.to.persons()), "")
        except UserError:  # an address that is not whole yet
            name = ""
        return {
            "customer.name": name,
            "customer.first_name": first_name(name),
            "ticket.subject": fields.subject.text().strip(),
        }

    def begin(self, around: Surroundings | None, draft: DraftView | None, to: tuple[Person, ...] = ()) -> None:
        """Write to somebody, or go on with what was begun."""
        letters = [Letter.of_draft(draft)] if draft is not None else []
        self._show(around, to, letters)

    def begin_as(self, around: Surroundings | None, letter: Letter) -> None:
        """Write what a link asks for: all of it can be changed, and nothing is sent by itself."""
        self._show(around, letter.to, [letter], cc=letter.cc)
        self.writer.recipients.subject.setText(letter.subject)
        self.writer.composer.edit.setFocus() if letter.to and letter.subject else None

    def pass_on(self, around: Surroundings | None, letter: Letter, sender: str) -> None:
        """Write to somebody else about a message: it stands below, with its files."""
        self._show(around, (), [letter], sender)
        cursor = self.writer.composer.edit.textCursor()
        cursor.movePosition(cursor.MoveOperation.Start)
        self.writer.composer.edit.setTextCursor(cursor)

    def _show(
        self,
        around: Surroundings | None,
        to: tuple[Person, ...],
        letters: list[Letter],
        sender: str = "",
        cc: tuple[Person, ...] = (),
    ) -> None:
        passing_on = any(one.about is not None for one in letters)
        self.header.set_title(tr("Forward") if passing_on else tr("New mail"))
        self.writer.send_solve.setVisible(not passing_on)
        senders = around.senders if around is not None else ()
        self.writer.begin(to, cc, letters, senders=senders, sender=sender or (senders[0].address if senders else ""))
        self.writer.send_solve.setVisible(not passing_on)
        fields = self.writer.recipients
        (self.writer.composer.edit if fields.to.text() and fields.subject.text() else
         fields.subject if fields.to.text() else fields.to).setFocus()  # fmt: skip

    def _close(self) -> None:
        self.writer.keep_now()
        self.closed.emit()
