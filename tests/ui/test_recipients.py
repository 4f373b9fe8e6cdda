"""The line of addresses above a letter: as many lines as they need, and the keys of the mail programs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.pages.inbox.writing.address_field import LINE, AddressField, as_text
from ui.theme import Theme

PEOPLE = [(f"Person {n}", f"person.{n}@company-{n}.example") for n in range(12)]


@pytest.fixture
def field(qapp: QApplication, qtbot: QtBot) -> AddressField:
    """One of 600 px, with the keyboard."""
    (qapp.findChild(Theme) or Theme(qapp)).choose("light")
    made = AddressField("Cc")
    qtbot.addWidget(made)
    made.setFixedWidth(600)
    made.show()
    made.setFocus()
    return made


def test_many_people_stand_in_three_lines_which_scroll(field: AddressField) -> None:
    field.setText(as_text(PEOPLE[:1]))
    assert field.height() == LINE
    assert not field.verticalScrollBar().isVisible()
    field.setText(as_text(PEOPLE[:3]))
    assert LINE < field.height() < 3 * LINE
    two_or_three = field.height()
    field.setText(as_text(PEOPLE))
    assert two_or_three <= field.height() < 3 * LINE
    assert field.verticalScrollBar().isVisible()
    assert field.persons() == tuple(PEOPLE)
    field.setText("")
    assert field.height() == LINE


def test_backspace_takes_a_whole_address_but_not_while_it_is_typed(field: AddressField, qtbot: QtBot) -> None:
    field.setText("Ann <ann@a.example>, ben@b.example, cem@c.example")
    field.moveCursor(field.textCursor().MoveOperation.End)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "Ann <ann@a.example>, ben@b.example"
    QTest.keyClicks(field, ", dee@d.example")
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "Ann <ann@a.example>, ben@b.example, dee@d.exampl"
    QTest.keyClicks(field, "e,")
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "Ann <ann@a.example>, ben@b.example, "
    for left in ("Ann <ann@a.example>, ", "", ""):
        QTest.keyClick(field, Qt.Key.Key_Backspace)
        assert field.text() == left
    field.undo()
    assert field.text() == "Ann <ann@a.example>, "


def test_a_key_that_types_nothing_ends_no_address(field: AddressField, qtbot: QtBot) -> None:
    for letter in "Ann Lee <ann@a.example>":
        if letter in "AL<@>":
            QTest.keyClick(field, Qt.Key.Key_Shift)
        QTest.keyClicks(field, letter)
    assert field.text() == "Ann Lee <ann@a.example>"
    QTest.keyClick(field, Qt.Key.Key_Left)
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClicks(field, "ben")
    assert field.text() == "Ann Lee <ann@a.example>, ben"


def test_an_address_in_the_middle_is_taken_with_its_comma(field: AddressField, qtbot: QtBot) -> None:
    field.setText('"Lee, Ann" <ann@a.example>, ben@b.example, cem@c.example')
    cursor = field.textCursor()
    cursor.setPosition(field.text().index(", cem"))
    field.setTextCursor(cursor)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == '"Lee, Ann" <ann@a.example>, cem@c.example'
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "cem@c.example"
    QTest.keyClick(field, Qt.Key.Key_Right)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "em@c.example"  # within an address it takes a letter


def test_there_are_no_paragraphs_and_what_is_offered_takes_the_place_of_what_was_typed(
    field: AddressField, qtbot: QtBot
) -> None:
    QTest.keyClick(field, Qt.Key.Key_Return)
    clipboard = QMimeData()
    clipboard.setText("ann@a.example\nben@b.example,\n\n")
    field.insertFromMimeData(clipboard)
    assert field.text() == "ann@a.example, ben@b.example"
    with qtbot.waitSignal(field.completion_wanted) as asked:
        QTest.keyClicks(field, ", ce")
    assert asked.args == ["ce"]
    field.offer([("Cem", "cem@c.example")])
    field._take("Cem <cem@c.example>")
    assert field.text() == "ann@a.example, ben@b.example, Cem <cem@c.example>"


def test_who_comes_by_keyboard_writes_one_more_behind_the_last(field: AddressField) -> None:
    field.setText("Ann <ann@a.example>, ben@b.example")
    field.clearFocus()
    field.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClicks(field, "cem@c.example, dee@d.example")
    assert field.text() == "Ann <ann@a.example>, ben@b.example, cem@c.example, dee@d.example"
