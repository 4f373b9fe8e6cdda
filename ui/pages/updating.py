"""Looking for a newer release once a day, where somebody has switched that on and the installation may ask at all."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from app.desk.updates import Channel, Release, channel, newer
from app.kernel.state import options
from ui.pages import Context
from ui.text import tr

_DAY_MS: Final = 24 * 60 * 60 * 1000
_FIRST_MS: Final = 60_000  # not among what a start has to do


class Updating(QObject):
    """Lives as long as the window. A failure is no matter: it is asked again the next day."""

    def __init__(self, context: Context, parent: QObject, where: Channel | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._where = where or channel()
        self._told = ""
        self._timer = QTimer(self, interval=_DAY_MS)
        self._timer.timeout.connect(self.look_if_wanted)
        if self._where is not None:
            self._timer.start()
            QTimer.singleShot(_FIRST_MS, self, self.look_if_wanted)

    def look_if_wanted(self) -> None:
        """Ask, if the person wants that."""
        self._context.tasks.ask(options.get, "look_for_updates", then=self._look, owner=self, key="updates.wanted")

    def _look(self, wanted: bool) -> None:
        where = self._where
        if wanted and where is not None:
            self._context.tasks.run(
                lambda: newer(where), then=self._take, failed=lambda _error: True, owner=self, key="updates.look"
            )

    def _take(self, release: Release | None) -> None:
        if release is not None and release.version != self._told:
            self._told = release.version
            words = tr("Deskbell {version} is there.", version=release.version)
            self._context.toasts.offer(words, tr("Open its page"), lambda: open_page(release), "")


def open_page(release: Release) -> None:
    """Show in the browser where one gets it."""
    QDesktopServices.openUrl(QUrl(release.page))
