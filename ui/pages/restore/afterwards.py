"""After a restore: the list of what is left to do, each line with the one press that does it.

A backup holds no passwords unless it was locked with a passphrase, and none of them is believed to a file from elsewhere;
so on a new computer each mailbox is signed in to once.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QApplication, QFrame

from app.desk.maintenance.restored import Afterwards, Signing, afterwards
from app.kernel import clock
from app.kernel.database.changes import Changes
from ui.pages import Context
from ui.pages.settings.sign_in import open_sign_in
from ui.text import tr, when_text
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.label import Label, Para
from ui.widgets.layout import clear, row, vertical
from ui.widgets.overlay import Dialog


class AfterSheet(Dialog):
    """The list. It follows what changes while it is open."""

    def __init__(self, context: Context, found: Afterwards) -> None:
        super().__init__(tr("The desk is restored"), width=560)
        self._context = context
        self._shown: Afterwards | None = None
        self._buttons: list[Button] = []
        self._words = Para("")
        self._lines = QFrame()
        self._layout = vertical(self._lines)
        self._layout.setSpacing(10)
        self.add(self._words, self._lines, None)
        self.close_button = Button(tr("Close"), "primary", clicked=self.close_dialog)
        self.set_foot(self.close_button, remark=tr("You find this list again in Settings, Data and backup."))
        context.bridge.changed.connect(self._changed)
        self.show_found(found)

    def show_found(self, found: Afterwards) -> None:
        """Show how it stands. What is as it was is not made anew: the keyboard may be on it."""
        if found == self._shown:
            return
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and self._lines.isAncestorOf(focus)
        self._shown, self._buttons = found, []
        made = when_text(found.made_at, clock.now()) if found.made_at else ""
        if found.is_done:
            words = tr("It is as it was when the backup was made: {when}. There is nothing left to do.", when=made)
        else:
            words = tr("It is as it was when the backup was made: {when}. This is left to do:", when=made)
        self._words.set_text(words)
        clear(self._layout)
        for each in found.mailboxes:
            self._layout.addWidget(self._mailbox_line(each))
        if found.held:
            told = tr("{n} message had not gone out.|{n} messages had not gone out.", n=found.held)
            look = Button(tr("Look"), "small", clicked=self._look)
            self._buttons.append(look)
            self._layout.addWidget(_line(False, told, tr("Look into the Sent folder before you send it again."), look))
        only_one = tr("Use only one of them from now on, or customers may get two answers.")
        self._layout.addWidget(_line(None, tr("Is the desk still open on the old computer?"), only_one, None))
        if had_keyboard:
            next(iter(self._buttons), self.close_button).setFocus()

    def _mailbox_line(self, each: Signing) -> QFrame:
        if not each.waits:
            return _line(True, each.address, tr("Signed in."), None)
        button = Button(tr("Sign in"), "small", clicked=partial(open_sign_in, self._context, each.id))
        button.setAccessibleName(tr("Sign in to {address}", address=each.address))
        self._buttons.append(button)
        return _line(False, each.address, tr("Waits for its password."), button)

    def _look(self) -> None:
        self.close_dialog()
        self._context.go("health", part="outbox")

    def _changed(self, changes: Changes) -> None:
        if changes.touches("mailbox", "outbox"):
            self._context.tasks.ask(afterwards, then=self.show_found, owner=self, key="restore.afterwards")


def open_afterwards(context: Context) -> None:
    """Ask how it stands, and show it."""
    context.tasks.ask(
        afterwards, then=lambda found: context.overlay.open(AfterSheet(context, found)), owner=context.overlay
    )


def _line(done: bool | None, title: str, text: str, button: Button | None) -> QFrame:
    icon, tone = {
        True: ("check-circle", "ok"),
        False: ("circle-outline", "warn"),
        None: ("information-outline", "text3"),
    }[done]
    words = QFrame()
    layout = vertical(words)
    layout.addWidget(Label(title, wrap=True))
    layout.addWidget(Label(text, "caption", wrap=True))
    return row(IconView(icon, tone, 16, box=20), (words, 1), *([button] if button else []), spacing=12)
