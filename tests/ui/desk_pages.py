"""A real desk with some tickets, and a window over it: for tests of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from ui.theme import Theme
from ui.window import Window

NOW = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


class Office:
    """A desk with Ann (who sits here) and Bob; time stands still at `NOW`."""

    def __init__(self, folder: Path) -> None:
        clock.set_source(lambda: NOW)
        self.desk = empty_desk(folder / "desk")
        self.ann: UUID = self.desk.work(add_agent, "Ann Lee", "ann@desk.example")
        self.bob: UUID = self.desk.work(add_agent, "Bob Ray", "bob@desk.example")
        self.desk.sit_down(self.ann)
        self._minutes = 0

    def mail(self, **fields: Any) -> UUID:
        """A customer's mail that opens a ticket; each one a minute later than the one before."""
        self._minutes += 1
        at = NOW - timedelta(days=1) + timedelta(minutes=self._minutes)
        ticket: UUID = self.desk.work(_mail, {"at": at, **fields})
        return ticket

    def many(self, count: int) -> list[UUID]:
        """Tickets of several customers, in one transaction."""

        def write(tx: Tx) -> list[UUID]:
            return [
                mail_in(
                    tx,
                    address=f"c{n % 40}@shop.example",
                    name=f"Customer {n % 40:02}",
                    subject=f"Matter {n}",
                    at=NOW - timedelta(minutes=count - n),
                )[0]
                for n in range(count)
            ]

        return self.desk.work(write)


def _mail(tx: Tx, fields: dict[str, Any]) -> UUID:
    return mail_in(tx, **fields)[0]


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """A desk that is closed in the end."""
    made = Office(folder)
    try:
        yield made
    finally:
        made.desk.close()
        clock.set_source(None)


@contextmanager
def shown(place: Office, app: QApplication, qtbot: QtBot, page: str, **where: object) -> Iterator[tuple[Window, Any]]:
    """The window with one page in front, settled: (window, page)."""
    theme = app.findChild(Theme) or Theme(app)
    theme.choose("light")
    window = Window(place.desk, theme)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.go(page, **where)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    settle(window, qtbot)
    try:
        yield window, window._pages[page]
    finally:
        assert window.shut()


def settle(window: Window, qtbot: QtBot, until: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing is asked any more and `until` holds."""
    qtbot.waitUntil(lambda: window.tasks.running == 0 and until())
    QApplication.processEvents()  # what changed its size is laid out afterwards
