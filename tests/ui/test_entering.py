# mypy: disable-error-code="no-untyped-call"
"""A desk of an older version opens in the window after a copy was saved, which is shown and can be stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.backup import backups_in
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from tests.later_form import know_a_later_form
from ui.pages.restore.entering import EnteringWindow
from ui.program import Program


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
    know_a_later_form(tmp_path, monkeypatch)
    return desk.workspace


def test_an_older_desk_is_made_ready_and_opened(place: Workspace, qapp: QApplication) -> None:
    program = Program(qapp, place.folder, engine=False)
    program.begin()
    try:
        assert program.desk is not None
        assert program.window is not None
        assert program.window.isVisible()
    finally:
        program.window.close() if program.window is not None else None
        program.end()
    assert [one.kind for one in backups_in(place.backups)] == ["upgrade"]


def test_a_person_sees_what_is_waited_for_and_can_stop_it(place: Workspace, qtbot: QtBot) -> None:
    window = EnteringWindow(place.folder)
    qtbot.addWidget(window)
    with FileLock(place.workspace_lock, role="restore"):
        with qtbot.waitSignal(window.told, timeout=60_000):
            window.begin()
        assert "Another program" in window.heading.text()
        with qtbot.waitSignal(window.ended, timeout=60_000) as ended:
            window.close()
    assert ended.args == ["It was stopped; nothing was changed."]
    assert backups_in(place.backups) == []


def test_saving_says_how_far_it_is(place: Workspace, qtbot: QtBot) -> None:
    window = EnteringWindow(place.folder)
    qtbot.addWidget(window)
    seen: list[tuple[str, str]] = []
    window.told.connect(lambda what, _done, _of: seen.append((what, window.heading.text())))
    with qtbot.waitSignal(window.ended, timeout=60_000) as ended:
        window.begin()
    assert ended.args == [""]
    assert {what for what, _ in seen} == {"saving", "changing"}
    assert "ready for this version" in seen[0][1]
    assert window.progress.button is not None
    assert not window.progress.button.isVisibleTo(window)
