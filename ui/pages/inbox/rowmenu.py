"""The menu of a row: what its keys do, for the mouse. It acts on what is chosen, or on the row beneath the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from ui.pages.inbox.list_view import Rows
    from ui.pages.inbox.page import Page

_SHOWN = (
    ("open", "own_window", "select"),
    ("solve", "reopen", "assign_me", "assign", "status", "priority", "tag", "snooze", "merge"),
    ("follow_up", "unread", "read"),
    ("spam", "spam_block", "block", "delete", "restore"),
)


def give_menus(page: Page) -> None:
    """A right click, or the menu key, opens the menu of a row."""
    for rows in (page.list.rows, page.list.results):
        rows.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows.customContextMenuRequested.connect(lambda at, rows=rows: _open(page, rows, at))


def _open(page: Page, rows: Rows, at: QPoint) -> None:
    index = rows.indexAt(at)
    if not index.isValid() or not rows.can_choose(index.row()):
        return
    if not rows.selectionModel().isSelected(index):
        page.selecting.clear()
        rows.setCurrentIndex(index)
    row_menu(page).popup(rows.viewport().mapToGlobal(at))


def row_menu(page: Page) -> QMenu:
    """What can be done now with what is chosen; it goes by itself when it is closed."""
    menu, actions = QMenu(page), page.context.actions
    menu.aboutToHide.connect(menu.deleteLater)
    actions.refresh()
    for part in _SHOWN:
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addActions([actions[key] for key in part if actions[key].isEnabled()])
    return menu
