"""What keys do on the board: the focus wanders, cards move, marks come and go. Letters of actions are not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from ui.pages.board.column import Column

if TYPE_CHECKING:
    from ui.pages.board.columns import Columns

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_IDLE = Qt.KeyboardModifier.KeypadModifier
_LEFT, _RIGHT = (Qt.Key.Key_Left, Qt.Key.Key_H), (Qt.Key.Key_Right, Qt.Key.Key_L)
_LETTERS = (Qt.Key.Key_H, Qt.Key.Key_L)  # with Shift they are free for actions
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class Keys(QObject):
    """The keyboard of the columns."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self._columns = columns

    def press(self, column: Column, event: QKeyEvent) -> bool:
        """Do what a key means in this column; False if it means nothing here."""
        held = event.modifiers() & ~_IDLE
        if held & ~_SHIFT:
            return False
        key, shift = Qt.Key(event.key()), bool(held & _SHIFT)
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if shift and key in _LETTERS:
            return False
        if key in (*_LEFT, *_RIGHT):
            self._sideways(-1 if key in _LEFT else 1, shift=shift)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._up_or_down(-1 if key == Qt.Key.Key_Up else 1, shift=shift)
        elif not shift:
            return self._plain(column, key)
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """The strip of a folded column: arrows lead on."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and not event.modifiers() & ~_IDLE:
            key = Qt.Key(event.key())
            if key in (*_LEFT, *_RIGHT):
                self._columns.wander(-1 if key in _LEFT else 1)
                return True
        return False

    def _escape(self) -> bool:
        if self._columns.drag.is_on:
            self._columns.drag.cancel()
        elif len(self._columns.marks):
            self._columns.marks.clear()
        else:
            return False
        return True

    def _plain(self, column: Column, key: Qt.Key) -> bool:
        cards, card = column.list, column.list.current()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and card is not None:
            cards.opened.emit(card[1])
        elif key == Qt.Key.Key_Space and card is not None:
            self._columns.marks.toggle(card[1])
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self._columns.place(int(key) - int(Qt.Key.Key_1))
        elif key in _PAGES:
            there = cards.places.top(cards.currentIndex().row()) + _PAGES[key] * cards.verticalScrollBar().pageStep()
            cards.go_to(min(cards.places.nearest(max(0, there)), cards.cards().rowCount() - 1))
        elif key == Qt.Key.Key_Home:
            cards.go_to(cards.places.nearest(0))
        elif key == Qt.Key.Key_End:
            cards.go_to(min(cards.places.nearest(cards.places.height), cards.cards().rowCount() - 1))
        elif key == Qt.Key.Key_Minus and self._columns.plan.lanes:
            self._columns.toggle_lane(max(0, cards.places.lane_of(max(0, cards.currentIndex().row()))))
        elif key == Qt.Key.Key_Plus and self._columns.plan.lanes:
            self._columns.fold_lanes(frozenset())
            self._columns.lanes_folded.emit(frozenset())
        else:
            return False
        return True

    def _sideways(self, by: int, *, shift: bool) -> None:
        if shift:
            self.push(by)
        else:
            self.wander(by)

    def wander(self, by: int) -> None:
        """Go to the column at the left (-1) or right (1)."""
        self._columns.wander(-by if self._is_mirrored() else by)

    def _is_mirrored(self) -> bool:
        return self._columns.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def push(self, by: int) -> None:
        """Move what is acted on to the column at the left (-1) or right (1)."""
        self._columns.push(-by if self._is_mirrored() else by)

    def push_lane(self, by: int) -> None:
        """Move what is acted on to the lane above (-1) or below (1); without lanes, mark cards on the way."""
        here = self._columns.here()
        if self._columns.plan.lanes:
            self._columns.push_lane(by)
        elif here is not None:
            before = here.list.current()
            self._columns.step(by)
            after = here.list.current()
            self._columns.marks.add(card[1] for card in (before, after) if card is not None)

    def _up_or_down(self, by: int, *, shift: bool) -> None:
        if shift:
            self.push_lane(by)
        else:
            self._columns.step(by)
