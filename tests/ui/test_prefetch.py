"""The neighbours of the ticket shown are ready, and what is ready is never old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.tickets import commands
from tests.ui.conftest import PATIENCE_MS
from tests.ui.inbox_desk import InboxDesk
from ui.bridge import Bridge
from ui.pages.inbox.prefetch import Prefetch
from ui.tasks import Tasks


class Neighbours:
    """A desk with five tickets, of which two are read ahead."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.made = InboxDesk(folder)
        self.keys = self.made.some(5)
        self.bridge = Bridge(self.made.desk)
        self.tasks = Tasks(self.made.desk, self.bridge)
        self.owner = QObject()
        self.prefetch = Prefetch(self.tasks, lambda: self.made.ann, self.owner)
        self.bridge.changed.connect(self.prefetch.apply)
        self._qtbot = qtbot

    def read(self) -> tuple[UUID, UUID]:
        """Have two of them ready."""
        one, other = self.keys[:2]
        self.prefetch.want([one, other])
        self._qtbot.waitUntil(lambda: None not in map(self.prefetch.take, (one, other)), timeout=PATIENCE_MS)
        return one, other


@pytest.fixture
def neighbours(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[Neighbours]:
    """Tickets and what reads them ahead."""
    found = Neighbours(tmp_path / "desk", qtbot)
    yield found
    assert found.tasks.close()
    found.bridge.close()
    found.made.desk.close()


def _solve(made: InboxDesk, key: UUID) -> None:
    made.desk.do(commands.set_status, [key], "solved")


def _mail(made: InboxDesk, _key: UUID) -> None:
    made.mail(made.desk.do(_first_key), address="c0@shop.example", name="Customer 0")


def _first_key(tx: Tx) -> UUID:
    from app.tickets.queries import ticket_ids

    return ticket_ids(tx)[0]


@pytest.mark.parametrize("change", [_solve, _mail])
def test_what_happens_to_one_ticket_leaves_its_neighbour_ready(
    neighbours: Neighbours, qtbot: QtBot, change: Callable[[InboxDesk, UUID], None]
) -> None:
    one, other = neighbours.read()
    change(neighbours.made, one)
    qtbot.waitUntil(lambda: neighbours.prefetch.take(one) is None, timeout=PATIENCE_MS)
    assert neighbours.prefetch.take(other) is not None


def test_what_may_concern_every_ticket_leaves_none_ready(neighbours: Neighbours, qtbot: QtBot) -> None:
    one, other = neighbours.read()
    neighbours.made.desk.do(options.put, "undo_send_seconds", 20)
    qtbot.waitUntil(lambda: neighbours.prefetch.take(one) is None and neighbours.prefetch.take(other) is None)
