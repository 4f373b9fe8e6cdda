"""The menu of a row: what its keys do, for the mouse. It acts on what is chosen, or on the row beneath the pointer.

A row that is not chosen is only pointed at while its menu is open: opening it would mark it read, and lose the place of whoever
only wanted to put it aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QMenu

from ui.models.tickets import ID_ROLE

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page
    from ui.pages.inbox.ticket_list.choosing import Rows

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
    if not index.isValid() or not isinstance(key := index.data(ID_ROLE), UUID):
        return
    if not rows.selectionModel().isSelected(index):
        page.picked.pointed = key
        rows.point_at(index)
    menu = row_menu(page)
    # Qt says that a menu hides before it does what was taken there; what that acts on is known until then.
    menu.aboutToHide.connect(lambda: QTimer.singleShot(0, page, lambda: _leave(page, rows)))
    menu.popup(rows.viewport().mapToGlobal(at))


def _leave(page: Page, rows: Rows) -> None:
    page.picked.pointed = None
    rows.point_at(None)
    page.context.actions.refresh()


def row_menu(page: Page) -> QMenu:
    """What can be done now with what is chosen; it goes by itself when it is closed."""
    menu, actions = QMenu(page), page.context.actions
    menu.aboutToHide.connect(menu.deleteLater)
    actions.refresh()
    for part in _SHOWN:
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addActions([actions.entry(key, menu) for key in part if actions[key].isEnabled()])
    return menu
