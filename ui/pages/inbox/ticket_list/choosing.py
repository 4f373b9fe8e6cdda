"""Choosing rows of a list, and marking several: by key, by mouse, by a box to tick.

One row is chosen while one reads; marks are for doing something with many. What counts is counted by ranges, never row by row.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView

from ui.pages.inbox.ticket_list.rows import ROW_HEIGHT, RowPainter
from ui.pages.inbox.ticket_list.view import NO_OTHERS, ListView, Others

_Index = QModelIndex | QPersistentModelIndex
_Flag = QItemSelectionModel.SelectionFlag


class Rows(ListView):
    """A list of tickets: choosing and marking rows, one by one or together."""

    painted = Signal()
    activated_key = Signal()

    def __init__(self, name: str, others: Callable[[], Others] = lambda: NO_OTHERS, height: int = ROW_HEIGHT) -> None:
        super().__init__(others, height)
        self._told = False
        self.marking = False
        """Are rows being marked one by one? Then moving on leaves the marks alone."""
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setStyleSheet("selection-background-color: transparent;")  # the painter draws it, with round corners

    def paintEvent(self, event: QPaintEvent, /) -> None:
        super().paintEvent(event)
        if not self._told and self._model is not None and self._count() and self._model.index(0, 0).data():
            self._told = True
            self.painted.emit()

    def setCurrentIndex(self, index: _Index, /) -> None:
        """The program chooses this row, and no other. Qt's own would heed a Ctrl or Shift that is still held down from the
        keys that sent a reply, and choose a second.
        """
        self.selectionModel().setCurrentIndex(index, _Flag.ClearAndSelect | _Flag.Rows)

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        """That the keyboard comes marks nothing: Qt would make the first row the current one, and so open a ticket that nobody
        chose. Nothing is current afterwards either, so that choosing the first row, by key or mouse, is told.
        """
        marks = self.selectionModel()
        if self.currentIndex().isValid():
            super().focusInEvent(event)
            return
        with QSignalBlocker(marks):
            super().focusInEvent(event)
            marks.clearCurrentIndex()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated_key.emit()
        elif event.key() == Qt.Key.Key_Escape and self.reset_marks():
            return
        else:
            super().keyPressEvent(event)

    def step(self, by: int) -> None:
        """Choose the next or previous row that can be chosen."""
        model, current = self.model(), self.currentIndex()
        chosen = current.isValid() and (self.marking or self.selectionModel().isSelected(current))
        place = current.row() + (by if chosen else 0) if current.isValid() else 0
        while 0 <= place < model.rowCount():
            index = model.index(place, 0)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                if self.marking:
                    self.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)
                    self.scrollTo(index)
                    return
                if current == index:  # marked by the focus alone: Qt would not tell that it is chosen now
                    self.setCurrentIndex(QModelIndex())
                self.setCurrentIndex(index)
                return
            place += by

    def mark(self) -> None:
        """Mark the row where the keyboard is, or take the mark off; the first one begins the marking."""
        index, model = self.currentIndex(), self.selectionModel()
        if not index.isValid() or not index.flags() & Qt.ItemFlag.ItemIsSelectable:
            return
        begins, self.marking = not self.marking, True
        model.select(index, _Flag.Select if begins else _Flag.Toggle)
        if not model.hasSelection():
            self.marking = False

    def count_chosen(self) -> int:
        """How many rows are chosen; their ranges are counted, not the rows: all may be a hundred thousand."""
        chosen = self.selectionModel().selection()
        ranges = [(chosen.at(n).top(), chosen.at(n).bottom()) for n in range(chosen.count())]
        return sum(last - first + 1 - self.measures.others_within(first, last) for first, last in ranges)

    def count_all(self) -> int:
        """How many rows could be chosen, by the same arithmetic."""
        count = self._count()
        return count - self.measures.others_within(0, count - 1)

    def tick(self, index: QModelIndex) -> bool:
        """Mark this row, or take its mark off, as a click on its box does; False if it has none."""
        if not index.isValid() or not self.can_choose(index.row()):
            return False
        model = self.selectionModel()
        if not self.marking and self.count_chosen() <= 1:
            model.clearSelection()  # the row that was open was not ticked
        self.marking = True
        model.setCurrentIndex(index, _Flag.NoUpdate)
        model.select(index, _Flag.Toggle)
        self.marking = model.hasSelection()
        return True

    def show_boxes(self, on: bool) -> None:
        """Boxes to tick in the place of avatars."""
        if isinstance(self._painter, RowPainter):
            self._painter.boxes = on
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            return  # it opens a menu (`ui.pages.inbox.actions.row_menu`) and chooses nothing: Qt's own would choose the row
        if not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self.marking = False
        if not self.indexAt(event.position().toPoint()).isValid():
            self.reset_marks()  # the ticket that is shown stays the one that is marked; Qt would mark none
            return
        super().mousePressEvent(event)

    def reset_marks(self) -> bool:
        """Back to one, the row where the keyboard is; False if several were not chosen."""
        was, self.marking = self.marking or self.count_chosen() > 1, False
        if was:
            current = self.currentIndex()
            self.setCurrentIndex(QModelIndex())  # or Qt would not tell that this one is chosen now
            self.clearSelection()
            if current.isValid():
                self.setCurrentIndex(current)
        return was
