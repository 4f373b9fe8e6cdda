# mypy: disable-error-code="no-untyped-call"
"""A person's own keys: pressed once on the settings page, in force at once and everywhere, clashes said, reset."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel.state import options
from ui.actions import Actions
from ui.pages.keymap import FIXED, SETTING, clash, read_keys, write_keys
from ui.pages.settings.keys import KeysPane
from ui.pages.settings.page import Page as Settings
from ui.window import Window

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier


def pane_of(window: Window, qtbot: QtBot) -> KeysPane:
    """The settings page's keys."""
    window.actions_.run("keys")
    page = window._pages["settings"]
    assert isinstance(page, Settings)
    found = page.stack.currentWidget()
    assert isinstance(found, KeysPane)
    qtbot.waitUntil(lambda: window.tasks.running == 0)
    return found


def press(pane: KeysPane, qtbot: QtBot, action: str, *strokes: tuple[Qt.Key, Qt.KeyboardModifier]) -> None:
    """Press new keys for an action, and Enter."""
    pane.edit(action)
    assert pane.field is not None
    for key, modifier in strokes:
        qtbot.keyClick(pane.field, key, modifier)
    qtbot.keyClick(pane.field, KEY.Key_Return)


def kept(desk: Desk) -> dict[str, str]:
    """What the setting holds."""
    return read_keys(desk.ask(options.get, SETTING))


def test_new_keys_are_in_force_at_once_and_shown_everywhere(window: Window, desk: Desk, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    press(pane, qtbot, "solve", (KEY.Key_F7, Qt.KeyboardModifier.NoModifier))
    assert window.actions_["solve"].shortcut().toString() == "F7"
    assert ("Solve", "F7") in window.actions_.groups()["Ticket"]
    assert window.actions_.hint("solve") == "Solve  (F7)"
    qtbot.waitUntil(lambda: window.tasks.running == 0 and kept(desk) == {"solve": "F7"})
    other = Window(desk, window._theme)
    qtbot.addWidget(other)
    qtbot.waitUntil(lambda: other.actions_["solve"].shortcut().toString() == "F7")
    assert other.shut()


def test_the_list_is_worked_by_keys_alone_and_by_the_mouse_alone(window: Window, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    pane.finder.setFocus()
    qtbot.keyClicks(pane.finder, "solve")
    qtbot.waitUntil(
        lambda: {one.action for one in pane.list.lines.shown} >= {"solve"} and len(pane.list.lines.shown) < 9
    )
    qtbot.keyClick(pane.finder, KEY.Key_Down)
    qtbot.waitUntil(pane.list.hasFocus)
    while pane.list.current() != "solve":
        before = pane.list.current()
        qtbot.keyClick(pane.list, KEY.Key_Down)
        assert pane.list.current() not in ("", before)
    qtbot.keyClick(pane.list, KEY.Key_Return)
    assert pane.field is not None
    qtbot.waitUntil(pane.field.hasFocus)
    qtbot.keyClick(pane.field, KEY.Key_F7)
    qtbot.keyClick(pane.field, KEY.Key_Return)
    assert window.actions_.keys_of("solve") == "F7"
    qtbot.waitUntil(lambda: pane.list.hasFocus() and pane.list.current() == "solve")
    line = pane.list.lines.shown[pane.list.currentIndex().row()]
    assert (line.keys, line.own, pane.list.lines.spoken(line)) == ("F7", True, "Solve, F7, your own")
    rect = pane.list.visualRect(pane.list.currentIndex())
    port = pane.list.viewport()
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=pane.list.way_back(rect).center())
    assert window.actions_.keys_of("solve") == "E"
    assert pane.field is None
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=rect.center())
    assert pane.field is not None
    qtbot.keyClick(pane.field, KEY.Key_F8)
    qtbot.keyClick(pane.field, KEY.Key_Return)
    assert window.actions_.keys_of("solve") == "F8"
    qtbot.keyClick(pane.list, KEY.Key_Delete)
    assert window.actions_.keys_of("solve") == "E"


def test_a_sequence_and_none_at_all_can_be_pressed(window: Window, desk: Desk, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    press(
        pane,
        qtbot,
        "view.bin",
        (KEY.Key_G, Qt.KeyboardModifier.NoModifier),
        (KEY.Key_B, Qt.KeyboardModifier.NoModifier),
    )
    press(pane, qtbot, "spam", (KEY.Key_Backspace, Qt.KeyboardModifier.NoModifier))
    assert window.actions_["view.bin"].shortcut().toString() == "G, B"
    assert window.actions_["spam"].shortcut().isEmpty()
    qtbot.waitUntil(lambda: kept(desk) == {"view.bin": "G, B", "spam": ""})


def test_keys_that_are_taken_change_hands_and_fixed_ones_never_do(window: Window, desk: Desk, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    pane.edit("merge")
    assert pane.field is not None
    qtbot.keyClick(pane.field, KEY.Key_E)
    assert "Solve" in pane._remark.text()
    qtbot.keyClick(pane.field, KEY.Key_Return)
    assert (window.actions_.keys_of("merge"), window.actions_.keys_of("solve")) == ("E", "")
    press(pane, qtbot, "merge", (KEY.Key_Z, Qt.KeyboardModifier.ControlModifier))
    assert window.actions_.keys_of("merge") == "E"
    pane.reset("solve")  # gets its own back from who took them
    assert (window.actions_.keys_of("merge"), window.actions_.keys_of("solve")) == ("Shift+M", "E")
    qtbot.waitUntil(lambda: kept(desk) == {})


def test_all_keys_are_reset_together(window: Window, desk: Desk, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    press(pane, qtbot, "solve", (KEY.Key_F7, Qt.KeyboardModifier.NoModifier))
    press(pane, qtbot, "tag", (KEY.Key_L, SHIFT))
    assert window.actions_.keys_of("tag") == "Shift+L"
    pane.all_back.click()
    assert (window.actions_.keys_of("solve"), window.actions_.keys_of("tag")) == ("E", "T")
    qtbot.waitUntil(lambda: window.tasks.running == 0 and kept(desk) == {})


def test_esc_leaves_the_keys_as_they_were(window: Window, qtbot: QtBot) -> None:
    pane = pane_of(window, qtbot)
    pane.edit("solve")
    assert pane.field is not None
    qtbot.keyClick(pane.field, KEY.Key_F7)
    qtbot.keyClick(pane.field, KEY.Key_Escape)
    assert window.actions_.keys_of("solve") == "E"


@pytest.mark.parametrize("odd", ["", "{", "[1]", '{"solve": 3}', '{"undo": "F7"}'])
def test_an_odd_setting_changes_no_key(odd: str) -> None:
    assert read_keys(odd) == {}


def test_what_is_kept_is_read_again() -> None:
    own = {"solve": "F7", "spam": ""}
    assert read_keys(write_keys(own)) == own
    assert write_keys({}) == ""


def test_no_two_actions_have_keys_that_shadow_one_another(qtbot: QtBot) -> None:
    """Also where one is the beginning of the other: Qt would wait for the second stroke and never do the first."""
    holder = QWidget()
    qtbot.addWidget(holder)
    actions = Actions(holder)
    shadowed = {key: clash(actions, key, actions.keys_of(key)) for key in actions.declared if actions.keys_of(key)}
    assert {key: other for key, other in shadowed.items() if other} == {}
    assert set(actions.declared) >= FIXED
