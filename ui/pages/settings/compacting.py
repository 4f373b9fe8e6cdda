"""Giving back the room of what was erased: asked for in the window, done while the desk is closed, then it is opened again.

Packs are written anew, so nobody may have the desk open: the window closes with its engine, a small one shows how far it is
and can stop it, and whatever comes of it the desk opens again and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication

from app.desk.maintenance.compacting import give_back, to_give_back
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.compaction import Compacted
from app.kernel.sentences import words_of
from ui.pages.maintenance import MaintenanceWindow, shown_until_it_ends
from ui.text import size_text, told, tr
from ui.widgets.overlay import ask

if TYPE_CHECKING:
    from ui.pages import Context


def ask_for_room(context: Context, agreed: Callable[[], object]) -> None:
    """Say what it would give back and what happens; `agreed()` when the person wants it."""
    desk = context.desk

    def take(size: int) -> None:
        words = tr(
            "About {size} can be freed: what was erased for good, and pages that hold nothing. The window closes for "
            "it and opens again by itself; no mail comes meanwhile. It can be stopped.",
            size=size_text(size),
        )
        ask(context.overlay, tr("Free disk space?"), words, tr("Close and free it"), agreed)

    context.tasks.run(lambda: to_give_back(desk), then=take, owner=context.overlay, key="settings.waste")


class RoomWindow(MaintenanceWindow):
    """Gives the room back. `ended` says what came of it, in words."""

    moved = Signal(int, int)

    def __init__(self, place: Workspace) -> None:
        note = tr("The desk opens again by itself.")
        super().__init__(tr("What was erased leaves the disk"), tr("Freeing disk space"), note)
        self._place = place
        self._told = -1
        self.moved.connect(self._show)

    def work(self) -> str:
        try:
            return _words(give_back(self._place, self._going))
        except UserError as error:
            return told(words_of(error))

    def _going(self, done: int, of: int) -> bool:
        share = done * 100 // max(1, of)
        if share != self._told:
            self._told = share
            self.moved.emit(share, 100)
        return self.is_wanted

    def _show(self, done: int, of: int) -> None:
        if not self.is_wanted:
            return
        if done >= of:
            self.progress.say(tr("Writing the database anew; this cannot be stopped."))
        self.progress.set_share(done / max(1, of))


def make_room(app: QApplication, place: Workspace) -> str:
    """Do it, with its window; what to tell the person when the desk is open again."""
    return shown_until_it_ends(app, RoomWindow(place))


def _words(done: Compacted | None) -> str:
    if done is None:
        return tr("Stopped; nothing was changed.")
    if done.kept:
        return tr("{size} are free again. Some damaged files were left as they are.", size=size_text(done.freed_bytes))
    return tr("{size} are free again.", size=size_text(done.freed_bytes))
