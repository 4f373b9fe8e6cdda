# mypy: disable-error-code="no-untyped-call"
"""The window around the pages: what is meant by the words given, actions, pages made late, stale marks, keys, one window a desk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel.database.changes import Changes
from app.kernel.errors import ExternalError, Reason
from app.kernel.program.activation import Asked
from tests.empty_desk import empty_desk
from tests.ui.lint import findings
from ui import window as frame
from ui.__main__ import Start, wanted
from ui.actions import ALL, Actions
from ui.icons import has_icon
from ui.pages import BasePage, Context
from ui.theme import Theme
from ui.widgets.button import Button
from ui.widgets.overlay import Popover
from ui.widgets.palette import CommandPalette
from ui.widgets.rail import Reason as Cause
from ui.widgets.shortcuts import ShortcutSheet
from ui.window import Window

KEY = Qt.Key


class Sample(BasePage):
    """A page that remembers what happened to it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.log: list[object] = []
        self.field = QLineEdit()
        self.field.setAccessibleName("Text")
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addStretch(1)

    def activate(self) -> None:
        self.log.append("on")
        self.context.actions.bind(self, "solve", lambda: self.log.append("solve"), lambda: "Choose a ticket first")
        self.context.actions.bind(self, "next", lambda: self.log.append("next"))
        self.setFocus()

    def deactivate(self) -> None:
        self.log.append("off")

    def refresh(self, changes: Changes) -> None:
        self.log.append(changes)

    def show_place(self, **where: object) -> None:
        self.log.append(where)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty desk."""
    with empty_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def window(desk: Desk, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window whose pages are samples."""
    for name in ("inbox", "board", "customers", "settings"):
        module = types.ModuleType(f"ui.pages.{name}.page")
        module.Page = Sample  # type: ignore[attr-defined]  # a module made for the test
        monkeypatch.setitem(sys.modules, f"ui.pages.{name}.page", module)
    monkeypatch.setattr(frame, "has_page", lambda name: f"ui.pages.{name}.page" in sys.modules)
    theme = qapp.findChild(Theme) or Theme(qapp)
    theme.choose("light")
    made = Window(desk, theme)
    qtbot.addWidget(made)
    made.go("inbox")
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    yield made
    assert made.shut()


def page(window: Window, name: str) -> Sample:
    """A page of the window."""
    found = window._pages[name]
    assert isinstance(found, Sample)
    return found


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ([], Start()),
        (["--data", "d"], Start(Path("d"))),
        (["--data=d", "--no-engine"], Start(Path("d"), engine=False)),
        (["--background"], Start(background=True)),
        (["mailto:a@b.example"], Start(asked=Asked(mail=True, to=("a@b.example",)))),
        (["tel:+49-30-1234", "--data=d"], Start(Path("d"), asked=Asked(number="+49301234"))),
        (["/backups/d.deskbell"], Start(asked=Asked(file="/backups/d.deskbell"))),
        (["restore", "/backups/d.deskbell"], None),
        (["mailto:a@b.example", "tickets"], None),
        (["--data"], None),
        (["tickets"], None),
        (["--data", "d", "engine"], None),
        (["--help"], None),
        (["--json"], None),
    ],
)
def test_what_is_meant_is_known_before_qt(words: list[str], meant: Start | None) -> None:
    assert wanted(words) == meant


def test_actions_are_declared_once_with_icons_and_keys_of_their_own() -> None:
    keys = [action.keys for action in ALL if action.keys]
    assert len(keys) == len(set(keys))
    assert len({action.key for action in ALL}) == len(ALL)
    assert [action.key for action in ALL if not has_icon(action.icon)] == []


