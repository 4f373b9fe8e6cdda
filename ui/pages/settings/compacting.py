"""Giving back the room of what was erased: asked for in the window, done while the desk is closed, then it is opened again.

Packs are written anew, so nobody may have the desk open: the window closes with its engine, a small one shows how far it is
and can stop it, and whatever comes of it the desk opens again and says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFrame

from app.desk.room import give_back, to_give_back
from app.kernel.compaction import Compacted
from app.kernel.errors import UserError
from app.kernel.paths import Workspace
from ui.text import size_text, tr
from ui.widgets.label import Label
from ui.widgets.layout import set_box, vertical
from ui.widgets.overlay import ask
from ui.widgets.state import ProgressRow

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


class RoomWindow(QFrame):
    """How far it is, and Stop. `ended` says what came of it, in words."""

    moved = Signal(int, int)
    ended = Signal(str)

    def __init__(self, place: Workspace) -> None:
        super().__init__()
        set_box(self, "canvas")
        self.setWindowTitle("Deskbell")
        self.resize(460, 150)
        self._place = place
        self._stop = threading.Event()
        self.progress = ProgressRow(
            tr("Freeing disk space"), note=tr("The desk opens again by itself."), action=(tr("Stop"), self.stop), box=""
        )
        layout = vertical(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.addWidget(Label(tr("What was erased leaves the disk"), "strong"))
        layout.addWidget(self.progress)
        self.moved.connect(self._show)
        self._thread = threading.Thread(target=self._work, name="compact", daemon=True)

    def begin(self) -> None:
        """Start."""
        self._thread.start()

    def stop(self) -> None:
        """End it as soon as nothing is lost by it."""
        self._stop.set()
        self.progress.say(tr("Stopping…"))

    def closeEvent(self, event: QCloseEvent, /) -> None:
        if self._thread.is_alive():
            event.ignore()
            self.stop()

    def _show(self, done: int, of: int) -> None:
        if self._stop.is_set():
            return
        if done >= of:
            self.progress.say(tr("Writing the database anew; this cannot be stopped."))
        self.progress.set_share(done / max(1, of))

    def _work(self) -> None:
        told = [-1]

        def going(done: int, of: int) -> bool:
            share = done * 100 // max(1, of)
            if share != told[0]:
                told[0] = share
                self.moved.emit(done, of)
            return not self._stop.is_set()

        try:
            words = _words(give_back(self._place, going))
        except UserError as error:
            words = str(error)
        self.ended.emit(words)


def make_room(app: QApplication, place: Workspace) -> str:
    """Do it, with its window; what to tell the person when the desk is open again."""
    said: list[str] = []
    window, loop = RoomWindow(place), QEventLoop()

    def end(words: str) -> None:
        said.append(words)
        loop.quit()

    window.ended.connect(end)
    quits = app.quitOnLastWindowClosed()
    app.setQuitOnLastWindowClosed(False)
    window.show()
    window.begin()
    loop.exec()
    window.hide()
    window.deleteLater()
    app.setQuitOnLastWindowClosed(quits)
    return said[0]


def _words(done: Compacted | None) -> str:
    if done is None:
        return tr("Stopped; nothing was changed.")
    if done.kept:
        return tr("{size} are free again. Some damaged files were left as they are.", size=size_text(done.freed_bytes))
    return tr("{size} are free again.", size=size_text(done.freed_bytes))
