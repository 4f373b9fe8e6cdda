"""What can be done with the chosen cards, with a column, and with the board's groupings, as menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.boards.queries import BoardView
from app.tickets.rules import BoardBy, LaneBy
from ui.actions import Actions
from ui.icons import icon
from ui.models.board import grouping_word, named
from ui.pages.board.column import Column
from ui.text import count_text, tr

Act = Callable[[], object]


def card_menu(parent: QWidget, actions: Actions, columns: Sequence[Column], move: Callable[[Column], object]) -> QMenu:
    """Open, move to a column, and what can be done with tickets everywhere."""
    menu = _menu(parent)
    menu.addActions([actions.entry(key, menu) for key in ("open", "select")])
    menu.addSeparator()
    for place, column in enumerate(columns):
        said = tr("Move to “{name}”", name=column.title)
        _add(menu, f"{said}\t{place + 1}" if place < 9 else said, "arrow-right", partial(move, column))
    menu.addSeparator()
    for key in ("assign_me", "assign", "priority", "tag", "board.snooze"):
        menu.addAction(actions.entry(key, menu))
    menu.addActions([actions.entry(key, menu) for key in ("solve", "reopen")])
    menu.addSeparator()
    menu.addAction(actions.entry("delete", menu))
    return menu


def column_menu(parent: QWidget, acts: Sequence[tuple[str, str, Act] | None]) -> QMenu:
    """What can be done with a column: (words, icon, act), None for a line."""
    menu = _menu(parent)
    for act in acts:
        if act is None:
            menu.addSeparator()
        else:
            _add(menu, *act)
    return menu


def fill_board_menu(
    menu: QMenu,
    view: BoardView,
    group: Callable[[BoardBy], object],
    lanes: Callable[[LaneBy], object],
    show: Callable[[str], object],
    arrange: Act,
) -> None:
    """What columns and lanes stand for, and which columns are shown."""
    menu.clear()
    _title(menu, tr("Columns"))
    _choices(menu, list(BoardBy), view.by, lambda key: group(BoardBy(key)))
    menu.addSeparator()
    _title(menu, tr("Lanes"))
    _choices(menu, [one for one in LaneBy if str(one) != str(view.by)], view.lane_by, lambda key: lanes(LaneBy(key)))
    menu.addSeparator()
    for column in view.hidden:
        title = named(view.by, column.named)[0]
        words = tr("Show “{name}” ({count})", name=title, count=count_text(column.count))
        _add(menu, words, "eye-outline", partial(show, column.key))
    _add(menu, tr("Order, limits and hidden columns…"), "view-column-outline", arrange)


def _choices(menu: QMenu, keys: Sequence[str], current: str, chosen: Callable[[str], object]) -> None:
    group = QActionGroup(menu)
    for key in keys:
        choice = QAction(grouping_word(str(key)), menu, checkable=True, checked=str(key) == str(current))
        choice.triggered.connect(partial(_run, chosen, str(key)))
        group.addAction(choice)
        menu.addAction(choice)


def _title(menu: QMenu, words: str) -> None:
    title = QAction(words, menu)
    title.setEnabled(False)
    menu.addAction(title)


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def _add(menu: QMenu, text: str, sign: str, run: Act) -> None:
    action = QAction(icon(sign), text.replace("&", "&&"), menu)
    action.triggered.connect(lambda _on=False: run())
    menu.addAction(action)


def _run(act: Callable[[str], object], key: str, _checked: bool = False) -> None:
    act(key)