def test_the_binding_made_last_rules_until_released(qapp: QApplication, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    actions, first, second, done = Actions(holder), QWidget(holder), QWidget(holder), []
    assert not actions["solve"].isEnabled()
    actions.bind(first, "solve", lambda: done.append("first"))
    actions.bind(second, "solve", lambda: done.append("second"), lambda: "Not now")
    assert not actions.run("solve")
    offered = {o.action.key: (o.enabled, o.reason) for o in actions.offers()}
    assert (offered["solve"], offered["merge"]) == ((False, "Not now"), (False, "Not on this page"))
    actions.release(second)
    actions["solve"].trigger()
    assert done == ["first"]


def test_many_changes_are_one_look_and_no_key_comes_before_it(qapp: QApplication, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    actions, looks, done = Actions(holder), [], []
    chosen = False

    def allowed() -> bool:
        looks.append(chosen)
        return chosen

    actions.bind(holder, "solve", lambda: done.append("solved"), allowed)
    solve = actions["solve"]
    with qtbot.waitExposed(holder):
        holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow)
    looks.clear()
    chosen = True
    for _ in range(5):
        actions.refresh()
    assert (looks, solve.isEnabled()) == ([], False)
    QTest.keyClick(holder, KEY.Key_E)
    assert (done, len(looks)) == (["solved"], 2)  # one look at all of them, and one at this before it is done
    chosen = False
    actions.refresh()
    qtbot.waitUntil(lambda: not solve.isEnabled())  # nobody asked: a moment later
    chosen = True
    actions.refresh()
    actions.press("solve")  # a button that has just come up with it
    assert done == ["solved", "solved"]


def test_pages_are_made_late_and_hear_of_changes_only_when_shown(window: Window) -> None:
    assert list(window._pages) == ["inbox"]
    window.go("board", ticket=7)
    assert page(window, "inbox").log == ["on", "off"]
    assert page(window, "board").log == ["on", {"ticket": 7}]
    one, two = Changes({"ticket": frozenset([uuid4()])}), Changes({"customer": frozenset([uuid4()])})
    window.bridge.changed.emit(one)
    window.bridge.changed.emit(two)
    assert page(window, "board").log[2:] == [one, two]
    assert page(window, "inbox").log == ["on", "off"]
    window.back()
    assert window.current == "inbox"
    assert page(window, "inbox").log[2:] == ["on", one.merged(two)]


def test_a_change_in_the_desk_reaches_the_page(window: Window, desk: Desk, qtbot: QtBot) -> None:
    from app.people.commands import add_agent

    desk.work(add_agent, "Maya Lind")
    qtbot.waitUntil(lambda: any(isinstance(entry, Changes) for entry in page(window, "inbox").log))


def test_a_broken_page_leaves_the_window_standing(
    window: Window, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = types.ModuleType("ui.pages.board.page")
    monkeypatch.setitem(sys.modules, "ui.pages.board.page", broken)
    window.go("board")
    assert "could not be made" in caplog.text
    broken.Page = Sample  # type: ignore[attr-defined]  # repaired
    panel = window._pages["board"]
    assert not isinstance(panel, BasePage)
    assert panel.button is not None
    panel.button.click()
    assert page(window, "board").log == ["on"]


def test_letters_act_on_the_page_but_not_in_a_field_or_behind_a_sheet(window: Window, qtbot: QtBot) -> None:
    sample = page(window, "inbox")
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(sample, KEY.Key_J)
    assert sample.log == ["on", "next"]
    sample.field.setFocus()
    qtbot.keyClick(sample.field, KEY.Key_J)
    assert (sample.field.text(), sample.log) == ("j", ["on", "next"])
    window.open_shortcuts()
    sheet = window.overlay.current()
    assert isinstance(sheet, ShortcutSheet)
    told = "\n".join(one.accessibleDescription() for one in sheet.findChildren(QWidget))
    assert "Next: J" in told.split("\n")
    qtbot.keyClick(sheet, KEY.Key_J)
    assert sample.log == ["on", "next"]
    qtbot.keyClick(sheet, KEY.Key_Escape)
    assert not window.overlay.is_open
    assert window.actions_["next"].isEnabled()


def test_the_palette_goes_places_says_why_not_and_remembers(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, KEY.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.overlay.current()
    assert isinstance(palette, CommandPalette)
    qtbot.keyClicks(palette.field, "solv")
    lines = palette.lines()
    assert lines.index("Show solved") < lines.index("Solve"), "what is off comes last"
    palette._run(palette._model.index(lines.index("Solve") + 1, 0))  # a heading stands above
    assert window.overlay.is_open, "what is not allowed does not run"
    palette.field.setText("go board")
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert window.current == "board"
    assert not window.overlay.is_open
    window.open_palette()
    again = window.overlay.current()
    assert isinstance(again, CommandPalette)
    assert again.lines()[0] == "Go to the board"


def test_failures_reach_toast_and_lamp(window: Window) -> None:
    window.tasks.said.emit("This ticket is merged.", "bad")
    assert window.toasts.current is not None
    assert window.toasts.current.text == "This ticket is merged."
    window.tasks.trouble.emit(ExternalError("The server does not answer", reason=Reason.OFFLINE, retryable=True))
    assert window.lamp.state == "offline"
    assert "Offline: The server does not answer" in window.lamp.accessibleName()


def test_undo_without_anything_to_undo_says_so(window: Window, desk: Desk, qtbot: QtBot) -> None:
    from app.people.commands import add_agent

    desk.sit_down(desk.work(add_agent, "Maya Lind"))
    window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: window.toasts.current is not None)
    assert window.toasts.current is not None
    assert window.toasts.current.text == "There is nothing to undo."


def test_the_window_remembers_its_place(window: Window, desk: Desk, qtbot: QtBot) -> None:
    window.resize(1100, 720)
    window.close()
    assert (desk.workspace.folder / "window.ini").exists()
    other = Window(desk, window._theme)
    qtbot.addWidget(other)
    assert other.height() == 720
    other.shut()


def test_the_lamp_explains_itself_and_leads_on(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    window.context.status(
        "attention",
        [Cause("Studio Lyon: sign-in refused", "Mail is safe there.", "bad", "Sign in", lambda: done.append("in"))],
    )
    qtbot.mouseClick(window.lamp, Qt.MouseButton.LeftButton)
    popover = QApplication.activePopupWidget()
    assert isinstance(popover, Popover)
    assert findings(popover) == []
    buttons = {button.text(): button for button in popover.findChildren(Button)}
    buttons["Sign in"].click()
    assert (done, QApplication.activePopupWidget()) == (["in"], None)
    qtbot.mouseClick(window.lamp, Qt.MouseButton.LeftButton)
    popover = QApplication.activePopupWidget()
    assert isinstance(popover, Popover)
    buttons = {button.text(): button for button in popover.findChildren(Button)}
    with qtbot.waitSignal(window.lamp.opened):
        buttons["All details"].click()
    assert QApplication.activePopupWidget() is None


@pytest.mark.parametrize("width", [960, 1200, 1440])
def test_the_frame_has_no_fault(window: Window, width: int) -> None:
    window.resize(width, 700)
    window.toasts.say("6 tickets set to Solved.")
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    QApplication.processEvents()
    assert [str(f) for f in findings(window)] == []


def test_first_rows_are_told_once_and_only_to_a_bench(
    window: Window, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.context.first_rows()
    assert capsys.readouterr().out == ""
    window._bench = True
    window.context.first_rows()
    window.context.first_rows()
    assert capsys.readouterr().out == "first rows\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="ended by SIGTERM")
def test_a_second_start_raises_the_first_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui", "--no-engine", "--data", str(tmp_path / "desk")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as first:
        logs = tmp_path / "desk" / "logs"
        deadline = time.monotonic() + 60
        ended = subprocess.CompletedProcess[bytes]([], -1)
        while time.monotonic() < deadline and first.poll() is None:
            if logs.exists():
                ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
                if ended.returncode == 0:
                    break
        assert ended.returncode == 0, ended.stderr
        assert first.poll() is None, "the first stays open"
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
