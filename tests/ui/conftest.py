"""What tests of the window share: a patient bot, a desk, a window on it."""

from __future__ import annotations

import faulthandler
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from tests.ui.inbox_desk import InboxDesk
from ui.theme import Theme
from ui.window import Window

PATIENCE_MS = 30_000


class PatientBot(QtBot):
    """Waits long for what a test waits for: a busy machine is no fault of the window's. A wait that is over ends at once."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802 - Qt's name
        try:
            super().waitUntil(callback, timeout=timeout)
        except self.TimeoutError:
            _say_what_every_thread_does()
            raise


def _say_what_every_thread_does() -> None:
    with tempfile.TemporaryFile("w+") as stacks:
        faulthandler.dump_traceback(stacks)
        stacks.seek(0)
        sys.stderr.write(stacks.read())


@pytest.fixture(autouse=True)
def keys_let_go(qapp: QApplication) -> Iterator[None]:
    """No test begins with a key held down that an earlier one pressed on a widget that was gone before it was let go."""
    yield
    if qapp.keyboardModifiers():
        QTest.keyRelease(QWidget(), Qt.Key.Key_Control)
        assert not qapp.keyboardModifiers()


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's own, but patient."""
    return PatientBot(request)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with somebody at it."""
    with empty_desk(tmp_path / "desk") as opened:
        opened.sit_down(opened.work(add_agent, "Maya Lind"))
        yield opened


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    """A desk with a mailbox, in which tests make mail and tickets."""
    desk = InboxDesk(tmp_path / "desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def window(desk: Desk, qapp: QApplication, qtbot: QtBot) -> Iterator[Window]:
    """A window on it, nearly as narrow as it gets, as the program starts it."""
    theme = qapp.findChild(Theme) or Theme(qapp)
    theme.choose("light")
    made = Window(desk, theme)
    qtbot.addWidget(made)
    made.resize(1024, 700)
    made.start()
    made.show()
    qtbot.waitExposed(made)
    yield made
    theme.choose("light")
    assert made.shut()
