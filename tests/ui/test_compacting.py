# mypy: disable-error-code="no-untyped-call"
"""Giving back room from the window: it asks, closes, says how far it is, and opens again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.commands import add_blob
from app.desk import Desk
from app.desk.maintenance.compacting import to_give_back
from app.desk.supervisor import engine_pid, start_engine
from app.desk.viewing.files import take_bytes
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace
from app.outbox.drafts import DraftContent, save_draft
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from ui.pages.settings.compacting import RoomWindow, make_room
from ui.program import Program, Then
from ui.widgets.button import Button


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk with bytes that nothing names."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        take_bytes(desk, "waste.bin", b"waste" * 20_000)
        kept = desk.do(add_blob, take_bytes(desk, "kept.bin", b"kept" * 1000).ref)
        file = {"filename": "kept.bin", "content_type": "", "size": 4000, "blob": kept.hex}
        desk.do(save_draft, DraftContent("Begun", files=[file]), kind="new")
        assert to_give_back(desk) >= 100_000
    return tmp_path / "desk"


def test_the_window_asks_closes_gives_back_and_opens_again(folder: Path, qapp: QApplication, qtbot: QtBot) -> None:
    program = Program(qapp, folder, engine=False)
    program.begin()
    try:
        window = program.window
        assert window is not None
        qtbot.waitUntil(lambda: window.context.actions.run("compact"), timeout=30_000)
        qtbot.waitUntil(lambda: window.context.overlay.current() is not None, timeout=30_000)
        sheet = window.context.overlay.current()
        assert sheet is not None
        next(one for one in sheet.findChildren(Button) if one.text() == "Close and free it").click()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
        assert program.then is Then.ROOM
    finally:
        program.end()
    said = make_room(qapp, Workspace(folder))
    assert "free again" in said
    again = Program(qapp, folder, engine=False)
    again.begin(said)
    try:
        assert again.desk is not None
        assert again.window is not None
        assert to_give_back(again.desk) < 100_000
        assert again.window.toasts.current is not None
    finally:
        again.window.close() if again.window is not None else None
        again.end()


def test_an_engine_that_an_earlier_window_left_is_not_in_the_way(
    folder: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    place = Workspace(folder)
    left = start_engine(place)
    try:
        qtbot.waitUntil(lambda: engine_pid(place) is not None)
        program = Program(qapp, folder)
        program.begin()
        program.then = Then.ROOM
        program.end()
        assert engine_pid(place) is None
        assert "free again" in make_room(qapp, place)
    finally:
        left.kill()
        left.communicate()


def test_a_desk_that_somebody_else_has_open_is_left_alone(
    folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.desk.maintenance.compacting.PATIENCE_S", 0.1)
    lock = FileLock(Workspace(folder).workspace_lock, role="window", shared=True)
    assert lock.acquire(timeout_s=10)
    try:
        window = RoomWindow(Workspace(folder))
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.ended, timeout=30_000) as ended:
            window.begin()
        assert "in use" in str(ended.args)
    finally:
        lock.release()


def test_it_can_be_stopped(folder: Path, qtbot: QtBot) -> None:
    window = RoomWindow(Workspace(folder))
    qtbot.addWidget(window)
    window.stop()
    with qtbot.waitSignal(window.ended, timeout=30_000) as ended:
        window.begin()
    assert ended.args == ["Stopped; nothing was changed."]
    with Desk.open(folder) as desk:
        assert to_give_back(desk) >= 100_000
