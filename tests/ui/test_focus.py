# mypy: disable-error-code="no-untyped-call"
"""The keyboard is never nowhere: after every action, sheet and page it is on something that is there, in a row of a list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMainWindow, QWidget
from pytestqt.exceptions import TimeoutError as TooLate
from pytestqt.qtbot import QtBot

from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.actions import ALL
from ui.window import Window

PAGES = ("inbox", "board", "customers", "satisfaction", "health", "settings")
_ELSEWHERE = {"quit", "window.new", "window.close", "own_window", "attach", "picture", "print", "pdf"}
"""Actions that end the window, open another one, or ask by a dialog of the system."""

_ALIKE = ("go.", "look.", "view.")
"""Going somewhere else: one list stands for all of them, and each page is gone to anyway."""

ACTIONS = ["view.mine", *(one.key for one in ALL if one.key not in _ELSEWHERE and not one.key.startswith(_ALIKE))]


class Strays(QObject):
    """Collects widgets that come up as windows of their own, be it for a moment: each takes the keyboard along."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            kind = watched.windowFlags() & Qt.WindowType.WindowType_Mask
            if kind is Qt.WindowType.Window and not isinstance(watched, QMainWindow):
                self.found.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.fixture
def strays(qapp: QApplication) -> Iterator[Strays]:
    """What comes up during a test."""
    watching = Strays()
    qapp.installEventFilter(watching)
    yield watching
    qapp.removeEventFilter(watching)


def faults(window: Window) -> str:
    """What is wrong with where the keyboard is; empty for nothing."""
    focus = QApplication.focusWidget()
    if focus is None or focus is window:
        return "the keyboard is nowhere"
    if focus.window() not in {window, QApplication.activePopupWidget()} or not focus.isVisible():
        return f"the keyboard is on {focus!r}, which is not there"
    sheet = window.overlay.current()
    if sheet is not None and not sheet.isAncestorOf(focus) and focus is not sheet:
        return f"a sheet is open, and the keyboard is behind it on {focus!r}"
    if isinstance(focus, QAbstractItemView):
        model = focus.model()
        if model.rowCount() and not focus.currentIndex().isValid():
            return f"the keyboard is in {focus.accessibleName()!r}, but in no row"
    return ""


def calm(window: Window, qtbot: QtBot) -> None:
    """Wait until nothing is asked any more and the keyboard is somewhere; say where it is wrong if it stays so."""
    qtbot.waitUntil(lambda: window.tasks.running == 0)
    try:
        qtbot.waitUntil(lambda: window.tasks.running == 0 and not faults(window), timeout=60_000)
    except TooLate:
        pytest.fail(faults(window) or "the window did not come to rest")


@pytest.mark.parametrize("name", PAGES)
def test_after_every_action_the_keyboard_is_somewhere(
    made: InboxDesk, qapp: QApplication, qtbot: QtBot, strays: Strays, name: str
) -> None:
    made.some(12)
    with inbox_window(made, qapp, qtbot) as page:
        window = page.window()
        assert isinstance(window, Window)
        qtbot.waitUntil(window.isActiveWindow)
        for key in ACTIONS:
            if window.current != name:
                window.go(name)
                calm(window, qtbot)
            if not window.actions_.run(key):
                continue
            calm(window, qtbot)
            while (popup := QApplication.activePopupWidget()) is not None or window.overlay.is_open:
                qtbot.keyClick(popup or window.overlay, Qt.Key.Key_Escape)
                window.activateWindow()  # as a window system does by itself when a menu has gone
                calm(window, qtbot)
    assert strays.found == []


def test_what_had_the_keyboard_goes_and_the_list_gets_it(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> None:
    made.some(3)
    with inbox_window(made, qapp, qtbot) as page:
        window = page.window()
        assert isinstance(window, Window)
        qtbot.waitUntil(window.isActiveWindow)
        page.header.assign.setFocus()
        page.header.assign.clearFocus()
        qtbot.waitUntil(page.list.rows.hasFocus)
        calm(window, qtbot)
