"""A list's lines as they stand: shown together, replaced together, spoken one by one.

Short lists that are read anew as a whole (what fits a few letters, what happened to a ticket) need nothing more of a model.
Long ones, and those whose rows must stay while others come and go, have models of their own in `ui/models`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
NOWHERE: Final = QModelIndex()
"""The parent of every row of a list."""

T = TypeVar("T")


class Lines(QAbstractListModel, Generic[T]):
    """The lines; a subclass says what stands on one and how it is spoken, and which role hands it out whole."""

    line_role: int | None = None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: tuple[T, ...] = ()

    def words(self, one: T) -> str:
        """What stands on the line."""
        raise NotImplementedError

    def spoken(self, one: T) -> str:
        """What a screen reader says of it."""
        return self.words(one)

    def stays(self, one: T) -> object:
        """What of a line must be as it was for it to be the same line that says something else. Left out: all of it."""
        return one

    def show(self, shown: Iterable[T]) -> None:
        """Show these. Where the same lines say something else, they stay, with the place and the choice."""
        lines, before = tuple(shown), self.shown
        if lines == before:
            return
        if list(map(self.stays, lines)) == list(map(self.stays, before)):
            self.shown = lines
            for place, (old, new) in enumerate(zip(before, lines, strict=True)):
                if old != new:
                    self.dataChanged.emit(self.index(place), self.index(place))
            return
        self.beginResetModel()
        self.shown = lines
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.shown):
            return None
        one = self.shown[index.row()]
        if role == self.line_role:
            return one
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(one)
        return self.spoken(one) if role == Qt.ItemDataRole.AccessibleTextRole else None
