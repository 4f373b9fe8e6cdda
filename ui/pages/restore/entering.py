"""A desk that cannot be opened at once: its database gets the form of a newer version, or another program has it to itself.

With gigabytes that takes minutes. A small window says what goes on and how far it is; closing it ends the waiting and the copying,
never the change itself. The desk is made ready on a thread and opened afterwards as always.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication

from app.desk import Desk
from app.desk.entering import CHANGING, SAVING, WAITING, WINDOW
from app.kernel.errors import UserError
from app.kernel.maintenance.backup import BackupStoppedError
from app.kernel.sentences import words_of
from ui.pages.maintenance import MaintenanceWindow, shown_until_it_ends
from ui.text import size_text, told, tr

PATIENCE_S: Final = 3600.0
"""So long another program is waited for; the person sees it and can close the window."""


class EnteringWindow(MaintenanceWindow):
    """Makes a desk ready to be opened. `ended` says why it cannot be, or ""."""

    told = Signal(str, object, object)  # bytes may be more than an int of C++ holds

    def __init__(self, folder: Path) -> None:
        super().__init__(tr("Opening the desk"), tr("One moment"), " ")
        self._folder = folder
        self._last: tuple[str, int] | None = None
        self.told.connect(self._show)

    def work(self) -> str:
        try:
            Desk.open(self._folder, create=True, role=WINDOW, patience_s=PATIENCE_S, told=self._tell).close()
        except BackupStoppedError:
            return tr("It was stopped; nothing was changed.")
        except (UserError, OSError) as error:
            return told(words_of(error))
        return ""

    def _tell(self, what: str, done: int, of: int) -> bool:
        now = (what, done * 200 // max(1, of))
        if now != self._last:
            self._last = now
            self.told.emit(what, done, of)
        return self.is_wanted

    def _show(self, what: str, done: int, of: int) -> None:
        progress = self.progress
        if what == CHANGING:
            progress.set_title(tr("Changing the database"))
            progress.set_progress(0, 0, tr("This cannot be stopped. The copy is kept."))
            assert progress.button is not None
            progress.button.hide()
        elif what == WAITING and self.is_wanted:
            self.heading.setText(tr("Another program has this desk to itself"))
            progress.set_title(tr("Waiting"))
            progress.say(tr("The desk opens as soon as that is done."))
        elif what == SAVING and self.is_wanted:
            self.heading.setText(tr("The desk is made ready for this version"))
            progress.set_title(tr("Saving a copy first"))
            progress.set_share(done / max(1, of))
            progress.say(tr("{done} of {size}", done=size_text(done), size=size_text(of)))


def made_ready(app: QApplication, folder: Path) -> str:
    """Make the desk ready to be opened, with that window; why it cannot be, or ""."""
    return shown_until_it_ends(app, EnteringWindow(folder))
