# mypy: disable-error-code="no-untyped-call"
"""From the sample desk to one's own: asked for, closed, an empty desk in its place; nothing but a sample is ever left so."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.mailboxes import NewMailbox, add_mailbox, pause_mailbox
from app.conversations.queries import mailboxes
from app.conversations.rules import SAMPLE
from app.desk import Desk
from app.desk.maintenance.backing_up import back_up_now
from app.kernel.files.paths import Workspace
from app.people.commands import add_agent
from tests.empty_desk import empty_desk
from ui.pages.leaving_sample import begin_anew
from ui.program import Program, Then
from ui.widgets.button import Button

LONG = 60_000


def mailbox(name: str) -> NewMailbox:
    return NewMailbox(f"{name}@lamps.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", name, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sample desk that somebody sits at."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya"))
        desk.do(pause_mailbox, desk.do(add_mailbox, mailbox("sample")), SAMPLE)
        back_up_now(desk)
    return tmp_path / "desk"


def test_the_window_asks_closes_and_opens_with_an_empty_desk(folder: Path, qapp: QApplication, qtbot: QtBot) -> None:
    program = Program(qapp, folder, engine=False)
    program.begin()
    try:
        window = program.window
        assert window is not None
        qtbot.waitUntil(lambda: window.context.actions.run("begin_own"), timeout=LONG)
        sheet = window.context.overlay.current()
        assert sheet is not None
        assert not program.goes_on
        next(one for one in sheet.findChildren(Button) if one.text() == "Remove the sample and begin").click()
        qtbot.waitUntil(lambda: program.then is Then.OWN and not window.isVisible(), timeout=LONG)
    finally:
        program.end()
    assert begin_anew(Workspace(folder)) == ""
    again = Program(qapp, folder, engine=False)
    again.begin()
    try:
        assert again.desk is not None
        assert again.window is not None
        assert again.desk.is_new()
        assert again.window.current == "first_run"
        assert not list(again.desk.workspace.backups.iterdir())  # they were of the sample
    finally:
        again.window.close() if again.window is not None else None
        again.end()


def test_a_desk_with_a_mailbox_of_its_own_stays_as_it_is(folder: Path) -> None:
    with Desk.open(folder) as desk:
        desk.do(add_mailbox, mailbox("real"))
    assert "stays as it is" in begin_anew(Workspace(folder))
    with Desk.open(folder) as desk:
        assert {one.address for one in desk.ask(mailboxes)} == {"sample@lamps.example", "real@lamps.example"}
