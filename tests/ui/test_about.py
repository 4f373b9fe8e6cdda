# mypy: disable-error-code="no-untyped-call"
"""About: the version, and every library with its terms, found by keys."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app import VERSION
from tests.ui.lint import findings
from ui.pages.settings.about import AboutPane, TermsSheet
from ui.pages.settings.page import Page
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.window import Window


def test_every_library_shows_its_terms(window: Window, qtbot: QtBot) -> None:
    assert window.actions_.run("about")
    page = window._pages["settings"]
    assert isinstance(page, Page)
    pane = page.stack.currentWidget()
    assert isinstance(pane, AboutPane)
    assert VERSION in {label.text() for label in pane.findChildren(Label)}
    qtbot.waitUntil(lambda: len(names(pane)) > 20)
    qtbot.waitUntil(lambda: not findings(window))
    qtbot.keyClicks(pane.finder, "LGPL")
    qtbot.waitUntil(lambda: set(names(pane)) == {"Qt", "PySide6 and Shiboken"})
    next(one for one in pane.rows.findChildren(Button) if one.text() == "Qt").click()
    sheet = window.overlay.findChild(TermsSheet)
    assert isinstance(sheet, TermsSheet)
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in sheet.text.toPlainText()
    qtbot.waitUntil(lambda: not findings(window))
    sheet.close_dialog()


def names(pane: AboutPane) -> list[str]:
    """The libraries that are listed."""
    return [one.text() for one in pane.rows.findChildren(Button) if not one.isHidden()]
