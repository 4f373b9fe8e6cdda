"""A table of painted rows in which the keyboard goes from row to row and Enter opens one; single keys stay actions."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ui.widgets.ages import keep_ages


class RowTable(QTableView):
    """Rows of one height under a quiet header. What opening a row means is the owner's: override `open_index`.

    Heights in pixels. `lead` is the column that the keyboard stands on.
    """

    def __init__(
        self, model: QAbstractItemModel, *, name: str, row_height: int, head_height: int, lead: int = 0
    ) -> None:
        super().__init__()
        self._model = model  # asking Qt for it again and again while it lays out ends in freed memory
        self._lead = lead
        self.setModel(model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row_height)
        self.verticalScrollBar().setSingleStep(row_height)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setFixedHeight(head_height)
        head.setTextElideMode(Qt.TextElideMode.ElideRight)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self.open_index)
        keep_ages(self)

    def open_index(self, index: QModelIndex) -> None:
        """A row was clicked, or Enter pressed on it."""

    def open_current(self) -> None:
        """Open the row that the keyboard is on."""
        self.open_index(self.currentIndex())

    def step(self, by: int) -> None:
        """Go up or down by so many rows, as far as there are any."""
        now = self.currentIndex().row() if self.currentIndex().isValid() else -1
        place = min(max(0, now + by), self._model.rowCount() - 1)
        if place >= 0:
            self.setCurrentIndex(self._model.index(place, self._lead))

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions."""
