# mypy: disable-error-code="no-untyped-call"
"""The end of the window: everything is closed, whatever the disk says by then."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel.files.locks import FileLock
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from ui.program import Program


def test_a_database_that_cannot_be_read_any_more_keeps_nothing_open(
    tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
    program = Program(qapp, tmp_path / "desk", engine=False)
    program.begin()
    assert program.window is not None
    assert program.desk is not None
    place, store = program.desk.workspace, program.desk.store
    window = program.window
    qtbot.waitUntil(lambda: window.tasks.running == 0, timeout=60_000)
    window.close()
    qtbot.waitUntil(lambda: window.tasks.running == 0, timeout=60_000)
    store.reader.dispose()
    place.database.rename(tmp_path / "elsewhere.sqlite")
    place.database.mkdir()
    program.end()
    lock = FileLock(place.workspace_lock)
    assert lock.acquire(timeout_s=10)  # nobody has the desk open
    lock.release()
