"""One window a desk: what a second start hands over arrives, and nobody can hold up or mislead the first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, QEvent
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel.program.activation import Asked
from tests.conftest import ROOT
from tests.ui.conftest import PATIENCE_MS
from ui.instance import Reception, hand_over, name_of

MAIL = Asked(mail=True, to=("ana@lindqvist.example",), subject="Lamp", text="Hello\n")
_CALL = """
import sys
from pathlib import Path
from app.kernel.program.activation import asked_by
from ui.instance import hand_over
sys.exit(0 if hand_over(Path(sys.argv[1]), asked_by(sys.argv[2], Path("/"))) else 1)
"""


class Desk:
    """A reception on a folder of its own, and what came in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.heard = folder, list[Asked]()
        self.reception = Reception(folder, self.heard.append)

    def line(self, qtbot: QtBot) -> QLocalSocket:
        """A caller who has not said anything yet."""
        made = QLocalSocket()
        made.connectToServer(name_of(self.folder))
        qtbot.waitUntil(lambda: made.state() == QLocalSocket.LocalSocketState.ConnectedState)
        return made


@pytest.fixture
def here(tmp_path: Path, qapp: QApplication) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.reception.close()


def test_a_second_start_hands_over_what_was_asked_for(here: Desk, qtbot: QtBot) -> None:
    link = "mailto:ana@lindqvist.example?subject=Lamp&body=Hello%0A&attach=/etc/passwd"
    started = subprocess.Popen([sys.executable, "-c", _CALL, str(here.folder), link], cwd=ROOT)
    qtbot.waitUntil(lambda: started.poll() is not None)
    assert started.returncode == 0
    assert here.heard == [MAIL]


def test_nobody_there_is_said(tmp_path: Path, qapp: QApplication) -> None:
    assert not hand_over(tmp_path, MAIL, patience_ms=100)


def test_what_a_crash_left_behind_is_no_hindrance(here: Desk, qtbot: QtBot) -> None:
    again = Desk(here.folder)  # the name is taken already
    line = here.line(qtbot)
    line.write(b"\n")
    qtbot.waitUntil(lambda: again.heard == [Asked()])
    again.reception.close()


def test_a_line_that_outlasts_its_reception_takes_nothing_along(tmp_path: Path, qapp: QApplication) -> None:
    """It did not end with it, but held it, and ended the program when it went."""
    made, ended = Desk(tmp_path), list[bool]()
    line = QLocalSocket()
    line.connectToServer(name_of(tmp_path))
    line.write(b"\n")
    deadline = QDeadlineTimer(PATIENCE_MS)
    while not made.heard and not deadline.hasExpired():
        qapp.processEvents()  # no further than this: the line is about to end
    assert made.heard == [Asked()]
    made.reception.destroyed.connect(lambda: ended.append(True))
    made.reception.close()
    del made
    del line
    for _ in range(20):
        qapp.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert ended


def test_who_says_too_much_is_sent_away_and_others_are_heard(here: Desk, qtbot: QtBot) -> None:
    silent, loud, plain = here.line(qtbot), here.line(qtbot), here.line(qtbot)
    loud.write(b"x" * 200_000)
    plain.write(b'{"mail": true}\n')
    qtbot.waitUntil(lambda: here.heard == [Asked(mail=True)])
    qtbot.waitUntil(lambda: loud.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    qtbot.waitUntil(lambda: silent.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert here.heard == [Asked(mail=True)]
