# mypy: disable-error-code="no-untyped-call"
"""The rows of a list: where each lies, what stays in place, and what the keyboard skips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QStringListModel, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.pages.inbox.ticket_list.choosing import Rows
from ui.pages.inbox.ticket_list.view import Measures, Others

HEIGHT, HEADING = 40, 16


@given(st.sets(st.integers(0, 40)), st.integers(1, 50), st.integers(-20, 3000))
def test_a_row_lies_where_the_rows_above_it_end(headings: set[int], count: int, y: int) -> None:
    places = sorted(headings)
    others: Others = (places, [HEADING] * len(places))
    measures = Measures(HEIGHT, lambda: others)
    tall = [HEADING if row in headings else HEIGHT for row in range(count)]
    tops = [sum(tall[:row]) for row in range(count + 1)]
    assert [measures.top(row) for row in range(count + 1)] == tops
    assert [measures.tall(row) for row in range(count)] == tall
    inside = [row for row in range(count) if tops[row] <= y < tops[row + 1]]
    assert measures.at(y, count) == (inside[0] if inside else -1)
    assert measures.others_within(0, count - 1) == len([one for one in places if one < count])


class Words(QStringListModel):
    """Words; those in capitals are headings."""

    def flags(self, index: object, /) -> Qt.ItemFlag:
        capital = str(index.data()).isupper()  # type: ignore[attr-defined]  # always an index
        return Qt.ItemFlag.ItemIsEnabled if capital else Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


@pytest.fixture
def rows(qapp: QApplication, qtbot: QtBot) -> Rows:
    """Two hundred words under two headings."""
    words = ["EVEN", *(f"word {n}" for n in range(0, 200, 2)), "ODD", *(f"word {n}" for n in range(1, 200, 2))]
    model = Words(words)
    others: Others = ([0, 101], [HEADING, HEADING])
    view = Rows("Words", lambda: others, HEIGHT)
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(200, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_the_keyboard_goes_from_row_to_row_and_over_headings(rows: Rows, qtbot: QtBot) -> None:
    rows.setFocus()
    rows.step(1)
    assert rows.currentIndex().data() == "word 0"
    qtbot.keyClick(rows, Qt.Key.Key_Up)
    assert rows.currentIndex().data() == "word 0"
    rows.setCurrentIndex(rows.model().index(100, 0))
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert rows.currentIndex().data() == "word 1"
    assert rows.viewport().rect().contains(rows.visualRect(rows.currentIndex()))
    qtbot.keyClick(rows, Qt.Key.Key_End)
    assert rows.currentIndex().data() == "word 199"
    assert rows.verticalScrollBar().value() == rows.verticalScrollBar().maximum()
    qtbot.keyClick(rows, Qt.Key.Key_Home)
    assert rows.currentIndex().data() == "word 0"


def test_a_click_hits_the_row_that_is_painted_there_and_headings_are_not_counted(rows: Rows, qtbot: QtBot) -> None:
    for at, word in ((HEADING + 1, "word 0"), (HEADING + 2 * HEIGHT + 1, "word 4")):
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, at))
        assert rows.currentIndex().data() == word
    rows.selectAll()
    assert rows.count_chosen() == 200
    rows.setCurrentIndex(rows.model().index(3, 0))
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, shift, QPoint(50, HEADING + 1))
    assert rows.count_chosen() == 3


def test_what_is_looked_at_stays_when_rows_come_and_go_above(rows: Rows) -> None:
    rows.scrollTo(rows.model().index(60, 0), Rows.ScrollHint.PositionAtTop)
    seen = rows.indexAt(QPoint(5, 90)).data()
    rows.model().insertRows(10, 3)
    assert rows.indexAt(QPoint(5, 90)).data() == seen
    rows.model().removeRows(2, 5)
    assert rows.indexAt(QPoint(5, 90)).data() == seen
    rows.set_row_height(30)
    assert rows.indexAt(QPoint(5, 1)).data() == "word 118"
    rows.verticalScrollBar().setValue(0)
    rows.model().insertRows(1, 1)
    assert rows.verticalScrollBar().value() == 0


def test_a_screen_reader_finds_the_rows(rows: Rows) -> None:
    interface = QAccessible.queryAccessibleInterface(rows)
    assert interface is not None
    assert interface.role() in (QAccessible.Role.List, QAccessible.Role.Table)
    assert interface.childCount() == 202
    assert interface.child(1).text(QAccessible.Text.Name) == "word 0"
    rect = interface.child(1).rect()
    assert rect.height() == HEIGHT
