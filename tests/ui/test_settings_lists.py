# mypy: disable-error-code="no-untyped-call"
"""The desk's own statuses and fields in the settings: made, named, put in order, removed, and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.fields.queries import fields
from app.states.queries import states
from app.tickets import commands
from app.tickets.queries import ticket_rows
from tests.ui.desk_pages import Office, office, settle, shown
from ui.pages.settings.fields import FieldSheet, FieldsPane
from ui.pages.settings.page import Page
from ui.pages.settings.statuses import StateRow, StatusesPane
from ui.widgets.label import Label
from ui.widgets.overlay import Dialog
from ui.window import Window

KEY = Qt.Key


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


@pytest.fixture
def window(place: Office, qapp: QApplication, qtbot: QtBot) -> Iterator[Window]:
    with shown(place, qapp, qtbot, "settings", category="statuses") as (made, _page):
        yield made


def pane_of(window: Window) -> Any:
    page = window._pages["settings"]
    assert isinstance(page, Page)
    return page.stack.currentWidget()


def _says(label: Label, words: str) -> bool:
    return words in label.text()


def names(place: Office, category: str) -> list[str]:
    return [one.label for one in place.desk.ask(states) if one.category == category]


def test_a_status_is_added_renamed_made_default_and_removed(place: Office, window: Window, qtbot: QtBot) -> None:
    pane: StatusesPane = pane_of(window)
    group = pane.categories["waiting"]
    group.begin()
    qtbot.keyClicks(group.field, "open")
    qtbot.keyClick(group.field, KEY.Key_Return)
    settle(window, qtbot, lambda: "already" in group.field.toolTip())
    group.field.selectAll()
    qtbot.keyClicks(group.field, "Supplier")
    qtbot.keyClick(group.field, KEY.Key_Return)
    settle(window, qtbot, lambda: len(group.rows.rows()) == 2)
    line = group.rows.rows()[1]
    assert isinstance(line, StateRow)
    line.name.setFocus()
    line.name.selectAll()
    qtbot.keyClicks(line.name, "Waiting for supplier")
    qtbot.keyClick(line.name, KEY.Key_Return)
    settle(window, qtbot, lambda: names(place, "waiting") == ["waiting", "Waiting for supplier"])
    line.make_default.click()
    settle(window, qtbot, line.make_default.isHidden)
    ticket = place.mail()
    place.desk.do(commands.set_status, ticket, "waiting")
    assert place.desk.ask(ticket_rows, [ticket])[0].state_name == "Waiting for supplier"
    group.remove(next(one for one in place.desk.ask(states) if one.id is not None))
    sheet = window.overlay.current()
    assert isinstance(sheet, Dialog)
    qtbot.keyClick(sheet, KEY.Key_Return)
    settle(window, qtbot, lambda: len(group.rows.rows()) == 1)
    assert place.desk.ask(ticket_rows, [ticket])[0].state_name == ""
    window.actions_.run("undo")
    settle(window, qtbot, lambda: len(group.rows.rows()) == 2)
    assert place.desk.ask(ticket_rows, [ticket])[0].state_name == "Waiting for supplier"


def test_a_field_is_made_changed_moved_and_removed(place: Office, window: Window, qtbot: QtBot) -> None:
    window.go("settings", category="fields")
    pane: FieldsPane = pane_of(window)
    for name, kind in (("Order", "text"), ("Area", "tree")):
        pane.add_button.click()
        sheet = window.overlay.current()
        assert isinstance(sheet, FieldSheet)
        qtbot.keyClicks(sheet.name, name)
        sheet.kind.setCurrentIndex(sheet.kind.findData(kind))
        sheet.kind.chosen.emit(kind)
        if kind == "tree":
            sheet.submit()
            hint = sheet._choices_block._hint
            qtbot.waitUntil(partial(_says, hint, "choose"))
            sheet.choices.setFocus()
            qtbot.keyClicks(sheet.choices, "Lamps")
            qtbot.keyClick(sheet.choices, KEY.Key_Return)
            qtbot.keyClicks(sheet.choices, "  Desk")
        sheet.submit()
        settle(window, qtbot, lambda: window.overlay.current() is None)
    settle(window, qtbot, lambda: len(pane.rows.rows()) == 2)
    order, area = place.desk.ask(fields)
    assert [one.path for one in area.offered] == ["Lamps", "Lamps / Desk"]
    pane.move_by(area, -1)
    settle(window, qtbot, lambda: [one.name for one in place.desk.ask(fields)] == ["Area", "Order"])
    pane.edit(order)
    sheet = window.overlay.current()
    assert isinstance(sheet, FieldSheet)
    sheet.name.setText("Area")
    sheet.submit()
    settle(window, qtbot, lambda: "already" in sheet._name_block._hint.text())
    sheet.close_dialog()
    pane.remove(order)
    asked = window.overlay.current()
    assert isinstance(asked, Dialog)
    qtbot.keyClick(asked, KEY.Key_Return)
    settle(window, qtbot, lambda: len(pane.rows.rows()) == 1)
    window.actions_.run("undo")
    settle(window, qtbot, lambda: len(pane.rows.rows()) == 2)
