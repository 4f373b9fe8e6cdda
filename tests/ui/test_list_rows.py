"""A row of the list shown from its picture is what painting it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QStyle

from app.tickets.queries import TicketRow, ticket_rows
from tests.ui.inbox_desk import InboxDesk
from ui.pages.inbox.ticket_list.painter import ListPainter
from ui.pages.inbox.ticket_list.rows import paint_row
from ui.theme import tokens

_PLACE = QRect(0, 30, 340, 84)
_SELECTED = QStyle.StateFlag.State_Selected


@pytest.fixture
def row(tmp_path: Path, qapp: QApplication) -> TicketRow:
    """A ticket so old that its age stays the same."""
    made = InboxDesk(tmp_path / "desk")
    try:
        (found,) = made.desk.ask(ticket_rows, made.some(1), made.ann)
    finally:
        made.desk.close()
    return replace(found, last_message_at=datetime(2020, 3, 3, tzinfo=UTC), due_at=None)


def _image(ratio: float, state: QStyle.StateFlag, by: ListPainter | None, row: TicketRow) -> QImage:
    """A row painted by `by`, or without pictures, on the list's ground."""
    image = QImage(QSize(340, 120) * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(tokens().surface))
    state |= QStyle.StateFlag.State_Enabled
    with QPainter(image) as painter:
        if by is None:
            paint_row(painter, QRect(_PLACE), state, row, datetime(2026, 1, 1, tzinfo=UTC))
        else:
            by.paint_ticket(painter, QRect(_PLACE), state, row)
    return image


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_a_picture_of_a_row_is_the_row(row: TicketRow, ratio: float) -> None:
    painter = ListPainter()
    other = replace(row, subject="Something else", unread=not row.unread)
    images = []
    for state in (QStyle.StateFlag.State_None, _SELECTED):
        for one in (row, other):
            expected = _image(ratio, state, None, one)
            assert _image(ratio, state, painter, one) == expected
            assert _image(ratio, state, painter, one) == expected
            images.append(expected)
    assert all(one != another for n, one in enumerate(images) for another in images[:n])
