"""What a mailbox brings in: which folders are read, how far its history is in, and how much of the line that takes.

The folders are asked of the server only when somebody wants to see or change them. A tick counts at once: it is a choice,
not a text, and what was received before stays.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.inbox.commands import hold_history
from app.inbox.receiving import FolderChoice, HistoryProgress, folder_choices, history_progress
from app.kernel import clock
from app.kernel.errors import ExternalError, UserError
from app.kernel.sentences import words_of
from app.kernel.state import options
from ui.pages import Context
from ui.pages.settings.form import LABEL_WIDTH
from ui.text import count_text, date_text, size_text, told, tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, row, vertical
from ui.widgets.state import Busy
from ui.widgets.toggle import CheckBox, Switch

_LOW = "low_bandwidth"


class MailPart(QFrame):
    """The part of the editor that is about receiving."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._mailbox: UUID | None = None
        self._folders = column(spacing=4)
        self._said = Label("", "small", wrap=True)
        self._looking = Busy(tr("Asking the server for its folders…"))
        self.look_button = Button(tr("Ask the server"), "small", clicked=self.look)
        self._history = Label("", wrap=True)
        self._more = Label("", "small", wrap=True)
        self.hold_button = Button(tr("Stop bringing it in"), "small", clicked=self._hold)
        self._is_held = False
        self.low = Switch(tr("Slow or metered connection"))
        self.low.toggled.connect(self._set_low)
        note = tr(
            "On this computer, for every mailbox: large messages come last, in small pieces, and the server is asked less often."
        )
        layout = vertical(self)
        layout.setSpacing(12)
        folders = column(
            self._folders, self._said, self._looking, row(self.look_button, None), margins=(0, 6, 0, 0), spacing=8
        )
        history = column(self._history, self._more, row(self.hold_button, None), margins=(0, 8, 0, 0), spacing=6)
        for label, content in (
            (tr("Folders read"), folders),
            (tr("Mail from before"), history),
            (tr("Slow connection"), column(row(self.low, None), Label(note, "caption", wrap=True), spacing=4)),
        ):
            layout.addWidget(FormRow(label, content, label_width=LABEL_WIDTH))
        self._looking.hide()

    def show_mailbox(self, mailbox: UUID) -> None:
        """Show what is known here; the server is not asked."""
        if mailbox != self._mailbox:
            self._mailbox = mailbox
            self._said.setText("")
        tasks = self.context.tasks
        tasks.ask(folder_choices, mailbox, then=self._show_folders, owner=self, key="mailbox.folders")
        tasks.ask(history_progress, mailbox, then=self._show_history, owner=self, key="mailbox.history")
        tasks.ask(options.get, _LOW, then=self._show_low, owner=self, key="mailbox.low")

    # -- folders ------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Ask the server for its folders."""
        mailbox, desk = self._mailbox, self.context.desk
        if mailbox is None:
            return
        self._looking.show()
        self.look_button.setEnabled(False)
        self._said.setText("")

        def work() -> tuple[FolderChoice, ...]:
            from app.desk.setup import receiving  # only here, in a task: it brings the whole of receiving along

            return receiving.find_folders(desk, mailbox)

        self.context.tasks.run(
            work,
            then=self._show_folders,
            owner=self,
            key="mailbox.folders",
            failed=self._not_found,
        )

    def _not_found(self, error: Exception) -> bool:
        self._looking.hide()
        self.look_button.setEnabled(True)
        if isinstance(error, (ExternalError, UserError)):
            self._said.setText(told(words_of(error)))
            self._said.set_tone("bad")
            return True
        return False

    def _show_folders(self, found: tuple[FolderChoice, ...]) -> None:
        self._looking.hide()
        self.look_button.setEnabled(True)
        layout = self._folders.layout()
        assert isinstance(layout, QVBoxLayout)
        clear(layout)
        for each in found:
            layout.addWidget(self._folder(each))
        if not found:
            self._said.set_tone("")
            self._said.setText(tr("The server has not been asked for its folders yet."))

    def _folder(self, each: FolderChoice) -> QFrame:
        role = {"inbox": tr("new mail"), "sent": tr("sent from elsewhere"), "junk": tr("kept apart as spam")}
        box = CheckBox("")
        box.setAccessibleName(tr("Read the folder {name}", name=each.name))
        box.setChecked(each.is_received)
        box.setEnabled(each.role.value != "inbox")  # without it there would be nothing to answer
        box.toggled.connect(partial(self._choose, each.name))
        mails = tr("{n} message|{n} messages", n=each.server) if each.server else ""
        words = " · ".join(word for word in (role.get(each.role.value, ""), mails) if word)
        return row(box, Label(each.name), (ElidingLabel(words, "small"), 1), spacing=8)

    def _choose(self, name: str, wanted: bool) -> None:
        mailbox, desk = self._mailbox, self.context.desk
        if mailbox is None:
            return
        chosen = {"receive": (name,)} if wanted else {"ignore": (name,)}
        words = (
            tr("{name} is read from now on.", name=name)
            if wanted
            else tr("{name} is no longer read. What came from it stays.", name=name)
        )

        def work() -> None:
            from app.desk.setup import receiving

            receiving.choose(desk, mailbox, **chosen)

        self.context.tasks.run(work, then=lambda _none: self.context.toasts.say(words), owner=self)

    # -- history ------------------------------------------------------------------------------------------------------

    def _show_history(self, found: HistoryProgress) -> None:
        if found.is_done:
            self._history.setText(tr("All of it is here."))
        elif found.is_held:
            self._history.setText(tr("Stopped. New mail comes in all the same."))
        else:
            self._history.setText(tr("Coming in."))
        words = ""
        if found.mails:
            words = tr(
                "{here} of {mails} messages ({size}), the oldest from {date}.",
                here=count_text(found.here),
                mails=count_text(found.mails),
                size=size_text(found.size_bytes),
                date=date_text(found.oldest_at, clock.now()) if found.oldest_at else "?",
            )
        self._more.setText(words)
        self._more.setVisible(bool(words))
        self._is_held = found.is_held
        self.hold_button.setVisible(not found.is_done)
        self.hold_button.setText(tr("Go on bringing it in") if found.is_held else tr("Stop bringing it in"))

    def _hold(self) -> None:
        if self._mailbox is not None:
            mailbox = self._mailbox
            self.context.tasks.do(
                hold_history,
                mailbox,
                held=not self._is_held,
                owner=self,
                then=lambda _none: self.show_mailbox(mailbox),
            )

    # -- the line -----------------------------------------------------------------------------------------------------

    def _show_low(self, on: bool) -> None:
        blocked = self.low.blockSignals(True)
        self.low.setChecked(on)
        self.low.blockSignals(blocked)

    def _set_low(self, on: bool) -> None:
        self.context.tasks.do(options.put, _LOW, value=on)
