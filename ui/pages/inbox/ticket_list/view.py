"""The rows of a list: any number of them, of one height but for headings, and what the reader looks at stays in place.

Where a row lies is arithmetic, never a table of a hundred thousand sections: the rows of one height, and beside them the few
that have another (headings), in order. So showing, scrolling, inserting and grouping cost the same for ten rows and for all.
It is a QListView only because screen readers know that class; none of its layout is used.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QColor, QCursor, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QFrame, QListView, QStyle, QStyleOptionViewItem

from ui.pages.inbox.ticket_list.rows import ROW_HEIGHT, paint_at
from ui.theme import tokens

Others = tuple[Sequence[int], Sequence[int]]
"""The rows of another height: their places in order, and their heights."""

NO_OTHERS: Others = ((), ())
_Index = QModelIndex | QPersistentModelIndex
_State, _Flag = QStyle.StateFlag, QItemSelectionModel.SelectionFlag
_Move = QAbstractItemView.CursorAction


class Measures:
    """Where the rows of a list lie, in pixels from its top."""

    def __init__(self, height: int, others: Callable[[], Others]) -> None:
        self.height, self.asked = height, others
        self._others: Others = NO_OTHERS
        self._more: list[int] = [0]

    def others(self) -> Others:
        """The rows of another height now. What is asked must give the same object while nothing has changed."""
        others = self.asked()
        if others is not self._others:
            self._others = others
            self._more = [0, *accumulate(one - self.height for one in others[1])]
        return others

    def top(self, row: int) -> int:
        """Where a row begins; for the number of rows, where the list ends."""
        places, _ = self.others()
        return row * self.height + self._more[bisect_left(places, row)]

    def tall(self, row: int) -> int:
        """How high a row is."""
        places, heights = self.others()
        at = bisect_left(places, row)
        return heights[at] if at < len(places) and places[at] == row else self.height

    def at(self, y: int, count: int) -> int:
        """The row at this height, -1 for none; `count`: how many there are."""
        if y < 0 or y >= self.top(count):
            return -1
        low, high = 0, count - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.top(middle) <= y:
                low = middle
            else:
                high = middle - 1
        return low

    def heading_of(self, row: int) -> int:
        """The last row of another height before this one, -1 for none."""
        places, _ = self.others()
        at = bisect_right(places, row) - 1
        return places[at] if at >= 0 else -1

    def others_within(self, first: int, last: int) -> int:
        """How many rows of another height are in this stretch."""
        places, _ = self.others()
        return bisect_right(places, last) - bisect_left(places, first)


class ListView(QListView):
    """A list whose rows are placed by `Measures` and painted by its delegate."""

    def __init__(self, others: Callable[[], Others] = lambda: NO_OTHERS, height: int = ROW_HEIGHT) -> None:
        super().__init__()
        self.measures = Measures(height, others)
        self.sticky = False
        """Does the heading of the rows at the top stay in sight?"""
        self._model: QAbstractItemModel | None = None
        self._painter: QAbstractItemDelegate | None = None
        self._anchor: tuple[QPersistentModelIndex, int] | None = None
        self._pointed = QPersistentModelIndex()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)

    # -- for its owner

    def set_row_height(self, height: int) -> None:
        """Rows of another height from now on; the row at the top stays there."""
        if height == self.measures.height:
            return
        self._hold()
        self.measures = Measures(height, self.measures.asked)
        self._settle()

    def rows_within(self) -> tuple[int, int]:
        """The first and the last row in sight; (0, -1) without rows."""
        count, top = self._count(), self.verticalOffset()
        if not count:
            return 0, -1
        last = self.measures.at(top + self.viewport().height() - 1, count)
        return max(0, self.measures.at(top, count)), count - 1 if last < 0 else last

    def can_choose(self, row: int) -> bool:
        """Is there a row that is no heading?"""
        if self._model is None or not 0 <= row < self._count():
            return False
        return bool(self._model.index(row, 0).flags() & Qt.ItemFlag.ItemIsSelectable)

    def point_at(self, index: QModelIndex | None) -> None:
        """Frame the row whose menu is open, whether it is chosen or not; None: no row."""
        self._pointed = QPersistentModelIndex(index) if index is not None else QPersistentModelIndex()
        self.viewport().update()

    def place_pointed_at(self) -> int:
        """Which row that is, -1 for none."""
        return self._pointed.row() if self._pointed.isValid() else -1

    # -- the model

    def setModel(self, model: QAbstractItemModel | None, /) -> None:
        super().setModel(model)
        self._model = model
        if model is None:
            return
        for before in (model.rowsAboutToBeInserted, model.rowsAboutToBeMoved, model.layoutAboutToBeChanged):
            before.connect(self._hold)
        for after in (model.rowsRemoved, model.rowsMoved, model.modelReset, model.layoutChanged):
            after.connect(self._settle)

    def setItemDelegate(self, delegate: QAbstractItemDelegate, /) -> None:
        super().setItemDelegate(delegate)
        self._painter = delegate

    def rowsInserted(self, parent: _Index, start: int, end: int, /) -> None:
        QAbstractItemView.rowsInserted(self, parent, start, end)
        self._settle()

    def rowsAboutToBeRemoved(self, parent: _Index, start: int, end: int, /) -> None:
        self._hold()
        QAbstractItemView.rowsAboutToBeRemoved(self, parent, start, end)

    def dataChanged(self, first: _Index, last: _Index, roles: Any = (), /) -> None:
        """Only what is in sight is painted anew: all may have changed."""
        top, bottom = self.rows_within()
        if first.row() <= bottom and last.row() >= top:
            self.viewport().update()

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def _count(self) -> int:
        return self._model.rowCount() if self._model is not None else 0

    def _hold(self, *_: object) -> None:
        """Remember the first row in sight: it stays where it is. At the very top, the top stays."""
        first, last = self.rows_within()
        self._anchor = None
        if self._model is not None and self.verticalOffset() > 0 and last >= first:
            top = self.measures.top(first) - self.verticalOffset()
            self._anchor = (QPersistentModelIndex(self._model.index(first, 0)), top)

    def _settle(self, *_: object) -> None:
        self.updateGeometries()
        if self._anchor is not None:
            row, top = self._anchor
            self._anchor = None
            if row.isValid():
                self.verticalScrollBar().setValue(self.measures.top(row.row()) - top)
        self.viewport().update()

    # -- where things are

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def isIndexHidden(self, index: _Index, /) -> bool:
        return False

    def visualRect(self, index: _Index, /) -> QRect:
        if not index.isValid():
            return QRect()
        return self._rect(index.row())

    def _rect(self, row: int) -> QRect:
        top = self.measures.top(row) - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self.measures.tall(row))

    def indexAt(self, p: QPoint, /) -> QModelIndex:
        row = self.measures.at(p.y() + self.verticalOffset(), self._count())
        return self._model.index(row, 0) if row >= 0 and self._model is not None else QModelIndex()

    def updateGeometries(self) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.measures.top(self._count()) - room))
        bar.setPageStep(room)
        bar.setSingleStep(28)

    def scrollContentsBy(self, dx: int, dy: int, /) -> None:
        if self.sticky:
            self.viewport().update()
        else:
            self.viewport().scroll(dx, dy)

    def scrollTo(self, index: _Index, hint: Any = QAbstractItemView.ScrollHint.EnsureVisible, /) -> None:
        if not index.isValid():
            return
        self.updateGeometries()
        top, tall, bar = self.measures.top(index.row()), self.measures.tall(index.row()), self.verticalScrollBar()
        heading = self.measures.heading_of(index.row()) if self.sticky else -1
        covered = self.measures.tall(heading) if 0 <= heading < index.row() else 0
        room = self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(top - (room - tall) // 2)
        elif top - covered < bar.value() or hint == QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(top - covered)
        elif top + tall > bar.value() + room:
            bar.setValue(top + tall - room)

    # -- choosing

    def moveCursor(self, action: _Move, modifiers: Qt.KeyboardModifier, /) -> QModelIndex:
        if self._model is None or not self._count():
            return QModelIndex()
        row, by, last = self.currentIndex().row(), 1, self._count() - 1
        page = max(1, self.viewport().height() // self.measures.height - 1)
        if action in (_Move.MoveUp, _Move.MovePrevious):
            row, by = row - 1, -1
        elif action in (_Move.MoveDown, _Move.MoveNext):
            row += 1
        elif action == _Move.MoveHome:
            row = 0
        elif action == _Move.MoveEnd:
            row, by = last, -1
        elif action == _Move.MovePageUp:
            row, by = max(0, row - page), -1
        elif action == _Move.MovePageDown:
            row = min(last, row + page)
        found = self._next(row, by)
        if found < 0:
            found = self._next(row, -by)
        return self._model.index(found, 0) if found >= 0 else self.currentIndex()

    def _next(self, row: int, by: int) -> int:
        """The first row from here that can be chosen, -1 for none."""
        while 0 <= row < self._count():
            if self.can_choose(row):
                return row
            row += by
        return -1

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag, /) -> None:
        model, marks = self._model, self.selectionModel()
        if model is None or marks is None:
            return
        box, count, offset = rect.normalized(), self._count(), self.verticalOffset()
        first = self.measures.at(max(0, box.top() + offset), count)
        last = self.measures.at(box.bottom() + offset, count)
        if first < 0:
            marks.select(QItemSelection(), command)
            return
        marks.select(QItemSelection(model.index(first, 0), model.index(count - 1 if last < 0 else last, 0)), command)

    def visualRegionForSelection(self, selection: QItemSelection, /) -> QRegion:
        top, bottom = self.rows_within()
        region = QRegion()
        for n in range(selection.count()):
            first, last = max(top, selection.at(n).top()), min(bottom, selection.at(n).bottom())
            if first <= last:
                region += self._rect(first).united(self._rect(last))
        return region

    # -- painting

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions, not for jumping to a subject: also those of an action that cannot be done just now."""

    def paintEvent(self, event: QPaintEvent, /) -> None:
        model, delegate, marks = self._model, self._painter, self.selectionModel()
        if model is None or delegate is None or marks is None:
            return
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        bare = option.state & ~(_State.State_MouseOver | _State.State_HasFocus | _State.State_Selected)
        current = self.currentIndex().row() if self.hasFocus() else -1
        hovered, pointed = self._hovered(), self.place_pointed_at()
        with QPainter(self.viewport()) as painter:
            for row, rect in self._exposed(event.rect()):
                index = model.index(row, 0)
                state = bare
                if marks.isSelected(index):
                    state |= _State.State_Selected
                if row == current:
                    state |= _State.State_HasFocus
                if row == pointed:
                    state |= _State.State_HasFocus | _State.State_KeyboardFocusChange | _State.State_MouseOver
                if row == hovered:
                    state |= _State.State_MouseOver
                paint_at(painter, option, delegate, rect, state, index)
            option.state = bare
            self._paint_sticky(painter, option, delegate)

    def _exposed(self, area: QRect) -> Iterator[tuple[int, QRect]]:
        count, offset = self._count(), self.verticalOffset()
        row = self.measures.at(max(0, area.top() + offset), count)
        if row < 0:
            return
        while row < count:
            rect = self._rect(row)
            if rect.top() > area.bottom():
                return
            yield row, rect
            row += 1

    def _paint_sticky(self, painter: QPainter, option: QStyleOptionViewItem, delegate: QAbstractItemDelegate) -> None:
        """The heading of the first rows, until the next one pushes it away."""
        first, last = self.rows_within()
        heading = self.measures.heading_of(first) if self.sticky and last >= first else -1
        if heading < 0 or self._model is None:
            return
        tall, top = self.measures.tall(heading), 0
        for row in range(first + 1, min(last, first + 2) + 1):
            if self.measures.heading_of(row) == row:
                top = min(0, self._rect(row).top() - tall)
                break
        rect = QRect(0, top, self.viewport().width(), tall)
        painter.fillRect(rect, QColor(tokens().surface))
        paint_at(painter, option, delegate, rect, option.state, self._model.index(heading, 0))

    def _hovered(self) -> int:
        port = self.viewport()
        if not port.underMouse():
            return -1
        return self.indexAt(port.mapFromGlobal(QCursor.pos())).row()
