"""When a desk cannot be opened because its database is damaged: the last good backup is offered, and put in place.

There is no desk to work with yet, so this stands on its own: two threads, two signals. What was damaged is set aside with its
packs; nothing is written over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.desk.maintenance.check import damage, last_good
from app.desk.maintenance.compacting import alone
from app.desk.maintenance.restoring import exchange, prepare
from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.backup import BackupResult
from app.kernel.sentences import words_of
from ui.text import told, tr, when_text
from ui.widgets.button import Button
from ui.widgets.label import Label, Para
from ui.widgets.layout import row, vertical
from ui.widgets.state import ProgressRow


class Rescue(QFrame):
    """Looks for the last good backup; shows itself when the database is damaged, and says so if there is none.

    `ended`: it was tried; with the words for the person. The desk can be opened then, or the words say why not.
    """

    ended = Signal(bool, str)
    _found = Signal(bool, object)
    _moved = Signal(float)

    def __init__(self, place: Workspace, *, is_damaged: bool = False) -> None:
        """`is_damaged`: that is known already, and the looking is shown: among gigabytes it takes a while."""
        super().__init__()
        self._place = place
        self._copy: BackupResult | None = None
        self._words = Para(tr("Looking for it …"))
        self.button = Button("", "primary", clicked=self.restore)
        self.progress = ProgressRow(tr("Making the backup ready"))
        self.progress.hide()
        layout = vertical(self)
        layout.setContentsMargins(24, 0, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("The last good backup"), "strong"))
        layout.addWidget(self._words)
        layout.addWidget(row(None, self.button, None))
        layout.addWidget(self.progress)
        self.button.hide()
        if not is_damaged:
            self.hide()
        self._found.connect(self._show_found)
        self._moved.connect(self.progress.set_share)
        threading.Thread(target=self._look, name="rescue-look", daemon=True).start()

    def restore(self) -> None:
        """Put the backup in place."""
        self.button.setEnabled(False)
        self.progress.show()
        threading.Thread(target=self._work, name="rescue", daemon=True).start()

    def _look(self) -> None:
        is_damaged = bool(damage(self._place))
        copy = last_good(self._place) if is_damaged else None
        try:
            self._found.emit(is_damaged, copy)
        except RuntimeError:
            return  # the window was closed meanwhile

    def _show_found(self, is_damaged: bool, copy: BackupResult | None) -> None:
        self._copy = copy
        self.setVisible(is_damaged)
        self.button.setVisible(copy is not None)
        if copy is None:
            self._words.setText(
                tr("There is none here. What can still be read is put into a new desk by: deskbell salvage FOLDER")
            )
            return
        when = when_text(copy.at, clock.now(), inside=True)
        told = tr("{n} ticket|{n} tickets", n=copy.about.tickets)
        self._words.setText(
            tr(
                "It is of {when}, with {tickets}. The damaged desk is set aside, not erased; what came after the backup is "
                "looked for with: deskbell salvage FOLDER",
                when=when,
                tickets=told,
            )
        )
        self.button.setText(tr("Restore the backup of {when}", when=when))

    def _work(self) -> None:
        assert self._copy is not None
        try:
            aside = _put_in_place(self._place, self._copy.database, self._moved.emit)
        except UserError as error:
            self.ended.emit(False, told(words_of(error)))
            return
        name = aside.name if aside is not None else ""
        self.ended.emit(True, tr("The desk is restored. What was here lies in the folder {name}.", name=name))


def _put_in_place(place: Workspace, database: Path, tell: Callable[[float], object]) -> Path | None:
    def going(done: int, of: int) -> bool:
        tell(done / max(1, of))
        return True

    with alone(place, "restore"):
        prepare(place, database, going=going)
        return exchange(place)
