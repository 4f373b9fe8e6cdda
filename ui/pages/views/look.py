"""How the list shown is ordered, under which headings it stands and how close its rows are: a menu; remembered with the view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.views.queries import ViewInfo
from app.views.ranking import can_rank
from app.views.rules import Density, Group, Sort
from ui.icons import icon
from ui.text import tr

Change = Callable[..., Any]
_SELDOM = (Sort.SNOOZED, Sort.SOLVED, Sort.DELETED, Sort.BEST)  # offered where they mean something


def sorts() -> list[tuple[Sort, str]]:
    """Every order with its name."""
    return [
        (Sort.LAST_MESSAGE, tr("Last message")),
        (Sort.CREATED, tr("Created")),
        (Sort.WAITING, tr("Waiting for us longest")),
        (Sort.DUE, tr("Due")),
        (Sort.PRIORITY, tr("Priority")),
        (Sort.SNOOZED, tr("Snoozed until")),
        (Sort.SOLVED, tr("Solved")),
        (Sort.DELETED, tr("Deleted")),
        (Sort.BEST, tr("Best match")),
    ]


def groups() -> list[tuple[Group, str]]:
    """Every kind of headings with its name."""
    return [
        (Group.NONE, tr("No headings")),
        (Group.STATUS, tr("Status")),
        (Group.ASSIGNEE, tr("Assignee")),
        (Group.PRIORITY, tr("Priority")),
        (Group.CUSTOMER, tr("Customer")),
        (Group.DAY, tr("Day")),
        (Group.TAG, tr("Tag")),
    ]


def densities() -> list[tuple[Density, str]]:
    """How close rows can stand."""
    return [(Density.COMFORTABLE, tr("Comfortable")), (Density.COMPACT, tr("Compact"))]


def look_menu(view: ViewInfo, change: Change, parent: QWidget) -> QMenu:
    """The menu for a view; `change(**fields)` is `change_view` for it."""
    menu, listing = QMenu(parent), view.listing
    menu.setAccessibleName(tr("Order, headings and density"))
    order = menu.addMenu(icon("sort-variant"), tr("Order"))
    offered = [
        (key, word)
        for key, word in sorts()
        if key not in _SELDOM or key == listing.sort or (key is Sort.BEST and can_rank(listing.condition))
    ]
    _offer(order, offered, listing.sort, lambda key: change(sort=str(key)))
    order.addSeparator()
    way = order.addAction(tr("The earliest first"))
    way.setCheckable(True)
    way.setChecked(listing.ascending and listing.sort is not Sort.BEST)
    way.setEnabled(listing.sort is not Sort.BEST)
    way.triggered.connect(lambda on: change(ascending=on))
    heads = menu.addMenu(icon("format-list-group"), tr("Headings"))
    _offer(heads, groups(), listing.group, lambda key: change(group=str(key)))
    rows = menu.addMenu(icon("view-headline"), tr("Rows"))
    _offer(rows, densities(), view.density or Density.COMFORTABLE, lambda key: change(density=str(key)))
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def drop(menu: QMenu, anchor: QWidget) -> None:
    """Open a menu beneath its button."""
    menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height() + 4)))


def _offer(menu: QMenu, offered: Sequence[tuple[Any, str]], current: Any, act: Callable[[Any], object]) -> None:
    group = QActionGroup(menu)
    for key, word in offered:
        action = QAction(word, menu)
        action.setCheckable(True)
        action.setChecked(key == current)
        action.triggered.connect(partial(_chosen, act, key))
        group.addAction(action)
        menu.addAction(action)


def _chosen(act: Callable[[Any], object], key: Any, _on: bool = False) -> None:
    act(key)
