"""What can be done with the chosen cards, as menus: by the right button, the menu key, or a letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.tickets.queries import BoardBy
from ui.actions import Actions
from ui.icons import icon
from ui.models.board import column_name
from ui.text import tr

PRIORITIES = ("urgent", "high", "normal", "low")


def card_menu(
    parent: QWidget, actions: Actions, by: BoardBy, columns: Sequence[tuple[str, str]], move: Callable[[str], object]
) -> QMenu:
    """Open, move to a column (key, title), solve, take, delete."""
    menu = _menu(parent)
    menu.addAction(actions["open"])
    menu.addSeparator()
    for place, (key, title) in enumerate(columns):
        said = tr("Move to “{name}”", name=title)
        moving = QAction(icon("arrow-right"), f"{said}\t{place + 1}" if place < 9 else said, menu)
        moving.triggered.connect(partial(_run, move, key))
        menu.addAction(moving)
    menu.addSeparator()
    if by is not BoardBy.ASSIGNEE:
        menu.addActions([actions["assign_me"], actions["assign"]])
    if by is not BoardBy.PRIORITY:
        menu.addAction(actions["priority"])
    if by is not BoardBy.STATUS:
        menu.addActions([actions["solve"], actions["reopen"]])
    menu.addSeparator()
    menu.addAction(actions["delete"])
    return menu


def assignee_menu(parent: QWidget, names: dict[str, str], chosen: Callable[[UUID | None], object]) -> QMenu:
    """Everybody, and nobody."""
    menu = _menu(parent)
    for key, name in names.items():
        _add(menu, name, "account-outline", partial(chosen, UUID(key)))
    _add(menu, tr("Nobody"), "account-off-outline", partial(chosen, None))
    return menu


def priority_menu(parent: QWidget, chosen: Callable[[str], object]) -> QMenu:
    """The priorities, what presses most first."""
    menu = _menu(parent)
    for key in PRIORITIES:
        _add(menu, column_name(BoardBy.PRIORITY, key, {})[0], "flag-outline", partial(chosen, key))
    return menu


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def _add(menu: QMenu, text: str, sign: str, run: Callable[[], object]) -> None:
    action = QAction(icon(sign), text.replace("&", "&&"), menu)
    action.triggered.connect(lambda _on=False: run())
    menu.addAction(action)


def _run(act: Callable[[str], object], key: str, _checked: bool = False) -> None:
    act(key)
