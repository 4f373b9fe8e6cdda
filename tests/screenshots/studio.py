"""A window on a desk where nothing moves: the clock stands still, and `settle` waits until everything asked for is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QLocale
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QWidget

from app.desk import Desk
from app.kernel import clock
from ui.pages import BasePage
from ui.theme import Choice, Theme
from ui.window import Window

NOW = datetime(2026, 11, 20, 14, 8, tzinfo=UTC)
WIDE, NARROW = (1440, 900), (1024, 700)
CALM_S = 0.35
"""Nothing may run or change for this long before a picture: longer than the pauses after which pages read again."""
PATIENCE_S = 60

W = TypeVar("W", bound=QWidget)


class UnsettledError(Exception):
    """The window did not come to rest."""


class Studio:
    """The application with one window at a time."""

    def __init__(self, app: QApplication, *, calm_s: float = CALM_S) -> None:
        self.app, self._calm_s = app, calm_s
        self.theme = app.findChild(Theme) or Theme(app)
        self.window: Window | None = None
        app.setCursorFlashTime(0)
        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))

    def open(self, desk: Desk, look: Choice = "light", size: tuple[int, int] = WIDE) -> Window:
        """A window on a desk, at its first page."""
        self.theme.choose(look)
        self.window = Window(desk, self.theme)
        self.window.resize(*size)
        self.window.start()
        self.window.show()
        self.window.activateWindow()
        self.window.watch()
        self.settle()
        return self.window

    @contextmanager
    def opened(self, desk: Desk, look: Choice = "light", size: tuple[int, int] = WIDE) -> Iterator[Window]:
        """A window for a while."""
        try:
            yield self.open(desk, look, size)
        finally:
            self.close()

    def close(self) -> None:
        """Close the window."""
        if self.window is None:
            return
        self.window.windows.close_all()
        self.window.windows.shut()
        for one in self.window.windows.all:
            one.deleteLater()
        self.window = None
        self._turn()
        # Outside of a running loop nobody else deletes: what stays is styled again with every change of the look.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    @property
    def shown(self) -> Window:
        """The window that is open."""
        assert self.window is not None
        return self.window

    def page(self, kind: type[W]) -> W:
        """The page of this class, which must be the one shown."""
        found = self.shown._pages[self.shown.current]
        assert isinstance(found, kind)
        return found

    def go(self, name: str, **where: object) -> BasePage:
        """Show a page and wait for it."""
        self.shown.go(name, **where)
        self.settle()
        found = self.shown._pages[name]
        assert isinstance(found, BasePage), f"the page {name} could not be made"
        return found

    def act(self, key: str) -> None:
        """Do what the window's action of this name does as soon as it is allowed, and wait for it."""
        self.wait(lambda: self.shown.actions_.run(key), f"{key} to be allowed")

    def settle(self, calm_s: float = 0) -> None:
        """Let the window paint until nothing has been under way for a moment (`calm_s`, unless the studio's own)."""
        end = time.monotonic() + PATIENCE_S
        calm_since = time.monotonic()
        while time.monotonic() - calm_since < (calm_s or self._calm_s):
            self._turn()
            if self.shown.tasks.running:
                calm_since = time.monotonic()
            if time.monotonic() > end:
                raise UnsettledError(f"{self.shown.tasks.running} tasks are still running")

    def wait(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds, then until the window rests."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            self._turn()
            if time.monotonic() > end:
                raise UnsettledError(f"waited in vain for {what}")
        self.settle()

    def show(self, look: Choice, size: tuple[int, int] = WIDE) -> None:
        """Another look and size of what is shown."""
        self.theme.choose(look)
        self.shown.resize(*size)
        self.settle()

    def take(self, path: Path) -> None:
        """Write what is shown as a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = self.shown.grab()
        with QPainter(picture) as painter:
            for above in self.over():
                painter.drawPixmap(self.shown.mapFromGlobal(above.pos()), above.grab())
        if not picture.save(str(path)):
            raise OSError(f"{path} could not be written")

    def over(self) -> list[QWidget]:
        """What lies over the window as a window of its own: menus, pop-ups."""
        return [one for one in self.app.topLevelWidgets() if one.isVisible() and one is not self.shown]

    def _turn(self) -> None:
        self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.002)  # let the threads that are waited for have the processor


def stand_still() -> None:
    """From now on it is always the same moment."""
    clock.set_source(lambda: NOW)
