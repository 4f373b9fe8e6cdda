# mypy: disable-error-code="no-untyped-call"
"""What tests of the board look at and do: columns, where the keyboard is, cards carried by the mouse."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.tickets.queries import ticket
from tests.ui.desk_pages import Office
from ui.models.tickets import ROW_ROLE
from ui.pages.board.page import Page

KEY, NONE, SHIFT = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


def status(place: Office, key: UUID) -> str:
    """A ticket's status."""
    found = place.desk.ask(ticket, key)
    assert found is not None
    return found.row.status


def column(page: Page, key: str) -> Any:
    """A column by its key."""
    return next(one for one in page.columns.columns() if one.key == key)


def has(page: Page, key: str, count: int) -> bool:
    """Is the board shown, with so many cards in this column?"""
    return page.view is not None and any(one.key == key and one.count == count for one in page.columns.columns())


def current(page: Page, key: str) -> UUID | None:
    """The ticket whose card has the keyboard, if it is in this column."""
    cards = column(page, key).list
    card = cards.current() if cards.hasFocus() else None
    return card[1] if card is not None else None


def carry(qtbot: QtBot, cards: Any, at: QPoint, target: Any) -> None:
    """Take the card at a point up and hold it over another column."""
    port = cards.viewport()
    goal = port.mapFromGlobal(middle(target))
    qtbot.mousePress(port, LEFT, pos=at)
    for step in range(1, 9):
        qtbot.mouseMove(port, at + (goal - at) * step / 8)


def middle(cards: Any) -> QPoint:
    """The middle of a column, on the screen."""
    found: QPoint = cards.viewport().mapToGlobal(cards.viewport().rect().center())
    return found


def row_of(page: Page, key: str) -> Any:
    """What the first card of a column shows."""
    return column(page, key).list.cards().index(0).data(ROW_ROLE)
