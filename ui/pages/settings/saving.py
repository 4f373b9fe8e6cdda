"""Asking how a backup file is to be made: plain, or locked with a passphrase and then with the passwords in it, if wanted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.maintenance.archive import SUFFIX, check_passphrase
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.backing_up import backups_of
from ui.text import told, tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, PasswordField
from ui.widgets.label import Label, Para
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.toggle import CheckBox, Switch


class SaveSheet(Dialog):
    """The sheet. Without a passphrase, whoever has the file can read every letter in it; so it is said."""

    def __init__(self, context: Context) -> None:
        super().__init__(tr("Save a backup file"), width=520)
        self._context = context
        words = tr(
            "The whole desk in one file: every ticket, every message, every setting. You go on working meanwhile."
        )
        self.locks = Switch(tr("Lock it with a passphrase"))
        self.passphrase = PasswordField(name=tr("Passphrase"))
        self.again = PasswordField(name=tr("Repeat it"))
        self.passwords = CheckBox(tr("With the passwords of the mailboxes"))
        self.passwords.setChecked(True)
        self._open_words = Label(
            tr("Anybody who has the file can read every message in it. It contains no passwords."), "small", wrap=True
        )
        self._first = FieldBlock(
            tr("Passphrase"),
            self.passphrase,
            hint=tr("Four or five words are best. Without it nobody can open the file, not even you."),
        )
        self._second = FieldBlock(tr("Repeat it"), self.again)
        self._fields = column(self._first, self._second, self.passwords, spacing=12)
        self.add(
            Para(words),
            row(self.locks, (Label(tr("Lock it with a passphrase")), 1), spacing=12),
            self._open_words,
            self._fields,
        )
        self.go = Button(tr("Choose where…"), "primary", clicked=self._choose)
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), self.go)
        self.locks.toggled.connect(self._toggled)
        for field in (self.passphrase, self.again):
            field.textEdited.connect(lambda _text: self._show())
        self._show()

    def _toggled(self, on: bool) -> None:
        self._show()
        if on:
            self.passphrase.setFocus()

    def _show(self) -> None:
        locked = self.locks.isChecked()
        self._fields.setVisible(locked)
        self._open_words.setVisible(not locked)
        self._second.set_wrong("")
        self.go.setEnabled(not locked or bool(self.passphrase.text() and self.again.text()))

    def _choose(self) -> None:
        if not self._is_good():
            return
        suggested = str(Path.home() / f"desk-{clock.now():%Y-%m-%d}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self, tr("Save a backup file"), suggested, f"Deskbell (*{SUFFIX})")
        if name:
            self.save(Path(name))

    def save(self, target: Path) -> None:
        """Begin, and leave the sheet."""
        if not self._is_good():
            return
        passphrase = self.passphrase.text() if self.locks.isChecked() else None
        backups_of(self._context).write(
            target, passphrase, with_passwords=passphrase is not None and self.passwords.isChecked()
        )
        self.close_dialog()

    def _is_good(self) -> bool:
        if not self.locks.isChecked():
            return True
        try:
            check_passphrase(self.passphrase.text())
        except UserError as error:
            self._first.set_wrong(told(words_of(error)))
            return False
        if self.passphrase.text() != self.again.text():
            self._second.set_wrong(tr("The two are different."))
            return False
        return True


def open_saving(context: Context) -> None:
    """Show the sheet."""
    context.overlay.open(SaveSheet(context))
