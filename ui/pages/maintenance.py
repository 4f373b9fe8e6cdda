"""A small window for the time in which there is no desk to show: what goes on, how far it is, and Stop.

The work is done on a thread; whatever comes of it is told once, in words. Closing the window is the same as Stop: it goes when the
work has ended.
"""

from __future__ import annotations

import threading
from typing import Final

from PySide6.QtCore import QEventLoop, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFrame

from ui.text import tr
from ui.widgets.label import Label
from ui.widgets.layout import set_box, vertical
from ui.widgets.state import ProgressRow

_ENDED: Final = 1


class MaintenanceWindow(QFrame):
    """One piece of work between two desks. `ended` says what came of it."""

    ended = Signal(str)

    def __init__(self, heading: str, title: str, note: str) -> None:
        super().__init__()
        set_box(self, "canvas")
        self.setWindowTitle("Deskbell")
        self.resize(460, 150)
        self._stop = threading.Event()
        self.heading = Label(heading, "strong")
        self.progress = ProgressRow(title, note=note, action=(tr("Stop"), self.stop), box="")
        layout = vertical(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.addWidget(self.heading)
        layout.addWidget(self.progress)
        self._outcome = ""
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def work(self) -> str:
        """Do it, on the thread, as long as `is_wanted`; what came of it, in words. Raises nothing."""
        raise NotImplementedError

    @property
    def is_wanted(self) -> bool:
        """Has nobody stopped it?"""
        return not self._stop.is_set()

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

    def outcome(self) -> str:
        """What came of it; waits for its end."""
        self._thread.join()
        return self._outcome

    def _run(self) -> None:
        self._outcome = self.work()
        self.ended.emit(self._outcome)


def shown_until_it_ends(app: QApplication, window: MaintenanceWindow) -> str:
    """Show it and wait, while the window stays alive; what came of it. A word to the program to end stops the work first."""
    loop = QEventLoop()
    window.ended.connect(lambda _words: loop.exit(_ENDED))
    quits = app.quitOnLastWindowClosed()
    app.setQuitOnLastWindowClosed(False)
    window.show()
    window.begin()
    if loop.exec() != _ENDED:
        window.stop()
        QTimer.singleShot(0, app, app.quit)  # the word was for the program, and is heard once more when it runs
    words = window.outcome()
    window.hide()
    window.deleteLater()
    app.setQuitOnLastWindowClosed(quits)
    return words
